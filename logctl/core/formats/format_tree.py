r"""Matching a line against many declared formats with few regular expressions.

A head is a sequence of parts between its placeholders: `\[<time>\]\ <level>:\ ` is `\[`, time, `\]\ `, level and `:\ `.
Formats whose heads begin with the same parts share them, so that all heads form a tree. A line descends it: at each
node its next character that is not a space chooses the parts that can match there, so that a line meets few patterns,
and its time is read once for all formats that have it in one place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from logctl.core import levels
from logctl.core.formats.pattern_starts import first_characters, has_alternatives, is_balanced, optional_end
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, Context, Format, Reading
from logctl.core.formats.time_forms import FoundTime

FRONT = 600
"""Characters of a line in which a head is looked for: the rest of a long line must not make a pattern slow."""

Scan = Callable[[str, int, Context], FoundTime | None]
"""What finds the time at an index of a text: `time_forms.scan_time`."""

_PLACEHOLDER = re.compile(r"(?<!\?P)<(time|level)>")
_LEVEL_INSIDE = r"(?P<level>[^\W\d_]{1,13}(?:[+-]?\d{1,2})?)"
_WORD = re.compile(r"[^\W\d_]{1,13}+(?:[+-]?\d{1,2}(?!\d))?(?![^\W_])")
_NUMBERS = frozenset(("pid", "status", "bytes", "line"))
_DECIMAL = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_MOST_IN_FIELD = 256


@dataclass
class _Node:
    """A part of heads, and what follows it: a time, a level, or (with `format`) the message."""

    pattern: str
    then: str
    first: frozenset[str] | None
    format: Format | None = None
    words: set[str] = field(default_factory=set)
    """The formats' own words for levels, in lower case."""
    children: _Branches | None = None

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.VERBOSE)

    @cached_property
    def whole(self) -> bool:
        """Whether the part is matched to the end of the line, however long it is."""
        return "message" in self.regex.groupindex


class _Branches:
    """The parts that can follow a place in a head, by the next character of the line that is not a space."""

    def __init__(self) -> None:
        self.nodes: list[_Node] = []
        self._by_character: dict[str, tuple[_Node, ...]] = {}

    def at(self, character: str) -> tuple[_Node, ...]:
        found = self._by_character.get(character)
        if found is None:
            found = tuple(node for node in self.nodes if node.first is None or character in node.first)
            if len(self._by_character) < 1024:
                self._by_character[character] = found
        return found


class FormatTree:
    """Declared formats, arranged for matching. Formats that are declared earlier are tried earlier.

    Raises:
        ValueError: a placeholder is where none can be.
    """

    def __init__(self, formats: Iterable[Format]) -> None:
        self._root = _Branches()
        for declared in formats:
            self._add(declared)

    def _add(self, declared: Format) -> None:
        for head in _heads(declared.head.lstrip()):
            self._add_head(declared, head)

    def _add_head(self, declared: Format, head: str) -> None:
        own = {word.lower() for word in declared.levels}
        branches = self._root
        for number, (pattern, then) in enumerate(_parts(declared, head)):
            first = frozenset(declared.first) if number == 0 and declared.first else _first(pattern)
            node = None
            if then != "message":
                same = (n for n in branches.nodes if (n.pattern, n.then, n.first) == (pattern, then, first))
                node = next(same, None)
            if node is None:
                node = _Node(pattern, then, first)
                branches.nodes.append(node)
            node.words |= own
            if then == "message":
                node.format = declared
                return
            if node.children is None:
                node.children = _Branches()
            branches = node.children

    def compile(self) -> None:
        """Compile every part, which otherwise happens when a line first needs it.

        Raises:
            re.error: a part is not a regular expression.
        """
        waiting = [self._root]
        while waiting:
            for node in waiting.pop().nodes:
                assert node.regex
                if node.children:
                    waiting.append(node.children)

    def read(self, text: str, start: int, context: Context, scan: Scan) -> Reading | None:
        """Return what the first format that matches at index `start` says about a line, or None."""
        return _Walk(text, context, scan).descend(self._root, start)


def _first(pattern: str) -> frozenset[str] | None:
    found = first_characters(pattern)
    return found or None  # spaces only: what follows them is not known


_MOST_HEADS = 8


def _heads(head: str) -> list[str]:
    """Return the heads that a head with optional parts at its start stands for, the longest first.

    Without them, a head can share its parts with others, and the characters that it can begin with are known.
    """
    heads: list[str] = []
    waiting = [head]
    while waiting:
        head = waiting.pop(0)
        end = optional_end(head)
        if end and len(heads) + len(waiting) + 2 <= _MOST_HEADS:
            waiting[:0] = [head[: end - 1] + head[end:], head[end:]]
        else:
            heads.append(head)
    return heads


