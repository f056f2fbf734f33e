"""The name of an application: partition value, message group, DynamoDB key, and part of alert subjects."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

PATTERN = r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?"
_APPID = re.compile(PATTERN)

MAX_LENGTH = 64
_DIGEST = 6
"""Hexadecimal digits that keep shortened names apart."""
_LOOKED_AT = 1_000
"""Characters of a name that are looked at: names come from logs."""
_OTHERS = re.compile(r"[^a-z0-9_]+")
_UNIT = re.compile(r"\.(?:service|scope|slice|socket|timer|mount|path|target)\Z")
"""The kinds of systemd units, as suffixes of their names."""

RULE = "use 1 to 64 of a-z, 0-9, - and _, starting and ending with a letter or digit"


def is_appid(value: object) -> bool:
    """Return whether `value` may name an app.

    The characters allowed cannot end a partition's path, a key or a quoted text. Nothing is lowercased or
    replaced: two names that people wrote differently must not become one.
    """
    return isinstance(value, str) and _APPID.fullmatch(value) is not None


def appid_from(name: str, mapping: Mapping[str, str] = {}) -> str:
    """Return the app id for the name of a service, container or unit in a log; "" if there is none.

    `mapping` gives app ids for names as the log writes them, and goes first. A name that is an app id stays
    as it is. Of others, letters become lowercase, accents and the suffix of a systemd unit (`.service`) are
    dropped, and each run of other characters becomes one `-`: `Checkout Service` and `checkout-service` are
    the same app. Where letters or digits are lost nevertheless, because the name is too long or not in Latin
    script, a digest of the name is appended, so that two such names stay two apps.
    """
    if name in mapping:
        return mapping[name]
    if is_appid(name):
        return name
    looked_at = name[:_LOOKED_AT]
    plain = unicodedata.normalize("NFKD", _UNIT.sub("", looked_at.strip())).casefold()
    kept = _OTHERS.sub("-", plain.translate(_ACCENTS)).strip("-_")
    lost = len(kept) > MAX_LENGTH or len(name) > _LOOKED_AT or any(_is_lost(letter) for letter in plain)
    if lost and kept:
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        kept = f"{kept[: MAX_LENGTH - _DIGEST - 1].rstrip('-_')}-{digest}"
    return kept


_ACCENTS: dict[int, str | None] = dict.fromkeys(range(0x300, 0x370))
"""The combining marks that NFKD separates from letters."""


def _is_lost(letter: str) -> bool:
    return not letter.isascii() and letter.isalnum()


def matching(apps: Iterable[str], patterns: Iterable[str]) -> list[str]:
    """Return the apps that match any of the globs (`web-*`), sorted; all of them when there is no glob."""
    wanted = list(patterns)
    return sorted(app for app in set(apps) if not wanted or any(fnmatchcase(app, glob) for glob in wanted))


def is_glob(pattern: str) -> bool:
    return any(character in pattern for character in "*?[")
