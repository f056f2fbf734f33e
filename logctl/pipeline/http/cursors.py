"""Cursors: where a page ends, and how far somebody has followed, as opaque text in a URL.

They carry no authority: whoever sends one is checked as anybody else is. They are bound to the question
they were given for, carry a checksum of themselves and are parsed strictly, so that one which was changed is
refused and never misread. The checksum is no secret: what somebody makes up must lie where a question may.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logctl.core.times import HOUR, TimeRange
from logctl.pipeline.http.http_errors import BadRequest
from logctl.pipeline.stores.hot_follower import Mark
from logctl.pipeline.stores.hot_reader import SortKey

MOST_KNOWN = 400
"""How many chunks a live cursor remembers: API Gateway takes 10,240 bytes of request line and headers
together (Quotas for HTTP APIs), and the token needs its part."""
_ENTRY = 9
_LATEST = 10**13
"""Milliseconds; the store's keys have thirteen digits."""
_LONGEST_TEXT = 200
_MOST_SEQ = 2**53
_CHECKSUM = 12


@dataclass(frozen=True)
class PageCursor:
    """The range as it was on the first page, and the place after which the next one begins."""

    span: TimeRange
    before: SortKey


def digest(*question: object) -> str:
    """What a cursor belongs to: everything that must stay the same from page to page."""
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:12]


def write_page(cursor: PageCursor, question: str) -> str:
    return _write(["page", question, cursor.span.since, cursor.span.until, *cursor.before])


def read_page(text: str, question: str) -> PageCursor:
    """The inverse.

    Raises:
        BadRequest: it is not one, or one for another question.
    """
    since, until, ts, order, seq, event_id = _read(text, "page", question, 6)
    if not all(_is_whole(number, 0, _LATEST) for number in (since, until, ts)):
        raise _refused()
    # A chunk that reaches past the range ends within the hour.
    if not since < until or not since <= ts <= until + HOUR:
        raise _refused()
    if not _is_whole(seq, -1, _MOST_SEQ) or not _is_short(order) or not _is_short(event_id):
        raise _refused()
    return PageCursor(TimeRange(since, until), (ts, order, seq, event_id))


def write_live(mark: Mark, question: str) -> str:
    """A chunk takes nine bytes: six of its identity, three of when it arrived after the floor."""
    mark = mark.within(MOST_KNOWN)
    packed = b"".join(
        bytes.fromhex(chunk) + min(max(0, at - mark.floor), 2**24 - 1).to_bytes(3, "big")
        for chunk, at in sorted(mark.known.items())
    )
    return _write(["live", question, mark.floor, base64.b64encode(packed).decode()])


def read_live(text: str, question: str) -> Mark:
    """The inverse.

    Raises:
        BadRequest: it is not one, or one for another question.
    """
    floor, known = _read(text, "live", question, 2)
    if not _is_whole(floor, 0, _LATEST) or not isinstance(known, str):
        raise _refused()
    try:
        packed = base64.b64decode(known, validate=True)
    except (ValueError, binascii.Error):
        raise _refused() from None
    if len(packed) % _ENTRY or len(packed) > MOST_KNOWN * _ENTRY:
        raise _refused()
    entries = [packed[start : start + _ENTRY] for start in range(0, len(packed), _ENTRY)]
    return Mark(floor, {item[:6].hex(): floor + int.from_bytes(item[6:], "big") for item in entries})


def _write(value: Sequence[Any]) -> str:
    text = json.dumps([*value, _checksum(value)], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, kind: str, question: str, members: int) -> list[Any]:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        value: list[Any]
        *value, checksum = json.loads(plain)
    except (TypeError, ValueError, RecursionError):
        raise _refused() from None
    if len(value) != members + 2 or value[:2] != [kind, question] or checksum != _checksum(value):
        raise _refused()
    # The same value in other words: bits that base64 does not need, spaces, 1.0 for 1.
    if _write(value) != text:
        raise _refused()
    return value[2:]


def _checksum(value: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:_CHECKSUM]


def _is_whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_TEXT


def _refused() -> BadRequest:
    return BadRequest(
        "The cursor is not one of this question.",
        "Give it back unchanged and with the same parameters, or leave it away to start again.",
    )
