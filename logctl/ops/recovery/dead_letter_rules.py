"""Dead letters: why a message failed, and which of them may go round again. Pure."""

from __future__ import annotations

from enum import StrEnum, unique

from logctl.core.attempts import KILLS, Ledger, Outcome


@unique
class Cause(StrEnum):
    """What a message failed of."""

    CONTENT = "content"
    """It failed while storage worked, or ended the process that opened it: it would fail again."""
    STORAGE = "storage"
    """It could not be stored: it has done nothing wrong."""
    UNKNOWN = "unknown"
    """Nothing was recorded of its attempts."""


def cause(ledger: Ledger | None) -> Cause:
    """What a message failed of, by the ledger of its attempts."""
    if ledger is None or ledger.outcome is Outcome.DONE:
        return Cause.UNKNOWN
    if ledger.outcome is Outcome.ASIDE or ledger.strikes or ledger.silent:
        return Cause.CONTENT
    return Cause.STORAGE


def reason(ledger: Ledger | None) -> str:
    """The reason as one word; empty where nothing was recorded."""
    if ledger is None or ledger.outcome is Outcome.DONE:
        return ""
    if ledger.reason:
        return ledger.reason
    return KILLS if ledger.silent else ""
