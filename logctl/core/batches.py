"""Batches of a sequence or stream, for APIs that take a bounded number of items in one request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items in their order; the last may be shorter, and none is empty."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
