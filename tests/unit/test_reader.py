"""Reading chunks back: ranges and newest-N agree with a plain sort, whatever the chunks look like."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logctl.core.frames import compress
from logctl.core.hot_rows import MAX_INLINE, HotRow, from_item, to_item
from logctl.core.partitions import by_partition
from logctl.core.records import Record
from logctl.core.rows import encode_rows, row_of
from logctl.core.times import HOUR, MINUTE, TimeRange, parse_time
from logctl.pipeline.stores.hot import ListedApp, PageSizes
from logctl.pipeline.stores.hot_contents import Keyed, record_in
from logctl.pipeline.stores.hot_follower import Follower
from logctl.pipeline.stores.hot_reader import Reader
from logctl.pipeline.stores.record_filter import Filter
from logctl.pipeline.stores.stored_objects import StoredObjects
from tests.helpers.stored import cold_of_version_1, hot_rows_of, object_of, records_in

EXAMPLES = 1_000 if os.environ.get("LOGCTL_SOAK") else 100
START = parse_time("2026-01-31T00:00:00Z")


class Bucket:
    """A fake S3: objects by key, and the keys that were asked for."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fetched: list[str] = []

    def get_object(self, **request: str) -> dict[str, Any]:
        self.fetched.append(request["Key"])
        body = self.objects.get(request["Key"])
        if body is None:
            raise ClientError({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"ContentLength": len(body), "Body": io.BytesIO(body)}


BUCKET = Bucket()
"""What the hot rows of `chunks_of` point to; keys have the batch and the day, so that tests do not mix."""


class Store:
    """A fake hot store: the same promises as DynamoDB's, in a list. Its `objects` are those of `bucket`."""

    def __init__(self, chunks: list[HotRow], bucket: Bucket = BUCKET) -> None:
        self.rows = [(chunk, 0) for chunk in chunks]
        self.reads = self.requests = 0
        self.lanes: dict[str, str | None] = {}
        self.seen_at = START
        self.objects = StoredObjects(lambda: (bucket, "logs"))  # type: ignore[arg-type,return-value]

    def add(self, chunk: HotRow, arrived: int) -> None:
        self.rows.append((chunk, arrived))

    def apps(self) -> list[str]:
        return sorted({chunk.appid for chunk, _ in self.rows})

    def read(
        self,
        appid: str,
        span: TimeRange,
        *,
        now: int,
        newest_first: bool = False,
        at_once: PageSizes | None = None,
        consistent: bool = True,
    ) -> Iterator[HotRow]:
        found = [
            chunk
            for chunk, _ in self.rows
            if chunk.appid == appid and chunk.max_ts >= span.since and chunk.min_ts < span.until
        ]
        for chunk in sorted(found, key=lambda chunk: chunk.sort_key, reverse=newest_first):
            self.reads += 1
            yield chunk

    def listed(self) -> list[ListedApp]:
        self.requests += 1
        return [ListedApp(app, self.lanes.get(app, "0"), self.seen_at) for app in self.apps()]

    def arrived_in(self, lane: str, since: int) -> list[tuple[str, str, int]]:
        self.requests += 1
        return [
            (chunk.appid, chunk.sort_key, at)
            for chunk, at in self.rows
            if self.lanes.get(chunk.appid, "0") == lane and at >= since
        ]

    def arrived(self, appid: str, since: int) -> list[tuple[str, int]]:
        self.requests += 1
        return [
            (chunk.sort_key, at)
            for chunk, at in self.rows
            if chunk.appid == appid and self.lanes.get(appid, "0") is None and at >= since
        ]

    def get(self, keys: list[tuple[str, str]]) -> dict[tuple[str, str], HotRow]:
        self.requests += 1
        found = {(chunk.appid, chunk.sort_key): chunk for chunk, _ in self.rows}
        return {key: found[key] for key in keys if key in found}


def reader(store: Store, **options) -> Reader:
    return Reader(store, store.objects, lambda: START, Filter(**options))  # type: ignore[arg-type]


def polled(entries: list[Keyed]) -> list[Record]:
    return [record_in(entry) for entry in entries]


def index_of(chunk: HotRow) -> HotRow:
    """The chunk as it is if its records do not fit: those of WARN and above, and the key of the object."""
    notable = [row for row in chunk.rows if row.level in ("WARN", "ERROR", "FATAL")]
    return replace(chunk, inline=compress(encode_rows(notable)) if notable else None, whole=False)


LEVELS = ("INFO", "WARN", "DEBUG", "ERROR", "INFO", "UNKNOWN")


def chunks_of(
    batches: list[list[int]], app: str = "a", bucket: Bucket = BUCKET
) -> tuple[list[HotRow], list[Record]]:
    """Chunks and their records in the order in which they must be read: time, queue, position.

    Every other message is one whose records are in S3 only.
    """
    chunks, keyed = [], []
    for number, times in enumerate(batches):
        order = f"{number:020d}"
        records = [
            Record(app, f"id-{number}-{n:04d}", START + ts, LEVELS[n % 6], f"{number}/{n}", n)
            for n, ts in enumerate(times)
        ]
        if records:
            made = hot_rows_of(app, f"batch-{number}", records, order)
            if number % 2:
                for day, group in by_partition([row_of(each) for each in records], app).items():
                    bucket.objects[day.object_key(f"batch-{number}")] = compress(encode_rows(group))
                made = [index_of(chunk) for chunk in made]
            chunks += made
        keyed += [((record.ts, order, record.seq), record) for record in records]
    return chunks, [record for _, record in sorted(keyed, key=lambda pair: pair[0])]


BATCHES = st.lists(st.lists(st.integers(0, 6 * HOUR) | st.integers(0, 20), max_size=12), max_size=12)


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    BATCHES,
    st.integers(0, 6 * HOUR),
    st.integers(0, 6 * HOUR),
    st.integers(0, 30),
    st.sampled_from([None, "DEBUG", "WARN", "ERROR", "UNKNOWN"]),
)
def test_ranges_and_newest_are_those_of_a_plain_sort(batches, since, until, lines, level):
    chunks, expected = chunks_of(batches)
    span = TimeRange(START + min(since, until), START + max(since, until))
    keep = Filter(level)
    wanted = [record for record in expected if record.ts in span and keep(record)]
    assert list(reader(Store(chunks), level=level).history(["a"], span)) == wanted
    newest = reader(Store(chunks), level=level).page(["a"], span, lines).records[::-1]
    assert newest == (wanted[-lines:] if lines else [])


