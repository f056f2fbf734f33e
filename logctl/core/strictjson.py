"""JSON from strangers: strict where parsers disagree, bounded where they can be hurt.

Refused are a key that stands twice in an object (parsers disagree on which counts), numbers that JSON or
Hive has not (NaN, 1e999), and structures made to exhaust whoever reads them.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 32
MAX_KEYS = 500
_MAX_DIGITS = 38
"""DynamoDB's and Hive's widest number; a longer one is kept as text."""
_SURROGATE = re.compile("[\ud800-\udfff]")


class Malformed(ValueError):
    """Not acceptable JSON. `reason` is a code: empty, json, depth, number, dup_key, too_many_keys."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def loads(text: str) -> Any:
    """Parse one JSON value. Lone surrogates, which no encoding can carry, become U+FFFD.

    Raises:
        Malformed: with the reason.
    """
    if not text.strip():
        raise Malformed("empty", "there is nothing")
    keys = 0

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal keys
        keys += len(pairs)
        if keys > MAX_KEYS:
            raise Malformed("too_many_keys", f"there are more than {MAX_KEYS} keys")
        made = dict(pairs)
        if len(made) != len(pairs):
            raise Malformed("dup_key", "a key stands twice in one object")
        return made

    try:
        value = json.loads(
            text, object_pairs_hook=members, parse_constant=_constant, parse_float=_float, parse_int=_int
        )
    except Malformed:
        raise
    except RecursionError:
        raise Malformed("depth", f"it is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as problem:
        raise Malformed("json", str(problem)) from None
    # Brackets within strings count too here: whoever has fewer in all cannot be nested too deep.
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise Malformed("depth", f"it is nested deeper than {MAX_DEPTH} levels")
    return _mended(value) if "\\u" in text or _SURROGATE.search(text) else value


def _constant(name: str) -> Any:
    raise Malformed("number", f"{name} is not JSON")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("number", "a number is too large")
    return number


def _int(digits: str) -> int | str:
    # Python itself refuses to convert more than 4,300 digits.
    if len(digits) > 4300:
        raise Malformed("number", "a number has too many digits")
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _depth(value: Any) -> int:
    """How deep it is nested; walked level by level, because the parser's own limit is far beyond ours."""
    depth, level = 0, [value]
    while level := [item for item in level if isinstance(item, dict | list)]:
        depth += 1
        level = [inner for item in level for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
