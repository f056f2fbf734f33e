"""Where resources are: an account and a region."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """An account and a region; the defaults are CloudFormation's pseudo parameters for the stack's own."""

    account: str = "${AWS::AccountId}"
    region: str = "${AWS::Region}"

    @property
    def known(self) -> bool:
        """Return whether account and region are values, not pseudo parameters."""
        return "$" not in self.account + self.region
