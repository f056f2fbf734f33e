"""The model of the queue behaves by its rules, and the pages have the tables that it gives."""

from __future__ import annotations

import re

import pytest

from bench.queue_model import PARTITION_UNITS, SCANNED, USUAL, App, Costs, QueueModel
from bench.quotas import ONE_CONSUMER, QUOTAS, share
from bench.scale import FULL, PAGES, TABLES, _shapes, one_group, page
from logctl.stack.resources.queueing import VISIBILITY_TIMEOUT


def messages_of(app: App, result) -> list[tuple[float, float]]:
    return result.done.get(app.name, [])


def test_everything_that_arrives_is_stored_once_and_a_group_stays_in_order():
    app = App("app", rate=20_000, groups=1, records=100)
    result = QueueModel([app]).run(30)
    done = messages_of(app, result)
    assert len(done) + result.waiting[-1] == pytest.approx(200 * 30, rel=0.05)
    assert [arrived for arrived, _ in done] == sorted(arrived for arrived, _ in done)
    assert len({arrived for arrived, _ in done}) == len(done)


def test_one_group_has_one_consumer_and_is_as_fast_as_its_round_trips():
    still = Costs(batch=0.05, lookup=0.01, store=0.03, note=0.01, record=10e-6)
    app = App("app", rate=500_000, records=1_000)
    result = QueueModel([app], still).run(60)
    assert result.busiest == 1
    # Ten messages of 50 ms and 10 ms of records each, and 50 ms; latencies spread around that.
    assert result.rate(app, 10, 60) == pytest.approx(10 * 1_000 / 0.65, rel=0.1)


def test_groups_are_consumed_at_once_up_to_the_concurrency():
    app = App("app", rate=1_000_000, groups=20, records=1_000)
    free = QueueModel([app], at_start=100).run(20)
    few = QueueModel([app], at_start=3, ramp=0).run(20)
    assert (free.busiest, few.busiest) == (20, 3)
    assert free.rate(app, 5, 20) > 5 * few.rate(app, 5, 20)


def test_an_apps_partition_bounds_it_however_many_groups_it_has():
    app = App("app", rate=1_000_000, groups=100, records=1_000, units=5)
    stored = QueueModel([app], at_start=100).run(90).rate(app, 30, 90)
    assert stored == pytest.approx(PARTITION_UNITS / 5 * 1_000, rel=0.1)


def test_what_failed_comes_again_after_the_visibility_timeout():
    app = App("app", rate=1_000, records=1_000)
    result = QueueModel([app], outage=(10, 20)).run(600)
    first_after = min(at for arrived, at in messages_of(app, result) if arrived >= 10)
    assert first_after == pytest.approx(10 + VISIBILITY_TIMEOUT, abs=5)
    assert result.waiting[-1] < 10


def test_messages_behind_those_that_sqs_looks_at_wait():
    loud = App("loud", rate=200_000, records=10)
    quiet = App("quiet", rate=1_000, records=100)
    result = QueueModel([loud, quiet]).run(20)
    assert max(result.waiting[:5]) < SCANNED < result.waiting[-1]
    assert result.age(quiet, 1.0, until=5) < 2
    assert not [arrived for arrived, _ in messages_of(quiet, result) if arrived > 10]


def test_every_quota_has_a_source_and_is_used_or_says_why_not():
    for quota in QUOTAS:
        assert re.search(r"Guide|Reference", quota.source), quota.name
        assert quota.raised
    shapes = list(_shapes())
    assert share(ONE_CONSUMER, shapes[2]) == pytest.approx(100_000 / shapes[2].consumer)
    known = [quota for quota in QUOTAS if share(quota, shapes[-1]) is not None]
    assert len(known) >= 8
    for quota in known:
        assert share(quota, shapes[0]) <= share(quota, shapes[-1])


def test_the_rate_of_one_consumer_is_the_same_in_each_run():
    assert one_group.__wrapped__(USUAL, FULL) == one_group(USUAL, FULL)


@pytest.mark.slow
def test_the_tables_on_the_pages_are_those_of_the_models():
    texts = [path.read_text("utf-8") for path in PAGES]
    assert {name for text in texts for name in re.findall(r"<!-- table: (\w+) -->", text)} == set(TABLES)
    for text in texts:
        assert page(text) == text, "run: make scale"
