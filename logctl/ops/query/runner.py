"""SQL over everything: run a query, stream its rows, say what it read."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of, message_of
from logctl.core.errors import LogctlError, UnreachableError, UsageError
from logctl.core.times import DAY, MINUTE
from logctl.ops.deployment import Deployment
from logctl.ops.query import scan_estimate
from logctl.ops.query.conditions import Selection
from logctl.ops.query.statement import Statement
from logctl.stack.sizes import format_size

LONGEST_REUSE = 7 * DAY
"""ResultReuseByAgeConfiguration, MaxAgeInMinutes: up to 10,080 (Amazon Athena API Reference)."""
_PAGE = 1_000
_STATEMENT_IS_WRONG = (
    "SYNTAX_ERROR", "COLUMN_NOT_FOUND", "TABLE_NOT_FOUND", "FUNCTION_NOT_FOUND", "SCHEMA_NOT_FOUND",
    "TYPE_MISMATCH", "AMBIGUOUS_NAME", "EXPRESSION_NOT_AGGREGATE", "MISSING_COLUMN_NAME", "mismatched input",
)  # fmt: skip
_POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Query:
    """What to run: text with `?`, and a literal for each of them in order. `selection` is already in it."""

    sql: str
    parameters: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)

    @classmethod
    def of(
        cls, statement: Statement, selection: Selection, parameters: Sequence[str], database: str
    ) -> Query:
        """A statement, narrowed by a selection. Its conditions stand in front, and so do their values.

        Raises:
            UsageError: the selection cannot apply to the statement.
        """
        text, before = statement.narrowed(selection, database)
        return cls(text, (*before, *parameters), selection)


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
    reused: bool = False
    scales: tuple[tuple[int, int], ...] = field(default=())

    @property
    def dollars(self) -> float:
        return scan_estimate.dollars(self.scanned)


def to_be_asked(
    deployment: Deployment, query: Query
) -> tuple[tuple[str, ...], scan_estimate.Estimate | None]:
    """The log tables that a query reads without leaving partitions out, and what that is.

    Where nothing lies, or --app names apps, there is nothing to ask: then there is no table.
    """
    if query.selection.apps and not any(set(app) <= set("*?") for app in query.selection.apps):
        # A glob is a LIKE on appid, which Trino tries on each partition that Glue lists.
        return (), None
    tables = Statement(query.sql).unbound()
    if not tables:
        return (), None
    try:
        found = scan_estimate.estimate(deployment, tables)
    except ClientError as error:
        # Who may query need not be allowed to list.
        if code_of(error) not in ("AccessDenied", "403"):
            raise
        return tables, None
    return (tables, found) if found.objects else ((), None)


def check_estimate(deployment: Deployment, query: Query, max_scan: int) -> None:
    """Refuse a query of which is known beforehand that it reads more than `max_scan`.

    Known is what a selection and a full scan read. For conditions of the statement's own, it is not.

    Raises:
        LogctlError: it would read more.
    """
    statement = Statement(query.sql)
    unbound = statement.unbound()
    if unbound:
        found = scan_estimate.estimate(deployment, unbound)
    elif query.selection != Selection():
        found = scan_estimate.estimate(deployment, statement.tables(), query.selection)
    else:
        return
    if found.bytes > max_scan:
        least = "" if found.complete else "at least "
        raise LogctlError(
            f"The query was not run: it would read up to {least}{format_size(found.bytes)} in "
            f"{found.partitions:,} partitions, more than --max-scan {format_size(max_scan)}.",
            "Narrow it with --since, --until and --app, or raise --max-scan.",
        )


def query(
    deployment: Deployment,
    query: Query,
    *,
    reuse: int | None = None,
    max_scan: int | None = None,
    on_start: Callable[[str], None] = lambda query_id: None,
    on_progress: Callable[[int], None] = lambda scanned: None,
) -> QueryResult:
    """Run one statement in the environment's workgroup and wait for it.

    A KeyboardInterrupt while waiting cancels the query in Athena and is raised again.

    Args:
        reuse: take a result of the same query that is at most so old (milliseconds).
        max_scan: stop the query when it has read more bytes. Athena itself has such a limit for a
            workgroup only, so this is looked at while the query runs.

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
    stopped: list[int] = []

    def note(query_id: str) -> None:
        started.append(query_id)
        on_start(query_id)

    def watch(execution: Any) -> None:
        scanned = execution.data_scanned_in_bytes or 0
        on_progress(scanned)
        if max_scan is not None and scanned > max_scan and not stopped and execution.state == "RUNNING":
            stopped.append(scanned)
            aws.athena.stop_query_execution(QueryExecutionId=execution.query_id)
        elif stopped:
            stopped.append(scanned)

    cursor = connection.cursor(Cursor, arraysize=_PAGE, on_poll=watch)
    try:
        cursor.execute(
            query.sql,
            list(query.parameters) or None,
            # Without parameters too: PyAthena's own style would take a % for a placeholder.
            paramstyle="qmark",
            result_reuse_enable=True if reuse is not None else None,
            result_reuse_minutes=max(1, reuse // MINUTE) if reuse is not None else None,
            on_start_query_execution=note,
        )
    except KeyboardInterrupt:
        for query_id in started:
            with contextlib.suppress(Exception):
                aws.athena.stop_query_execution(QueryExecutionId=query_id)
        raise
    except OperationalError as problem:
        if stopped and max_scan is not None:
            raise _stopped(max(stopped), max_scan) from None
        raise _failed(problem, names.workgroup) from None
    except DatabaseError as problem:
        cause = problem.__cause__
        if cause is not None and not started:
            if said := _misread(cause):
                raise said from None
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
        reused=bool(cursor.reused_previous_result),
        scales=tuple((column[4] or 0, column[5] or 0) for column in description),
    )


