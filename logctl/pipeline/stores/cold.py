"""Cold storage: S3 objects in Hive partitions, one per message and partition."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from logctl.core.partitions import Partition
from logctl.core.records import Record, to_cold

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


class ColdStore:
    """A writer of the objects under `logs/`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, partition: Partition, batch_id: str, records: Sequence[Record]) -> str:
        """Write a batch's records of one partition, and return the key.

        Key and bytes depend on the batch alone, so that a redelivery writes the same object again.
        """
        lines = (
            json.dumps(to_cold(record, batch_id), ensure_ascii=False, separators=(",", ":"))
            for record in records
        )
        plain = "\n".join(lines).encode("utf-8", "replace") + b"\n"
        key = partition.object_key(batch_id)
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=gzip.compress(plain, compresslevel=6, mtime=0),
            ContentType="application/x-ndjson",
        )
        return key
