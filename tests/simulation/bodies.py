"""Messages that ask for more work than their size says: what one app may send, and must not make others wait for."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import zstandard

from logctl.core.envelope import SQS_LIMIT, batch_id_of
from logctl.core.times import DAY, HOUR

START_OF_TIMES = 1_700_000_000_000
BODIES: dict[str, Callable[[str], str]] = {}
"""By name: an app's name to a body of its message."""


def body(make: Callable[[str], str]) -> Callable[[str], str]:
    BODIES[make.__name__.replace("_", "-")] = make
    return make


@body
def a_stack_trace_after_one_record(app: str) -> str:
    frames = "\n".join(f"\tat com.example.Service.method{n}(Service.java:{n})   " for n in range(19_000))
    return '{"msg":"start"}\n' + frames


@body
def a_frame_of_many_records(app: str) -> str:
    line = json.dumps({"event_id": "a" * 12, "ts": START_OF_TIMES, "level": "INFO", "message": "x"})
    return envelope(app, "\n".join([line] * 400_000).encode(), 400_000)


@body
def many_days(app: str) -> str:
    return "\n".join(json.dumps({"time": START_OF_TIMES - n * DAY, "msg": "x"}) for n in range(9_000))


@body
def many_hours(app: str) -> str:
    return "\n".join(json.dumps({"time": START_OF_TIMES - n * HOUR, "msg": "x"}) for n in range(19_000))


@body
def an_array_of_empty_records(app: str) -> str:
    return "[" + ",".join(["{}"] * ((SQS_LIMIT - 2) // 3)) + "]"


@body
def many_kinds_of_error(app: str) -> str:
    names = [f"{chr(97 + n % 26)}{chr(97 + n // 26 % 26)}{chr(97 + n // 676 % 26)}" for n in range(4_900)]
    return "\n".join(json.dumps({"level": "ERROR", "msg": f"kind {name} failed"}) for name in names)


def envelope(app: str, plain: bytes, count: int, **other: Any) -> str:
    """An envelope as `pack` writes it, around whatever is in it."""
    data = base64.b64encode(zstandard.ZstdCompressor(level=19).compress(plain)).decode()
    parts = {
        "logctl": 1,
        "appid": app,
        "batch_id": batch_id_of(app, plain),
        "count": count,
        "encoding": "zstd",
        "data": data,
    }
    return json.dumps(parts | other, separators=(",", ":"))
