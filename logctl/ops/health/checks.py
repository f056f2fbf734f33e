"""The result of one check of `logctl doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique

from logctl.ops.health.findings import Finding
from logctl.stack.next_step import NextStep


@unique
class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Check:
    """The result of one check, and what to do about it.

    Attributes:
        to_do: what to do, in words. With `run`, the words that introduce the command, without a colon.
        run: the command to run next.
        error: what a call raised. The CLI explains it, in place of `seen` and `to_do`.
    """

    name: str
    verdict: Verdict
    seen: str = ""
    to_do: str = ""
    run: NextStep | None = None
    error: Exception | None = None

    @classmethod
    def failed(cls, name: str, finding: Finding, *, to_do: str) -> Check:
        """Return a failed check with the text of a finding; `to_do` introduces its command."""
        return cls(name, Verdict.FAILED, finding.what, to_do, finding.run)
