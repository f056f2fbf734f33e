"""Cold storage: S3 objects in Hive partitions, one per message and partition."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from logctl.core.frames import compress
from logctl.core.partitions import Partition
from logctl.core.rows import Row, encode_rows

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class ColdStore:
    """A writer of the objects under `logs/`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(
        self, partition: Partition, batch_id: str, rows: Sequence[Row], *, frame: bytes | None = None
    ) -> str:
        """Write a batch's rows of one partition, and return the key.

        Key and content depend on the batch alone, so that a redelivery writes the same object again.

        `frame`: the rows as `compress(encode_rows(rows))`, if it exists already.
        """
        key = partition.object_key(batch_id)
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=compress(encode_rows(rows)) if frame is None else frame,
            ContentType="application/x-ndjson",
        )
        return key
