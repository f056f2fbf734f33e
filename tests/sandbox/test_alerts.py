"""Alerts, from logs in to what a subscriber gets, with a short window."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from logctl.core.debounce import CALL_DELAY
from logctl.core.times import SECOND
from logctl.ops.alerts.queue_subscriber import Inbox
from tests.helpers.sandbox import Cli, eventually, sweep

WINDOW = 6 + CALL_DELAY / SECOND
"""Seconds from the sweep that sees an alert to the end of its window."""


@pytest.fixture(scope="module")
def quick(sandbox: Cli) -> Cli:
    """An environment of its own whose window is six seconds."""
    cli = Cli(sandbox.home, env="quick")
    cli.run("provision", "--yes", "--alert-window", "6s")
    return cli


def write_errors(path: Path, counts: dict[str, int]) -> Path:
    """Errors of some kinds, all of now; numbers differ within a kind."""
    moment = time.time()
    path.write_text(
        "".join(
            json.dumps({"ts": moment, "level": "error", "msg": f"{kind} after {n} ms"}) + "\n"
            for kind, count in counts.items()
            for n in range(count)
        )
    )
    return path


def test_500_of_one_kind_and_one_of_another_are_two_alerts_and_one_summary_of_499(quick, tmp_path):
    inbox = Inbox(quick.deployment)
    log = write_errors(tmp_path / "e.ndjson", {"gateway timed out": 500, "disk is full": 1})
    quick.run("send", str(log), "--app", "shop", "--wait")

    opened = eventually(lambda: inbox.take(seconds=5), what="the first alert")
    opened += inbox.take(seconds=1)
    assert sorted(alert.subject for alert in opened) == ["[logctl-quick] ERROR opened: shop"] * 2
    rows = {row["kind"]: row for row in quick.run("debounce", "list", "-o", "json").json}
    held = rows["gateway timed out after <*>"]
    assert (held["state"], held["counted"], held["reported"], held["held_back"]) == ("OPEN", 500, 1, 499)
    assert rows["disk is full after <*>"]["held_back"] == 0

    shown = quick.run("debounce", "show", held["key"]).out
    assert "499" in shown
    assert "gateway timed out after 0 ms" in shown

    assert sweep(quick) == {}
    time.sleep(WINDOW)
    assert sweep(quick) == {"SUMMARISE": 1, "RECOVER": 1}
    after = {alert.subject: alert.body for alert in inbox.take(seconds=5)}
    summary = "[logctl-quick] ERROR still firing: shop (499 more)"
    assert sorted(after) == ["[logctl-quick] ERROR recovered: shop", summary]
    assert "499 in this alert" in after[summary]
    assert "logctl tail shop" in after[summary]
    assert "--target local --env quick" in after[summary]

    time.sleep(1)
    assert sweep(quick) == {}
    time.sleep(WINDOW)
    assert sweep(quick) == {"RECOVER": 1}
    time.sleep(1)
    assert sweep(quick) == {}
    assert quick.run("debounce", "list").err == "No alert is open.\n"


@pytest.mark.proves("F21")
def test_sending_the_same_errors_again_counts_and_alerts_nothing(quick, tmp_path):
    inbox = Inbox(quick.deployment)
    log = write_errors(tmp_path / "e.ndjson", {"lock lost": 40})
    quick.run("send", str(log), "--app", "again", "--wait")
    eventually(lambda: inbox.take(seconds=5))
    (before,) = [
        row for row in quick.run("debounce", "list", "-o", "json").json if row["kind"].startswith("lock")
    ]
    quick.run("send", str(log), "--app", "again", "--source", "x", "--wait")
    quick.run("send", str(log), "--app", "again", "--wait")
    (after,) = [
        row for row in quick.run("debounce", "list", "-o", "json").json if row["kind"].startswith("lock")
    ]
    # Another source is another host that really had these errors; the same one is a retry.
    assert (before["counted"], after["counted"]) == (40, 80)


def test_a_key_that_is_none_and_one_that_was_never_counted(quick):
    assert "is not a debounce key" in quick.run("debounce", "show", "nonsense", code=2).err
    assert "Nothing was counted" in quick.run("debounce", "show", "shop#ERROR#ffffffffffff", code=1).err


@pytest.mark.proves("F33")
def test_sixteen_rivals_for_one_claim_have_one_winner(quick):
    """On MiniStack, because moto lets two win (docs/architecture.md, decision 4)."""
    from concurrent.futures import ThreadPoolExecutor

    from logctl.core.debounce import Action, AlertKey, Tally
    from logctl.pipeline.stores.alert_states import AlertStore

    deployment = quick.deployment
    store = AlertStore(deployment.aws.dynamodb, deployment.names.alerts_table)
    for race in range(200 if os.environ.get("LOGCTL_SOAK") else 40):
        moment = time.time_ns() // 1_000_000
        key = AlertKey(f"race-{race}", "ERROR", "0" * 12)
        store.count(f"batch-{race}", [Tally(key, 1, "t", "s", moment)], now=moment, window=60_000)
        state = store.get(key)
        with ThreadPoolExecutor(16) as pool:
            claims = list(
                pool.map(lambda _: store.claim(state, Action.OPEN, now=moment, window=1000), range(16))
            )
        assert sum(claim is not None for claim in claims) == 1


@pytest.mark.proves("F43")
def test_eight_threads_counting_one_key_lose_nothing(quick):
    from concurrent.futures import ThreadPoolExecutor

    from logctl.core.debounce import AlertKey, Tally
    from logctl.pipeline.stores.alert_states import AlertStore

    deployment = quick.deployment
    store = AlertStore(deployment.aws.dynamodb, deployment.names.alerts_table)
    key = AlertKey("hotkey", "ERROR", "0" * 12)
    with ThreadPoolExecutor(8) as pool:
        counted = list(
            pool.map(
                # Every batch twice, as a redelivery would have it.
                lambda n: store.count(
                    f"hot-{n // 2}", [Tally(key, 5, "t", "s", 1)], now=1_000, window=60_000, again=n % 3 == 0
                ),
                range(80),
            )
        )
    assert sum(bool(done.added) for done in counted) == 40
    assert store.get(key).seen == 200
