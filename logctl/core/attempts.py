"""When a message that keeps failing is set aside: the rules, pure.

SQS counts how often it handed a message out, and that says little: what waits behind a failing message
of its app is handed out and returned too. The consumer therefore keeps a ledger of its own of what it
really began, for messages that come again. An attempt that ends without an outcome may have killed the
process. An attempt that fails while storage works is a strike; while storage does not, it is nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique
from typing import TypeVar

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

M = TypeVar("M")


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
    def suspect(self) -> bool:
        """Whether the last attempt may have ended the process."""
        return self.outcome is Outcome.OPEN and self.silent > 0

    @property
    def kills(self) -> bool:
        """Whether it has to be set aside before it is opened once more."""
        return self.suspect and self.silent >= MAX_SILENT

    @property
    def may_wait(self) -> bool:
        """Whether it can be given back unopened, for the sake of what is finished in the same batch."""
        return self.suspect and self.deferrals < MAX_DEFERRALS

    @property
    def struck_out(self) -> bool:
        return self.strikes >= MAX_STRIKES


FRESH = Ledger()
"""Of a message that was never begun."""
