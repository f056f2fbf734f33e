"""Lambda's runtime, as small as it can be: one invocation of a handler in a process with a function's limits.

Run with Python's `-I -S`, so that it sees the code that is deployed and what Lambda's own runtime brings, and
nothing else that is installed here. Arguments: a JSON object with `path` (folders to import from), `handler`,
`timeout` (seconds) and `memory` (MB). The event is read from standard input, the reply written to standard output.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace


def peak() -> int:
    """MB of memory that this process had at most; getrusage also counts the one that it was forked from."""
    with Path("/proc/self/status").open() as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM:"))


def main() -> None:
    given = json.loads(sys.argv[1])
    sys.path[:0] = given["path"]
    event = json.load(sys.stdin)
    size = given["memory"] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, name = given["handler"].rsplit(".", 1)
    handler = getattr(import_module(module), name)
    # Lambda's time begins when the code is imported.
    end = time.monotonic() + given["timeout"]
    context = SimpleNamespace(get_remaining_time_in_millis=lambda: int((end - time.monotonic()) * 1000))
    replies = sys.stdout
    sys.stdout = sys.stderr
    reply = handler(event, context)
    json.dump({"reply": reply, "peak": peak()}, replies)
    replies.flush()
    os._exit(0)


main()
