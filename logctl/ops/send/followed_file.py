"""Following a growing file through rotation, one batch after the other.

    poll ──> checkpoint "sending bytes 0 to 900, read at 12:00" ──> batch ──> sent ──> commit
                                                              crash here ──> the same batch again

A file is found again by its inode and by what was read of it, not by its name: also when it was renamed,
compressed, or copied and truncated. It is read to its end, then the files rotated after it, then the new file.
A `Notice` says what can no longer be found. Lines that `copytruncate` drops between its copy and its
truncation cannot be noticed.

Where a batch ends depends on when the file was polled. The identity of its records does not (see
`ops.send.entries.Trail`): when the same content is sent in another way, its records are recognised.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Protocol

from logctl.core.errors import UsageError
from logctl.core.times import SECOND
from logctl.ops.send.entries import MAX_LINE, Entry, Rejection
from logctl.ops.send.follow_checkpoint import Checkpoint, FollowState, Pending
from logctl.ops.send.input_forms import (
    LOOK,
    Compression,
    Errors,
    Form,
    LineForm,
    Requested,
    as_lines,
    compression,
    fallback,
    recognise,
)
from logctl.ops.send.line_reader import LineReader, Position
from logctl.ops.send.log_rotation import (
    Following,
    GrowingFile,
    find,
    find_copy,
    open_file,
    open_next,
)

SETTLE = SECOND
"""How long a file must not change until its last record counts as complete."""
SETTLE_OF_TRACES = 5 * SECOND
"""The same for a stack trace that has probably not ended."""
MAX_BYTES = 2 * MAX_LINE
"""Bytes of a batch."""
POLL_SECONDS = 0.2
GATHER_SECONDS = 1.0
"""How long records are collected after a small batch, because a message of one record costs as much as a
message of a thousand."""
_MUCH = 512 * 1024
"""Bytes of a batch after which the next one is read at once."""
_TAIL = 256
"""Bytes before a place whose hash tells whether a file is the one that was read."""
_KEY = 8
"""Characters of a chain that are kept for each of the first lines of a file."""
_MAX_BEGUN = 1_000
_MAX_BEFORE = 4_000


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to the person who follows the file, such as that records may be missing."""

    text: str


@dataclass(frozen=True, slots=True)
class FollowBatch:
    """The entries in the bytes from `start` to `end` of a file, which `source` identifies by its first line.

    `read_at` is the time of reading, in milliseconds. A batch with notices only has nothing to send, and has
    to be committed too.
    """

    entries: tuple[Entry | Rejection, ...]
    read_at: int
    start: int
    end: int
    source: str
    notices: tuple[Notice, ...]
    _commit: Callable[[FollowBatch], None] = field(repr=False, compare=False)
    _after: FollowState | None = field(default=None, repr=False, compare=False)

    def commit(self) -> None:
        """Record that the batch was sent: reading continues after it, even after a restart."""
        self._commit(self)


