"""Following many files at once: in turn, with few of them open, and with new ones as they appear.

Each file is followed by a `FollowedFile` with its own checkpoint. A round has at most one batch of each file,
so that a busy file does not delay the others. The batches of a round are sent together, and each is committed
once all have been accepted.

A file in which nothing happens is only looked at: one `stat` a poll. When many are followed, such files are
closed, and opened again from their checkpoints, as after a restart.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

from logctl.core.errors import UsageError
from logctl.core.times import MINUTE, SECOND
from logctl.ops.send.binary_files import is_binary
from logctl.ops.send.encodings import wide_encoding
from logctl.ops.send.entries import Entry, Rejection
from logctl.ops.send.follow_checkpoint import CheckpointUnusable, FollowedElsewhere, FollowState
from logctl.ops.send.follow_paths import FollowPaths, FoundPaths, LeftOut
from logctl.ops.send.followed_content import SETTLE_OF_TRACES, holds
from logctl.ops.send.followed_file import FollowBatch, FollowedFile
from logctl.ops.send.growing_file import open_rotated

MAX_OPEN = 100
"""How many files are open at the same time, with two file descriptors each: one locks the checkpoint."""
_MAX_BATCHES = 50
_MAX_BYTES = 8 * 1024 * 1024
"""Batches of a round, and the bytes of a round after which no batch is added."""
_MUCH = 512 * 1024
"""Bytes after a batch with which the next one of its file is read at once."""
_LOOK_AGAIN = 2 * SECOND
"""How often folders and patterns are looked up again."""
_RARELY = 50
"""Looking up folders and patterns may take one part of so many of the time."""
_SLOW = SECOND
"""How often a file is polled that cannot be read, or was renamed and has no successor yet."""
_SLOW_AGAIN = 10 * SECOND
"""How often to try to follow a file that another process follows."""
_LET_GO = MINUTE
"""How long a file that is no longer found must be quiet until it is left."""
_MAX_INODES = 4
"""How many inodes are remembered of each file."""
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FileBatch:
    """A batch and the path of its file."""

    path: Path
    batch: FollowBatch


@dataclass(frozen=True)
class FollowRound:
    """Batches of different files, to be sent together, and messages for the person who follows them."""

    batches: tuple[FileBatch, ...] = ()
    notices: tuple[str, ...] = ()

    def commit(self) -> None:
        """Record that all batches were sent."""
        for item in self.batches:
            item.batch.commit()


@dataclass(frozen=True, slots=True)
class WaitingLines:
    """How many bytes of a file wait to be sent, and its newest lines, from the offset `start` on.

    The lines are read without those before them.
    """

    path: Path
    size: int
    start: int
    entries: tuple[Entry | Rejection, ...]


_Signature = tuple[int, int, int, int] | None


@dataclass(eq=False)
class _Entry:
    """A file that is followed. `certain`: it was named itself, and is waited for.

    `signature` is that of the file when it came to rest; `resting` says whether it still is. It is not polled
    within `pause` milliseconds after `paused_at`. `seen` is `FollowedFile.seen` while it is closed. `inodes`
    has what was read of the files that had this path, to recognise them under other names.
    """

    path: Path
    certain: bool
    from_end: bool
    followed: FollowedFile | None = None
    resting: bool = False
    signature: _Signature = None
    paused_at: int = 0
    pause: int = 0
    much: bool = False
    refused: bool = False
    seen: tuple[int, int, int] | None = None
    inodes: dict[tuple[int, int], FollowState] = field(default_factory=dict)

    def close(self) -> None:
        if self.followed is not None:
            self.seen = self.followed.seen
            self.followed.close()
            self.followed = None


class FollowedFiles:
    """The files that folders, patterns and names stand for, followed in turn.

    `open_file` makes the `FollowedFile` of a path; its second argument says whether to skip what is in the
    file.

    Raises:
        UsageError: a file that is there cannot be followed, such as one that another process follows.
    """

    def __init__(
        self,
        paths: FollowPaths,
        *,
        open_file: Callable[[Path, bool], FollowedFile],
        from_end: bool = False,
        max_open: int = MAX_OPEN,
    ) -> None:
        self._paths = paths
        self._open_file = open_file
        self._max_open = max_open
        self._entries: dict[Path, _Entry] = {}
        self._told: set[Path] = set()
        self._notices: list[str] = []
        self._looked_at: int | None = None
        self._look_again = _LOOK_AGAIN
        self._missing_told = False
        self._next = 0
        try:
            self._update(from_end=from_end)
            for entry in [*self._entries.values()]:
                try:
                    self._open(entry)
                except (CheckpointUnusable, FollowedElsewhere):
                    raise
                except UsageError as problem:
                    self._give_up(entry, problem)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> FollowedFiles:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all files and checkpoints."""
        for entry in self._entries.values():
            entry.close()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files that are followed now."""
        return tuple(self._entries)

    def poll(self, now: int, *, only_much: bool = False, only: Collection[Path] | None = None) -> FollowRound:
        """Return the next round; it has to be committed before the next poll.

        `now` is in milliseconds. With `only_much`, only files are read whose last batch did not hold all;
        with `only`, only these files.

        Raises:
            UsageError: a file cannot be followed that was named itself, or a checkpoint cannot be written.
        """
        if self._looked_at is None or not 0 <= now - self._looked_at < self._look_again:
            if self._looked_at is not None:
                self._update(from_end=False)
            self._looked_at = now
        batches, size = [], 0
        for entry in self._in_turn():
            if (only_much and not entry.much) or (only is not None and entry.path not in only):
                continue
            if not self._is_due(entry, now):
                continue
            batch = self._poll(entry, now)
            if batch is None:
                continue
            self._notices += [notice.text for notice in batch.notices]
            if batch.end == batch.start:
                batch.commit()
                continue
            batches.append(FileBatch(entry.path, batch))
            size += batch.end - batch.start
            if size >= _MAX_BYTES or len(batches) >= min(_MAX_BATCHES, self._max_open):
                break
        notices = tuple(self._notices)
        self._notices.clear()
        return FollowRound(tuple(batches), notices)

    def waiting(self, now: int) -> Iterator[WaitingLines]:
        """Yield what waits in the files that are open, and the lines that were not yielded before.

        Nothing is marked as sent, or as about to be sent.
        """
        for entry in self._entries.values():
            if entry.followed is None or not self._is_due(entry, now):
                continue
            size, start, entries = entry.followed.waiting()
            if size:
                yield WaitingLines(entry.path, size, start, tuple(entries))

    @property
    def has_much(self) -> bool:
        """Whether a file probably has more than what its last batch held."""
        return any(entry.much for entry in self._entries.values())

    def _in_turn(self) -> Iterator[_Entry]:
        """Yield all entries, beginning after the last one of the last round."""
        entries = list(self._entries.values())
        start = self._next
        for number in range(len(entries)):
            index = (start + number) % len(entries)
            self._next = (index + 1) % len(entries)
            yield entries[index]

    # ── One file ────────────────────────────────────────────────────────────────────────────────────

    def _is_due(self, entry: _Entry, now: int) -> bool:
        if entry.resting:
            if _signature(entry.path) == entry.signature:
                return False
            entry.resting = False
            return True
        return not 0 <= now - entry.paused_at < entry.pause  # also after the clock was set back

    def _poll(self, entry: _Entry, now: int) -> FollowBatch | None:
        signature = _signature(entry.path)
        entry.much = False
        try:
            followed = entry.followed or self._open(entry)
            batch = followed.poll(now)
        except FollowedElsewhere as problem:
            self._refuse(entry, problem, now)
            return None
        except CheckpointUnusable:
            raise
        except UsageError as problem:
            self._give_up(entry, problem)
            return None
        entry.from_end = entry.refused = False
        self._note_inode(entry, followed)
        if batch is not None:
            entry.much = followed.left >= _MUCH
            return batch
        entry.resting, entry.signature = followed.at_rest, signature
        waiting = followed.is_busy or followed.quiet >= SETTLE_OF_TRACES
        entry.paused_at, entry.pause = now, _SLOW if waiting else 0
        return None

    def _open(self, entry: _Entry) -> FollowedFile:
        """Open a file. If too many are open, close one that is at rest, or else the one opened first."""
        opened = [other for other in self._entries.values() if other.followed is not None]
        if len(opened) >= self._max_open:
            for other in sorted(opened, key=lambda other: not other.resting):
                if other.followed is not None and not other.followed.is_busy:
                    other.close()
                    break
        entry.followed = self._open_file(entry.path, entry.from_end)
        entry.followed.seen = entry.seen
        entry.followed.tells_missing = entry.certain
        return entry.followed

    def _give_up(self, entry: _Entry, problem: UsageError) -> None:
        """Leave a file that cannot be followed, unless it was named itself."""
        if entry.certain:
            raise problem
        entry.close()
        self._leave(entry.path, f"{problem.message} It is not followed.")

    def _refuse(self, entry: _Entry, problem: UsageError, now: int) -> None:
        """Try again later to follow a file that another process follows."""
        if not entry.refused:
            self._notices.append(f"{problem.message} logctl tries again.")
        entry.refused = True
        entry.paused_at, entry.pause = now, _SLOW_AGAIN

    def _note_inode(self, entry: _Entry, followed: FollowedFile) -> None:
        state = followed.state
        if state is not None:
            entry.inodes.pop((state.device, state.inode), None)
            needed = replace(state, form=None, pending=None, begun=(), before={})
            entry.inodes[state.device, state.inode] = needed
            if len(entry.inodes) > _MAX_INODES:
                del entry.inodes[next(iter(entry.inodes))]

    # ── Which files ─────────────────────────────────────────────────────────────────────────────────

    def _update(self, *, from_end: bool) -> None:
        """Look for new files, and leave those that are gone."""
        started = time.perf_counter()
        try:
            found = self._paths.find()
        except OSError:
            return  # a folder cannot be read at the moment: go on with the files that are known
        took = int((time.perf_counter() - started) * 1000)
        self._look_again = max(_LOOK_AGAIN, took * _RARELY)
        new = [path for path in found.paths if path not in self._entries and path not in self._told]
        inodes = self._inodes() if new else {}
        for path in new:
            certain = path in self._paths.certain
            if certain or not (self._is_renamed(path, inodes) or self._is_binary(path)):
                self._entries[path] = _Entry(path, certain, from_end)
        for path in set(self._entries).difference(found.paths):
            entry = self._entries[path]
            if _is_finished(entry):
                entry.close()
                del self._entries[path]
        self._told &= {*found.paths, *found.left_out}
        self._tell_left_out(found)
        if not self._entries and not self._missing_told:
            self._notices.append(f"No file matches {', '.join(self._paths.sets)} yet; logctl waits for one.")
        self._missing_told = not self._entries

    def _is_renamed(self, path: Path, known: Mapping[tuple[int, int], Sequence[FollowState]]) -> bool:
        """Return whether a new path is the new name of a file that is followed under another one.

        `known` has what was read of the files of each device and inode.
        """
        signature = _signature(path)
        for state in known.get(signature[:2], ()) if signature else ():
            try:
                file = open_rotated(path)
                if file is None:
                    return True
                with closing(file):
                    same = holds(file, state)
            except UsageError:
                continue
            except OSError:
                return True  # it is looked at again
            if same:
                self._told.add(path)
                return True
        return False

    def _inodes(self) -> Mapping[tuple[int, int], Sequence[FollowState]]:
        known: dict[tuple[int, int], list[FollowState]] = {}
        for entry in self._entries.values():
            for key, state in entry.inodes.items():
                known.setdefault(key, []).append(state)
        return known

    def _is_binary(self, path: Path) -> bool:
        """Return whether a file is not text; UTF-16 is reported elsewhere."""
        try:
            with path.open("rb") as file:
                start = file.read(1024)
        except OSError:
            return False  # the one who follows it reports that
        if wide_encoding(start) is not None or not is_binary(start):
            return False
        self._leave(path, f"{path} is not text. It is not followed.")
        return True

    def _leave(self, path: Path, notice: str) -> None:
        self._entries.pop(path, None)
        self._told.add(path)
        self._notices.append(notice)

    def _tell_left_out(self, found: FoundPaths) -> None:
        """Say once of each file that it is not followed."""
        new: dict[LeftOut, list[Path]] = {}
        for path, reason in found.left_out.items():
            if path not in self._told and path not in self._entries:
                self._told.add(path)
                if self._looked_at is None or reason is not LeftOut.ROTATED:
                    new.setdefault(reason, []).append(path)
        for reason, paths in new.items():
            names = ", ".join(str(path) for path in sorted(paths)[:_SHOWN])
            more = f" and {len(paths) - _SHOWN:,} more" if len(paths) > _SHOWN else ""
            self._notices.append(
                f"Not followed, because they are {reason}: {names}{more}. Send them with `logctl send`."
            )


def _is_finished(entry: _Entry) -> bool:
    """Return whether nothing more can be expected of a file that is no longer found."""
    if entry.resting:
        return _signature(entry.path) == entry.signature
    followed = entry.followed
    return followed is not None and followed.quiet >= _LET_GO and not followed.is_busy


def _signature(path: Path) -> _Signature:
    """Return what changes when a file changes; None if it cannot be found."""
    try:
        status = os.stat(path)  # noqa: PTH116 - four times as fast as Path.stat
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
