"""From the text of a statement to a function that executes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from logctl.local.athena.query_errors import InvalidRequest, NotSupported, QueryError
from logctl.local.athena.statements.catalog_statements import DEFINITIONS
from logctl.local.athena.statements.query_statements import create_view, explain, select
from logctl.local.athena.statements.session import Session, StatementOutcome
from logctl.local.athena.statements.write_options import unload_options
from logctl.local.athena.statements.write_statements import create_table_as, insert, unload
from logctl.local.athena.syntax.athena_sql import parse, with_parameters
from logctl.local.athena.syntax.hive_parser import parse_ddl

_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<location>[^']*)'\s*(?:WITH\s*\((?P<options>.*)\))?\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_EXPLAIN = re.compile(
    r"\s*EXPLAIN\b\s*(?P<analyze>ANALYZE\s+)?(?P<verbose>VERBOSE\s+)?(?P<options>\([^)]*\)\s*)?(?P<query>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)
_EXECUTE = re.compile(r"\s*EXECUTE\s+([\w-]+)\s*(?:USING\s+(.*))?\Z", re.IGNORECASE | re.DOTALL)

Prepared = Callable[[Session], StatementOutcome]


def prepare(sql: str, parameters: Sequence[str] = ()) -> Prepared:
    """Parse a statement and bind its parameters. The returned function executes it.

    Raises:
        InvalidRequest: the statement cannot be read; StartQueryExecution refuses it.
    """
    try:
        return _prepare(sql, parameters)
    except QueryError as problem:
        failed = problem

    def fail(session: Session) -> StatementOutcome:  # noqa: ARG001
        raise failed

    return fail


def _prepare(sql: str, parameters: Sequence[str]) -> Prepared:
    if not sql.strip().strip(";").strip():
        raise InvalidRequest("Query string cannot be empty")
    statement = parse_ddl(sql)
    if statement is not None:
        return lambda session: DEFINITIONS[type(statement)](session, statement)
    if parameters or "?" in sql:
        sql = with_parameters(sql, parameters)
    if found := _UNLOAD.match(sql):
        query, options = parse(found["query"]), unload_options(found["options"] or "")
        return lambda session: unload(session, query, found["location"], options)
    if explained := _EXPLAIN.match(sql):
        tree, analyze = parse(explained["query"]), bool(explained["analyze"])
        return lambda session: explain(session, tree, analyze=analyze)
    if executed := _EXECUTE.match(sql):
        return lambda session: _execute(session, executed[1], executed[2])
    if unknown := re.match(r"\s*(PREPARE|DEALLOCATE)\b", sql, re.IGNORECASE):
        raise NotSupported(f"The statement {unknown[1].upper()}")
    return _prepare_dml(sql)


def _prepare_dml(sql: str) -> Prepared:
    tree = parse(sql)
    if isinstance(tree, exp.Create) and tree.kind == "VIEW":
        return lambda session: create_view(session, tree, sql)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.expression, exp.Query):
        return lambda session: create_table_as(session, tree)
    if isinstance(tree, exp.Insert) and tree.args.get("overwrite"):
        # Athena has INSERT INTO only (Amazon Athena User Guide, INSERT INTO).
        raise InvalidRequest("line 1:8: mismatched input 'OVERWRITE'. Expecting: 'INTO'")
    if isinstance(tree, exp.Insert):
        return lambda session: insert(session, tree)
    if isinstance(tree, exp.Query):
        return lambda session: select(session, tree)
    if isinstance(tree, exp.Delete | exp.Update | exp.Merge):
        raise NotSupported("Changing rows (only Iceberg tables have them changed)")
    raise InvalidRequest("Queries of this type are not supported")


def _execute(session: Session, name: str, using: str | None) -> StatementOutcome:
    """Prepare `EXECUTE name USING value, …` of a statement that CreatePreparedStatement has stored."""
    sql = session.prepared(name)
    if sql is None:
        raise QueryError(f"PreparedStatement {name} was not found")
    values = parse(f"SELECT {using}").expressions if using else []
    return prepare(sql, [value.sql(dialect="athena") for value in values])(session)
