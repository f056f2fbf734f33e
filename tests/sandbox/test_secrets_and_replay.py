"""Secrets, replay and explanations on the whole pipeline: an environment of its own, with every rule in force."""

from __future__ import annotations

import json
import time

import pytest

from logctl.core.debounce import CALL_DELAY
from logctl.core.records import Record
from logctl.core.times import DAY, HOUR, iso
from logctl.ops.alerts.queue_subscriber import Inbox
from logctl.ops.send.packing import pack
from tests.helpers.aftermath import keys
from tests.helpers.canaries import CANARIES
from tests.helpers.sandbox import Cli, eventually, sweep
from tests.helpers.stored import plain_of


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture(scope="module")
def guarded(sandbox: Cli):
    cli = Cli(sandbox.home, env="guarded", variables={"LOGCTL_REDACT": "all"})
    cli.run("provision", "--yes")
    yield cli
    cli.run("destroy", "--delete-data", "--yes")


def rows(cli: Cli, app: str) -> dict[str, dict]:
    deployment = cli.deployment
    pages = deployment.aws.dynamodb.get_paginator("scan").paginate(TableName=deployment.names.hot_table)
    items = (item for page in pages for item in page["Items"])
    return {item["chunk"]["S"]: item for item in items if item["app"]["S"] == app}


def lose(cli: Cli, app: str) -> None:
    deployment = cli.deployment
    for key in rows(cli, app):
        deployment.aws.dynamodb.delete_item(
            TableName=deployment.names.hot_table, Key={"app": {"S": app}, "chunk": {"S": key}}
        )


def contents(row: dict) -> tuple:
    """Return what a hot row says of its records, and those that it has."""
    return row["counts"], row.get("whole"), row.get("notable")


def tail_of(cli: Cli, app: str, start: int) -> list[dict]:
    return cli.run("tail", app, "-s", iso(start), "-n", "1000", "-o", "json").lines


def expire_objects(cli: Cli, app: str) -> None:
    """Delete an app's raw objects, as compaction does when no hot row can point to them any more."""
    deployment = cli.deployment
    for key in keys(deployment, app, "logs/"):
        deployment.aws.s3.delete_object(Bucket=deployment.bucket, Key=key)


def objects(cli: Cli) -> str:
    """Everything in the bucket, as text."""
    deployment = cli.deployment
    pages = deployment.aws.s3.get_paginator("list_objects_v2").paginate(Bucket=deployment.bucket)
    found = []
    for key in (item["Key"] for page in pages for item in page.get("Contents", [])):
        body = deployment.aws.s3.get_object(Bucket=deployment.bucket, Key=key)["Body"].read()
        found.append((plain_of(key, body) if key.startswith("logs/") else body).decode("utf-8", "replace"))
    return "\n".join(found)


@pytest.mark.proves("B52")
def test_no_canary_reaches_a_store_a_reader_or_a_subscriber(guarded):
    inbox = Inbox(guarded.deployment)
    records = [
        {"ts": now(), "level": "error", "msg": text, "note": {"deep": [text]}, text: 1}
        for _, text, _ in CANARIES
    ]
    guarded.run("send", "--app", "vault", "--wait", stdin="\n".join(map(json.dumps, records)))
    deployment = guarded.deployment
    for number, (_, text, _) in enumerate(CANARIES):
        deployment.aws.sqs.send_message(
            QueueUrl=deployment.queue_url(),
            MessageBody=f'{{"logctl": 1, "appid": {text}',
            MessageGroupId="vault",
            MessageDeduplicationId=f"poison-{number}",
        )
    eventually(lambda: objects(guarded).count('"reason": "json"') == len(CANARIES), what="the quarantine")
    alerts = eventually(lambda: inbox.take(seconds=5), what="an alert")
    tailed = guarded.run("tail", "vault", "-s", "1h", "-o", "json")
    assert all(any(flag.startswith("redacted=") for flag in record["flags"]) for record in tailed.lines)
    assert len(tailed.lines) == len(CANARIES)
    seen = [
        objects(guarded),
        tailed.out,
        "\n".join(alert.subject + alert.body for alert in alerts),
        guarded.run("debounce", "list", "-o", "json").out,
        guarded.run(
            "athena", "query", "SELECT * FROM logs WHERE appid = 'vault'", "--full-scan", "-o", "json"
        ).out,
        repr(deployment.aws.dynamodb.scan(TableName=deployment.names.alerts_table)["Items"]),
    ]
    assert [secret for _, _, secret in CANARIES if any(secret in text for text in seen)] == []
    flagged = "SELECT count(*) AS n FROM logs WHERE any_match(flags, f -> f LIKE 'redacted=%')"
    counted = guarded.run("athena", "query", flagged, "--full-scan", "-o", "json").json
    assert counted == [{"n": len(CANARIES)}]


