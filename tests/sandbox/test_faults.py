"""The whole pipeline behind a proxy that refuses, stalls, cuts and loses: nothing lost, nothing doubled.

In each kind of weather one app's records are sent by `logctl send`, taken from the queue by the consumer, and
told about by the consumer and the sweeper, all through the proxy. The faults come at every kind of call, and
at the writes so often that the SDK gives up and the messages come again.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from logctl.aws.error_codes import TROUBLE
from logctl.core.debounce import KINDS_PER_WINDOW, Action
from logctl.core.times import HOUR, MINUTE
from logctl.local.sandbox import find
from logctl.ops.alerts.queue_subscriber import Inbox
from logctl.ops.consume import from_queue
from logctl.ops.deployment import Deployment
from tests.helpers.aftermath import Told, by_hand, cold, hot, set_aside, states, sweep, told, waiting
from tests.helpers.faults import Proxy, Rule, microburst
from tests.helpers.sandbox import Cli

FILES, ERRORS, OTHERS = 3, 5, 15
FLOOD = 200 if os.environ.get("LOGCTL_SOAK") else 6
"""Messages, each with as many new kinds of error as a message can have."""

FAULTS: dict[str, Rule] = {
    "throttled": {"error": {"code": "Throttling", "status": 400}},
    "broken": {"error": {"code": "InternalFailure", "status": 500}},
    "unavailable": {"error": {"code": "SlowDown", "status": 503}},
    "stalled": {"timeout_ms": 100},
    "reset": {"reset": True},
    "lost": {"response": {"abort_bytes": 0}},
    "cut": {"response": {"truncate_frac": 0.5}},
    "damaged": {"response": {"corrupt_bytes": 16}},
}
WEATHER = {
    "refused": ("throttled", "broken", "unavailable"),
    "disconnected": ("stalled", "reset", "lost"),
    "garbled": ("cut", "damaged"),
}
PUT, ROW, COUNT = ("s3", "PutObject"), ("dynamodb", "PutItem"), ("dynamodb", "TransactWriteItems")
STATE, CLAIM, DUE = ("dynamodb", "GetItem"), ("dynamodb", "UpdateItem"), ("dynamodb", "Query")
PARTITION, PUBLISH = ("glue", "BatchCreatePartition"), ("sns", "Publish")
SEND, DELETE = ("sqs", "SendMessageBatch"), ("sqs", "DeleteMessage")


@pytest.fixture(scope="module")
def behind_proxy(sandbox: Cli) -> Iterator[tuple[Cli, Proxy]]:
    """An environment without Lambda, so that every call goes through the proxy; and the proxy."""
    cli = Cli(sandbox.home, env="faults")
    cli.run("provision", "--yes", "--alert-window", "1h")
    by_hand(cli.deployment, visibility=2)
    running = find(cli.home / "sandbox")
    assert running is not None
    with microburst(running) as proxy:
        yield cli, proxy


@pytest.fixture(autouse=True)
def before_any_sweep(behind_proxy: tuple[Cli, Proxy]) -> None:
    """The sweeps of another test were called hours later, and what is called before the last does nothing."""
    deployment = behind_proxy[0].deployment
    deployment.aws.dynamodb.delete_item(
        TableName=deployment.names.alerts_table, Key={"pk": {"S": "CLOCK"}, "sk": {"S": "SWEEP"}}
    )


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK tries as often as ever, without seconds in between."""
    monkeypatch.setattr(
        "botocore.retries.standard.ExponentialBackoff.delay_amount", lambda self, context: 0.01
    )


@pytest.mark.proves("F20", "F25", "F26", "F28", "F29", "F30", "G3")
@pytest.mark.parametrize("weather", WEATHER)
def test_whatever_the_network_does_nothing_is_lost_and_nothing_doubled(
    behind_proxy, hasty, tmp_path, weather
):
    cli, proxy = behind_proxy
    through, inbox = proxy.deployment(cli), Inbox(cli.deployment)
    proxy.break_with(*rules(weather, SEND))
    send_until_taken(proxy.cli(cli), write_logs(tmp_path), weather)
    assert proxy.fired() == {"SendMessageBatch": len(WEATHER[weather])}

    # Six in a row at the writes are more than the SDK tries: each of them fails a delivery. A garbled reply it
    # does not try again, and a message has five deliveries.
    garbled = weather == "garbled"
    proxy.break_with(
        *rules(weather, PUT, ROW, COUNT, times=1 if garbled else 2),
        *rules(weather, STATE, PARTITION, PUBLISH, DELETE),
        *([] if garbled else rules(weather, CLAIM)),
    )
    consume_until_empty(through)
    assert set(proxy.fired()) >= {operation for _, operation in (PUT, ROW, COUNT, STATE, PUBLISH)}
    for windows in (1, 2, 3):
        proxy.break_with(*rules(weather, DUE, CLAIM, PUBLISH))
        sweep_until_done(through, later=windows * (HOUR + 10 * MINUTE))

    records, errors = FILES * (ERRORS + OTHERS), FILES * ERRORS
    in_hot, in_cold = hot(cli.deployment, weather), cold(cli.deployment, weather)
    assert len(in_hot) == len(set(in_hot)) == records
    assert in_cold == in_hot
    assert set_aside(cli.deployment, weather) == 0
    (state,) = states(cli.deployment, weather)
    assert (state.seen, state.reported, state.status.value) == (errors, errors, "CLOSED")
    assert told(inbox.take(seconds=1), weather) == [
        Told("opened", 1),
        Told("recovered", 0),
        Told("still firing", errors - 1),
    ]


