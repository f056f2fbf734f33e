"""JSON from strangers: strict where parsers disagree, bounded where they can be hurt."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 32
MAX_KEYS = 500
_MAX_DIGITS = 38  # DynamoDB's and Hive's widest number


class Malformed(ValueError):
    """Not acceptable JSON. `reason` is a code: empty, json, depth, number, dup_key, too_many_keys."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def loads(text: str | bytes) -> Any:
    """Parse one JSON value.

    Raises:
        Malformed: with the reason.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if not text.strip():
        raise Malformed("empty", "there is nothing")
    keys = 0

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal keys
        keys += len(members)
        if keys > MAX_KEYS:
            raise Malformed("too_many_keys", f"there are more than {MAX_KEYS} keys")
        made = dict(members)
        if len(made) != len(members):
            raise Malformed("dup_key", "a key stands twice in one object")
        return made

    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_constant=_no_constant, parse_float=_float, parse_int=_int
        )
    except Malformed:
        raise
    except RecursionError:
        raise Malformed("depth", f"it is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError as problem:
        raise Malformed("json", str(problem)) from None
    return value


def _no_constant(name: str) -> Any:
    raise Malformed("number", f"{name} is not JSON")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("number", "a number is too large")
    return number


def _int(digits: str) -> int | str:
    if len(digits) > 4300:
        raise Malformed("number", "a number has too many digits")
    return int(digits) if len(digits) <= _MAX_DIGITS else digits