def test_a_dead_letter_is_shown_without_its_secrets(guarded):
    deployment = guarded.deployment
    deployment.aws.sqs.send_message(
        QueueUrl=deployment.dead_letter_queue_url(),
        MessageBody=json.dumps({"msg": "password=hunter2", "ts": now()}),
        MessageGroupId="grave",
        MessageDeduplicationId="dead",
    )
    (letter,) = guarded.run("dlq", "list", "-o", "json").json
    shown = guarded.run("dlq", "show", letter["message_id"])
    assert "hunter2" not in shown.out
    assert "[redacted:passwords]" in shown.out
    assert "1 message would be sent again" in guarded.run("dlq", "redrive", "--dry-run").err
    assert rows(guarded, "grave") == {}
    assert "1 of 1" in guarded.run("dlq", "redrive", "--yes").err
    eventually(lambda: len(rows(guarded, "grave")) == 1)


@pytest.mark.proves("F17")
def test_a_redrive_of_what_was_stored_and_counted_changes_nothing(guarded):
    """The same envelope from the dead-letter queue: other ids, later, and nothing is doubled."""
    deployment = guarded.deployment
    (message,) = pack([Record("twice", f"event-{n:04d}", now(), "ERROR", f"x {n}", n) for n in range(20)])

    def put(url: str, name: str) -> None:
        deployment.aws.sqs.send_message(
            QueueUrl=url, MessageBody=message.body, MessageGroupId="twice", MessageDeduplicationId=name
        )

    def counted() -> list[int]:
        listed = guarded.run("debounce", "list", "-o", "json").json
        return [row["counted"] for row in listed if row["key"].startswith("twice#")]

    put(deployment.queue_url(), message.batch_id)
    eventually(counted)
    before = (rows(guarded, "twice"), counted())
    for name in ("again", "once-more"):
        put(deployment.dead_letter_queue_url(), name)
    assert "2 of 2" in guarded.run("dlq", "redrive", "--yes").err
    # A later message of the same group is done only when these are.
    deployment.aws.sqs.send_message(
        QueueUrl=deployment.queue_url(),
        MessageBody=json.dumps({"msg": "after", "ts": now()}),
        MessageGroupId="twice",
        MessageDeduplicationId="after",
    )
    eventually(lambda: len(rows(guarded, "twice")) == len(before[0]) + 1)
    after = rows(guarded, "twice")
    assert {key: after[key] for key in before[0]} == before[0]
    assert counted() == before[1] == [20]


