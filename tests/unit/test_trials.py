"""Who is tried when, what a failure means, and when a message is set aside: the real consumer, over stores
in memory that count every call and fail as they are told."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import zstandard

from logctl.aws.clients import IN_TIME, LONGEST_CALL, Aws
from logctl.core import debounce, limits
from logctl.core.attempts import MAX_DEFERRALS, MAX_SILENT, MAX_STRIKES, Ledger, Outcome, safest_first
from logctl.core.envelope import batch_id_of
from logctl.core.records import Record, derive_id
from logctl.core.times import DAY, HOUR, SECOND
from logctl.ops.send.packing import MAX_PLAIN
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.deadline import RESERVE
from logctl.pipeline.delivery.sqs_message import Message
from logctl.pipeline.stores.attempt_ledger import ATTEMPTS, PREFIX, Attempts
from logctl.pipeline.stores.outbox import UNCOUNTED
from tests.helpers.config import CONFIG
from tests.helpers.messages import again, event, failed, packed, records, sqs
from tests.helpers.pipeline import NOON, SESSION
from tests.simulation.cloud import Call, Cloud, refusal

HOT, ALERTS = CONFIG.hot_table, CONFIG.alerts_table


class Killed(BaseException):
    """The process is gone: nothing catches this."""


class Bench:
    """A consumer and its stores. `trouble` may raise before a call is carried out."""

    def __init__(self, **config: Any) -> None:
        self.now = NOON
        self.cloud = Cloud(lambda: self.now, {HOT: ("app", "chunk"), ALERTS: ("pk", "sk")})
        self.calls: Counter[str] = Counter()
        self.trouble: Callable[[Call], None] = lambda call: None
        self.config = replace(CONFIG, dead_letter_queue_url="dead", **config)
        self.restart()

    def restart(self) -> None:
        clients: Any = self.cloud.clients(self._gate, lambda: 0)
        self.consumer = Consumer(clients, self.config, clock=lambda: self.now)
        self.attempts = Attempts(clients.dynamodb, HOT)

    def _gate(self, call: Call) -> Any:
        self.calls[str(call)] += 1
        self.trouble(call)
        return call.perform()

    def process(self, *messages: Any, **more: Any) -> Any:
        return self.consumer.process(event(*messages), **more)

    def dies(self, *messages: Any) -> None:
        with pytest.raises(Killed):
            self.process(*messages)
        self.restart()

    def objects(self, prefix: str) -> list[str]:
        return [key for key in self.cloud.bucket.objects if key.startswith(prefix)]

    def notes(self) -> list[dict[str, Any]]:
        return [json.loads(self.cloud.bucket.objects[key]) for key in self.objects("quarantine/")]

    def stored(self) -> set[str]:
        """The apps that have objects."""
        return {key.split("appid=")[1].split("/")[0] for key in self.objects("logs/")}

    def ledger(self, name: str) -> Ledger:
        return self.attempts.get([name]).get(name, Ledger())


def message(app: str, name: str = "", **attributes: Any) -> Any:
    name = name or app
    return packed(records(1, app=app, message=name), name=name, **attributes)


def aimed_at(text: str, error: Callable[[Call], BaseException]) -> Callable[[Call], None]:
    """Trouble with every call for a message's own objects; its canary and its ledger are no such call."""

    def raise_it(call: Call) -> None:
        if call.service == "s3" and text in str(call.params["Key"]) and "canary/" not in call.params["Key"]:
            raise error(call)

    return raise_it


def unavailable(call: Call) -> BaseException:
    return refusal("ServiceUnavailable", call.operation)


NOTHING_FAILED = {"batchItemFailures": []}


# ── The rules ───────────────────────────────────────────────────────────────────────────────────────


def received(name: str, group: str, receives: int = 2) -> Message:
    return Message(name, "", group, "", "", 0, receives)


def test_the_safest_groups_come_first_and_each_group_stays_in_order():
    open_ = Ledger(attempts=1, silent=1, outcome=Outcome.OPEN)
    ledgers = {"s": open_, "f": Ledger(attempts=1, strikes=1), "z2": open_}
    batch = [
        received("s", "suspect"),
        received("f", "failed"),
        received("o", "old"),
        received("z1", "mixed"),
        received("z2", "mixed"),
        received("n1", "new", 1),
        received("n2", "new", 1),
    ]
    names = [[each.message_id for each in turn] for turn in safest_first(batch, ledgers)]
    assert names == [["n1", "n2"], ["o"], ["f"], ["s"], ["z1", "z2"]]


