"""The functions' own log: one JSON object a line, which CloudWatch Logs Insights reads as fields."""

from __future__ import annotations

import json
import sys


def log(event: str, **fields: object) -> None:
    """Write one line. Values are facts about the work, never the content of somebody's record."""
    sys.stderr.write(json.dumps({"event": event, **fields}, default=str) + "\n")
