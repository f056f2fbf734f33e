"""The consumer, message by message: what it writes, what it answers, and what a repeat changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from logctl.core.attempts import MAX_STRIKES, Outcome
from logctl.core.times import DAY, HOUR, MINUTE
from logctl.pipeline.alerting.alerter import alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.config import MAX_RECEIVES
from logctl.pipeline.delivery.deadline import LEAST, RESERVE
from tests.helpers.messages import (
    NOTHING_FAILED,
    again,
    break_,
    event,
    failed,
    mend,
    of_a_row,
    packed,
    records,
    sqs,
    stored,
)
from tests.helpers.pipeline import NOON
from tests.helpers.stored import records_in

CUT_OFF = '{"logctl": 1, "appid": "checkout", '
"""The start of an envelope: nothing else is rejected as a whole for its form."""


def test_a_message_is_stored_cold_and_hot_and_its_partition_registered(pipeline):
    items = records(3)
    assert pipeline.consumer.process(event(packed(items))) == NOTHING_FAILED
    (key,) = pipeline.keys("logs/")
    assert key.startswith("logs/year=2026/month=01/day=31/appid=checkout/")
    assert [row["event_id"] for row in stored(pipeline)] == [item.event_id for item in items]
    (row,) = pipeline.hot_rows()
    assert records_in(row) == items
    assert int(row["expires_at"]["N"]) == (NOON + 48 * HOUR) // 1000
    partitions = pipeline.aws.glue.get_partitions(
        DatabaseName="logctl_test", TableName=pipeline.config.table
    )["Partitions"]
    assert [item["Values"] for item in partitions] == [["2026", "01", "31", "checkout"]]


@pytest.mark.proves("F3", "F17")
def test_a_redelivery_changes_nothing(pipeline):
    message = packed(records(3, level="ERROR"))
    pipeline.consumer.process(event(message))
    before = (pipeline.keys(), [pipeline.read(key) for key in pipeline.keys()], pipeline.hot_rows())
    assert len(pipeline.alerts()) == 1
    pipeline.clock.advance(10 * MINUTE)
    pipeline.restart()
    again = packed(records(3, level="ERROR"), name="another-id", sent_at=NOON, receives=2)
    assert pipeline.consumer.process(event(again)) == NOTHING_FAILED
    assert (pipeline.keys(), [pipeline.read(key) for key in pipeline.keys()], pipeline.hot_rows()) == before
    assert pipeline.alerts() == []


@pytest.mark.proves("F5")
def test_the_partition_is_the_records_day_and_not_todays(pipeline):
    last_second = NOON - NOON % DAY + DAY - 1000
    pipeline.clock.now = last_second + 5_000
    pipeline.consumer.process(event(packed(records(1, ts=last_second))))
    pipeline.clock.advance(DAY)
    pipeline.restart()
    pipeline.consumer.process(event(packed(records(1, ts=last_second))))
    assert [key.split("/appid")[0] for key in pipeline.keys("logs/")] == ["logs/year=2026/month=01/day=31"]


def test_bare_json_of_two_days_goes_to_two_partitions(pipeline):
    body = json.dumps([{"ts": NOON, "msg": "a"}, {"ts": NOON - DAY, "msg": "b"}])
    pipeline.consumer.process(event(sqs(body)))
    assert [key.split("/")[3] for key in pipeline.keys("logs/")] == ["day=30", "day=31"]


def test_times_without_a_zone_are_in_the_zone_of_the_setting(pipeline):
    pipeline.config = replace(pipeline.config, timezone=ZoneInfo("Europe/Berlin"))
    pipeline.restart()
    pipeline.consumer.process(event(sqs("2026-01-31 12:00:00 ERROR boom")))
    assert [row["ts"] for row in stored(pipeline)] == ["2026-01-31T11:00:00.000Z"]


@pytest.mark.proves("F13")
def test_poison_goes_to_quarantine_with_its_reason_and_is_acknowledged(pipeline):
    good = packed(records(2), name="good")
    assert pipeline.consumer.process(event(sqs(CUT_OFF, name="poison"), good)) == NOTHING_FAILED
    (key,) = pipeline.keys("quarantine/")
    note = json.loads(pipeline.read(key))
    assert (note["reason"], note["content"], note["message_id"]) == ("json", CUT_OFF, "poison")
    assert len(stored(pipeline)) == 2


def test_bad_lines_are_one_object_and_the_others_are_stored(pipeline):
    pipeline.consumer.process(event(sqs('{"msg": "a"}\n{"appid": "B"}\n{"msg": "c"}\n{"appid": "d"}')))
    assert [row["message"] for row in stored(pipeline)] == ["a", "c"]
    (note,) = pipeline.quarantined()
    assert (note["reason"], note["content"], note["stored"], note["receives"]) == ("appid", None, 2, 1)
    assert [(part["position"], part["reason"], part["content"]) for part in note["rejected"]] == [
        (1, "appid", '{"appid": "B"}'),
        (3, "group_mismatch", '{"appid": "d"}'),
    ]


def test_the_people_of_an_app_hear_of_its_rejected_records_once_a_message(pipeline):
    message = sqs('{"msg": "a"}\n{"appid": "B"}\n{"appid": "C"}', name="m")
    pipeline.consumer.process(event(message, sqs(CUT_OFF, name="n", group="web")))
    told = {alert["MessageAttributes"]["key"]["Value"]: alert["Message"] for alert in pipeline.alerts()}
    assert set(told) == {"checkout#ERROR#rejected", "web#ERROR#rejected"}
    assert "records that logctl cannot read: appid" in told["checkout#ERROR#rejected"]
    assert "1 more came with it" in told["checkout#ERROR#rejected"]
    pipeline.restart()
    pipeline.consumer.process(event(message))
    state = pipeline.aws.dynamodb.get_item(
        TableName=pipeline.config.alerts_table,
        Key={"pk": {"S": "ALERT#checkout#ERROR#rejected"}, "sk": {"S": "STATE"}},
    )["Item"]
    assert state["seen"]["N"] == "2"


def test_the_key_in_quarantine_comes_from_the_content_and_not_from_message_id_or_clock(pipeline):
    def deliver(name: str, **changes: Any) -> list[str]:
        message = sqs(CUT_OFF, name=name, **changes)
        message["attributes"]["MessageDeduplicationId"] = "the same"
        assert pipeline.consumer.process(event(message)) == NOTHING_FAILED
        return pipeline.keys("quarantine/")

    before = deliver("one")
    pipeline.clock.advance(3 * DAY)
    pipeline.restart()
    assert deliver("two", sent_at=NOON + 3 * DAY) == before
    assert len(before) == 1


@pytest.mark.proves("F15", "B21")
def test_a_group_that_is_no_app_is_quarantined_as_unknown(pipeline):
    assert pipeline.consumer.process(event(sqs('{"a": 1}', group="../../etc"))) == NOTHING_FAILED
    (key,) = pipeline.keys("quarantine/")
    assert "/appid=unknown/" in key
    assert json.loads(pipeline.read(key))["reason"] == "appid"


@pytest.mark.proves("F14")
def test_a_message_whose_quarantine_fails_is_not_acknowledged(pipeline):
    break_(pipeline.aws.s3, "PutObject", lambda params: "quarantine" in params["url_path"])
    assert pipeline.consumer.process(event(sqs(CUT_OFF, name="poison"))) == failed("poison")


@pytest.mark.proves("F6")
def test_a_failed_write_holds_back_its_group_and_no_other(pipeline):
    a1, a2, a3 = (packed(records(1, app="a", message=f"a{n}"), name=f"a{n}") for n in (1, 2, 3))
    b1 = packed(records(1, app="b"), name="b1")
    bad = json.loads(a2["body"])["batch_id"]
    break_(pipeline.aws.s3, "PutObject", lambda params: bad in params["url_path"])
    assert pipeline.consumer.process(event(a1, a2, b1, a3)) == failed("a2", "a3")
    assert sorted(row["message"] for row in stored(pipeline)) == ["a1 0", "hello 0"]
    mend(pipeline.aws.s3, "PutObject")
    assert pipeline.consumer.process(event(a2, a3)) == NOTHING_FAILED
    assert sorted(row["message"] for row in stored(pipeline)) == ["a1 0", "a2 0", "a3 0", "hello 0"]


ERRORS = [None, EndpointConnectionError(endpoint_url="x"), UnicodeDecodeError("utf-8", b"", 0, 1, "x")]


@pytest.mark.slow
@pytest.mark.proves("F1", "F2", "F28")
@pytest.mark.parametrize("operation", ["PutObject", "PutItem"])
@pytest.mark.parametrize("error", ERRORS)
def test_whatever_write_of_a_record_fails_the_message_fails_and_a_retry_completes_it(
    pipeline, operation, error
):
    client = pipeline.aws.s3 if operation == "PutObject" else pipeline.aws.dynamodb
    message = packed(records(2, level="ERROR"), name="m")
    break_(client, operation, error=error)
    assert pipeline.consumer.process(event(message)) == failed("m")
    mend(client, operation)
    assert pipeline.consumer.process(event(message)) == NOTHING_FAILED
    assert len(stored(pipeline)) == 2
    assert len(pipeline.hot_rows()) == 1
    assert len(pipeline.alerts()) == 1


@pytest.mark.slow
@pytest.mark.proves("F49", "G1", "G3")
@pytest.mark.parametrize("operation", ["TransactWriteItems", "BatchGetItem", "GetItem", "UpdateItem"])
@pytest.mark.parametrize("error", ERRORS)
def test_whatever_call_of_the_alerts_fails_the_message_is_done_and_the_sweeper_makes_up(
    pipeline, operation, error
):
    break_(pipeline.aws.dynamodb, operation, error=error)
    messages = [packed(records(2, level="ERROR"), name="m"), packed(records(1), name="later")]
    assert pipeline.consumer.process(event(*messages)) == NOTHING_FAILED
    mend(pipeline.aws.dynamodb, operation)
    sweeper = alerter_for(pipeline.aws, pipeline.config, pipeline.clock)
    for _ in range(2):
        pipeline.clock.advance(60_000)
        Sweep(sweeper).run(pipeline.clock())
    assert len(stored(pipeline)) == 3
    assert len(pipeline.hot_rows()) == 2
    (alert,) = pipeline.alerts()
    assert alert["MessageAttributes"]["count"]["Value"] == "1"


@pytest.mark.proves("F7")
def test_all_messages_failing_are_all_named(pipeline):
    break_(pipeline.aws.s3, "PutObject")
    messages = [packed(records(1, app=app), name=app) for app in ("a", "b", "c")]
    assert pipeline.consumer.process(event(*messages)) == failed("a", "b", "c")


@pytest.mark.proves("F11")
def test_no_message_is_started_that_cannot_be_finished(pipeline):
    left = iter([60_000] * 20)

    def remaining() -> int:
        return 60_000 if not pipeline.keys("logs/") else RESERVE + LEAST - 1

    messages = [packed(records(1, app=app), name=app) for app in ("a", "b", "c")]
    assert pipeline.consumer.process(event(*messages), remaining=remaining) == failed("a", "b", "c")
    assert len(stored(pipeline)) == 1
    assert pipeline.consumer.process(event(messages[0]), remaining=lambda: next(left)) == NOTHING_FAILED


@pytest.mark.slow
@pytest.mark.proves("F16")
def test_a_bug_of_ours_does_not_block_an_app_for_ever(pipeline):
    break_(pipeline.aws.dynamodb, "PutItem", of_a_row, error=RuntimeError("bug, with a secret in its text"))
    message = packed(records(1), name="m")
    for receives in range(1, MAX_STRIKES):
        assert pipeline.consumer.process(event(again(message, receives))) == failed("m")
    assert pipeline.consumer.process(event(again(message, MAX_STRIKES))) == NOTHING_FAILED
    (note,) = pipeline.quarantined()
    assert (note["reason"], note["content"]) == ("internal", message["body"])
    assert "secret" not in note["detail"]
    assert (pipeline.ledger("m").outcome, pipeline.ledger("m").reason) == (Outcome.ASIDE, "internal")


@pytest.mark.proves("F35")
def test_sns_being_down_holds_up_nothing(pipeline):
    break_(pipeline.aws.sns, "Publish")
    assert pipeline.consumer.process(event(packed(records(5, level="ERROR")))) == NOTHING_FAILED
    assert len(stored(pipeline)) == 5


@pytest.mark.parametrize("error", [None, ResponseParserError("not JSON")], ids=["down", "damaged"])
def test_glue_being_down_holds_up_nothing_and_the_next_message_registers(pipeline, error):
    break_(pipeline.aws.glue, "BatchCreatePartition", error=error)
    assert pipeline.consumer.process(event(packed(records(1)))) == NOTHING_FAILED
    mend(pipeline.aws.glue, "BatchCreatePartition")
    pipeline.consumer.process(event(packed(records(1, message="next"))))
    partitions = pipeline.aws.glue.get_partitions(
        DatabaseName="logctl_test", TableName=pipeline.config.table
    )["Partitions"]
    assert len(partitions) == 1


@pytest.mark.proves("F28")
def test_a_damaged_reply_is_no_bug_of_the_message_even_at_its_last_try(pipeline):
    damaged = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    break_(pipeline.aws.dynamodb, "PutItem", error=damaged)
    message = packed(records(2), name="m")
    for receives in range(1, MAX_RECEIVES, 99):
        assert pipeline.consumer.process(event(again(message, receives))) == failed("m")
    assert pipeline.keys("quarantine/") == []


@pytest.mark.proves("F18")
def test_late_errors_are_stored_and_open_no_alert(pipeline):
    pipeline.consumer.process(event(packed(records(3, level="ERROR", ts=NOON - 3 * DAY), sent_at=NOON)))
    assert [row["flags"] for row in stored(pipeline)] == [["late"]] * 3
    assert pipeline.alerts() == []


@pytest.mark.proves("F8")
def test_the_handler_answers_with_nothing_else_than_the_documented_reply(pipeline):
    assert pipeline.consumer.process(event()) == {"batchItemFailures": []}
    break_(pipeline.aws.s3, "PutObject", lambda params: "bad/" in params["url_path"])
    good, bad = packed(records(1, app="good"), name="g"), packed(records(1, app="bad"), name="b")
    reply = pipeline.consumer.process(event(good, bad, sqs("{poison", name="p")))
    assert reply == {"batchItemFailures": [{"itemIdentifier": "b"}]}
