"""Query executions: started, run in the background, stopped, and kept with their results."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import duckdb
from botocore.exceptions import BotoCoreError, ClientError
from sqlglot.errors import SqlglotError

from logctl.local.athena.query_errors import InvalidRequest, QueryError, Stopped
from logctl.local.athena.server import duckdb_errors
from logctl.local.athena.server.connections import Connections
from logctl.local.athena.statements.prepare import Prepared, prepare
from logctl.local.athena.statements.result_files import (
    ResultColumn,
    Row,
    csv_bytes,
    metadata_bytes,
    text_bytes,
)
from logctl.local.athena.statements.session import Session, StatementOutcome
from logctl.local.athena.storage.glue_catalog import GlueCatalog
from logctl.local.athena.storage.metered_files import Files, Meter
from logctl.local.athena.storage.s3_objects import Objects

_AT_ONCE = 20
"""Queries that run at the same time: fewer than Athena's quota, as this is one machine."""
_KEPT = 10_000
_KEPT_ROWS = 2_000_000
_INTERRUPT_EVERY = 0.05


@dataclass(frozen=True)
class DataPlace:
    """The catalog and the objects of one region."""

    catalog: GlueCatalog
    objects: Objects


@dataclass(frozen=True)
class QueryRequest:
    """The parameters of StartQueryExecution, with the workgroup's settings applied.

    Attributes:
        output: the folder for results.
        scan_limit: the bytes that the query may read; None for any number.
        enforced: whether the workgroup enforces its own output location.
        reuse_minutes: the age up to which an earlier result is reused; None for no reuse.
    """

    sql: str
    workgroup: str
    database: str
    catalog: str
    output: str
    scan_limit: int | None
    enforced: bool
    parameters: tuple[str, ...] = ()
    reuse_minutes: int | None = None


@dataclass
class Execution:
    """One execution of a query: the request, its state, and its result.

    Attributes:
        reason: why it failed or was cancelled.
        category: AthenaError's ErrorCategory.
        output: the URL of the result file.
        manifest: the URL of the list of data files that it wrote; empty if it wrote none.
        reused: whether the result is an earlier execution's.
    """

    id: str
    request: QueryRequest
    place: DataPlace
    statement: Prepared
    submitted: float
    meter: Meter
    state: str = "QUEUED"
    reason: str = ""
    category: int = 2
    started: float = 0
    completed: float = 0
    kind: str = "DML"
    substatement: str = ""
    columns: tuple[ResultColumn, ...] = ()
    rows: list[Row] = field(default_factory=list)
    count: int = 0
    output: str = ""
    manifest: str = ""
    reused: bool = False
    connection: duckdb.DuckDBPyConnection | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def done(self) -> bool:
        return self.state in ("SUCCEEDED", "FAILED", "CANCELLED")

    def describe(self) -> dict[str, Any]:
        """Return the execution as GetQueryExecution does (Amazon Athena API Reference, QueryExecution)."""
        request = self.request
        end = self.completed or time.time()
        ran = max(1, int((end - (self.started or end)) * 1000))
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self.submitted}
        if self.completed:
            status["CompletionDateTime"] = self.completed
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.state == "FAILED":
            status["AthenaError"] = {
                "ErrorCategory": self.category,
                "ErrorType": 1000 if self.category == 2 else 100,
                "Retryable": False,
                "ErrorMessage": self.reason,
            }
        statistics: dict[str, Any] = {
            "EngineExecutionTimeInMillis": ran,
            "DataScannedInBytes": 0 if self.reused else self.meter.bytes,
            "TotalExecutionTimeInMillis": int((end - self.submitted) * 1000),
            # Athena shows at least one millisecond.
            "QueryQueueTimeInMillis": max(1, int(((self.started or end) - self.submitted) * 1000)),
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        }
        if self.manifest:
            statistics["DataManifestLocation"] = self.manifest
        shape: dict[str, Any] = {
            "QueryExecutionId": self.id,
            "Query": request.sql,
            "StatementType": self.kind,
            "ResultConfiguration": {"OutputLocation": self.output},
            "QueryExecutionContext": {"Database": request.database, "Catalog": request.catalog},
            "Status": status,
            "Statistics": statistics,
            "WorkGroup": request.workgroup,
            "EngineVersion": {
                "SelectedEngineVersion": "AUTO",
                "EffectiveEngineVersion": "Athena engine version 3",
            },
        }
        if request.reuse_minutes is not None:
            reuse = {"Enabled": True, "MaxAgeInMinutes": request.reuse_minutes}
            shape["ResultReuseConfiguration"] = {"ResultReuseByAgeConfiguration": reuse}
        if self.substatement:
            shape["SubstatementType"] = self.substatement
        if request.parameters:
            shape["ExecutionParameters"] = list(request.parameters)
        return shape


