"""Lambda concurrency of the API, which must leave enough of the account's concurrency to the consumer.

An account may run 1,000 executions at once (a new one 10) unless AWS has raised its limit, and 100 of them
must stay unreserved (AWS Lambda Developer Guide, Lambda quotas; Configuring reserved concurrency). Reserved
concurrency of a function is its limit too, so the API cannot take more than that from the consumer.
"""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core.errors import LogctlError
from logctl.core.times import SECOND

AUTOMATIC = -1
"""The value of `api_concurrency = "auto"`: reserve `RESERVED` if the account has room for them."""
RESERVED = 20
"""Executions that `auto` reserves for the API."""
UNRESERVABLE = 100
"""Executions that Lambda keeps unreserved in every account."""
FEW = 4
"""Without a reservation, the API may take up to one part in so many of the unreserved executions."""


@dataclass(frozen=True)
class Concurrency:
    """Concurrency of an account in a region, as Lambda reports it.

    Args:
        limit: executions that may run at once.
        unreserved: those of them that no function has reserved.
        own: those that are reserved for the API already.
    """

    limit: int
    unreserved: int
    own: int = 0

    @property
    def room(self) -> int:
        """Executions that can be reserved for the API in total."""
        return max(0, self.unreserved + self.own - UNRESERVABLE)


def most_at_once(rate: int, burst: int, timeout: int) -> int:
    """Return the largest number of concurrent executions; `timeout` is in milliseconds."""
    return burst + -(-rate * timeout // SECOND)


def reservation(asked: int, account: Concurrency) -> int:
    """Return how many executions to reserve for the API; 0 for no reservation.

    Raises:
        LogctlError: the account has too few executions left to reserve `asked`.
    """
    if asked == AUTOMATIC:
        return RESERVED if account.room >= RESERVED else 0
    if asked > account.room:
        raise LogctlError(
            f"api_concurrency = {asked} cannot be reserved: of this account's {account.limit:,} executions "
            f"at once in this region {account.room:,} can be, and {UNRESERVABLE} must stay free.",
            'Set it to less, to "auto" or to "off"; or ask AWS for a higher limit (see logctl doctor).',
        )
    return asked


def shortage(rate: int, burst: int, timeout: int, reserved: int, account: Concurrency) -> str:
    """Return a sentence if the API may take executions that the consumer needs; else an empty text."""
    most, shared = most_at_once(rate, burst, timeout), account.unreserved + account.own - reserved
    if reserved or most * FEW <= shared:
        return ""
    left = max(0, shared)
    return f"the API may take up to {most:,} of {left:,} executions at once that the consumer needs too"
