"""The rows of a query's result: from its object in S3, with the same values as from GetQueryResults."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import example, given
from hypothesis import strategies as st
from pyathena.s3fs.reader import AthenaCSVReader

from logctl.core.errors import LogctlError
from logctl.local.athena.statements.result_files import ResultColumn, csv_bytes
from logctl.ops.query import result_object, runner
from logctl.ops.query.result_object import result_rows

LOCATION = "s3://bucket/athena-results/q.csv"


class Results:
    """S3 with one object; `broken` requests end while their reply is read."""

    def __init__(self, content: bytes, *, broken: int = 0, refuses: str = "") -> None:
        self.content = content
        self.broken = broken
        self.refuses = refuses
        self.calls: list[dict[str, Any]] = []

    def get_object(self, **wanted: Any) -> dict[str, Any]:
        self.calls.append(wanted)
        if self.refuses:
            raise ClientError({"Error": {"Code": self.refuses}}, "GetObject")
        assert wanted["Bucket"], wanted["Key"] == ("bucket", "athena-results/q.csv")
        first, last = map(int, re.findall(r"\d+", wanted["Range"]))
        part = self.content[first : last + 1]
        body = io.BytesIO(part)
        if self.broken:
            self.broken -= 1
            body = SimpleNamespace(read=self._breaks)
        size = f"bytes {first}-{first + len(part) - 1}/{len(self.content)}"
        return {"Body": body, "ETag": '"e"', "ContentRange": size}

    def _breaks(self) -> bytes:
        raise ReadTimeoutError(endpoint_url="s3")


def read(s3: Any, columns: Sequence[str], *, skip: int = 0, kinds: Sequence[Any] = ()) -> Any:
    return result_rows(s3, LOCATION, columns, kinds or [None] * len(columns), skip=skip)


def written(columns: Sequence[str], rows: Sequence[Sequence[str | None]]) -> bytes:
    return csv_bytes([ResultColumn(name) for name in columns], rows)


texts = st.none() | st.text('a,"\n\r日 ', max_size=8)
results = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(texts, min_size=width, max_size=width), max_size=8)
)


@given(results, st.integers(1, 40))
@example([['","', None, ""], [None, None, None], ["a,", ",b", '"']], 7)
@example([[None], [""], ["\n"], ['"\n"']], 3)
def test_every_value_comes_back_whatever_is_in_it_and_wherever_a_part_ends(rows, part):
    names = [f'c"{place}' for place in range(len(rows[0]) if rows else 2)]
    content = written(names, rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_object, "PART", part)
        s3 = Results(content)
        assert list(read(s3, names)) == [tuple(row) for row in rows]
    assert len(s3.calls) == -(-len(content) // part)
    if not any("\r" in (cell or "") for row in rows for cell in row):
        assert list(AthenaCSVReader(io.StringIO(content.decode()))) == [names, *rows]


def test_a_part_whose_reading_breaks_off_is_read_again_three_times():
    content = written(["a"], [["x"]] * 10)
    assert len(list(read(Results(content, broken=2), ["a"]))) == 10
    with pytest.raises(ReadTimeoutError):
        read(Results(content, broken=3), ["a"])


@pytest.mark.parametrize(
    ("s3", "columns", "location"),
    [
        (Results(b"", refuses="AccessDenied"), ["a"], LOCATION),
        (Results(b"", refuses="NoSuchKey"), ["a"], LOCATION),
        (Results(written(["b"], [])), ["a"], LOCATION),
        (Results(b""), ["a"], LOCATION.replace(".csv", ".txt")),
        (Results(b""), ["a"], ""),
    ],
)
def test_what_is_no_result_of_these_columns_or_may_not_be_read_is_left_to_the_api(s3, columns, location):
    assert result_rows(s3, location, columns, [None], skip=0) is None


def test_a_row_that_is_cut_is_an_error():
    rows = read(Results(written(["a", "b"], [["1", "2"]])[:-5]), ["a", "b"])
    with pytest.raises(LogctlError, match="1 values instead of 2"):
        list(rows)


class Cursor:
    """What PyAthena gives: the first page's rows, then others from the API, which are counted."""

    output_location = LOCATION
    description = tuple(
        (name, kind, None, None, 0, 0, "UNKNOWN")
        for name, kind in (
            ("n", "bigint"),
            ("t", "varchar"),
            ("d", "date"),
            ("at", "timestamp"),
            ("x", "decimal"),
            ("l", "array"),
        )
    )

    def __init__(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._rows = iter(rows)
        self.taken = 0

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self

    def __next__(self) -> tuple[Any, ...]:
        row = next(self._rows)
        self.taken += 1
        return row


def converted(number: int) -> tuple[Any, ...]:
    at = datetime(2026, 1, 1, 0, 0, 0, 250_000)
    return (number, "" if number % 2 else None, date(2026, 1, 1), at, Decimal("1.50"), [1, 2])


def as_text(number: int) -> list[str | None]:
    given = "" if number % 2 else None
    return [str(number), given, "2026-01-01", "2026-01-01 00:00:00.250", "1.50", "[1, 2]"]


@pytest.mark.parametrize(("count", "from_api", "requests"), [(998, 998, 0), (999, 999, 1), (30_000, 999, 1)])
def test_a_large_result_is_one_page_and_then_parts_of_the_object(count, from_api, requests):
    cursor = Cursor([converted(number) for number in range(count)])
    names = [column[0] for column in cursor.description]
    s3 = Results(written(names, [as_text(number) for number in range(count)]))
    rows = list(runner._rows(cursor, SimpleNamespace(aws=SimpleNamespace(s3=s3))))
    assert rows == [converted(number) for number in range(count)]
    assert (cursor.taken, len(s3.calls)) == (from_api, requests)


def test_whoever_may_not_read_the_object_gets_the_rows_from_the_api():
    cursor = Cursor([converted(number) for number in range(3_000)])
    s3 = Results(b"", refuses="AccessDenied")
    rows = list(runner._rows(cursor, SimpleNamespace(aws=SimpleNamespace(s3=s3))))
    assert rows == [converted(number) for number in range(3_000)]
