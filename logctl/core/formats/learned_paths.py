"""The ways of lines through a tree of formats, each as one pattern that says by itself that the way is right.

Most lines of a program take the same way through the tree as those before them. On that way, a part is chosen
because the parts before it do not match and the next character is one of those that lead to it. Such a way is
made into a pattern: at each place those characters, none of the parts before, and then the part. So a line
that the pattern matches would have taken the same way, and no other line is read by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

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
_BLANKS = frozenset((r"[ \t]*", r"[ \t]+"))
_CHARACTERS = [*map(chr, range(33, 127))]

Scan = Callable[[str, int, Context], FoundTime | None]


class PathStep(NamedTuple):
    """A place in a head: the parts that can follow there, and the index of the one that did.

    `vain`: the indexes of parts before it that match, but after which nothing did; None if it is not known.
    """

    branches: Any
    choice: Any
    chosen: int
    vain: tuple[int, ...] | None


_Key = tuple[tuple[int, int, tuple[int, ...] | None], ...]


class LearnedPaths:
    """The ways that lines have taken often, by the first character of the lines."""

    def __init__(self) -> None:
        self._paths: dict[str, list[_LearnedPath]] = {}
        self._counts: Counter[_Key] = Counter()
        self._learned: set[_Key] = set()

    def read(self, text: str, context: Context, scan: Scan) -> Reading | None:
        """Return what a line says if it takes one of the ways; None otherwise."""
        for path in self._paths.get(text[:1], ()):
            reading = path.read(text, context, scan)
            if reading is not None:
                return reading
        return None

    def note(self, text: str, path: Sequence[PathStep]) -> None:
        """Count the way of a line, given from its end, and learn it if lines take it often."""
        key = tuple((id(step.choice), step.chosen, step.vain) for step in path)
        if key in self._learned or any(step.vain is None for step in path):
            return
        self._counts[key] += 1
        if self._counts[key] < _LEARNED_AFTER:
            if len(self._counts) > _MOST_COUNTED:
                self._counts.clear()
            return
        same = self._paths.setdefault(text[0], [])
        self._learned.add(key)
        if len(self._learned) <= _MOST_PATHS and len(same) < _MOST_OF_A_CHARACTER:
            learned = _learn(path[::-1])
            if learned is not None:
                same.append(learned)


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

    def read(self, text: str, context: Context, scan: Scan) -> Reading | None:
        at = 0
        texts: tuple[str, ...] = ()
        time = None
        if self._before is not None:
            found = self._before(text)
            if found is None:
                return None
            if self._untimed and scan(text, 0, context) is not None:
                return None
            at, texts = found.end(), found.groups()
        end = at
        if self._after is not None:
            time = scan(text, at, context)
            found = self._after(text, time.end) if time is not None else None
            if found is None:
                return None
            end, texts = found.end(), texts + found.groups()
        word = ""
        for index, own in self._words:
            word = texts[index]
            if levels.level_of_word(word) == levels.UNKNOWN and word.lower() not in own:
                return None
        groups = [(name, texts[index]) for index, name in self._names]
        return reading_of(Head(text, end, groups, word, time, at), self._format, context)


class _Pattern:
    """A pattern for several steps: `names` of its groups ("" for a word), and which groups are `words`."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.names: list[str] = []
        self.words: list[tuple[int, frozenset[str]]] = []

    def add(self, step: PathStep) -> None:
        """Add a step: what can follow, what must not match, the part, and the word after it."""
        nodes, node = step.choice.nodes, step.choice.nodes[step.chosen]
        self._parts.append(f"(?=[ \\t]*[{_class(step)}])")
        before = [
            _until_end(other) if number in (step.vain or ()) else _unnamed(other)
            for number, other in enumerate(nodes[: step.chosen])
            if not (other.empty and other.is_time)
        ]
        if before:
            self._parts.append("(?!" + "|".join(before) + ")")
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


def _learn(path: Sequence[PathStep]) -> _LearnedPath | None:
    """Return a way, given from its start; None if it cannot be made into a pattern."""
    for number, step in enumerate(path):
        for index, node in enumerate(step.choice.nodes[: step.chosen + 1]):
            parts = _parts_in(node) if index in (step.vain or ()) else (node,)
            if any(_REFERENCE.search(part.pattern) for part in parts):
                return None
            if index < step.chosen and node.empty and (number or not node.is_time):
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
