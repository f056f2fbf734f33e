"""Worker processes, which do tasks for a command and end with it.

A worker reads tasks from its standard input, and ends when that ends: also when the command was killed. It
writes nothing to the terminal, and Ctrl-C is left to the command. `multiprocessing` would start each worker
with the modules of the whole command line, and leave it to end by itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Protocol, TypeVar

from logctl.core.errors import LogctlError

MOST = 8
"""How many workers there are at most: each takes some 60 MB of memory."""
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from logctl.ops.send.worker_processes import work; work()"
)

_AGAIN = "Memory may be short. Send the same again: records that were accepted are not added twice."

T = TypeVar("T", covariant=True)


class Task(Protocol[T]):
    """Something that can be pickled and done in another process."""

    def run(self) -> T:
        """Do it."""
        ...


def useful_workers() -> int:
    """Return how many processes this machine can run at the same time, up to `MOST`."""
    if not sys.executable:
        return 1  # Python is embedded in another program
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        count = os.cpu_count() or 1
    return min(count, MOST)


class WorkerProcesses:
    """Workers that are started when there is something to do; leaving the context ends them.

    Raises:
        LogctlError: a worker was ended from outside.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        for _ in range(count):
            self._idle.put(None)
        self._workers: list[_Worker] = []
        self._threads = ThreadPoolExecutor(count)

    def __enter__(self) -> WorkerProcesses:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def submit(self, task: Task[T]) -> Future[T]:
        """Have a worker do a task as soon as one is free."""
        return self._threads.submit(self._run, task)

    def _run(self, task: Task[T]) -> T:
        worker = self._idle.get()
        try:
            if worker is None:
                worker = _Worker()
                self._workers.append(worker)
            return worker.run(task)
        finally:
            self._idle.put(worker)


class _Worker:
    """One process."""

    def __init__(self) -> None:
        places = [place for place in sys.path if os.path.isabs(place)]  # noqa: PTH117 - pure, and one of many
        try:
            self._process = subprocess.Popen(
                # -P: a module in the current folder must not be taken for one of Python's.
                [sys.executable, "-P", "-c", _START, json.dumps(places)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except OSError as problem:
            raise LogctlError(
                f"A process that reads the input cannot be started: {problem.strerror}.", _AGAIN
            ) from None

    def run(self, task: Task[T]) -> T:
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            # Not through `dumps`, which would copy a block of lines.
            pickle.dump(task, self._process.stdin, protocol=pickle.HIGHEST_PROTOCOL)
            self._process.stdin.flush()
            answer = pickle.load(self._process.stdout)  # noqa: S301 - from a process of the same command
        except (OSError, EOFError, ValueError, pickle.UnpicklingError):
            raise self._ended() from None
        result, error = answer
        if error is not None:
            raise error
        return result  # type: ignore[no-any-return] # what the task returned

    def _ended(self) -> LogctlError:
        self._process.kill()
        code = self._process.wait()
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return LogctlError(
            f"A process that reads the input ended {how} before it was done.",
            _AGAIN,
        )

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def work() -> None:
    """Do the tasks that standard input gives, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    source, target = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    while True:
        try:
            task = pickle.load(source)  # noqa: S301 - from the process that started this one
        except (EOFError, pickle.UnpicklingError):
            return
        try:
            target.write(_answer(task.run))
            target.flush()
        except BrokenPipeError:
            os._exit(0)  # nobody waits for the answer, and Python would try to write the rest of it


def _answer(run: Callable[[], Any]) -> bytes:
    """Return what a task returns or raises, pickled."""
    try:
        return _pickled((run(), None))
    except Exception as error:  # noqa: BLE001 - raised again by the command
        try:
            return _pickled((None, error))
        except Exception:  # noqa: BLE001 - an error that cannot be pickled
            return _pickled((None, RuntimeError(f"{type(error).__name__}: {error}")))


def _pickled(value: object) -> bytes:
    return pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
