"""Replay: the rows that the consumer wrote, from what it wrote to S3, and nothing besides."""

from __future__ import annotations

import gzip
import json
import random
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core import limits
from logctl.core.hot_rows import from_item
from logctl.core.partitions import Partition
from logctl.core.records import Record, Rejected, from_cold
from logctl.core.times import DAY, HOUR, MINUTE, TimeRange
from logctl.ops.recovery.replay import Replay, Replayed
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.hot_reader import Reader
from logctl.pipeline.stores.stored_objects import StoredObjects
from logctl.stack.names import Names
from tests.helpers.messages import event, packed, records, sqs
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import cold_of_version_1, hot_rows_of, object_of, records_in

LATER = NOON + 6 * HOUR
EVERYTHING = TimeRange(NOON - 3 * DAY, NOON + 3 * DAY)


@dataclass
class Deployed:
    """As much of a deployment as a replay looks at."""

    pipeline: Pipeline

    @property
    def aws(self) -> Any:
        return self.pipeline.aws

    @property
    def bucket(self) -> str:
        return self.pipeline.config.bucket

    @property
    def names(self) -> Names:
        return Names("logctl", "test")

    def pipeline_config(self) -> Any:
        return self.pipeline.config


def replay(pipeline: Pipeline, *apps: str, span: TimeRange = EVERYTHING, **options: Any) -> Replay:
    # One at a time, because moto is for single-threaded tests.
    return Replay(Deployed(pipeline), apps or ("*",), span, now=LATER, at_once=1, **options)


