"""Cursors: the position in a list of pages, or in a live view, as opaque text in a URL.

A cursor gives no rights: a request with a cursor is checked like any other. A cursor is bound to the query
that it was made for (app, level and search), contains a checksum of itself and is parsed strictly, so that a
changed one is refused and never misread. The checksum is not a secret, so the values of a forged cursor are
checked too: they have to be in the range that a query may name.
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
"""How many chunks a live cursor remembers. API Gateway takes 10,240 bytes of request line and headers
together (Quotas for HTTP APIs), and the token is one of the headers."""
_ENTRY = 9
"""Bytes of a chunk in a live cursor: six of its identity, three of when it arrived after the floor."""
_LATEST = 10**13
"""Milliseconds; the store's keys have thirteen digits."""
_LONGEST_TEXT = 200
_MOST_SEQ = 2**53
_CHECKSUM = 12


@dataclass(frozen=True)
class PageCursor:
    """The time range of the first page, and the record after which the next page begins."""

    span: TimeRange
    before: SortKey


def digest(*question: object) -> str:
    """Return a digest of the query that a cursor is bound to."""
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:12]


def write_page(cursor: PageCursor, question: str) -> str:
    """Return a page cursor as text; `question` is the `digest` of its query."""
    return _write(["page", question, cursor.span.since, cursor.span.until, *cursor.before])


def read_page(text: str, question: str) -> PageCursor:
    """Parse a page cursor.

    Raises:
        BadRequest: the text is not a page cursor, or was made for another query.
    """
    since, until, ts, order, seq, event_id = _read(text, "page", question, 6)
    if not all(_is_whole(number, 0, _LATEST) for number in (since, until, ts)):
        raise _refused()
    # The newest record of a page may be past the range's end, by less than the hour that a chunk spans.
    if not since < until or not since <= ts <= until + HOUR:
        raise _refused()
    if not _is_whole(seq, -1, _MOST_SEQ) or not _is_short(order) or not _is_short(event_id):
        raise _refused()
    return PageCursor(TimeRange(since, until), (ts, order, seq, event_id))


def write_live(mark: Mark, question: str) -> str:
    """Return a live cursor as text; `question` is the `digest` of its query."""
    mark = mark.within(MOST_KNOWN)
    packed = b"".join(
        bytes.fromhex(chunk) + min(max(0, at - mark.floor), 2**24 - 1).to_bytes(3, "big")
        for chunk, at in sorted(mark.known.items())
    )
    return _write(["live", question, mark.floor, base64.b64encode(packed).decode()])


def read_live(text: str, question: str) -> Mark:
    """Parse a live cursor.

    Raises:
        BadRequest: the text is not a live cursor, or was made for another query.
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
    # The same value can be spelt differently: with unused bits of base64, with spaces, with 1.0 for 1.
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
        "The cursor belongs to another query.",
        "Send it unchanged and with the same parameters, or omit it to start again.",
    )
