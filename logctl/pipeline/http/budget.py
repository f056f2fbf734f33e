"""Limits of one request: its time, and the records that it may read.

A request that would need more gets a part of the answer, or an error.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import zstandard

if TYPE_CHECKING:
    from logctl.aws.clients import Aws
    from logctl.core.hot_rows import HotRow

MOST_PLAIN = 32_000_000
"""Bytes of decompressed records. As Python values they take several times that of the function's 512 MB."""
MOST_CHUNKS = 20_000
MOST_OBJECTS = 1_000
"""Objects that are fetched from S3."""
_KEPT_FOR_A_CALL = 0.6
"""Share of the function's time that has to be left for another call: as long as a call and its second attempt
can take (`patience`)."""
_KEPT_FOR_THE_ANSWER = 0.65
"""Share of the function's time at which reading stops: more, so that the last call is not refused."""


class BudgetExceeded(Exception):
    """A request needs more time than it has, and no part of the answer is ready."""


class Budget:
    """The remaining time and records of one request.

    `timeout` is the function's time in all, and `remaining` returns what is left of it, both in milliseconds.
    """

    def __init__(self, timeout: int, remaining: Callable[[], int] = lambda: 10**9) -> None:
        self._timeout = timeout
        self._remaining = remaining
        self._plain = self._chunks = self._objects = 0

    def over(self) -> bool:
        """Return whether reading should stop; the answer then has the records that were read so far."""
        return (
            self._remaining() < _KEPT_FOR_THE_ANSWER * self._timeout
            or self._plain >= MOST_PLAIN
            or self._chunks >= MOST_CHUNKS
            or self._objects >= MOST_OBJECTS
        )

    def found(self, _: HotRow) -> None:
        """Count a chunk that was read from the store."""
        self._chunks += 1

    def fetched(self) -> None:
        """Count an object that is fetched."""
        self._objects += 1

    def unpacked(self, frame: bytes) -> None:
        """Count the bytes of a frame that is about to be decompressed."""
        self._plain += max(len(frame), zstandard.frame_content_size(frame)) if frame else 0

    def check(self) -> None:
        """Check that one more call to AWS can end in time.

        Raises:
            BudgetExceeded: it cannot.
        """
        if self._remaining() < _KEPT_FOR_A_CALL * self._timeout:
            raise BudgetExceeded


def watch(aws: Aws, budget: Callable[[], Budget]) -> None:
    """Check the budget of the current request before each call of the clients that answers use.

    So no loop over apps, kinds or pages, wherever it is, outlasts the function.
    """

    def before_call(**_: Any) -> None:
        budget().check()

    for client in (aws.dynamodb, aws.s3, aws.sqs):
        client.meta.events.register_first("before-call", before_call)


def patience(timeout: int) -> dict[str, Any]:
    """Return arguments of botocore's `Config` that limit a call and its second attempt to the time kept.

    Args:
        timeout: the function's, in milliseconds.
    """
    seconds = timeout / 1_000
    return {
        "connect_timeout": seconds * 0.05,
        "read_timeout": seconds * 0.2,
        "retries": {"mode": "standard", "total_max_attempts": 2},
    }