class FollowedFile:
    """A growing file, read from its checkpoint on; without a checkpoint, from its start or its end.

    Raises:
        UsageError: another process follows it for the same app, or its checkpoint cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        app: str,
        state_dir: Path,
        form: Requested = Requested.AUTO,
        errors: Errors = Errors.DETECT,
        from_end: bool = False,
        settle: int = SETTLE,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._path = Path(path).absolute()
        self._form = form
        self._errors = errors
        self._from_end = from_end
        self._settle = settle
        self._max_bytes = max_bytes
        self._file: GrowingFile | None = None
        self._size = -1
        self._changed_at = 0
        self._quiet = 0
        self._found_nothing = False
        self._trouble: OSError | None = None
        self._troubled = False
        self._told_missing = False
        self._outstanding: FollowBatch | None = None
        self._notices: list[Notice] = []
        self._checkpoint = Checkpoint(state_dir, app, self._path)

    def __enter__(self) -> FollowedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and its checkpoint."""
        self._close_file()
        self._checkpoint.close()

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._size = -1

    def poll(self, now: int) -> FollowBatch | None:
        """Return the next batch, and the same one until it is committed; None if there is nothing to send.

        `now` is in milliseconds. While the file cannot be read, there is nothing to send; a notice says so
        once, and another one when it can be read again.

        Raises:
            UsageError: the file cannot be followed, or the checkpoint cannot be written.
        """
        if self._outstanding is None:
            try:
                self._outstanding = self._next(now)
            except OSError as problem:
                self._close_file()  # what is open may be what cannot be read, such as a stale file of NFS
                self._found_nothing = False
                self._report(problem)
            else:
                self._found_nothing = self._outstanding is None
                self._report(self._trouble)
                self._trouble = None
            if self._outstanding is None and self._notices:
                self._outstanding = self._only_notices(now)
        return self._outstanding

    def _report(self, problem: OSError | None) -> None:
        """Tell once that the file cannot be read because of `problem`, and once that it can be again."""
        if problem is not None and not self._troubled:
            reason = (problem.strerror or str(problem)).lower()
            name = problem.filename if isinstance(problem.filename, str) else str(self._path)
            self._notices.append(
                Notice(f"{name} cannot be read at the moment: {reason}; logctl goes on when it can.")
            )
        elif problem is None and self._troubled:
            self._tell("can be read again.")
        self._troubled = problem is not None

    def _only_notices(self, now: int) -> FollowBatch:
        return FollowBatch(
            (), read_at=now, start=0, end=0, source="", notices=self._take_notices(), _commit=self.commit
        )

    @property
    def at_rest(self) -> bool:
        """Whether everything is sent, so that only a change of the file at the path brings something new.

        A file that is not there yet is at rest too; one that was renamed is not, because it may still grow.
        """
        if self._outstanding is not None or self._notices or self._troubled:
            return False
        if self._file is None:
            return True
        quiet = self._quiet >= max(self._settle, SETTLE_OF_TRACES)
        return quiet and self._found_nothing and self._file.is_at(self._path)

    def commit(self, batch: FollowBatch) -> None:
        """Move the checkpoint to the end of `batch`; a second call has no effect."""
        if batch is not self._outstanding:
            return
        if batch._after is not None:
            self._checkpoint.save(batch._after)
        self._outstanding = None

    # ── Which file ──────────────────────────────────────────────────────────────────────────────────

    def _next(self, now: int) -> FollowBatch | None:
        if self._file is None:
            self._file = self._open(now)
            self._tell_missing()
        self._from_end = False  # a file that appears later has no old lines to skip
        batch = None
        while self._file is not None and batch is None:
            file, state = self._file, self._current
            if state.pending is not None:
                batch = self._repeat(file, state, state.pending)
                continue
            quiet = self._observe(file, now)
            if not _holds(file, state):
                self._restart(file, state)
                continue
            following = self._following(file) if quiet else None
            batch = self._read(file, state, now, quiet=quiet, last=following is not None)
            if following is None:
                break
            if batch is not None:
                following.file.close()
                break
            for skipped in following.skipped:
                self._notices.append(
                    Notice(
                        f"{skipped} is compressed and damaged, so its records were not sent. Restore it, and "
                        "send it with `logctl send`: only the records that are missing are added."
                    )
                )
            self._go_to(following.file)
        return batch

    def _following(self, file: GrowingFile) -> Following | None:
        """Return the file after `file`. If it cannot be opened, what is left in `file` is read first."""
        try:
            return open_next(self._path, file)
        except OSError as problem:
            self._trouble = problem
            return None

    def _go_to(self, file: GrowingFile) -> None:
        """Leave the current file, which is read to its end, for the one after it."""
        # A file that was compressed, or copied, by a program that does not keep its time, looks later.
        if not file.is_at(self._path) and self._continues(file, self._current):
            self._switch(file)
        else:
            self._close_file()
            self._file = file
            self._begin(file)

    def _switch(self, file: GrowingFile) -> None:
        """Read on in `file`, which has the content of the current one."""
        self._close_file()
        self._file = file
        self._checkpoint.save(replace(self._current, device=file.device, inode=file.inode))

    def _tell_missing(self) -> None:
        if self._file is None and not self._told_missing:
            self._told_missing = True
            state = self._checkpoint.state
            self._tell("does not exist" + (" any more" if state else " yet") + "; logctl waits for it.")

    @property
    def _current(self) -> FollowState:
        assert self._checkpoint.state is not None, "an open file has a state"
        return self._checkpoint.state

    def _open(self, now: int) -> GrowingFile | None:
        """Open the file of the checkpoint under any name, or else the file at the path, from its start."""
        state = self._checkpoint.state
        if state is not None:
            file = find(self._path, state.device, state.inode, lambda found: _holds(found, state))
            if file is not None:
                self._retrace(file, state)
                return file
        file = open_file(self._path)
        if state is not None:
            if file is not None and self._continues(file, state):
                self._checkpoint.save(replace(state, device=file.device, inode=file.inode))
                return file
            copy = find_copy(self._path, lambda found: self._continues(found, state))
            if copy is not None:
                if file is not None:
                    file.close()
                self._checkpoint.save(replace(state, device=copy.device, inode=copy.inode))
                return copy
        if file is None:
            return None
        if state is not None:
            self._tell(
                "was rotated while it was not followed, and the old file cannot be found; it may have been "
                f"deleted or compressed. Its records after byte {state.place.offset:,}, and files rotated "
                "after it, may be missing. Send the files that are left with `logctl send`: only the records "
                "that are missing are added."
            )
        self._begin(file)
        if self._from_end and state is None:
            self._skip_to_end(file, now)
        return file

    def _begin(self, file: GrowingFile) -> None:
        if compression(file.read(LOOK, 0)) is not Compression.NONE:
            raise UsageError(f"{self._path} is compressed.", "Send it without --follow.")
        self._size = -1
        before = _with_begun(self._checkpoint.state) if self._checkpoint.state else {}
        self._checkpoint.save(FollowState(file.device, file.inode, tail=_digest(b""), before=before))

    def _skip_to_end(self, file: GrowingFile, now: int) -> None:
        """Move the checkpoint after the last complete line; the lines are read for the state after them."""
        end = _end_of_lines(file)
        form = self._recognise(file, quiet=True) or Form.TEXT
        reader = self._reader(form, Errors.REPLACE, now, Position())
        begun = _begun(reader.read(file.stream(end), final=True), _MAX_BEGUN)
        tail = file.read(min(_TAIL, end), max(0, end - _TAIL))
        self._checkpoint.save(
            replace(self._current, place=reader.place, tail=_digest(tail), tail_size=len(tail), begun=begun)
        )

    def _retrace(self, file: GrowingFile, state: FollowState) -> None:
        """Compute the trail of a checkpoint that an earlier version wrote without one."""
        if state.place.offset and not state.place.chain and _holds(file, state):
            trail = self._trail(file, state.place.offset)
            self._checkpoint.save(
                replace(state, place=replace(state.place, chain=trail.chain, source=trail.source))
            )

    def _continues(self, file: GrowingFile, state: FollowState) -> bool:
        """Return whether a file is a copy of the one that was read: it contains everything that was sent."""
        place = state.place
        if not place.chain or self._first_line(file).source != place.source or not _holds(file, state):
            return False
        if self._trail(file, place.offset).chain != place.chain:
            return False
        return state.pending is None or _has_pending(file, state, state.pending)

    def _trail(self, file: GrowingFile, end: int) -> Position:
        reader = self._reader(Form.TEXT, Errors.REPLACE, 0, Position())
        reader.skip(file.stream(end))
        return reader.place

    def _first_line(self, file: GrowingFile) -> Position:
        limit = MAX_LINE + 2  # with its end of line
        reader = self._reader(Form.TEXT, Errors.REPLACE, 0, Position())
        reader.skip(io.BytesIO(file.stream(limit).readline(limit)))
        return reader.place

    def _restart(self, file: GrowingFile, state: FollowState) -> None:
        copy = find_copy(self._path, lambda found: self._continues(found, state))
        if copy is not None:
            self._switch(copy)
            return
        told = "was truncated or written anew; it is read from its start."
        if self._size != state.place.offset or state.pending is not None:
            told += f" Its earlier records after byte {state.place.offset:,} may be missing."
        self._tell(told)
        self._begin(file)

    def _observe(self, file: GrowingFile, now: int) -> bool:
        """Return whether the file has not changed for so long that its last record counts as complete."""
        size = file.size()
        # When a file shrinks, its old size is kept here for the notice; it is read again in any case.
        if size > self._size or self._size < 0:
            self._size, self._changed_at = size, now
        self._changed_at = min(self._changed_at, now)  # the clock was set back
        self._quiet = now - self._changed_at
        return self._quiet >= self._settle

    def _tell(self, text: str) -> None:
        self._notices.append(Notice(f"{self._path} {text}"))

    def _take_notices(self) -> tuple[Notice, ...]:
        taken = tuple(self._notices)
        self._notices.clear()
        return taken

    # ── What is in it ───────────────────────────────────────────────────────────────────────────────

    def _read(
        self, file: GrowingFile, state: FollowState, now: int, *, quiet: bool, last: bool
    ) -> FollowBatch | None:
        start = state.place.offset
        data = file.read(self._max_bytes, start)
        form = state.form or self._recognise(file, quiet=quiet)
        if not data or form is None:
            return None
        full = len(data) == self._max_bytes
        scout = self._reader(form, self._errors, now, state.place)
        for _ in scout.read(io.BytesIO(data), final=last and not full):
            pass
        end, held = scout.place.offset, scout.held
        if quiet and scout.expects:
            quiet = self._quiet >= max(self._settle, SETTLE_OF_TRACES)
        whole = held == start if full else quiet
        if held is not None and not whole:
            end = held
        if end == start:
            return None
        data = data[: end - start]
        pending = Pending(end, now, _digest(data), self._errors)
        state = replace(state, form=form, pending=pending)
        self._checkpoint.save(state)
        return self._batch(state, pending, data)

    def _repeat(self, file: GrowingFile, state: FollowState, pending: Pending) -> FollowBatch | None:
        data = file.read(pending.end - state.place.offset, state.place.offset)
        if _digest(data) == pending.digest:
            return self._batch(state, pending, data)
        self._restart(file, state)
        return None

    def _batch(self, state: FollowState, pending: Pending, data: bytes) -> FollowBatch:
        """Make the batch from the checkpoint and its bytes alone, so that a restart makes the same batch."""
        assert state.form is not None, "a pending batch has a form"
        reader = self._reader(state.form, pending.errors, pending.read_at, state.place)
        entries = tuple(_again(item, state.before) for item in reader.read(io.BytesIO(data), final=True))
        begun = (*state.begun, *_begun(entries, _MAX_BEGUN - len(state.begun)))
        tail = data[-_TAIL:]
        after = replace(
            state, place=reader.place, tail=_digest(tail), tail_size=len(tail), pending=None, begun=begun
        )
        return FollowBatch(
            entries,
            read_at=pending.read_at,
            start=state.place.offset,
            end=pending.end,
            source=reader.place.source,
            notices=self._take_notices(),
            _commit=self.commit,
            _after=after,
        )

    def _reader(self, form: LineForm, errors: Errors, reference: int, place: Position) -> LineReader:
        # A line must not fill a whole batch, because a batch ends at the end of a record.
        limit = min(MAX_LINE, self._max_bytes // 2)
        return LineReader(form, errors=errors, reference=reference, place=place, max_line=limit)

    def _recognise(self, file: GrowingFile, *, quiet: bool) -> LineForm | None:
        found = recognise(file.read(LOOK, 0), self._form)
        if found is None:
            return fallback(self._form) if quiet else None
        return as_lines(found)


class _Sleep(Protocol):
    def __call__(self, seconds: float, /) -> object: ...


def batches(
    followed: FollowedFile,
    *,
    clock: Callable[[], int],
    sleep: _Sleep,
    on_notice: Callable[[str], object],
    interval: float = POLL_SECONDS,
    gather: float = GATHER_SECONDS,
) -> Iterator[FollowBatch]:
    """Yield batches without end; each has to be committed before the next. Notices go to `on_notice`.

    While there is more than one batch to read, the next one follows at once. Otherwise the file is polled
    every `interval` seconds, and records are collected for `gather` seconds.
    """
    while True:
        batch = followed.poll(clock())
        if batch is None:
            sleep(interval)
            continue
        for notice in batch.notices:
            on_notice(notice.text)
        if batch.end > batch.start:
            yield batch
            if batch.end - batch.start < _MUCH:
                sleep(gather)
        else:
            batch.commit()


def _has_pending(file: GrowingFile, state: FollowState, pending: Pending) -> bool:
    """Return whether the bytes of the pending batch are in the file."""
    start = state.place.offset
    return _digest(file.read(pending.end - start, start)) == pending.digest


def _holds(file: GrowingFile, state: FollowState) -> bool:
    """Return whether the bytes of the file before the checkpoint's place are those that were read."""
    end = state.place.offset
    return file.size() >= end and _digest(file.read(state.tail_size, end - state.tail_size)) == state.tail


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
        return replace(item, again=before[item.chain[:_KEY]])
    return item


def _with_begun(state: FollowState) -> dict[str, int]:
    """Count how many files began with each line, including the one that ends; of many lines, the latest."""
    counts = {key: count for key, count in state.before.items() if key not in state.begun}
    counts |= {key: state.before.get(key, 0) + 1 for key in state.begun}
    return dict(list(counts.items())[-_MAX_BEFORE:])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
