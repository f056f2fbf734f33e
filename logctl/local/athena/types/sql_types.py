"""SQL types, and how Hive (the catalog), Athena (results) and DuckDB (execution) write them.

A type's text is parsed once into a `Type`, which can be written in each of the three languages. Arrays, maps
and structs hold further types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_TO_DUCKDB = {
    "boolean": "BOOLEAN",
    "tinyint": "TINYINT",
    "smallint": "SMALLINT",
    "int": "INTEGER",
    "bigint": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "string": "VARCHAR",
    "varchar": "VARCHAR",
    "char": "VARCHAR",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
    "time": "TIME",
    "interval": "INTERVAL",
    "interval year to month": "INTERVAL",
    "json": "JSON",
    "uuid": "UUID",
    "unknown": "INTEGER",
    "hugeint": "HUGEINT",
}
_ALIASES = {"integer": "int", "real": "float", "varbinary": "binary", "text": "string"}
_FROM_DUCKDB = {
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "int",
    "BIGINT": "bigint",
    "UTINYINT": "smallint",
    "USMALLINT": "int",
    "UINTEGER": "bigint",
    "UBIGINT": "bigint",
    # A sum of bigint has 128 bits in DuckDB and is bigint in Trino.
    "HUGEINT": "bigint",
    "UHUGEINT": "bigint",
    "FLOAT": "float",
    "DOUBLE": "double",
    "VARCHAR": "varchar",
    "BLOB": "binary",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP_S": "timestamp",
    "TIMESTAMP_MS": "timestamp",
    "TIMESTAMP_NS": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
    "TIMESTAMPTZ": "timestamp with time zone",
    "TIME": "time",
    "INTERVAL": "interval",
    "JSON": "json",
    "UUID": "uuid",
    '"NULL"': "unknown",
    "NULL": "unknown",
}
_TEXT_IN_HIVE = ("varchar", "json", "uuid", "time", "interval", "interval year to month", "unknown")
"""Types that the catalog does not have (Athena User Guide, Data types): a string column keeps their text."""
_LABELS = {"int": "integer", "binary": "varbinary", "struct": "row", "interval": "interval day to second"}
_TRINO_NAMES = {**_LABELS, "string": "varchar", "float": "real"}
# Precision and scale in ResultSetMetadata (Amazon Athena API Reference, ColumnInfo), from real results.
_PRECISION = {
    "tinyint": (3, 0),
    "smallint": (5, 0),
    "int": (10, 0),
    "bigint": (19, 0),
    "float": (17, 0),
    "double": (17, 0),
    "timestamp": (3, 0),
    "timestamp with time zone": (3, 0),
    "varchar": (2147483647, 0),
    "binary": (1073741824, 0),
}


@dataclass(frozen=True)
class Type:
    """A type: a name in lowercase (Hive's where Hive has the type), and its parts.

    Attributes:
        arguments: the numbers of `decimal(p,s)` or `varchar(n)`, or the types inside an `array`, `map` or
            `struct`.
        names: the names of a struct's fields. For `timestamp with time zone` the zone of its values, if it
            is not UTC: Trino keeps the zone in each value, this engine in the type.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def hive(self) -> str:
        """The type as the catalog and DDL write it."""
        if self.name == "struct":
            inner = ",".join(f"{n}:{t.hive}" for n, t in zip(self.names, self.arguments, strict=True))
            return f"struct<{inner}>"
        if self.name in ("array", "map"):
            return f"{self.name}<{','.join(part.hive for part in self.arguments)}>"
        if self.arguments:
            return f"{self.name}({','.join(map(str, self.arguments))})"
        return "string" if self.name in _TEXT_IN_HIVE else self.name

    @property
    def duckdb(self) -> str:
        """The type as DuckDB's SQL writes it."""
        if self.name == "array":
            return f"{self.arguments[0].duckdb}[]"
        if self.name == "map":
            return f"MAP({self.arguments[0].duckdb}, {self.arguments[1].duckdb})"
        if self.name == "struct":
            pairs = zip(self.names, self.arguments, strict=True)
            return "STRUCT(" + ", ".join(f'"{name}" {part.duckdb}' for name, part in pairs) + ")"
        if self.name == "decimal":
            precision, scale = (*self.arguments, 10, 0)[:2] if self.arguments else (10, 0)
            return f"DECIMAL({precision},{scale})"
        return _TO_DUCKDB[self.name]

    @property
    def athena(self) -> str:
        """The type as results, views and `information_schema` write it: Trino's words."""
        if self.name == "struct":
            pairs = zip(self.names, self.arguments, strict=True)
            return "row(" + ", ".join(f"{name} {part.athena}" for name, part in pairs) + ")"
        if self.name in ("array", "map"):
            return f"{self.name}({', '.join(part.athena for part in self.arguments)})"
        if self.name == "timestamp":
            return "timestamp(3)"
        if self.name == "timestamp with time zone":
            return "timestamp(3) with time zone"
        if self.name == "decimal":
            return f"decimal({','.join(map(str, self.arguments or (10, 0)))})"
        if self.name in ("varchar", "char") and self.arguments:
            return f"{self.name}({self.arguments[0]})"
        return _TRINO_NAMES.get(self.name, self.name)

    @property
    def label(self) -> str:
        """The `Type` of a result's ColumnInfo, which does not name the parts of an array, map or row.

        Columns of DDL and utility statements are `string`, those of queries `varchar`.
        """
        return _LABELS.get(self.name, self.name)

    @property
    def precision_and_scale(self) -> tuple[int, int]:
        """The `Precision` and `Scale` of a result's ColumnInfo."""
        if self.name == "decimal":
            precision, scale = self.arguments or (10, 0)
            return precision, scale
        return _PRECISION.get(self.name, (0, 0))


STRING = Type("string")
"""Text as Hive calls it: the type of catalog columns and of what DDL statements show."""
UNKNOWN, BOOLEAN, INTEGER, BIGINT = Type("unknown"), Type("boolean"), Type("int"), Type("bigint")
DOUBLE, REAL, VARCHAR, BINARY = Type("double"), Type("float"), Type("varchar"), Type("binary")
DATE, TIME, TIMESTAMP, JSON = Type("date"), Type("time"), Type("timestamp"), Type("json")
ZONED = Type("timestamp with time zone")
INTERVAL, MONTHS = Type("interval"), Type("interval year to month")
HUGEINT = Type("hugeint")
"""DuckDB's integer of 128 bits, for intermediate results. Trino has no such type."""

INTEGERS = ("tinyint", "smallint", "int", "bigint")
FLOATS = ("double", "float")
NUMBERS = (*INTEGERS, "decimal", "float", "double")
"""Names of numeric types, each after those whose values it can hold."""
TEXTS = ("varchar", "char")
MOMENTS = ("date", "time", "timestamp", "timestamp with time zone")
MOST_DIGITS = 38
"""The most digits that a decimal has."""
MIXED = "mixed"
"""Stands for the zone in a type whose values have several."""
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}


