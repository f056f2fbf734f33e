"""The lines of a bill for one month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logctl.core.times import HOUR
from logctl.ops.cost.prices import Price

MONTH = 730 * HOUR
"""A month in milliseconds, as AWS's calculators count it."""
SQS_CHUNK = 64 * 1024
"""SQS bills each 64 KB of a request as a request (Amazon SQS pricing)."""


@dataclass(frozen=True)
class CostLine:
    """One line of a bill. The quantity is None where it depends on use, and only the price is known."""

    service: str
    what: str
    quantity: float | None
    price: Price

    @property
    def amount(self) -> float | None:
        """Dollars in a month; None without a quantity."""
        return None if self.quantity is None else self.price.of(self.quantity)


def total(lines: Sequence[CostLine]) -> float:
    """Return the sum of the amounts, in dollars."""
    return sum(line.amount or 0 for line in lines)
