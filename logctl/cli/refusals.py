"""Messages about records that were rejected before they were sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from logctl.cli.render import say

if TYPE_CHECKING:
    from logctl.ops.send.entries import Rejection

_REFUSALS_SHOWN = 5


def show_refusals(bad: Sequence[tuple[str, Rejection]]) -> None:
    """Print the first few of the rejected records: where they are, and why they were rejected."""
    for path, item in bad[:_REFUSALS_SHOWN]:
        name = "stdin" if path == "-" else path
        say(f"  {name}, line {item.line}: {item.reason}: {item.detail}")
    if len(bad) > _REFUSALS_SHOWN:
        say(f"  and {len(bad) - _REFUSALS_SHOWN:,} more")
