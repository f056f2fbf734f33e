"""Following a growing file through rotation, a batch at a time.

    poll ──> checkpoint "sending bytes 0 to 900, read at 12:00" ──> batch ──> sent ──> commit
                                                              crash here ──> the same batch again

A file is found again by its inode and what was read of it, not by its name: one that is renamed is read
to its end, then those rotated after it, then the new one. What can no longer be found is said in a `Notice`.
Only what copytruncate drops between two polls goes unseen, as it does for everybody.

Where a batch ends depends on when somebody looked; what its records are does not (see
`ops.send.line_reader.Trail`). Sent by other means, the same records are known again.
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
from logctl.ops.send.follow_checkpoint import Checkpoint, Pending, State
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
from logctl.ops.send.line_reader import LineReader, Place
from logctl.ops.send.log_rotation import GrowingFile, find, open_file, open_next

SETTLE = SECOND
MAX_BYTES = 2 * MAX_LINE
POLL_SECONDS = 0.2
GATHER_SECONDS = 1.0
"""How long records gather before the next batch, when the last one was small: each message costs, whether it
holds one record or a thousand."""
_MUCH = 512 * 1024
_TAIL = 256
_KEY = 8
_MAX_BEGUN = 1_000
_MAX_BEFORE = 4_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that whoever follows the file must know."""

    text: str


@dataclass(frozen=True, slots=True)
class FollowBatch:
    """Entries of the bytes `start` to `end`. `source` names the file by its first line.

    With only `notices` in it there is nothing to send; commit it all the same.
    """

    entries: tuple[Entry | Rejection, ...]
    read_at: int
    start: int
    end: int
    source: str
    notices: tuple[Notice, ...]
    _commit: Callable[[FollowBatch], None] = field(repr=False, compare=False)
    _after: State | None = field(default=None, repr=False, compare=False)

    def commit(self) -> None:
        """It is sent: go on behind it, also after a restart."""
        self._commit(self)


