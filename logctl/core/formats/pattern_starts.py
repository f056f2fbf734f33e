"""What a verbose regular expression can begin with: the formats that can match a line are chosen by it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_ALL = frozenset(map(chr, range(33, 127)))
_DIGITS = frozenset("0123456789")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?")
_GROUP = re.compile(r"\((?:\?(?:P<\w+>|:|>|[aiLmsux]+(?:-[imsx]+)?:))?")
_AROUND = re.compile(r"\(\?(?:[=!]|<[=!]|#|P=)")
_SPACES = " tnrfvs"


@dataclass(frozen=True, slots=True)
class _Starts:
    """Characters other than spaces; `characters` None: any. `passes`: the pattern can match none of them."""

    characters: frozenset[str] | None
    passes: bool


@lru_cache(maxsize=2048)
@lru_cache(maxsize=1024)
def first_characters(pattern: str) -> frozenset[str] | None:
    """Return the first characters that are not spaces, of all texts that a pattern matches; None for any.

    A pattern that can match spaces only, or nothing, has none of its own: the result is empty, if it can
    match nothing else, and otherwise None.
    """
    starts, _ = _alternatives(pattern, 0)
    if starts.passes:
        return None if starts.characters is None or starts.characters else frozenset()
    return starts.characters


def takes_nothing(pattern: str) -> bool:
    """Return whether a pattern only looks around: whatever it matches is empty."""
    at = 0
    while at < len(pattern):
        if pattern[at].isspace():
            at += 1
        elif _AROUND.match(pattern, at):
            at = _group_end(pattern, at)
        else:
            return False
    return True


def has_alternatives(pattern: str) -> bool:
    """Return whether a pattern has a `|` outside of its groups."""
    _, at = _sequence(pattern, 0)
    return pattern[at : at + 1] == "|"


def optional_end(pattern: str) -> int:
    """Return the index after the optional group or character that a pattern begins with; 0 without one.

    An optional group is not split off if it looks around, or if it is possessive or lazy.
    """
    if not pattern or pattern[0].isspace():
        return 0
    if pattern.startswith("(?:"):
        end = _group_end(pattern, 0)
    elif pattern[0] == "[":
        end = _class_end(pattern, 0)
    elif pattern[0] == "\\":
        end = 2
    else:
        end = 0 if pattern[0] in "(.^$" else 1
    if pattern[end : end + 1] != "?" or pattern[end + 1 : end + 2] in ("?", "+"):
        return 0
    return end + 1


def is_balanced(pattern: str) -> bool:
    """Return whether every group that begins in a pattern ends in it."""
    depth, at = 0, 0
    while at < len(pattern):
        character = pattern[at]
        if character == "\\":
            at += 2
        elif character == "[":
            at = _class_end(pattern, at)
        else:
            depth += (character == "(") - (character == ")")
            at += 1
    return depth == 0


def _class_end(pattern: str, at: int) -> int:
    """Return the index after the character class that begins at `at`."""
    at += 2 if pattern[at + 1 : at + 2] == "^" else 1
    if pattern[at : at + 1] == "]":
        at += 1
    while at < len(pattern) and pattern[at] != "]":
        at += 2 if pattern[at] == "\\" else 1
    return at + 1


def _alternatives(pattern: str, at: int) -> tuple[_Starts, int]:
    """Return how the alternatives at `at` start, and the index of the bracket that ends them."""
    characters: frozenset[str] | None = frozenset()
    passes = False
    while True:
        starts, at = _sequence(pattern, at)
        characters = _either(characters, starts.characters)
        passes = passes or starts.passes
        if pattern[at : at + 1] != "|":
            return _Starts(characters, passes), at
        at += 1


def _sequence(pattern: str, at: int) -> tuple[_Starts, int]:
    characters: frozenset[str] | None = frozenset()
    passes = True
    while at < len(pattern) and pattern[at] not in "|)":
        if pattern[at].isspace():
            at += 1
            continue
        if pattern[at] == "#":
            at = pattern.find("\n", at) + 1 or len(pattern)
            continue
        starts, at = _atom(pattern, at)
        quantifier = _QUANTIFIER.match(pattern, at)
        if quantifier:
            at = quantifier.end()
            if quantifier[0][0] in "*?" or quantifier[0].startswith(("{0", "{,")):
                starts = _Starts(starts.characters, True)
        if passes:
            characters = _either(characters, starts.characters)
            passes = starts.passes
    return _Starts(characters, passes), at


def _atom(pattern: str, at: int) -> tuple[_Starts, int]:
    character = pattern[at]
    if character == "(":
        if pattern.startswith("(?=", at):
            starts, end = _alternatives(pattern, at + 3)
            # What has to follow is also what the pattern begins with.
            return _Starts(frozenset(), True) if starts.passes else starts, end + 1
        around = _AROUND.match(pattern, at)
        if around:
            return _Starts(frozenset(), True), _group_end(pattern, at)
        group = _GROUP.match(pattern, at)
        assert group is not None
        starts, end = _alternatives(pattern, group.end())
        if "i" in group[0].partition("?")[2].partition("<")[0] and starts.characters is not None:
            both = {c.swapcase() for c in starts.characters}
            starts = _Starts(starts.characters | both, starts.passes)
        return starts, end + 1
    if character == "[":
        end = _class_end(pattern, at)
        return _class(pattern[at:end]), end
    if character == "\\":
        return _escaped(pattern[at + 1 : at + 2]), at + 2
    if character in "^$":
        return _Starts(frozenset(), True), at + 1
    if character == ".":
        return _Starts(None, False), at + 1
    return _Starts(frozenset(character), False), at + 1


def _group_end(pattern: str, at: int) -> int:
    depth = 0
    while at < len(pattern):
        if pattern[at] == "\\":
            at += 2
            continue
        if pattern[at] == "[":
            at = _class_end(pattern, at)
            continue
        depth += (pattern[at] == "(") - (pattern[at] == ")")
        at += 1
        if depth == 0:
            break
    return at


def _escaped(character: str) -> _Starts:
    if character in _SPACES:
        return _Starts(
            frozenset(), True
        )  # the line's spaces are skipped before its next character is looked at
    if character in "bBAZ":
        return _Starts(frozenset(), True)
    if character == "d":
        return _Starts(_DIGITS, False)
    if character.isalnum():
        return _Starts(None, False)
    return _Starts(frozenset(character), False)


@lru_cache(maxsize=1024)
@lru_cache(maxsize=1024)
def _class(text: str) -> _Starts:
    """Return how a character class starts: with anything if it is negated or goes beyond ASCII."""
    try:
        regex = re.compile(text)
    except re.error:
        return _Starts(None, False)
    if not text.isascii() or regex.match("\u0100") or regex.match("é"):
        return _Starts(None, bool(regex.match(" ")))
    found = frozenset(character for character in _ALL if regex.match(character))
    return _Starts(found, bool(regex.match(" ") or regex.match("\t")))


def _either(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
