"""SQL over everything: run a query, stream its rows, say what it read."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from logctl.core.errors import LogctlError, UnreachableError, UsageError
from logctl.ops.deployment import Deployment

PRICE_PER_TB = 5.0
"""US dollars per 10^12 bytes scanned in us-east-1 (Amazon Athena pricing, per-query billing, 2026-11);
other regions differ, so what is shown is approximate."""
BILLED_AT_LEAST = 10_000_000
"""Athena bills at least 10 MB a query (Amazon Athena pricing)."""
_PAGE = 1_000
_POLL_SECONDS = 0.3


@dataclass
class QueryResult:
    """A query that has succeeded. `rows` may be read once; values are Python's, None for NULL."""

    query_id: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Iterator[Sequence[Any]]
    scanned: int
    milliseconds: int
    output_location: str

    @property
    def dollars(self) -> float:
        billed = max(self.scanned, BILLED_AT_LEAST) if self.scanned else 0
        return billed / 10**12 * PRICE_PER_TB


def query(
    deployment: Deployment, sql: str, *, on_start: Callable[[str], None] = lambda query_id: None
) -> QueryResult:
    """Run one statement in the environment's workgroup and wait for it.

    A KeyboardInterrupt while waiting cancels the query in Athena and is raised again.

    Raises:
        UsageError: Athena does not understand the statement.
        UnreachableError: there is no such workgroup.
        LogctlError: the query failed or was stopped, for example at the scan limit.
    """
    # PyAthena logs what it raises, with its traceback; the caller hears it once, as an error.
    logging.getLogger("pyathena").addHandler(logging.NullHandler())
    from pyathena import connect
    from pyathena.cursor import Cursor
    from pyathena.error import DatabaseError, OperationalError

    if not sql.strip().rstrip(";").strip():
        raise UsageError(
            "There is no SQL to run.", "For example: logctl athena query 'SELECT count(*) FROM logs'"
        )
    aws, names = deployment.aws, deployment.names
    options: dict[str, Any] = {"endpoint_url": aws.athena_endpoint_url} if aws.athena_endpoint_url else {}
    connection = connect(
        session=aws.session,
        region_name=aws.region,
        work_group=names.workgroup,
        schema_name=names.database,
        poll_interval=_POLL_SECONDS,
        kill_on_interrupt=True,
        **options,
    )
    started: list[str] = []

    def note(query_id: str) -> None:
        started.append(query_id)
        on_start(query_id)

    cursor = connection.cursor(Cursor, arraysize=_PAGE)
    try:
        cursor.execute(sql.strip().rstrip(";"), on_start_query_execution=note)
    except KeyboardInterrupt:
        for query_id in started:
            with contextlib.suppress(Exception):
                aws.athena.stop_query_execution(QueryExecutionId=query_id)
        raise
    except OperationalError as problem:
        raise _failed(problem, names.workgroup) from None
    except DatabaseError as problem:
        cause = problem.__cause__
        if cause is not None and not started:
            raise cause from None
        raise _failed(problem, names.workgroup) from None
    description = cursor.description or []
    return QueryResult(
        query_id=cursor.query_id or "",
        columns=tuple(column[0] for column in description),
        types=tuple(str(column[1]) for column in description),
        rows=iter(cursor) if description else iter(()),
        scanned=cursor.data_scanned_in_bytes or 0,
        milliseconds=cursor.total_execution_time_in_millis or 0,
        output_location=cursor.output_location or "",
    )


def _failed(problem: Exception, workgroup: str) -> LogctlError:
    said = " ".join(str(problem).split()).rstrip(".") or "the query failed without a reason"
    if "Bytes scanned limit" in said or "scanned limit was exceeded" in said:
        return LogctlError(
            f"Athena stopped the query: {said}.",
            "Narrow it by year, month, day and appid, or raise scan_limit and provision again.",
        )
    if "WorkGroup" in said and "not found" in said:
        return UnreachableError(
            f"There is no Athena workgroup {workgroup}.", "Make it with: logctl provision"
        )
    wrong = ("SYNTAX_ERROR", "COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "mismatched input", "Parser Error")
    kind = (
        UsageError if any(sign in said for sign in (*wrong, "Binder Error", "Catalog Error")) else LogctlError
    )
    return kind(f"Athena: {said}.")
