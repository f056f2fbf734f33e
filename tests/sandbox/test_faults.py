"""The whole pipeline behind a proxy that refuses, stalls, cuts and loses: nothing lost, nothing doubled.

In each kind of weather one app's records are sent by `logctl send`, taken from the queue by the consumer, and
told about by the consumer and the sweeper, all through the proxy. The faults come at every kind of call, and
at the writes so often that the SDK gives up and the messages come again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from logctl.core.times import HOUR, MINUTE
from logctl.ops.consume import from_queue
from logctl.ops.deployment import Deployment
from logctl.ops.inbox import Inbox
from logctl.pipeline.clients import TROUBLE
from tests.sandbox.aftermath import Told, by_hand, cold, hot, set_aside, states, sweeping, told, waiting
from tests.sandbox.conftest import Cli
from tests.sandbox.faults import Proxy, Rule, microburst

FILES, ERRORS, OTHERS = 3, 5, 15

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
    with microburst(cli.deployment.aws.endpoint_url) as proxy:
        yield cli, proxy


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


def rules(weather: str, *calls: tuple[str, str], times: int = 1) -> list[Rule]:
    """Every fault of this weather at each of the calls, one after the other."""
    return [
        {"service": service, "operation": operation, "times": times, **FAULTS[kind]}
        for service, operation in calls
        for kind in WEATHER[weather]
    ]


def write_logs(folder: Path) -> list[Path]:
    """Files, each of which makes a message."""
    paths = [folder / f"{number}.ndjson" for number in range(FILES)]
    for path in paths:
        levels = ["error"] * ERRORS + ["info"] * OTHERS
        lines = [{"ts": time.time(), "level": level, "msg": f"{n} ms"} for n, level in enumerate(levels)]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return paths


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
            if not sweeping(deployment, later=later + minutes * MINUTE).sweep():
                return
        except (*TROUBLE, KeyError):  # KeyError: a reply that was cut lacks what it should have
            continue
    raise AssertionError("there is always something to do")
