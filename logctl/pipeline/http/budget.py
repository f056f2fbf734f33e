"""What one request may use: time, and records read. Who asks for more gets a part of it, or a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import zstandard

if TYPE_CHECKING:
    from logctl.aws.clients import Aws
    from logctl.core.hot_rows import Chunk

MOST_PLAIN = 32_000_000
"""Bytes of records, unpacked: as Python's values they take several times that of the function's 512 MB."""
MOST_CHUNKS = 20_000
_KEPT_FOR_A_CALL = 0.6
"""Of the function's time: as long as one call with its second attempt can take (`patience`)."""
_KEPT_FOR_THE_ANSWER = 0.65


class OutOfTime(Exception):
    """A request needs more time than it has, and there is nothing to answer yet."""


class Budget:
    """One request's, in milliseconds: `remaining` until Lambda ends the function, of `timeout` in all."""

    def __init__(self, timeout: int, remaining: Callable[[], int] = lambda: 10**9) -> None:
        self._timeout = timeout
        self._remaining = remaining
        self._plain = self._chunks = 0

    def over(self) -> bool:
        """Whether reading should stop with what there is."""
        return (
            self._remaining() < _KEPT_FOR_THE_ANSWER * self._timeout
            or self._plain >= MOST_PLAIN
            or self._chunks >= MOST_CHUNKS
        )

    def found(self, _: Chunk) -> None:
        """Count a chunk that was read from the store."""
        self._chunks += 1

    def unpacked(self, chunk: Chunk) -> None:
        """Count a chunk whose records are looked at."""
        self._plain += max(len(chunk.data), zstandard.frame_content_size(chunk.data))

    def check(self) -> None:
        """Before each call to AWS.

        Raises:
            OutOfTime: it could not end in time.
        """
        if self._remaining() < _KEPT_FOR_A_CALL * self._timeout:
            raise OutOfTime


def watch(aws: Aws, budget: Callable[[], Budget]) -> None:
    """Ask the budget of the request under way before each call of the clients that answers use: no loop over
    apps, kinds or pages, wherever it is, outlasts the function."""

    def before_call(**_: Any) -> None:
        budget().check()

    for client in (aws.dynamodb, aws.sqs):
        client.meta.events.register_first("before-call", before_call)


def patience(timeout: int) -> dict[str, Any]:
    """For botocore's `Config`: what makes a call and its second attempt fit the time kept for it.

    Args:
        timeout: the function's, in milliseconds.
    """
    seconds = timeout / 1_000
    return {
        "connect_timeout": seconds * 0.05,
        "read_timeout": seconds * 0.2,
        "retries": {"mode": "standard", "total_max_attempts": 2},
    }
