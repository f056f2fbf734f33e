"""Carrying out the independent calls of one message: at the same time, or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

Task = Callable[[], object]

_THREADS = 8
"""As many calls of one message run at once; botocore keeps ten connections for each service."""


class Together(Protocol):
    """A way of carrying out tasks of which none needs another."""

    def run(self, tasks: Sequence[Task]) -> None:
        """Carry out tasks, and return when none is running any more.

        Raises:
            Exception: what the first of the tasks that failed has raised. Tasks that had not begun by then
                may be left out.
        """


class InTurn:
    """Carries out one task after the other, up to the first that fails."""

    def run(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            task()


class AtOnce:
    """Carries out tasks in threads, the first one in the caller's own."""

    def __init__(self) -> None:
        """Create the threads' pool; threads are started when they are needed."""
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="together")

    def run(self, tasks: Sequence[Task]) -> None:
        if not tasks:
            return
        first, *others = tasks
        begun = [self._pool.submit(task) for task in others]
        failures: list[BaseException] = []
        try:
            first()
        except BaseException as error:  # noqa: BLE001 - it is raised below, when no thread runs any more
            failures.append(error)
        for future in begun:
            if failures and future.cancel():
                continue
            if failure := future.exception():
                failures.append(failure)
        if failures:
            raise failures[0]
