"""The Athena engine in the test's process, through its API, with Glue and S3 by moto."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto import mock_aws

from logctl.local.athena.query_errors import InvalidRequest
from logctl.local.athena.server.api_actions import AthenaApi

BUCKET = "engine"
Rows = list[list[str | None]]


class Failed(Exception):
    """A query that failed, with its StateChangeReason or the message of StartQueryExecution."""


class _Workgroups:
    """The backend of the API: each workgroup exists and has no configuration."""

    def get_work_group(self, WorkGroup: str) -> dict[str, Any]:
        return {"WorkGroup": {"Name": WorkGroup, "Configuration": {}}}


def _connect(service: str, region: str) -> Any:
    if service == "athena":
        return _Workgroups()
    return boto3.client(service, region_name=region)  # type: ignore[call-overload]


class Engine:
    """Runs queries through the API, from StartQueryExecution to the pages of GetQueryResults."""

    region = "eu-central-1"

    def __init__(self) -> None:
        self.api = AthenaApi(_connect)
        self.s3 = boto3.client("s3", region_name="us-east-1")
        self.s3.create_bucket(Bucket=BUCKET)

    def call(self, action: str, **given: Any) -> dict[str, Any]:
        return self.api.call(action, given, self.region)

    def put(self, key: str, body: str | bytes) -> None:
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body if isinstance(body, bytes) else body.encode())

    def done(self, sql: str, database: str = "default") -> dict[str, Any]:
        """Run a query and return the finished execution."""
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
        """Run a query and return its rows without a header.

        Raises:
            Failed: the query.
        """
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
        made.api.close()
