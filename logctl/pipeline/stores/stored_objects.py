"""The objects that hot rows point to: fetched in parallel, each once, and bounded in number and bytes.

An object may be gone, because its retention is over or its day is compacted. S3 answers 404 for it only to
callers who may list the bucket, and 403 to all others (Amazon S3 API Reference, GetObject). So after a 403
the object is listed, which needs the permission to list `logs/`: what is listed exists, and may not be read.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from logctl.aws.error_codes import Trouble, code_of, trouble_of
from logctl.core.frames import BadFrame, decompress
from logctl.core.hot_rows import MAX_STORED, HotRow
from logctl.core.partitions import OBJECT, OBJECTS
from logctl.core.rows import Row, read_stored

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

AT_ONCE = 8
"""Objects that are fetched at the same time."""
_KEPT = 16 * 1024 * 1024
"""Bytes of objects that are kept, because the hours of a message are in one object."""
_MOST_BYTES = 16 * 1024 * 1024
"""Bytes of one object; the consumer stores at most a quarter of that, uncompressed."""
_GZIP = b"\x1f\x8b"
"""The first bytes of the objects of earlier versions."""


@dataclass
class Gone:
    """The messages whose records are in a hot row only in part, because the object is gone or damaged.

    Attributes:
        messages: app and batch id of each.
        records: the number of their records that could not be shown.
    """

    messages: set[tuple[str, str]] = field(default_factory=set)
    records: int = 0

    def add(self, row: HotRow, records: int) -> None:
        """Count records of a row that cannot be read any more."""
        self.messages.add((row.appid, row.batch_id))
        self.records += records

    def clear(self) -> None:
        """Count from nothing again."""
        self.messages.clear()
        self.records = 0

    def __bool__(self) -> bool:
        return bool(self.messages)


class StoredObjects:
    """A reader of the records of hot rows that have them in S3 only."""

    def __init__(self, where: Callable[[], tuple[S3Client, str]]) -> None:
        """Create a reader; `where` returns client and bucket, and is called when an object is needed."""
        self._where = where
        self._begun: OrderedDict[str, Future[bytes | None]] = OrderedDict()
        self._seen: OrderedDict[str, bytes | None] = OrderedDict()
        self._kept = 0

    def begin(self, row: HotRow) -> bool:
        """Begin to fetch the object of a row, and return whether that was not done before."""
        key = row.object_key
        if key in self._begun or key in self._seen:
            return False
        self._begun[key] = self._threads.submit(_fetch, *self._place, key)
        return True

    def frame(self, row: HotRow) -> bytes | None:
        """Return the object of a row; None if it is gone.

        Raises:
            ClientError: S3 refused the request, for another reason than that there is no such object.
        """
        key = row.object_key
        if key in self._seen:
            self._seen.move_to_end(key)
            return self._seen[key]
        self.begin(row)
        body = self._begun.pop(key).result()
        self._seen[key] = body
        self._kept += len(body or b"")
        while self._kept > _KEPT and len(self._seen) > 1:
            _, dropped = self._seen.popitem(last=False)
            self._kept -= len(dropped or b"")
        return body

    def forget(self) -> None:
        """Drop what is waiting to be fetched: nobody will ask for it."""
        for future in self._begun.values():
            future.cancel()
        self._begun.clear()

    @cached_property
    def _place(self) -> tuple[S3Client, str]:
        return self._where()

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="objects")


def _fetch(s3: S3Client, bucket: str, key: str) -> bytes | None:
    """Return an object, or the one that an earlier version wrote in its place; None if there is neither."""
    stem = key.removesuffix(OBJECT)
    for suffix in OBJECTS:
        body = _get(s3, bucket, f"{stem}{suffix}")
        if body is not None:
            return body
    return None


def _get(s3: S3Client, bucket: str, key: str) -> bytes | None:
    try:
        reply = s3.get_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code_of(error) in ("NoSuchKey", "404"):
            return None
        if trouble_of(error) is Trouble.DENIED and not _may_exist(s3, bucket, key):
            return None
        raise
    return None if reply["ContentLength"] > _MOST_BYTES else reply["Body"].read()


def _may_exist(s3: S3Client, bucket: str, key: str) -> bool:
    """Return whether an object exists, or whether that cannot be known."""
    try:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
    except ClientError:
        return True
    return any(item["Key"] == key for item in listed.get("Contents", []))


def rows_of(row: HotRow, body: bytes) -> Sequence[Row] | None:
    """Return the records of a row, from its object; None if that is damaged."""
    try:
        return row.own(read_stored(plain_of(body)))
    except (BadFrame, ValueError, zlib.error):
        return None


def plain_of(body: bytes) -> bytes:
    """Return the NDJSON of an object under `logs/`, of this version or an earlier one.

    Raises:
        BadFrame, zlib.error: it is damaged, or too big.
    """
    if not body.startswith(_GZIP):
        return decompress(body, most=MAX_STORED)
    stream = zlib.decompressobj(wbits=31)
    plain = stream.decompress(body, MAX_STORED)
    if not stream.eof:
        raise BadFrame("it is cut off, or too big")
    return plain
