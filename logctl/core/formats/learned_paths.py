"""The ways of lines through a tree of formats, each as one pattern that says by itself that the way is right.

Most lines of a program take the same way through the tree as those before them. On that way, a part is chosen
because the parts before it do not match and the next character is one of those that lead to it. Such a way is
made into a pattern: at each place those characters, none of the parts before, and then the part. So a line
that the pattern matches would have taken the same way, and no other line is read by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from enum import Enum
from typing import Any, Literal, NamedTuple

from logctl.core import levels
from logctl.core.formats.matched_heads import GROUP_NAME, WORD, Head, reading_of
from logctl.core.formats.reading import Context, Format, Reading
from logctl.core.formats.time_forms import FoundTime

_LEARNED_AFTER = 50
"""Lines that take the same way before a pattern is made of it: that takes as long as reading hundreds."""
_MOST_PATHS = 48
_MOST_OF_A_CHARACTER = 6
_MOST_COUNTED = 1000
_REFERENCE = re.compile(r"\(\?P=|\\[1-9]|\(\?\(")
_WORD = re.compile(WORD)
_BLANKS = frozenset((r"[ \t]*", r"[ \t]+"))
_CHARACTERS = [*map(chr, range(33, 127))]

DATE_AND_TIME = len("Nov 27 10:15:30")
"""The least length of a date with a time: shorter ones may be a number or a name."""

Scan = Callable[[str, int, Context], FoundTime | None]


class PathStep(NamedTuple):
    """A place in a head: the parts that can follow there, and the index of the one that did.

    The index is the number of parts if none did. `vain`: the indexes of parts before it that match, but after
    which nothing did. `of_dates`: there is a date, and the parts are those before which one can be.
    """

    branches: Any
    choice: Any
    chosen: int
    vain: tuple[int, ...]
    of_dates: bool


_Key = tuple[tuple[int, int, tuple[int, ...]], ...]


class Unlearned(Enum):
    """The answer for a line that goes no way that is known."""

    UNLEARNED = 0


UNLEARNED = Unlearned.UNLEARNED


class LearnedPaths:
    """The ways that lines have taken often, by the first character of the lines."""

    def __init__(self) -> None:
        self._paths: dict[str, list[_LearnedPath | _DeadEnd]] = {}
        self._counts: Counter[_Key] = Counter()
        self._learned: dict[_Key, _LearnedPath | _DeadEnd | None] = {}

    def read(self, text: str, context: Context, scan: Scan) -> Reading | Literal[Unlearned.UNLEARNED] | None:
        """Return what a line says if it takes one of the ways, and None if one of them leads nowhere."""
        paths = self._paths.get(text[:1])
        if paths is None:
            return UNLEARNED
        for number, path in enumerate(paths):
            reading = path.read(text, context, scan)
            if reading is not UNLEARNED:
                if number:  # the next line probably goes the same way
                    paths.insert(0, paths.pop(number))
                return reading
        return UNLEARNED

    def note(self, text: str, path: Sequence[PathStep]) -> None:
        """Count the way of a line, given from its end, and learn it if lines take it often."""
        key = tuple((id(step.choice), step.chosen, step.vain) for step in path)
        if not path:
            return
        if key in self._learned:
            self._add(text[0], self._learned[key])
            return
        self._counts[key] += 1
        if self._counts[key] < _LEARNED_AFTER:
            if len(self._counts) > _MOST_COUNTED:
                self._counts.clear()
            return
        del self._counts[key]
        if len(self._learned) < _MOST_PATHS:
            last = path[0]
            ends = last.chosen < len(last.choice.nodes)
            self._learned[key] = _learn(path[::-1]) if ends else _dead_end(path)
            self._add(text[0], self._learned[key])

    def _add(self, character: str, path: _LearnedPath | _DeadEnd | None) -> None:
        paths = self._paths.get(character, [])
        if path is not None and path not in paths and len(paths) < _MOST_OF_A_CHARACTER:
            self._paths[character] = [*paths, path]


class _LearnedPath:
    """A way: a pattern before the time, one after it, and what their groups are.

    Attributes:
        before, after: match the parts; `before` is None if the line begins with the time, `after` if the way
            has no time.
        untimed: lines with a time at their beginning go another way.
        names: the names of the groups of both, in order.
        words: the indexes of the groups that have to be levels, with the format's own words for levels.
    """

    __slots__ = ("_after", "_before", "_format", "_names", "_untimed", "_words")

    def __init__(
        self, declared: Format, before: _Pattern | None, after: _Pattern | None, *, untimed: bool
    ) -> None:
        self._format = declared
        self._untimed = untimed
        self._before = before.compiled if before is not None else None
        self._after = after.compiled if after is not None else None
        names = [*(before.names if before else ()), *(after.names if after else ())]
        self._names = [(index, name) for index, name in enumerate(names) if name]
        shift = len(before.names) if before else 0
        self._words = [
            *(before.words if before else ()),
            *((index + shift, own) for index, own in (after.words if after else ())),
        ]

    def read(self, text: str, context: Context, scan: Scan) -> Reading | Literal[Unlearned.UNLEARNED] | None:
        at = 0
        texts: tuple[str, ...] = ()
        time = None
        if self._before is not None:
            found = self._before(text)
            if found is None:
                return UNLEARNED
            if self._untimed and scan(text, 0, context) is not None:
                return UNLEARNED
            at, texts = found.end(), found.groups()
        end = at
        if self._after is not None:
            time = scan(text, at, context)
            found = self._after(text, time.end) if time is not None else None
            if found is None:
                return UNLEARNED
            end, texts = found.end(), texts + found.groups()
        word = ""
        for index, own in self._words:
            word = texts[index]
            if not _is_level(word, own):
                return UNLEARNED
        groups = [(name, texts[index]) for index, name in self._names]
        reading = reading_of(Head(text, end, groups, word=word, time=time, time_at=at), self._format, context)
        return UNLEARNED if reading is None else reading


def _is_level(word: str, own: Container[str] | None) -> bool:
    """Return whether a word is a level, in general or by formats' own words."""
    return levels.level_of_word(word) != levels.UNKNOWN or (own is not None and word.lower() in own)


