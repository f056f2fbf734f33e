"""DynamoDB's condition and update expressions, as far as the stores use them. Anything else is refused.

`test_models.py` holds this against moto's evaluator.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

Item = dict[str, Any]

_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[:#]?\w+)")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CLAUSES = ("SET", "REMOVE", "ADD")


class _Parser:
    """One expression, read from left to right against the item as it was."""

    def __init__(self, text: str, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> None:
        self._tokens = _tokens(text)
        self._item = item
        self._names = names
        self._values = values

    @property
    def next(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def take(self, expected: str = "") -> str:
        token = self._tokens.pop(0)
        assert not expected or token == expected, f"{expected!r} expected before {token!r} {self._tokens}"
        return token

    def name(self) -> str:
        token = self.take()
        assert token[0] != ":", f"{token} is a value, not a name"
        return self._names[token] if token[0] == "#" else token

    # ── Conditions ──────────────────────────────────────────────────────────────────────────────────

    def condition(self) -> bool:
        holds = self._all()
        while self.next == "OR":
            self.take()
            holds = self._all() or holds
        return holds

    def _all(self) -> bool:
        holds = self._one()
        while self.next == "AND":
            self.take()
            holds = self._one() and holds
        return holds

    def _one(self) -> bool:
        if self.next == "(":
            self.take()
            holds = self.condition()
            self.take(")")
            return holds
        if self.next in ("attribute_exists", "attribute_not_exists"):
            wanted = self.take() == "attribute_exists"
            self.take("(")
            name = self.name()
            self.take(")")
            return (name in self._item) is wanted
        left, compare, right = self.operand(), _COMPARISONS[self.take()], self.operand()
        if left is None or right is None or left.keys() != right.keys():
            return False  # DynamoDB: a missing attribute, or one of another type, compares with nothing
        return compare(_plain(left), _plain(right))

    # ── Updates ─────────────────────────────────────────────────────────────────────────────────────

    def operand(self) -> Item | None:
        if self.next == "if_not_exists":
            self.take()
            self.take("(")
            name = self.name()
            self.take(",")
            otherwise = self.operand()
            self.take(")")
            return self._item.get(name, otherwise)
        if self.next[0] == ":":
            return self._values[self.take()]
        return self._item.get(self.name())

    def update(self) -> Item:
        changed = dict(self._item)
        while self.next:
            clause = self.take()
            assert clause in _CLAUSES, f"{clause} is no clause known here"
            for _ in self._list():
                self._change(clause, changed)
        return changed

    def _list(self) -> Iterator[None]:
        yield
        while self.next == ",":
            self.take()
            yield

    def _change(self, clause: str, changed: Item) -> None:
        name = self.name()
        if clause == "REMOVE":
            changed.pop(name, None)
        elif clause == "ADD":
            added = int(self._values[self.take()]["N"])
            changed[name] = {"N": str(int(self._item.get(name, {"N": "0"})["N"]) + added)}
        else:
            self.take("=")
            value = self.operand()
            assert value is not None, f"{name} is set to an attribute that does not exist"
            changed[name] = value


def holds(text: str, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> bool:
    parser = _Parser(text, item, names, values)
    result = parser.condition()
    assert not parser.next, f"not understood from {parser.next!r} on: {text}"
    return result


def updated(text: str, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> Item:
    """The item after an update; the operands are those of the item before it."""
    return _Parser(text, item, names, values).update()


def _tokens(text: str) -> list[str]:
    return list(_split(text))


@lru_cache(maxsize=1_000)
def _split(text: str) -> tuple[str, ...]:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        assert found, f"not understood: {text[at:]!r}"
        tokens.append(found[1])
        at = found.end()
    return tuple(tokens)


def _plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content
