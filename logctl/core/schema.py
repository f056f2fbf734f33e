"""The tables of the log database, as the catalog has them; template, consumer and `athena repair` register
the same.

`logs_raw` is the JSON that the consumer writes, `logs_compacted` the Parquet that `athena compact` makes of
it; people read the views `logs` (both) and `logs_unique` (each event_id once), see `stack.catalog_views`.
They are two tables because a table and its partitions must have one data format (Amazon Athena User Guide,
Update tables with partitions).
"""

from __future__ import annotations

from typing import Any

COLUMNS: tuple[tuple[str, str], ...] = (
    ("event_id", "string"),
    ("ts", "string"),
    ("level", "string"),
    ("message", "string"),
    ("fields", "string"),
    ("flags", "array<string>"),
    ("seq", "bigint"),
    ("batch_id", "string"),
)
"""Name and Hive type. `ts` is ISO 8601 of fixed width, so that text compares as time does; `fields` is
JSON text (`json_extract_scalar(fields, '$.user')`)."""

PARTITION_KEYS: tuple[tuple[str, str], ...] = (
    ("year", "string"),
    ("month", "string"),
    ("day", "string"),
    ("appid", "string"),
)


_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def storage_descriptor(location: str) -> dict[str, Any]:
    """Where and how a partition of `logs_raw`, or the table, is stored."""
    return {
        "Columns": _columns(),
        "Location": location,
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        # `ignore.malformed.json` stays false: the consumer alone writes here, so a line that is no JSON is
        # damage, and a query over it should say so instead of counting a row of nulls.
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    }


def parquet_descriptor(location: str) -> dict[str, Any]:
    """The same for `logs_compacted` and what is on its way there."""
    return {
        "Columns": _columns(),
        "Location": location,
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
    }


def _columns() -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in COLUMNS]
