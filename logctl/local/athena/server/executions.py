"""Query executions: started, run in the background, stopped, remembered."""

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
from logctl.local.athena.result_files import ResultColumn, Row, csv_bytes, metadata_bytes, text_bytes
from logctl.local.athena.server import duckdb_errors as faults
from logctl.local.athena.server.connections import Connections
from logctl.local.athena.statements import prepare as statements
from logctl.local.athena.statements.session import Outcome, Session
from logctl.local.athena.storage.glue_catalog import Catalog
from logctl.local.athena.storage.metered_files import Files, Meter
from logctl.local.athena.storage.s3_objects import Objects

_AT_ONCE = 20
"""DML queries that run at the same time; Athena's quota in us-east-1 is higher, a laptop's is not."""
_REMEMBERED = 10_000
_REMEMBERED_ROWS = 2_000_000
SMALLEST_LIMIT = 10_000_000
_INTERRUPT_EVERY = 0.05


@dataclass(frozen=True)
class Place:
    """Catalog and storage of one region."""

    catalog: Catalog
    objects: Objects


@dataclass(frozen=True)
class Request:
    """What StartQueryExecution asks for, after the workgroup's word."""

    sql: str
    workgroup: str
    database: str
    catalog: str
    output: str
    scan_limit: int | None
    enforced: bool
    parameters: tuple[str, ...] = ()
    reuse_minutes: int | None = None
    expected: dict[str, Any] = field(default_factory=dict)


@dataclass
class Execution:
    id: str
    request: Request
    place: Place
    prepared: statements.Prepared
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
        """QueryExecution (Amazon Athena API Reference)."""
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
            # A query is never in the queue for no time at all.
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
    """All executions of this process; the oldest are forgotten."""

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
        request: Request,
        place: Place,
        token: str | None,
        prepared_statement: Callable[[str], str | None],
    ) -> Execution:
        """Begin a query; the same token gives the same execution (idempotency, ibid., ClientRequestToken)."""
        with self._lock:
            if token and self._tokens.get(token) in self._known:
                known = self._known[self._tokens[token]]
                if known.request.sql != request.sql:
                    raise InvalidRequest("Idempotent parameters do not match")
                return known
        query_id = str(uuid.uuid4())
        execution = Execution(
            query_id,
            request,
            place,
            statements.prepare(request.sql, request.parameters),
            self._clock(),
            Meter(request.scan_limit),
        )
        ending = "txt" if _leaves_text(request.sql) else "csv"
        execution.output = f"{request.output.rstrip('/')}/{query_id}.{ending}"
        with self._lock:
            self._known[query_id] = execution
            if token:
                self._tokens[token] = query_id
            self._forget()
        earlier = self._reusable(request)
        if earlier is not None:
            self._reuse(execution, earlier)
        else:
            self._pool.submit(self._run, execution, prepared_statement)
        return execution

    def _forget(self) -> None:
        """The oldest go when there are too many, or their rows too many; their results stay in S3."""
        rows = sum(len(item.rows) for item in self._known.values())
        while len(self._known) > _REMEMBERED or (rows > _REMEMBERED_ROWS and len(self._known) > 1):
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
        """Ids, newest first."""
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
        """Until it ends: DuckDB forgets an interrupt that comes before its statement begins."""
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

    def _reusable(self, request: Request) -> Execution | None:
        """The newest equal query that succeeded within the age given (Amazon Athena User Guide, Reuse query
        results)."""
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
            execution.connection,
            execution.place.catalog,
            execution.place.objects,
            self._files,
            execution.meter,
            request.database,
            f"{request.output.rstrip('/')}/tables/{execution.id}/",
            request.enforced,
            prepared_statement,
        )
        try:
            outcome = execution.prepared(session)
            self._keep(execution, outcome)
            self._end(execution, "SUCCEEDED")
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is the query's end and is said
            self._fail(execution, problem)
        finally:
            session.close()
            execution.connection.close()

    def _keep(self, execution: Execution, outcome: Outcome) -> None:
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
            self._end(execution, "FAILED", faults.from_duckdb(problem))
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


def _reuse_key(request: Request) -> tuple[object, ...]:
    return request.sql, request.database, request.workgroup, request.parameters


def _leaves_text(sql: str) -> bool:
    """Whether the result is a .txt: of DDL and utility statements; queries leave a .csv."""
    first = sql.lstrip(" \t\r\n(").split(None, 1)[0].upper() if sql.strip() else ""
    return first not in ("SELECT", "WITH", "VALUES", "TABLE", "EXECUTE", "INSERT", "UNLOAD")


def page(execution: Execution, start: int, size: int) -> tuple[list[Row], int | None]:
    """Rows from `start` on, the header first for queries, and where the next page begins."""
    header: Sequence[Row] = (
        [[column.name for column in execution.columns]] if execution.substatement == "SELECT" else []
    )
    total = len(header) + len(execution.rows)
    chosen = [
        header[at] if at < len(header) else execution.rows[at - len(header)]
        for at in range(start, min(start + size, total))
    ]
    return chosen, (start + size if start + size < total else None)
