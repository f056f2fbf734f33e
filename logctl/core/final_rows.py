"""The rows of a message as they are stored: without secrets, and flagged when they are late.

Rows that nothing has to be changed of stay the same objects, and so does the sequence of a message's rows, so
that its frame can be stored as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from logctl.core.records import LATE
from logctl.core.redaction import Redactor
from logctl.core.rows import Row, Times, encode_rows, record_of, row_of
from logctl.core.times import iso

_AT_A_TIME = 64
"""How many records are looked at between two checks of the time."""


def final_rows(
    rows: Sequence[Row],
    *,
    appid: str,
    batch_id: str,
    late_before: int,
    redactor: Redactor,
    plain: bytes | None = None,
    times: Times | None = None,
    between: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> Sequence[Row]:
    """Return a message's rows as they are stored; the same sequence if nothing has to be changed.

    Args:
        rows: of the message.
        appid: of the message.
        batch_id: of the message.
        late_before: records before this time (milliseconds) are late.
        redactor: removes secrets.
        plain: the rows as `encode_rows` writes them, if that is at hand.
        times: those of the rows, if they are known.
        between: yields what it is given; it may stop before each by raising an exception.
    """
    if not rows:
        return rows
    limit = iso(max(0, late_before))
    late = (times or Times.of(rows)).first < limit
    suspects = redactor.suspects(plain or encode_rows(rows)) if redactor else frozenset[int]()
    if not (late or suspects):
        return rows
    final: list[Row] = []
    for start in between(range(0, len(rows), _AT_A_TIME)):
        some = rows[start : start + _AT_A_TIME]
        if suspects:
            some = _without_secrets(some, start, suspects, redactor, appid=appid, batch_id=batch_id)
        if late:
            some = [_late(row) if row.ts < limit else row for row in some]
        final += some
    changed = any(before is not after for before, after in zip(rows, final, strict=True))
    return final if changed else rows


def _without_secrets(
    rows: Sequence[Row],
    start: int,
    suspects: set[int] | frozenset[int],
    redactor: Redactor,
    *,
    appid: str,
    batch_id: str,
) -> list[Row]:
    """Return some rows of a message, from `start` on, without the secrets of those among `suspects`."""
    safe = list(rows)
    for place in suspects.intersection(range(start, start + len(rows))):
        before = record_of(rows[place - start], appid)
        record = redactor.record(before, batch_id=batch_id)
        if record is not before:
            safe[place - start] = row_of(record)
    return safe


def _late(row: Row) -> Row:
    return row if LATE in row.flags else replace(row, flags=(*row.flags, LATE))
