"""The content of a followed file: which bytes are the next batch, what they hold, and where reading goes on.

Everything here depends on the bytes of the file and the checkpoint's state, so that a restart makes the same
batch again.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from msgspec import structs

from logctl.core.errors import UsageError
from logctl.core.formats.reading import Format
from logctl.core.times import SECOND
from logctl.ops.send.date_order import day_first
from logctl.ops.send.entries import MAX_LINE, Entry, Rejection
from logctl.ops.send.follow_checkpoint import FollowState, Pending
from logctl.ops.send.growing_file import GrowingFile
from logctl.ops.send.input_forms import (
    LOOK,
    Errors,
    Form,
    LineForm,
    Requested,
    as_lines,
    fallback,
    recognise,
)
from logctl.ops.send.line_reader import LineReader, Position

SETTLE = SECOND
"""How long a file must not change until it is left for the one after it."""
COMPLETE = SECOND // 5
"""How long a file must not change until its last record counts as complete: programs write the lines of a
record at once."""
SETTLE_OF_TRACES = 5 * SECOND
"""The same for a stack trace that has probably not ended."""
MAX_BYTES = 2 * MAX_LINE
"""Bytes of a batch."""
_TAIL = 256
"""Bytes before a place whose hash tells whether a file is the one that was read."""
_KEY = 8
"""Characters of a chain that are kept for each of the first lines of a file."""
_MAX_BEGUN = 1_000
_MAX_BEFORE = 4_000


@dataclass(frozen=True, slots=True)
class FollowedPart:
    """The entries of a pending batch, the identity of their file, and the state once they have been sent."""

    entries: tuple[Entry | Rejection, ...]
    source: str
    after: FollowState


@dataclass(frozen=True)
class FollowedContent:
    """How the content of a followed file is read.

    `zone`, `formats` and `only` are those of `formats.reading.Context`. `settle`, `complete` and
    `max_bytes` are for tests.
    """

    form: Requested = Requested.AUTO
    errors: Errors = Errors.DETECT
    zone: tzinfo = UTC
    formats: tuple[Format, ...] = ()
    only: str | None = None
    settle: int = SETTLE
    complete: int = COMPLETE
    max_bytes: int = MAX_BYTES

    def pending(
        self, file: GrowingFile, state: FollowState, now: int, *, quiet: int, last: bool
    ) -> FollowState | None:
        """Return the state with the next batch pending; None if there is nothing to send yet.

        `quiet`: for how many milliseconds the file has not changed. `last`: another file follows this one.
        """
        # Zeros at the end are room that a program has reserved, where a line may be written.
        data = file.read(self.max_bytes, state.place.offset).rstrip(b"\0")
        if not data and (after_hole := _end_of_hole(file, state.place.offset)):
            tail = file.read(min(_TAIL, after_hole), max(0, after_hole - _TAIL))
            place = replace(state.place, offset=after_hole)
            state = replace(state, place=place, tail=_digest(tail), tail_size=len(tail))
            data = file.read(self.max_bytes, after_hole).rstrip(b"\0")
        start = state.place.offset
        if start == 0:
            state = replace(state, place=replace(state.place, day_first=day_first(file.read(LOOK, 0))))
        form = state.form or self._recognise(file, settled=quiet >= self.settle)
        if not data or form is None:
            return None
        full = len(data) == self.max_bytes
        scout = self._reader(form, self.errors, now, state.place)
        for _ in scout.read(io.BytesIO(data), final=last and not full):
            pass
        end, held = scout.place.offset, scout.held
        settle = max(self.settle, SETTLE_OF_TRACES) if scout.expects else self.complete
        whole = held == start if full else quiet >= settle
        if held is not None and not whole:
            end = held
        if end == start:
            return None
        return replace(state, form=form, pending=Pending(end, now, _digest(data[: end - start]), self.errors))

    def part(self, file: GrowingFile, state: FollowState, pending: Pending) -> FollowedPart | None:
        """Return what the pending batch holds; None if its bytes are no longer in the file."""
        data = _pending_bytes(file, state, pending)
        if data is None:
            return None
        assert state.form is not None, "a pending batch has a form"
        reader = self._reader(state.form, pending.errors, pending.read_at, state.place)
        entries = tuple(_again(item, state.before) for item in reader.read(io.BytesIO(data), final=True))
        begun = (*state.begun, *_begun(entries, _MAX_BEGUN - len(state.begun)))
        tail = data[-_TAIL:]
        after = replace(
            state, place=reader.place, tail=_digest(tail), tail_size=len(tail), pending=None, begun=begun
        )
        return FollowedPart(entries, reader.place.source, after)

    def entries(self, start: bytes) -> list[Entry | Rejection]:
        """Return the entries of the first lines of a file; years that these lines lack are not found."""
        form = as_lines(recognise(start, self.form) or fallback(self.form))
        return list(self._reader(form, self.errors, 0, Position()).read(io.BytesIO(start), final=True))

    def glance(self, data: bytes) -> list[Entry | Rejection]:
        """Return what some lines say, read without those before them."""
        try:
            return self.entries(data)
        except UsageError:
            return []  # whoever reads the file tells

    def at_end(self, file: GrowingFile, state: FollowState, now: int) -> FollowState:
        """Return the state after the last complete line; the lines before it are read for it."""
        end = _end_of_lines(file)
        form = self._recognise(file, settled=True) or Form.TEXT
        place = Position(day_first=day_first(file.read(LOOK, 0)))
        reader = self._reader(form, Errors.REPLACE, now, place)
        begun = _begun(reader.read(file.stream(end), final=True), _MAX_BEGUN)
        tail = file.read(min(_TAIL, end), max(0, end - _TAIL))
        return replace(state, place=reader.place, tail=_digest(tail), tail_size=len(tail), begun=begun)

    def retraced(self, file: GrowingFile, state: FollowState) -> FollowState:
        """Return the state of an earlier version with the trail that it lacks."""
        if not state.place.offset or state.place.chain or not holds(file, state):
            return state
        trail = self._trail(file, state.place.offset)
        return replace(state, place=replace(state.place, chain=trail.chain, source=trail.source))

    def continues(self, file: GrowingFile, state: FollowState) -> bool:
        """Return whether a file is a copy of the one that was read: it holds everything that was sent."""
        place = state.place
        if place.offset == 0:
            # Nothing was sent of it yet. What was about to be sent tells whether it is the file.
            return state.pending is not None and _pending_bytes(file, state, state.pending) is not None
        if not place.chain or self._first_line(file).source != place.source or not holds(file, state):
            return False
        if self._trail(file, place.offset).chain != place.chain:
            return False
        return state.pending is None or _pending_bytes(file, state, state.pending) is not None

    def _trail(self, file: GrowingFile, end: int) -> Position:
        reader = self._reader(Form.TEXT, Errors.REPLACE, 0, Position())
        reader.skip(file.stream(end))
        return reader.place

    def _first_line(self, file: GrowingFile) -> Position:
        limit = MAX_LINE + 2  # with its end of line
        reader = self._reader(Form.TEXT, Errors.REPLACE, 0, Position())
        reader.skip(io.BytesIO(file.stream(limit).readline(limit)))
        return reader.place

    def _reader(self, form: LineForm, errors: Errors, reference: int, place: Position) -> LineReader:
        # A line must not fill a whole batch, because a batch ends at the end of a record.
        limit = min(MAX_LINE, self.max_bytes // 2)
        return LineReader(
            form,
            errors=errors,
            reference=reference,
            zone=self.zone,
            formats=self.formats,
            only=self.only,
            plain=self.form is Requested.TEXT,
            place=place,
            max_line=limit,
        )

    def _recognise(self, file: GrowingFile, *, settled: bool) -> LineForm | None:
        found = recognise(file.read(LOOK, 0), self.form)
        if found is None:
            return fallback(self.form) if settled else None
        return as_lines(found)


def state_at_start(file: GrowingFile, before: FollowState | None) -> FollowState:
    """Return the state at the start of a file; `before` is that of the file before it."""
    counts = _with_begun(before) if before else {}
    return FollowState(file.device, file.inode, tail=_digest(b""), before=counts)


def holds(file: GrowingFile, state: FollowState) -> bool:
    """Return whether the bytes of the file before the checkpoint's place are those that were read."""
    end = state.place.offset
    return file.size() >= end and _digest(file.read(state.tail_size, end - state.tail_size)) == state.tail