def _stopped(scanned: int, max_scan: int) -> LogctlError:
    return LogctlError(
        f"The query was stopped after reading {format_size(scanned)}, over --max-scan "
        f"{format_size(max_scan)}; that costs about ${scan_estimate.dollars(scanned):.6f}.",
        "Narrow it with --since, --until and --app, or raise --max-scan.",
    )


_MISREAD = re.compile(r"line \d+:\d+:|Only one sql statement|extraneous input|mismatched input")


def _misread(cause: BaseException) -> LogctlError | None:
    """What StartQueryExecution refuses because of the statement itself."""
    if not isinstance(cause, ClientError):
        return None
    said = " ".join(message_of(cause).split()).rstrip(".")
    if not _MISREAD.search(said) and not _parameters_are_wrong(said):
        return None
    return UsageError(f"Athena: {said}.", _PARAMETER_HINT if _parameters_are_wrong(said) else "")


_PARAMETER_HINT = "Give each ? of the statement its value with --param."


def _parameters_are_wrong(said: str) -> bool:
    return "INVALID_PARAMETER_USAGE" in said or "Incorrect number of parameters" in said


def _failed(problem: Exception, workgroup: str) -> LogctlError:
    said = " ".join(str(problem).split()).rstrip(".") or "the query failed without a reason"
    if "Bytes scanned limit" in said or "scanned limit was exceeded" in said:
        return LogctlError(
            f"Athena stopped the query: {said}.",
            "Narrow it with --since, --until and --app, or raise scan_limit and provision again.",
        )
    if "WorkGroup" in said and "not found" in said:
        return UnreachableError(
            f"There is no Athena workgroup {workgroup}.", "Make it with: logctl provision"
        )
    if _parameters_are_wrong(said):
        return UsageError(f"Athena: {said}.", _PARAMETER_HINT)
    missing = re.search(r"TABLE_NOT_FOUND.*?[.](logs(?:_raw|_compacted|_unique)?)' does not exist", said)
    if missing:
        return UsageError(
            f"Athena: {said}.", "Tables and views of the pipeline come back with: logctl athena repair"
        )
    kind = UsageError if any(sign in said for sign in _STATEMENT_IS_WRONG) else LogctlError
    return kind(f"Athena: {said}.")