@pytest.mark.parametrize(
    ("ledger", "suspect", "kills", "waits", "settled", "out"),
    [
        (Ledger(), False, False, False, False, False),
        (Ledger(silent=1, outcome=Outcome.OPEN), True, False, True, False, False),
        (Ledger(silent=1, deferrals=MAX_DEFERRALS, outcome=Outcome.OPEN), True, False, False, False, False),
        (Ledger(silent=MAX_SILENT, outcome=Outcome.OPEN), False, True, False, False, False),
        (Ledger(strikes=MAX_STRIKES - 1), False, False, False, False, False),
        (Ledger(strikes=MAX_STRIKES), False, False, False, False, True),
        (Ledger(outcome=Outcome.DONE), False, False, False, True, False),
        (Ledger(outcome=Outcome.ASIDE), False, False, False, True, False),
    ],
)
def test_what_a_ledger_says(ledger, suspect, kills, waits, settled, out):
    said = (ledger.suspect, ledger.kills, ledger.may_wait, ledger.settled, ledger.struck_out)
    assert said == (suspect, kills, waits, settled, out)


# ── The ledger ──────────────────────────────────────────────────────────────────────────────────────


def test_the_ledger_counts_attempts_and_forgets_silence_when_an_outcome_is_written():
    bench = Bench()
    assert bench.attempts.begin("m", now=1) == Ledger()
    assert bench.attempts.begin("m", now=2).silent == 1
    bench.attempts.failed("m", now=3, reason="write_failed", detail="x" * 9_999)
    after = bench.attempts.strike("m", now=3)
    assert (after.attempts, after.silent, after.strikes, after.reason) == (2, 0, 1, "write_failed")
    assert len(after.detail) == 2_000
    bench.attempts.begin("m", now=4)
    bench.attempts.defer("m", now=5)
    assert bench.ledger("m").outcome is Outcome.OPEN
    assert (bench.ledger("m").deferrals, bench.ledger("m").began_at) == (1, 4)
    bench.attempts.done("m", now=6)
    assert bench.ledger("m").settled
    item = bench.cloud.tables.items[HOT][PREFIX + "m", ATTEMPTS]
    assert int(item["expires_at"]["N"]) == (6 + 35 * DAY) // SECOND


def test_a_message_that_is_done_the_first_time_leaves_nothing_and_costs_nothing():
    bench = Bench()
    assert bench.process(message("a")) == NOTHING_FAILED
    assert bench.calls == {"s3.put_object": 1, "dynamodb.put_item": 2, "glue.batch_create_partition": 1}
    assert bench.ledger("a") == Ledger()


# ── Failing ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("F47")
@pytest.mark.parametrize("error", [unavailable, lambda call: RuntimeError("a bug")], ids=["aws", "bug"])
def test_one_failing_message_is_set_aside_and_the_nine_later_ones_are_stored_in_order(error):
    bench = Bench()
    batch = [message("a", f"m{n}") for n in range(10)]
    bench.trouble = aimed_at(json.loads(batch[0]["body"])["batch_id"], error)
    names = [f"m{n}" for n in range(10)]
    for receives in range(1, MAX_STRIKES):
        assert bench.process(*[again(each, receives) for each in batch]) == failed(*names)
        assert bench.ledger("m0").strikes == receives
        assert [bench.ledger(name) for name in names[1:]] == [Ledger()] * 9
    assert bench.process(*[again(each, MAX_STRIKES) for each in batch]) == NOTHING_FAILED
    (note,) = bench.notes()
    assert (note["content"], note["rejected"], note["stored"]) == (batch[0]["body"], [], 0)
    assert note["reason"] in ("write_failed", "internal")
    assert (bench.ledger("m0").outcome, bench.ledger("m0").reason) == (Outcome.ASIDE, note["reason"])
    assert len(bench.objects("logs/")) == 9
    counted = [row["seen"] for (_, kind), row in bench.cloud.tables.items[ALERTS].items() if kind == "STATE"]
    assert counted == [{"N": "1"}]  # its app hears of one record that could not be stored
    # Delivered once more, it is acknowledged without work.
    bench.calls.clear()
    assert bench.process(again(batch[0], 9)) == NOTHING_FAILED
    assert bench.calls == {"dynamodb.batch_get_item": 1}


@pytest.mark.proves("F48")
@pytest.mark.parametrize("failing", ["s3", "dynamodb", "s3 logs and canary"])
def test_while_storage_is_out_nothing_is_set_aside_and_all_wait_in_order(failing):
    bench = Bench()
    batch = [message("a", f"m{n}") for n in range(3)] + [message("b")]

    def out(call: Call) -> None:
        if call.service == failing.split()[0]:
            raise unavailable(call)

    bench.trouble = out
    for receives in range(1, 30):
        reply = bench.process(*[again(each, receives) for each in batch])
        assert reply == failed("m0", "m1", "m2", "b")
    bench.trouble = lambda call: None
    assert bench.ledger("m0").strikes == 0
    assert bench.process(*[again(each, 30) for each in batch]) == NOTHING_FAILED
    assert bench.notes() == []
    assert bench.cloud.buried == []
    assert len(bench.objects("logs/")) == 4


