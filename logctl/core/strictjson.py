"""JSON of untrusted producers: strict where parsers differ, or lenient; bounded in depth and size.

Python's decoder is fast and lenient: it accepts NaN and duplicate keys, turns 1e999 into infinity, and keeps
half of a surrogate pair, which makes every later `encode` fail. The checks cost ordinary records little: the
decoder's hooks see objects and numbers only, and a value is traversed only when its text has enough brackets,
colons or escapes for a violation to be possible. Texts in the usual form are read without that decoder (see
`canonical_json`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

from logctl.core.canonical_json import DEEPEST, read_canonical

MAX_DEPTH = DEEPEST
MAX_KEYS = 500
_MAX_DIGITS = 38  # of the widest number of DynamoDB and Hive
_PARSED_DIGITS = 4300  # the interpreter's own limit, sys.get_int_max_str_digits

_SURROGATE = re.compile("[\ud800-\udfff]")


class Malformed(ValueError):
    """Not acceptable JSON; `reason` is a code: empty, json, depth, number, dup_key, too_many_keys."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def loads(text: str | bytes, *, depth: int = MAX_DEPTH, keys: int = MAX_KEYS) -> Any:
    """Parse one JSON value. Bytes that are not UTF-8 and halves of surrogate pairs become U+FFFD.

    - `depth`: how many levels of objects and arrays are allowed.
    - `keys`: how many keys are allowed in an object and everything in it; in an array, in each of its items.

    Raises:
        Malformed: with the reason.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if text.startswith("\ufeff"):
        text = text[1:]
    if not text or text.isspace():
        raise Malformed("empty", "the text is empty")
    if text[0] == "{" and (canonical := read_canonical(text)) is not None:
        _check_size(canonical[0], text, depth, keys)
        return canonical[0]
    value = _decode(_DECODER, text, depth)
    _check_size(value, text, depth, keys)
    return _mend(value, _object) if _may_have_surrogates(text) else value


def loads_leniently(text: str, *, depth: int = MAX_DEPTH, keys: int = MAX_KEYS) -> tuple[Any, bool]:
    r"""Parse one JSON value that a program may have written wrongly; return it and whether it is malformed.

    It is malformed if parsers read it in different ways or not at all. Of a key that occurs twice the last
    value counts. NaN, Infinity and numbers that are too large become text. Control characters in strings are
    allowed, and so is a comma after the last member. A backslash that escapes nothing is a backslash; `\x41`
    is `A` (nginx). Halves of surrogate pairs become U+FFFD.

    Raises:
        Malformed: it is not JSON even so (such as JSON that was cut off), it is nested too deeply, or it has
            too many keys.
    """
    text = text[1:] if text.startswith("\ufeff") else text
    if text[:1] == "{" and (canonical := read_canonical(text)) is not None:
        _check_size(canonical[0], text, depth, keys)
        return canonical[0], False
    malformed = False
    try:
        value = _decode(_DECODER, text, depth)
    except Malformed as problem:
        if problem.reason == "depth" or problem.detail.startswith(_MORE):
            raise
        malformed = True
        value = _decode_leniently(text, depth)
    _check_size(value, text, depth, keys)
    if _may_have_surrogates(text):
        mended = _mend(value, dict)
        return mended, malformed or mended != value
    return value, malformed


def _decode(decoder: json.JSONDecoder, text: str, depth: int) -> Any:
    try:
        return decoder.decode(text)
    except Malformed:
        raise
    except RecursionError:
        raise _too_deep(depth) from None
    except ValueError as problem:
        raise Malformed("json", str(problem)) from None


def _decode_leniently(text: str, depth: int) -> Any:
    try:
        return _decode(_LENIENT, text, depth)
    except Malformed as problem:
        if problem.reason != "json" or problem.detail.startswith(_MORE):
            raise
        repaired = _COMMA.sub(_repair_comma, _ESCAPE.sub(_repair_escape, text))
        if repaired == text:
            raise
    return _decode(_LENIENT, repaired, depth)


def _repair_comma(match: re.Match[str]) -> str:
    return "" if match[0] == "," else match[0]


def _repair_escape(match: re.Match[str]) -> str:
    valid, code = match.groups()
    if valid:
        return match[0]
    return f"\\u00{code}" if code else "\\\\"


def _check_size(value: Any, text: str, depth: int, keys: int) -> None:
    # Brackets inside strings are counted as well.
    if text.count("[") + text.count("{") > depth or may_have_more_keys(text, keys):
        if isinstance(value, list):
            for item in value:
                _measure(item, depth - 1, keys)
        else:
            _measure(value, depth, keys)


def may_have_more_keys(text: str, keys: int = MAX_KEYS) -> bool:
    """Return whether a text can be JSON with more keys than that; False is certain."""
    # Colons inside strings are counted as well. A member has at least five characters: `"":1,`.
    return len(text) >= 5 * keys and text.count(":") > keys


def fits(value: Any, *, depth: int = MAX_DEPTH, keys: int = MAX_KEYS) -> bool:
    """Return whether a value is nested no deeper and has no more keys than `loads` allows."""
    try:
        _measure(value, depth, keys)
    except Malformed:
        return False
    return True


def _may_have_surrogates(text: str) -> bool:
    return "\\ud" in text or "\\uD" in text or not (text.isascii() or _is_utf8(text))


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) != len(members):
        raise Malformed("dup_key", "a key occurs twice in one object")
    return made


def _no_constant(name: str) -> Any:
    raise Malformed("number", f"{name} is not JSON")


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed("number", "a number is too large")
    return number


def _int(digits: str) -> int | str:
    if len(digits) <= _MAX_DIGITS:
        return int(digits)
    wide = len(digits.lstrip("-"))
    if wide > _PARSED_DIGITS:
        raise Malformed("number", "a number has too many digits")
    return int(digits) if wide <= _MAX_DIGITS else digits


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_float, parse_int=_int
)
_MORE = "Extra data"
"""How the decoder's message begins where more follows after the value: that is no wrong form of one value."""
# A comma after the last member. A string is matched to its end, or to the end of the text: linear time.
_COMMA = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|,(?=\s*+[}\]])', re.DOTALL)
_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|)')


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _narrow_int(digits: str) -> int | str:
    return int(digits) if len(digits.lstrip("-")) <= _MAX_DIGITS else digits


_LENIENT = json.JSONDecoder(strict=False, parse_constant=str, parse_float=_finite, parse_int=_narrow_int)


def _too_deep(depth: int) -> Malformed:
    return Malformed("depth", f"it is nested deeper than {depth} levels")


def _measure(value: Any, depth: int, most_keys: int) -> None:
    keys = 0
    level = [value]
    for _ in range(depth):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                keys += len(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if keys > most_keys:
            raise Malformed("too_many_keys", f"there are more than {most_keys} keys")
        level = below
        if not level:
            return
    if any(isinstance(item, dict | list) for item in level):
        raise _too_deep(depth)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _mend(value: Any, make: Callable[[list[tuple[str, Any]]], dict[str, Any]]) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mend(item, make) for item in value]
    if isinstance(value, dict):
        return make([(_mend(key, make), _mend(item, make)) for key, item in value.items()])
    return value
