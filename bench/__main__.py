"""The measurements: `python -m bench NAME [ARGUMENT…]`; without a name, a list of them.

`make bench` runs `performance`, which compares the most important ones with their recorded ratios.
"""

from __future__ import annotations

import importlib
import sys

BENCHES = {
    "performance": "the figures of docs/performance.md, compared with the recorded ones",
    "consumer": "the whole consumer beside the least that any consumer costs",
    "send": "`send` beside programs that read log files",
    "reading": "what reading a line costs, by its kind",
    "packing": "messages, items and bytes, packed and record by record",
    "redaction": "what redaction costs where there is nothing to redact",
    "tail": "what reading records back costs",
    "startup": "what a command costs before it does anything",
    "tables": "what tables and large results cost",
    "latency": "how long a line takes from the file to the output of `tail -f`",
    "hotkey": "how fast one debounce key is counted",
    "fingerprint": "how well kinds of messages are told apart",
    "partitions": "repair of 100,000 partitions",
    "compaction": "what compaction saves five queries",
    "gate": "what the sandbox's gate costs a request",
    "scale": "what a load uses of AWS's quotas, and how the queue behaves under it, by a model",
}


def main(arguments: list[str]) -> int:
    """Run a bench by its name, and return the exit code."""
    if not arguments or arguments[0] not in BENCHES:
        for name, about in BENCHES.items():
            print(f"  python -m bench {name:<12} {about}")
        return 2 if arguments else 0
    bench = importlib.import_module(f"bench.{arguments[0]}")
    return bench.main(*arguments[1:]) or 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