def test_several_apps_are_merged_by_time():
    one, first = chunks_of([[5 * MINUTE, 65 * MINUTE]], "a")
    two, second = chunks_of([[0, 60 * MINUTE, 70 * MINUTE]], "b")
    merged = list(reader(Store(one + two)).history(["a", "b"], TimeRange(START, START + 3 * HOUR)))
    assert merged == sorted(first + second, key=lambda record: record.ts)


def test_the_newest_few_do_not_read_everything():
    chunks, expected = chunks_of([[n * MINUTE] for n in range(300)])
    store = Store(chunks)
    assert reader(store).page(["a"], TimeRange(0, START + 10 * HOUR), 3).records[::-1] == expected[-3:]
    assert store.reads <= 12


def test_following_hands_out_each_chunk_once_and_late_ones_too():
    store = Store([])
    now = [START]
    early, (old,) = chunks_of([[0]], "a")
    store.add(early[0], START - 1000)
    follower = Follower(Reader(store, store.objects, lambda: now[0]), ["*"])  # type: ignore[arg-type]
    assert polled(follower.poll(TimeRange(0, 10**14))) == []
    seen: list[Record] = []
    expected: list[Record] = []
    for step in range(1, 60):
        now[0] += 2_000
        # Each chunk becomes visible in the index up to twenty seconds after it says it arrived.
        chunks, records = chunks_of([[]] * step + [[step * 1000]], "a")
        store.add(chunks[0], now[0] - (step % 10) * 2_000)
        expected += records
        seen += polled(follower.poll(TimeRange(0, 10**14)))
    for _ in range(6):
        now[0] += 2_000
        seen += polled(follower.poll(TimeRange(0, 10**14)))
    assert sorted(record.event_id for record in seen) == sorted(record.event_id for record in expected)
    assert old not in seen