class Executions:
    """The executions of this process. Above a number of executions, or of rows, the oldest are removed."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._files = Files()
        self._connections = Connections(self._files)
        self._known: dict[str, Execution] = {}
        self._tokens: dict[str, str] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="query")
        self._lock = threading.Lock()

    def start(
        self,
        request: QueryRequest,
        place: DataPlace,
        token: str | None,
        prepared_statement: Callable[[str], str | None],
    ) -> Execution:
        """Start a query.

        Args:
            request: the query and its settings.
            place: its catalog and storage.
            token: the call's ClientRequestToken. A second call with it returns the same execution.
            prepared_statement: the text of a prepared statement by its name; None if there is none.

        Raises:
            InvalidRequest: the query cannot be read, or the token was used with another query.
        """
        with self._lock:
            if token and self._tokens.get(token) in self._known:
                known = self._known[self._tokens[token]]
                if known.request.sql != request.sql:
                    raise InvalidRequest("Idempotent parameters do not match")
                return known
        query_id = str(uuid.uuid4())
        execution = Execution(
            id=query_id,
            request=request,
            place=place,
            statement=prepare(request.sql, request.parameters),
            submitted=self._clock(),
            meter=Meter(request.scan_limit),
        )
        ending = "txt" if _leaves_text(request.sql) else "csv"
        execution.output = f"{request.output.rstrip('/')}/{query_id}.{ending}"
        with self._lock:
            self._known[query_id] = execution
            if token:
                self._tokens[token] = query_id
            self._remove_oldest()
        earlier = self._reusable(request)
        if earlier is not None:
            self._reuse(execution, earlier)
        else:
            self._pool.submit(self._run, execution, prepared_statement)
        return execution

    def _remove_oldest(self) -> None:
        """Remove the oldest executions if there are too many, or too many rows. Their results stay in S3."""
        rows = sum(len(item.rows) for item in self._known.values())
        while len(self._known) > _KEPT or (rows > _KEPT_ROWS and len(self._known) > 1):
            oldest = next(item for item in self._known.values())
            if not oldest.done:
                return
            rows -= len(self._known.pop(oldest.id).rows)

    def get(self, query_id: str) -> Execution:
        with self._lock:
            found = self._known.get(query_id)
        if found is None:
            raise InvalidRequest(f"QueryExecution {query_id} was not found")
        return found

    def of_workgroup(self, workgroup: str) -> list[str]:
        """Return the ids of a workgroup's executions, the newest first."""
        with self._lock:
            return [item.id for item in reversed(self._known.values()) if item.request.workgroup == workgroup]

    def stop(self, query_id: str) -> None:
        execution = self.get(query_id)
        with execution.lock:
            if execution.done:
                return
            execution.meter.stopped.set()
            if execution.state == "QUEUED":
                execution.state, execution.completed = "CANCELLED", self._clock()
                execution.reason = "Query cancelled by user"
        threading.Thread(target=self._interrupt, args=(execution,), daemon=True).start()

    def _interrupt(self, execution: Execution) -> None:
        """Interrupt a query until it ends: DuckDB ignores an interrupt before its statement begins."""
        while True:
            with execution.lock:
                if execution.done:
                    return
                if execution.connection is not None:
                    execution.connection.interrupt()
            time.sleep(_INTERRUPT_EVERY)

    def close(self) -> None:
        for execution in list(self._known.values()):
            self.stop(execution.id)
        self._pool.shutdown(wait=True, cancel_futures=True)

    # ── Running ──

    def _reusable(self, request: QueryRequest) -> Execution | None:
        """Return the newest equal query that may be reused (Athena User Guide, Reuse query results)."""
        if request.reuse_minutes is None:
            return None
        oldest = self._clock() - request.reuse_minutes * 60
        with self._lock:
            for known in reversed(self._known.values()):
                same = _reuse_key(known.request) == _reuse_key(request)
                if (
                    same
                    and known.state == "SUCCEEDED"
                    and known.substatement == "SELECT"
                    and known.completed >= oldest
                ):
                    return known
        return None

    def _reuse(self, execution: Execution, earlier: Execution) -> None:
        execution.reused = True
        execution.kind, execution.substatement = earlier.kind, earlier.substatement
        execution.columns, execution.rows, execution.output = earlier.columns, earlier.rows, earlier.output
        execution.started = execution.completed = self._clock()
        execution.state = "SUCCEEDED"

    def _run(self, execution: Execution, prepared_statement: Callable[[str], str | None]) -> None:
        with execution.lock:
            if execution.done:
                return
            execution.state, execution.started = "RUNNING", self._clock()
            execution.connection = self._connections.open()
        request = execution.request
        session = Session(
            connection=execution.connection,
            catalog=execution.place.catalog,
            objects=execution.place.objects,
            files=self._files,
            meter=execution.meter,
            database=request.database,
            default_location=f"{request.output.rstrip('/')}/tables/{execution.id}/",
            enforced=request.enforced,
            prepared=prepared_statement,
        )
        try:
            outcome = execution.statement(session)
            self._keep(execution, outcome)
            self._end(execution, "SUCCEEDED")
        except Exception as problem:  # noqa: BLE001 - whatever it is, the query has failed with it
            self._fail(execution, problem)
        finally:
            session.close()
            execution.connection.close()

    def _keep(self, execution: Execution, outcome: StatementOutcome) -> None:
        execution.kind, execution.substatement = outcome.kind, outcome.substatement
        execution.columns, execution.count = outcome.columns, outcome.count
        base = execution.output.rpartition(".")[0]
        objects = execution.place.objects
        if outcome.written is not None:
            execution.manifest = f"{base}-manifest.csv"
            objects.write(execution.manifest, "".join(f"{url}\n" for url in outcome.written).encode())
            execution.output = base
            objects.write(f"{base}.metadata", metadata_bytes(execution.id, outcome.columns))
            return
        execution.rows = list(outcome.rows)
        ending = "txt" if execution.output.endswith(".txt") else "csv"
        body = text_bytes(execution.rows) if ending == "txt" else csv_bytes(outcome.columns, execution.rows)
        objects.write(execution.output, body)
        objects.write(f"{execution.output}.metadata", metadata_bytes(execution.id, outcome.columns))

    def _fail(self, execution: Execution, problem: Exception) -> None:
        if execution.meter.over_limit:
            self._end(execution, "CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded")
        elif execution.meter.stopped.is_set() or isinstance(problem, Stopped):
            self._end(execution, "CANCELLED", "Query cancelled by user")
        elif isinstance(problem, QueryError):
            execution.category = problem.category
            self._end(execution, "FAILED", str(problem))
        elif isinstance(problem, InvalidRequest):
            self._end(execution, "FAILED", str(problem))
        elif isinstance(problem, duckdb.Error | SqlglotError | ValueError):
            self._end(execution, "FAILED", duckdb_errors.in_athenas_form(problem))
        elif isinstance(problem, ClientError | BotoCoreError):
            execution.category = 1
            self._end(execution, "FAILED", f"GENERIC_INTERNAL_ERROR: {problem}")
        else:
            execution.category = 1
            self._end(execution, "FAILED", f"GENERIC_INTERNAL_ERROR: {type(problem).__name__}: {problem}")

    def _end(self, execution: Execution, state: str, reason: str = "") -> None:
        with execution.lock:
            execution.state, execution.reason = state, reason
            execution.completed = self._clock()


def _reuse_key(request: QueryRequest) -> tuple[object, ...]:
    return request.sql, request.database, request.workgroup, request.parameters


def _leaves_text(sql: str) -> bool:
    """Return whether a statement's result file is .txt, as for DDL and utility statements, and not .csv."""
    first = sql.lstrip(" \t\r\n(").split(None, 1)[0].upper() if sql.strip() else ""
    return first not in ("SELECT", "WITH", "VALUES", "TABLE", "EXECUTE", "INSERT", "UNLOAD")


def page(execution: Execution, start: int, size: int) -> tuple[list[Row], int | None]:
    """Return a page of a result's rows, and where the next one begins (None after the last).

    The first row of a SELECT's result is the names of its columns.
    """
    header: Sequence[Row] = (
        [[column.name for column in execution.columns]] if execution.substatement == "SELECT" else []
    )
    total = len(header) + len(execution.rows)
    chosen = [
        header[at] if at < len(header) else execution.rows[at - len(header)]
        for at in range(start, min(start + size, total))
    ]
    return chosen, (start + size if start + size < total else None)