def test_a_message_that_works_when_it_is_tried_for_the_last_time_is_stored():
    bench = Bench()
    one = message("a")
    tries = []

    def flaky(call: Call) -> None:
        if call.service == "s3" and call.params["Key"].startswith("logs/"):
            tries.append(call)
            if len(tries) <= MAX_STRIKES:
                raise unavailable(call)

    bench.trouble = flaky
    for receives in range(1, MAX_STRIKES):
        assert bench.process(again(one, receives)) == failed("a")
    assert bench.process(again(one, MAX_STRIKES)) == NOTHING_FAILED
    assert (bench.notes(), bench.stored()) == ([], {"a"})
    assert bench.ledger("a").outcome is Outcome.DONE


def test_storage_that_fails_between_the_two_last_tries_sets_nothing_aside():
    bench = Bench()
    one, canaries = message("a"), []

    def trouble(call: Call) -> None:
        if call.service == "s3":
            if call.params["Key"].startswith("canary/"):
                canaries.append(call)
                if len(canaries) > MAX_STRIKES:
                    raise unavailable(call)
            else:
                raise unavailable(call)

    bench.trouble = trouble
    for receives in range(1, 9):
        assert bench.process(again(one, receives)) == failed("a")
    assert (bench.notes(), bench.cloud.buried) == ([], [])
    assert bench.ledger("a").strikes == MAX_STRIKES


def test_a_throttled_alert_counter_is_no_strike_of_a_stored_message():
    bench = Bench()
    one = packed(records(1, app="a", level="ERROR"), name="a")

    def throttled(call: Call) -> None:
        if call.operation == "transact_write_items":
            raise refusal("ThrottlingException", call.operation)

    bench.trouble = throttled
    assert bench.process(again(one, 1)) == NOTHING_FAILED
    assert (bench.notes(), bench.ledger("a").strikes) == ([], 0)
    assert any(app in UNCOUNTED for app, _ in bench.cloud.tables.items[HOT])


def test_what_cannot_even_be_kept_in_quarantine_goes_to_the_dead_letter_queue():
    bench = Bench()
    cut_off = '{"logctl": 1, "appid": "a", '
    bad = sqs(cut_off, name="m", group="a.3")
    bench.trouble = aimed_at("quarantine/", unavailable)
    for receives in range(1, MAX_STRIKES):
        assert bench.process(again(bad, receives)) == failed("m")
    assert bench.process(again(bad, MAX_STRIKES)) == NOTHING_FAILED
    assert bench.cloud.buried == [
        {"QueueUrl": "dead", "MessageBody": cut_off, "MessageGroupId": "a.3", "MessageDeduplicationId": "m"}
    ]
    assert bench.ledger("m").reason == "write_failed"


def test_what_keeps_failing_is_looked_through_for_secrets_before_it_is_set_aside():
    """It can be opened; only what kills the process goes to the dead-letter queue as it came."""
    bench = Bench(redact=("all",))
    one = packed(records(1, app="a", message="password=hunter2hunter2"), name="m")
    bench.trouble = aimed_at(json.loads(one["body"])["batch_id"], unavailable)
    for receives in range(1, MAX_STRIKES):
        assert bench.process(again(one, receives)) == failed("m")
    assert bench.process(again(one, MAX_STRIKES)) == NOTHING_FAILED
    (note,) = bench.notes()
    assert (bench.cloud.buried, note["reason"], note["content"] is None) == ([], "write_failed", False)


def test_a_message_that_was_slow_is_looked_through_before_it_is_set_aside():
    bench = Bench(redact=("all",))
    one = message("a", "m")
    for receives in range(1, MAX_STRIKES + 1):
        left = iter([60_000, 60_000])
        bench.process(again(one, receives), remaining=lambda left=left: next(left, RESERVE - 1))
    assert bench.ledger("m").outcome is Outcome.ASIDE
    assert (bench.cloud.buried, [note["reason"] for note in bench.notes()]) == ([], ["deadline"])


def events(capsys: Any) -> list[dict[str, Any]]:
    """What the function has logged, without what is in every line."""
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    return [line for line in lines if line["event"] not in ("batch", "storage_unavailable", "quarantined")]


