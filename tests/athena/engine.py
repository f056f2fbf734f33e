"""The sandbox's Athena in this process: queries go the way of the server's, from StartQueryExecution to the
pages of GetQueryResults, before a Glue and an S3 of moto."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from logctl.local.athena.server.executions import Place
from logctl.local.athena.storage.glue_catalog import Catalog
from logctl.local.athena.storage.s3_objects import Objects
from logctl.local.athena_server import Athena
from logctl.local.keys import Keys

BUCKET = "engine"
Rows = list[list[str | None]]


class Failed(Exception):
    """A query's StateChangeReason, or what StartQueryExecution refuses."""


class InProcess(Athena):
    """The server without its HTTP: the same actions, with moto's clients."""

    def __init__(self) -> None:
        super().__init__("", Keys("AKIATEST", "secret"))

    def _client(self, service: str, region: str) -> Any:
        return boto3.client(service, region_name=region)  # type: ignore[call-overload]

    def _make_place(self, region: str) -> Place:
        return Place(Catalog(self._client("glue", region)), Objects(self._client("s3", region)))

    def _ask_ministack(self, action: str, given: Mapping[str, Any], region: str) -> dict[str, Any]:
        assert action == "GetWorkGroup", action
        return {"WorkGroup": {"Name": given["WorkGroup"], "Configuration": {}}}


class Engine:
    """A person with the API."""

    region = "eu-central-1"

    def __init__(self) -> None:
        self.server = InProcess()
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)

    def call(self, action: str, **given: Any) -> dict[str, Any]:
        return self.server.call(action, given, self.region)

    def put(self, key: str, body: str | bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def done(self, sql: str, database: str = "default") -> dict[str, Any]:
        """The finished execution."""
        started = self.call(
            "StartQueryExecution",
            QueryString=sql,
            QueryExecutionContext={"Database": database},
            ResultConfiguration={"OutputLocation": f"s3://{BUCKET}/results/"},
        )
        deadline = time.monotonic() + 60
        while True:
            found = self.call("GetQueryExecution", **started)["QueryExecution"]
            if found["Status"]["State"] in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return dict(found)
            assert time.monotonic() < deadline
            time.sleep(0.002)

    def run(self, sql: str, database: str = "default") -> Rows:
        """Rows without a header.

        Raises:
            Failed: the query.
        """
        from logctl.local.athena.query_errors import InvalidRequest

        try:
            done = self.done(sql, database)
        except InvalidRequest as problem:
            raise Failed(str(problem)) from None
        if done["Status"]["State"] != "SUCCEEDED":
            raise Failed(done["Status"]["StateChangeReason"])
        rows: Rows = []
        asked: dict[str, Any] = {"QueryExecutionId": done["QueryExecutionId"]}
        while True:
            page = self.call("GetQueryResults", **asked)
            rows += [[cell.get("VarCharValue") for cell in row["Data"]] for row in page["ResultSet"]["Rows"]]
            if "NextToken" not in page:
                break
            asked["NextToken"] = page["NextToken"]
        return rows[1:] if done.get("SubstatementType") == "SELECT" else rows


@contextmanager
def engine() -> Iterator[Engine]:
    with mock_aws():
        made = Engine()
        yield made
        made.server.close()