def rows(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    return {row["app"]["S"] + row["chunk"]["S"]: row for row in pipeline.hot_rows()}


def lose(pipeline: Pipeline, *, every: int = 1) -> None:
    """Delete every n-th hot row."""
    for row in pipeline.hot_rows()[::every]:
        key = {name: row[name] for name in ("app", "chunk")}
        pipeline.aws.dynamodb.delete_item(TableName=pipeline.config.hot_table, Key=key)


def fill(pipeline: Pipeline) -> None:
    """An envelope, an app of its own, a bare message over two days and three hours, late and odd records."""
    lines = [
        {"msg": f"bare {n}", "ts": (NOON - DAY + n * 5 * HOUR) // 1000, "n": 1.5, "deep": {"ä": [n, None]}}
        for n in (3, 0, 2, 1, 0)
    ]
    pipeline.consumer.process(
        event(
            packed(records(50, level="ERROR")),
            packed(records(3, app="billing"), name="m2"),
            sqs("\n".join(map(json.dumps, lines)), name="m3"),
            packed(records(4, ts=NOON - 2 * DAY, message="late\nand odd \u202e"), name="m4"),
        )
    )


@pytest.mark.slow
@pytest.mark.parametrize("every", [1, 2])
def test_rows_that_are_lost_come_back_as_they_were(pipeline, every):
    fill(pipeline)
    before = rows(pipeline)
    assert len(before) == 7
    lose(pipeline, every=every)
    gone = len(before) - len(rows(pipeline))
    done = replay(pipeline).run().apps
    assert sum(item.added for item in done) == gone
    assert sum(item.present for item in done) == len(before) - gone

    after = rows(pipeline)
    assert after.keys() == before.keys()
    for key, row in after.items():
        assert records_in(row) == records_in(before[key])
        same = ("chunk", "min_ts", "counts", "whole")
        assert [row[name] for name in same] == [before[key][name] for name in same]


def test_a_replay_over_rows_that_are_there_changes_nothing(pipeline):
    fill(pipeline)
    pipeline.alerts()
    scan = pipeline.aws.dynamodb.scan
    before = [scan(TableName=t)["Items"] for t in (pipeline.config.hot_table, pipeline.config.alerts_table)]
    for _ in range(2):
        assert [item.added for item in replay(pipeline).run().apps] == [0, 0]
    after = [scan(TableName=t)["Items"] for t in (pipeline.config.hot_table, pipeline.config.alerts_table)]
    assert after == before


def test_a_replay_counts_nothing_and_alerts_nobody(pipeline):
    fill(pipeline)
    pipeline.alerts()
    states = pipeline.aws.dynamodb.scan(TableName=pipeline.config.alerts_table)["Items"]
    lose(pipeline)
    assert [item.added for item in replay(pipeline).run().apps] == [1, 6]
    assert pipeline.alerts() == []
    assert pipeline.aws.dynamodb.scan(TableName=pipeline.config.alerts_table)["Items"] == states


def test_a_dry_run_says_the_same_and_writes_nothing(pipeline):
    fill(pipeline)
    lose(pipeline, every=2)
    before = rows(pipeline)
    planned = replay(pipeline).plan()
    assert rows(pipeline) == before
    assert planned == replay(pipeline).run()
    assert [item.added for item in replay(pipeline).plan().apps] == [0, 0]


def test_a_replay_after_a_replay_that_was_stopped_finishes_it(pipeline):
    fill(pipeline)
    before = rows(pipeline).keys()
    lose(pipeline)

    class Stopped(Exception):
        pass

    work = replay(pipeline)
    put, calls = work._hot.put, []

    def stop(*args: Any, **options: Any) -> bool:
        calls.append(args)
        if len(calls) == 3:
            raise Stopped
        return put(*args, **options)

    work._hot.put = stop  # type: ignore[method-assign]
    with pytest.raises(Stopped):
        work.run()
    assert 0 < len(rows(pipeline)) < len(before)
    replay(pipeline).run()
    assert rows(pipeline).keys() == before


def test_apps_and_times_choose_what_is_made_and_rows_are_made_whole(pipeline):
    fill(pipeline)
    lose(pipeline)
    assert replay(pipeline, "b*").run().apps == [Replayed("billing", batches=1, added=1, records=3)]
    in_the_hour = TimeRange(NOON + 10 * MINUTE, NOON + 11 * MINUTE)
    (done,) = replay(pipeline, "checkout", span=in_the_hour).run().apps
    assert (done.added, done.records) == (1, 50)
    assert replay(pipeline, "nobody").run().apps == []


def test_replayed_rows_live_from_now_and_arrived_when_they_did(pipeline):
    pipeline.consumer.process(event(packed(records(1))))
    lose(pipeline)
    (key,) = pipeline.keys("logs/")
    written = pipeline.aws.s3.head_object(Bucket=pipeline.config.bucket, Key=key)["LastModified"]
    replay(pipeline).run()
    (row,) = pipeline.hot_rows()
    assert int(row["expires_at"]["N"]) == (LATER + pipeline.config.hot_retention) // 1000
    assert int(row["arrived_at"]["N"]) == int(written.timestamp() * 1000)
    assert HotStore(pipeline.aws.dynamodb, pipeline.config.hot_table).apps() == ["checkout"]


def test_a_row_past_its_time_that_is_still_there_counts_as_gone(pipeline):
    pipeline.consumer.process(event(packed(records(1))))
    late = NOON + pipeline.config.hot_retention + HOUR
    work = Replay(Deployed(pipeline), ["checkout"], EVERYTHING, now=late, at_once=1)
    assert [item.added for item in work.plan().apps] == [1]
    assert [item.added for item in work.run().apps] == [1]


def test_what_was_stored_before_the_rules_is_redacted_by_the_rules_of_now(pipeline):
    pipeline.consumer.process(event(packed(records(1, message="password=hunter2"))))
    before = rows(pipeline).keys()
    lose(pipeline)
    pipeline.config = replace(pipeline.config, redact=("all",))
    replay(pipeline).run()
    (row,) = pipeline.hot_rows()
    (record,) = records_in(row)
    assert record.message == "password=[redacted:passwords] 0"
    assert rows(pipeline).keys() == before


def test_a_row_that_is_redacted_now_has_its_records_and_does_not_point_to_the_object(pipeline):
    noise = random.Random(2)
    texts = [f"password=hunter2 {noise.randbytes(40).hex()}" for _ in range(100)]
    lines = (json.dumps({"msg": text, "ts": (NOON + n) / 1000}) for n, text in enumerate(texts))
    pipeline.consumer.process(event(sqs("\n".join(lines), name="m1")))
    (row,) = pipeline.hot_rows()
    assert "whole" not in row
    lose(pipeline)
    pipeline.config = replace(pipeline.config, redact=("all",))
    replay(pipeline).run()
    (row,) = pipeline.hot_rows()
    assert "whole" in row
    assert not any("hunter2" in record.message for record in records_in(row))


def test_an_object_with_more_bytes_than_a_message_may_have_is_replayed(pipeline):
    """Rows may have got flags after their message was measured."""
    many = records(5, message="x" * 900_000)
    assert sum(len(each.message) for each in many) > limits.MAX_PLAIN
    pipeline.aws.s3.put_object(
        Bucket=pipeline.config.bucket,
        Key=Partition.at(NOON, "checkout").object_key("b" * 32),
        Body=object_of(many),
    )
    outcome = replay(pipeline).run()
    assert outcome.unreadable == []
    assert [row.count for row in map(from_item, pipeline.hot_rows())] == [5]


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no gzip",
        gzip.compress(b"{")[:-9],
        *map(gzip.compress, (b"{", b"[]", b"{}", b'{"ts": 5}')),
    ],
    ids=["empty", "no gzip", "cut", "no JSON", "no object", "no time", "no message"],
)
def test_an_object_that_cannot_be_read_is_named_and_stops_nothing(pipeline, body):
    fill(pipeline)
    lose(pipeline)
    prefix = Partition.at(NOON, "checkout").prefix
    pipeline.aws.s3.put_object(Bucket=pipeline.config.bucket, Key=f"{prefix}bad.json.gz", Body=body)
    pipeline.aws.s3.put_object(Bucket=pipeline.config.bucket, Key=f"{prefix}x/y.json.gz", Body=body)
    pipeline.aws.s3.put_object(Bucket=pipeline.config.bucket, Key=f"{prefix}note.txt", Body=body)
    done = replay(pipeline).run()
    assert sum(item.added for item in done.apps) == 7
    named = [item.key.removeprefix(prefix) for item in done.unreadable]
    # An object without any line holds no records; the consumer writes none such, and it does no harm.
    assert sorted(named) == (["x/y.json.gz"] if body == b"" else ["bad.json.gz", "x/y.json.gz"])


