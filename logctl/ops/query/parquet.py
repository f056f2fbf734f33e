"""Rows as Parquet, written while they arrive. It needs pyarrow, which the extra `parquet` installs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, BinaryIO

from logctl.core.batches import batched
from logctl.core.errors import LogctlError

_GROUP = 50_000
"""Rows in a row group; that many are held in memory."""


def require() -> None:
    """Check that pyarrow is installed, before a query runs and costs money.

    Raises:
        LogctlError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise LogctlError(
            "Writing Parquet needs pyarrow, which is not installed.",
            "Install it with: pipx inject logctl pyarrow (or: pip install 'logctl[parquet]')",
        ) from None


def write(
    sink: BinaryIO,
    columns: Sequence[str],
    types: Sequence[str],
    scales: Sequence[tuple[int, int]],
    rows: Iterator[Sequence[Any]],
) -> int:
    """Write rows with Athena's types and return their number.

    GetQueryResults reports `array`, `map` and `row` without their element types, so these become JSON text.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = [_type(name, scale) for name, scale in zip(types, scales, strict=True)]
    schema = pa.schema(list(zip(_distinct(columns), kinds, strict=True)))
    count = 0
    with pq.ParquetWriter(_Forward(sink), schema, compression="zstd") as writer:
        for group in batched(rows, _GROUP):
            arrays = [
                pa.array([_value(row[at], kind) for row in group], type=kind) for at, kind in enumerate(kinds)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count


class _Forward:
    """A sink that counts its position, which pyarrow asks for and a pipe does not have."""

    closed = False

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._position = 0

    def write(self, data: Any) -> int:
        self._sink.write(data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        self._sink.flush()

    def close(self) -> None:
        self._sink.flush()

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def _distinct(columns: Sequence[str]) -> list[str]:
    """Make column names unique: Athena allows two columns with one name, and readers of Parquet do not."""
    seen: dict[str, int] = {}
    found = []
    for column in columns:
        seen[column] = seen.get(column, 0) + 1
        found.append(column if seen[column] == 1 else f"{column}_{seen[column]}")
    return found


def _type(name: str, scale: tuple[int, int]) -> Any:
    import pyarrow as pa

    simple = {
        "boolean": pa.bool_(), "tinyint": pa.int8(), "smallint": pa.int16(), "integer": pa.int32(),
        "bigint": pa.int64(), "float": pa.float32(), "real": pa.float32(), "double": pa.float64(),
        "date": pa.date32(), "timestamp": pa.timestamp("us"), "varbinary": pa.binary(),
        "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    }  # fmt: skip
    if name == "decimal":
        return pa.decimal128(scale[0] or 38, scale[1])
    return simple.get(name, pa.string())


def _value(value: Any, kind: Any) -> Any:
    import pyarrow as pa

    if value is None or isinstance(value, str):
        return value
    if pa.types.is_string(kind):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value