@pytest.mark.parametrize(
    ("operation", "words", "before", "event_name"),
    [
        ("update_item", "deferrals", "suspect", "not_deferred"),
        ("update_item", "began_at", "", "not_begun"),
        ("update_item", "#outcome = :outcome, silent", "", "not_closed"),
        ("batch_get_item", "", "", "attempts_unreadable"),
    ],
)
def test_a_ledger_that_cannot_be_written_ends_no_batch_and_is_logged(
    operation, words, before, event_name, capsys
):
    bench = Bench()
    if before:
        bench.attempts.begin("m", now=NOON)

    def trouble(call: Call) -> None:
        if call.operation == operation and words in str(call.params):
            raise refusal("ThrottlingException", call.operation)

    bench.trouble = trouble
    reply = bench.process(message("first"), again(message("app", "m"), 2))
    assert reply == (NOTHING_FAILED if event_name == "not_closed" else failed("m"))
    assert bench.stored() == ({"first", "app"} if event_name == "not_closed" else {"first"})
    (line, *others) = events(capsys)
    assert line["event"] == event_name and "ThrottlingException" in line["error"]
    if event_name != "attempts_unreadable":
        assert (line["message_id"], line["group"], line["receives"]) == ("m", "app", 2)
    else:
        assert line["messages"] == 1
    assert [other["event"] for other in others] == (["suspect_given_back"] if before else [])


def test_a_failure_is_logged_with_its_reason_and_what_could_not_be_written_of_it(capsys):
    bench = Bench()
    bench.trouble = aimed_at("logs/", unavailable)
    assert bench.process(again(message("a", "m"), 2)) == failed("m")
    (line,) = events(capsys)
    assert (line["event"], line["message_id"], line["group"], line["receives"]) == ("failed", "m", "a", 2)
    assert line["reason"] == "write_failed" and "ServiceUnavailable" in line["detail"]

    def trouble(call: Call) -> None:
        if call.service == "s3" or "#reason" in str(call.params):
            raise unavailable(call)

    bench.trouble = trouble
    assert bench.process(again(message("a", "n"), 2)) == failed("n")
    _, line = events(capsys)
    assert (line["event"], line["message_id"]) == ("failure_not_recorded", "n")
    assert "ServiceUnavailable" in line["error"]


def test_what_cannot_be_set_aside_is_not_done_and_is_logged(capsys):
    bench = Bench()
    one = message("a", "m")
    for _ in range(MAX_SILENT):
        bench.attempts.begin("m", now=NOON)

    def trouble(call: Call) -> None:
        if call.service in ("s3", "sqs"):
            raise unavailable(call)

    bench.trouble = trouble
    assert bench.process(again(one, 5)) == failed("m")
    line = next(line for line in events(capsys) if line["event"] == "not_set_aside")
    assert line["message_id"] == "m" and "ServiceUnavailable" in line["error"]
    bench.trouble = lambda call: None
    assert bench.process(again(one, 6)) == NOTHING_FAILED
    assert (bench.ledger("m").reason, bench.ledger("m").detail) == (
        "kills",
        "the process ended each time this message was opened",
    )


def test_every_attempt_is_counted_once_also_the_first_which_nobody_began():
    bench = Bench()
    bench.trouble = aimed_at("logs/", unavailable)
    for receives in (1, 2, 3):
        assert bench.process(again(message("a", "m"), receives)) == failed("m")
        ledger = bench.ledger("m")
        assert (ledger.attempts, ledger.strikes, ledger.silent) == (receives, receives, 0)
        assert ledger.reason == "write_failed" and "ServiceUnavailable" in ledger.detail
    bench.trouble = lambda call: None
    assert bench.process(again(message("a", "n"), 2)) == NOTHING_FAILED
    ledger = bench.ledger("n")
    assert (ledger.outcome, ledger.attempts, ledger.reason, ledger.detail) == (Outcome.DONE, 1, "", "")


def test_a_message_that_had_no_time_because_of_others_is_not_struck():
    bench = Bench()
    for receives in range(1, 2 * MAX_STRIKES):
        left = iter([RESERVE + 6_000] * 2)
        reply = bench.process(
            again(message("a", "m"), receives), remaining=lambda left=left: next(left, 19_000)
        )
        assert reply == failed("m")
    ledger = bench.ledger("m")
    assert (ledger.strikes, ledger.reason) == (0, "deadline")
    assert ledger.detail == "the message needs more time than one message may have"


