"""Following a growing file through rotation, one batch after the other.

    poll ──> checkpoint "sending bytes 0 to 900, read at 12:00" ──> batch ──> sent ──> commit
                                                              crash here ──> the same batch again

A file is found again by its inode and by what was read of it, not by its name: also when it was renamed,
compressed, or copied and truncated. It is read to its end, then the files rotated after it, then the new
file. A `Notice` says what can no longer be found. Lines that `copytruncate` drops between its copy and its
truncation cannot be noticed.

Where a batch ends depends on when the file was polled. The identity of its records does not (see
`ops.send.entries.Trail`): when the same content is sent in another way, its records are recognised.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from logctl.core.errors import UsageError
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.follow_checkpoint import Checkpoint, FollowState, Pending
from logctl.ops.send.followed_content import SETTLE_OF_TRACES, FollowedContent, holds, state_at_start
from logctl.ops.send.growing_file import GrowingFile, open_file
from logctl.ops.send.input_forms import LOOK, Compression, compression
from logctl.ops.send.log_rotation import Following, find, find_copy, open_next

_LOOKED_AT = 256 * 1024
"""Bytes of new lines that are looked at before they are sent; of more, the rest is not looked at."""
_GROWTHS = 100
"""How many of the moments are remembered at which a file was seen to have grown."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to the person who follows the file, such as that records may be missing."""

    text: str


