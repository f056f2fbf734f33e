"""The DuckDB database in memory in which queries run, with its settings and macros."""

from __future__ import annotations

import duckdb

from logctl.local.athena.storage.metered_files import Files
from logctl.local.athena.translation.macros import MACROS

_SETTINGS = {
    # Athena's session time zone is UTC, whatever the machine's is.
    "TimeZone": "'UTC'",
    # 1e0 / 0 is Infinity. Integers are divided by another operator.
    "integer_division": "false",
    # Trino puts NULLs last, ascending and descending.
    "default_null_order": "'NULLS_LAST'",
    "ieee_floating_point_ops": "true",
}
"""Settings of a session, made for each cursor: cursors do not inherit them from their connection."""
_READING_MACROS = {
    "sandbox_json_key": "(j, name) AS list_filter(json_keys(j), k -> lower(k) = name)[1]",
    "sandbox_json_object": "(j) AS CASE WHEN json_type(j) = 'OBJECT' THEN j "
    "ELSE error('HIVE_CURSOR_ERROR: Row is not a valid JSON Object') END",
}


class Connections:
    """One database in memory, and a connection to it for each query."""

    def __init__(self, files: Files) -> None:
        self._root = duckdb.connect(config={"autoinstall_known_extensions": "false"})
        self._root.register_filesystem(files)
        # For all connections: the optimizer moves expressions that may fail out of TRY, which then fails.
        self._root.execute("SET GLOBAL disabled_optimizers = 'common_subexpressions'")
        for name, body in {**_READING_MACROS, **MACROS}.items():
            self._root.execute(f"CREATE MACRO {name}{body}")

    def open(self) -> duckdb.DuckDBPyConnection:
        """Return a connection that is ready for a query."""
        made = self._root.cursor()
        for name, value in _SETTINGS.items():
            made.execute(f"SET SESSION {name} = {value}")
        return made

    def close(self) -> None:
        self._root.close()
