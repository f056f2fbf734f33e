"""Alerts through the real stores on moto: opened at once, suppressed, summed up, recovered, retried."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError
from botocore.parsers import ResponseParserError

from logctl.core.debounce import CALL_DELAY, KINDS_PER_WINDOW, LEASE, Action, AlertKey, Status
from logctl.core.fingerprint import fingerprint
from logctl.core.silence import REMEMBERED
from logctl.core.times import MINUTE, SECOND
from logctl.pipeline.alerting.alerter import Alerter
from tests.helpers.alerts import WINDOW, make, silence, sweep
from tests.helpers.messages import break_, event, mend, packed, records
from tests.helpers.pipeline import NOON, Pipeline


def see(pipeline: Pipeline, alerter: Alerter) -> None:
    """The sweep after an alert, with which its window begins; at its end the clock is there."""
    pipeline.clock.advance(SECOND)
    assert not set(sweep(alerter)) - {Action.WAIT}
    pipeline.clock.advance(CALL_DELAY)


def key_of(pipeline: Pipeline) -> AlertKey:
    items = pipeline.aws.dynamodb.scan(TableName=pipeline.config.alerts_table)["Items"]
    (key,) = [item["pk"]["S"].removeprefix("ALERT#") for item in items if item["sk"]["S"] == "STATE"]
    return AlertKey.parse(key)


def subjects(pipeline: Pipeline) -> list[str]:
    return [alert["Subject"] for alert in pipeline.alerts()]


def errors(count: int, name: str, **changes):
    return event(packed(records(count, level="ERROR", message=f"timed out {name}", **changes), name=name))


@pytest.mark.slow
@pytest.mark.proves("F39")
def test_500_of_one_kind_and_one_of_another_are_two_alerts_and_one_summary(pipeline, alerter):
    for batch in range(10):
        pipeline.consumer.process(errors(50, str(batch)))
        pipeline.clock.advance(5 * SECOND)
    pipeline.consumer.process(event(packed(records(1, level="ERROR", message="disk full"), name="other")))
    assert subjects(pipeline) == ["[logctl-test] ERROR opened: checkout"] * 2

    see(pipeline, alerter)
    pipeline.clock.advance(WINDOW - 1)
    assert sweep(alerter) == {}
    pipeline.clock.advance(1)
    assert sweep(alerter) == {Action.SUMMARISE: 1, Action.RECOVER: 1}
    assert sorted(subjects(pipeline)) == [
        "[logctl-test] ERROR recovered: checkout",
        "[logctl-test] ERROR still firing: checkout (499 more)",
    ]
    see(pipeline, alerter)
    pipeline.clock.advance(WINDOW)
    assert sweep(alerter) == {Action.RECOVER: 1}
    pipeline.clock.advance(1)
    assert sweep(alerter) == {}


@pytest.mark.slow
def test_one_message_with_500_errors_alerts_of_one_and_holds_back_499(pipeline, store):
    pipeline.consumer.process(errors(500, "all"))
    (alert,) = pipeline.alerts()
    assert alert["MessageAttributes"]["count"]["Value"] == "1"
    state = store.get(key_of(pipeline))
    assert (state.seen, state.reported, state.held_back, state.status) == (500, 1, 499, Status.OPEN)


def test_an_escalation_is_not_held_back(pipeline):
    pipeline.consumer.process(errors(1, "1"))
    pipeline.consumer.process(event(packed(records(1, level="FATAL", message="timed out 1"), name="b")))
    assert subjects(pipeline) == [
        "[logctl-test] ERROR opened: checkout",
        "[logctl-test] FATAL opened: checkout",
    ]


def test_an_event_after_recovery_opens_again_at_once(pipeline, alerter):
    pipeline.consumer.process(errors(1, "1"))
    see(pipeline, alerter)
    pipeline.clock.advance(WINDOW)
    sweep(alerter)
    pipeline.consumer.process(errors(1, "2", ts=NOON + WINDOW))
    assert [subject.split()[2] for subject in subjects(pipeline)] == ["opened:", "recovered:", "opened:"]


@pytest.mark.slow
@pytest.mark.proves("F28", "F35")
@pytest.mark.parametrize("error", [None, ResponseParserError("no element found")], ids=["down", "damaged"])
def test_a_failed_publish_is_the_sweepers_work(pipeline, alerter, store, error):
    break_(pipeline.aws.sns, "Publish", error=error)
    assert pipeline.consumer.process(errors(5, "1")) == {"batchItemFailures": []}
    assert store.get(key_of(pipeline)).reported == 0
    assert sweep(alerter) == {Action.WAIT: 1}
    mend(pipeline.aws.sns, "Publish")
    pipeline.clock.advance(MINUTE)
    assert sweep(alerter) == {Action.OPEN: 1}
    assert len(pipeline.alerts()) == 1
    assert store.get(key_of(pipeline)).reported == 1


@pytest.mark.proves("F32")
def test_a_crash_between_publish_and_commit_repeats_the_same_alert(pipeline, alerter, store):
    break_(pipeline.aws.dynamodb, "UpdateItem", lambda params: b"SET seq" in params["body"])
    pipeline.consumer.process(errors(5, "1"))
    (first,) = pipeline.alerts()
    mend(pipeline.aws.dynamodb, "UpdateItem")
    pipeline.consumer.process(errors(7, "2"))
    assert sweep(alerter) == {Action.WAIT: 1}
    pipeline.clock.advance(LEASE - 1)
    assert sweep(alerter) == {Action.WAIT: 1}
    pipeline.clock.advance(1)
    assert sweep(alerter) == {Action.OPEN: 1}
    (second,) = pipeline.alerts()
    assert (first["Subject"], first["Message"]) == (second["Subject"], second["Message"])
    state = store.get(key_of(pipeline))
    assert (state.seen, state.reported) == (12, 1)


@pytest.mark.proves("F29")
def test_counting_a_batch_twice_counts_once(pipeline, store):
    from logctl.core.debounce import Tally

    tally = Tally(AlertKey("checkout", "ERROR", "f" * 12), 7, "t", "s", NOON)
    assert store.count("batch", [tally], now=NOON, window=WINDOW).added == (tally,)
    for again in (False, True):
        assert store.count("batch", [tally], now=NOON + 5, window=WINDOW, again=again).added == ()
    assert store.get(tally.key).seen == 7


@pytest.fixture
def unclaimed(pipeline, store):
    """A state that is due, and that nobody has a claim on."""
    break_(pipeline.aws.sns, "Publish")
    pipeline.consumer.process(errors(5, "1"))
    return store.get(key_of(pipeline))


def test_only_one_claim_wins(store, unclaimed):
    first = store.claim(unclaimed, Action.OPEN, now=NOON, window=WINDOW)
    assert first is not None
    assert first.claim.upto == 1
    assert store.claim(unclaimed, Action.OPEN, now=NOON, window=WINDOW) is None


def test_a_claim_whose_reply_was_lost_is_recognised_when_the_sdk_tries_again(
    pipeline, store, unclaimed, monkeypatch
):
    sent = lose_first_reply(pipeline.aws.dynamodb, "UpdateItem", monkeypatch)
    claimed = store.claim(unclaimed, Action.OPEN, now=NOON, window=WINDOW)
    assert len(sent) == 2, "the SDK has not tried again"
    assert claimed is not None
    assert claimed == store.get(unclaimed.key)
    assert claimed.claim.upto == 1
    # The same by somebody else is refused, and that refusal names another owner.
    assert store.claim(unclaimed, Action.OPEN, now=NOON, window=WINDOW) is None


def lose_first_reply(client: Any, operation: str, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Let the service do what it is asked, and drop its first reply; the requests that were sent."""
    sent: list[Any] = []
    answer = client._endpoint._get_response

    def losing(request: Any, operation_model: Any, context: Any) -> Any:
        reply = answer(request, operation_model, context)
        if operation_model.name != operation:
            return reply
        sent.append(request)
        return reply if len(sent) > 1 else (None, ConnectionClosedError(endpoint_url=request.url))

    monkeypatch.setattr(client._endpoint, "_get_response", losing)
    return sent