def _end_of_hole(file: GrowingFile, start: int) -> int | None:
    """Return the offset of the first byte after some zeros, or None if they reach to the end of the file.

    A program that does not notice that its file was truncated leaves such a hole, as long as the file was.
    """
    size = file.size()
    if start >= size or file.read(1, size - 1) == b"\0":
        return None
    while chunk := file.read(MAX_BYTES, start):
        content = chunk.lstrip(b"\0")
        if content:
            return start + len(chunk) - len(content)
        start += len(chunk)
    return None


def _pending_bytes(file: GrowingFile, state: FollowState, pending: Pending) -> bytes | None:
    start = state.place.offset
    data = file.read(pending.end - start, start)
    return data if _digest(data) == pending.digest else None


def _end_of_lines(file: GrowingFile) -> int:
    """Return the offset after the last complete line."""
    end = offset = 0
    while chunk := file.read(MAX_BYTES, offset):
        end = offset + chunk.rindex(b"\n") + 1 if b"\n" in chunk else end
        offset += len(chunk)
    return end


def _begun(items: Iterable[Entry | Rejection], most: int) -> tuple[str, ...]:
    """Return the keys of at most `most` lines before the first time; `items` is read to its end."""
    keys = [item.chain[:_KEY] for item in items if isinstance(item, Entry) and item.ts is None]
    return tuple(keys[:most])


def _again(item: Entry | Rejection, before: Mapping[str, int]) -> Entry | Rejection:
    if before and isinstance(item, Entry) and item.ts is None and item.chain[:_KEY] in before:
        return structs.replace(item, again=before[item.chain[:_KEY]])
    return item


def _with_begun(state: FollowState) -> dict[str, int]:
    """Count how many files began with each line, including the one that ends; of many lines, the latest."""
    counts = {key: count for key, count in state.before.items() if key not in state.begun}
    counts |= {key: state.before.get(key, 0) + 1 for key in state.begun}
    return dict(list(counts.items())[-_MAX_BEFORE:])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
