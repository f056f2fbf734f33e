"""What reading and packing lines costs, by kind, beside a peer: `python -m bench reading`.

For each kind of line, `logctl send`'s way from a file to records (`Inputs.records`) and to messages
(`Inputs.messages`) is measured in the same run as the least that a shipper does which reads nothing in a line:
the peer is `json.loads` of each line and zstd at level 3 over the same lines, in blocks of 512 KiB. A line of
text is put into a JSON object before, as such a shipper does. The ratio does not depend on the speed of the
machine. Reported are user CPU times, the best of a few rounds, taken in turns. The lines are made, and always
the same; where the logs of loghub are (see `bench.loghub`), they are measured too.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import zstandard

from bench.loghub import loghub
from logctl.ops.send.input_messages import Inputs

ROUNDS = 3
LINES = 10_000
BLOCK = 512 * 1024
START = datetime(2026, 11, 27, 10, 0, 0)

Make = Callable[[datetime, random.Random], str]
"""From a time, and what decides all the rest, to a line."""


def _message(chance: random.Random) -> str:
    return (
        f"order {chance.randint(10**6, 10**8)} of customer {chance.randint(10**4, 10**6)} "
        f"placed in {chance.randint(1, 999)} ms"
    )


def _plain(at: datetime, chance: random.Random) -> str:
    level = chance.choice(("INFO", "INFO", "WARN", "ERROR"))
    return f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03} {level} {_message(chance)}"


def _logger(at: datetime, chance: random.Random) -> str:
    level = chance.choice(("INFO", "INFO", "WARN", "ERROR"))
    stamp = f"{at:%Y-%m-%d %H:%M:%S},{at.microsecond // 1000:03}"
    return f"{stamp} {level} [http-{chance.randint(1, 9)}] com.acme.shop.OrderService - {_message(chance)}"


def _access(at: datetime, chance: random.Random) -> str:
    return (
        f"10.0.{chance.randint(0, 255)}.{chance.randint(1, 254)} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
        f'"GET /orders/{chance.randint(1, 99_999)} HTTP/1.1" {chance.choice((200, 200, 404, 500))} '
        f'{chance.randint(100, 9_999)} "https://shop.example/" "Mozilla/5.0 (X11; Linux x86_64)"'
    )


def _syslog(at: datetime, chance: random.Random) -> str:
    return f"{at:%b %d %H:%M:%S} web-1 shop[{chance.randint(100, 999)}]: {_message(chance)}"


def _logfmt(at: datetime, chance: random.Random) -> str:
    return f'time={at:%Y-%m-%dT%H:%M:%S}Z level=info msg="{_message(chance)}" component=shop'


def _nanoseconds(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond * 1000:09}Z"


def _cri(at: datetime, chance: random.Random) -> str:
    return f"{_nanoseconds(at)} stdout F {_plain(at, chance)}"


def _docker(at: datetime, chance: random.Random) -> str:
    line = {"log": f"{_plain(at, chance)}\n", "stream": "stdout", "time": _nanoseconds(at)}
    return json.dumps(line, separators=(",", ":"))


def _json(at: datetime, chance: random.Random) -> str:
    return json.dumps(
        {
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
            "level": chance.choice(("info", "info", "warn", "error")),
            "logger": "shop.orders",
            "message": _message(chance),
            "trace_id": f"{chance.getrandbits(128):032x}",
            "customer": chance.randint(10**4, 10**6),
            "duration_ms": chance.random() * 100,
            "http": {"method": "GET", "path": "/orders/17", "status": 200},
        }
    )


KINDS: dict[str, Make] = {
    "text": _logger,
    "plain": _plain,
    "access": _access,
    "syslog": _syslog,
    "logfmt": _logfmt,
    "CRI": _cri,
    "docker JSON": _docker,
    "JSON": _json,
}


def made(make: Make, count: int = LINES) -> list[str]:
    """Return the lines of a kind."""
    chance = random.Random(1)
    return [make(START + timedelta(milliseconds=517 * number), chance) for number in range(count)]


def cpu(*works: Callable[[], object]) -> list[float]:
    """Return the user CPU times of the fastest of a few rounds, in seconds; the works take turns."""
    timings: list[list[float]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for number, work in enumerate(works):
            start = resource.getrusage(resource.RUSAGE_SELF).ru_utime
            work()
            timings[number].append(resource.getrusage(resource.RUSAGE_SELF).ru_utime - start)
    return [min(each) for each in timings]


def send(path: Path) -> int:
    """Read and pack a file as `logctl send` does; return how many records its messages hold."""
    return sum(item.message.count for item in Inputs([str(path)], "bench", where="").messages() if item)


def read(path: Path) -> int:
    """Read a file as `logctl send` does, without packing; return how many records it holds."""
    return sum(1 for _ in Inputs([str(path)], "bench", where="").records())


def peer(path: Path) -> int:
    """Decode the lines of a file as JSON, or put them into JSON objects first, and compress; return the size."""
    data = path.read_bytes()
    lines = data.decode("utf-8", "replace").split("\n")
    if data[:1] != b"{":
        lines = [json.dumps({"message": line}) for line in lines]
    for line in filter(None, lines):
        json.loads(line)
    plain = "\n".join(lines).encode()
    compress = zstandard.ZstdCompressor(level=3).compress
    return sum(len(compress(plain[at : at + BLOCK])) for at in range(0, len(plain), BLOCK))


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for number, (kind, make) in enumerate(KINDS.items()):
        path = folder / f"{number}.log"
        path.write_text("\n".join(made(make)) + "\n", encoding="utf-8")
        yield kind, path
    logs = loghub()
    for path in sorted(logs.glob("*.log")) if logs else ():
        yield path.stem, path


def main() -> None:
    print(
        f"{'user CPU':<14}{'records':>9}{'read us':>9}{'MB/s':>7}{'x peer':>8}{'in all us':>11}{'MB/s':>7}{'x peer':>8}"
    )
    with tempfile.TemporaryDirectory() as folder:
        for kind, path in _files(Path(folder)):
            count = send(path)  # the first round compiles patterns
            reading, sending, least = cpu(partial(read, path), partial(send, path), partial(peer, path))
            row = f"{kind:<14}{count:>9,}"
            for took, wide in ((reading, 9), (sending, 11)):
                speed = path.stat().st_size / took / 1e6
                row += f"{took / count * 1e6:>{wide}.1f}{speed:>7.1f}{took / least:>8.1f}"
            print(row)


if __name__ == "__main__":
    main()
