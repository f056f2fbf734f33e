"""The actions of Athena's API (Amazon Athena API Reference).

Queries, their results and the metadata of tables are answered here. Workgroups, prepared statements, named
queries and tags are kept by another server of the API, the backend, to which those calls are forwarded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from logctl.local.athena.query_errors import InvalidRequest, QueryError
from logctl.local.athena.server.executions import DataPlace, Executions, QueryRequest, page
from logctl.local.athena.storage.glue_catalog import Column, GlueCatalog, Table
from logctl.local.athena.storage.s3_objects import Objects
from logctl.local.athena.storage.view_definition import CATALOG

_PAGE_LIMIT = 1000
"""The most rows in a page of GetQueryResults (Amazon Athena API Reference)."""
_QUERY_LIMIT = 262_144
"""The most bytes of a query (Amazon Athena User Guide, Service Quotas)."""
_LIST_LIMIT = 50
_WORKGROUP = {
    "EnforceWorkGroupConfiguration": False,
    "PublishCloudWatchMetricsEnabled": False,
    "RequesterPaysEnabled": False,
}
"""The defaults of a workgroup. awswrangler requires the first in every reply."""

Call = Callable[["AthenaApi", Mapping[str, Any], str], dict[str, Any]]


class AthenaApi:
    """Athena's API: a method for each action, with the request and reply as dictionaries.

    Args:
        connect: makes a boto3 client of a service (`s3`, `glue`, `athena`) in a region. The `athena` client
            answers the actions that are not implemented here.
    """

    def __init__(self, connect: Callable[[str, str], Any]) -> None:
        self._connect = lru_cache(maxsize=None)(connect)
        self._place = lru_cache(maxsize=None)(self._make_place)
        self._executions = Executions()

    def close(self) -> None:
        self._executions.close()

    def call(self, action: str, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        """Execute one action of the API, and return its reply.

        Raises:
            InvalidRequest: Athena refuses the call.
        """
        own = _ACTIONS.get(action)
        return own(self, given, region) if own else self._forward(action, given, region)

    def _make_place(self, region: str) -> DataPlace:
        return DataPlace(GlueCatalog(self._connect("glue", region)), Objects(self._connect("s3", region)))

    def _forward(self, action: str, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        """Pass an action on to the emulator's Athena, and return the reply."""
        method = getattr(self._connect("athena", region), xform_name(action), None)
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
        request = QueryRequest(
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
                reply = self._forward(
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
            reply = self._forward("GetWorkGroup", {"WorkGroup": name}, region)
        except InvalidRequest:
            raise InvalidRequest(f"WorkGroup {name} is not found.") from None
        found = dict(reply["WorkGroup"])
        if found.get("State") == "DISABLED":
            raise InvalidRequest(f"WorkGroup {name} is disabled.")
        return found

    def get_work_group(self, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        """Return the backend's workgroup, with the settings that Athena always returns and emulators omit."""
        reply = self._forward("GetWorkGroup", given, region)
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
    "StartQueryExecution": AthenaApi.start_query_execution,
    "GetWorkGroup": AthenaApi.get_work_group,
    "GetQueryExecution": AthenaApi.get_query_execution,
    "BatchGetQueryExecution": AthenaApi.batch_get_query_execution,
    "GetQueryResults": AthenaApi.get_query_results,
    "GetQueryRuntimeStatistics": AthenaApi.get_query_runtime_statistics,
    "StopQueryExecution": AthenaApi.stop_query_execution,
    "ListQueryExecutions": AthenaApi.list_query_executions,
    "ListDatabases": AthenaApi.list_databases,
    "GetDatabase": AthenaApi.get_database,
    "ListTableMetadata": AthenaApi.list_table_metadata,
    "GetTableMetadata": AthenaApi.get_table_metadata,
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
    """TableMetadata (Amazon Athena API Reference)."""
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


def _column(column: Column) -> dict[str, str]:
    shape = {"Name": column.name, "Type": column.type.hive}
    return shape | {"Comment": column.comment} if column.comment else shape
