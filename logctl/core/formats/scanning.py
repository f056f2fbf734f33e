"""Finding the time at an index of a text."""

from __future__ import annotations

import re

from logctl.core.formats.line_head import TIME_FORMATS
from logctl.core.formats.reading import Context
from logctl.core.formats.time_forms import FoundTime, scan_time

_CLF = re.compile(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}")


def scan(text: str, start: int, context: Context) -> FoundTime | None:
    """Return the time that begins at an index, or None."""
    try:
        return scan_time(text, start, context)
    except NotImplementedError:
        pass
    if start >= len(text) or not text[start].isalnum():
        return None
    clf = _CLF.match(text, start)
    if clf:
        known = next(known for known in TIME_FORMATS if known.name == "access log")
        match = known.regex.match(f"[{clf[0]}]")
        assert match
        return FoundTime(known.time(match, context.reference), clf.end(), clf[0][-5:])
    for known in TIME_FORMATS[1:7]:
        match = known.regex.match(text, start, start + 600)
        if match and not match[0].startswith(("t", "T", "level")) and "[" not in match[0]:
            ts = known.time(match, context.reference)
            if ts is None and known.doubtful:
                continue
            zone = (match.groupdict().get("zone") or "").strip()
            return FoundTime(ts, match.end(), zone)
    return None
