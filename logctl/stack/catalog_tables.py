"""The pipeline's own tables and views in the Glue catalog: their definitions, and the faults of one.

The template and `logctl athena repair` both create them from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum, unique
from typing import Any

from logctl.core.partitions import COMPACTED, LOGS
from logctl.core.schema import PARTITION_KEYS, parquet_descriptor, storage_descriptor
from logctl.stack import catalog_views
from logctl.stack.names import Names

DATABASE_DESCRIPTION = "Logs, by logctl"


@unique
class Fault(StrEnum):
    """What can be wrong with a table or view in the catalog."""

    MISSING = "missing"
    CHANGED = "changed"


def own_tables(names: Names) -> tuple[str, ...]:
    """Return the names of tables and views; the tables come before the views that read them."""
    return names.table, names.compacted_table, names.view, names.unique_view


def database_input(names: Names) -> dict[str, Any]:
    return {"Name": names.database, "Description": DATABASE_DESCRIPTION}


def table_inputs(names: Names, location: Callable[[str], Any]) -> dict[str, dict[str, Any]]:
    """Return Glue's TableInput of each table and view by name, in the order of `own_tables`.

    Args:
        names: the environment's.
        location: returns the URL of a prefix of the bucket, as text or as an intrinsic function.
    """
    logs = catalog_views.logs_sql(names.table, names.compacted_table)
    unique_rows = catalog_views.unique_sql(names.view)
    listed = [
        _table(
            names.table,
            "Records as the consumer writes them: JSON",
            storage_descriptor(location(LOGS)),
            "json",
        ),
        _table(
            names.compacted_table,
            "Records of closed days, made by logctl athena compact: Parquet",
            parquet_descriptor(location(COMPACTED)),
            "parquet",
        ),
        catalog_views.table_input(names.view, names.database, logs, "One row per record, raw or compacted"),
        catalog_views.table_input(names.unique_view, names.database, unique_rows, "Each event_id once"),
    ]
    return {item["Name"]: item for item in listed}


def _table(name: str, description: str, stored: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Description": description,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": kind},
        "PartitionKeys": [{"Name": key, "Type": type_} for key, type_ in PARTITION_KEYS],
        "StorageDescriptor": stored,
    }


def lacking(missing: Sequence[str], changed: Sequence[str]) -> str:
    """Return part of a sentence: `logs_raw and logs are missing, logs_unique was changed`."""
    parts = [f"{_listed(missing)} {'is' if len(missing) == 1 else 'are'} missing"] if missing else []
    parts += [f"{_listed(changed)} {'was' if len(changed) == 1 else 'were'} changed"] if changed else []
    return ", ".join(parts)


def _listed(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def fault_of(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> Fault | None:
    """Return the fault of a table in the catalog; None when queries read the right data.

    Only what decides what a query reads is compared. People may have set parameters and comments of their
    own, partition projection for example.
    """
    if found is None:
        return Fault.MISSING
    return None if _meaning(wanted) == _meaning(found) else Fault.CHANGED


def _meaning(table: Mapping[str, Any]) -> tuple[object, ...]:
    stored = table.get("StorageDescriptor") or {}
    if table.get("TableType") == "VIRTUAL_VIEW":
        return "view", table.get("ViewOriginalText"), _columns(stored.get("Columns"))
    return (
        "table",
        _columns(stored.get("Columns")),
        _columns(table.get("PartitionKeys")),
        str(stored.get("Location") or "").rstrip("/"),
        (stored.get("SerdeInfo") or {}).get("SerializationLibrary"),
        stored.get("InputFormat"),
    )


def _columns(listed: Any) -> tuple[tuple[str, str], ...]:
    return tuple((item["Name"].lower(), item["Type"].lower()) for item in listed or ())
