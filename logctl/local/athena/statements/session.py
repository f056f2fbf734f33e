"""What a statement works with, and what it leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logctl.local.athena.planning import query_planner as planning
from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.result_files import ResultColumn, Row
from logctl.local.athena.statements import table_writer as writing
from logctl.local.athena.storage.glue_catalog import Catalog, Table
from logctl.local.athena.storage.s3_files import Files, Meter, Objects
from logctl.local.athena.storage.table_scans import Scanner
from logctl.local.athena.syntax import hive_parser as hive_ddl

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Outcome:
    """What a statement leaves.

    Args:
        kind: DML, DDL or UTILITY (Amazon Athena API Reference, QueryExecution: StatementType).
        substatement: `SELECT`, `CREATE_TABLE_AS_SELECT`, `SHOW_PARTITIONS`, …
        rows: text as results hold it; read once.
        written: URLs of data files that the statement made.
        count: rows written, for GetQueryResults' UpdateCount.
    """

    kind: str
    substatement: str
    columns: tuple[ResultColumn, ...] = ()
    rows: Iterable[Row] = ()
    written: tuple[str, ...] | None = None
    count: int = 0


@dataclass
class Session:
    """What a statement works with. `default_location` is where CTAS puts a table without a location."""

    connection: duckdb.DuckDBPyConnection
    catalog: Catalog
    objects: Objects
    files: Files
    meter: Meter
    database: str
    default_location: str
    enforced: bool = False
    prepared: Callable[[str], str | None] = lambda name: None
    _scanners: list[Scanner] = field(default_factory=list)

    def planner(self, *, empty: bool = False, database: str | None = None) -> planning.Planner:
        scanner = Scanner(self.connection, self.catalog, self.objects, self.files, self.meter, empty)
        self._scanners.append(scanner)
        return planning.Planner(self.catalog, scanner, database or self.database)

    def writer(self) -> writing.Writer:
        return writing.Writer(self.connection, self.objects)

    def close(self) -> None:
        for scanner in self._scanners:
            scanner.close()

    def named(self, name: hive_ddl.Name) -> tuple[str, str]:
        return name.database or self.database, name.name

    def table(self, name: hive_ddl.Name) -> Table:
        """A table for DDL, whose errors speak Hive."""
        database, table = self.named(name)
        found = self.catalog.find(database, table)
        if found is None:
            raise QueryError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{table}")
        return found
