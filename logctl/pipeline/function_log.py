"""The functions' own log: one JSON object a line, which CloudWatch Logs Insights reads as fields."""

from __future__ import annotations

import json
import sys
import traceback


def log(event: str, **fields: object) -> None:
    """Write one line. Values are facts about the work, never the content of somebody's record."""
    sys.stderr.write(json.dumps({"event": event, **fields}, default=str) + "\n")


def where_of(error: BaseException) -> str:
    """Where it happened, without the message: an exception's text may quote somebody's record."""
    frames = traceback.extract_tb(error.__traceback__)[-3:]
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
