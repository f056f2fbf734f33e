"""Statements in Athena by boto3 alone, for code that runs in Lambda and has no PyAthena."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logctl.core.errors import LogctlError

if TYPE_CHECKING:
    from mypy_boto3_athena.client import AthenaClient

_FIRST_WAIT = 0.05
_LONGEST_WAIT = 2.0


class QueryFailed(LogctlError):
    """The error for a statement that Athena did not carry out; its text is Athena's reason."""


@dataclass(frozen=True)
class Done:
    """The result of a statement: `rows` as text, None for NULL, without the header; `scanned` in bytes."""

    query_id: str
    rows: tuple[tuple[str | None, ...], ...]
    scanned: int


def quoted(value: str) -> str:
    """Return a text as an execution parameter of a statement: an SQL literal.

    Source: Amazon Athena User Guide, Use parameterized queries.
    """
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True)
class Runner:
    """A way to run statements in one workgroup and database.

    When `until` returns True, no time is left, and a running statement is stopped.
    """

    client: AthenaClient
    workgroup: str
    database: str
    sleep: Callable[[float], None] = time.sleep
    until: Callable[[], bool] = lambda: False

    def run(self, sql: str, parameters: Sequence[str] = ()) -> Done:
        """Run one statement and wait for its end.

        Raises:
            QueryFailed: it failed, was stopped, or ran out of time.
        """
        given: dict[str, Any] = {"ExecutionParameters": list(parameters)} if parameters else {}
        query_id = self.client.start_query_execution(
            QueryString=sql,
            QueryExecutionContext={"Database": self.database},
            WorkGroup=self.workgroup,
            **given,
        )["QueryExecutionId"]
        try:
            execution = self._wait(query_id)
        except BaseException:
            self.client.stop_query_execution(QueryExecutionId=query_id)
            raise
        status = execution["Status"]
        if status["State"] != "SUCCEEDED":
            reason = status.get("StateChangeReason", status["State"])
            raise QueryFailed(f"Athena: {reason.rstrip('.')} (query {query_id}).")
        scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
        rows = tuple(self._rows(query_id)) if execution.get("SubstatementType") == "SELECT" else ()
        return Done(query_id, rows, scanned)

    def _wait(self, query_id: str) -> Any:
        wait = _FIRST_WAIT
        while True:
            execution = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            if execution["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return execution
            if self.until():
                raise QueryFailed(f"There was no time left for query {query_id}.")
            self.sleep(wait)
            wait = min(wait * 1.5, _LONGEST_WAIT)

    def _rows(self, query_id: str) -> Iterator[tuple[str | None, ...]]:
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        header = True
        for page in pages:
            for row in page["ResultSet"]["Rows"]:
                if not header:
                    yield tuple(cell.get("VarCharValue") for cell in row["Data"])
                header = False