def test_progress_tells_of_the_day(pipeline):
    fill(pipeline)
    said: list[str] = []
    replay(pipeline, on_progress=said.append).plan()
    assert said[-1].endswith(": 5 messages read, 0 rows missing")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
RECORDS = st.builds(
    Record,
    appid=st.just("checkout"),
    event_id=st.from_regex(r"[A-Za-z0-9_-]{8,64}", fullmatch=True),
    ts=st.integers(946_684_800_000, 4_000_000_000_000),
    level=st.sampled_from(["INFO", "ERROR", "UNKNOWN"]),
    message=st.text(st.characters(exclude_categories=["Cs"])),
    seq=st.integers(0, 2**63 - 1),
    fields=st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=3),
    flags=st.sampled_from([(), ("late",), ("id_derived", "redacted=3")]),
)


@given(RECORDS)
def test_a_record_comes_back_from_cold_storage_as_it_was(record):
    assert from_cold(json.loads(json.dumps(cold_of_version_1(record, "batch"))), "checkout") == record


@pytest.mark.parametrize("cold", [None, {}, {"ts": "x"}, {"ts": "2026-01-31T00:00:00.000Z", "fields": "{"}])
def test_what_is_no_stored_record_is_refused(cold):
    with pytest.raises(Rejected):
        from_cold(cold, "checkout")


@pytest.mark.slow
@given(st.lists(RECORDS, min_size=1, max_size=20))
def test_an_hours_rows_depend_on_nothing_outside_the_hour(items):
    together = {chunk.sort_key: chunk for chunk in hot_rows_of("checkout", "batch", items)}
    apart = {}
    for hour in {item.ts // HOUR for item in items}:
        alone = [item for item in items if item.ts // HOUR == hour]
        apart.update({chunk.sort_key: chunk for chunk in hot_rows_of("checkout", "batch", alone)})
    assert together == apart
    assert sum(chunk.count for chunk in together.values()) == len(items)


def test_records_that_do_not_fit_an_item_are_read_from_the_object(pipeline: Pipeline):
    noise = random.Random(1)
    messages = [noise.randbytes(90_000).hex() for _ in range(5)]
    lines = (json.dumps({"msg": text, "ts": (NOON + n) / 1000}) for n, text in enumerate(messages))
    pipeline.consumer.process(event(sqs("\n".join(lines), name="m1")))
    lose(pipeline)
    assert replay(pipeline).run().apps[0].records == 5
    store = HotStore(pipeline.aws.dynamodb, pipeline.config.hot_table)
    reader = Reader(store, StoredObjects(lambda: (pipeline.aws.s3, pipeline.config.bucket)), pipeline.clock)
    found = reader.history(["checkout"], EVERYTHING)
    assert [record.message for record in found] == messages