@pytest.mark.parametrize(("group", "app"), [("shop", "shop"), ("shop.3.7", "shop"), ("../etc", "_unknown")])
def test_the_canary_is_a_row_and_an_object_of_the_failing_messages_app(group, app):
    bench = Bench()
    one = message("shop", "m")
    one["attributes"]["MessageGroupId"] = group

    def trouble(call: Call) -> None:
        canary = "~canary" in str(call.params) or "canary/" in str(call.params.get("Key", ""))
        if call.operation in ("put_item", "put_object") and not canary:
            raise unavailable(call)

    bench.trouble = trouble
    assert bench.process(one) == failed("m")
    assert (app, "~canary") in bench.cloud.tables.items[HOT]
    assert bench.objects("canary/") == [f"canary/appid={app}"]


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (unavailable, "write_failed", "ServiceUnavailable"),
        (lambda call: KeyError("secret"), "internal", "KeyError in raise_it:"),
    ],
    ids=["aws", "bug"],
)
def test_what_is_set_aside_says_why(error, reason, detail):
    bench = Bench()
    one = message("a", "m")
    bench.trouble = aimed_at(json.loads(one["body"])["batch_id"], error)
    for receives in range(1, MAX_STRIKES + 1):
        bench.process(again(one, receives))
    (note,) = bench.notes()
    ledger = bench.ledger("m")
    assert (note["reason"], ledger.reason, ledger.outcome) == (reason, reason, Outcome.ASIDE)
    assert detail in note["detail"] and detail in ledger.detail and "secret" not in note["detail"]


def test_without_time_for_a_last_try_a_message_is_struck_once_more_before_it_is_set_aside():
    bench = Bench()
    one = message("a", "m")
    fails = aimed_at(json.loads(one["body"])["batch_id"], unavailable)
    left = 0

    def trouble(call: Call) -> None:
        nonlocal left
        try:
            fails(call)
        except Exception:
            left = LONGEST_CALL + 1_000
            raise

    bench.trouble = trouble
    for receives in range(1, MAX_STRIKES + 2):
        left = 60_000
        bench.calls.clear()
        reply = bench.process(again(one, receives), remaining=lambda: left)
        assert reply == (failed("m") if receives <= MAX_STRIKES else NOTHING_FAILED)
        # The try, the canary and in the end the note.
        assert bench.calls["s3.put_object"] == (2 if receives <= MAX_STRIKES else 3)
    assert [note["reason"] for note in bench.notes()] == ["write_failed"]


def test_what_had_its_share_and_was_too_slow_has_no_last_try():
    bench = Bench()
    one, two = message("a", "m1"), message("b", "m2")
    slow, broken = (json.loads(each["body"])["batch_id"] for each in (one, two))
    left = 0

    def trouble(call: Call) -> None:
        nonlocal left
        aimed_at(broken, unavailable)(call)
        if slow in str(call.params.get("Key")):
            left = 59_000  # of 100,000, half of them for each of the two

    bench.trouble = trouble
    for receives in range(1, MAX_STRIKES + 1):
        left = 100_000
        bench.process(again(one, receives), again(two, receives), remaining=lambda: left)
    assert [note["reason"] for note in bench.notes()] == ["deadline", "write_failed"]
    assert [bench.ledger(name).outcome for name in ("m1", "m2")] == [Outcome.ASIDE] * 2


def test_what_could_not_be_recorded_is_remembered_of_no_more_than_so_many(monkeypatch):
    monkeypatch.setattr("logctl.pipeline.delivery.batch._OWED_AT_MOST", 2)
    bench = Bench()

    def half_out(call: Call) -> None:
        if call.service == "s3" or "#reason" in str(call.params):
            raise unavailable(call)

    names = ["m1", "m2", "m3"]
    bench.trouble = half_out
    for name in names:
        assert bench.process(again(message("a", name), 2)) == failed(name)
    bench.trouble = aimed_at("logs/", unavailable)
    bench.consumer._trials._ledgers(names)
    assert [bench.ledger(name).silent for name in names] == [1, 0, 0]


# ── Killing ─────────────────────────────────────────────────────────────────────────────────────────


def kills(call: Call) -> BaseException:
    return Killed()


