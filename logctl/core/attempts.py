"""When a message that keeps failing is set aside: the rules, pure.

SQS counts how often it handed a message out, and that says little: what waits behind a failing message
of its app is handed out and returned too. The consumer therefore keeps a ledger of its own of what it
really began, for messages that come again. An attempt that ends without an outcome may have killed the
process. An attempt that fails while storage works is a strike; while storage does not, it is nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, unique
from typing import Protocol, TypeVar

from logctl.core.times import DAY

MAX_STRIKES = 4
"""So often an attempt may fail while storage works before the message is set aside."""
MAX_SILENT = 3
"""So many attempts in a row may end without an outcome before the message is set aside unopened."""
MAX_DEFERRALS = 3
"""So often a suspect may be given back so that others are acknowledged without it."""
KEPT = 35 * DAY
"""How long a ledger is kept: longer than 14 days in the queue and 14 in the dead-letter queue."""

KILLS = "kills"
"""The reason of a message that ended the process whenever it was opened."""


@unique
class Outcome(Enum):
    """How the last attempt ended. OPEN: it was begun, and nobody has said how it ended."""

    OPEN = ""
    FAILED = "failed"
    DONE = "done"
    ASIDE = "aside"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is known of a message's attempts. `began_at` is in milliseconds.

    `attempts` were begun, `strikes` of them failed while storage worked, and the last `silent` ones ended
    without an outcome. `reason` and `detail` are those of the last failure.
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
        """Whether there is nothing left to do for it: it only has to be acknowledged."""
        return self.outcome in (Outcome.DONE, Outcome.ASIDE)

    @property
    def kills(self) -> bool:
        """Whether it has to be set aside before it is opened once more."""
        return self.outcome is Outcome.OPEN and self.silent >= MAX_SILENT

    @property
    def suspect(self) -> bool:
        """Whether to open it may end the process, as the last attempt perhaps did."""
        return self.outcome is Outcome.OPEN and 0 < self.silent < MAX_SILENT

    @property
    def may_wait(self) -> bool:
        """Whether it can be given back unopened, for the sake of what is finished in the same batch."""
        return self.suspect and self.deferrals < MAX_DEFERRALS

    @property
    def struck_out(self) -> bool:
        return self.strikes >= MAX_STRIKES


FRESH = Ledger()
"""Of a message that was never begun."""


class Received(Protocol):
    """A message as far as these rules look at it."""

    @property
    def message_id(self) -> str: ...

    @property
    def group(self) -> str: ...

    @property
    def receives(self) -> int: ...


M = TypeVar("M", bound=Received)


def in_turns(messages: Iterable[M], ledgers: Mapping[str, Ledger]) -> list[list[M]]:
    """A batch's messages by group, each group in its order, the safest groups first.

    First come groups that come for the first time, then those that were handed out before and whose
    attempts nobody knows, then those that failed, and last those with a suspect.
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
