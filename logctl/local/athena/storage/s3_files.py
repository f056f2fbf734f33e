"""Objects in S3 as files that DuckDB opens, with every byte counted.

DuckDB sees paths of our own making: `athena://<scan>/<key>=<value>/…/<number>/<s3 url, escaped>`. The
partition's values stand in the path in Hive's way whatever the object's real place, so that DuckDB prunes
by them and partitions may lie anywhere.
"""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from os.path import commonprefix
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fsspec import AbstractFileSystem

from logctl.local.athena.query_errors import QueryError, Stopped

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PROTOCOL = "athena"
_CACHE_BYTES = 512 * 2**20
_LISTERS = 8
_LIST_TOGETHER = 16


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
    """`s3://bucket/prefix` as bucket and prefix."""
    for scheme in ("s3://", "s3a://", "s3n://"):
        if url.startswith(scheme):
            bucket, _, key = url[len(scheme) :].partition("/")
            return bucket, key
    raise QueryError(f"GENERIC_USER_ERROR: {url!r} is not a location in S3")


class Objects:
    """Listing and reading through one S3 client. Bodies are kept in memory by ETag, the oldest go first."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3
        self._kept: OrderedDict[tuple[str, str, str], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._lock = threading.Lock()

    def under(self, location: str) -> list[StoredObject]:
        """What lies under a location, at any depth; names that begin with `_` or `.` are ignored, as Athena
        does (Amazon Athena User Guide, Troubleshooting: files are excluded)."""
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
        """The same for many locations: few are listed at once, many by what their names have in common."""
        if len(locations) <= _LIST_TOGETHER:
            with ThreadPoolExecutor(_LISTERS) as pool:
                return list(pool.map(self.under, locations))
        root = commonprefix(list(locations)).rpartition("/")[0]  # noqa: RUF071 - cut at a slash
        if root.count("/") < 2 or not root.startswith("s3"):  # buckets differ
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
    from bisect import bisect_left

    at = bisect_left(folders, prefix)
    while at < len(folders) and folders[at].startswith(prefix):
        yield folders[at]
        at += 1


@dataclass
class Meter:
    """What one query has read: whole objects of row formats, ranges of columnar ones.

    Raises `Stopped` out of a read when the query was cancelled or the limit is passed.
    """

    limit: int | None = None
    stopped: threading.Event = field(default_factory=threading.Event)
    over_limit: bool = False
    _ranges: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    _whole: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def opened_whole(self, path: str, size: int) -> None:
        with self._lock:
            self._whole[path] = size
        self.check()

    def read(self, path: str, start: int, end: int) -> None:
        with self._lock:
            self._ranges.setdefault(path, []).append((start, end))
        self.check()

    @property
    def bytes(self) -> int:
        with self._lock:
            return sum(self._whole.values()) + sum(_union(ranges) for ranges in self._ranges.values())

    def check(self) -> None:
        if self.stopped.is_set():
            raise Stopped
        if self.limit is not None and self.bytes > self.limit:
            self.over_limit = True
            raise Stopped("Query cancelled! : Bytes scanned limit was exceeded")


def _union(ranges: list[tuple[int, int]]) -> int:
    total, reached = 0, -1
    for start, end in sorted(ranges):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


class _OpenObject(io.RawIOBase):
    def __init__(self, path: str, body: bytes, meter: Meter, *, columnar: bool) -> None:
        self._path, self._body, self._meter, self._columnar, self._at = path, body, meter, columnar, 0
        self.size = len(body)
        if not columnar:
            meter.opened_whole(path, len(body))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = (0, self._at, self.size)[whence] + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, size: int = -1) -> bytes:
        end = self.size if size is None or size < 0 else min(self.size, self._at + size)
        start, self._at = self._at, end
        if self._columnar:
            self._meter.read(self._path, start, end)
        return self._body[start:end]


class Files(AbstractFileSystem):  # type: ignore[misc]
    """The file system that DuckDB is given: paths registered per scan, nothing else."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self._scans: dict[str, tuple[dict[str, StoredObject], Objects, Meter, bool]] = {}

    def add_scan(
        self,
        scan: str,
        files: Iterable[tuple[str, StoredObject]],
        objects: Objects,
        meter: Meter,
        *,
        columnar: bool,
    ) -> list[str]:
        """Register files (partition path and object) of one scan; their paths for DuckDB."""
        paths = {}
        for number, (partition, item) in enumerate(files):
            folder = f"{partition}/" if partition else ""
            paths[f"{scan}/{folder}{number}/{quote(item.url, safe='')}"] = item
        self._scans[scan] = (paths, objects, meter, columnar)
        return [f"{PROTOCOL}://{path}" for path in paths]

    def drop_scan(self, scan: str) -> None:
        self._scans.pop(scan, None)

    def _find(self, path: str) -> tuple[str, StoredObject, Objects, Meter, bool]:
        name = path.removeprefix(f"{PROTOCOL}://")
        paths, objects, meter, columnar = self._scans[name.partition("/")[0]]
        return name, paths[name], objects, meter, columnar

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        name, item, *_rest = self._find(path)
        return {"name": name, "size": item.size, "type": "file"}

    def exists(self, path: str, **_: Any) -> bool:
        try:
            self._find(path)
        except KeyError:
            return False
        return True

    def glob(self, path: str, **_: Any) -> list[str]:
        return [path.removeprefix(f"{PROTOCOL}://")]

    def modified(self, path: str) -> Any:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self._find(path)[1].modified, UTC)

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        if "w" in mode or "a" in mode:
            raise PermissionError(path)
        name, item, objects, meter, columnar = self._find(path)
        meter.check()
        return _OpenObject(name, objects.read(item), meter, columnar=columnar)
