"""`kill -9` of consume, send, provision, destroy and the sandbox at random moments; then the same again."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from logctl.local import sandbox as local
from tests.helpers.aftermath import by_hand, cold, hot, keys, set_aside, states, waiting
from tests.helpers.sandbox import Cli, eventually, resources

SOAK = bool(os.environ.get("LOGCTL_SOAK"))
SEED = time.time_ns() if SOAK else 20260131


@pytest.fixture
def chance() -> random.Random:
    print(f"seed {SEED}")  # shown when the test fails
    return random.Random(SEED)


@pytest.fixture(scope="module")
def without_lambda(sandbox: Cli) -> Cli:
    """An environment in which nothing consumes but what the test starts."""
    cli = Cli(sandbox.home, env="kills")
    cli.run("provision", "--yes")
    by_hand(cli.deployment, visibility=2)
    return cli


@pytest.mark.proves("F1", "F2", "F3")
def test_a_consumer_killed_again_and_again_loses_and_doubles_nothing(without_lambda, tmp_path, chance):
    cli, app = without_lambda, "consumed"
    paths = [write(tmp_path / f"{n}.ndjson", errors=5, others=45) for n in range(40)]
    cli.run("send", *map(str, paths), "--app", app)
    url = cli.deployment.queue_url()
    for kill in range(20 if SOAK else 3):
        consumer = cli.start("consume")
        assert "Consuming" in consumer.stderr.readline()
        time.sleep(chance.uniform(0, 0.5))
        consumer.kill()
        consumer.communicate()
        assert kill or waiting(cli.deployment, url), "the first one was killed too late"
    consume_rest(cli, url)

    events = hot(cli.deployment, app)
    assert len(events) == len(set(events)) == 40 * 50
    assert cold(cli.deployment, app) == events
    assert set_aside(cli.deployment, app) == 0
    assert [state.seen for state in states(cli.deployment, app)] == [40 * 5]


@pytest.mark.proves("F20", "F21")
def test_a_send_killed_again_and_again_sends_everything_once(without_lambda, tmp_path, chance):
    cli, app = without_lambda, "sent"
    lines, url = (
        write(tmp_path / "big.ndjson", others=20_000, pad=100).read_text(),
        cli.deployment.queue_url(),
    )
    consume_rest(cli, url)
    for part in sorted(chance.uniform(0.4, 0.9) for _ in range(10 if SOAK else 2)):
        sending = cli.start("send", "-", "--app", app, pipe=True)
        sending.stdin.write(lines[: int(len(lines) * part)])
        sending.stdin.flush()
        eventually(lambda: waiting(cli.deployment, url), what="the first message")
        sending.kill()
        sending.communicate()
    before = waiting(cli.deployment, url)
    assert "20,000 records of sent accepted" in cli.run("send", "-", "--app", app, stdin=lines).err
    assert waiting(cli.deployment, url) > before
    consume_rest(cli, url)

    events = hot(cli.deployment, app)
    assert len(events) == len(set(events)) == 20_000
    assert cold(cli.deployment, app) == events
    assert set_aside(cli.deployment, app) == 0


@pytest.mark.proves("F44")
def test_provision_and_destroy_killed_at_any_moment_converge_when_run_again(sandbox, chance):
    cli = Cli(sandbox.home, env="halfway")
    for _ in range(10 if SOAK else 2):
        killed_within(cli, chance.uniform(0.8, 4), "provision", "--yes")
    cli.run("provision", "--yes")
    assert "Nothing changes" in cli.run("provision", "--plan").err
    cli.run("send", "--sample", "20", "--app", "works", "--wait")

    for _ in range(10 if SOAK else 1):
        killed_within(cli, chance.uniform(0.8, 3), "destroy", "--delete-data", "--yes")
    cli.run("destroy", "--delete-data", "--yes")
    assert resources(cli) == {}


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[Cli]:
    """A sandbox of the test's own, to be killed."""
    cli = Cli(tmp_path)
    cli.run("local", "up")
    yield cli
    cli.run("local", "down")


def test_a_sandbox_killed_while_it_consumes_keeps_its_objects_and_is_whole_when_sent_again(
    mortal, tmp_path, chance
):
    """After `kill -9` S3 is what is promised to be there; the rest is provisioned and sent again."""
    cli, app = mortal, "shop"
    paths = [write(tmp_path / f"{n}.ndjson", errors=1, others=99) for n in range(50)]
    for _ in range(8 if SOAK else 1):
        cli.run("provision", "--yes")
        cli.run("send", *map(str, paths), "--app", app)
        eventually(lambda: keys(cli.deployment, app, "logs/"), what="the first object")
        time.sleep(chance.uniform(0, 0.5))
        before = keys(cli.deployment, app, "logs/")
        os.kill(local.find(tmp_path / "sandbox").pid, signal.SIGKILL)
        assert "did not stop in order" in cli.run("local", "up").err
        assert set(before) <= set(keys(cli.deployment, app, "logs/"))

    cli.run("provision", "--yes")
    cli.run("athena", "repair")
    cli.run("send", *map(str, paths), "--app", app, "--wait")
    eventually(lambda: len(hot(cli.deployment, app)) == 5_000, what="the last record")
    events = hot(cli.deployment, app)
    assert len(set(events)) == 5_000
    assert cold(cli.deployment, app) == events
    assert [state.seen for state in states(cli.deployment, app)] == [50]


def write(path: Path, *, errors: int = 0, others: int, pad: int = 0) -> Path:
    """A log of now, its errors first; `pad` random bytes make it hard to compress."""
    moment = time.time()
    with path.open("w") as file:
        for number in range(errors + others):
            level = "error" if number < errors else "info"
            line = {"ts": moment, "level": level, "msg": f"took {number} ms", "pad": os.urandom(pad).hex()}
            file.write(json.dumps(line) + "\n")
    return path


def consume_rest(cli: Cli, url: str) -> None:
    """Until the queue is empty, with what came to the dead letters by being received too often."""
    dead = cli.deployment.dead_letter_queue_url()
    deadline = time.monotonic() + 60
    while waiting(cli.deployment, url) or waiting(cli.deployment, dead):
        assert time.monotonic() < deadline, "the queue does not become empty"
        cli.run("consume", "--once")
        cli.run("dlq", "redrive", "--yes")


def killed_within(cli: Cli, seconds: float, *command: str) -> None:
    running = cli.start(*command)
    time.sleep(seconds)
    running.kill()
    running.communicate()
