"""DynamoDB's condition and update expressions, as far as the stores use them. Anything else is refused.

`test_models.py` holds this against moto's evaluator.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


Evaluate = Callable[[Mapping[str, Any], Mapping[str, str], Item], Any]
"""From an item as it was, the names (`#name`) and the values (`:value`) of a request."""


class _Parser:
    """One expression, read once from left to right into a function."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_split(text))
        self.names: set[str] = set()
        self.values: set[str] = set()

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
        if token[0] == "#":
            self.names.add(token)
        return token

    def value(self) -> str:
        token = self.take()
        assert token[0] == ":", f"{token} is a name, not a value"
        self.values.add(token)
        return token

    # ── Conditions ──────────────────────────────────────────────────────────────────────────────────

    def condition(self) -> Evaluate:
        parts = [self._all()]
        while self.next == "OR":
            self.take()
            parts.append(self._all())
        if len(parts) == 1:
            return parts[0]
        return lambda *given: any(part(*given) for part in parts)

    def _all(self) -> Evaluate:
        parts = [self._one()]
        while self.next == "AND":
            self.take()
            parts.append(self._one())
        if len(parts) == 1:
            return parts[0]
        return lambda *given: all(part(*given) for part in parts)

    def _one(self) -> Evaluate:
        if self.next == "(":
            self.take()
            inner = self.condition()
            self.take(")")
            return inner
        if self.next in ("attribute_exists", "attribute_not_exists"):
            wanted = self.take() == "attribute_exists"
            self.take("(")
            name = self.name()
            self.take(")")
            return lambda item, names, values: (names.get(name, name) in item) is wanted
        left = self.operand()
        if self.next == "BETWEEN":
            self.take()
            low = self._compared(left, operator.ge, self.operand())
            self.take("AND")
            high = self._compared(left, operator.le, self.operand())
            return lambda *given: low(*given) and high(*given)
        return self._compared(left, _COMPARISONS[self.take()], self.operand())

    def _compared(self, left: Evaluate, compare: Callable[[Any, Any], bool], right: Evaluate) -> Evaluate:
        def compared(item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> bool:
            one, other = left(item, names, values), right(item, names, values)
            if one is None or other is None or one.keys() != other.keys():
                return False  # DynamoDB: a missing attribute, or one of another type, compares with nothing
            return compare(_plain(one), _plain(other))

        return compared

    # ── Updates ─────────────────────────────────────────────────────────────────────────────────────

    def operand(self) -> Evaluate:
        if self.next == "if_not_exists":
            self.take()
            self.take("(")
            name = self.name()
            self.take(",")
            otherwise = self.operand()
            self.take(")")
            return lambda item, names, values: item.get(names.get(name, name), otherwise(item, names, values))
        if self.next[0] == ":":
            value = self.value()
            return lambda item, names, values: values[value]
        attribute = self.name()
        return lambda item, names, values: item.get(names.get(attribute, attribute))

    def update(self) -> Evaluate:
        changes = []
        while self.next:
            clause = self.take()
            assert clause in _CLAUSES, f"{clause} is no clause known here"
            changes.append(self._change(clause))
            while self.next == ",":
                self.take()
                changes.append(self._change(clause))

        def changed(item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> Item:
            new = dict(item)
            for change in changes:
                change(new, item, names, values)
            return new

        return changed

    def _change(self, clause: str) -> Callable[..., None]:
        name = self.name()
        if clause == "REMOVE":
            return lambda new, item, names, values: new.pop(names.get(name, name), None)
        if clause == "ADD":
            value = self.value()

            def add(new: Item, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> None:
                own = names.get(name, name)
                new[own] = {"N": str(int(item.get(own, {"N": "0"})["N"]) + int(values[value]["N"]))}

            return add
        self.take("=")
        operand = self.operand()

        def put(new: Item, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> None:
            content = operand(item, names, values)
            assert content is not None, f"{name} is set to an attribute that does not exist"
            new[names.get(name, name)] = content

        return put


@dataclass(frozen=True)
class _Expression:
    """An expression as a function, and the names and values that a request has to give for it."""

    evaluate: Evaluate
    names: frozenset[str]
    values: frozenset[str]

    def __call__(self, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> Any:
        assert self.names <= names.keys(), f"{self.names - names.keys()} missing"
        assert self.values <= values.keys(), f"{self.values - values.keys()} missing"
        return self.evaluate(item, names, values)


def holds(text: str, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> bool:
    return _condition(text)(item, names, values)


def updated(text: str, item: Mapping[str, Any], names: Mapping[str, str], values: Item) -> Item:
    """The item after an update; the operands are those of the item before it."""
    return _update(text)(item, names, values)


@lru_cache(maxsize=1_000)
def _condition(text: str) -> _Expression:
    parser = _Parser(text)
    evaluate = parser.condition()
    assert not parser.next, f"not understood from {parser.next!r} on: {text}"
    return _Expression(evaluate, frozenset(parser.names), frozenset(parser.values))


@lru_cache(maxsize=1_000)
def _update(text: str) -> _Expression:
    parser = _Parser(text)
    return _Expression(parser.update(), frozenset(parser.names), frozenset(parser.values))


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