def test_an_idle_follower_of_many_apps_sends_at_most_one_request_a_second():
    chunks = [chunk for n in range(10) for chunk in chunks_of([[n]], f"app-{n}")[0]]
    store, now = Store(chunks), [START + HOUR]
    follower = Follower(Reader(store, store.objects, lambda: now[0]), ["app-*"])  # type: ignore[arg-type]
    store.requests = 0
    for _ in range(100):
        assert follower.poll(TimeRange(0, 10**14)) == []
        now[0] += int(follower.pause * 1000)
    assert store.requests <= (now[0] - START - HOUR) / 1000
    store.add(chunks_of([[HOUR]], "app-new")[0][0], now[0])
    assert len(follower.poll(TimeRange(0, 10**14))) == 1
    assert follower.pause < 0.5


def test_following_covers_rows_of_earlier_versions_and_a_changed_number_of_lanes():
    first, _ = chunks_of([[0]], "a")
    other, _ = chunks_of([[0]], "b")
    store, now = Store([*first, *other]), [START + HOUR]
    store.lanes = {"a": None, "b": "0"}
    store.seen_at = START + HOUR
    follower = Follower(Reader(store, store.objects, lambda: now[0]), ["a", "b"])  # type: ignore[arg-type]
    seen: list[str] = []

    def poll() -> None:
        now[0] += 1_000
        seen.extend(record.message for record in polled(follower.poll(TimeRange(0, 10**14))))

    poll()
    store.add(chunks_of([[], [HOUR]], "a")[0][0], now[0])
    poll()
    assert seen == ["1/0"]
    store.lanes = {"a": "3", "b": "0"}
    store.add(chunks_of([[], [], [HOUR]], "a")[0][0], now[0])
    for _ in range(22):
        poll()
    assert seen == ["1/0", "2/0"]
    store.requests = 0
    poll()
    assert store.requests == 2  # both lanes, and no longer the index of earlier versions


def test_chunks_span_one_hour_and_survive_the_table():
    chunks, records = chunks_of([[0, 59 * MINUTE, 60 * MINUTE, 125 * MINUTE]])
    assert [chunk.count for chunk in chunks] == [2, 1, 1]
    again = [from_item(to_item(chunk, arrived=1, expires_at=2)) for chunk in chunks]
    assert again == chunks
    assert [record for chunk in again for record in records_in(chunk)] == records


@pytest.mark.proves("B16")
def test_what_would_not_fit_an_item_is_read_from_its_object_whole():
    noise = random.Random(3)
    big = [Record("big", f"id-{n:06d}", START, "ERROR", noise.randbytes(200_000).hex(), n) for n in range(8)]
    (chunk,) = hot_rows_of("big", "batch-big", big)
    assert len(chunk.inline or b"") <= MAX_INLINE and chunk.count == 8
    bucket = Bucket()
    bucket.objects[chunk.object_key] = object_of(big)
    store = Store([chunk], bucket)
    assert list(reader(store).history(["big"], TimeRange(START, START + 1))) == big
    assert list(reader(store, level="ERROR").history(["big"], TimeRange(START, START + 1))) == big


def test_a_tail_of_errors_reads_no_objects():
    bucket = Bucket()
    chunks, expected = chunks_of([[], [n * MINUTE for n in range(200)]], "errors", bucket)
    store = Store(chunks, bucket)
    span = TimeRange(START, START + 4 * HOUR)
    found = list(reader(store, level="WARN").history(["errors"], span))
    assert found == [record for record in expected if record.level in ("WARN", "ERROR")]
    assert bucket.fetched == []


def test_an_object_is_fetched_once_for_all_hours_of_its_day_and_only_where_it_is_needed():
    bucket = Bucket()
    chunks, expected = chunks_of([[], [n * HOUR for n in range(30)], []], "once", bucket)
    store = Store(chunks, bucket)
    assert list(reader(store).history(["once"], TimeRange(START, START + 40 * HOUR))) == expected
    assert len(bucket.fetched) == len(set(bucket.fetched)) == 2
    assert len(list(reader(store).history(["once"], TimeRange(START + 90, START + 91)))) == 0
    assert len(bucket.fetched) == 2


