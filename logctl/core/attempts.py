"""The rules by which a message that keeps failing is set aside.

SQS counts how often it delivered a message, but that count does not show what is wrong: messages that wait
behind a failing message of their app are delivered and returned as well. The consumer therefore keeps a
ledger of the attempts that it really began, for messages that are delivered again. An attempt without an
outcome may have ended the process. An attempt that fails while storage works is a strike; one that fails
while storage does not work counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, unique
from typing import Protocol, TypeVar

from logctl.core.times import DAY

MAX_STRIKES = 4
"""After this many attempts that failed while storage worked, a message is set aside."""
MAX_SILENT = 3
"""After this many attempts in a row without an outcome, a message is set aside unopened."""
MAX_DEFERRALS = 3
"""How often a message that may end the process is returned to the queue, to acknowledge those before it."""
KEPT = 35 * DAY
"""How long a ledger is kept: longer than 14 days in the queue and 14 in the dead-letter queue."""

KILLS = "kills"
"""The reason that is recorded for a message that ended the process each time it was opened."""


@unique
class Outcome(Enum):
    """How the last attempt ended. OPEN: it was begun, and its end was never recorded."""

    OPEN = ""
    FAILED = "failed"
    DONE = "done"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The record of a message's attempts.

    Attributes:
        attempts: how many were begun.
        strikes: how many of them failed while storage worked.
        silent: how many of the last ones ended without an outcome.
        deferrals: how often the message was returned unopened.
        began_at: when the last attempt began, milliseconds.
        reason: why the last failed attempt failed, as a code; `detail` says it as a sentence.
    """

    attempts: int = 0
    strikes: int = 0
    silent: int = 0
    deferrals: int = 0
    began_at: int = 0
    outcome: Outcome = Outcome.FAILED
    reason: str = ""
    detail: str = ""

    @property
    def settled(self) -> bool:
        """Return whether the message only has to be acknowledged."""
        return self.outcome in (Outcome.DONE, Outcome.ASIDE)

    @property
    def kills(self) -> bool:
        """Return whether the message must be set aside unopened, because opening it has ended the process."""
        return self.outcome is Outcome.OPEN and self.silent >= MAX_SILENT

    @property
    def suspect(self) -> bool:
        """Return whether opening the message may end the process, as the last attempt may have done."""
        return self.outcome is Outcome.OPEN and 0 < self.silent < MAX_SILENT

    @property
    def may_wait(self) -> bool:
        """Return whether the message may go back unopened so that others of its batch are acknowledged."""
        return self.suspect and self.deferrals < MAX_DEFERRALS

    @property
    def struck_out(self) -> bool:
        return self.strikes >= MAX_STRIKES


FRESH = Ledger()
"""The ledger of a message that was never begun."""


class Received(Protocol):
    """The attributes of a message that these rules use."""

    @property
    def message_id(self) -> str: ...

    @property
    def group(self) -> str: ...

    @property
    def receives(self) -> int: ...


M = TypeVar("M", bound=Received)


def safest_first(messages: Iterable[M], ledgers: Mapping[str, Ledger]) -> list[list[M]]:
    """Return a batch's messages by group, each group in its order, the safest groups first.

    First come groups that are delivered for the first time, then those that were delivered before without a
    recorded attempt, then those that have failed, and last those with a suspect.
    """
    groups: dict[str, list[M]] = {}
    for message in messages:
        groups.setdefault(message.group, []).append(message)
    return sorted(groups.values(), key=lambda group: max(_risk(message, ledgers) for message in group))


def _risk(message: Received, ledgers: Mapping[str, Ledger]) -> int:
    ledger = ledgers.get(message.message_id)
    if ledger is None:
        return 0 if message.receives <= 1 else 1
    return 3 if ledger.suspect else 2
