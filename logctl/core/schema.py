"""The tables of the log database, as the template, the consumer and `athena repair` register them in the
catalog.

`logs_raw` has the JSON that the consumer writes, `logs_compacted` the Parquet that `athena compact` makes of
it. They are two tables because a table and its partitions must have one data format (Amazon Athena User
Guide, Update tables with partitions). People query the views `logs` (both) and `logs_unique` (each event_id
once), see `stack.catalog_views`.
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
"""Name and Hive type of each column.

`ts` is ISO 8601 of fixed width, so that the order of the texts is that of the times; `fields` is JSON text
(`json_extract_scalar(fields, '$.user')`).
"""

PARTITION_KEYS: tuple[tuple[str, str], ...] = (
    ("year", "string"),
    ("month", "string"),
    ("day", "string"),
    ("appid", "string"),
)


_PARQUET = "org.apache.hadoop.hive.ql.io.parquet"


def storage_descriptor(location: str) -> dict[str, Any]:
    """Return the storage descriptor of `logs_raw` or of one of its partitions: compressed JSON lines."""
    return {
        "Columns": _columns(),
        "Location": location,
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        # `ignore.malformed.json` stays false: only the consumer writes here, so that a line that is not JSON
        # is damaged, and a query should fail over it instead of returning a row of nulls.
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    }


def parquet_descriptor(location: str) -> dict[str, Any]:
    """Return the storage descriptor of `logs_compacted` or of a staging table: Parquet."""
    return {
        "Columns": _columns(),
        "Location": location,
        "InputFormat": f"{_PARQUET}.MapredParquetInputFormat",
        "OutputFormat": f"{_PARQUET}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{_PARQUET}.serde.ParquetHiveSerDe"},
    }


def _columns() -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in COLUMNS]
