"""What redaction costs where there is nothing to redact: `python -m bench redaction`.

For each kind of line, packed messages are opened as the consumer does at least (base64, zstd, rows decoded,
encoded again and compared), once without and once with the look for secrets of `redact = all`. The ratio of the
throughputs is measured in one run, interleaved, in user CPU. Rows in which a rule may find something are looked
at closely; reported is how many those are. The consumer does more than this, so that its ratio is nearer to 1.
"""

from __future__ import annotations

import json
import random
import resource
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

from bench.loghub import loghub
from bench.ratios import Ratio
from bench.reading import KINDS, Make, made
from logctl.core.envelope import decode_data
from logctl.core.redaction import Redactor
from logctl.core.redaction_names import ALL
from logctl.core.rows import decode_rows, record_of
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.packing import Packed

ROUNDS = 7
LINES = 20_000
TARGET = 0.7


def _traced(at: datetime, chance: random.Random) -> str:
    identity = f"{chance.getrandbits(128):032x}"
    line = {
        "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
        "level": "info",
        "message": f"order {chance.randint(10**6, 10**8)} placed in {chance.randint(1, 999)} ms",
        "trace_id": f"{chance.getrandbits(128):032x}",
        "span_id": f"{chance.getrandbits(64):016x}",
        "request": f"{identity[:8]}-{identity[8:12]}-4{identity[13:16]}-a{identity[17:20]}-{identity[20:]}",
        "host": f"ip-10-0-{chance.randint(0, 255)}-{chance.randint(0, 255)}",
        "customer": chance.randint(10**4, 10**6),
        "duration_ms": round(chance.random() * 100, 2),
        "http": {"method": "GET", "path": f"/orders/{chance.randint(1, 10**6)}", "status": 200},
    }
    return json.dumps(line)


def _leaking(at: datetime, chance: random.Random) -> str:
    line = json.loads(_traced(at, chance))
    if chance.random() < 0.01:
        line["password"] = "hunter2"
    return json.dumps(line)


LOOKED_AT: dict[str, Make] = {
    **KINDS,
    "JSON with trace ids": _traced,
    "JSON, a secret in 1 of 100": _leaking,
}


def packed(lines: Sequence[str]) -> list[Packed]:
    """Return the messages of lines, as `logctl send` packs them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "made.log")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return [item.message for item in Inputs([str(path)], "bench", where="").messages() if item]


def consume(messages: Sequence[Packed], redactor: Redactor) -> int:
    """Open messages, and look closely at the rows that may have a secret; return how many those are."""
    looked_at = 0
    for message in messages:
        block = decode_data(json.loads(message.body)["data"])
        rows = decode_rows(block)
        assert rows is not None
        for place in redactor.suspects(block):
            redactor.record(record_of(rows[place], message.appid), batch_id=message.batch_id)
            looked_at += 1
    return looked_at


def measure(lines: Sequence[str]) -> tuple[float, float, float]:
    """Return records a second without and with redaction, and the part of them that is looked at closely."""
    messages = packed(lines)
    count = sum(message.count for message in messages)
    without, redacting = Redactor(), Redactor([ALL])
    looked_at = consume(messages, redacting)
    times: dict[Redactor, list[float]] = {without: [], redacting: []}
    for _ in range(ROUNDS):
        for redactor, spent in times.items():
            spent.append(_user(partial(consume, messages, redactor)))
    return count / min(times[without]), count / min(times[redacting]), looked_at / count


def ratios() -> Iterator[Ratio]:
    """Measure every kind of line, and the logs of loghub where they are."""
    lines = {name: made(make, LINES) for name, make in LOOKED_AT.items()}
    if folder := loghub():
        for path in sorted(folder.glob("*.log")):
            lines[path.stem] = path.read_text(errors="replace").splitlines() * 5
    for name, each in lines.items():
        without, redacting, part = measure(each)
        figures = f"{redacting:,.0f} of {without:,.0f} records/s, {part:.2%} of them looked at closely"
        yield Ratio("redaction", name, "without redaction", redacting / without, TARGET, figures=figures)


def main() -> None:
    for ratio in ratios():
        print(f"{ratio.name:<28}{ratio.value:>6.2f} of the throughput without: {ratio.figures}")


def _user(work: Callable[[], object]) -> float:
    """Return the user CPU of a piece of work, in seconds."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    work()
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before


if __name__ == "__main__":
    main()
