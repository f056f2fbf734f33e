"""Who runs logctl, as the machine says."""

from __future__ import annotations

import getpass

NAMELESS = "somebody"


def user_here() -> str:
    """The user's name on this machine; `NAMELESS` where they have none, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # KeyError before Python 3.13
        return NAMELESS
