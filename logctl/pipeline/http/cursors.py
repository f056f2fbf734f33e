"""Cursors: where a page ends, and how far somebody has followed, as opaque text in a URL.

They carry no authority: whoever sends one is checked as anybody else is. They are bound to the question
they were given for and parsed strictly, so that one which was changed is refused and never misread.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logctl.core.times import TimeRange
from logctl.pipeline.http.errors import BadRequest
from logctl.pipeline.reading import Mark, SortKey

MOST_KNOWN = 400
"""How many chunks a live cursor remembers: API Gateway takes 10,240 bytes of request line and headers
together (Quotas for HTTP APIs), and the token needs its part."""
_ENTRY = 9
_LATEST = 10**14


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
    whole = all(_is_moment(number) for number in (since, until, ts))
    if not whole or not isinstance(order, str) or not isinstance(event_id, str):
        raise _refused()
    if not isinstance(seq, int) or isinstance(seq, bool):
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
    if not _is_moment(floor) or not isinstance(known, str):
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
    text = json.dumps(value, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(text: str, kind: str, question: str, members: int) -> list[Any]:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        value = json.loads(plain)
    except (ValueError, RecursionError):
        raise _refused() from None
    if not isinstance(value, list) or len(value) != members + 2 or value[:2] != [kind, question]:
        raise _refused()
    return value[2:]


def _is_moment(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _LATEST


def _refused() -> BadRequest:
    return BadRequest(
        "The cursor is not one of this question.",
        "Give it back unchanged and with the same parameters, or leave it away to start again.",
    )
