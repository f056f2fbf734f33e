"""Simulated alerts: the same as those that the consumer and the sweeper publish."""

from __future__ import annotations

import json
import os
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core.debounce import (
    KINDS_PER_WINDOW,
    Action,
    AlertKey,
    Status,
    Tally,
    compose,
    decide,
    decide_counted,
)
from logctl.core.records import Record
from logctl.core.times import HOUR, MINUTE, SECOND, iso
from logctl.ops.alerts.memory_store import MemoryAlertStore
from logctl.ops.alerts.simulate import Simulation, Told, simulate
from logctl.ops.send.input_messages import Inputs
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.attention_index import SHARDS
from tests.helpers.alerts import make
from tests.helpers.config import CONFIG
from tests.helpers.messages import event, packed
from tests.helpers.pipeline import NOON, Clock, Pipeline
from tests.simulation.cloud import Cloud

WINDOW = 15 * MINUTE


def error(at: int, message: str, level: str = "ERROR", number: int = 0) -> Record:
    return Record("checkout", f"event-{at}-{number}", at, level, message, number)


def run(records: list[Record], window: int = WINDOW) -> list[Told]:
    return list(Simulation(window, "ERROR", "logctl-test").run(records))


def outline(told: list[Told]) -> list[tuple[str, str, int]]:
    return [(iso(one.at)[11:16], one.alert.kind.value, one.alert.count) for one in told]


def test_the_first_at_once_the_rest_at_the_windows_end_and_then_recovery():
    told = run([error(NOON + n * SECOND, f"timed out after {n} ms") for n in range(500)])
    assert outline(told) == [
        ("12:00", "opened", 1),
        ("12:17", "still firing", 499),
        ("12:33", "recovered", 0),
    ]
    assert told[0].alert.subject == "[logctl-test] ERROR opened: checkout"
    assert told[0].template == "timed out after <*>"


def test_an_event_after_the_window_waits_for_the_sweep_that_ends_it():
    told = run([error(NOON + 5 * SECOND, "x is down"), error(NOON + 5 * SECOND + WINDOW, "x is down")])
    assert outline(told)[1] == ("12:17", "still firing", 1)


def test_another_window_gives_other_alerts():
    errors = [error(NOON + n * MINUTE, "x is down") for n in range(60)]
    assert len(run(errors, WINDOW)) == 1 + 4 + 1
    assert len(run(errors, HOUR)) == 1 + 1 + 1
    # A window begins with the sweep after its alert, and a minute later it is not quite over.
    assert len(run(errors, MINUTE)) == 30 + 1


def test_a_flood_of_kinds_is_one_alert_more():
    words = [f"{first}{second} is broken" for first in "abcdefgh" for second in "abcdefgh"]
    told = run([error(NOON + n, word) for n, word in enumerate(words)])
    assert sum(one.alert.kind.value == "opened" for one in told) == KINDS_PER_WINDOW + 1


