"""Statements that change the catalog: databases, tables, partitions (Hive's DDL)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.statements.session import Session, StatementOutcome
from logctl.local.athena.statements.show_statements import as_lines, describe, show
from logctl.local.athena.storage.glue_catalog import Table, partition_name, standard_location
from logctl.local.athena.storage.s3_objects import split_url
from logctl.local.athena.syntax import hive_statements as ddl


def _create_database(session: Session, statement: ddl.CreateDatabase) -> StatementOutcome:
    created = session.catalog.create_database(
        statement.name,
        comment=statement.comment,
        location=statement.location,
        properties=dict(statement.properties),
    )
    if not created and not statement.if_not_exists:
        raise QueryError(f"FAILED: Execution Error, return code 1. Database {statement.name} already exists")
    return StatementOutcome("DDL", "CREATE_DATABASE")


def _drop_database(session: Session, statement: ddl.DropDatabase) -> StatementOutcome:
    if session.catalog.database(statement.name) is None:
        if statement.if_exists:
            return StatementOutcome("DDL", "DROP_DATABASE")
        raise QueryError(
            f"FAILED: SemanticException [Error 10072]: Database does not exist: {statement.name}"
        )
    if session.catalog.tables(statement.name) and not statement.cascade:
        raise QueryError(
            f"FAILED: Execution Error, return code 1. InvalidOperationException("
            f"message:Database {statement.name} "
            "is not empty. One or more tables exist.)"
        )
    for table in session.catalog.tables(statement.name):
        session.catalog.drop(table)
    session.catalog.drop_database(statement.name)
    return StatementOutcome("DDL", "DROP_DATABASE")


def _create_table(session: Session, statement: ddl.CreateTable) -> StatementOutcome:
    database, name = session.named(statement.table)
    split_url(statement.location)
    names = [column.name for column in (*statement.columns, *statement.keys)]
    if len(set(names)) != len(names):
        raise QueryError("FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns")
    # Athena keeps a table's comment among its parameters, and its location without a slash at the end.
    text = " ".join(line for line in statement.comment.splitlines() if line)
    comment = {"comment": text} if text else {}
    table = Table(
        database=database,
        name=name,
        columns=statement.columns,
        keys=statement.keys,
        location=statement.location.rstrip("/"),
        format=statement.format,
        parameters={"EXTERNAL": "TRUE", **comment, **statement.properties},
        comment=text,
    )
    if not session.catalog.create(table) and not statement.if_not_exists:
        raise QueryError(
            f"FAILED: Execution Error, return code 1. "
            f"AlreadyExistsException(message:Table {name} already exists.)"
        )
    return StatementOutcome("DDL", "CREATE_TABLE")


def _drop(session: Session, statement: ddl.Drop) -> StatementOutcome:
    database, name = session.named(statement.table)
    found = session.catalog.find(database, name)
    done = StatementOutcome("DDL", f"DROP_{statement.kind.upper()}")
    if found is None:
        if statement.if_exists:
            return done
        if statement.kind == "view":
            raise QueryError(f"TABLE_NOT_FOUND: line 1:1: View '{database}.{name}' does not exist")
        raise QueryError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    if (found.sql is not None) != (statement.kind == "view"):
        raise QueryError(
            f"FAILED: SemanticException [Error 10158]: Cannot drop a "
            f"{'view' if found.sql is not None else 'table'} "
            f"with DROP {statement.kind.upper()}"
        )
    session.catalog.drop(found)
    return done


def _values(table: Table, spec: Mapping[str, str]) -> tuple[str, ...]:
    if {key.name for key in table.keys} != set(spec):
        raise QueryError(
            "FAILED: SemanticException [Error 10098]: partition spec "
            f"{{{', '.join(f'{k}={v}' for k, v in spec.items())}}} doesn't contain all "
            f"({len(table.keys)}) partition columns"
        )
    return tuple(spec[key.name] for key in table.keys)


def _add_partitions(session: Session, statement: ddl.AddPartitions) -> StatementOutcome:
    table = session.table(statement.table)
    wanted: dict[tuple[str, ...], str] = {}
    for spec, location in statement.partitions:
        values = _values(table, spec)
        if location:
            split_url(location)
        wanted[values] = location or standard_location(table, values)
    there = session.catalog.add(table, wanted)
    if there and not statement.if_not_exists:
        raise QueryError(
            "FAILED: Execution Error, return code 1. "
            "AlreadyExistsException(message:Partition already exists.)"
        )
    return StatementOutcome("DDL", "ALTER_TABLE_ADD_PARTITION")


def _drop_partitions(session: Session, statement: ddl.DropPartitions) -> StatementOutcome:
    table = session.table(statement.table)
    names = [key.name for key in table.keys]
    known = session.catalog.partitions(table)
    for conditions in statement.partitions:
        for column, _, _ in conditions:
            if column not in names:
                raise QueryError(
                    f"FAILED: SemanticException [Error 10004]: Invalid table alias or "
                    f"column reference {column}"
                )
        fitting = [
            partition
            for partition in known
            if all(
                _compares(partition.values[names.index(column)], operator, value)
                for column, operator, value in conditions
            )
        ]
        if not fitting and not statement.if_exists:
            raise QueryError("FAILED: SemanticException [Error 10006]: Partition not found")
        for partition in fitting:
            session.catalog.remove(table, partition.values)
    return StatementOutcome("DDL", "ALTER_TABLE_DROP_PARTITION")


def _compares(left: str, operator: str, right: str) -> bool:
    a: Any = left
    b: Any = right
    if re.fullmatch(r"-?\d+", left) and re.fullmatch(r"-?\d+", right) and operator not in ("=", "!=", "<>"):
        a, b = int(left), int(right)
    return bool(
        {"=": a == b, "!=": a != b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[
            operator
        ]
    )


def _rename_partition(session: Session, statement: ddl.RenamePartition) -> StatementOutcome:
    table = session.table(statement.table)
    old, new = _values(table, statement.old), _values(table, statement.new)
    found = next((item for item in session.catalog.partitions(table) if item.values == old), None)
    if found is None:
        raise QueryError("FAILED: SemanticException [Error 10006]: Partition not found")
    session.catalog.add(table, {new: found.location})
    session.catalog.remove(table, old)
    return StatementOutcome("DDL", "ALTER_TABLE_RENAME_PARTITION")


def _set_location(session: Session, statement: ddl.SetLocation) -> StatementOutcome:
    table = session.table(statement.table)
    split_url(statement.location)
    if not statement.partition:
        session.catalog.update(replace(table, location=statement.location))
        return StatementOutcome("DDL", "ALTER_TABLE_SET_LOCATION")
    values = _values(table, statement.partition)
    found = next((item for item in session.catalog.partitions(table) if item.values == values), None)
    if found is None:
        raise QueryError("FAILED: SemanticException [Error 10006]: Partition not found")
    session.catalog.relocate(table, found, statement.location)
    return StatementOutcome("DDL", "ALTER_TABLE_SET_LOCATION")


def _set_properties(session: Session, statement: ddl.SetProperties) -> StatementOutcome:
    table = session.table(statement.table)
    session.catalog.update(replace(table, parameters={**table.parameters, **statement.properties}))
    return StatementOutcome("DDL", "ALTER_TABLE_SET_TBLPROPERTIES")


def _change_columns(session: Session, statement: ddl.ChangeColumns) -> StatementOutcome:
    table = session.table(statement.table)
    columns = statement.columns if statement.replace else (*table.columns, *statement.columns)
    names = [column.name for column in (*columns, *table.keys)]
    if len(set(names)) != len(names):
        raise QueryError("FAILED: Execution Error, return code 1. Duplicate column name")
    session.catalog.update(replace(table, columns=tuple(columns)))
    return StatementOutcome("DDL", "ALTER_TABLE_REPLACECOLS" if statement.replace else "ALTER_TABLE_ADDCOLS")


def _repair(session: Session, statement: ddl.RepairTable) -> StatementOutcome:
    """Register the partitions whose folders exist in S3.

    None is dropped (Amazon Athena User Guide, MSCK REPAIR TABLE).
    """
    table = session.table(statement.table)
    if not table.keys:
        raise QueryError(f"FAILED: SemanticException: Table {table.name} is not a partitioned table")
    if table.projected:
        return as_lines("MSCK_REPAIR_TABLE", "result", [])
    # Names in lowercase: Athena may omit keys in camel case (ibid.).
    folders = re.compile("/".join(rf"{re.escape(key.name)}=([^/]+)" for key in table.keys) + "/")
    root = split_url(table.location)[1].rstrip("/")
    found: dict[tuple[str, ...], str] = {}
    for item in session.objects.under(table.location):
        rest = item.key[len(root) + 1 :] if root else item.key
        match = folders.match(rest)
        if match:
            values = tuple(unquote(value) for value in match.groups())
            found.setdefault(values, f"{table.location.rstrip('/')}/{match[0]}")
    known = {partition.values for partition in session.catalog.partitions(table)}
    missing = {values: found[values] for values in sorted(found) if values not in known}
    session.catalog.add(table, missing)
    lines = []
    if missing:
        names = [partition_name(table, values) for values in missing]
        lines.append("Partitions not in metastore:\t" + "\t".join(f"{table.name}:{name}" for name in names))
        lines += [f"Repair: Added partition to metastore {table.name}:{name}" for name in names]
    return as_lines("MSCK_REPAIR_TABLE", "result", lines)


DEFINITIONS: dict[type, Callable[[Session, Any], StatementOutcome]] = {
    ddl.CreateDatabase: _create_database,
    ddl.DropDatabase: _drop_database,
    ddl.CreateTable: _create_table,
    ddl.Drop: _drop,
    ddl.Show: show,
    ddl.Describe: describe,
    ddl.AddPartitions: _add_partitions,
    ddl.DropPartitions: _drop_partitions,
    ddl.RenamePartition: _rename_partition,
    ddl.SetLocation: _set_location,
    ddl.SetProperties: _set_properties,
    ddl.ChangeColumns: _change_columns,
    ddl.RepairTable: _repair,
}