@pytest.mark.proves("F46")
@pytest.mark.parametrize("redact", [(), ("all",)], ids=["plain", "redacted"])
def test_a_message_that_kills_the_process_goes_last_and_alone_and_is_set_aside_unopened(redact):
    bench = Bench(redact=redact)
    killer = message("bad", "k")
    others = [message(f"app{n}") for n in range(9)]
    bench.trouble = aimed_at(json.loads(killer["body"])["batch_id"], kills)
    bench.dies(killer, *others)
    # The first time nobody knows which it was. From the second on there is a ledger.
    bench.dies(*[again(each, 2) for each in (killer, *others)])
    assert bench.ledger("k").suspect
    assert bench.process(*[again(each, 3) for each in (killer, *others)]) == failed("k")
    assert bench.stored() == {f"app{n}" for n in range(9)}
    # Alone it is tried again, twice; new messages of others are acknowledged without it.
    bench.dies(again(killer, 4))
    assert bench.process(message("new"), again(killer, 5)) == failed("k")
    bench.dies(again(killer, 6))
    assert bench.ledger("k").silent == MAX_SILENT
    assert bench.process(message("newer"), again(killer, 7)) == NOTHING_FAILED
    assert bench.stored() == {f"app{n}" for n in range(9)} | {"new", "newer"}
    assert (bench.ledger("k").outcome, bench.ledger("k").reason) == (Outcome.ASIDE, "kills")
    if redact:
        # It cannot be looked through, and must not lie in S3 with a secret.
        assert [sent["MessageBody"] for sent in bench.cloud.buried] == [killer["body"]]
        assert bench.cloud.buried[0]["MessageDeduplicationId"] == "k"
        assert bench.notes() == []
    else:
        (note,) = bench.notes()
        assert (note["reason"], note["content"]) == ("kills", killer["body"])
    assert [one.attributes["key"] for one in bench.cloud.published] == ["bad#ERROR#rejected"]


def test_a_suspect_is_given_back_only_so_often():
    bench = Bench()
    killer = message("bad", "k")
    bench.attempts.begin("k", now=NOON)
    for receives in range(2, 2 + MAX_DEFERRALS):
        assert bench.process(message(f"app{receives}"), again(killer, receives)) == failed("k")
    assert bench.process(message("last"), again(killer, 9)) == NOTHING_FAILED
    assert bench.ledger("k").outcome is Outcome.DONE


def test_no_suspect_is_opened_before_what_stands_before_another_suspect():
    bench = Bench()
    killer, first, other = message("bad", "k1"), message("good", "m1"), message("good", "k2")
    for name in ("k1", "k2"):
        bench.attempts.begin(name, now=NOON)
    bench.trouble = aimed_at(json.loads(killer["body"])["batch_id"], kills)
    assert bench.process(again(killer, 2), first, again(other, 2)) == failed("k1", "k2")
    assert bench.stored() == {"good"}


def test_the_later_messages_of_a_suspects_group_wait_with_it_and_earlier_ones_do_not():
    bench = Bench()
    first, suspect, last = message("a", "m1"), message("a", "m2"), message("a", "m3")
    bench.attempts.begin("m2", now=NOON)
    assert bench.process(first, again(suspect, 2), again(last, 2)) == failed("m2", "m3")
    assert bench.process(again(suspect, 3), again(last, 3)) == NOTHING_FAILED


def test_two_suspects_are_not_opened_in_one_process():
    bench = Bench()
    for name in ("k1", "k2"):
        bench.attempts.begin(name, now=NOON)
    reply = bench.process(again(message("a", "k1"), 2), again(message("b", "k2"), 2))
    assert reply == failed("k2")


def test_without_the_ledger_what_comes_again_waits_and_what_is_new_goes_on():
    bench = Bench()

    def out(call: Call) -> None:
        if call.operation == "batch_get_item":
            raise KeyError("Responses")

    bench.trouble = out
    assert bench.process(again(message("a"), 2), message("b")) == failed("a")
    assert bench.stored() == {"b"}


def test_an_outcome_that_could_not_be_recorded_is_no_killed_process():
    bench = Bench()
    one = message("a")
    bench.process(again(one, 2))

    def half_out(call: Call) -> None:
        if call.service == "s3" or ("began_at" not in str(call.params) and call.operation == "update_item"):
            raise unavailable(call)

    other = message("a", "other")
    for receives in range(2, 12):
        bench.trouble = half_out
        assert bench.process(again(other, receives)) == failed("other")
        assert bench.ledger("other").silent == 1
        bench.trouble = lambda call: None
    assert bench.process(again(other, 12)) == NOTHING_FAILED
    assert bench.notes() == []


def test_storage_that_hangs_does_not_make_a_killer_of_a_message():
    """Each call to S3 takes as long as it may, and fails: the attempt is closed before the time is over."""
    bench = Bench()
    left = 0

    def hangs(call: Call) -> None:
        nonlocal left
        if call.service == "s3":
            left -= 15_000
            if left <= 0:
                raise Killed
            raise unavailable(call)

    bench.trouble = hangs
    batch = [message(f"app{n}") for n in range(4)]
    for receives in range(1, 9):
        left = 60_000
        bench.process(*[again(each, receives) for each in batch], remaining=lambda: left)
        assert [bench.ledger(f"app{n}").silent for n in range(4)] == [0] * 4


