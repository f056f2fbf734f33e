"""A canary: finds out whether the stores can be written at all, independently of what a message writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from logctl.aws.error_codes import said
from logctl.core.hot_rows import CANARY
from logctl.core.partitions import CANARIES
from logctl.core.times import HOUR, SECOND, iso
from logctl.pipeline.function_log import log

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client


class Canary:
    """A test of storage: it writes a small hot row of the message's app, and a small object.

    The row is of the same app because that app's partition in DynamoDB may be the one that is throttled.
    """

    def __init__(
        self, s3: S3Client, bucket: str, dynamodb: DynamoDBClient, table: str, *, clock: Callable[[], int]
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def passes(self, appid: str) -> bool:
        """Return whether both could be written; never raise."""
        now = self._clock()
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    "app": {"S": appid},
                    "chunk": {"S": CANARY},
                    "expires_at": {"N": str((now + HOUR) // SECOND)},
                },
            )
            self._s3.put_object(
                Bucket=self._bucket,
                Key=f"{CANARIES}appid={appid}",
                Body=iso(now).encode(),
                ContentType="text/plain",
            )
        except Exception as error:  # noqa: BLE001 - a cut reply can raise anything
            log("storage_unavailable", appid=appid, error=said(error))
            return False
        return True
