"""What needs attention, with the command to run next; the findings that `status` and `doctor` share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logctl.stack.catalog_tables import lacking
from logctl.stack.completeness import Shortfall
from logctl.stack.next_step import NextStep


@dataclass(frozen=True)
class Finding:
    """One sentence that says what needs attention, and the command to run next."""

    what: str
    run: NextStep


def logctl(*words: str) -> NextStep:
    """Return a command of logctl, from the words after `logctl`."""
    return NextStep(("logctl", *words))


def aws(*words: str) -> NextStep:
    """Return a command of the AWS CLI, from the words after `aws`."""
    return NextStep(("aws", *words))


PROVISION = logctl("provision")
"""The command that updates the stack to this logctl's version."""


def incomplete_stack(shortfall: Shortfall) -> list[Finding]:
    """Compare a stack with its template and with this logctl's version."""
    if not shortfall:
        return []
    return [Finding(f"The stack is not what this logctl deploys: {shortfall}.", PROVISION)]


def faulty_tables(missing: Sequence[str], changed: Sequence[str]) -> list[Finding]:
    """Compare the tables and views in Athena's catalog with their definitions."""
    if not missing and not changed:
        return []
    return [Finding(f"In Athena's catalog, {lacking(missing, changed)}.", logctl("athena", "repair"))]
