"""How much of an account's Lambda the API may take: it must leave room for the consumer.

An account runs 1,000 functions at once unless it asked for more, a new one 10, and 100 of them can be
reserved for no function (AWS Lambda Developer Guide, Lambda quotas; Configuring reserved concurrency). A
reservation is a cap as well: what is refused for it takes nothing from others.
"""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core.errors import LogctlError
from logctl.core.times import SECOND

AUTOMATIC = -1
"""`api_concurrency = "auto"`: as many as `RESERVED`, where the account has room for them."""
RESERVED = 20
UNRESERVABLE = 100
FEW = 4
"""The API alone may take up to one part in so many of what is shared."""


@dataclass(frozen=True)
class Concurrency:
    """What Lambda says of an account and region: executions at once, those that no function has reserved, and
    those that are reserved for the API already."""

    limit: int
    unreserved: int
    own: int = 0

    @property
    def room(self) -> int:
        """What can be reserved for the API in all."""
        return max(0, self.unreserved + self.own - UNRESERVABLE)


def most_at_once(rate: int, burst: int, timeout: int) -> int:
    """How many executions requests can hold at once if each takes all its time, in milliseconds."""
    return burst + -(-rate * timeout // SECOND)


def reservation(asked: int, account: Concurrency) -> int:
    """What to reserve for the API; 0 is nothing.

    Raises:
        LogctlError: the account has no room for what is asked for.
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
    """Why the API could take the room that the consumer needs; empty when it cannot."""
    most, shared = most_at_once(rate, burst, timeout), account.unreserved + account.own - reserved
    if reserved or most * FEW <= shared:
        return ""
    left = max(0, shared)
    return f"the API may take up to {most:,} of {left:,} executions at once that the consumer needs too"
