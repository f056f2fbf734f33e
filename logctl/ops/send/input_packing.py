"""Packing the inputs of one `send`, in order, with as many processes as are worth it.

Files are packed one after the other, and a large file in blocks. With worker processes, blocks and small
files are handed out ahead, and what they give is taken in order.
"""

from __future__ import annotations

import io
import pickle
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

from logctl.ops.send.block_packing import BlockTask, PackedPart, RecordMaker, joined
from logctl.ops.send.input_files import RecognisedInput
from logctl.ops.send.line_blocks import BLOCK_BYTES, line_blocks, placed_blocks
from logctl.ops.send.reader_state import thaw
from logctl.ops.send.worker_processes import WorkerProcesses, useful_workers

WORTH_IT = 24 * 1024 * 1024
"""Bytes of all files together from which on workers are started: each takes 0.3 s until it begins."""
_MOST_WRONG = 3
"""How often the state before a block of a file is guessed wrong before it is no longer guessed."""


Opened = AbstractContextManager[RecognisedInput]


@dataclass(frozen=True)
class FileInput:
    """A file to be packed. Its functions can be pickled, so that another process can do the same.

    `open` opens and recognises it, and calls its argument with sentences for people. `maker` says what is
    made of its entries. `block` is the size of blocks, in bytes.
    """

    path: str
    open: Callable[[Callable[[str], object]], Opened]
    maker: Callable[[], RecordMaker]
    block: int = field(default_factory=lambda: BLOCK_BYTES)

    def parts(self) -> Iterator[PackedPart]:
        """Yield what is packed of it, block by block."""
        notices: list[str] = []
        with self.open(notices.append) as found:
            yield PackedPart(notices=notices)
            yield from _parts_of(found, self.maker(), self.block)

    def run(self) -> PackedPart:
        """Return what is packed of it, as a task for a worker."""
        return joined(self.parts())


def packed_files(files: Sequence[FileInput], workers: int | None = None) -> Iterator[tuple[int, PackedPart]]:
    """Yield what is packed of files, one after the other, with the index of each file.

    `workers`: how many processes; None for as many as are worth it.
    """
    sizes = {file.path: _size(file.path) for file in files}
    if workers is None:
        workers = useful_workers() if sum(sizes.values()) >= WORTH_IT else 1
    if workers < 2 or not _can_be_pickled(files):
        for number, file in enumerate(files):
            for part in file.parts():
                yield number, part
        return
    with WorkerProcesses(workers) as pool:
        yield from _with_workers(files, sizes, pool)


def _parts_of(found: RecognisedInput, maker: RecordMaker, block_size: int) -> Iterator[PackedPart]:
    if found.long_at is not None:
        yield from maker.packed(found.entries())
        return
    reader = found.make_reader(place=found.place)
    for block in line_blocks(found.stream, block_size):
        stream = block.endless if block.endless is not None else _stream(block.data)
        yield from maker.packed(reader.read(stream, final=block.final))


# ── With worker processes ───────────────────────────────────────────────────────────────────────────


class _Chain:
    """The blocks of one file, of which each has to begin in the state in which the one before has ended."""

    def __init__(self) -> None:
        self.ended = b""
        self.state = b""
        self.wrong = 0

    @property
    def guesses(self) -> bool:
        return self.wrong < _MOST_WRONG

    def add(self, part: PackedPart) -> None:
        self.ended, self.state = part.ended, part.state

    def follows(self, part: PackedPart) -> bool:
        return not self.ended or part.begun == self.ended


@dataclass
class _Job:
    """A part of a file that is being packed. `parts` waits for it; if `alone`, nothing else begins before."""

    parts: Callable[[], Iterator[PackedPart]]
    alone: bool = False


def _with_workers(
    files: Sequence[FileInput], sizes: dict[str, int], pool: WorkerProcesses
) -> Iterator[tuple[int, PackedPart]]:
    waiting: deque[tuple[int, _Job]] = deque()
    for number, file in enumerate(files):
        small = 0 < sizes[file.path] <= file.block
        for job in [_small_file(file, pool)] if small else _safely(_large_file(file, pool)):
            waiting.append((number, job))
            while waiting and (job.alone or len(waiting) > pool.count + 1):
                of, first = waiting.popleft()
                for part in first.parts():
                    yield of, part
    for of, job in waiting:
        for part in job.parts():
            yield of, part


def _safely(jobs: Iterator[_Job]) -> Iterator[_Job]:
    """Yield jobs; an error in between is raised when it is its turn, after what comes before it."""
    try:
        yield from jobs
    except Exception as problem:  # noqa: BLE001 - raised again
        yield _Job(partial(_raise, problem), alone=True)


def _raise(problem: Exception) -> Iterator[PackedPart]:
    raise problem


def _small_file(file: FileInput, pool: WorkerProcesses) -> _Job:
    future = pool.submit(file)
    return _Job(lambda: iter([future.result()]))


def _large_file(file: FileInput, pool: WorkerProcesses) -> Iterator[_Job]:
    notices: list[str] = []
    with file.open(notices.append) as found:
        yield _Job(lambda: iter([PackedPart(notices=notices)]))
        maker = file.maker()
        if found.long_at is not None:
            yield _Job(lambda: maker.packed(found.entries()), alone=True)
            return
        chain, skipper = _Chain(), found.make_reader(place=found.place)
        for placed in placed_blocks(found.stream, skipper, file.block):
            block = placed.block
            if block.endless is not None:
                yield _Job(partial(_rest, found, maker, chain, block.endless), alone=True)
                return
            task = BlockTask(
                found.make_reader, maker, placed.place, placed.before, data=block.data, final=block.final
            )
            yield _block(task, chain, pool)


def _rest(
    found: RecognisedInput, maker: RecordMaker, chain: _Chain, stream: BinaryIO
) -> Iterator[PackedPart]:
    """Yield what is packed of the rest of a file in this process, because it has a very long line."""
    reader = found.make_reader(place=found.place)
    if chain.state:
        thaw(reader, chain.state)
    yield from maker.packed(reader.read(stream, final=True))


def _block(task: BlockTask, chain: _Chain, pool: WorkerProcesses) -> _Job:
    future: Future[PackedPart] | None = pool.submit(task) if chain.guesses else None

    def parts() -> Iterator[PackedPart]:
        part = future.result() if future is not None else None
        if part is not None and not chain.follows(part):
            chain.wrong += 1
            part = None
        if part is None:
            part = pool.submit(replace(task, state=chain.state, before=b"")).result()
        chain.add(part)
        yield part

    return _Job(parts, alone=future is None)


def _stream(data: bytes) -> BinaryIO:
    return io.BytesIO(data)


def _size(path: str) -> int:
    """Return the bytes of a file; 0 if it cannot be known, which is told when it is opened."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0


def _can_be_pickled(files: Sequence[FileInput]) -> bool:
    """Return whether other processes can get what was chosen for the inputs: a zone made of a rule cannot."""
    try:
        pickle.dumps(files)
    except (pickle.PicklingError, TypeError, AttributeError):
        return False
    return True
