"""Why a message failed, from the ledger of its attempts. Pure."""

from __future__ import annotations

from enum import StrEnum, unique

from logctl.core.attempts import KILLS, Ledger, Outcome


@unique
class Cause(StrEnum):
    """Why the consumer could not process a message."""

    CONTENT = "content"
    """It failed while storage worked, or ended the process that read it: it would fail again."""
    STORAGE = "storage"
    """It could not be stored; nothing is wrong with the message."""
    UNKNOWN = "unknown"
    """Nothing was recorded of its attempts."""


def cause(ledger: Ledger | None) -> Cause:
    """Return why a message failed; UNKNOWN without a ledger, or if an attempt succeeded."""
    if ledger is None or ledger.outcome is Outcome.DONE:
        return Cause.UNKNOWN
    if ledger.outcome is Outcome.ASIDE or ledger.strikes or ledger.silent:
        return Cause.CONTENT
    return Cause.STORAGE


def reason(ledger: Ledger | None) -> str:
    """Return the recorded reason as one word; empty if nothing was recorded."""
    if ledger is None or ledger.outcome is Outcome.DONE:
        return ""
    if ledger.reason:
        return ledger.reason
    return KILLS if ledger.silent else ""