def test_rows_that_are_lost_are_replayed_and_a_second_replay_adds_nothing(guarded):
    start = now() - 3 * HOUR
    lines = [{"ts": start + n * 60_000, "level": "error", "msg": f"replayed {n}"} for n in range(170)]
    guarded.run("send", "--app", "again", "--wait", stdin="\n".join(map(json.dumps, lines)))
    before = rows(guarded, "again")
    tailed = guarded.run("tail", "again", "-s", "6h", "-o", "json").lines
    lose(guarded, "again")

    args = ["replay", "--app", "again", "--since", "6h", "-o", "json"]
    planned = guarded.run(*args, "--dry-run")
    assert planned.json[0]["rows_missing"] == len(before)
    assert "170 records would be added; nothing was written." in planned.err
    assert rows(guarded, "again") == {}
    done = guarded.run(*args)
    assert "170 records were added to the hot store, for 2d." in done.err
    after = rows(guarded, "again")
    assert {key: contents(row) for key, row in after.items()} == {
        key: contents(row) for key, row in before.items()
    }
    assert guarded.run("tail", "again", "-s", "6h", "-o", "json").lines == tailed
    assert guarded.run(*args).json[0]["rows_added"] == 0
    assert rows(guarded, "again") == after


def test_days_that_are_parquet_only_are_replayed_through_athena(guarded):
    """Two days ago, compacted, and the objects deleted."""
    start = (now() - 2 * DAY) // DAY * DAY
    lines = [{"ts": start + n * 600_000, "msg": f"old {n}", "n": {"x": n / 2}} for n in range(100)]
    guarded.run("send", "--app", "old", "--wait", stdin="\n".join(map(json.dumps, lines)))
    before, tailed = rows(guarded, "old"), tail_of(guarded, "old", start)
    assert len(tailed) == 100
    guarded.run("athena", "compact", "--since", iso(start), "--app", "old", "--grace", "1s")
    time.sleep(1.1)
    # It keeps raw objects as long as hot rows may point to them.
    guarded.run("athena", "compact", "--since", iso(start), "--app", "old", "--grace", "1s")
    assert keys(guarded.deployment, "old", "logs/")
    expire_objects(guarded, "old")
    lose(guarded, "old")
    done = guarded.run(
        "replay", "--app", "old", "--since", iso(start), "--until", iso(start + DAY), "-o", "json"
    )
    assert done.json == [
        {"app": "old", "messages": 1, "rows_added": len(before), "records": 100, "rows_there": 0}
    ]
    assert "Athena read" in done.err
    after = rows(guarded, "old")
    assert after.keys() == before.keys()
    # There are no objects to which the rows could point.
    assert all("whole" in row for row in after.values())
    assert tail_of(guarded, "old", start) == tailed


def test_a_key_is_explained_and_a_changed_window_takes_effect_at_once(guarded):
    """Last in this file: it provisions another window."""
    inbox = Inbox(guarded.deployment)
    lines = [{"ts": now(), "level": "error", "msg": f"gateway {n} is down"} for n in range(5)]
    guarded.run("send", "--app", "why", "--wait", stdin="\n".join(map(json.dumps, lines)))
    (row,) = eventually(
        lambda: [
            row
            for row in guarded.run("debounce", "list", "-o", "json").json
            if row["key"].startswith("why#") and row["reported"]
        ]
    )
    told = guarded.run("debounce", "explain", row["key"], "-o", "json").json
    assert (told["would_alert"], told["next"]) == (False, "held back")
    assert "4 are suppressed" in told["why"]
    assert 0 < told["could_alert_in_ms"] <= 15 * 60_000
    assert "at once" in guarded.run("debounce", "explain", "why#FATAL#ffffffffffff").out

    guarded.run("debounce", "silence", "why", "--for", "2h", "--comment", "for a test")
    silenced = guarded.run("debounce", "explain", row["key"], "-o", "json").json
    assert silenced["could_alert_in_ms"] > 60 * 60_000
    guarded.run("debounce", "clear", "why")

    guarded.run("provision", "--yes", "--alert-window", "5s")
    assert sweep(guarded) == {}
    time.sleep(5.1 + CALL_DELAY / 1000)
    now_told = guarded.run("debounce", "explain", row["key"], "-o", "json").json
    assert (now_told["would_alert"], now_told["next"]) == (True, "still firing")
    inbox.take(seconds=1)
    sweep(guarded)
    assert "why (4 more)" in " ".join(alert.subject for alert in inbox.take(seconds=5))
