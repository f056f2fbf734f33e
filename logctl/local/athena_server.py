"""The sandbox's Athena: its JSON API over HTTP on loopback, before DuckDB.

`AWS_ENDPOINT_URL_ATHENA` points any SDK at it. Queries, their results and the metadata of tables are
answered here; workgroups, named queries, prepared statements and tags are MiniStack's, and asked there.
Catalog and data are MiniStack's Glue and S3, through boto3.

Run as `python -m logctl.local.athena_server --port PORT --backend URL --keys FILE`.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from logctl.local import keys
from logctl.local.athena.query_errors import InvalidRequest, QueryError
from logctl.local.athena.server.executions import Executions, Place, Request, page
from logctl.local.athena.storage.glue_catalog import Catalog, Table
from logctl.local.athena.storage.s3_objects import Objects
from logctl.local.athena.storage.view_definition import CATALOG
from logctl.local.callers import Callers, seen
from logctl.local.keys import Keys
from logctl.local.sigv4 import Refused

HEALTH = "/_logctl/health"
_TARGET = "AmazonAthena."
_PAGE_LIMIT = 1000
"""GetQueryResults gives up to 1,000 rows a page (Amazon Athena API Reference)."""
_QUERY_LIMIT = 262_144
"""A query has up to 262,144 bytes (Amazon Athena User Guide, Service Quotas)."""
_LIST_LIMIT = 50
_WORKGROUP = {
    "EnforceWorkGroupConfiguration": False,
    "PublishCloudWatchMetricsEnabled": False,
    "RequesterPaysEnabled": False,
}
"""What a workgroup is unless told otherwise; awswrangler reads the first as if it were always there."""

Call = Callable[["Athena", Mapping[str, Any], str], dict[str, Any]]


class Athena:
    """The API: a method an action, in its shapes (Amazon Athena API Reference)."""

    def __init__(self, backend: str, own: Keys) -> None:
        self._backend, self._own = backend, own
        self._executions = Executions()
        self._place = lru_cache(maxsize=None)(self._make_place)
        self._ministack = lru_cache(maxsize=None)(self._make_ministack)

    def close(self) -> None:
        self._executions.close()

    def call(self, action: str, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        own = _ACTIONS.get(action)
        return own(self, given, region) if own else self._ask_ministack(action, given, region)

    # ── Where things are ──

    def _client(self, service: str, region: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self._backend,
            region_name=region,
            aws_access_key_id=self._own.access_key,
            aws_secret_access_key=self._own.secret_key,
            config=Config(max_pool_connections=32, retries={"max_attempts": 2}),
        )

    def _make_place(self, region: str) -> Place:
        return Place(Catalog(self._client("glue", region)), Objects(self._client("s3", region)))

    def _make_ministack(self, region: str) -> Any:
        return self._client("athena", region)

    def _ask_ministack(self, action: str, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        client = self._ministack(region)
        method = getattr(client, xform_name(action), None)
        if method is None:
            raise InvalidRequest(f"Unknown operation {action}", "UnknownOperationException")
        try:
            reply = dict(method(**given))
        except ClientError as error:
            detail = error.response.get("Error", {})
            raise InvalidRequest(
                detail.get("Message", str(error)), detail.get("Code", "InvalidRequestException")
            ) from None
        reply.pop("ResponseMetadata", None)
        return reply

    # ── Queries ──

    def start_query_execution(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        sql = given.get("QueryString") or ""
        if len(sql.encode()) > _QUERY_LIMIT:
            raise InvalidRequest(
                "1 validation error detected: Value at 'queryString' failed to satisfy constraint: "
                f"Member must have length less than or equal to {_QUERY_LIMIT}"
            )
        context = given.get("QueryExecutionContext") or {}
        name = given.get("WorkGroup") or "primary"
        workgroup = self._workgroup(name, region)
        settings = workgroup.get("Configuration") or {}
        enforced = bool(settings.get("EnforceWorkGroupConfiguration", True))
        asked = (given.get("ResultConfiguration") or {}).get("OutputLocation", "")
        own = (settings.get("ResultConfiguration") or {}).get("OutputLocation", "")
        output = (own if enforced and own else asked) or own
        if not output.startswith("s3://"):
            raise InvalidRequest(
                "No output location provided. An output location is required either through the Workgroup "
                "result configuration setting or as an API input."
            )
        reuse = (given.get("ResultReuseConfiguration") or {}).get("ResultReuseByAgeConfiguration") or {}
        limit = settings.get("BytesScannedCutoffPerQuery")
        request = Request(
            sql=sql,
            workgroup=name,
            # awswrangler sends it in backticks.
            database=(context.get("Database") or "default").strip("`").lower(),
            catalog=context.get("Catalog") or CATALOG,
            output=output,
            scan_limit=int(limit) if limit else None,
            enforced=enforced and bool(own),
            parameters=tuple(given.get("ExecutionParameters") or ()),
            reuse_minutes=int(reuse.get("MaxAgeInMinutes", 60)) if reuse.get("Enabled") else None,
        )

        def prepared(statement: str) -> str | None:
            try:
                reply = self._ask_ministack(
                    "GetPreparedStatement", {"StatementName": statement, "WorkGroup": name}, region
                )
            except InvalidRequest:
                return None
            return str(reply["PreparedStatement"]["QueryStatement"])

        token = given.get("ClientRequestToken")
        execution = self._executions.start(request, self._place(region), token, prepared)
        return {"QueryExecutionId": execution.id}

    def _workgroup(self, name: str, region: str) -> dict[str, Any]:
        try:
            reply = self._ask_ministack("GetWorkGroup", {"WorkGroup": name}, region)
        except InvalidRequest:
            raise InvalidRequest(f"WorkGroup {name} is not found.") from None
        found = dict(reply["WorkGroup"])
        if found.get("State") == "DISABLED":
            raise InvalidRequest(f"WorkGroup {name} is disabled.")
        return found

    def get_work_group(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        """MiniStack's, with what Athena always says of one and MiniStack leaves out."""
        reply = self._ask_ministack("GetWorkGroup", given, region)
        workgroup = dict(reply["WorkGroup"])
        settings = {**_WORKGROUP, **(workgroup.get("Configuration") or {})}
        return {**reply, "WorkGroup": {**workgroup, "Configuration": settings}}

    def get_query_execution(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:  # noqa: ARG002
        return {"QueryExecution": self._executions.get(_text(given, "QueryExecutionId")).describe()}

    def batch_get_query_execution(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:  # noqa: ARG002
        found, missing = [], []
        for query_id in given.get("QueryExecutionIds") or ():
            try:
                found.append(self._executions.get(query_id).describe())
            except InvalidRequest as problem:
                missing.append(
                    {"QueryExecutionId": query_id, "ErrorCode": "NOT_FOUND", "ErrorMessage": str(problem)}
                )
        return {"QueryExecutions": found, "UnprocessedQueryExecutionIds": missing}

    def get_query_results(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:  # noqa: ARG002
        execution = self._executions.get(_text(given, "QueryExecutionId"))
        if execution.state in ("QUEUED", "RUNNING"):
            raise InvalidRequest(f"Query has not yet finished. Current state: {execution.state}")
        if execution.state != "SUCCEEDED":
            raise InvalidRequest(f"Query did not finish successfully. Final query state: {execution.state}")
        size = given.get("MaxResults") or _PAGE_LIMIT
        if not isinstance(size, int) or not 1 <= size <= _PAGE_LIMIT:
            raise InvalidRequest("MaxResults is more than maximum allowed length 1000.")
        rows, following = page(execution, _position(given), size)
        reply: dict[str, Any] = {
            "UpdateCount": execution.count,
            "ResultSet": {
                "Rows": [
                    {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows
                ],
                "ResultSetMetadata": {"ColumnInfo": [column.info() for column in execution.columns]},
            },
        }
        return reply | ({"NextToken": str(following)} if following is not None else {})

    def get_query_runtime_statistics(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:  # noqa: ARG002
        execution = self._executions.get(_text(given, "QueryExecutionId"))
        described = execution.describe()["Statistics"]
        timeline = {
            "QueryQueueTimeInMillis": described["QueryQueueTimeInMillis"],
            "EngineExecutionTimeInMillis": described["EngineExecutionTimeInMillis"],
            "TotalExecutionTimeInMillis": described["TotalExecutionTimeInMillis"],
        }
        rows = {"InputBytes": execution.meter.bytes, "OutputRows": len(execution.rows)}
        return {"QueryRuntimeStatistics": {"Timeline": timeline, "Rows": rows}}

    def stop_query_execution(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:  # noqa: ARG002
        self._executions.stop(_text(given, "QueryExecutionId"))
        return {}

    def list_query_executions(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:  # noqa: ARG002
        listed = self._executions.of_workgroup(given.get("WorkGroup") or "primary")
        return _paged("QueryExecutionIds", listed, given)

    # ── Metadata ──

    def list_databases(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        _check_catalog(given)
        names = self._place(region).catalog.databases()
        return _paged("DatabaseList", [{"Name": name} for name in names], given)

    def get_database(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        _check_catalog(given)
        name = _text(given, "DatabaseName")
        found = self._place(region).catalog.database(name)
        if found is None:
            raise InvalidRequest(f"Database {name} not found.", "MetadataException")
        return {"Database": {"Name": found["Name"], "Parameters": found.get("Parameters", {})}}

    def list_table_metadata(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        _check_catalog(given)
        expression = re.compile(given.get("Expression") or ".*")
        try:
            listed = self._place(region).catalog.tables(_text(given, "DatabaseName"))
        except QueryError as problem:
            raise InvalidRequest(str(problem), "MetadataException") from None
        chosen = [_metadata(table) for table in listed if expression.fullmatch(table.name)]
        return _paged("TableMetadataList", chosen, given)

    def get_table_metadata(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        _check_catalog(given)
        name = _text(given, "TableName")
        found = self._place(region).catalog.find(_text(given, "DatabaseName"), name)
        if found is None:
            raise InvalidRequest(f"EntityNotFoundException: Table {name} not found.", "MetadataException")
        return {"TableMetadata": _metadata(found)}


_ACTIONS: dict[str, Call] = {
    "StartQueryExecution": Athena.start_query_execution,
    "GetWorkGroup": Athena.get_work_group,
    "GetQueryExecution": Athena.get_query_execution,
    "BatchGetQueryExecution": Athena.batch_get_query_execution,
    "GetQueryResults": Athena.get_query_results,
    "GetQueryRuntimeStatistics": Athena.get_query_runtime_statistics,
    "StopQueryExecution": Athena.stop_query_execution,
    "ListQueryExecutions": Athena.list_query_executions,
    "ListDatabases": Athena.list_databases,
    "GetDatabase": Athena.get_database,
    "ListTableMetadata": Athena.list_table_metadata,
    "GetTableMetadata": Athena.get_table_metadata,
}


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidRequest(f"{name} is missing")
    return value


def _check_catalog(given: Mapping[str, Any]) -> None:
    name = given.get("CatalogName") or CATALOG
    if name.lower() != CATALOG:
        raise InvalidRequest(f"Catalog {name} was not found", "MetadataException")


def _position(given: Mapping[str, Any]) -> int:
    token = given.get("NextToken") or "0"
    if not str(token).isdigit():
        raise InvalidRequest("NextToken is malformed")
    return int(token)


def _paged(member: str, listed: list[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    start, size = _position(given), given.get("MaxResults") or _LIST_LIMIT
    reply: dict[str, Any] = {member: listed[start : start + size]}
    return reply | ({"NextToken": str(start + size)} if start + size < len(listed) else {})


def _metadata(table: Table) -> dict[str, Any]:
    """TableMetadata (ibid.)."""
    form = table.format
    described = {
        "inputformat": form.input,
        "outputformat": form.output,
        "serde.serialization.lib": form.serde,
        "location": table.location,
        **{f"serde.param.{key}": value for key, value in form.parameters.items()},
    }
    return {
        "Name": table.name,
        "TableType": "EXTERNAL_TABLE" if table.sql is None else "VIRTUAL_VIEW",
        "Columns": [_column(column) for column in table.columns],
        "PartitionKeys": [_column(column) for column in table.keys],
        "Parameters": {**table.parameters, **(described if table.sql is None else {})},
    }


def _column(column: Any) -> dict[str, str]:
    shape = {"Name": column.name, "Type": column.type.hive}
    return shape | {"Comment": column.comment} if column.comment else shape


# ── HTTP ────────────────────────────────────────────────────────────────────────────────────────────


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    athena: Athena
    callers: Callers

    def do_GET(self) -> None:
        try:
            known = self.path == HEALTH and seen(self).method == "GET"
        except Refused as refused:
            known = False
            self.log_error("refused: %s", refused.message)
        self.close_connection = True
        self._reply(200 if known else 403, {})

    do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_PUT = do_GET

    def do_POST(self) -> None:
        try:
            caller, body = self.callers.admit(self, "athena")
        except Refused as refused:
            self.close_connection = True
            self._refuse(403, refused.code, refused.message)
            return
        action = self.headers.get("X-Amz-Target", "").removeprefix(_TARGET)
        try:
            given = json.loads(body or b"{}")
            self._reply(200, self.athena.call(action, given, caller.region))
        except InvalidRequest as problem:
            self._refuse(400, problem.code, str(problem))
        except QueryError as problem:
            self._refuse(400, "InvalidRequestException", str(problem))
        except (ValueError, TypeError, KeyError) as problem:
            self._refuse(400, "InvalidRequestException", f"The request is malformed: {problem!r}")
        except Exception as problem:  # noqa: BLE001 - the caller hears of it; the endpoint stays up
            self.log_error("%s: %r", action, problem)
            self._refuse(500, "InternalServerException", str(problem))

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._reply(status, {"__type": code, "Message": message, "message": message}, code)

    def _reply(self, status: int, shape: Mapping[str, Any], error: str = "") -> None:
        body = json.dumps(shape, default=_plain).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        if error:
            self.send_header("x-amzn-ErrorType", error)
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Requests are not worth a line each."""


def _plain(value: Any) -> Any:
    """Times as the JSON protocol has them: seconds."""
    return value.timestamp() if hasattr(value, "timestamp") else str(value)


def serve(port: int, backend: str, own: Keys) -> ThreadingHTTPServer:
    """A server on loopback that is ready to be run; `athena` is closed with it."""
    athena = Athena(backend, own)
    handler = type("Handler", (_Handler,), {"athena": athena, "callers": Callers(own, backend)})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    return server


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="logctl.local.athena_server", description="The sandbox's Athena.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--backend", required=True, help="Where S3, Glue and the workgroups are.")
    parser.add_argument("--keys", type=Path, required=True, help="The file with the sandbox's credentials.")
    given = parser.parse_args(arguments)
    own = keys.read(given.keys)
    if own is None:
        print(f"{given.keys} holds no credentials that only you can read.", file=sys.stderr)
        return 1
    server = serve(given.port, given.backend, own)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
