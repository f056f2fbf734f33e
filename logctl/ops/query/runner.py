"""Run a query by PyAthena, stream its rows, and report the bytes that it read.

Lambda runs its statements by `aws.athena`, which needs boto3 alone; people get PyAthena's types and cursors.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.errors import LogctlError
from logctl.core.times import DAY, MINUTE
from logctl.ops.deployment import Deployment
from logctl.ops.query import scan_estimate
from logctl.ops.query.conditions import Selection
from logctl.ops.query.query_failures import failed, refused, stopped_at
from logctl.ops.query.result_object import result_rows
from logctl.ops.query.statement import Statement
from logctl.stack.sizes import format_size

if TYPE_CHECKING:
    from mypy_boto3_athena.client import AthenaClient

LONGEST_REUSE = 7 * DAY
"""ResultReuseByAgeConfiguration, MaxAgeInMinutes: up to 10,080 (Amazon Athena API Reference)."""
_PAGE = 1_000
_FIRST = _PAGE - 1
"""Rows of the first page: its first row are the names of the columns."""
_TEXTS = ("varchar", "char", "string")
"""Types whose values PyAthena leaves as they are."""
_POLL_SECONDS = 0.3


@dataclass(frozen=True)
class Query:
    """A statement with `?`, and a literal for each of them in order. It includes `selection` already."""

    sql: str
    parameters: tuple[str, ...] = ()
    selection: Selection = field(default_factory=Selection)

    @classmethod
    def of(
        cls, statement: Statement, selection: Selection, parameters: Sequence[str], database: str
    ) -> Query:
        """Return a statement narrowed by a selection, whose values come before the statement's own.

        Raises:
            UsageError: the selection cannot apply to the statement.
        """
        text, before = statement.narrowed(selection, database)
        return cls(text, (*before, *parameters), selection)


@dataclass
class QueryResult:
    """The result of a query. `rows` can be read once; its values are Python's, and None for NULL."""

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
    """Return the log tables that a query reads in full, with an estimate of their objects and bytes.

    Both are empty where no confirmation is needed: --app names apps, or the tables hold no object.
    The estimate is None where the caller may not list the bucket.
    """
    if query.selection.apps and not any(set(app) <= set("*?") for app in query.selection.apps):
        # A glob is a LIKE on appid, which Trino evaluates on each partition that Glue lists.
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
    """Refuse a query that would read more than `max_scan` bytes, as far as that can be known before it runs.

    It is known for a selection and for a full scan, and not for conditions of the statement's own.

    Raises:
        LogctlError: the query would read more.
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
    """Run one statement in the environment's workgroup and wait for its end.

    A KeyboardInterrupt during the wait cancels the query in Athena and is raised again.

    Args:
        deployment: where the workgroup and the tables are.
        query: the statement and its parameters.
        reuse: accept a stored result of the same query that is at most this old, in milliseconds.
        max_scan: stop the query when it has read more bytes. Athena itself has such a limit for a
            workgroup only, so this is checked while the query runs.
        on_start: called with the query's id.
        on_progress: called with the bytes read so far, about three times a second.

    Raises:
        UsageError: Athena does not understand the statement.
        UnreachableError: there is no such workgroup.
        LogctlError: the query failed or was stopped, for example at the scan limit.
    """
    # PyAthena logs what it raises, with its traceback; the caller hears it once, as an error.
    logging.getLogger("pyathena").addHandler(logging.NullHandler())
    from pyathena.error import DatabaseError, OperationalError

    execution = _Execution(deployment.aws.athena, max_scan, on_start, on_progress)
    cursor = _connection(deployment).cursor(arraysize=_PAGE, on_poll=execution.watch)
    try:
        cursor.execute(
            query.sql,
            list(query.parameters) or None,
            # Without parameters too: PyAthena's own style would take a % for a placeholder.
            paramstyle="qmark",
            result_reuse_enable=True if reuse is not None else None,
            result_reuse_minutes=max(1, reuse // MINUTE) if reuse is not None else None,
            on_start_query_execution=execution.started,
        )
    except KeyboardInterrupt:
        execution.cancel()
        raise
    except OperationalError as problem:
        if execution.stopped and max_scan is not None:
            raise stopped_at(execution.scanned, max_scan) from None
        raise failed(problem, deployment.names.workgroup) from None
    except DatabaseError as problem:
        cause = problem.__cause__
        if cause is not None and not execution.query_id:
            raise refused(cause) or cause from None
        raise failed(problem, deployment.names.workgroup) from None
    return _result(cursor, deployment)


@dataclass
class _Execution:
    """A query while it runs: PyAthena reports its start and its progress here."""

    athena: AthenaClient
    max_scan: int | None
    on_start: Callable[[str], None]
    on_progress: Callable[[int], None]
    query_id: str = ""
    scanned: int = 0
    stopped: bool = False

    def started(self, query_id: str) -> None:
        self.query_id = query_id
        self.on_start(query_id)

    def watch(self, execution: Any) -> None:
        self.scanned = max(self.scanned, execution.data_scanned_in_bytes or 0)
        self.on_progress(self.scanned)
        over = self.max_scan is not None and self.scanned > self.max_scan
        if over and not self.stopped and execution.state == "RUNNING":
            self.stopped = True
            self.athena.stop_query_execution(QueryExecutionId=execution.query_id)

    def cancel(self) -> None:
        if self.query_id:
            with contextlib.suppress(Exception):
                self.athena.stop_query_execution(QueryExecutionId=self.query_id)


def _connection(deployment: Deployment) -> Any:
    from pyathena import connect

    aws, names = deployment.aws, deployment.names
    options: dict[str, Any] = {"endpoint_url": aws.athena_endpoint_url} if aws.athena_endpoint_url else {}
    return connect(
        session=aws.session,
        region_name=aws.region,
        work_group=names.workgroup,
        schema_name=names.database,
        poll_interval=_POLL_SECONDS,
        kill_on_interrupt=True,
        **options,
    )


def _result(cursor: Any, deployment: Deployment) -> QueryResult:
    description = cursor.description or []
    return QueryResult(
        query_id=cursor.query_id or "",
        columns=tuple(column[0] for column in description),
        types=tuple(str(column[1]) for column in description),
        rows=_rows(cursor, deployment) if description else iter(()),
        scanned=cursor.data_scanned_in_bytes or 0,
        milliseconds=cursor.total_execution_time_in_millis or 0,
        output_location=cursor.output_location or "",
        reused=bool(cursor.reused_previous_result),
        scales=tuple((column[4] or 0, column[5] or 0) for column in description),
    )


def _rows(cursor: Any, deployment: Deployment) -> Iterator[Sequence[Any]]:
    """Yield the rows of the first page, which PyAthena has read, and the others from S3 if possible."""
    from pyathena.converter import DefaultTypeConverter

    count = 0
    for count, row in enumerate(islice(cursor, _FIRST), start=1):  # noqa: B007 - counted
        yield row
    if count < _FIRST:
        return
    names, types = zip(*((column[0], str(column[1])) for column in cursor.description), strict=True)
    converter = DefaultTypeConverter()
    converters = [None if kind in _TEXTS else converter.get(kind) for kind in types]
    rest = result_rows(deployment.aws.s3, cursor.output_location or "", names, converters, skip=_FIRST)
    yield from cursor if rest is None else rest
