"""What the sandbox's gate costs a request: the same calls with it and without, in turns, in one run.

`python -m bench gate`. One MiniStack in a process of its own listens on two ports, one of them behind the
gate. Medians, because others use the machine too.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import boto3
from botocore.config import Config

from logctl.local import keys
from logctl.local.keys import Keys

CALLS = 400
Clients = dict[str, Any]


def main() -> None:
    with tempfile.TemporaryDirectory() as home, served(Path(home)) as (own, gated, bare):
        with_gate, without = clients(own, gated), clients(own, bare)
        with_gate["sqs"].create_queue(QueueName="q")
        with_gate["s3"].create_bucket(Bucket="bench-gate")
        with_gate["dynamodb"].create_table(
            TableName="table",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        print(f"{'median of ' + str(CALLS) + ' calls, ms':32}{'without':>9}{'with gate':>11}{'ratio':>8}")
        for name, call in CALLED.items():
            slow, fast = in_turns(lambda call=call: call(with_gate), lambda call=call: call(without))
            print(f"{name:32}{fast * 1000:>9.2f}{slow * 1000:>11.2f}{slow / fast:>8.2f}")


CALLED: dict[str, Callable[[Clients], Any]] = {
    "SQS SendMessage, 1 KB": lambda c: c["sqs"].send_message(QueueUrl=c["queue"], MessageBody="x" * 1024),
    "DynamoDB PutItem, 1 KB": lambda c: c["dynamodb"].put_item(
        TableName="table", Item={"pk": {"S": "a"}, "data": {"S": "x" * 1024}}
    ),
    "S3 PutObject, 1 KB": lambda c: c["s3"].put_object(Bucket="bench-gate", Key="k", Body=b"x" * 1024),
    "S3 PutObject, 1 MB": lambda c: c["s3"].put_object(Bucket="bench-gate", Key="k", Body=b"x" * 2**20),
}


def in_turns(*calls: Callable[[], Any]) -> tuple[float, ...]:
    """The median seconds of each call, made alternately."""
    seconds: tuple[list[float], ...] = tuple([] for _ in calls)
    both = list(zip(calls, seconds, strict=True))
    for _ in range(CALLS):
        both.reverse()  # neither always comes after the other
        for call, taken in both:
            began = time.perf_counter()
            call()
            taken.append(time.perf_counter() - began)
    return tuple(median(taken) for taken in seconds)


def clients(own: Keys, port: int) -> Clients:
    session = boto3.Session(own.access_key, own.secret_key, region_name="us-east-1")
    url = f"http://127.0.0.1:{port}"
    config = Config(retries={"total_max_attempts": 1})
    made: Clients = {
        name: session.client(name, endpoint_url=url, config=config) for name in ("sqs", "s3", "dynamodb")
    }
    return made | {"queue": f"{url}/000000000000/q"}


@contextmanager
def served(home: Path) -> Iterator[tuple[Keys, int, int]]:
    own, gated, bare = keys.ensure(home), free_port(), free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "AUTH": "true",
        "GATEWAY_PORT": str(gated),
        "LOG_LEVEL": "WARNING",
        "AWS_ACCESS_KEY_ID": own.access_key,
        "AWS_SECRET_ACCESS_KEY": own.secret_key,
        "TMPDIR": str(home),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.gate", str(gated), str(bare)], env=environ, stderr=subprocess.DEVNULL
    )
    try:
        while not all(map(answers, (gated, bare))):
            assert child.poll() is None, "MiniStack did not start"
            time.sleep(0.1)
        yield own, gated, bare
    finally:
        child.kill()
        child.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def serve_both(gated: int, bare: int) -> None:
    import ministack.app
    from hypercorn.asyncio import serve
    from hypercorn.config import Config as Hypercorn

    from logctl.local.gate import Gate
    from logctl.local.ministack_backend import MiniStack

    own = Keys(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])

    async def without_lifespan(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":  # MiniStack starts once
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            return
        await ministack.app.app(scope, receive, send)

    def on(port: int, app: Callable[..., Awaitable[None]]) -> Awaitable[None]:
        config = Hypercorn()
        config.bind = [f"127.0.0.1:{port}"]
        config.keep_alive_timeout = 75
        return serve(app, config)

    await asyncio.gather(
        on(gated, Gate(ministack.app.app, MiniStack(), own, gated)), on(bare, without_lifespan)
    )


if __name__ == "__main__":
    asyncio.run(serve_both(int(sys.argv[1]), int(sys.argv[2])))
