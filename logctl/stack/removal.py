"""Deletion of resources that CloudFormation leaves: retained buckets and tables, recreated log groups.

Only what has the environment's tags is deleted; what has its name and not its tags is noted in `left`. Each
step may be repeated: it is not an error that a resource is deleted already or is being deleted. The methods
return what they deleted, by kind and name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, assert_never

from botocore.exceptions import ClientError

from logctl.aws.clients import Aws
from logctl.aws.error_codes import code_of
from logctl.core.errors import LogctlError
from logctl.stack.names import Names
from logctl.stack.ownership import Ownership
from logctl.stack.resource_types import RetainedKind

_PAGE = 1_000  # what S3 deletes in one call
_ATTEMPTS = 5
_TABLE_POLLS = 150


@dataclass(frozen=True)
class Left:
    """A resource with a name of the environment that was not deleted: its kind and name, and the reason."""

    thing: str
    reason: str


class Removal:
    """The deletion of resources of one environment.

    `pace` is how long to wait between two looks at a deletion in progress, in seconds.
    """

    def __init__(
        self, aws: Aws, names: Names, *, sleep: Callable[[float], None] = time.sleep, pace: float = 2.0
    ) -> None:
        self.left: list[Left] = []
        self._aws = aws
        self._ownership = Ownership(aws, names)
        self._sleep = sleep
        self._pace = pace

    def owns(self, kind: RetainedKind, name: str) -> bool:
        """Return whether a retained resource exists and belongs to this environment."""
        match kind:
            case RetainedKind.BUCKET:
                return self._owns_bucket(name)
            case RetainedKind.TABLE:
                return self._owns_table(name)
            case _:
                assert_never(kind)

    def _owns_bucket(self, bucket: str) -> bool:
        return self._has_bucket(bucket) and self._ours(f"bucket {bucket}", self._ownership.bucket(bucket))

    def _owns_table(self, table: str) -> bool:
        arn = self._table(table).get("TableArn")
        return arn is not None and self._ours(f"table {table}", self._ownership.table(arn))

    def _ours(self, thing: str, reason: str) -> bool:
        if reason:
            self.left.append(Left(thing, reason))
        return not reason

    def _has_bucket(self, bucket: str) -> bool:
        try:
            self._aws.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if code_of(error) in ("404", "NoSuchBucket"):
                return False
            raise
        return True

    def bucket(self, bucket: str, on_emptied: Callable[[str, int], None]) -> list[str]:
        """Delete every version and delete marker, then the bucket, if it is this environment's.

        Args:
            bucket: its name.
            on_emptied: called after each page of deletions with the bucket and the objects deleted so far.

        Raises:
            LogctlError: an object could not be deleted.
        """
        if not self._owns_bucket(bucket):
            return []
        gone = 0
        for attempt in range(1, _ATTEMPTS + 1):
            gone = self._empty(bucket, gone, on_emptied)
            try:
                self._aws.s3.delete_bucket(Bucket=bucket)
                break
            except ClientError as error:
                code = code_of(error)
                if code == "NoSuchBucket":
                    break
                # A function that was running when its stack was deleted may write for up to a minute more.
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
            # The call succeeds even if no object was deleted.
            if errors := reply.get("Errors"):
                first = errors[0]
                raise LogctlError(
                    f"{len(errors)} objects of {bucket} could not be deleted, the first because of "
                    f"{first.get('Code')}: {first.get('Key')}.",
                    "Remove the cause, and run the same command again to delete them.",
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
        """Delete this environment's tables that exist, and wait until their names are free again.

        Raises:
            LogctlError: DynamoDB has not finished in time.
        """
        there = []
        for table in tables:
            # DynamoDB no longer returns the tags of a table that is being deleted. It is only waited for.
            if self._table(table).get("TableStatus") == "DELETING":
                there.append(table)
            elif self._owns_table(table):
                self._aws.dynamodb.delete_table(TableName=table)
                there.append(table)
        for table in there:
            self._await_no_table(table)
        return [f"table {table}" for table in there]

    def _table(self, table: str) -> Mapping[str, Any]:
        """Return DynamoDB's description of a table; empty when there is no such table."""
        try:
            return self._aws.dynamodb.describe_table(TableName=table)["Table"]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return {}
            raise

    def _await_no_table(self, table: str) -> None:
        for _ in range(_TABLE_POLLS):
            if not self._table(table):
                return
            self._sleep(self._pace)
        raise LogctlError(
            f"DynamoDB has not finished deleting the table {table}.",
            "Run the same command again in a few minutes.",
        )

    def owned_log_groups(self, groups: Iterable[str]) -> set[str]:
        """Return this environment's log groups that exist."""
        return {group for group in groups if self._ownership.log_group(group) == ""}

    def log_groups(self, groups: Iterable[str], anew: Collection[str]) -> list[str]:
        """Delete log groups that were created again after the stack was deleted.

        A function's last log line creates its log group again, without tags, and the next `provision` would
        find the name taken.

        Args:
            groups: the log groups of the environment's functions.
            anew: those that belonged to this environment before the stack was deleted; they need no tags.
        """
        deleted = []
        for group in groups:
            reason = self._ownership.log_group(group)
            if reason is None or not self._ours(f"log group {group}", "" if group in anew else reason):
                continue
            try:
                self._aws.logs.delete_log_group(logGroupName=group)
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
            else:
                deleted.append(f"log group {group}")
        return deleted
