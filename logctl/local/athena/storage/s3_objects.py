"""Objects in S3: listed by location, read and kept in memory, written and deleted."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from os.path import commonprefix
from typing import TYPE_CHECKING

from logctl.local.athena.query_errors import QueryError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_CACHE_BYTES = 512 * 2**20
_LISTERS = 8
_LIST_TOGETHER = 16
"""With more locations than this, what they have in common is listed at once."""


@dataclass(frozen=True)
class StoredObject:
    bucket: str
    key: str
    size: int
    etag: str
    modified: float

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def split_url(url: str) -> tuple[str, str]:
    """Split `s3://bucket/prefix` into bucket and prefix.

    Raises:
        QueryError: it is not such a URL.
    """
    for scheme in ("s3://", "s3a://", "s3n://"):
        if url.startswith(scheme):
            bucket, _, key = url[len(scheme) :].partition("/")
            return bucket, key
    raise QueryError(f"GENERIC_USER_ERROR: {url!r} is not a location in S3")


class Objects:
    """The objects that one S3 client reaches.

    Bodies are kept in memory by ETag, up to a limit; those that were not read for longest are removed first.
    """

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self._kept: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def under(self, location: str) -> list[StoredObject]:
        """Return the objects under a location, at any depth.

        Empty objects are omitted, and names that begin with `_` or `.`, which Athena ignores (Amazon Athena
        User Guide, Troubleshooting: files are excluded).
        """
        bucket, prefix = split_url(location)
        if prefix and not prefix.endswith("/"):
            prefix += "/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return [
            StoredObject(bucket, item["Key"], item["Size"], item["ETag"], item["LastModified"].timestamp())
            for page in pages
            for item in page.get("Contents", [])
            if item["Size"] and not _is_hidden(item["Key"][len(prefix) :])
        ]

    def under_all(self, locations: Sequence[str]) -> list[list[StoredObject]]:
        """Return the objects under each of several locations.

        Many locations are found in one listing of the prefix that they have in common.
        """
        root = commonprefix(list(locations)).rpartition("/")[0]  # noqa: RUF071 - cut at a slash
        in_one_bucket = root.startswith("s3") and root.count("/") >= 2
        if len(locations) <= _LIST_TOGETHER or not in_one_bucket:
            with ThreadPoolExecutor(_LISTERS) as pool:
                return list(pool.map(self.under, locations))
        by_folder: dict[str, list[StoredObject]] = {}
        for item in self.under(root):
            by_folder.setdefault(item.key.rpartition("/")[0] + "/", []).append(item)
        found = []
        folders = sorted(by_folder)
        for location in locations:
            prefix = split_url(location)[1].rstrip("/") + "/"
            found.append([item for folder in _below(folders, prefix) for item in by_folder[folder]])
        return found

    def read(self, item: StoredObject) -> bytes:
        identity = (item.bucket, item.key, item.etag)
        with self._lock:
            if identity in self._kept:
                self._kept.move_to_end(identity)
                return self._kept[identity]
        body = self._s3.get_object(Bucket=item.bucket, Key=item.key)["Body"].read()
        with self._lock:
            self._kept[identity] = body
            self._kept_bytes += len(body)
            while self._kept_bytes > _CACHE_BYTES and len(self._kept) > 1:
                self._kept_bytes -= len(self._kept.popitem(last=False)[1])
        return body

    def write(self, url: str, body: bytes) -> None:
        bucket, key = split_url(url)
        self._s3.put_object(Bucket=bucket, Key=key, Body=body)

    def delete(self, urls: Iterable[str]) -> None:
        for url in urls:
            bucket, key = split_url(url)
            self._s3.delete_object(Bucket=bucket, Key=key)


def _is_hidden(path: str) -> bool:
    return any(part.startswith(("_", ".")) for part in path.split("/"))


def _below(folders: Sequence[str], prefix: str) -> Iterable[str]:
    at = bisect_left(folders, prefix)
    while at < len(folders) and folders[at].startswith(prefix):
        yield folders[at]
        at += 1
