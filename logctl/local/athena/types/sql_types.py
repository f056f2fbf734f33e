"""Types in the three languages that meet here: Hive's (catalog), Athena's (results), DuckDB's (execution).

A type is parsed once into a `Type`; each language is a way to write it. Complex types nest.
"""

from __future__ import annotations

import re
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
    # Trino sums bigint to bigint; DuckDB to 128 bits.
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
# What ResultSetMetadata says of a type (Amazon Athena API Reference, ColumnInfo); found in real results.
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
    """`arguments` are the numbers of `decimal(p,s)` or the parts of `array`, `map` and `struct`; `names` the
    names of a struct's parts."""

    name: str
    arguments: tuple[Any, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def hive(self) -> str:
        if self.name == "struct":
            inner = ",".join(f"{n}:{t.hive}" for n, t in zip(self.names, self.arguments, strict=True))
            return f"struct<{inner}>"
        if self.name in ("array", "map"):
            return f"{self.name}<{','.join(part.hive for part in self.arguments)}>"
        if self.arguments:
            return f"{self.name}({','.join(map(str, self.arguments))})"
        # The catalog has no such types (Athena User Guide, Data types): text keeps their value.
        return (
            "string"
            if self.name
            in ("varchar", "json", "uuid", "time", "interval", "interval year to month", "unknown")
            else self.name
        )

    @property
    def duckdb(self) -> str:
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
        """As results, views and information_schema say it."""
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
        renamed = {
            "string": "varchar",
            "int": "integer",
            "float": "real",
            "binary": "varbinary",
            "interval": "interval day to second",
        }
        return renamed.get(self.name, self.name)

    @property
    def label(self) -> str:
        """As ColumnInfo's Type says it: without the parts of a complex type. `string` is what DDL and utility
        statements have; queries have `varchar`."""
        renamed = {
            "int": "integer",
            "binary": "varbinary",
            "struct": "row",
            "interval": "interval day to second",
        }
        return renamed.get(self.name, self.name)

    @property
    def precision_and_scale(self) -> tuple[int, int]:
        if self.name == "decimal":
            precision, scale = self.arguments or (10, 0)
            return precision, scale
        return _PRECISION.get(self.name, (0, 0))


STRING = Type("string")


def parse(text: str) -> Type:
    """A type as Hive, Trino or DuckDB write it.

    Raises:
        ValueError: it is none.
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
    """DuckDB's own words: `HUGEINT`, `VARCHAR[]`, `STRUCT(a INTEGER, b MAP(VARCHAR, DOUBLE))`."""
    if text in _FROM_DUCKDB:
        return Type(_FROM_DUCKDB[text])
    if text.startswith("ENUM"):
        return Type("varchar")
    return parse(text)
