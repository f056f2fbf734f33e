"""The resources that a statement uses (`Session`), and its result (`StatementOutcome`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from logctl.local.athena.planning.query_planner import Planner
from logctl.local.athena.query_errors import QueryError
from logctl.local.athena.statements.result_files import ResultColumn, Row
from logctl.local.athena.statements.table_writer import Writer
from logctl.local.athena.storage.glue_catalog import GlueCatalog, Table
from logctl.local.athena.storage.metered_files import Files, Meter
from logctl.local.athena.storage.s3_objects import Objects
from logctl.local.athena.storage.table_scans import Scanner
from logctl.local.athena.syntax.hive_statements import Name

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class StatementOutcome:
    """The result of a statement.

    Attributes:
        kind: DML, DDL or UTILITY (Amazon Athena API Reference, QueryExecution: StatementType).
        substatement: `SELECT`, `CREATE_TABLE_AS_SELECT`, `SHOW_PARTITIONS`, …
        rows: text as result files have it; can be iterated once.
        written: URLs of the data files that the statement wrote; None for one that does not write.
        count: the number of rows written (GetQueryResults, UpdateCount).
    """

    kind: str
    substatement: str
    columns: tuple[ResultColumn, ...] = ()
    rows: Iterable[Row] = ()
    written: tuple[str, ...] | None = None
    count: int = 0


@dataclass
class Session:
    """The resources that one statement uses.

    Attributes:
        database: what a name without a database is looked up in.
        default_location: where CTAS puts a table without a location.
        enforced: whether the workgroup enforces its own output location.
        prepared: the text of a prepared statement by its name; None if there is none.
    """

    connection: duckdb.DuckDBPyConnection
    catalog: GlueCatalog
    objects: Objects
    files: Files
    meter: Meter
    database: str
    default_location: str
    enforced: bool = False
    prepared: Callable[[str], str | None] = lambda name: None
    _scanners: list[Scanner] = field(default_factory=list)

    def planner(self, *, empty: bool = False, database: str | None = None) -> Planner:
        """Return a planner for one query.

        Args:
            empty: only the shape of the query is wanted, and no table is read.
            database: another database than the session's for names without one.
        """
        scanner = Scanner(self.connection, self.catalog, self.objects, self.files, self.meter, empty=empty)
        self._scanners.append(scanner)
        return Planner(self.catalog, scanner, database or self.database)

    def writer(self) -> Writer:
        return Writer(self.connection, self.objects)

    def close(self) -> None:
        for scanner in self._scanners:
            scanner.close()

    def named(self, name: Name) -> tuple[str, str]:
        """Return the database and name of a table."""
        return name.database or self.database, name.name

    def table(self, name: Name) -> Table:
        """Return the table that a DDL statement names.

        Raises:
            QueryError: it does not exist; the error is Hive's.
        """
        database, table = self.named(name)
        found = self.catalog.find(database, table)
        if found is None:
            raise QueryError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{table}")
        return found
