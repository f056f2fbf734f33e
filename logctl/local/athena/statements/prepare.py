"""A statement's text, read once: what it returns carries it out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sqlglot import exp

from logctl.local.athena.planning import query_planner as planning
from logctl.local.athena.query_errors import InvalidRequest, NotHere, QueryError
from logctl.local.athena.statements.catalog_statements import DEFINITIONS
from logctl.local.athena.statements.query_statements import create_view, execute, explain, select
from logctl.local.athena.statements.session import Outcome, Session
from logctl.local.athena.statements.write_statements import create_table_as, insert, options, unload
from logctl.local.athena.syntax import hive_parser as hive_ddl

_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<location>[^']*)'\s*(?:WITH\s*\((?P<options>.*)\))?\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_EXPLAIN = re.compile(
    r"\s*EXPLAIN\s+(?P<analyze>ANALYZE\s+)?(?P<verbose>VERBOSE\s+)?(?P<options>\([^)]*\)\s*)?(?P<query>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)


Prepared = Callable[[Session], Outcome]


def prepare(sql: str, parameters: Sequence[str] = ()) -> Prepared:
    """Read a statement and bind its parameters; what it returns carries it out.

    Raises:
        InvalidRequest: it cannot be read; StartQueryExecution refuses it.
    """
    try:
        return _prepare(sql, parameters)
    except QueryError as problem:
        failed = problem

    def fail(session: Session) -> Outcome:  # noqa: ARG001
        raise failed

    return fail


def _prepare(sql: str, parameters: Sequence[str]) -> Prepared:
    if not sql.strip().strip(";").strip():
        raise InvalidRequest("Query string cannot be empty")
    statement = hive_ddl.parse_ddl(sql)
    if statement is not None:
        return lambda session: DEFINITIONS[type(statement)](session, statement)
    if parameters or "?" in sql:
        sql = planning.with_parameters(sql, parameters)
    if found := _UNLOAD.match(sql):
        query, properties = planning.parse(found["query"]), options(found["options"] or "")
        return lambda session: unload(session, query, found["location"], properties)
    if re.match(r"\s*EXPLAIN\b", sql, re.IGNORECASE):
        explained = _EXPLAIN.match(sql)
        assert explained
        tree, analyze = planning.parse(explained["query"]), bool(explained["analyze"])
        return lambda session: explain(session, tree, analyze=analyze)
    return _prepare_dml(sql)


def _prepare_dml(sql: str) -> Prepared:
    if found := re.match(r"\s*EXECUTE\s+([\w-]+)\s*(?:USING\s+(.*))?\Z", sql, re.IGNORECASE | re.DOTALL):
        return lambda session: execute(session, found[1], found[2])
    if unknown := re.match(r"\s*(PREPARE|DEALLOCATE)\b", sql, re.IGNORECASE):
        raise NotHere(f"The statement {unknown[1].upper()}")
    tree = planning.parse(sql)
    if isinstance(tree, exp.Create) and tree.kind == "VIEW":
        return lambda session: create_view(session, tree, sql)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.expression, exp.Query):
        return lambda session: create_table_as(session, tree)
    if isinstance(tree, exp.Insert) and tree.args.get("overwrite"):
        # Athena has INSERT INTO alone (Amazon Athena User Guide, INSERT INTO).
        raise InvalidRequest("line 1:8: mismatched input 'OVERWRITE'. Expecting: 'INTO'")
    if isinstance(tree, exp.Insert):
        return lambda session: insert(session, tree)
    if isinstance(tree, exp.Query):
        return lambda session: select(session, tree)
    if isinstance(tree, exp.Delete | exp.Update | exp.Merge):
        raise NotHere("Changing rows (only Iceberg tables have them changed)")
    raise InvalidRequest("Queries of this type are not supported")
