"""Reading logfmt: `time=… level=info msg="order placed" id=17`, in any order of keys and under many names.

The names are those of go-kit, logrus, log/slog, zerolog, Grafana, Loki, Prometheus, Heroku and hclog.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from logctl.core import levels
from logctl.core.formats.found_times import set_time
from logctl.core.formats.reading import Context, Reading
from logctl.core.formats.time_forms import scan_time

NAME = "logfmt"

_PAIR = re.compile(
    r"""
    ([A-Za-z_@][\w.@/\-\[\]]{0,63}+)=
    (?: "((?:[^"\\]++|\\.)*+)" | '((?:[^'\\]++|\\.)*+)' | ((?:[^\s,]++|(?=,\S),)*+) ),?(?=\s|$)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACES = re.compile(r"[ \t]*+")
_BEGINS = re.compile(r"[A-Za-z_@][\w.@/\-]{0,63}+=")
_MOST_PAIRS = 64
_MOST_FIELDS = 24
_MOST_IN_FIELD = 256

_TIMES = frozenset(
    ("time", "ts", "t", "timestamp", "@timestamp", "datetime", "date", "_time", "asctime", "when")
)
_LEVELS = frozenset(
    ("level", "lvl", "severity", "loglevel", "log_level", "log.level", "levelname", "sev", "l")
)
_MESSAGES = ("msg", "message", "@message", "_msg", "text", "event")
_LOGGERS = {
    "logger": "logger", "caller": "caller", "source": "source", "component": "component",
    "trace_id": "trace_id", "traceid": "trace_id", "trace.id": "trace_id", "dd.trace_id": "trace_id",
    "span_id": "span_id", "spanid": "span_id", "span.id": "span_id", "dd.span_id": "span_id",
    "request_id": "request_id", "requestid": "request_id", "req_id": "request_id", "reqid": "request_id",
    "host": "host", "hostname": "host", "pid": "pid", "thread": "thread",
}  # fmt: skip
_NUMBERS = frozenset(("pid", "status", "bytes", "line"))
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


def begins_logfmt(text: str, start: int) -> bool:
    """Return whether a text begins with a key and `=` at an index."""
    return _BEGINS.match(text, start) is not None


def read_logfmt(text: str, start: int, context: Context) -> Reading | None:
    """Return what a line in logfmt says from index `start` on, or None if it is something else.

    It is logfmt if it has a level, or a time, or a message under one of their names among the pairs at its
    beginning, or if it consists of two pairs or more. Without a message, the whole text is the message.
    """
    found: dict[str, str] = {}
    spans: dict[str, tuple[int, int]] = {}
    end = start
    last = ""
    for key, value, begun, at in _pairs(text, start):
        if key not in found:
            found[key], spans[key] = value, (begun, at)
        end, last = at, key
    if last in _MESSAGES and text[end - 1 : end] not in "\"'":
        # A message without quotes goes on to the next pairs, or to the end.
        end = _words_end(text, end)
        found[last] = text[spans[last][0] + len(last) + 1 : end].strip()
        for key, value, begun, at in _pairs(text, end):
            if key not in found:
                found[key], spans[key] = value, (begun, at)
            end = at
    if not found:
        return None
    reading = Reading(message="", format=NAME)
    time_key = level_key = None
    for key, value in found.items():
        lower = key.lower().lstrip("@")
        if level_key is None and lower in _LEVELS and value:
            level = levels.parse_level(value)
            if level != levels.UNKNOWN:
                level_key, reading.level = key, level
        elif time_key is None and lower in _TIMES and value:
            time = scan_time(value, 0, context)
            if time is not None and time.end == len(value):
                time_key = key
                set_time(reading, time)
    message_key = next((name for name in _MESSAGES if found.get(name)), None)
    if level_key is None and message_key is not None and (word := found.get("at")):
        # Logfmter's key for the level. In the lines of Heroku's router, which have no message, it is part of
        # what is said.
        reading.level = levels.parse_level(word)
        level_key = "at" if reading.level != levels.UNKNOWN else None
    rest = text[end:].strip()
    if time_key is None and level_key is None and (message_key is None or rest) and (rest or len(found) < 2):
        return None
    reading.begins = time_key is not None or level_key is not None
    if message_key is not None:
        reading.message = found[message_key]
        if rest:
            reading.message += ("\n" if "\n" in text[end:] else " ") + rest
    else:
        reading.message = _without(
            text, start, [spans[key] for key in (time_key, level_key) if key is not None]
        )
    used = (time_key, level_key, message_key)
    reading.fields = fields_of((key, value) for key, value in found.items() if key not in used)
    return reading


_NEXT_PAIR = re.compile(r"[ \t](?=[A-Za-z_@][\w.@/\-]{0,63}+=)")
_MOST_WORDS = 2000


def _words_end(text: str, start: int) -> int:
    """Return where words end: before pairs that go on to the end of the line, or there."""
    line_end = text.find("\n", start)
    line_end = len(text) if line_end < 0 else line_end
    for number, found in enumerate(_NEXT_PAIR.finditer(text, start, min(line_end, start + _MOST_WORDS))):
        if number > 3:
            break
        if not text[pairs_at(text, found.end())[1] : line_end].strip():
            return found.start()
    return line_end


def _without(text: str, start: int, spans: list[tuple[int, int]]) -> str:
    """Return a text from an index on, without some parts of it."""
    kept = []
    for begun, end in sorted(spans):
        kept.append(text[start:begun].strip())
        start = end
    kept.append(text[start:].strip())
    return " ".join(part for part in kept if part)


def fields_of(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return pairs as fields: few, short, with known names in one spelling and counts as numbers."""
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if len(fields) >= _MOST_FIELDS:
            break
        if value in ("", "-"):
            continue
        name = _LOGGERS.get(key.lower(), key)
        if name in _NUMBERS and value.isdecimal() and len(value) < 16:
            fields[name] = int(value)
        else:
            fields[name] = value[:_MOST_IN_FIELD]
    return fields


def pairs_at(text: str, start: int) -> tuple[list[tuple[str, str]], int]:
    """Return the pairs that follow each other from an index on, and the index after them."""
    found, end = [], start
    for key, value, _, at in _pairs(text, start):
        found.append((key, value))
        end = at
    return found, end


def _pairs(text: str, start: int) -> Iterator[tuple[str, str, int, int]]:
    """Yield key, value and the span of each pair."""
    at = start
    for _ in range(_MOST_PAIRS):
        spaces = _SPACES.match(text, at)
        assert spaces is not None
        pair = _PAIR.match(text, spaces.end())
        if pair is None:
            return
        quoted = pair[2] if pair[2] is not None else pair[3]
        at = pair.end()
        yield pair[1], pair[4] if quoted is None else _unescaped(quoted), pair.start(), at


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text)
