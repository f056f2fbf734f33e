"""The views that people query: `logs` has raw and compacted records, `logs_unique` each event_id once.

A record is in `logs` exactly once at every moment: before, while and after its partition is compacted. Raw
rows are left out when the compacted partition contains their batch. So compaction takes effect by registering
(or moving) one partition of `logs_compacted`. Late records are visible at once, because their batch is new,
and a batch that is delivered again after compaction is not visible twice. An object contains one batch.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from logctl.core.schema import COLUMNS, PARTITION_KEYS

_KEYS = tuple(name for name, _ in PARTITION_KEYS)
_NAMES = (*(name for name, _ in COLUMNS), *_KEYS)
_TRINO = {"string": "varchar", "bigint": "bigint", "array<string>": "array(varchar)"}
CATALOG = "awsdatacatalog"
_BATCH_ID = "coalesce(batch_id, regexp_extract(\"$path\", '([^/.]+)[.]json[.][a-z]+$', 1)) AS batch_id"
"""The batch of a raw row: the name of its object. Rows that earlier versions wrote have it as a member, too.
Athena allows the column `$path` in views, unlike the other hidden columns (Amazon Athena User Guide,
Considerations and limitations for Athena views)."""


def logs_sql(raw: str, compacted: str) -> str:
    """Return the SELECT of the view `logs`.

    Conditions on partition columns reach all three scans: through the union, and on the right side of the
    join by the equalities (Trino, PredicatePushDown).

    Args:
        raw: the table of records as the consumer writes them.
        compacted: the table of compacted records.
    """
    listed = ", ".join(_NAMES)
    of_raw = ", ".join(f"r.{name}" for name in _NAMES)
    with_batch = ", ".join(_BATCH_ID if name == "batch_id" else name for name in _NAMES)
    keys = ", ".join((*_KEYS, "batch_id"))
    same = " AND ".join(f"r.{name} = c.{name}" for name in (*_KEYS, "batch_id"))
    return (
        f"SELECT {listed} FROM {compacted} UNION ALL SELECT {of_raw} "  # noqa: S608 - our names
        f"FROM (SELECT {with_batch} FROM {raw}) r "
        f"LEFT JOIN (SELECT DISTINCT {keys} FROM {compacted}) c ON {same} WHERE c.batch_id IS NULL"
    )


def unique_sql(logs: str) -> str:
    """Return the SELECT of the view `logs_unique`, which reads the view `logs`.

    The window is partitioned by the partition keys too, so that conditions on them reach the scans.
    """
    listed = ", ".join(_NAMES)
    keys = ", ".join((*_KEYS, "event_id"))
    return (
        f"SELECT {listed} FROM (SELECT {listed}, row_number() OVER "  # noqa: S608 - our names
        f"(PARTITION BY {keys} ORDER BY batch_id, seq) AS copy FROM {logs}) WHERE copy = 1"
    )


def columns() -> list[tuple[str, str]]:
    """Return name and Hive type of the columns of both views."""
    return [*COLUMNS, *PARTITION_KEYS]


def table_input(name: str, database: str, sql: str, description: str) -> dict[str, Any]:
    """Return a view with the columns of the logs as Glue's TableInput."""
    listed = columns()
    return {
        "Name": name,
        "Description": description,
        **view_shape(database, sql, [(column, kind, _TRINO[kind]) for column, kind in listed]),
    }


def view_shape(database: str, sql: str, listed: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return the properties that make a Glue table a view: its definition, as base64 of JSON in a comment.

    Source: Trino, Hive connector: views. The sandbox's Athena engine writes views in the same form by code of
    its own (`local/athena/storage/view_definition.py`), because it imports nothing else of logctl.

    Args:
        database: the database that names in the statement are looked up in.
        sql: the view's SELECT.
        listed: name, Hive type and Trino type of each column.
    """
    definition = {
        "originalSql": sql,
        "catalog": CATALOG,
        "schema": database,
        "columns": [{"name": column, "type": trino} for column, _, trino in listed],
    }
    encoded = base64.b64encode(json.dumps(definition, separators=(",", ":")).encode()).decode()
    return {
        "TableType": "VIRTUAL_VIEW",
        "Parameters": {"presto_view": "true", "comment": "Presto View"},
        "ViewOriginalText": f"/* Presto View: {encoded} */",
        "ViewExpandedText": "/* Presto View */",
        "PartitionKeys": [],
        "StorageDescriptor": {
            "Columns": [{"Name": column, "Type": hive} for column, hive, _ in listed],
            "Location": "",
            "SerdeInfo": {},
        },
    }
