"""Fingerprints: messages that differ only in their variable parts, such as numbers, are one kind of error.

Variable parts are found by patterns alone, without state: concurrent Lambda functions could not share what a
parser has learnt.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

LIMIT = 2_000  # an error's kind shows in its first lines; a 300 kB message must not cost 300 kB of regex

WILDCARD = "<*>"

_VERBS = "GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT"
_DAYS = "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"

_MASKS = tuple(
    (re.compile(pattern), f"{keep}{WILDCARD}")
    for pattern, keep in (
        # a request keeps its verb, another quoted value keeps nothing
        (rf"\"({_VERBS}) [^\"\n]{{0,2000}}\"", r"\1 "),
        (r"\"[^\"\n]{0,200}\"|(?<![A-Za-z0-9])'[^'\n]{0,200}'", ""),
        # what follows an equals sign, with the braces it may have, and the name of a user
        (r"(?<=\w)=[^\s,;()\[\]{}]+(?:\{[^{}\n]{0,200}\})?", "="),
        (r"(?<=\buser )(?!<)[^\s,;()\[\]]+", ""),
        (r"(?<= for )(?!user\b|invalid\b|<)[\w.@-]+(?= from\b)", ""),
        # yes or no, where it is a value and not a word of the sentence
        (r"(?<=[=:(,])( {0,3})(?:[Tt]rue|TRUE|[Ff]alse|FALSE|null|NULL|None|nil)\b", r"\1"),
        # URLs, mail, IPv6, hardware addresses, UUIDs, paths of at least two parts, host names
        (r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s\"'<>\])]+", ""),
        # Where a run of characters is long, it is looked at from its start only: each place of it would be
        # another look at what follows.
        (
            r"(?<![^\s@=:,;\[\](){}<>\"'])[^\s@=:,;\[\](){}<>\"']{1,80}+@[^\s@=:,;\[\](){}<>\"']{1,80}\.[A-Za-z]{2,}",
            "",
        ),
        (r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){3,15}[0-9A-Fa-f]{1,4}(?![\w:])", ""),
        (r"\b[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\b", ""),
        (r"\b[A-Za-z]:\\[^\s\"'<>|,;]+", ""),
        (r"(?<![\w.+@$-])/?(?:[\w.+@$-]{1,80}+/)+[\w.+@$*-]+", ""),
        (
            r"(?<![\w.-])(?:[A-Za-z0-9-]{1,63}\.){1,8}"
            r"(?:com|net|org|edu|gov|mil|info|biz|io|local|internal|[a-z]{2})(?![\w.(-])",
            "",
        ),
        # names of days and months, beside a number
        (rf"\b(?:{_DAYS})\b,? ?(?=(?:{_MONTHS})\b|\d)|\b(?:{_MONTHS})\b(?= *\d)", ""),
        # an amount with its unit, a word with a digit in it and what is joined to it, hexadecimal letters
        (
            r"(?<!\w)[<~+-]?\d+(?:\.\d+)? ?(?:[KMGTP]i?B|B|bytes|[mun]?s|sec|seconds|minutes|hours|days)\b",
            "",
        ),
        (r"(?:[<+]|(?<![\w$~-]))[^\W\d$~-]*+(?:[$~-]++[^\W\d]*+)*+\d(?:[\w$%~-]|\.(?=\w)|:(?=\d))*", ""),
        (r"\b[0-9A-Fa-f]{8,64}\b", ""),
    )
)
_RUNS = re.compile(r"<\*>(?:[\s,.:;/|_-]*<\*>)+")
_SPACES = re.compile(r"\s+")


def template(message: str) -> str:
    """Return a message on one line, with `<*>` in place of each variable part."""
    return _masked(message[:LIMIT])


@lru_cache(maxsize=256)  # many errors at once are mostly a few texts, repeated
def _masked(message: str) -> str:
    for mask, replacement in _MASKS:
        message = mask.sub(replacement, message)
    # Empty parentheses hold a value in other messages of the same kind.
    message = message.replace(" ()", f" ({WILDCARD})")
    return _SPACES.sub(" ", _RUNS.sub(WILDCARD, message)).strip()


def fingerprint(message: str) -> str:
    """Return twelve hexadecimal digits that are equal for messages with the same `template`."""
    return hashlib.sha256(template(message).encode("utf-8", "surrogatepass")).hexdigest()[:12]