def _parts(declared: Format, head: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a head, each with what follows it: `time`, `level` or `message`."""
    begun = 0
    for found in _PLACEHOLDER.finditer(head):
        part = head[begun : found.start()]
        if not is_balanced(part):
            if found[1] == "time":
                raise ValueError(f"format {declared.name!r}: <time> cannot be inside a group")
            continue
        if has_alternatives(part):
            raise ValueError(f"format {declared.name!r}: put alternatives into a group: (?:…|…)")
        yield _with_level(part.lstrip()), found[1]
        begun = found.end()
    yield _with_level(head[begun:].lstrip()), "message"


def _with_level(part: str) -> str:
    """Return a part in which a level inside a group is a named group."""
    return re.sub(r"(?<!\?P)<level>", lambda _: _LEVEL_INSIDE, part)


class _Walk:
    """The descent of one line through a tree."""

    def __init__(self, text: str, context: Context, scan: Scan) -> None:
        self._text = text
        self._context = context
        self._scan = scan
        self._end = min(len(text), FRONT)
        self._matches: list[re.Match[str]] = []
        self._times: dict[int, FoundTime | None] = {}
        self._time: FoundTime | None = None
        self._word = ""

    def descend(self, branches: _Branches, at: int) -> Reading | None:
        text = self._text
        next_at = at
        most = min(len(text), at + FRONT)
        while next_at < most and text[next_at] in " \t":
            next_at += 1
        for node in branches.at(text[next_at : next_at + 1]):
            if not node.pattern and node.then != "message":
                found = self._follow(node, at)
                if found is not None:
                    return found
                continue
            end = len(text) if node.whole else at + FRONT
            match = node.regex.match(text, at, end)
            if match is None:
                continue
            self._matches.append(match)
            found = self._follow(node, match.end())
            if found is not None:
                return found
            self._matches.pop()
        return None

    def _follow(self, node: _Node, at: int) -> Reading | None:
        if node.then == "message":
            assert node.format is not None
            return self._reading(node.format, at)
        assert node.children is not None
        if node.then == "time":
            if at not in self._times:
                self._times[at] = self._scan(self._text, at, self._context)
            time = self._times[at]
            if time is None:
                return None
            before, self._time = self._time, time
            found = self.descend(node.children, time.end)
            self._time = before
            return found
        word = _WORD.match(self._text, at, at + 20)
        if word is None or (
            word[0].lower() not in node.words and levels.parse_level(word[0]) == levels.UNKNOWN
        ):
            return None
        before_word, self._word = self._word, word[0]
        found = self.descend(node.children, word.end())
        self._word = before_word
        return found

    def _reading(self, declared: Format, end: int) -> Reading | None:
        word, message, app = self._word, None, ""
        fields: dict[str, Any] = {}
        for match in self._matches:
            for name, value in match.groupdict().items():
                if not value or not (value := value.strip()):
                    continue
                if name == "level":
                    word = value
                elif name == "message":
                    message = value
                elif name == "app":
                    app = value[:_MOST_IN_FIELD]
                elif name in _NUMBERS and value.isdecimal() and len(value) < 16:
                    fields[name] = int(value)
                elif name == "duration" and _DECIMAL.fullmatch(value):
                    fields[name] = float(value) if "." in value else int(value)
                elif value != "-":
                    fields[name] = value[:_MOST_IN_FIELD]
        level = _level(word, declared) if word else levels.UNKNOWN
        if level is None:
            return None
        reading = Reading(
            message=(self._text[end:] if message is None else message).strip(),
            level=level,
            fields=fields,
            format=declared.name,
            begins=declared.begins,
            app=app,
        )
        if self._time is not None:
            set_time(reading, self._time)
        return reading


def _level(word: str, declared: Format) -> str | None:
    """Return what a word means in a format; None if it is no level, neither in general nor in the format."""
    if declared.levels:
        own = (
            declared.levels.get(word)
            or declared.levels.get(word.lower())
            or declared.levels.get(word.upper())
        )
        if own is not None:
            return own
    found = levels.parse_level(word)
    return None if found == levels.UNKNOWN else found


def set_time(reading: Reading, time: FoundTime) -> None:
    """Put a time that was found into a reading, with the flags that belong to it."""
    reading.ts, reading.zone = time.ts, time.zone
    if time.ts is None:
        reading.flags += (BAD_TIME,)
    elif time.ambiguous:
        reading.flags += (AMBIGUOUS_TIME,)
