"""The rows of a query's result, read from the object that Athena writes to S3.

GetQueryResults has a thousand rows in a page, and pages cannot be read in parallel: a million rows are a
thousand calls one after the other. The object has the same texts, in parts of any size. It is CSV with one
line feed after each row; every value is in quotes, quotes in it are doubled, and NULL is an empty field
without quotes. PyAthena reads this form too, and treats its texts as those of GetQueryResults.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, HTTPClientError

from logctl.core.errors import LogctlError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

PART = 8 * 1024 * 1024
"""Bytes of a request. A reader that pauses, such as `less`, keeps no connection open between two of them."""
_PIECE = 256 * 1024
"""Bytes that are text and rows at the same time."""
_TRIES = 3
_CELL = re.compile(r'(?:^|,)(?:"([^"]*(?:""[^"]*)*)"|([^,]*))')

Convert = Callable[[str], Any]
"""From the text of a value to the value."""


def result_rows(
    s3: S3Client, location: str, columns: Sequence[str], converters: Sequence[Convert | None], *, skip: int
) -> Iterator[tuple[Any, ...]] | None:
    """Return the rows of a result; None where its object cannot be read, or is not CSV of these columns.

    Args:
        s3: the client to read with.
        location: the URL of the object, as Athena reports it.
        columns: the names of the columns.
        converters: for each column what turns a text into a value; None for a column of texts.
        skip: how many rows are left out at the beginning.
    """
    bucket, _, key = location.removeprefix("s3://").partition("/")
    if not location.startswith("s3://") or not key.endswith(".csv"):
        return None  # DDL statements have text there, and results that Athena manages have no location
    records = _records(_lines(_parts(s3, bucket, key)))
    try:
        header = next(records, None)
    except ClientError:
        return None  # who may query need not be allowed to read objects
    if header is None or _cells(header) != list(columns):
        return None
    return _rows(islice(records, skip, None), converters)


def _parts(s3: S3Client, bucket: str, key: str) -> Iterator[bytes]:
    """Yield the object's content, which is requested in parts of `PART` bytes."""
    start, size, tag = 0, 1, ""
    while start < size:
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key, "Range": f"bytes={start}-{start + PART - 1}"}
        if tag:
            wanted["IfMatch"] = tag
        for again in reversed(range(_TRIES)):
            reply = s3.get_object(**wanted)
            try:
                content = reply["Body"].read()
                break
            except HTTPClientError:  # botocore repeats a request, but not the reading of its reply
                if not again:
                    raise
        yield from (content[begin : begin + _PIECE] for begin in range(0, len(content), _PIECE))
        tag = reply["ETag"]
        start += len(content)
        size = int(reply.get("ContentRange", f"/{start}").rpartition("/")[2])


def _lines(parts: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of the content, without their line feeds."""
    rest = b""
    for part in parts:
        whole, found, after = part.rpartition(b"\n")
        if not found:
            rest += after
            continue
        yield from (rest + whole).decode("utf-8", "replace").split("\n")
        rest = after
    if rest:
        yield rest.decode("utf-8", "replace")


def _records(lines: Iterable[str]) -> Iterator[str]:
    """Join the lines between which a value has a line feed: the quotes before it are odd in number."""
    begun: list[str] = []
    for line in lines:
        odd = line.count('"') % 2 == 1
        if not begun and not odd:
            yield line
            continue
        begun.append(line)
        if odd and len(begun) > 1:
            yield "\n".join(begun)
            begun = []
    if begun:
        yield "\n".join(begun)


def _cells(record: str) -> list[str | None]:
    """Return the values of a record; None for NULL."""
    if '""' not in record and ",," not in record and record[:1] == record[-1:] == '"':
        return [*record[1:-1].split('","')]
    return [
        match[2] or None if match[1] is None else match[1].replace('""', '"')
        for match in _CELL.finditer(record)
    ]


def _rows(records: Iterable[str], converters: Sequence[Convert | None]) -> Iterator[tuple[Any, ...]]:
    for record in records:
        cells = _cells(record)
        if len(cells) != len(converters):
            raise LogctlError(
                f"A row of the query's result has {len(cells)} values instead of {len(converters)}.",
                "Run the query again.",
            )
        yield tuple(
            cell if convert is None or cell is None else convert(cell)
            for cell, convert in zip(cells, converters, strict=True)
        )
