"""The functions' own log: one JSON object per line, whose members are fields in CloudWatch Logs Insights."""

from __future__ import annotations

import json
import sys
import traceback


def log(event: str, **fields: object) -> None:
    """Write one line. Values describe the work, and never hold the content of a record."""
    sys.stderr.write(json.dumps({"event": event, **fields}, default=str) + "\n")


def where_of(error: BaseException) -> str:
    """Return where an exception was raised, without its message, which may quote a record."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
