"""The deployed functions within what they are given: memory as address space, CPU at their share, their timeout.

Nothing here depends on how fast this machine is: a function that has too little time gives the rest back, and is
called again. What must not happen is that it is ended from outside, or needs half of its memory.
"""

from __future__ import annotations

import random
import string
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from logctl.core.envelope import SQS_LIMIT
from logctl.core.records import Record, derive_id
from logctl.core.redaction import RULES
from logctl.ops.send.packing import MAX_BODY, MAX_RECORDS, TARGET_BODY, Packed, pack
from tests.helpers.aftermath import by_hand, cold, hot, keys
from tests.helpers.functions import Function, deployed
from tests.helpers.sandbox import Cli
from tests.simulation.bodies import BODIES

pytestmark = pytest.mark.skipif(not Path("/proc").exists(), reason="needs Linux: limits of the address space")

ROUNDS = 8
EVERYTHING = ",".join(RULES)


@pytest.fixture(scope="module")
def environment(sandbox: Cli) -> Cli:
    """An environment whose functions run only when a test calls them."""
    cli = Cli(sandbox.home, env="limits")
    cli.run("provision", "--yes")
    by_hand(cli.deployment, visibility=2)
    return cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("function")


@pytest.fixture(scope="module")
def consumer(environment: Cli, folder: Path) -> Function:
    return deployed(environment, environment.deployment.names.consumer, folder)


def messages_of(app: str, kind: str) -> list[Packed]:
    """What `send` makes of much: many small records, records that do not compress, one very long one."""
    chance = random.Random(app)
    now = time.time_ns() // 1_000_000

    def noise(length: int) -> str:
        return "".join(chance.choices(string.ascii_letters + string.digits + " =:/@-", k=length))

    texts = {
        "small": lambda n: f"password=hunter{n} user {n} could not be found in {n % 7} places, code {n % 13}",
        "noise": lambda n: noise(900),
        "long": lambda n: noise(600_000),
    }[kind]
    count = {"small": 4_000, "noise": 240, "long": 1}[kind]
    records = [
        Record(app, derive_id(app, 0, n), now + n, "ERROR" if n % 2 else "INFO", texts(n), n)
        for n in range(count)
    ]
    return list(pack(records))


def event_of(messages: Iterable[tuple[str, str, int]]) -> dict[str, Any]:
    """Groups and bodies, and how often each was received, as Lambda hands them over."""
    return {
        "Records": [
            {
                "messageId": f"{group}-message",
                "body": body,
                "attributes": {
                    "MessageGroupId": group,
                    "MessageDeduplicationId": f"{group}-deduplication",
                    "SequenceNumber": f"{number:020d}",
                    "SentTimestamp": str(time.time_ns() // 1_000_000),
                    "ApproximateReceiveCount": str(receives),
                },
            }
            for number, (group, body, receives) in enumerate(messages)
        ]
    }


def consume(consumer: Function, bodies: dict[str, str], **variables: str) -> None:
    """Hand bodies over, by group, until nothing is given back; the function always comes to its own end."""
    left = dict(bodies)
    for receives in range(1, ROUNDS):
        event = event_of((group, body, receives) for group, body in left.items())
        ended = consumer.invoke(event, **variables)
        assert not ended.cause, f"ended by {ended.cause} after {ended.seconds:.0f} s: {ended.said[-2_000:]}"
        assert ended.peak < consumer.memory / 2, f"{ended.peak} MB"
        failed = {entry["itemIdentifier"] for entry in ended.reply["batchItemFailures"]}
        left = {group: body for group, body in left.items() if f"{group}-message" in failed}
        if not left:
            return
    pytest.fail(f"{sorted(left)} were given back {ROUNDS} times")


@pytest.mark.parametrize("rules", ["", EVERYTHING], ids=["plain", "redact-all"])
def test_ten_of_the_largest_messages_fit_into_one_function(environment, consumer, rules):
    kinds = ("small", "noise", "long", "small", "noise", "long", "small", "noise", "small", "noise")
    apps = {f"big{number}-{bool(rules)}".lower(): kind for number, kind in enumerate(kinds)}
    packed = {app: messages_of(app, kind) for app, kind in apps.items()}
    assert {kind: len(packed[app]) for app, kind in apps.items()} == {"small": 1, "noise": 1, "long": 1}
    consume(consumer, {app: message.body for app, (message,) in packed.items()}, LOGCTL_REDACT=rules)
    for app, (message,) in packed.items():
        assert (
            len(cold(environment.deployment, app)) == len(hot(environment.deployment, app)) == message.count
        )


def test_the_messages_are_as_large_as_send_makes_them():
    small, noise, long = (messages_of("size", kind)[0] for kind in ("small", "noise", "long"))
    assert small.count == MAX_RECORDS
    assert 0.8 * TARGET_BODY < noise.size <= TARGET_BODY
    assert MAX_BODY < long.size < SQS_LIMIT


@pytest.mark.parametrize("rules", ["", EVERYTHING], ids=["plain", "redact-all"])
def test_ten_heavy_messages_at_once_are_dealt_with_and_the_good_one_among_them_is_stored(
    environment, consumer, rules
):
    good = f"good-{bool(rules)}".lower()
    (message,) = messages_of(good, "small")
    bodies = {
        f"{name}-{bool(rules)}".lower(): make(f"{name}-{bool(rules)}".lower())
        for name, make in BODIES.items()
    }
    consume(consumer, {**bodies, good: message.body}, LOGCTL_REDACT=rules)
    assert len(cold(environment.deployment, good)) == message.count
    for app in bodies:
        aside = keys(environment.deployment, app, "quarantine/")
        stored = keys(environment.deployment, app, "logs/")
        assert len(aside) == 1 or stored, app