@pytest.mark.proves("F40")
def test_a_recovery_is_refused_when_an_event_came_in_between(pipeline, alerter, store):
    pipeline.consumer.process(errors(1, "1"))
    pipeline.clock.advance(WINDOW)
    stale = store.get(key_of(pipeline))
    break_(pipeline.aws.sns, "Publish")
    pipeline.consumer.process(errors(1, "2", ts=NOON + WINDOW))
    assert store.claim(stale, Action.RECOVER, now=pipeline.clock(), window=WINDOW) is None


def test_a_changed_window_works_at_once(pipeline, store):
    pipeline.consumer.process(errors(5, "1"))
    see(pipeline, make(pipeline, store))
    pipeline.clock.advance(2 * MINUTE)
    shorter = make(pipeline, store, window=MINUTE)
    assert sweep(shorter) == {Action.SUMMARISE: 1}


@pytest.mark.proves("F41", "F51")
def test_the_clock_of_a_consumer_that_is_an_hour_ahead_holds_nothing_back(pipeline, alerter):
    pipeline.clock.advance(60 * MINUTE)
    pipeline.consumer.process(errors(2, "1", ts=NOON + 60 * MINUTE))
    pipeline.clock.advance(-60 * MINUTE)
    see(pipeline, alerter)
    pipeline.clock.advance(WINDOW)
    assert sweep(alerter) == {Action.SUMMARISE: 1}


