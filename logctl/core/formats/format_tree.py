r"""Matching a line against many declared formats with few regular expressions.

A head is a sequence of parts between its placeholders: `\[<time>\]\ <level>:\ ` is `\[`, time, `\]\ `, level
and `:\ `. Formats whose heads begin with the same parts share them, so that all heads form a tree. A line
descends it: at each node its next character that is not a space chooses the parts that can match there, so
that a line meets few patterns, and its time is read once for all formats that have it in one place.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from logctl.core import levels
from logctl.core.formats.learned_paths import DATE_AND_TIME, UNLEARNED, LearnedPaths, PathStep
from logctl.core.formats.matched_heads import GROUP_NAME, WORD, Head, reading_of
from logctl.core.formats.pattern_starts import (
    first_characters,
    has_alternatives,
    is_balanced,
    optional_end,
    takes_nothing,
)
from logctl.core.formats.reading import Context, Format, Reading
from logctl.core.formats.time_forms import FoundTime

FRONT = 600
"""Characters of a line in which a head is looked for: the rest of a long line must not cost time."""

Scan = Callable[[str, int, Context], FoundTime | None]
"""What finds the time at an index of a text: `time_forms.scan_time`."""

_PLACEHOLDER = re.compile(r"(?<!\?P)<(time|level)>")
_LEVEL_INSIDE = r"(?P<level>[^\W\d_]{1,13}(?:[+-]?\d{1,2})?)"
_WORD = re.compile(WORD)
_BLANK = re.compile(r"[ \t]*+")
_SPACES = re.compile(r"(?:\\ |\\s|\[ \])(?:\+|\*|\{\d*,?\d*\})?\Z")
_LETTERS = frozenset(string.ascii_letters) | {"\x7f"}
_OF_LEVELS = _LETTERS
_OF_TIMES = _LETTERS | frozenset(string.digits) | {"@"}
_Match = Callable[[str, int, int], re.Match[str] | None]
_NUMBER_OF = {f"_{number}": number for number in range(1000)}
_AFTER_BRACKET = re.compile(r"\\\](?:\\ |\\s|\[ \])[+*?]?(?:(\\\[)(?![?*+{])|\Z)")
_FEW = 3
"""So many parts are tried one by one."""


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

    def __post_init__(self) -> None:
        self.empty = not self.pattern and self.then != "message"
        """Nothing has to be matched before what follows."""
        self.named = "(?P<" in self.pattern
        self.whole = "(?P<message>" in self.pattern
        """The part is matched to the end of the line, however long it is."""
        self.is_message = self.then == "message"
        self.is_time = self.then == "time"

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return re.compile(self.pattern, re.VERBOSE)

    @cached_property
    def match(self) -> _Match:
        return self.regex.match

    @cached_property
    def groups(self) -> tuple[tuple[int, str], ...]:
        """The numbers and names of the groups whose texts become members of a reading."""
        return tuple((number, name.rstrip("_")) for name, number in self.regex.groupindex.items())


class _Choice:
    """Parts that can follow a place in a head before the same character, in order."""

    def __init__(self, nodes: tuple[_Node, ...]) -> None:
        self.nodes = nodes
        self.guards: tuple[list[_Match | None], list[_Match | None]] = (
            [None] * len(nodes),
            [None] * len(nodes),
        )
        """What matches all parts from an index on, in short lines and in long ones; None until needed."""

    @cached_property
    def timed(self) -> _Choice:
        """The parts before which a time begins: others are passed over where a date and a time are."""
        return _Choice(tuple(node for node in self.nodes if node.pattern and takes_nothing(node.pattern)))

    def guard(self, index: int, *, long: bool) -> _Match:
        """Return what matches all parts from an index on: as one pattern they are matched much more quickly.

        The name of the last group that it finds has the number of the part. `long`: the line is longer than
        what is matched. A part that looks at the whole line is then always possible.
        """
        parts = []
        for number in range(index, len(self.nodes)):
            node = self.nodes[number]
            pattern = "" if (long and node.whole) or "(?P=" in node.pattern else node.pattern
            parts.append(f"(?:{GROUP_NAME.sub('(?:', pattern)}\n)(?P<_{number}>)")
        found = self.guards[long][index] = re.compile("|".join(parts), re.VERBOSE).match
        return found


class _Branches:
    """The parts that can follow a place in a head, by the next character of the line that is not a space."""

    def __init__(self) -> None:
        self.nodes: list[_Node] = []
        self.by_character: dict[str, _Choice] = {}
        self._choices: dict[tuple[int, ...], _Choice] = {}

    def at(self, character: str) -> _Choice:
        found = self.by_character.get(character)
        if found is None:
            if character > "\x7f":
                return self.at("\x7f")  # no part names a character beyond ASCII
            nodes = tuple(node for node in self.nodes if node.first is None or character in node.first)
            found = self._choices.setdefault(tuple(map(id, nodes)), _Choice(nodes))
            self.by_character[character] = found
        return found


class FormatTree:
    """Declared formats, arranged for matching. Formats that are declared earlier are tried earlier.

    Raises:
        ValueError: a placeholder is where none can be.
    """

    def __init__(self, formats: Iterable[Format]) -> None:
        self._root = _Branches()
        self._learned = LearnedPaths()
        for declared in formats:
            self._add(declared)

    def _add(self, declared: Format) -> None:
        for head in _heads(declared.head.lstrip()):
            self._add_head(declared, head)

    def _add_head(self, declared: Format, head: str) -> None:
        own = {word.lower() for word in declared.levels}
        branches = self._root
        for number, (pattern, then) in enumerate(_parts(declared, head)):
            first = frozenset(declared.first) if number == 0 and declared.first else _first(pattern, then)
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
        if not isinstance(scan, LineTimes):
            scan = LineTimes(scan)
        may_learn = start == 0 and len(text) <= FRONT
        if may_learn and (known := self._learned.read(text, context, scan)) is not UNLEARNED:
            return known
        walk = _Walk(text, context, scan)
        reading = walk.descend(self._root, start)
        if may_learn:
            self._learned.note(text, walk.path if reading is not None else walk.dead_ends(self._root))
        return reading


def _first(pattern: str, then: str) -> frozenset[str] | None:
    """Return the characters with which a part, or what follows it, can begin; None for any."""
    found = first_characters(pattern)
    if found:
        return found
    if found is not None:  # spaces only, or nothing
        return {"time": _OF_TIMES, "level": _OF_LEVELS}.get(then)
    return None


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
        if "|" in part and has_alternatives(part):
            raise ValueError(f"format {declared.name!r}: put alternatives into a group: (?:…|…)")
        yield _with_level(part.lstrip()), found[1]
        begun = found.end()
    yield _with_level(head[begun:].lstrip()), "message"


def _with_level(part: str) -> str:
    """Return a part without the spaces around it, in which a level inside a group is a named group.

    Parts that consist of spaces are equal, so that more formats share them.
    """
    part = part.lstrip()
    while part[-1:].isspace() and part[-2:-1] != "\\":
        part = part[:-1]
    if _SPACES.match(part):
        return r"[ \t]*" if part.endswith("*") else r"[ \t]+"
    if part.startswith(r"\]"):
        part = _AFTER_BRACKET.sub(lambda found: r"\]" + (r"[ \t]*\[" if found[1] else r"[ \t]+"), part)
    return re.sub(r"(?<!\?P)<level>", lambda _: _LEVEL_INSIDE, part)


class _Walk:
    """The descent of one line through a tree. `path` is the way to the part that matched, its end first."""

    __slots__ = (
        "_context", "_dead", "_long", "_matches", "_scan", "_text", "_time", "_time_at", "_word", "path",
    )  # fmt: skip

    def __init__(self, text: str, context: Context, scan: Scan) -> None:
        self._text = text
        self._context = context
        self._scan = scan
        self.path: list[PathStep] = []
        self._dead: list[PathStep] = []
        self._matches: list[tuple[_Node, re.Match[str]]] = []
        self._time: FoundTime | None = None
        self._time_at = 0
        self._word = ""
        self._long = len(text) > FRONT

    def descend(self, branches: _Branches, at: int) -> Reading | None:
        text = self._text
        character = text[at : at + 1]
        if character == " " or character == "\t":
            character = text[at + 1 : at + 2]
            if character == " " or character == "\t":
                blank = _BLANK.match(text, at, at + FRONT)
                next_at = at if blank is None else blank.end()
                character = text[next_at : next_at + 1]
        choice = branches.by_character.get(character) or branches.at(character)
        nodes, guards, index, end = choice.nodes, choice.guards[self._long], 0, at + FRONT
        count = len(nodes)
        vain: tuple[int, ...] = ()
        of_dates = False
        while index < count:
            node, found = nodes[index], None
            if not node.empty and count - index >= _FEW:
                found = (guards[index] or choice.guard(index, long=self._long))(text, at, end)
                if found is None:
                    break
                index = _NUMBER_OF[found.lastgroup]  # type: ignore[index]
                node = nodes[index]
            index += 1
            if node.empty:
                reading = self._follow(node, at)
                if reading is not None:
                    self.path.append(PathStep(branches, choice, index - 1, vain, of_dates))
                    return reading
                vain = (*vain, index - 1)
                if node.then == "time" and self._is_date(at):
                    choice, index, vain, of_dates = choice.timed, 0, (), True
                    nodes, guards, count = choice.nodes, choice.guards[self._long], len(choice.nodes)
                continue
            if found is None or node.named:
                found = node.match(text, at, len(text) if node.whole else end)
                if found is None:
                    continue
            if node.named:
                self._matches.append((node, found))
            reading = self._follow(node, found.end())
            if reading is not None:
                self.path.append(PathStep(branches, choice, index - 1, vain, of_dates))
                return reading
            vain = (*vain, index - 1)
            if node.named:
                self._matches.pop()
        self._dead.append(PathStep(branches, choice, count, vain, of_dates))
        return None

    def dead_ends(self, root: _Branches) -> list[PathStep]:
        """Return where a line that begins with a time went in vain: after the time, and at its beginning."""
        first = root.at(self._text[0]).nodes[:1]
        if not first or not (first[0].empty and first[0].is_time):
            return []
        return [step for step in self._dead if step.branches in (root, first[0].children)]

    def _is_date(self, at: int) -> bool:
        """Return whether a date with a time is at an index, and not only a number or a name."""
        time = self._scan(self._text, at, self._context)
        return time is not None and time.end - at >= DATE_AND_TIME

    def _follow(self, node: _Node, at: int) -> Reading | None:
        if node.is_message:
            assert node.format is not None
            return self._reading(node.format, at)
        assert node.children is not None
        if node.is_time:
            time = self._scan(self._text, at, self._context)
            if time is None:
                return None
            before, before_at = self._time, self._time_at
            self._time, self._time_at = time, at
            found = self.descend(node.children, time.end)
            self._time, self._time_at = before, before_at
            return found
        word = _WORD.match(self._text, at, at + 20)
        if word is None:
            return None
        text = word[0]
        if levels.level_of_word(text) == levels.UNKNOWN and text.lower() not in node.words:
            return None
        before_word, self._word = self._word, text
        found = self.descend(node.children, word.end())
        self._word = before_word
        return found

    def _reading(self, declared: Format, end: int) -> Reading | None:
        groups = [(name, match[number]) for node, match in self._matches for number, name in node.groups]
        head = Head(self._text, end, groups, word=self._word, time=self._time, time_at=self._time_at)
        return reading_of(head, declared, self._context)


class LineTimes:
    """The times in one line, each looked for once: calls are those of `scan_time`."""

    __slots__ = ("_found", "_scan")

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._found: dict[int, FoundTime | None] = {}

    def __call__(self, text: str, start: int, context: Context) -> FoundTime | None:
        if start in self._found:
            return self._found[start]
        found = self._found[start] = self._scan(text, start, context)
        return found
