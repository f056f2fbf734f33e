"""Views as Athena keeps them in Glue: base64 of JSON in a comment (Trino, Hive connector)."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

CATALOG = "awsdatacatalog"


def view_shape(database: str, sql: str, listed: Sequence[tuple[str, str, str]]) -> dict[str, Any]:
    """Return the parts of a Glue TableInput that make it a view for Athena.

    Args:
        database: the schema in which unqualified names of the query are looked up.
        sql: the query, in Athena's dialect.
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
