"""The same error with other numbers: what makes two messages one kind.

Stateless and deterministic, because concurrent Lambdas cannot share a parser's state.
"""

from __future__ import annotations

import hashlib
import re

_LIMIT = 2_000  # an error's kind shows in its first lines; a 300 kB message must not cost 300 kB of regex

WILDCARD = "<*>"

_MASKS = (
    # quoted values, before their insides are taken for something else
    re.compile(r"\"[^\"\n]{0,200}\"|(?<![A-Za-z0-9])'[^'\n]{0,200}'"),
    # UUIDs, e-mail addresses, URLs, paths with at least two parts, IPs with ports, MACs, long hex
    re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b"),
    re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s\"'<>\])]+", re.IGNORECASE),
    re.compile(r"[^\s@=:,;\[\](){}<>\"']+@[^\s@=:,;\[\](){}<>\"']+\.[A-Za-z]{2,}"),
    re.compile(r"(?<![\w.])/?(?:[\w.+@$-]+/)+[\w.+@$*-]+"),
    re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"),
    re.compile(r"\b(?:0x[0-9a-fA-F]+|[0-9a-fA-F]*\d[0-9a-fA-F]{7,}|[0-9a-fA-F]{7,}\d[0-9a-fA-F]*)\b"),
    # a word with a digit in it, and what is joined to it
    re.compile(r"[+-]?[\w$-]*\d[\w$.:%-]*"),
)
_RUNS = re.compile(r"<\*>(?:[\s,.:;/|_-]*<\*>)+")
_SPACES = re.compile(r"\s+")


def template(message: str) -> str:
    """The message with its variable parts as `<*>`, on one line."""
    masked = message[:_LIMIT]
    for mask in _MASKS:
        masked = mask.sub(WILDCARD, masked)
    return _SPACES.sub(" ", _RUNS.sub(WILDCARD, masked)).strip()


def fingerprint(message: str) -> str:
    """Twelve hexadecimal digits; equal for messages that differ in numbers, ids, addresses and paths only."""
    return hashlib.sha256(template(message).encode("utf-8", "surrogatepass")).hexdigest()[:12]