def is_number(kind: Type) -> bool:
    return kind.name in NUMBERS


def is_text(kind: Type) -> bool:
    return kind.name in TEXTS


def is_zoned(kind: Type) -> bool:
    return kind.name == ZONED.name


def row_of(kinds: Sequence[Type | None]) -> Type | None:
    """Return the type of a row without field names: its fields are `field0`, `field1` and so on."""
    if any(kind is None for kind in kinds):
        return None
    return Type("struct", tuple(kinds), tuple(f"field{at}" for at in range(len(kinds))))


def as_decimal(kind: Type) -> Type:
    """Return the decimal type that holds every value of an integer type; any other type as it is."""
    return Type("decimal", (_DIGITS[kind.name], 0)) if kind.name in _DIGITS else kind


def normal(kind: Type) -> Type:
    """Return a catalog type as queries see it: varchar for `string`, a decimal with both its numbers."""
    if kind.name == "string":
        return VARCHAR
    if kind.name == "decimal":
        precision, scale = (*kind.arguments, 0)[:2] if kind.arguments else (10, 0)
        return Type("decimal", (precision, scale))
    if kind.name in ("array", "map", "struct"):
        return Type(kind.name, tuple(normal(part) for part in kind.arguments), kind.names)
    return kind


def parse(text: str) -> Type:
    """Parse a type as Hive, Trino or DuckDB write it.

    Raises:
        ValueError: the text is not a type.
    """
    parser = _Parser(text)
    found = parser.type()
    if parser.rest():
        raise ValueError(f"{text!r} is not a type")
    return found


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = re.findall(r'"(?:[^"]|"")*"|`[^`]*`|[A-Za-z_$][\w$]*|\d+|[<>(),:\[\]]', text)
        self._text = text
        self._at = 0

    def rest(self) -> list[str]:
        return self._tokens[self._at :]

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, expected: str = "") -> str:
        token = self._peek()
        if not token or (expected and token != expected):
            raise ValueError(f"{self._text!r} is not a type")
        self._at += 1
        return token

    def type(self) -> Type:
        word = self._take()
        found = self._named(word)
        while self._peek() == "[":
            self._take("[")
            if self._peek().isdigit():
                self._take()
            self._take("]")
            found = Type("array", (found,))
        return found

    def _named(self, word: str) -> Type:
        name = _ALIASES.get(word.lower(), word.lower())
        if name in ("array", "map"):
            return Type(name, tuple(self._several(self.type)))
        if name in ("struct", "row"):
            return self._struct()
        numbers = tuple(int(n) for n in self._several(self._take)) if self._peek() == "(" else ()
        if name in ("decimal", "numeric"):
            return Type("decimal", (*numbers, 0)[:2] if numbers else (38, 0))
        if name in ("timestamp", "time"):
            return self._temporal(name)
        if name in ("varchar", "char"):
            return Type(name, numbers) if numbers else Type("varchar")
        if word.upper() in _FROM_DUCKDB and word == word.upper():
            return Type(_FROM_DUCKDB[word])
        if name not in _TO_DUCKDB:
            raise ValueError(f"{self._text!r} is not a type")
        return Type(name)

    def _temporal(self, name: str) -> Type:
        words = [token.upper() for token in self._tokens[self._at : self._at + 3]]
        if words == ["WITH", "TIME", "ZONE"]:
            self._at += 3
            return Type(f"{name} with time zone")
        return Type(name)

    def _struct(self) -> Type:
        names, parts = [], []

        def part() -> None:
            names.append(self._take().strip('`"'))
            if self._peek() == ":":
                self._take(":")
            parts.append(self.type())

        self._several(part)
        return Type("struct", tuple(parts), tuple(names))

    def _several(self, read: Any) -> list[Any]:
        close = {"<": ">", "(": ")"}.get(self._take())
        if close is None:
            raise ValueError(f"{self._text!r} is not a type")
        found = [read()]
        while self._peek() == ",":
            self._take(",")
            found.append(read())
        self._take(close)
        return found


def from_duckdb(text: str) -> Type:
    """Parse a type as DuckDB's DESCRIBE writes it: `HUGEINT`, `VARCHAR[]`, `STRUCT(a INTEGER, b BLOB)`."""
    if text in _FROM_DUCKDB:
        return Type(_FROM_DUCKDB[text])
    if text.startswith("ENUM"):
        return Type("varchar")
    return parse(text)