@pytest.mark.slow
@pytest.mark.proves("G1", "G2", "G3", "G4")
@pytest.mark.parametrize("seed", range(20 if os.environ.get("LOGCTL_SOAK") else 1))
def test_the_pipeline_publishes_what_was_simulated(seed):
    """One record a message, a sweep every minute: alert by alert the same, ids and texts included."""
    chance = random.Random(seed)
    clock = Clock()
    cloud = Cloud(clock, {CONFIG.hot_table: ("app", "chunk"), CONFIG.alerts_table: ("pk", "sk")})
    clients: Any = cloud.clients(lambda call: call.perform(), lambda: WINDOW)
    pipeline = Pipeline(clients, CONFIG, clock, inbox="")
    at, records = NOON, []
    for number in range(30):
        at += chance.choice([1, SECOND, 20 * SECOND, MINUTE, 7 * MINUTE, 20 * MINUTE])
        kind = chance.choice(
            ["disk is full", "timed out after {} ms", "lock lost"]
            + [f"{'abcdefghijklmnopqrstuvwxyz'[number % 26]}z broke"] * (seed % 2) * 9
        )
        level = chance.choice(["ERROR", "ERROR", "FATAL", "INFO"])
        records.append(error(at, kind.format(number), level, number))
    expected = [
        (one.at, one.alert.alert_id, f"{one.alert.subject}\n{one.alert.body}")
        for one in Simulation(WINDOW, "ERROR", "logctl-test").run(records)
    ]

    sweeper = make(pipeline, AlertStore(clients.dynamodb, CONFIG.alerts_table))

    def sweep_until(moment: int) -> None:
        pipeline.clock.now = max(pipeline.clock.now, pipeline.clock.now // MINUTE * MINUTE)
        while (tick := pipeline.clock.now // MINUTE * MINUTE + MINUTE) < moment:
            pipeline.clock.now = tick
            Sweep(sweeper).run(tick)

    for number, item in enumerate(records):
        sweep_until(item.ts)
        pipeline.clock.now = item.ts
        pipeline.consumer.process(event(packed([item], name=f"m{number}", sent_at=item.ts)))
    sweep_until(at + 3 * WINDOW)
    found = [(one.at, one.alert_id, one.text) for one in cloud.published]
    # Several may be due in the same minute; the sweeper has an order of its own.
    assert sorted(found) == sorted(expected)
    assert len(found) > 8


STEP = st.tuples(
    st.sampled_from(["count", "count", "count", "claim", "observe", "sweep"]),
    st.integers(0, 2),
    st.sampled_from([SECOND, MINUTE, WINDOW, 2 * WINDOW]),
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(st.lists(STEP, max_size=40))
def test_a_state_in_memory_is_the_state_in_dynamodb(steps):
    """Whatever the alerter and the sweeper do to it."""
    cloud = Cloud(lambda: 0, {CONFIG.alerts_table: ("pk", "sk")})
    clients = cloud.clients(lambda call: call.perform(), lambda: WINDOW)
    real, memory = AlertStore(clients.dynamodb, CONFIG.alerts_table), MemoryAlertStore()
    now = NOON
    for number, (verb, kind, pause) in enumerate(steps):
        now += pause
        key = AlertKey("checkout", "ERROR", f"{kind:012x}")
        for each in (real, memory):
            state = each.get(key)
            if verb == "count":
                item = Tally(key, kind + 1, "kind", f"sample {number}", now)
                each.count(f"b{number}", [item], now=now, window=WINDOW)
            elif verb == "observe" and state and state.status is Status.OPEN and not state.observed_at:
                each.observe(state, at=now)
            elif verb == "claim" and state and decide_counted(state) is Action.OPEN:
                claimed = each.claim(state, Action.OPEN, now=now, window=WINDOW)
                each.commit(claimed, compose(claimed, Action.OPEN, stack="s"), now=now)
            elif verb == "sweep" and state and (action := decide(state, now, WINDOW)).publishes:
                claimed = each.claim(state, action, now=now, window=WINDOW, swept_at=now)
                alert = compose(claimed, action, stack="s")
                if action is Action.RECOVER:
                    each.close(claimed, alert, now=now)
                else:
                    each.commit(claimed, alert, now=now, swept_at=now)
        left = real.get(key)
        # Where a state stands in the index and who has claimed it is for more than one process.
        assert memory.get(key) == (left and replace(left, place=""))
        places = [*SHARDS]
        assert [page.keys for place in places for page in memory.everything(place)] == [
            page.keys for place in places for page in real.everything(place)
        ]


# ── Files ───────────────────────────────────────────────────────────────────────────────────────────


def write(path: Path, lines: list[str]) -> str:
    path.write_text("".join(line + "\n" for line in lines))
    return str(path)


def lines(count: int) -> list[str]:
    return [f"{iso(NOON + n * MINUTE)} ERROR request {n} timed out" for n in range(count)]


def test_a_file_in_any_order_gives_the_same_alerts(tmp_path):
    straight = Inputs([write(tmp_path / "a.log", lines(40))], "checkout", "x")
    shuffled = lines(40)
    random.Random(1).shuffle(shuffled)
    mixed = Inputs([write(tmp_path / "b.log", shuffled)], "checkout", "x")

    def texts(inputs: Inputs) -> list[str]:
        return [one.alert.subject for one in simulate(inputs, window=WINDOW, level="ERROR", stack="s").told]

    assert texts(straight) == texts(mixed)
    assert len(texts(straight)) == 5


def test_secrets_are_redacted_as_in_the_pipeline(tmp_path):
    path = write(tmp_path / "a.log", [f"{iso(NOON)} ERROR no login with password={n}x" for n in "ab"])
    told = simulate(
        Inputs([path], "checkout", "x"), window=WINDOW, level="ERROR", stack="s", redact=["all"]
    ).told
    assert [one.alert.count for one in told] == [1, 1, 0]
    assert "password=[redacted:passwords]" in told[0].alert.body


@pytest.fixture
def offline(logctl, tmp_path):
    write(tmp_path / "app.log", ["INFO starting", *lines(30), "2026-01-31T13:00:00Z INFO done"])
    return logctl


@pytest.mark.slow
def test_the_command_needs_no_aws_and_no_settings(offline):
    done = offline("debounce", "simulate", "app.log", "--app", "checkout")
    assert done.returncode == 0, done.err
    assert [row.split()[1] for row in done.out.splitlines()[2:]] == ["opened", "still", "still", "recovered"]
    assert "30 of them errors of 1 kinds: 4 alerts, with a window of 15m." in done.err


def test_the_command_takes_another_window_and_level_and_writes_json_and_csv(offline, tmp_path):
    import json

    shown = json.loads(
        offline("debounce", "simulate", "app.log", "-a", "checkout", "--window", "1h", "-o", "json").out
    )
    assert [(row["alert"], row["events"]) for row in shown] == [
        ("opened", 1),
        ("still firing", 29),
        ("recovered", 0),
    ]
    assert "logctl tail checkout" in shown[0]["body"]
    (tmp_path / "logctl.toml").write_text('alert_level = "FATAL"\n')
    done = offline("debounce", "simulate", "app.log", "-a", "checkout", "-o", "csv")
    assert (done.out, done.returncode) == ("at,alert,key,events,kind\n", 0)
    assert "No record in these files would alert." in done.err
    assert offline("debounce", "simulate", "app.log", "-a", "checkout", "--level", "LOUD").returncode == 2


def test_what_cannot_be_read_is_named_and_the_rest_is_simulated(offline, tmp_path):
    write(tmp_path / "bad.ndjson", ['{"appid": "a", "level": "error", "msg": "x"}', '{"appid": '])
    done = offline("debounce", "simulate", "bad.ndjson", "-o", "json")
    assert done.returncode == 5
    assert "bad.ndjson, line 2: appid:" in done.err
    assert "1 errors have no time of their own" in done.err
    assert '"opened"' in done.out
    assert offline("debounce", "simulate", "absent.log", "-a", "x").returncode == 2


def test_times_without_a_zone_are_in_the_chosen_zone(offline, tmp_path):
    write(tmp_path / "a.log", ["2026-11-27 10:15:00 ERROR boom"])
    for args, zone in ((["--timezone", "Asia/Kolkata"], "UTC"), ([], "Asia/Kolkata")):
        done = offline("debounce", "simulate", "a.log", "--app", "a", "-o", "json", *args, TZ=zone)
        assert done.returncode == 0, done.err
        assert json.loads(done.out)[0]["at"] == "2026-11-27T04:45:00.000Z"