class _DeadEnd:
    """A way of lines that have no format, with what must not match where it ends.

    Attributes:
        after: matches if no part can follow the time at the beginning; None if no time must be there.
        beginning: matches if no other part can be at the beginning.
        of_dates: the time has to be a date, or must not be one.
        words: the formats' own words for a level, which must not be at the beginning; None if one may be.
    """

    __slots__ = ("_after", "_beginning", "_of_dates", "_words")

    def __init__(
        self, after: _Pattern | None, beginning: _Pattern, *, of_dates: bool, words: frozenset[str] | None
    ) -> None:
        self._after = after.compiled if after is not None else None
        self._beginning = beginning.compiled
        self._of_dates = of_dates
        self._words = words

    def read(self, text: str, context: Context, scan: Scan) -> Reading | Literal[Unlearned.UNLEARNED] | None:
        time = scan(text, 0, context)
        if self._after is None:
            if time is not None:
                return UNLEARNED
        elif (
            time is None
            or (time.end >= DATE_AND_TIME) is not self._of_dates
            or self._after(text, time.end) is None
        ):
            return UNLEARNED
        word = _WORD.match(text, 0, 20) if self._words is not None else None
        if word is not None and _is_level(word[0], self._words):
            return UNLEARNED
        return None if self._beginning(text) is not None else UNLEARNED


