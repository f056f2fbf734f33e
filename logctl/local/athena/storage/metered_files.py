"""A file system for DuckDB: objects in S3 as files, of which every byte read is counted.

DuckDB is given paths `athena://<scan>/<key>=<value>/…/<number>/<S3 URL, escaped>`. A partition's values are
in the path, as Hive writes them, wherever the object really is: DuckDB takes the columns' values from there.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import quote

from fsspec import AbstractFileSystem

from logctl.local.athena.query_errors import Stopped
from logctl.local.athena.storage.s3_objects import StoredObject

PROTOCOL = "athena"


class FileReader(Protocol):
    """A reader of the bytes of files: `Objects`, or a file in memory."""

    def read(self, item: StoredObject) -> bytes: ...


@dataclass
class Meter:
    """A meter of what one query reads: whole objects of row formats, ranges of columnar ones.

    Attributes:
        limit: the bytes that the query may read; None for any number.
        stopped: set when the query is cancelled.
        over_limit: whether the query was stopped at the limit.
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
        """The bytes read so far; a range that was read twice counts once."""
        with self._lock:
            return sum(self._whole.values()) + sum(_union(ranges) for ranges in self._ranges.values())

    def check(self) -> None:
        """Raise an error if the query was cancelled or has read more than its limit.

        Raises:
            Stopped: the query was cancelled, or has read more than the limit.
        """
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
    """The file system that DuckDB is given, with the files that were registered for a scan and no others."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self._scans: dict[str, tuple[dict[str, StoredObject], FileReader, Meter, bool]] = {}

    def add_scan(
        self,
        scan: str,
        files: Iterable[tuple[str, StoredObject]],
        objects: FileReader,
        meter: Meter,
        *,
        columnar: bool,
    ) -> list[str]:
        """Register the files of one scan. Returns their paths for DuckDB.

        Args:
            scan: the name of the scan.
            files: the partition's path and the object of each file.
            objects: reads the files.
            meter: counts the bytes read.
            columnar: whether DuckDB reads ranges of the files, which are counted, or whole files.
        """
        paths = {}
        for number, (partition, item) in enumerate(files):
            folder = f"{partition}/" if partition else ""
            paths[f"{scan}/{folder}{number}/{quote(item.url, safe='')}"] = item
        self._scans[scan] = (paths, objects, meter, columnar)
        return [f"{PROTOCOL}://{path}" for path in paths]

    def drop_scan(self, scan: str) -> None:
        self._scans.pop(scan, None)

    def _find(self, path: str) -> tuple[str, StoredObject, FileReader, Meter, bool]:
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
        return datetime.fromtimestamp(self._find(path)[1].modified, UTC)

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        if "w" in mode or "a" in mode:
            raise PermissionError(path)
        name, item, objects, meter, columnar = self._find(path)
        meter.check()
        return _OpenObject(name, objects.read(item), meter, columnar=columnar)