# ── Time ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_message_that_is_slow_fails_alone_and_is_set_aside_in_the_end():
    bench = Bench()
    # 30 days of one message: an object each, and each takes two seconds.
    days = "\n".join(json.dumps({"ts": NOON - n * DAY, "msg": "a"}) for n in range(30))
    slow = sqs(days, name="slow", group="slow")
    others = [message(f"app{n}") for n in range(9)]
    left = 0

    def takes_time(call: Call) -> None:
        nonlocal left
        key = str(call.params.get("Key", ""))
        left -= 2_000 if key.startswith("logs/") and "appid=slow" in key else 20

    bench.trouble = takes_time
    for receives in range(1, MAX_STRIKES):
        left = 60_000
        reply = bench.process(again(slow, receives), *others, remaining=lambda: left)
        assert reply == failed("slow")
        assert left > 18_000
    assert bench.stored() >= {f"app{n}" for n in range(9)}
    left = 60_000
    assert bench.process(again(slow, MAX_STRIKES), remaining=lambda: left) == NOTHING_FAILED
    assert [note["reason"] for note in bench.notes()] == ["deadline"]


def test_time_that_others_have_used_is_no_strike():
    bench = Bench()
    left = 26_000

    def takes_time(call: Call) -> None:
        nonlocal left
        left -= 4_000

    bench.trouble = takes_time
    assert bench.process(message("a"), remaining=lambda: left) == failed("a")
    assert bench.ledger("a").strikes == 0


# ── Bounds ──────────────────────────────────────────────────────────────────────────────────────────


def envelope_of(plain: bytes, count: int) -> str:
    data = base64.b64encode(zstandard.compress(plain, 19)).decode()
    sealed = {"logctl": 1, "appid": "bad", "batch_id": batch_id_of("bad", plain), "count": count}
    return json.dumps({**sealed, "encoding": "zstd", "data": data})


def a_line(**changes: Any) -> bytes:
    line = {"event_id": "event-0001", "ts": NOON, "level": "ERROR", "message": "x" * 700, **changes}
    return json.dumps(line).encode()


HUGE = {
    "a stack trace after a record": '{"msg":"start"}\n'
    + ("\tat com.example.Main.run(Main.java:123)\n" * 19_000),
    "945,000 records in 8 KB": envelope_of(b"\n".join([a_line(message="")] * 945_000), 945_000),
    "9,000 days": json.dumps([{"ts": 946_684_800_000 + n * DAY} for n in range(9_000)]),
    "4,000 days": json.dumps([{"ts": 946_684_800_000 + n * DAY, "level": "ERROR"} for n in range(4_000)]),
    "20,000 hours": "\n".join(json.dumps({"ts": NOON - n * HOUR}) for n in range(20_000)),
    "4,000 hours of 32 days": json.dumps([{"ts": NOON - n * HOUR} for n in range(32 * 24 - 1)]),
    "empty objects": "[" + ",".join(["{}"] * 349_000) + "]",
    "numbers": "[" + ",".join("1" * 520_000) + "]",
    "one array in one record": '{"a":[' + ",".join("1" * 500_000) + "]}",
    "brackets": "[" * 1_000_000,
    "nested objects": '{"a":' * 200_000,
    "keys": "{" + ",".join(f'"{n:x}":1' for n in range(90_000)) + "}",
    "digits": '{"a":' + "9" * 1_000_000 + "}",
    "escapes": '{"msg":"' + "\\u0041" * 170_000,
    "newlines": '{"a":1}' + "\n" * 1_000_000 + "{}",
    "bad lines": "\n".join(["{"] * 4_999),
    "half a megabyte of zstd frames": (
        '{"data": "' + base64.b64encode(zstandard.compress(b"0" * 4_000_000)).decode() + '"}\n'
    )
    * 1_500,
}


TEXT = {"half a megabyte of zstd frames", "keys", "digits", "escapes", "newlines", "bad lines"}
"""Those of them that are records, as text: they are within the limits, whatever their form."""


@pytest.mark.slow
@pytest.mark.proves("F45", "B55", "B56", "B57")
@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("redact", [(), ("all",)], ids=["plain", "redacted"])
def test_a_message_that_asks_for_too_much_is_one_object_and_its_neighbours_are_stored(name, redact):
    bench = Bench(redact=redact)
    bad = sqs(HUGE[name], name="bad", group="bad")
    assert bench.process(bad) == NOTHING_FAILED
    assert sum(bench.calls.values()) <= 16, bench.calls
    assert len(bench.notes()) == (name not in TEXT)
    note = bench.notes()[0] if name not in TEXT else None
    if note and not note["rejected"] and not redact:
        assert note["content"] == HUGE[name]
    before = dict(bench.cloud.bucket.objects)
    neighbours = [message(f"app{n}") for n in range(9)]
    assert bench.process(*neighbours[:4], again(bad, 2), *neighbours[4:]) == NOTHING_FAILED
    assert bench.stored() >= {f"app{n}" for n in range(9)}
    assert {key for key in before if "appid=bad" in key} == {
        key for key in bench.cloud.bucket.objects if "appid=bad" in key
    }