def test_the_object_of_an_earlier_version_is_read_in_place_of_one_of_this():
    bucket = Bucket()
    chunks, expected = chunks_of([[], [n * MINUTE for n in range(12)]], "old", bucket)
    ((key, _),) = bucket.objects.items()
    lines = "".join(json.dumps(cold_of_version_1(record, "batch-1")) + "\n" for record in expected)
    bucket.objects = {key.replace(".json.zst", ".json.gz"): gzip.compress(lines.encode())}
    store = Store(chunks, bucket)
    assert list(reader(store).history(["old"], TimeRange(START, START + HOUR))) == expected


@pytest.mark.parametrize(
    "body",
    [b"", b"not a frame", gzip.compress(b"{}")[:-9], compress(b"[1]\n")],
    ids=["empty", "text", "cut", "odd"],
)
def test_a_damaged_object_is_like_one_that_is_gone(body):
    bucket = Bucket()
    chunks, _ = chunks_of([[], [1, 2]], "damaged", bucket)
    bucket.objects = dict.fromkeys(bucket.objects, body)
    one = reader(Store(chunks, bucket))
    assert [record.level for record in one.history(["damaged"], TimeRange(START, START + 9))] == ["WARN"]
    assert one.gone.records == 1


def test_what_is_gone_is_counted_and_what_the_row_has_is_shown():
    bucket = Bucket()
    chunks, expected = chunks_of([[], [n * MINUTE for n in range(12)], [5]], "gone", bucket)
    bucket.objects.clear()
    store = Store(chunks, bucket)
    one = reader(store)
    found = list(one.history(["gone"], TimeRange(START, START + HOUR)))
    assert found == [
        record for record in expected if record.message.startswith("2/") or record.level in ("WARN", "ERROR")
    ]
    assert (one.gone.records, one.gone.messages) == (8, {("gone", "batch-1")})
    of_errors = reader(store, level="ERROR")
    assert len(list(of_errors.history(["gone"], TimeRange(START, START + HOUR)))) == 2
    assert not of_errors.gone


def test_what_may_not_be_read_is_an_error_and_not_gone():
    class Forbidden(Bucket):
        listed: tuple[str, ...] = ()

        def get_object(self, **request: str) -> dict[str, Any]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

        def list_objects_v2(self, **request: Any) -> dict[str, Any]:
            return {"Contents": [{"Key": key} for key in self.listed if key.startswith(request["Prefix"])]}

    chunks, _ = chunks_of([[], [1, 2]], "denied")
    span = TimeRange(START, START + HOUR)
    bucket = Forbidden()
    # S3 answers 403 for a missing object to whom may not list the bucket.
    missing = reader(Store(chunks, bucket))
    assert [record.level for record in missing.history(["denied"], span)] == ["WARN"]
    assert missing.gone.records == 1
    bucket.listed = (chunks[0].object_key,)
    with pytest.raises(ClientError):
        list(reader(Store(chunks, bucket)).history(["denied"], span))


def test_objects_are_fetched_ahead_but_not_for_a_page_of_a_few_records():
    bucket = Bucket()
    batches: list[list[int]] = []
    for n in range(100):
        batches += [[], [n * MINUTE + second * 1000 for second in range(50)]]
    chunks, expected = chunks_of(batches, "ahead", bucket)
    page = reader(Store(chunks, bucket)).page(["ahead"], TimeRange(START, START + 3 * HOUR), 60)
    assert page.records == expected[::-1][:60]
    assert len(bucket.fetched) <= 8
    store = Store(chunks, bucket)
    runs = reader(store).history(["ahead"], TimeRange(START, START + 3 * HOUR)).runs()
    next(runs)
    assert store.reads < 100 and len(bucket.fetched) < 30


@settings(max_examples=EXAMPLES, deadline=None)
@given(BATCHES, BATCHES, st.integers(1, 7), st.integers(0, 6 * HOUR), st.integers(0, 6 * HOUR))
def test_pages_hold_every_record_once_in_order_whatever_arrives_between(batches, later, size, since, until):
    chunks, expected = chunks_of(batches)
    extra, _ = chunks_of([[]] * len(batches) + later)
    span = TimeRange(START + min(since, until), START + max(since, until))
    wanted = [record for record in reversed(expected) if record.ts in span]
    store = Store(chunks)
    pages, before = [], None
    while True:
        page = reader(store).page(["a"], span, size, before=before)
        assert page.complete and len(page.records) <= size
        pages += page.records
        if page.older is None:
            break
        before = page.older
        if extra:  # what arrives meanwhile may come into view, and moves nothing
            store.add(extra.pop(), 0)
    first = {record.event_id for record in expected}
    assert [record for record in pages if record.event_id in first] == wanted
    assert len({record.event_id for record in pages}) == len(pages)


