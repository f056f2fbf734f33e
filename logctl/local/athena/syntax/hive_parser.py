"""The parser of Athena's DDL (Amazon Athena User Guide, DDL statements)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NoReturn

from logctl.local.athena.query_errors import InvalidRequest, NotSupported
from logctl.local.athena.storage.glue_catalog import JSON, PARQUET, TEXT, Column, Format
from logctl.local.athena.syntax import hive_statements as ddl
from logctl.local.athena.types.sql_types import parse as parse_type

_TOKEN = re.compile(
    r"""\s+|--[^\n]*|/\*.*?\*/
    |(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<quoted>`(?:[^`]|``)*`)
    |(?P<word>[A-Za-z_$][\w$-]*|\d[\w.]*)
    |(?P<mark><=|>=|<>|!=|.)""",
    re.VERBOSE | re.DOTALL,
)
_DDL = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*(CREATE\s+(?:EXTERNAL\s+TABLE|DATABASE|SCHEMA|TABLE)|"
    r"DROP\s+(?:TABLE|VIEW|DATABASE|SCHEMA)|SHOW|DESCRIBE|DESC|ALTER|MSCK)\b",
    re.IGNORECASE | re.DOTALL,
)
_ICEBERG = re.compile(r"'table_type'\s*=\s*'iceberg'", re.IGNORECASE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}


def parse_ddl(sql: str) -> ddl.Statement | None:
    """Parse a DDL statement. Returns None for another statement, and for CREATE TABLE AS SELECT.

    Raises:
        InvalidRequest: it cannot be read; StartQueryExecution refuses it.
        NotSupported: Athena has the statement, the sandbox does not.
    """
    if not _DDL.match(sql):
        return None
    if _ICEBERG.search(sql):
        raise NotSupported("An Iceberg table")
    reader = _Reader(sql)
    statement = reader.statement()
    if statement is not None:
        reader.end()
    return statement


class _Reader:
    """A reader of one statement, token by token."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._tokens: list[tuple[str, str, int]] = []
        at = 0
        while at < len(sql):
            found = _TOKEN.match(sql, at)
            assert found
            if found.lastgroup:
                self._tokens.append((found.lastgroup, found[0], at))
            at = found.end()
        self._at = 0

    # ── Tokens ──

    def _fail(self, position: int, near: str) -> NoReturn:
        before = self._sql[:position]
        line, column = before.count("\n") + 1, position - (before.rfind("\n") + 1)
        raise InvalidRequest(f"line {line}:{column}: mismatched input '{near}'")

    def _kind(self) -> str:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else ""

    def _peek(self, ahead: int = 0) -> str:
        at = self._at + ahead
        return self._tokens[at][1].upper() if at < len(self._tokens) else ""

    def _wrong(self) -> NoReturn:
        if self._at < len(self._tokens):
            _, text, position = self._tokens[self._at]
            self._fail(position, text)
        self._fail(len(self._sql), "<EOF>")

    def _maybe(self, *words: str) -> bool:
        """Take the words if they come next, and return whether they do."""
        if all(self._peek(ahead) == word for ahead, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def _need(self, *words: str) -> None:
        for word in words:
            if not self._maybe(word):
                self._wrong()

    def _one_of(self, *words: str) -> str:
        """Take the next word, which must be one of the given words, and return it."""
        for word in words:
            if self._maybe(word):
                return word
        return self._wrong()

    def end(self) -> None:
        self._maybe(";")
        if self._at < len(self._tokens):
            self._wrong()

    def _identifier(self) -> str:
        kind = self._kind()
        text = self._tokens[self._at][1] if kind else ""
        if kind == "word":
            self._at += 1
            return text.lower()
        if kind == "quoted" or (kind == "string" and text[0] == '"'):
            self._at += 1
            return text[1:-1].replace("``", "`").replace('""', '"').lower()
        return self._wrong()

    def _string(self) -> str:
        if self._kind() != "string":
            self._wrong()
        text = self._tokens[self._at][1]
        self._at += 1
        body = text[1:-1].replace(text[0] * 2, text[0])
        body = re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), body)
        body = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), body)
        return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), body)

    def _value(self) -> str:
        """Take a value: a string, or a number without quotes."""
        if self._kind() == "word":
            self._at += 1
            return self._tokens[self._at - 1][1]
        return self._string()

    def _name(self) -> ddl.Name:
        first = self._identifier()
        if not self._maybe("."):
            return ddl.Name(first)
        second = self._identifier()
        if self._maybe("."):  # catalog.database.table
            return ddl.Name(self._identifier(), second)
        return ddl.Name(second, first)

    def _list(self, item: Callable[[], Any]) -> list[Any]:
        self._need("(")
        found = [item()]
        while self._maybe(","):
            found.append(item())
        self._need(")")
        return found

    def _properties(self) -> dict[str, str]:
        def pair() -> tuple[str, str]:
            key = self._string()
            self._need("=")
            return key, self._value()

        return dict(self._list(pair))

    def _type_text(self) -> str:
        """Take the tokens of a type, up to its last closing bracket, and return them as text."""
        depth = 0
        parts: list[str] = []
        while self._at < len(self._tokens):
            _, text, _ = self._tokens[self._at]
            if depth == 0 and parts and text not in ("(", "<"):
                break
            if text in (",", ")") and depth == 0:
                break
            depth += (text in ("(", "<")) - (text in (")", ">"))
            parts.append(text)
            self._at += 1
        return " ".join(parts)

    def _column(self) -> Column:
        name = self._identifier()
        at = self._at
        try:
            kind = parse_type(self._type_text())
        except ValueError:
            self._at = min(at, len(self._tokens) - 1)
            self._wrong()
        return Column(name, kind, self._string() if self._maybe("COMMENT") else "")

    # ── Statements ──

    def statement(self) -> ddl.Statement | None:
        match self._one_of("CREATE", "DROP", "SHOW", "DESCRIBE", "DESC", "ALTER", "MSCK"):
            case "CREATE":
                return self._create()
            case "DROP":
                return self._drop()
            case "SHOW":
                return self._show()
            case "DESCRIBE" | "DESC":
                style = (
                    "extended" if self._maybe("EXTENDED") else "formatted" if self._maybe("FORMATTED") else ""
                )
                self._maybe("TABLE")
                return ddl.Describe(self._name(), style)
            case "ALTER":
                return self._alter()
            case _:
                self._need("REPAIR", "TABLE")
                return ddl.RepairTable(self._name())

    def _create(self) -> ddl.Statement | None:
        if self._maybe("DATABASE") or self._maybe("SCHEMA"):
            return self._create_database()
        external = self._maybe("EXTERNAL")
        self._need("TABLE")
        if_not_exists = self._maybe("IF", "NOT", "EXISTS")
        table = self._name()
        if not external and self._peek() in ("AS", "WITH", "COMMENT"):
            return None  # CREATE TABLE … AS SELECT
        columns = tuple(self._list(self._column)) if self._peek() == "(" else ()
        return self._create_table(table, if_not_exists, columns, external=external)

    def _create_database(self) -> ddl.CreateDatabase:
        if_not_exists = self._maybe("IF", "NOT", "EXISTS")
        name = self._identifier()
        comment = self._string() if self._maybe("COMMENT") else ""
        location = self._string() if self._maybe("LOCATION") else ""
        properties = self._properties() if self._maybe("WITH", "DBPROPERTIES") else {}
        return ddl.CreateDatabase(name, if_not_exists, comment, location, properties)

    def _create_table(
        self, table: ddl.Name, if_not_exists: bool, columns: tuple[Column, ...], *, external: bool
    ) -> ddl.CreateTable:
        comment, location, keys = "", "", ()
        properties: dict[str, str] = {}
        serde, parameters, stored, formats = "", dict[str, str](), "", ("", "")
        while self._at < len(self._tokens) and self._peek() != ";":
            if self._maybe("COMMENT"):
                comment = self._string()
            elif self._maybe("PARTITIONED", "BY"):
                keys = tuple(self._list(self._column))
            elif self._maybe("CLUSTERED", "BY"):
                self._list(self._identifier)
                self._need("INTO")
                self._value()
                self._need("BUCKETS")
            elif self._maybe("ROW", "FORMAT", "SERDE"):
                serde = self._string()
                if self._maybe("WITH", "SERDEPROPERTIES"):
                    parameters |= self._properties()
            elif self._maybe("WITH", "SERDEPROPERTIES"):
                parameters |= self._properties()
            elif self._maybe("ROW", "FORMAT", "DELIMITED"):
                parameters |= self._delimiters()
            elif self._maybe("STORED", "AS", "INPUTFORMAT"):
                first = self._string()
                self._need("OUTPUTFORMAT")
                formats = first, self._string()
            elif self._maybe("STORED", "AS"):
                stored = self._identifier()
            elif self._maybe("LOCATION"):
                location = self._string()
            elif self._maybe("TBLPROPERTIES"):
                properties = self._properties()
            else:
                self._wrong()
        if not external:
            raise InvalidRequest(
                "FAILED: ParseException: only external tables can be created; write CREATE EXTERNAL TABLE"
            )
        if not location:
            raise InvalidRequest("Table location can not be null. Provide the LOCATION clause")
        return ddl.CreateTable(
            table=table,
            if_not_exists=if_not_exists,
            columns=columns,
            keys=keys,
            comment=comment,
            format=_format(serde, parameters, stored, formats),
            location=location,
            properties=properties,
        )

    def _delimiters(self) -> dict[str, str]:
        found: dict[str, str] = {}
        clauses = (
            (("FIELDS", "TERMINATED", "BY"), "field.delim"),
            (("ESCAPED", "BY"), "escape.delim"),
            (("COLLECTION", "ITEMS", "TERMINATED", "BY"), "collection.delim"),
            (("MAP", "KEYS", "TERMINATED", "BY"), "mapkey.delim"),
            (("LINES", "TERMINATED", "BY"), "line.delim"),
            (("NULL", "DEFINED", "AS"), "serialization.null.format"),
        )
        while True:
            for words, key in clauses:
                if self._maybe(*words):
                    found[key] = self._string()
                    break
            else:
                return found

    def _drop(self) -> ddl.Statement:
        kind = self._one_of("TABLE", "VIEW", "DATABASE", "SCHEMA").lower()
        if_exists = self._maybe("IF", "EXISTS")
        if kind in ("database", "schema"):
            name = self._identifier()
            cascade = self._maybe("CASCADE")
            self._maybe("RESTRICT")
            return ddl.DropDatabase(name, if_exists, cascade)
        return ddl.Drop(kind, self._name(), if_exists)

    def _show(self) -> ddl.Statement:
        if self._maybe("DATABASES") or self._maybe("SCHEMAS"):
            self._maybe("LIKE")
            return ddl.Show("databases", pattern=self._string() if self._kind() == "string" else "")
        if self._maybe("CREATE"):
            return ddl.Show(f"create {self._one_of('TABLE', 'VIEW').lower()}", self._name())
        what = self._one_of("TABLES", "VIEWS", "PARTITIONS", "COLUMNS", "TBLPROPERTIES").lower()
        if what in ("tables", "views"):
            database = self._identifier() if self._maybe("IN") or self._maybe("FROM") else ""
            self._maybe("LIKE")
            return ddl.Show(
                what, database=database, pattern=self._string() if self._kind() == "string" else ""
            )
        if what == "columns":
            self._one_of("IN", "FROM")
            table = self._name()
            if self._maybe("IN") or self._maybe("FROM"):
                table = ddl.Name(table.name, self._identifier())
            return ddl.Show(what, table)
        table = self._name()
        pattern = self._list(self._string)[0] if what == "tblproperties" and self._peek() == "(" else ""
        return ddl.Show(what, table, pattern=pattern)

    def _spec(self) -> dict[str, str]:
        return {column: value for column, _, value in self._conditions()}

    def _conditions(self) -> tuple[tuple[str, str, str], ...]:
        def condition() -> tuple[str, str, str]:
            column = self._identifier()
            operator = self._one_of("=", "<=", ">=", "<>", "!=", "<", ">")
            return column, operator, self._value()

        return tuple(self._list(condition))

    def _alter(self) -> ddl.Statement:
        self._need("TABLE")
        table = self._name()
        if self._maybe("ADD", "COLUMNS"):
            return ddl.ChangeColumns(table, tuple(self._list(self._column)), replace=False)
        if self._maybe("REPLACE", "COLUMNS"):
            return ddl.ChangeColumns(table, tuple(self._list(self._column)), replace=True)
        if self._maybe("SET", "TBLPROPERTIES"):
            return ddl.SetProperties(table, self._properties())
        if self._maybe("ADD"):
            return self._add_partitions(table)
        if self._maybe("DROP"):
            if_exists = self._maybe("IF", "EXISTS")
            partitions = []
            while self._maybe("PARTITION"):
                partitions.append(self._conditions())
                self._maybe(",")
            return ddl.DropPartitions(table, if_exists, tuple(partitions)) if partitions else self._wrong()
        partition = self._spec() if self._maybe("PARTITION") else {}
        if partition and self._maybe("RENAME", "TO", "PARTITION"):
            return ddl.RenamePartition(table, partition, self._spec())
        self._need("SET", "LOCATION")
        return ddl.SetLocation(table, partition, self._string())

    def _add_partitions(self, table: ddl.Name) -> ddl.AddPartitions:
        if_not_exists = self._maybe("IF", "NOT", "EXISTS")
        partitions = []
        while self._maybe("PARTITION"):
            spec = self._spec()
            partitions.append((spec, self._string() if self._maybe("LOCATION") else ""))
            self._maybe(",")
        if not partitions:
            self._wrong()
        return ddl.AddPartitions(table, if_not_exists, tuple(partitions))


def _format(serde: str, parameters: dict[str, str], stored: str, formats: tuple[str, str]) -> Format:
    base = {"parquet": PARQUET, "json": JSON, "": TEXT, "textfile": TEXT}.get(stored)
    if base is None:
        raise NotSupported(f"STORED AS {stored.upper()}")
    if not serde and formats[0] and "parquet" in formats[0].lower():
        base = PARQUET
    if serde == PARQUET.serde:
        base = PARQUET
    if serde == JSON.serde and not stored and not formats[0]:
        formats = base.input, base.output.replace("HiveIgnoreKey", "IgnoreKey")
    if not serde and base is TEXT and "field.delim" in parameters:
        parameters = {"serialization.format": parameters["field.delim"], **parameters}
    # Athena sets this parameter for every table.
    parameters = {"serialization.format": "1", **parameters}
    return Format(serde or base.serde, formats[0] or base.input, formats[1] or base.output, parameters)
