"""Statements that show the catalog: SHOW and DESCRIBE, with output in Hive's form."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.statements.result_files import ResultColumn
from logctl.local.athena.statements.session import Session, StatementOutcome
from logctl.local.athena.storage.glue_catalog import Column, Table, partition_name
from logctl.local.athena.syntax import hive_statements as ddl


def as_lines(substatement: str, name: str, lines: Iterable[str]) -> StatementOutcome:
    return StatementOutcome("UTILITY", substatement, (ResultColumn(name),), [[line] for line in lines])


def _matches(name: str, pattern: str) -> bool:
    """Return whether a name fits the pattern of SHOW … LIKE: `*` is any text, `|` separates alternatives."""
    return not pattern or any(
        fnmatch.fnmatchcase(name, part.lower()) for part in pattern.strip("'").split("|")
    )


def show(session: Session, statement: ddl.Show) -> StatementOutcome:
    catalog = session.catalog
    substatement = f"SHOW_{statement.what.upper().replace(' ', '_')}"
    match statement.what:
        case "databases":
            names = [name for name in catalog.databases() if _matches(name, statement.pattern)]
            return as_lines(substatement, "database_name", names)
        case "tables" | "views":
            listed = [
                table.name
                for table in catalog.tables(statement.database or session.database)
                if (statement.what == "tables" or table.sql is not None)
                and (
                    re.fullmatch(statement.pattern.replace("*", ".*"), table.name)
                    if statement.pattern
                    else True
                )
            ]
            return as_lines(substatement, "tab_name" if statement.what == "tables" else "views", listed)
        case "create view" | "create table":
            return _show_create(session, statement)
    assert statement.table
    table = session.table(statement.table)
    match statement.what:
        case "columns":
            lines = [f"{column.name:<20}" for column in (*table.columns, *table.keys)]
            return as_lines(substatement, "field", lines)
        case "tblproperties":
            pairs = {key: value for key, value in table.parameters.items() if statement.pattern in ("", key)}
            return as_lines(substatement, "prpt_name", [f"{key}\t{value}" for key, value in pairs.items()])
    if not table.keys:
        raise QueryError(
            f"FAILED: SemanticException [Error 10023]: Table {table.name} is not a partitioned table"
        )
    names = [partition_name(table, partition.values) for partition in catalog.partitions(table)]
    return as_lines(substatement, "partition", names)


def _show_create(session: Session, statement: ddl.Show) -> StatementOutcome:
    assert statement.table
    table = session.table(statement.table)
    kind = statement.what.rpartition(" ")[2]
    if (table.sql is not None) != (kind == "view"):
        raise QueryError(f"FAILED: {table.name} is a {'view' if table.sql is not None else 'table'}")
    if table.sql is not None:
        text = f'CREATE VIEW "{table.name}" AS \n{table.sql}'
        return as_lines("SHOW_CREATE_VIEW", "Create View", text.split("\n"))
    return as_lines("SHOW_CREATE_TABLE", "createtab_stmt", _create_statement(table))


def _create_statement(table: Table) -> Iterator[str]:
    def columns(listed: Sequence[Column]) -> Iterator[str]:
        for column in listed:
            comment = f" COMMENT {_hive_text(column.comment)}" if column.comment else ""
            yield f"  `{column.name}` {column.type.hive}{comment}"

    def pairs(given: Mapping[str, str]) -> str:
        return ", \n".join(f"  {_hive_text(key)}={_hive_text(value)}" for key, value in sorted(given.items()))

    yield f"CREATE EXTERNAL TABLE `{table.database}.{table.name}`("
    yield from (", \n".join(columns(table.columns)) + ")").split("\n")
    if table.comment:
        yield f"COMMENT {_hive_text(table.comment)}"
    if table.keys:
        yield "PARTITIONED BY ( "
        yield from (", \n".join(columns(table.keys)) + ")").split("\n")
    yield "ROW FORMAT SERDE "
    yield f"  {_hive_text(table.format.serde)} "
    if table.format.parameters:
        yield "WITH SERDEPROPERTIES ( "
        yield from (pairs(table.format.parameters) + ") ").split("\n")
    yield "STORED AS INPUTFORMAT "
    yield f"  {_hive_text(table.format.input)} "
    yield "OUTPUTFORMAT "
    yield f"  {_hive_text(table.format.output)}"
    yield "LOCATION"
    yield f"  {_hive_text(table.location)}"
    kept = {key: value for key, value in table.parameters.items() if key not in ("EXTERNAL", "comment")}
    if kept:
        yield "TBLPROPERTIES ("
        yield from (pairs(kept) + ")").split("\n")


def _hive_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(f"\\u{ord(c):04x}" if ord(c) < 32 else c for c in escaped) + "'"


def describe(session: Session, statement: ddl.Describe) -> StatementOutcome:
    table = session.table(statement.table)

    def line(name: str, kind: str, comment: str) -> str:
        return f"{name:<20}\t{kind:<20}\t{comment:<20}"

    view = table.sql is not None
    lines = [
        line(column.name, column.type.athena if view else column.type.hive, column.comment)
        for column in (*table.columns, *table.keys)
    ]
    if table.keys:
        lines += [
            "\t \t ",
            line("# Partition Information", "", ""),
            line("# col_name", "data_type", "comment"),
            "\t \t ",
        ]
        lines += [line(column.name, column.type.hive, column.comment) for column in table.keys]
    if statement.style:
        lines += ["\t \t ", line("# Detailed Table Information", "", "")]
        details = {
            "Database:": table.database,
            "Location:": table.location,
            "SerDe Library:": table.format.serde,
        }
        lines += [line(name, value, "") for name, value in details.items()]
    columns = (ResultColumn("col_name"), ResultColumn("data_type"), ResultColumn("comment"))
    return StatementOutcome("UTILITY", "DESCRIBE_TABLE", columns, [row.split("\t") for row in lines])
