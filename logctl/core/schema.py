"""The table `logs` as the catalog has it; template, consumer and `athena repair` register the same."""

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


def storage_descriptor(location: str) -> dict[str, Any]:
    """Where and how a partition, or the table, is stored."""
    return {
        "Columns": [{"Name": name, "Type": kind} for name, kind in COLUMNS],
        "Location": location,
        "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
        "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        # `ignore.malformed.json` stays false: the consumer alone writes here, so a line that is no JSON is
        # damage, and a query over it should say so instead of counting a row of nulls.
        "SerdeInfo": {"SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"},
    }