@settings(max_examples=EXAMPLES, deadline=None)
@given(BATCHES, BATCHES, st.integers(1, 50))
@example([[0], [0, 2]], [[1]], 2)  # the second page stops at a chunk that the first has read
def test_a_page_that_ran_out_of_time_goes_on_where_it_stopped(batches, others, patience):
    one, first = chunks_of(batches, "a")
    two, second = chunks_of(others, "b")
    span = TimeRange(0, START + 10 * HOUR)
    wanted = sorted((record.event_id, record.appid) for record in first + second)
    found: list[tuple[str, str]] = []
    times: list[int] = []
    before = None
    for _ in range(200):
        left = [patience]

        def stop(left: list[int] = left) -> bool:
            left[0] -= 1
            return left[0] < 0

        page = reader(Store(one + two)).page(["a", "b"], span, 1000, before=before, stop=stop)
        found += [(record.event_id, record.appid) for record in page.records]
        times += [record.ts for record in page.records]
        if page.older is None:
            assert sorted(found) == wanted
            assert times == sorted(times, reverse=True)
            return
        assert not page.complete
        assert before is None or page.older <= before
        if before == page.older:
            patience += 5  # several chunks end at one moment: a longer budget gets past them
        before = page.older
    raise AssertionError("it never came to an end")


@settings(max_examples=EXAMPLES, deadline=None)
@given(BATCHES, st.sampled_from([30_000, MINUTE, 7 * MINUTE, HOUR]), st.integers(0, 6 * HOUR), st.booleans())
def test_counts_are_those_of_the_records(batches, step, until, text):
    chunks, expected = chunks_of(batches)
    span = TimeRange(START + 90_000, START + 90_000 + until)
    options = {"grep": (re.compile("1/"),)} if text else {}
    keep = reader(Store(chunks), **options)
    counted: Counter[tuple[int, str]] = Counter()
    for moment, level, count in keep.counted(["a"], span, step):
        counted[moment // step, level] += count
    assert counted == Counter((r.ts // step, r.level) for r in expected if r.ts in span and keep.keep(r))


def test_a_follower_that_slept_misses_nothing_and_goes_on_from_a_mark():
    store, now = Store([]), [START]
    follower = Follower(Reader(store, store.objects, lambda: now[0]), ["a"])  # type: ignore[arg-type]
    assert polled(follower.poll(TimeRange(0, 10**14))) == []
    chunks, records = chunks_of([[n * MINUTE] for n in range(1, 30)], "a")
    for chunk in chunks:
        store.add(chunk, chunk.max_ts)
    now[0] += 30 * MINUTE
    mark = follower.mark()
    assert polled(follower.poll(TimeRange(0, 10**14))) == records
    again = Follower(Reader(store, store.objects, lambda: now[0]), ["a"], mark)  # type: ignore[arg-type]
    assert polled(again.poll(TimeRange(0, 10**14))) == records
    assert (
        Follower(Reader(store, store.objects, lambda: now[0]), ["a"], again.mark()).poll(TimeRange(0, 10**14))
        == []
    )  # type: ignore[arg-type]


def test_a_mark_with_too_much_to_remember_looks_back_less_and_repeats_nothing():
    store, now = Store([]), [START]
    follower = Follower(Reader(store, store.objects, lambda: now[0]), ["a"])  # type: ignore[arg-type]
    chunks, records = chunks_of([[n] for n in range(50)], "a")
    for chunk in chunks:
        store.add(chunk, chunk.max_ts)
    assert polled(follower.poll(TimeRange(0, 10**14))) == records
    mark = follower.mark().within(10)
    assert len(mark.known) == 10
    resumed = Follower(Reader(store, store.objects, lambda: now[0]), ["a"], mark)  # type: ignore[arg-type]
    assert polled(resumed.poll(TimeRange(0, 10**14))) == []
