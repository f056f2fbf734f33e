"""Deleting what CloudFormation leaves: retained buckets and tables, and log groups made anew.

Each step may be repeated: what is gone already, or on its way, is no error. What was there is returned by
kind and name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from botocore.exceptions import ClientError

from logctl.core.errors import LogctlError
from logctl.pipeline.clients import Aws

_PAGE = 1_000  # what S3 deletes in one call
_ATTEMPTS = 5
_TABLE_POLLS = 150


class Removal:
    """`sleep` and `pace` (seconds) are for what takes its time."""

    def __init__(self, aws: Aws, *, sleep: Callable[[float], None] = time.sleep, pace: float = 2.0) -> None:
        self._aws = aws
        self._sleep = sleep
        self._pace = pace

    def has_bucket(self, bucket: str) -> bool:
        try:
            self._aws.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
                return False
            raise
        return True

    def has_table(self, table: str) -> bool:
        return self._table_status(table) is not None

    def bucket(self, bucket: str, on_emptied: Callable[[str, int], None]) -> list[str]:
        """Delete every version and delete marker, then the bucket, if it is there.

        Args:
            on_emptied: told after each page of deletions how many objects of the bucket are gone.

        Raises:
            LogctlError: an object could not be deleted.
        """
        if not self.has_bucket(bucket):
            return []
        gone = 0
        for attempt in range(1, _ATTEMPTS + 1):
            gone = self._empty(bucket, gone, on_emptied)
            try:
                self._aws.s3.delete_bucket(Bucket=bucket)
                break
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "NoSuchBucket":
                    break
                # A function that ran when its stack was deleted may still write for up to a minute.
                if code != "BucketNotEmpty" or attempt == _ATTEMPTS:
                    raise
                self._sleep(self._pace * attempt)
        return [f"bucket {bucket}"]

    def _empty(self, bucket: str, gone: int, on_emptied: Callable[[str, int], None]) -> int:
        for batch in self._versions(bucket):
            reply = self._aws.s3.delete_objects(
                Bucket=bucket,
                Delete={"Objects": batch, "Quiet": True},  # type: ignore[typeddict-item]
            )
            # The call succeeds even if not one object was deleted.
            if errors := reply.get("Errors"):
                first = errors[0]
                raise LogctlError(
                    f"{len(errors)} objects of {bucket} could not be deleted, the first because of "
                    f"{first.get('Code')}: {first.get('Key')}.",
                    "What is deleted is deleted. Once the cause is gone, run the same again.",
                )
            gone += len(batch)
            on_emptied(bucket, gone)
        return gone

    def _versions(self, bucket: str) -> Iterator[list[dict[str, str]]]:
        pages = self._aws.s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": _PAGE}
        )
        for page in pages:
            items = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if items:
                yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]

    def tables(self, tables: Sequence[str]) -> list[str]:
        """Delete those that are there, and wait until their names are free for the next `provision`.

        Raises:
            LogctlError: DynamoDB takes longer than that.
        """
        there = [table for table in tables if self.has_table(table)]
        for table in there:
            if self._table_status(table) != "DELETING":
                self._aws.dynamodb.delete_table(TableName=table)
        for table in there:
            self._await_no_table(table)
        return [f"table {table}" for table in there]

    def _table_status(self, table: str) -> str | None:
        try:
            return self._aws.dynamodb.describe_table(TableName=table)["Table"]["TableStatus"]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return None
            raise

    def _await_no_table(self, table: str) -> None:
        for _ in range(_TABLE_POLLS):
            if not self.has_table(table):
                return
            self._sleep(self._pace)
        raise LogctlError(
            f"DynamoDB has not finished deleting the table {table}.", "Run the same again in some minutes."
        )

    def log_groups(self, groups: Iterable[str]) -> list[str]:
        """Log groups that a function's last words made anew after the stack had deleted them: the next
        `provision` would find their names taken."""
        deleted = []
        for group in groups:
            try:
                self._aws.logs.delete_log_group(logGroupName=group)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
            else:
                deleted.append(f"log group {group}")
        return deleted