@pytest.mark.slow
def test_a_flood_of_kinds_over_many_messages_is_not_a_flood_of_alerts(pipeline, alerter, store):
    """Twenty kinds of an app alert in a window; the others are one, however many messages they come in."""
    kinds = [f"{first}{second} is broken" for first in "abcdefgh" for second in "abcdefgh"]
    for kind in kinds:
        message = packed(records(2, level="ERROR", message=kind), name=kind)
        assert pipeline.consumer.process(event(message)) == {"batchItemFailures": []}
    assert len(pipeline.alerts()) == KINDS_PER_WINDOW + 1
    overflow = store.get(AlertKey("checkout", "ERROR", "overflow"))
    assert overflow.seen == 2 * (len(kinds) - KINDS_PER_WINDOW)

    # A redelivery is known by its own kind, wherever it was counted.
    for kind in (kinds[0], kinds[-1]):
        pipeline.consumer.process(event(packed(records(2, level="ERROR", message=kind), name=kind)))
    assert store.get(overflow.key).seen == overflow.seen
    assert pipeline.alerts() == []

    # Kinds that are open go on under their own name, and another app is not affected.
    pipeline.consumer.process(event(packed(records(3, level="ERROR", message=kinds[0]), name="more")))
    pipeline.consumer.process(
        event(packed(records(1, app="other", level="ERROR", message="x is lost"), name="o"))
    )
    assert len(pipeline.alerts()) == 1
    see(pipeline, alerter)
    pipeline.clock.advance(WINDOW)
    sweep(alerter)
    summaries = [alert["MessageAttributes"] for alert in pipeline.alerts()]
    counts = [int(item["count"]["Value"]) for item in summaries if item["kind"]["Value"] == "SUMMARISE"]
    assert sum(counts) == overflow.seen - 1 + KINDS_PER_WINDOW + 3


@pytest.mark.slow
@pytest.mark.parametrize("by_key", [True, False])
def test_a_silence_holds_everything_back_and_loses_nothing(pipeline, alerter, silences, by_key):
    key = AlertKey("checkout", "ERROR", fingerprint("timed out 1"))
    silences.put(silence(str(key) if by_key else "checkout", until=NOON + 2 * WINDOW))
    pipeline.consumer.process(errors(5, "1"))
    assert pipeline.alerts() == []
    pipeline.clock.advance(WINDOW)
    assert sweep(alerter) == {}
    pipeline.clock.advance(WINDOW)
    assert sweep(alerter) == {Action.OPEN: 1}
    (alert,) = pipeline.alerts()
    assert "4 more came with it" in alert["Message"]
    see(pipeline, alerter)
    pipeline.clock.advance(WINDOW)
    assert sweep(alerter) == {Action.SUMMARISE: 1}
    (summary,) = pipeline.alerts()
    assert summary["MessageAttributes"]["count"]["Value"] == "4"


def test_a_silence_of_one_thing_silences_no_other(pipeline, alerter, silences):
    silences.put(silence("billing", until=NOON + WINDOW))
    silences.put(silence("checkout#ERROR#0a1b2c3d4e5f", until=NOON + WINDOW))
    pipeline.consumer.process(errors(1, "1"))
    assert len(pipeline.alerts()) == 1


def test_recovery_waits_for_the_end_of_a_silence(pipeline, alerter, silences):
    pipeline.consumer.process(errors(1, "1"))
    see(pipeline, alerter)
    silences.put(silence("checkout", until=NOON + 2 * WINDOW))
    pipeline.clock.advance(WINDOW)
    assert sweep(alerter) == {Action.SILENCED: 1}
    pipeline.clock.advance(MINUTE)
    assert sweep(alerter) == {}
    silences.end("checkout", now=pipeline.clock())
    pipeline.clock.advance(MINUTE)
    assert sweep(alerter) == {Action.RECOVER: 1}


def test_ended_silences_are_listed_for_a_while(silences):
    silences.put(silence("a", until=NOON + WINDOW))
    silences.put(silence("b", until=NOON - REMEMBERED))
    silences.put(silence("c", until=NOON - 1))
    assert [item.target for item in silences.all(now=NOON)] == ["a", "c"]
    assert [item.active(NOON) for item in silences.all(now=NOON)] == [True, False]
    assert silences.end("a", now=NOON) == silence("a", until=NOON + WINDOW)
    assert silences.end("a", now=NOON) is None
    assert [item.target for item in silences.all(now=NOON)] == ["c"]
    silences.put(silence("a", until=NOON + MINUTE))
    assert silences.end("a", now=NOON) == silence("a", until=NOON + MINUTE)
