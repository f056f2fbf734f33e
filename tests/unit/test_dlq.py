"""Dead letters: why they failed, which go round again, in which order, and which are dropped."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from logctl.core.attempts import KILLS, Ledger, Outcome
from logctl.core.errors import UsageError
from logctl.ops.deployment import Deployment
from logctl.ops.recovery import dead_letter_moves, dead_letters
from logctl.ops.recovery.dead_letter_rules import Cause, cause, reason
from logctl.pipeline.stores.attempt_ledger import Attempts
from tests.helpers.pipeline import NOON


@pytest.mark.parametrize(
    ("ledger", "expected", "word"),
    [
        (None, Cause.UNKNOWN, ""),
        (Ledger(attempts=2, outcome=Outcome.DONE), Cause.UNKNOWN, ""),
        (Ledger(attempts=9, outcome=Outcome.FAILED, reason="storage"), Cause.STORAGE, "storage"),
        (Ledger(attempts=4, strikes=4, outcome=Outcome.FAILED, reason="internal"), Cause.CONTENT, "internal"),
        (Ledger(attempts=9, strikes=1, outcome=Outcome.FAILED, reason="storage"), Cause.CONTENT, "storage"),
        (Ledger(attempts=3, silent=3, outcome=Outcome.OPEN), Cause.CONTENT, KILLS),
        (Ledger(attempts=3, outcome=Outcome.ASIDE, reason="kills"), Cause.CONTENT, "kills"),
    ],
)
def test_what_a_message_failed_of(ledger, expected, word):
    assert (cause(ledger), reason(ledger)) == (expected, word)


class Queue:
    """FIFO as SQS has it: ten of a group at a time, none while some of it are in flight."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.flying: dict[str, str] = {}
        self.receipts = 0
        self.has_had: dict[str, str] = {}

    def put(self, name: str, group: str, body: str = '{"msg": "x"}', deduplication_id: str = "") -> None:
        self.messages.append(
            {
                "MessageId": name,
                "Body": body,
                "Attributes": {
                    "MessageGroupId": group,
                    "MessageDeduplicationId": deduplication_id or name,
                    "SentTimestamp": str(NOON),
                    "ApproximateReceiveCount": "1",
                },
            }
        )

    def receive(self) -> list[dict[str, Any]]:
        blocked = {m["Attributes"]["MessageGroupId"] for m in self.messages if m["MessageId"] in self.flying}
        free = [m for m in self.messages if m["Attributes"]["MessageGroupId"] not in blocked][:10]
        given = []
        for message in free:
            self.receipts += 1
            self.flying[message["MessageId"]] = str(self.receipts)
            given.append({**message, "ReceiptHandle": str(self.receipts)})
        return given

    def name_of(self, handle: str) -> str:
        return next(name for name, receipt in self.flying.items() if receipt == handle)


class Sqs:
    """As much of SQS as a redrive uses; `moves` says whether it can move messages itself."""

    def __init__(self, *, moves: bool = False) -> None:
        self.dead, self.queue = Queue(), Queue()
        self.moves = moves
        self.tasks = 0

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": self.dead.receive()}

    def change_message_visibility(self, *, ReceiptHandle: str, **_: Any) -> None:
        self.dead.flying.pop(self.dead.name_of(ReceiptHandle))

    def delete_message(self, *, ReceiptHandle: str, **_: Any) -> None:
        name = self.dead.name_of(ReceiptHandle)
        self.dead.flying.pop(name)
        self.dead.messages = [m for m in self.dead.messages if m["MessageId"] != name]

    def send_message(
        self, *, MessageBody: str, MessageGroupId: str, MessageDeduplicationId: str, **_: Any
    ) -> dict[str, Any]:
        if MessageDeduplicationId in self.queue.has_had:
            return {"MessageId": self.queue.has_had[MessageDeduplicationId]}
        name = f"new-{len(self.queue.messages)}"
        self.queue.has_had[MessageDeduplicationId] = name
        self.queue.put(name, MessageGroupId, MessageBody, MessageDeduplicationId)
        return {"MessageId": name}

    def get_queue_attributes(self, *, AttributeNames: Sequence[str], **_: Any) -> dict[str, Any]:
        if "QueueArn" in AttributeNames:
            return {"Attributes": {"QueueArn": "arn"}}
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.dead.messages))}}

    def start_message_move_task(self, **_: Any) -> None:
        if not self.moves:
            raise ClientError({"Error": {"Code": "InvalidAction"}}, "StartMessageMoveTask")
        self.tasks += 1

    def list_message_move_tasks(self, **_: Any) -> dict[str, Any]:
        return {"Results": [{"Status": "COMPLETED", "ApproximateNumberOfMessagesMoved": 7}]}

    @property
    def arrived(self) -> list[tuple[str, str]]:
        return [
            (m["Attributes"]["MessageGroupId"], m["Attributes"]["MessageDeduplicationId"])
            for m in self.queue.messages
        ]

    @property
    def left(self) -> list[str]:
        return [m["MessageId"] for m in self.dead.messages]


@pytest.fixture
def sqs() -> Sqs:
    return Sqs()


@pytest.fixture
def place(pipeline, sqs) -> Deployment:
    made = SimpleNamespace(
        aws=SimpleNamespace(sqs=sqs, dynamodb=pipeline.aws.dynamodb),
        names=SimpleNamespace(hot_table=pipeline.config.hot_table),
        dead_letter_queue_url=lambda: "dead",
        queue_url=lambda: "queue",
        pipeline_config=lambda: pipeline.config,
    )
    return cast(Deployment, made)