class _Pattern:
    """A pattern for several steps: `names` of its groups ("" for a word), and which groups are `words`."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.names: list[str] = []
        self.words: list[tuple[int, frozenset[str]]] = []

    def add_place(self, step: PathStep) -> None:
        """Add what can follow at the place of a step, and the parts before the chosen one, which must not."""
        if not step.of_dates:
            self._parts.append(f"(?=[ \\t]*[{_class(step)}])")
        before = [
            _until_end(other) if number in step.vain else _unnamed(other)
            for number, other in enumerate(step.choice.nodes[: step.chosen])
            if not other.empty
        ]
        if before:
            self._parts.append("(?!" + "|".join(before) + ")")

    def add(self, step: PathStep) -> None:
        """Add a step: its place, the part, and the word after it."""
        self.add_place(step)
        node = step.choice.nodes[step.chosen]
        if node.pattern in _BLANKS:
            self._parts.append(f"{node.pattern}+")
        elif node.pattern:
            self._add_once(GROUP_NAME.sub("(", node.pattern))
            names = [""] * node.regex.groups
            for number, name in node.groups:
                names[number - 1] = name
            self.names += names
        if node.then == "level":
            self.words.append((len(self.names), frozenset(node.words)))
            self._add_once(WORD)

    def _add_once(self, pattern: str) -> None:
        """Add a pattern as a group that is matched in the first way only, as the tree does."""
        group = f"_{len(self.names)}"
        self.names.append("")
        self._parts.append(f"(?=(?P<{group}>{pattern}\n))(?P={group})")

    @property
    def compiled(self) -> Callable[..., re.Match[str] | None]:
        return re.compile("".join(self._parts), re.VERBOSE).match


def _unnamed(node: Any) -> str:
    """Return the pattern of a part without names."""
    return f"(?:{GROUP_NAME.sub('(?:', node.pattern)}\n)"


def _until_end(node: Any) -> str:
    """Return a pattern that matches wherever a part and what can follow it might match to the message."""
    own = _unnamed(node)
    if node.is_message:
        return own
    if node.is_time:
        return f"{own}(?=[\\w@])"
    return f"{own}{WORD}(?:" + "|".join(_until_end(child) for child in node.children.nodes) + ")"


def _parts_in(node: Any) -> Iterator[Any]:
    """Yield a part and those that can follow it."""
    yield node
    for child in node.children.nodes if node.children and not node.is_time else ():
        yield from _parts_in(child)


def _class(step: PathStep) -> str:
    """Return the characters after which there is the choice of a step, for a class in a pattern."""
    found = [character for character in _CHARACTERS if step.branches.at(character) is step.choice]
    others = "\\x80-\U0010ffff" if step.branches.at("\x7f") is step.choice else ""
    return "".join(map(re.escape, found)) + others


def _is_certain(step: PathStep, *, first: bool) -> bool:
    """Return whether a pattern can say that the parts before the chosen one of a step lead nowhere."""
    for index, node in enumerate(step.choice.nodes[: step.chosen]):
        if node.empty and (not first or step.of_dates):
            return False
        parts = list(_parts_in(node)) if index in step.vain else [node]
        if any(_REFERENCE.search(part.pattern) for part in parts):
            return False
    return True


def _dead_end(ends: Sequence[PathStep]) -> _DeadEnd | None:
    """Return the way of lines that have no format; None if no pattern can say so.

    `ends`: where the tree was left: after the time with which the lines begin, and at the beginning.
    """
    *timed, beginning = ends
    if len(timed) > 1 or not _is_certain(beginning, first=True):
        return None
    start = _Pattern()
    start.add_place(beginning)
    empty = [node for node in beginning.choice.nodes if node.empty and not node.is_time]
    words = frozenset(word for node in empty for word in node.words) if empty else None
    if not timed:
        return _DeadEnd(None, start, of_dates=False, words=words)
    if timed[0].of_dates or not _is_certain(timed[0], first=False):
        return None
    after = _Pattern()
    after.add_place(timed[0])
    return _DeadEnd(after, start, of_dates=beginning.of_dates, words=words)


def _learn(path: Sequence[PathStep]) -> _LearnedPath | None:
    """Return a way, given from its start; None if it cannot be made into a pattern."""
    if any(node.empty and not node.is_time for node in path[0].choice.nodes[: path[0].chosen]):
        return None
    for number, step in enumerate(path):
        node = step.choice.nodes[step.chosen]
        if step.of_dates or _REFERENCE.search(node.pattern) or not _is_certain(step, first=number == 0):
            return None
    times = [index for index, step in enumerate(path) if step.choice.nodes[step.chosen].is_time]
    if len(times) > 1:
        return None
    cut = times[0] + 1 if times else len(path)
    before, after = _Pattern(), _Pattern()
    begins_with_time = times == [0] and path[0].chosen == 0 and path[0].choice.nodes[0].empty
    for step in path[:cut]:
        before.add(step)
    for step in path[cut:]:
        after.add(step)
    declared = path[-1].choice.nodes[path[-1].chosen].format
    assert declared is not None
    untimed = any(node.empty and node.is_time for node in path[0].choice.nodes[: path[0].chosen])
    return _LearnedPath(
        declared, None if begins_with_time else before, after if times else None, untimed=untimed
    )