class FollowedFile:
    """A growing file, from where its checkpoint says, or from its start (or end) without one.

    Raises:
        UsageError: somebody else follows it for the same app, or its checkpoint cannot be used.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        app: str,
        state_dir: Path,
        form: Requested = Requested.AUTO,
        errors: Errors = Errors.STRICT,
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
        if self._file is not None:
            self._file.close()
            self._file = None
        self._checkpoint.close()

    def poll(self, now: int) -> FollowBatch | None:
        """The next batch, the same until it is committed; `None` while there is nothing to send.

        Raises:
            UsageError: the file cannot be read, or the checkpoint not be written.
        """
        if self._outstanding is None:
            try:
                self._outstanding = self._next(now)
            except OSError as problem:
                raise UsageError(f"{self._path} cannot be read: {problem}.") from None
        return self._outstanding

    def commit(self, batch: FollowBatch) -> None:
        """Move the checkpoint behind `batch`; once is enough."""
        if batch is not self._outstanding:
            return
        if batch._after is not None:
            self._checkpoint.save(batch._after)
        self._outstanding = None

    # ── Which file ──────────────────────────────────────────────────────────────────────────────────

    def _next(self, now: int) -> FollowBatch | None:
        if self._file is None:
            self._file = self._open(now)
        self._from_end = False  # a file that was not there at first has nothing old in it
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
            following = open_next(self._path, file) if quiet else None
            batch = self._read(file, state, now, quiet=quiet, last=following is not None)
            if following is None:
                break
            if batch is not None:
                following.file.close()
                break
            for skipped in following.skipped:
                self._notices.append(
                    Notice(
                        f"{skipped} was compressed before it was read; it is not sent. Send it by itself: "
                        "only what is missing is added."
                    )
                )
            file.close()
            self._file = following.file
            self._begin(following.file)
        if batch is None and self._notices:
            return FollowBatch((), now, 0, 0, "", self._take_notices(), self.commit)
        return batch

    @property
    def _current(self) -> State:
        assert self._checkpoint.state is not None, "an open file has a state"
        return self._checkpoint.state

    def _open(self, now: int) -> GrowingFile | None:
        """The file of the checkpoint, wherever it is; else the one of that name, from its start."""
        state = self._checkpoint.state
        if state is not None:
            file = find(self._path, state.device, state.inode, lambda found: _holds(found, state))
            if file is not None:
                self._retrace(file, state)
                return file
        file = open_file(self._path)
        if file is None:
            return None
        if state is not None and self._continues(file, state):
            self._checkpoint.save(replace(state, device=file.device, inode=file.inode))
            return file
        if state is not None:
            self._tell(
                "was rotated while nobody followed it, and the old file cannot be found: deleted or "
                f"compressed, perhaps. What it had after its byte {state.place.offset:,}, and files rotated "
                "after it, may be missing. Send those that are left: only what is missing is added."
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
        self._checkpoint.save(State(file.device, file.inode, tail=_digest(b""), before=before))

    def _skip_to_end(self, file: GrowingFile, now: int) -> None:
        """Behind the last complete line, having read all of them for what they mean for the next."""
        end = _end_of_lines(file)
        form = self._recognise(file, quiet=True) or Form.TEXT
        reader = self._reader(form, Errors.REPLACE, now, Place())
        begun = _begun(reader.read(file.stream(end), final=True), _MAX_BEGUN)
        tail = file.read(min(_TAIL, end), max(0, end - _TAIL))
        self._checkpoint.save(
            replace(self._current, place=reader.place, tail=_digest(tail), tail_size=len(tail), begun=begun)
        )

    def _retrace(self, file: GrowingFile, state: State) -> None:
        """The trail of a place that an earlier version has kept without one."""
        if state.place.offset and not state.place.chain and _holds(file, state):
            trail = self._trail(file, state.place.offset)
            self._checkpoint.save(
                replace(state, place=replace(state.place, chain=trail.chain, source=trail.source))
            )

    def _continues(self, file: GrowingFile, state: State) -> bool:
        """Whether it is a copy of the file that was read: all that was sent stands in it."""
        place = state.place
        if not place.chain or not _holds(file, state):
            return False
        return self._trail(file, place.offset).chain == place.chain

    def _trail(self, file: GrowingFile, end: int) -> Place:
        reader = self._reader(Form.TEXT, Errors.REPLACE, 0, Place())
        reader.skip(file.stream(end))
        return reader.place

    def _restart(self, file: GrowingFile, state: State) -> None:
        told = "was truncated or written anew; it is read from its start."
        if self._size != state.place.offset or state.pending is not None:
            told += f" What it had after byte {state.place.offset:,} may be missing."
        self._tell(told)
        self._begin(file)

    def _observe(self, file: GrowingFile, now: int) -> bool:
        """Whether the file has been quiet for long enough that its last record is whole."""
        size = file.size()
        # A shrunken file keeps its old size here for the notice; it starts again in any case.
        if size > self._size or self._size < 0:
            self._size, self._changed_at = size, now
        self._changed_at = min(self._changed_at, now)  # the clock was set back
        return now - self._changed_at >= self._settle

    def _tell(self, text: str) -> None:
        self._notices.append(Notice(f"{self._path} {text}"))

    def _take_notices(self) -> tuple[Notice, ...]:
        taken = tuple(self._notices)
        self._notices.clear()
        return taken

    # ── What is in it ───────────────────────────────────────────────────────────────────────────────

    def _read(
        self, file: GrowingFile, state: State, now: int, *, quiet: bool, last: bool
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

    def _repeat(self, file: GrowingFile, state: State, pending: Pending) -> FollowBatch | None:
        data = file.read(pending.end - state.place.offset, state.place.offset)
        if _digest(data) == pending.digest:
            return self._batch(state, pending, data)
        self._restart(file, state)
        return None

    def _batch(self, state: State, pending: Pending, data: bytes) -> FollowBatch:
        """From the checkpoint and the bytes it names alone, so that a restart makes the same one."""
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
            pending.read_at,
            state.place.offset,
            pending.end,
            reader.place.source,
            self._take_notices(),
            self.commit,
            after,
        )

    def _reader(self, form: LineForm, errors: Errors, reference: int, place: Place) -> LineReader:
        # No line may fill a batch: there would never be an end to hand it out at.
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
    """Batches for ever; each must be committed before the next comes. Notices go to `on_notice`.

    While there is more than a batch to read, one follows the other at once.
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


def _holds(file: GrowingFile, state: State) -> bool:
    """Whether the file still has before `place` what was read there."""
    end = state.place.offset
    return file.size() >= end and _digest(file.read(state.tail_size, end - state.tail_size)) == state.tail


def _end_of_lines(file: GrowingFile) -> int:
    """After the last complete line."""
    end = offset = 0
    while chunk := file.read(MAX_BYTES, offset):
        end = offset + chunk.rindex(b"\n") + 1 if b"\n" in chunk else end
        offset += len(chunk)
    return end


def _begun(items: Iterable[Entry | Rejection], most: int) -> tuple[str, ...]:
    """Keys of the lines before the first time; all items are drawn."""
    keys = [item.chain[:_KEY] for item in items if isinstance(item, Entry) and item.ts is None]
    return tuple(keys[:most])


def _again(item: Entry | Rejection, before: Mapping[str, int]) -> Entry | Rejection:
    if before and isinstance(item, Entry) and item.ts is None and item.chain[:_KEY] in before:
        return replace(item, again=before[item.chain[:_KEY]])
    return item


def _with_begun(state: State) -> dict[str, int]:
    """How many files began with each line, the one that ends included; of very many the latest."""
    counts = {key: count for key, count in state.before.items() if key not in state.begun}
    counts |= {key: state.before.get(key, 0) + 1 for key in state.begun}
    return dict(list(counts.items())[-_MAX_BEFORE:])


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
