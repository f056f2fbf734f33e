"""All figures of docs/performance.md: `python -m bench performance [--record] [TOPIC…]`, or `make bench`.

Each topic is a module with a function `ratios`. What is found is compared with what was recorded, and the program
ends with 1 if a ratio is worse by more than runs differ. With `--record` the run is recorded instead, and the page
and its plot are written anew.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping

from bench import consumer, latency, redaction, send, startup, tables, tail
from bench.ratios import Ratio, read_recorded, record, regressions

TOPICS: Mapping[str, Callable[[], Iterable[Ratio]]] = {
    "consumer": consumer.ratios,
    "redaction": redaction.ratios,
    "send": send.ratios,
    "tail": tail.ratios,
    "startup": startup.ratios,
    "tables": tables.ratios,
    "memory": send.growth,
    "latency": latency.ratios,
}


def main(*arguments: str) -> int:
    """Measure topics, all without a name, and return the exit code."""
    wanted = [name for name in arguments if name != "--record"] or list(TOPICS)
    if unknown := [name for name in wanted if name not in TOPICS]:
        print(f"{unknown[0]} is not one of {', '.join(TOPICS)}", file=sys.stderr)
        return 2
    found: list[Ratio] = []
    for topic in wanted:
        for ratio in TOPICS[topic]():
            found.append(ratio)
            print(f"{ratio.key:<60} {ratio.value:>8.2f} x {ratio.peer} ({ratio.figures})", flush=True)
    if "--record" in arguments:
        record(found)
        return 0
    worse = regressions(found, read_recorded())
    for sentence in worse:
        print(f"worse than recorded: {sentence}", file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
