"""The root credentials of a sandbox: random, made once, readable by its owner only.

Processes are given the file's path and not the secret, because every local user can read the arguments of a
process.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = "keys"
_FILE = "root.json"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


@dataclass(frozen=True)
class Keys:
    """The access key and the secret key with which everything in the sandbox is allowed."""

    access_key: str
    secret_key: str = field(repr=False)


def path(home: Path) -> Path:
    """Return the file with the credentials of the sandbox in `home`."""
    return home / FOLDER / _FILE


def read(file: Path) -> Keys | None:
    """Return the credentials in a file; None if there are none, or other users may have read them.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with file.open() as opened:
            found = os.fstat(opened.fileno())
            stored = json.load(opened)
        if found.st_uid != os.geteuid() or found.st_mode & 0o077:
            return None
        return Keys(str(stored["access_key"]), str(stored["secret_key"]))
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None


def ensure(home: Path) -> Keys:
    """Return the credentials of the sandbox in `home`; make new ones if there are none that are secret.

    Raises:
        OSError: they cannot be written.
    """
    file = path(home)
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    return read(file) or _make(file)


def _make(file: Path) -> Keys:
    # The usual length and letters of an access key, which some tools check. It is not an account number.
    made = Keys("LOGCTL" + "".join(secrets.choice(_ALPHABET) for _ in range(14)), secrets.token_urlsafe(30))
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:  # noqa: PTH123
        json.dump({"access_key": made.access_key, "secret_key": made.secret_key}, opened)
        opened.flush()
        os.fsync(opened.fileno())
    fresh.replace(file)
    return made