def test_the_most_that_one_message_may_ask_for_is_a_bounded_number_of_calls():
    bench = Bench()
    most = [
        {
            "ts": NOON - (n % limits.MAX_PARTITIONS) * DAY - (n % 3) * HOUR,
            "level": "ERROR",
            "msg": f"kind {chr(97 + n % 26)}",
        }
        for n in range(limits.MAX_RECORDS)
    ]
    assert bench.process(sqs(json.dumps(most), name="m", group="a")) == NOTHING_FAILED
    calls = bench.calls
    assert calls["s3.put_object"] == limits.MAX_PARTITIONS
    assert sum(calls.values()) < limits.MAX_PARTITIONS + limits.MAX_HOURS + 25 * 8


def test_no_more_text_is_compared_than_tells_the_kinds_of_an_ordinary_message_apart(monkeypatch):
    compared = 0

    def counting(text: str) -> str:
        nonlocal compared
        compared += len(text)
        return real(text)

    real = debounce.fingerprint
    monkeypatch.setattr(debounce, "fingerprint", counting)
    errors = [Record("a", derive_id(n), NOON, "ERROR", f"{'~' * 1_990} {n}"[:2_000], n) for n in range(4_000)]
    tallies = debounce.tally(errors, "ERROR")
    assert compared <= limits.MAX_COMPARED
    assert sum(tally.count for tally in tallies) == 4_000
    assert tallies[-1].key.fingerprint == debounce.OVERFLOW
    assert limits.MAX_COMPARED >= MAX_PLAIN  # what `pack` makes is compared whole


# ── The first sighting ──────────────────────────────────────────────────────────────────────────────


def rows(bench: Bench) -> list[tuple[str, str]]:
    return [key for key, item in bench.cloud.tables.items[HOT].items() if "counts" in item]


@pytest.mark.parametrize(
    "body",
    [
        '{"event_id": "event-0001", "msg": "a"}',
        '{"event_id": "event-0001", "msg": "a", "ts": "yesterday"}',
        '[{"event_id": "event-0001", "msg": "a"}, {"event_id": "event-0002", "ts": "2026-01-31T11:00:00Z"}]',
        '{"event_id": "event-0001", "msg": "a", "ts": 5}\n{"event_id": "event-0002", "level": "ERROR"}',
        envelope_of(a_line(ts=1), 1).replace('"bad"', '"bad"'),
    ],
)
def test_redriven_the_next_day_a_message_without_a_time_is_the_same_rows_and_objects(body):
    bench = Bench()
    bench.process(sqs(body, name="m", group="bad"))
    before, objects = rows(bench), dict(bench.cloud.bucket.objects)
    assert before
    bench.now += 3 * DAY
    bench.restart()
    assert bench.process(sqs(body, name="redriven", group="bad", sent_at=NOON + 3 * DAY)) == NOTHING_FAILED
    assert (rows(bench), dict(bench.cloud.bucket.objects)) == (before, objects)


def test_only_messages_without_a_time_pay_for_it():
    bench = Bench()
    for number, body in enumerate(
        [
            '{"event_id": "event-0001", "ts": "2026-01-31T11:00:00Z"}',
            '{"msg": "a"}',
            message("checkout")["body"],
        ]
    ):
        bench.process(sqs(body, name=f"m{number}"))
    assert not [app for app, _ in bench.cloud.tables.items[HOT] if app.startswith(PREFIX)]


# ── Calls ───────────────────────────────────────────────────────────────────────────────────────────


def test_no_call_of_the_consumer_can_take_what_is_kept_for_the_end_of_a_run():
    attempts, pauses = IN_TIME.retries["max_attempts"], (1, 2)
    longest = attempts * (IN_TIME.connect_timeout + IN_TIME.read_timeout) + sum(pauses[: attempts - 1])
    assert longest * SECOND == LONGEST_CALL < RESERVE
    aws = Aws(SESSION, calls=IN_TIME)
    for client in (aws.s3, aws.dynamodb, aws.glue, aws.sqs):
        assert client.meta.config.read_timeout == IN_TIME.read_timeout
    assert aws.sns.meta.config.read_timeout <= IN_TIME.read_timeout
