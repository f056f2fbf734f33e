"""The name of the person who runs logctl, from the operating system."""

from __future__ import annotations

import getpass

NAMELESS = "somebody"


def user_here() -> str:
    """Return the user's name on this machine, or `NAMELESS` where they have none, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # KeyError before Python 3.13
        return NAMELESS