@pytest.mark.proves("F35", "G1", "G3")
def test_an_hour_without_sns_costs_no_message_and_no_count(behind_proxy, hasty, tmp_path):
    cli, proxy = behind_proxy
    through, inbox = proxy.deployment(cli), Inbox(cli.deployment)
    kinds = ("gateway timed out", "disk is full", "lock was lost", "no such user", "certificate expired")
    first, second = (
        [write(tmp_path / f"{half}-{n}.ndjson", [f"{kind} after {k} ms" for k in range(100) for kind in kinds]) for n in range(10)]
        for half in ("first", "second")
    )  # fmt: skip
    proxy.break_with({"service": "sns", "error": {"code": "ServiceUnavailable", "status": 503}})
    proxy.cli(cli).run("send", *map(str, first), "--app", "outage")
    consume_until_empty(through)
    for minutes in range(0, 60, 10):
        assert set(sweep(through, later=minutes * MINUTE)) == {Action.WAIT}
    proxy.cli(cli).run("send", *map(str, second), "--app", "outage")
    consume_until_empty(through)
    assert proxy.fired()["Publish"] >= 6 * 5
    assert told(inbox.take(seconds=0), "outage") == []
    assert set_aside(cli.deployment, "outage") == 0
    assert [(state.seen, state.reported) for state in states(cli.deployment, "outage")] == [(2_000, 0)] * 5

    proxy.break_with()
    for minutes in (60, 61, 62):  # the last one begins their windows
        sweep(through, later=minutes * MINUTE)
    assert told(inbox.take(seconds=1), "outage") == [Told("opened", 1)] * 5
    sweep_until_done(through, later=3 * HOUR)
    assert told(inbox.take(seconds=1), "outage") == [Told("still firing", 1_999)] * 5
    assert len(hot(cli.deployment, "outage")) == 10_000


def test_a_flood_of_kinds_is_no_flood_of_alerts(behind_proxy, tmp_path):
    """As many new kinds as one window has alerts for, and one alert for all the others."""
    cli, _ = behind_proxy
    inbox, letters, chance = Inbox(cli.deployment), "abcdefghijklmnopqrstuvwxyz", random.Random(7)
    words = ("".join(chance.choices(letters, k=9)) for _ in range(10**6))
    paths = [
        write(tmp_path / f"{n}.ndjson", [f"{next(words)} {next(words)}" for _ in range(KINDS_PER_WINDOW)])
        for n in range(FLOOD)
    ]
    cli.run("send", *map(str, paths), "--app", "flood")
    consume_until_empty(cli.deployment)
    opened = told(inbox.take(seconds=1), "flood")
    # The full hour may strike in the middle; then it is two windows.
    assert len(opened) in (KINDS_PER_WINDOW + 1, 2 * KINDS_PER_WINDOW + 1)
    counted = states(cli.deployment, "flood")
    assert len(counted) == len(opened)
    assert sum(state.seen for state in counted) == FLOOD * KINDS_PER_WINDOW


def rules(weather: str, *calls: tuple[str, str], times: int = 1) -> list[Rule]:
    """Every fault of this weather at each of the calls, one after the other."""
    return [
        {"service": service, "operation": operation, "times": times, **FAULTS[kind]}
        for service, operation in calls
        for kind in WEATHER[weather]
    ]


def write_logs(folder: Path) -> list[Path]:
    """Files, each of which makes a message."""
    errors, others = ([f"{n} ms" for n in range(count)] for count in (ERRORS, OTHERS))
    return [write(folder / f"{number}.ndjson", errors, others) for number in range(FILES)]


def write(path: Path, errors: Sequence[str], others: Sequence[str] = ()) -> Path:
    """A log of now with these messages."""
    levels = {"error": errors, "info": others}
    lines = [
        {"ts": time.time(), "level": level, "msg": text} for level, texts in levels.items() for text in texts
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def send_until_taken(cli: Cli, paths: list[Path], app: str) -> None:
    """Send the same again, as a `send` that was refused says."""
    for _ in range(3):
        done = cli.run("send", *map(str, paths), "--app", app, code=None)
        if done.code == 0:
            return
        assert "Send the same again" in done.err
    raise AssertionError(done.err)


def consume_until_empty(deployment: Deployment) -> None:
    """Consume what is there and what comes again; start again when the queue cannot be read."""
    deadline = time.monotonic() + 60
    url = deployment.queue_url()
    while waiting(deployment, url):
        assert time.monotonic() < deadline, "the queue does not become empty"
        try:
            for _ in from_queue(deployment, once=True):
                pass
        except TROUBLE:
            continue


def sweep_until_done(deployment: Deployment, *, later: int) -> None:
    """Sweep every minute, whether the last sweep came through or not, until one finds nothing to do."""
    for minutes in range(6):
        try:
            if not sweep(deployment, later=later + minutes * MINUTE):
                return
        except (*TROUBLE, KeyError):  # KeyError: a reply that was cut lacks what it should have
            continue
    raise AssertionError("there is always something to do")
