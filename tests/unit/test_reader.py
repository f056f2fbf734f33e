"""Reading chunks back: ranges and newest-N agree with a plain sort, whatever the chunks look like."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from logctl.core.hot_rows import MAX_DATA, HotRow, from_item, to_item
from logctl.core.records import Record
from logctl.core.times import HOUR, MINUTE, TimeRange, parse_time
from logctl.pipeline.stores.hot_follower import Follower
from logctl.pipeline.stores.hot_reader import Reader
from logctl.pipeline.stores.record_filter import Filter
from tests.helpers.stored import hot_rows_of, records_in

EXAMPLES = 1_000 if os.environ.get("LOGCTL_SOAK") else 100
START = parse_time("2026-01-31T00:00:00Z")


class Store:
    """A fake hot store: the same promises as DynamoDB's, in a list."""

    def __init__(self, chunks: list[HotRow]) -> None:
        self.rows = [(chunk, 0) for chunk in chunks]
        self.reads = 0

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
        at_once: int | None = None,
    ) -> Iterator[HotRow]:
        found = [
            chunk
            for chunk, _ in self.rows
            if chunk.appid == appid and chunk.max_ts >= span.since and chunk.min_ts < span.until
        ]
        for chunk in sorted(found, key=lambda chunk: chunk.sort_key, reverse=newest_first):
            self.reads += 1
            yield chunk

    def arrived(self, appid: str, since: int) -> list[tuple[str, int]]:
        return [(chunk.sort_key, at) for chunk, at in self.rows if chunk.appid == appid and at >= since]

    def get(self, appid: str, keys: list[str]) -> list[HotRow]:
        return [chunk for chunk, _ in self.rows if chunk.appid == appid and chunk.sort_key in keys]


def reader(store: Store, **options) -> Reader:
    return Reader(store, lambda: START, Filter(**options))  # type: ignore[arg-type]


def chunks_of(batches: list[list[int]], app: str = "a") -> tuple[list[HotRow], list[Record]]:
    """Chunks and their records in the order in which they must be read: time, queue, position."""
    chunks, keyed = [], []
    for number, times in enumerate(batches):
        order = f"{number:020d}"
        records = [
            Record(app, f"id-{number}-{n:04d}", START + ts, "INFO", f"{number}/{n}", n)
            for n, ts in enumerate(times)
        ]
        if records:
            chunks += hot_rows_of(app, f"batch-{number}", records, order)
        keyed += [((record.ts, order, record.seq), record) for record in records]
    return chunks, [record for _, record in sorted(keyed, key=lambda pair: pair[0])]


BATCHES = st.lists(st.lists(st.integers(0, 6 * HOUR) | st.integers(0, 20), max_size=12), max_size=12)


@settings(max_examples=EXAMPLES, deadline=None)
@given(BATCHES, st.integers(0, 6 * HOUR), st.integers(0, 6 * HOUR), st.integers(0, 30))
def test_ranges_and_newest_are_those_of_a_plain_sort(batches, since, until, lines):
    chunks, expected = chunks_of(batches)
    span = TimeRange(START + min(since, until), START + max(since, until))
    wanted = [record for record in expected if record.ts in span]
    assert list(reader(Store(chunks)).history(["a"], span)) == wanted
    newest = reader(Store(chunks)).page(["a"], span, lines).records[::-1]
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
    assert store.reads <= 5


def test_following_hands_out_each_chunk_once_and_late_ones_too():
    store = Store([])
    now = [START]
    early, (old,) = chunks_of([[0]], "a")
    store.add(early[0], START - 1000)
    follower = Follower(Reader(store, lambda: now[0]), ["*"])  # type: ignore[arg-type]
    assert follower.poll(TimeRange(0, 10**14)) == []
    seen: list[Record] = []
    expected: list[Record] = []
    for step in range(1, 60):
        now[0] += 2_000
        # Each chunk becomes visible in the index up to twenty seconds after it says it arrived.
        chunks, records = chunks_of([[]] * step + [[step * 1000]], "a")
        store.add(chunks[0], now[0] - (step % 10) * 2_000)
        expected += records
        seen += follower.poll(TimeRange(0, 10**14))
    assert sorted(record.event_id for record in seen) == sorted(record.event_id for record in expected)
    assert old not in seen


def test_chunks_span_one_hour_and_survive_the_table():
    chunks, records = chunks_of([[0, 59 * MINUTE, 60 * MINUTE, 125 * MINUTE]])
    assert [chunk.count for chunk in chunks] == [2, 1, 1]
    again = [from_item(to_item(chunk, arrived=1, expires_at=2)) for chunk in chunks]
    assert again == chunks
    assert [record for chunk in again for record in records_in(chunk)] == records


@pytest.mark.proves("B16")
def test_what_would_not_fit_an_item_is_split_and_at_last_cut_with_a_flag():
    import random

    noise = random.Random(3)
    big = [Record("a", f"id-{n:06d}", START, "INFO", noise.randbytes(100_000).hex(), n) for n in range(6)]
    huge = [Record("a", "id-huge-1", START, "INFO", noise.randbytes(400_000).hex(), 9, {"x": 1})]
    chunks = hot_rows_of("a", "b", big + huge)
    assert all(len(chunk.data) <= MAX_DATA for chunk in chunks)
    records = [record for chunk in chunks for record in records_in(chunk)]
    assert records[:6] == big
    assert records[6].flags == ("truncated",)
    assert huge[0].message.startswith(records[6].message)
    assert len({chunk.sort_key for chunk in chunks}) == len(chunks)


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
@given(BATCHES, st.sampled_from([MINUTE, 7 * MINUTE, HOUR]), st.integers(0, 6 * HOUR), st.booleans())
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
    follower = Follower(Reader(store, lambda: now[0]), ["a"])  # type: ignore[arg-type]
    assert follower.poll(TimeRange(0, 10**14)) == []
    chunks, records = chunks_of([[n * MINUTE] for n in range(1, 30)], "a")
    for chunk in chunks:
        store.add(chunk, chunk.max_ts)
    now[0] += 30 * MINUTE
    mark = follower.mark()
    assert follower.poll(TimeRange(0, 10**14)) == records
    again = Follower(Reader(store, lambda: now[0]), ["a"], mark)  # type: ignore[arg-type]
    assert again.poll(TimeRange(0, 10**14)) == records
    assert Follower(Reader(store, lambda: now[0]), ["a"], again.mark()).poll(TimeRange(0, 10**14)) == []  # type: ignore[arg-type]


def test_a_mark_with_too_much_to_remember_looks_back_less_and_repeats_nothing():
    store, now = Store([]), [START]
    follower = Follower(Reader(store, lambda: now[0]), ["a"])  # type: ignore[arg-type]
    chunks, records = chunks_of([[n] for n in range(50)], "a")
    for chunk in chunks:
        store.add(chunk, chunk.max_ts)
    assert follower.poll(TimeRange(0, 10**14)) == records
    mark = follower.mark().within(10)
    assert len(mark.known) == 10
    resumed = Follower(Reader(store, lambda: now[0]), ["a"], mark)  # type: ignore[arg-type]
    assert resumed.poll(TimeRange(0, 10**14)) == []