def blame(place: Deployment, *names: str) -> None:
    """As the consumer records what is set aside."""
    ledger = Attempts(place.aws.dynamodb, place.names.hot_table)
    for name in names:
        ledger.aside(name, now=NOON, reason="kills", detail="the process ended")


def test_the_reason_is_that_of_the_message_by_its_id_of_then(place, sqs):
    ledger = Attempts(place.aws.dynamodb, place.names.hot_table)
    ledger.failed("then", now=NOON, reason="storage", detail="S3 is out", begun=False)
    sqs.dead.put("now", "a", deduplication_id="then")
    sqs.dead.put("m2", "b", body="{")
    blame(place, "m2")
    found = dead_letters.look(place)
    assert [(letter.cause, letter.reason, letter.detail) for letter in found.letters] == [
        (Cause.STORAGE, "storage", "S3 is out"),
        (Cause.CONTENT, "kills", "the process ended"),
    ]
    assert sqs.dead.flying == {}


def test_a_plain_redrive_leaves_out_what_failed_for_its_content_and_keeps_the_order(place, sqs):
    for number in range(25):
        sqs.dead.put(f"a{number:02d}", "a")
        sqs.dead.put(f"b{number:02d}", "b")
    blame(place, "a00", "a13", "b24")
    done = dead_letter_moves.redrive(place)
    assert (done.moved, done.left_out, done.unseen) == (47, 3, 0)
    assert sqs.left == ["a00", "a13", "b24"]
    for group in "ab":
        names = [name for of, name in sqs.arrived if of == group]
        assert names == sorted(names)
    assert sqs.dead.flying == {}


def test_what_stands_behind_ten_that_stay_is_not_reached_and_said_to_be_there(place, sqs):
    for number in range(15):
        sqs.dead.put(f"a{number:02d}", "a")
    sqs.dead.put("b", "b")
    blame(place, *(f"a{number:02d}" for number in range(10)))
    planned = dead_letter_moves.plan(place)
    assert (planned.moved, planned.left_out, planned.unseen) == (1, 10, 5)
    done = dead_letter_moves.redrive(place)
    assert (done.moved, done.left_out, done.unseen) == (1, 10, 5)


def test_sqs_moves_them_itself_where_nothing_is_left_out_or_all_are_wanted(place, sqs):
    sqs.moves = True
    sqs.dead.put("a", "a")
    assert dead_letter_moves.redrive(place).moved == 7
    blame(place, "a")
    assert (dead_letter_moves.redrive(place).moved, sqs.tasks) == (0, 1)
    assert (dead_letter_moves.redrive(place, everything=True).moved, sqs.tasks) == (7, 2)


def test_everything_goes_by_hand_where_sqs_cannot_move(place, sqs):
    for name in ("a1", "a2"):
        sqs.dead.put(name, "a")
    blame(place, "a1")
    assert dead_letter_moves.redrive(place, everything=True).moved == 2
    assert [name for _, name in sqs.arrived] == ["a1", "a2"]


def test_some_are_sent_or_dropped_and_no_others(place, sqs):
    for number in range(12):
        sqs.dead.put(f"a{number:02d}", "a")
    blame(place, "a03")
    assert dead_letter_moves.redrive_some(place, ["a03", "a05"]).moved == 2
    assert [name for _, name in sqs.arrived] == ["a03", "a05"]
    assert dead_letter_moves.drop(place, ["a00"]).moved == 1
    assert "a00" not in sqs.left
    assert len(sqs.left) == 9
    missing = dead_letter_moves.drop(place, ["gone"])
    assert (missing.moved, missing.unseen) == (0, 1)
    assert sqs.dead.flying == {}


def test_ids_by_their_beginnings(place, sqs):
    for name in ("abc1", "abd2"):
        sqs.dead.put(name, name)
    assert dead_letters.chosen(place, ["abd", "abc1"]) == ["abd2", "abc1"]
    for beginning, problem in (("ab", "There are 2 messages"), ("x", "There is no message")):
        with pytest.raises(UsageError, match=problem):
            dead_letters.chosen(place, [beginning])


def test_a_letter_that_sqs_takes_for_a_duplicate_of_itself_is_not_lost(place, sqs):
    """An emulator that keeps the deduplication id: sent within five minutes, SQS would drop it."""
    sqs.queue.has_had["of-then"] = "m1"
    sqs.dead.put("m1", "a", deduplication_id="of-then")
    assert dead_letter_moves.redrive(place).moved == 1
    assert sqs.arrived == [("a", "m1")]


def test_a_stop_in_between_repeats_and_loses_nothing(place, sqs, monkeypatch):
    for name in ("a1", "a2"):
        sqs.dead.put(name, "a")
    with monkeypatch.context() as patch:
        patch.setattr(sqs, "delete_message", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            dead_letter_moves.redrive(place)
    assert (sqs.left, sqs.dead.flying) == (["a1", "a2"], {})
    assert dead_letter_moves.redrive(place).moved == 2
    assert [name for _, name in sqs.arrived] == ["a1", "a2"]


def test_a_letter_is_shown_without_its_secrets(place, sqs, pipeline):
    from dataclasses import replace

    pipeline.config = replace(pipeline.config, redact=("passwords",))
    sqs.dead.put("m1", "a", body=json.dumps({"msg": "password=hunter2"}))
    assert "hunter2" not in dead_letters.find(place, "m").body