@dataclass(frozen=True, slots=True)
class FollowBatch:
    """The entries in the bytes from `start` to `end` of a file, which `source` identifies by its first line.

    `read_at` is the time of reading, in milliseconds; `written_at` is that at which its last bytes were
    written, if the file has no more. A batch with notices only has nothing to send, and has to be committed
    too.
    """

    entries: tuple[Entry | Rejection, ...]
    read_at: int
    start: int
    end: int
    source: str
    notices: tuple[Notice, ...]
    _commit: Callable[[FollowBatch], None] = field(repr=False, compare=False)
    _after: FollowState | None = field(default=None, repr=False, compare=False)
    written_at: int | None = field(default=None, compare=False)

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
        content: FollowedContent = FollowedContent(),
        from_end: bool = False,
    ) -> None:
        self._path = Path(path).absolute()
        self._content = content
        self._from_end = from_end
        self._file: GrowingFile | None = None
        self._size = -1
        self._changed_at = 0
        self._grown: deque[tuple[int, int]] = deque(maxlen=_GROWTHS)
        """Sizes that the file had, and when it was seen to have grown to them, in milliseconds."""
        self._quiet = 0
        self._looked_at = 0
        """The offset up to which `waiting` has yielded the lines."""
        self.seen: tuple[int, int, int] | None = None
        """Inode and size of the file when it was last polled, and when it changed, in milliseconds."""
        self._found_nothing = False
        self._trouble: OSError | None = None
        self._troubled = False
        self.tells_missing = True
        """Whether to say once that the file does not exist."""
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
        self._looked_at = 0
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

    @property
    def left(self) -> int:
        """How many bytes of the file come after the outstanding batch."""
        if self._file is None or self._outstanding is None:
            return 0
        try:
            return max(0, self._file.size() - self._outstanding.end)
        except OSError:
            return 0  # the next poll tells

    def waiting(self) -> tuple[int, int, list[Entry | Rejection]]:
        """Return how many bytes wait to be sent, and from which offset on the new lines among them say what.

        The lines are read without those before them: what they say of time and identity is not right.
        """
        if self._file is None or self._outstanding is not None:
            return 0, 0, []
        try:
            sent = self._current.place.offset
            size = self._file.size()
            start = max(sent, self._looked_at)
            data = self._file.read(_LOOKED_AT, start) if start < size else b""
        except OSError:
            return 0, 0, []  # the next poll tells
        data = data[: data.rfind(b"\n") + 1]
        self._looked_at = start + len(data)
        return max(0, size - sent), start, self._content.glance(data) if data else []

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
    def is_busy(self) -> bool:
        """Whether a batch or a notice waits to be taken, or the file cannot be read at the moment."""
        return self._outstanding is not None or bool(self._notices) or self._troubled

    @property
    def quiet(self) -> int:
        """For how many milliseconds the file had not changed when it was polled last."""
        return self._quiet

    @property
    def state(self) -> FollowState | None:
        """The state in the checkpoint; None if nothing has been read yet."""
        return self._checkpoint.state

    @property
    def at_rest(self) -> bool:
        """Whether everything is sent, so that only a change of the file at the path brings something new.

        A file that is not there yet is at rest too; one that was renamed is not, because it may still grow.
        """
        if self.is_busy:
            return False
        if self._file is None:
            return True
        quiet = self._quiet >= max(self._content.settle, SETTLE_OF_TRACES)
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
                batch = self._batch(file, state, state.pending)
                continue
            quiet = self._observe(file, now)
            if not holds(file, state):
                self._restart(file, state)
                continue
            # Looking for the next file may mean to decompress it.
            at_end = file.size() - state.place.offset < self._content.max_bytes
            following = self._following(file) if at_end and quiet >= self._content.settle else None
            last = following is not None
            found = self._content.pending(file, state, now, quiet=quiet, last=last)
            if found is not None:
                if following is not None:
                    following.file.close()
                self._checkpoint.save(found)
                continue
            if following is None:
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

    def _batch(self, file: GrowingFile, state: FollowState, pending: Pending) -> FollowBatch | None:
        """Return the pending batch. If its bytes are gone, the file was truncated or written anew."""
        part = self._content.part(file, state, pending)
        if part is None:
            self._restart(file, state)
            return None
        return FollowBatch(
            part.entries,
            read_at=pending.read_at,
            start=state.place.offset,
            end=pending.end,
            source=part.source,
            notices=self._take_notices(),
            _commit=self.commit,
            _after=part.after,
            written_at=self._written_at(pending.end),
        )

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
        if not file.is_at(self._path) and self._content.continues(file, self._current):
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
        if self._file is None and self.tells_missing:
            self.tells_missing = False
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
            read = state.place.offset > 0
            file = find(self._path, state.device, state.inode, lambda found: holds(found, state), read=read)
            if file is not None:
                retraced = self._content.retraced(file, state)
                if retraced is not state:
                    self._checkpoint.save(retraced)
                return file
        file = open_file(self._path)
        if state is not None:
            if file is not None and self._content.continues(file, state):
                self._checkpoint.save(replace(state, device=file.device, inode=file.inode))
                return file
            copy = find_copy(self._path, lambda found: self._content.continues(found, state))
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
            self._checkpoint.save(self._content.at_end(file, self._current, now))
        return file

    def _begin(self, file: GrowingFile) -> None:
        if compression(file.read(LOOK, 0)) is not Compression.NONE:
            raise UsageError(f"{self._path} is compressed.", "Send it without --follow.")
        self._size, self._looked_at = -1, 0
        self._checkpoint.save(state_at_start(file, self._checkpoint.state))

    def _restart(self, file: GrowingFile, state: FollowState) -> None:
        copy = find_copy(self._path, lambda found: self._content.continues(found, state))
        if copy is not None:
            self._switch(copy)
            return
        told = "was truncated or written anew; it is read from its start."
        if self._size != state.place.offset or state.pending is not None:
            told += f" Its earlier records after byte {state.place.offset:,} may be missing."
        self._tell(told)
        self._begin(file)

    def _written_at(self, end: int) -> int | None:
        """Return when the bytes before an offset were written, in milliseconds; None if that was not seen."""
        before = None
        for size, at in self._grown:
            if end <= size:
                return at if before is not None or end == size else None
            before = size
        return None

    def _observe(self, file: GrowingFile, now: int) -> int:
        """Return for how many milliseconds the file has not changed."""
        size = file.size()
        # When a file shrinks, its old size is kept here for the notice; it is read again in any case.
        if self._size < 0:
            same = self.seen is not None and self.seen[:2] == (file.inode, size)
            self._size, self._changed_at = size, file.modified() // 1_000_000
            self._grown.clear()
            self._grown.append((size, self._changed_at))
            if same and self.seen is not None:
                self._changed_at = min(self._changed_at, self.seen[2])
        elif size > self._size:
            self._size, self._changed_at = size, now
            self._grown.append((size, now))
        self._changed_at = min(self._changed_at, now)  # the clock was set back
        self._quiet = now - self._changed_at
        self.seen = (file.inode, size, self._changed_at)
        return self._quiet

    def _tell(self, text: str) -> None:
        self._notices.append(Notice(f"{self._path} {text}"))

    def _take_notices(self) -> tuple[Notice, ...]:
        taken = tuple(self._notices)
        self._notices.clear()
        return taken
