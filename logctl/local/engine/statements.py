"""Statements carried out: each returns what Athena would, or raises what Athena would say."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlglot import exp

from logctl.local.engine import ddl, planning, writing
from logctl.local.engine.catalog import (
    Catalog,
    Column,
    Table,
    partition_name,
    standard_location,
)
from logctl.local.engine.errors import InvalidRequest, NotHere, QueryError
from logctl.local.engine.results import ResultColumn, Row
from logctl.local.engine.scans import Scanner
from logctl.local.engine.storage import Files, Meter, Objects, split_url
from logctl.local.engine.types import Type, from_duckdb
from logctl.local.engine.values import writer

if TYPE_CHECKING:
    import duckdb

_BATCH = 10_000
_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<location>[^']*)'\s*(?:WITH\s*\((?P<options>.*)\))?\s*;?\s*\Z",
    re.IGNORECASE | re.DOTALL,
)
_EXPLAIN = re.compile(
    r"\s*EXPLAIN\s+(?P<analyze>ANALYZE\s+)?(?P<verbose>VERBOSE\s+)?(?P<options>\([^)]*\)\s*)?(?P<query>.*)\Z",
    re.IGNORECASE | re.DOTALL,
)


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

    def named(self, name: ddl.Name) -> tuple[str, str]:
        return name.database or self.database, name.name

    def table(self, name: ddl.Name) -> Table:
        """A table for DDL, whose errors speak Hive."""
        database, table = self.named(name)
        found = self.catalog.find(database, table)
        if found is None:
            raise QueryError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{table}")
        return found


Prepared = Callable[[Session], Outcome]


def prepare(sql: str, parameters: Sequence[str] = ()) -> Prepared:
    """Read a statement and bind its parameters; what it returns carries it out.

    Raises:
        InvalidRequest: it cannot be read; StartQueryExecution refuses it.
    """
    if not sql.strip().strip(";").strip():
        raise InvalidRequest("Query string cannot be empty")
    statement = ddl.parse_ddl(sql)
    if statement is not None:
        return lambda session: _DDL[type(statement)](session, statement)
    if parameters or "?" in sql:
        sql = planning.with_parameters(sql, parameters)
    if found := _UNLOAD.match(sql):
        query, options = planning.parse(found["query"]), _options(found["options"] or "")
        return lambda session: _unload(session, query, found["location"], options)
    if re.match(r"\s*EXPLAIN\b", sql, re.IGNORECASE):
        explained = _EXPLAIN.match(sql)
        assert explained
        tree, analyze = planning.parse(explained["query"]), bool(explained["analyze"])
        return lambda session: _explain(session, tree, analyze=analyze)
    return _prepare_dml(sql)


def _prepare_dml(sql: str) -> Prepared:
    if found := re.match(r"\s*EXECUTE\s+([\w-]+)\s*(?:USING\s+(.*))?\Z", sql, re.IGNORECASE | re.DOTALL):
        return lambda session: _execute(session, found[1], found[2])
    tree = planning.parse(sql)
    if isinstance(tree, exp.Create) and tree.kind == "VIEW":
        return lambda session: _create_view(session, tree, sql)
    if isinstance(tree, exp.Create) and tree.kind == "TABLE" and isinstance(tree.expression, exp.Query):
        return lambda session: _ctas(session, tree)
    if isinstance(tree, exp.Insert):
        return lambda session: _insert(session, tree)
    if isinstance(tree, exp.Query):
        return lambda session: _select(session, tree)
    if isinstance(tree, exp.Delete | exp.Update | exp.Merge):
        raise NotHere("Changing rows (only Iceberg tables have them changed)")
    raise InvalidRequest("Queries of this type are not supported")


# ── Queries ─────────────────────────────────────────────────────────────────────────────────────────


def _select(session: Session, tree: exp.Expr) -> Outcome:
    bound = tree.copy()
    plan = session.planner().plan(bound)
    columns, rows = _run(session, plan.sql)
    return Outcome("DML", "SELECT", columns, rows)


def _run(session: Session, sql: str) -> tuple[tuple[ResultColumn, ...], Iterator[Row]]:
    connection = session.connection
    connection.execute(f"CREATE TEMP VIEW sandbox_result AS {sql}")
    described = connection.execute("DESCRIBE sandbox_result").fetchall()
    types = [from_duckdb(row[1]) for row in described]
    names = planning.column_names([row[0] for row in described])
    connection.execute("DROP VIEW sandbox_result")
    # Python has no zone for what is fetched: zoned times come as they are in UTC.
    casts = ", ".join(
        f'timezone(\'UTC\', "c{i}") AS "c{i}"'
        if kind.name == "timestamp with time zone"
        else f'CAST("c{i}" AS BIGINT) AS "c{i}"'
        if row[1] in ("HUGEINT", "UHUGEINT")
        else f'"c{i}"'
        for i, (kind, row) in enumerate(zip(types, described, strict=True))
    )
    aliases = ", ".join(f'"c{i}"' for i in range(len(types)))
    connection.execute(f"SELECT {casts} FROM ({sql}) AS result({aliases})")  # noqa: S608
    writers = [writer(kind) for kind in types]
    columns = tuple(ResultColumn(name, kind) for name, kind in zip(names, types, strict=True))

    def rows() -> Iterator[Row]:
        while batch := connection.fetchmany(_BATCH):
            session.meter.check()
            for row in batch:
                yield [write(value) for write, value in zip(writers, row, strict=True)]

    return columns, rows()


def _execute(session: Session, name: str, using: str | None) -> Outcome:
    sql = session.prepared(name)
    if sql is None:
        raise QueryError(f"PreparedStatement {name} was not found")
    values = planning.parse(f"SELECT {using}").expressions if using else []
    return prepare(sql, [value.sql(dialect="athena") for value in values])(session)


def _explain(session: Session, tree: exp.Expr, *, analyze: bool) -> Outcome:
    query = tree.expression if isinstance(tree, exp.Create | exp.Insert) else tree
    bound = query.copy()
    plan = session.planner(empty=not analyze).plan(bound)
    found = session.connection.execute(f"EXPLAIN {'ANALYZE ' if analyze else ''}{plan.sql}").fetchall()
    lines = [line for row in found for line in str(row[-1]).split("\n")]
    column = ResultColumn("Query Plan", Type("varchar"))
    kind = "EXPLAIN_ANALYZE" if analyze else "EXPLAIN"
    return Outcome("UTILITY" if not analyze else "DML", kind, (column,), [[line] for line in lines])


# ── Queries that write ──────────────────────────────────────────────────────────────────────────────


def _unordered(query: exp.Expr) -> exp.Expr:
    """Without the ORDER BY that decides nothing: Athena ignores it in CTAS (Amazon Athena User Guide,
    Considerations and limitations for CTAS queries), and Trino in INSERT too."""
    if isinstance(query, exp.Query) and not query.args.get("limit") and not query.args.get("offset"):
        query.set("order", None)
    return query


def _ctas(session: Session, tree: exp.Expr) -> Outcome:
    target = tree.this
    database, name = (target.db.lower() or session.database), target.name.lower()
    properties = _ctas_properties(tree)
    if str(properties.get("table_type", "HIVE")).upper() == "ICEBERG":
        raise NotHere("An Iceberg table")
    if session.catalog.find(database, name) is not None:
        if tree.args.get("exists"):
            return Outcome("DDL", "CREATE_TABLE_AS_SELECT", written=())
        raise QueryError(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
    form = writing.format_of(properties)
    chosen = properties.get("write_compression") or properties.get(f"{form.kind}_compression")
    codec = writing.codec_of(form, str(chosen) if chosen else None)
    location = _ctas_location(session, properties)
    if properties.get("bucketed_by"):
        raise NotHere("bucketed_by")
    keys = [str(key).lower() for key in properties.get("partitioned_by") or ()]
    query = _unordered(tree.expression.copy())
    plan = session.planner().plan(query)
    output = session.writer()
    source, columns = output.materialize(plan.sql)
    table = writing.new_table(name, database, columns, keys, form, location, codec)
    kept = None if _no_data(tree) else output.write(source, table.columns, table.keys, form, codec, {}, table)
    if not session.catalog.create(table):
        raise QueryError(f"TABLE_ALREADY_EXISTS: Table '{database}.{name}' already exists")
    if kept and kept.partitions:
        session.catalog.add(table, kept.partitions)
    return Outcome(
        "DDL", "CREATE_TABLE_AS_SELECT", (ResultColumn("rows", Type("bigint")),),
        written=tuple(kept.urls) if kept else (), count=kept.rows if kept else 0,
    )  # fmt: skip


def _ctas_location(session: Session, properties: Mapping[str, Any]) -> str:
    given = str(properties.get("external_location") or "")
    if given and session.enforced:
        raise QueryError(
            "The Create Table As Select query failed because it was submitted with an 'external_location' "
            "property to an Athena Workgroup that enforces a centralized output location for all queries. "
            "Please remove the 'external_location' property and resubmit the query."
        )
    location = given or session.default_location
    if session.objects.under(location):
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
    return location if location.endswith("/") else f"{location}/"


def _ctas_properties(tree: exp.Expr) -> dict[str, Any]:
    found: dict[str, Any] = {}
    listed = tree.args.get("properties")
    for item in listed.expressions if listed is not None else ():
        if isinstance(item, exp.Property) and type(item) is exp.Property:
            name, value = item.name.lower(), item.args["value"]
        else:
            name, value = _known_property(item)
        if name:
            found[name] = _plain(value)
    unknown = set(found) - writing.CTAS_PROPERTIES
    if unknown:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: Catalog 'awsdatacatalog' table property '{min(unknown)}' does not exist"
        )
    return found


def _known_property(item: exp.Expr) -> tuple[str, Any]:
    """Properties that sqlglot has classes of their own for."""
    if isinstance(item, exp.FileFormatProperty):
        return "format", item.this
    if isinstance(item, exp.PartitionedByProperty):
        return "partitioned_by", item.this
    if isinstance(item, exp.LocationProperty):
        return "external_location", item.this
    return "", None


def _plain(value: Any) -> Any:
    if isinstance(value, exp.Array | exp.Tuple | exp.Schema):
        return [_plain(item) for item in value.expressions]
    if isinstance(value, exp.Literal):
        return value.this
    return value.name if isinstance(value, exp.Expr) else value


def _no_data(tree: exp.Expr) -> bool:
    listed = tree.args.get("properties")
    return any(
        isinstance(item, exp.WithDataProperty) and item.args.get("no")
        for item in (listed.expressions if listed is not None else ())
    )


def _insert(session: Session, tree: exp.Expr) -> Outcome:
    target = tree.this
    given: list[str] = []
    if isinstance(target, exp.Schema):
        given = [column.name.lower() for column in target.expressions]
        target = target.this
    table = session.catalog.table(target.db.lower() or session.database, target.name.lower())
    if table.sql is not None:
        raise QueryError(f"NOT_SUPPORTED: Inserting into views is not supported: {table.name}")
    if table.projected:
        raise NotHere("INSERT INTO a table with partition projection")
    query = _unordered(tree.expression.copy())
    plan = session.planner().plan(query)
    output = session.writer()
    source, columns = output.materialize(plan.sql)
    fitted, _ = output.materialize(writing.insert_select(table, source, columns, given))
    known = {item.values: item.location for item in session.catalog.partitions(table)} if table.keys else {}
    written = output.write(
        fitted, table.columns, table.keys, table.format, writing.table_codec(table), known, table
    )
    fresh = {values: place for values, place in written.partitions.items() if values not in known}
    if fresh:
        session.catalog.add(table, fresh)
    return Outcome(
        "DML",
        "INSERT",
        (ResultColumn("rows", Type("bigint")),),
        written=tuple(written.urls),
        count=written.rows,
    )


def _unload(session: Session, tree: exp.Expr, location: str, properties: Mapping[str, Any]) -> Outcome:
    unknown = set(properties) - writing.UNLOAD_PROPERTIES
    if unknown or "format" not in properties:
        raise QueryError(
            f"INVALID_TABLE_PROPERTY: UNLOAD takes {', '.join(sorted(writing.UNLOAD_PROPERTIES))}"
        )
    split_url(location)
    form = writing.format_of(properties)
    codec = writing.codec_of(form, str(properties["compression"]) if "compression" in properties else None)
    if session.objects.under(location):
        raise QueryError(f"HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: {location}")
    query = tree.copy()
    plan = session.planner().plan(query)
    output = session.writer()
    source, columns = output.materialize(plan.sql)
    keys = [str(key).lower() for key in properties.get("partitioned_by") or ()]
    table = writing.new_table("unload", session.database, columns, keys, form, location, codec)
    written = output.write(source, table.columns, table.keys, form, codec, {}, table)
    return Outcome(
        "DML",
        "UNLOAD",
        (ResultColumn("rows", Type("bigint")),),
        written=tuple(written.urls),
        count=written.rows,
    )


def _options(text: str) -> dict[str, Any]:
    """`format = 'PARQUET', partitioned_by = ARRAY['a', 'b']`."""
    found: dict[str, Any] = {}
    for name, array, value in re.findall(
        r"(\w+)\s*=\s*(?:ARRAY\s*\[([^\]]*)\]|'([^']*)'|\d+)", text, re.IGNORECASE
    ):
        found[name.lower()] = re.findall(r"'([^']*)'", array) if array else value
    return found


def _create_view(session: Session, tree: exp.Expr, sql: str) -> Outcome:
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    database, name = (target.db.lower() or session.database), target.name.lower()
    there = session.catalog.find(database, name)
    if there is not None and (there.sql is None or not tree.args.get("replace")):
        what = "View" if there.sql is not None else "Table"
        raise QueryError(f"TABLE_ALREADY_EXISTS: {what} already exists: '{database}.{name}'")
    found = re.search(r"\bAS\b\s*(?=[\s(]*(?:SELECT|WITH|VALUES|TABLE)\b)", sql, re.IGNORECASE)
    query = (
        (sql[found.end() :] if found else tree.expression.sql(dialect="athena")).strip().rstrip(";").strip()
    )
    columns = view_columns(session, query, database)
    view = Table(database, name, columns, sql=query)
    if there is None:
        session.catalog.create(view)
    else:
        session.catalog.update(view)
    return Outcome("DDL", "CREATE_VIEW")


def view_columns(session: Session, sql: str, database: str) -> tuple[Column, ...]:
    """A query's columns, found without reading anything."""
    plan = session.planner(empty=True, database=database).plan(planning.parse(sql))
    described = session.connection.execute(f"DESCRIBE {plan.sql}").fetchall()
    names = planning.column_names([row[0] for row in described])
    unnamed = next(
        (position for position, name in enumerate(names, 1) if name == f"_col{position - 1}"), None
    )
    if unnamed:
        raise QueryError(f"MISSING_COLUMN_NAME: line 1:1: Column name not specified at position {unnamed}")
    return tuple(Column(name, from_duckdb(row[1])) for name, row in zip(names, described, strict=True))


# ── DDL ─────────────────────────────────────────────────────────────────────────────────────────────


def _create_database(session: Session, statement: ddl.CreateDatabase) -> Outcome:
    created = session.catalog.create_database(
        statement.name,
        comment=statement.comment,
        location=statement.location,
        properties=dict(statement.properties),
    )
    if not created and not statement.if_not_exists:
        raise QueryError(f"FAILED: Execution Error, return code 1. Database {statement.name} already exists")
    return Outcome("DDL", "CREATE_DATABASE")


def _drop_database(session: Session, statement: ddl.DropDatabase) -> Outcome:
    if session.catalog.database(statement.name) is None:
        if statement.if_exists:
            return Outcome("DDL", "DROP_DATABASE")
        raise QueryError(
            f"FAILED: SemanticException [Error 10072]: Database does not exist: {statement.name}"
        )
    if session.catalog.tables(statement.name) and not statement.cascade:
        raise QueryError(
            f"FAILED: Execution Error, return code 1. InvalidOperationException("
            f"message:Database {statement.name} "
            "is not empty. One or more tables exist.)"
        )
    for table in session.catalog.tables(statement.name):
        session.catalog.drop(table)
    session.catalog.drop_database(statement.name)
    return Outcome("DDL", "DROP_DATABASE")


def _create_table(session: Session, statement: ddl.CreateTable) -> Outcome:
    database, name = session.named(statement.table)
    split_url(statement.location)
    names = [column.name for column in (*statement.columns, *statement.keys)]
    if len(set(names)) != len(names):
        raise QueryError("FAILED: SemanticException [Error 10035]: Column repeated in partitioning columns")
    # Athena keeps a table's comment among its parameters, and its location without a slash at the end.
    comment = {"comment": statement.comment} if statement.comment else {}
    location = statement.location.rstrip("/")
    table = Table(
        database, name, statement.columns, statement.keys, location, statement.format,
        {"EXTERNAL": "TRUE", **comment, **statement.properties}, comment=statement.comment,
    )  # fmt: skip
    if not session.catalog.create(table) and not statement.if_not_exists:
        raise QueryError(
            f"FAILED: Execution Error, return code 1. "
            f"AlreadyExistsException(message:Table {name} already exists.)"
        )
    return Outcome("DDL", "CREATE_TABLE")


def _drop(session: Session, statement: ddl.Drop) -> Outcome:
    database, name = session.named(statement.table)
    found = session.catalog.find(database, name)
    done = Outcome("DDL", f"DROP_{statement.kind.upper()}")
    if found is None:
        if statement.if_exists:
            return done
        if statement.kind == "view":
            raise QueryError(f"TABLE_NOT_FOUND: line 1:1: View '{database}.{name}' does not exist")
        raise QueryError(f"FAILED: SemanticException [Error 10001]: Table not found {database}.{name}")
    if (found.sql is not None) != (statement.kind == "view"):
        raise QueryError(
            f"FAILED: SemanticException [Error 10158]: Cannot drop a "
            f"{'view' if found.sql is not None else 'table'} "
            f"with DROP {statement.kind.upper()}"
        )
    session.catalog.drop(found)
    return done


def _listed(substatement: str, name: str, lines: Iterable[str]) -> Outcome:
    return Outcome("UTILITY", substatement, (ResultColumn(name),), [[line] for line in lines])


def _matches(name: str, pattern: str) -> bool:
    """SHOW … LIKE: `*` for anything and `|` for a choice, whole names."""
    return not pattern or any(
        fnmatch.fnmatchcase(name, part.lower()) for part in pattern.strip("'").split("|")
    )


def _show(session: Session, statement: ddl.Show) -> Outcome:
    catalog = session.catalog
    substatement = f"SHOW_{statement.what.upper().replace(' ', '_')}"
    match statement.what:
        case "databases":
            names = [name for name in catalog.databases() if _matches(name, statement.pattern)]
            return _listed(substatement, "database_name", names)
        case "tables" | "views":
            listed = [
                table.name
                for table in catalog.tables(statement.database or session.database)
                if (statement.what == "tables" or table.sql is not None)
                and (
                    re.fullmatch(statement.pattern.replace("*", ".*"), table.name)
                    if statement.pattern
                    else True
                )
            ]
            return _listed(substatement, "tab_name" if statement.what == "tables" else "views", listed)
        case "create view" | "create table":
            return _show_create(session, statement)
    assert statement.table
    table = session.table(statement.table)
    match statement.what:
        case "columns":
            lines = [f"{column.name:<20}" for column in (*table.columns, *table.keys)]
            return _listed(substatement, "field", lines)
        case "tblproperties":
            pairs = {key: value for key, value in table.parameters.items() if statement.pattern in ("", key)}
            return _listed(substatement, "prpt_name", [f"{key}\t{value}" for key, value in pairs.items()])
    if not table.keys:
        raise QueryError(
            f"FAILED: SemanticException [Error 10023]: Table {table.name} is not a partitioned table"
        )
    names = [partition_name(table, partition.values) for partition in catalog.partitions(table)]
    return _listed(substatement, "partition", names)


def _show_create(session: Session, statement: ddl.Show) -> Outcome:
    assert statement.table
    table = session.table(statement.table)
    kind = statement.what.rpartition(" ")[2]
    if (table.sql is not None) != (kind == "view"):
        raise QueryError(f"FAILED: {table.name} is a {'view' if table.sql is not None else 'table'}")
    if table.sql is not None:
        text = f'CREATE VIEW "{table.name}" AS \n{table.sql}'
        return _listed("SHOW_CREATE_VIEW", "Create View", text.split("\n"))
    return _listed("SHOW_CREATE_TABLE", "createtab_stmt", _create_statement(table))


def _create_statement(table: Table) -> Iterator[str]:
    def columns(listed: Sequence[Column]) -> Iterator[str]:
        for column in listed:
            comment = f" COMMENT {_hive_text(column.comment)}" if column.comment else ""
            yield f"  `{column.name}` {column.type.hive}{comment}"

    def pairs(given: Mapping[str, str]) -> str:
        return ", \n".join(f"  {_hive_text(key)}={_hive_text(value)}" for key, value in sorted(given.items()))

    yield f"CREATE EXTERNAL TABLE `{table.database}.{table.name}`("
    yield from (", \n".join(columns(table.columns)) + ")").split("\n")
    if table.comment:
        yield f"COMMENT {_hive_text(table.comment)}"
    if table.keys:
        yield "PARTITIONED BY ( "
        yield from (", \n".join(columns(table.keys)) + ")").split("\n")
    yield "ROW FORMAT SERDE "
    yield f"  {_hive_text(table.format.serde)} "
    if table.format.parameters:
        yield "WITH SERDEPROPERTIES ( "
        yield from (pairs(table.format.parameters) + ") ").split("\n")
    yield "STORED AS INPUTFORMAT "
    yield f"  {_hive_text(table.format.input)} "
    yield "OUTPUTFORMAT "
    yield f"  {_hive_text(table.format.output)}"
    yield "LOCATION"
    yield f"  {_hive_text(table.location)}"
    kept = {key: value for key, value in table.parameters.items() if key not in ("EXTERNAL", "comment")}
    if kept:
        yield "TBLPROPERTIES ("
        yield from (pairs(kept) + ")").split("\n")


def _hive_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return "'" + "".join(f"\\u{ord(c):04x}" if ord(c) < 32 else c for c in escaped) + "'"


def _describe(session: Session, statement: ddl.Describe) -> Outcome:
    table = session.table(statement.table)

    def line(name: str, kind: str, comment: str) -> str:
        return f"{name:<20}\t{kind:<20}\t{comment:<20}"

    view = table.sql is not None
    lines = [
        line(column.name, column.type.athena if view else column.type.hive, column.comment)
        for column in (*table.columns, *table.keys)
    ]
    if table.keys:
        lines += [
            "\t \t ",
            line("# Partition Information", "", ""),
            line("# col_name", "data_type", "comment"),
            "\t \t ",
        ]
        lines += [line(column.name, column.type.hive, column.comment) for column in table.keys]
    if statement.style:
        lines += ["\t \t ", line("# Detailed Table Information", "", "")]
        details = {
            "Database:": table.database,
            "Location:": table.location,
            "SerDe Library:": table.format.serde,
        }
        lines += [line(name, value, "") for name, value in details.items()]
    columns = (ResultColumn("col_name"), ResultColumn("data_type"), ResultColumn("comment"))
    return Outcome("UTILITY", "DESCRIBE_TABLE", columns, [row.split("\t") for row in lines])


def _values(table: Table, spec: Mapping[str, str]) -> tuple[str, ...]:
    if {key.name for key in table.keys} != set(spec):
        raise QueryError(
            "FAILED: SemanticException [Error 10098]: partition spec "
            f"{{{', '.join(f'{k}={v}' for k, v in spec.items())}}} doesn't contain all "
            f"({len(table.keys)}) partition columns"
        )
    return tuple(spec[key.name] for key in table.keys)


def _add_partitions(session: Session, statement: ddl.AddPartitions) -> Outcome:
    table = session.table(statement.table)
    wanted: dict[tuple[str, ...], str] = {}
    for spec, location in statement.partitions:
        values = _values(table, spec)
        if location:
            split_url(location)
        wanted[values] = location or standard_location(table, values)
    there = session.catalog.add(table, wanted)
    if there and not statement.if_not_exists:
        raise QueryError(
            "FAILED: Execution Error, return code 1. "
            "AlreadyExistsException(message:Partition already exists.)"
        )
    return Outcome("DDL", "ALTER_TABLE_ADD_PARTITION")


def _drop_partitions(session: Session, statement: ddl.DropPartitions) -> Outcome:
    table = session.table(statement.table)
    names = [key.name for key in table.keys]
    known = session.catalog.partitions(table)
    for conditions in statement.partitions:
        for column, _, _ in conditions:
            if column not in names:
                raise QueryError(
                    f"FAILED: SemanticException [Error 10004]: Invalid table alias or "
                    f"column reference {column}"
                )
        fitting = [
            partition
            for partition in known
            if all(
                _compares(partition.values[names.index(column)], operator, value)
                for column, operator, value in conditions
            )
        ]
        if not fitting and not statement.if_exists:
            raise QueryError("FAILED: SemanticException [Error 10006]: Partition not found")
        for partition in fitting:
            session.catalog.remove(table, partition.values)
    return Outcome("DDL", "ALTER_TABLE_DROP_PARTITION")


def _compares(left: str, operator: str, right: str) -> bool:
    a: Any = left
    b: Any = right
    if re.fullmatch(r"-?\d+", left) and re.fullmatch(r"-?\d+", right) and operator not in ("=", "!=", "<>"):
        a, b = int(left), int(right)
    return bool(
        {"=": a == b, "!=": a != b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[
            operator
        ]
    )


def _rename_partition(session: Session, statement: ddl.RenamePartition) -> Outcome:
    table = session.table(statement.table)
    old, new = _values(table, statement.old), _values(table, statement.new)
    found = next((item for item in session.catalog.partitions(table) if item.values == old), None)
    if found is None:
        raise QueryError("FAILED: SemanticException [Error 10006]: Partition not found")
    session.catalog.add(table, {new: found.location})
    session.catalog.remove(table, old)
    return Outcome("DDL", "ALTER_TABLE_RENAME_PARTITION")


def _set_location(session: Session, statement: ddl.SetLocation) -> Outcome:
    table = session.table(statement.table)
    split_url(statement.location)
    if not statement.partition:
        session.catalog.update(replace(table, location=statement.location))
        return Outcome("DDL", "ALTER_TABLE_SET_LOCATION")
    values = _values(table, statement.partition)
    found = next((item for item in session.catalog.partitions(table) if item.values == values), None)
    if found is None:
        raise QueryError("FAILED: SemanticException [Error 10006]: Partition not found")
    session.catalog.relocate(table, found, statement.location)
    return Outcome("DDL", "ALTER_TABLE_SET_LOCATION")


def _set_properties(session: Session, statement: ddl.SetProperties) -> Outcome:
    table = session.table(statement.table)
    session.catalog.update(replace(table, parameters={**table.parameters, **statement.properties}))
    return Outcome("DDL", "ALTER_TABLE_SET_TBLPROPERTIES")


def _change_columns(session: Session, statement: ddl.ChangeColumns) -> Outcome:
    table = session.table(statement.table)
    columns = statement.columns if statement.replace else (*table.columns, *statement.columns)
    names = [column.name for column in (*columns, *table.keys)]
    if len(set(names)) != len(names):
        raise QueryError("FAILED: Execution Error, return code 1. Duplicate column name")
    session.catalog.update(replace(table, columns=tuple(columns)))
    return Outcome("DDL", "ALTER_TABLE_REPLACECOLS" if statement.replace else "ALTER_TABLE_ADDCOLS")


def _repair(session: Session, statement: ddl.Repair) -> Outcome:
    """MSCK REPAIR TABLE adds what lies in Hive's folders and drops nothing (Amazon Athena User Guide, MSCK
    REPAIR TABLE)."""
    table = session.table(statement.table)
    if not table.keys:
        raise QueryError(f"FAILED: SemanticException: Table {table.name} is not a partitioned table")
    if table.projected:
        return _listed("MSCK_REPAIR_TABLE", "result", [])
    folders = re.compile(
        "/".join(rf"{re.escape(key.name)}=([^/]+)" for key in table.keys) + "/", re.IGNORECASE
    )
    root = split_url(table.location)[1].rstrip("/")
    from urllib.parse import unquote

    found: dict[tuple[str, ...], str] = {}
    for item in session.objects.under(table.location):
        rest = item.key[len(root) + 1 :] if root else item.key
        match = folders.match(rest)
        if match:
            values = tuple(unquote(value) for value in match.groups())
            found.setdefault(values, f"{table.location.rstrip('/')}/{match[0]}")
    known = {partition.values for partition in session.catalog.partitions(table)}
    missing = {values: found[values] for values in sorted(found) if values not in known}
    session.catalog.add(table, missing)
    lines = []
    if missing:
        names = [partition_name(table, values) for values in missing]
        lines.append("Partitions not in metastore:\t" + "\t".join(f"{table.name}:{name}" for name in names))
        lines += [f"Repair: Added partition to metastore {table.name}:{name}" for name in names]
    return _listed("MSCK_REPAIR_TABLE", "result", lines)


_DDL: dict[type, Callable[[Session, Any], Outcome]] = {
    ddl.CreateDatabase: _create_database,
    ddl.DropDatabase: _drop_database,
    ddl.CreateTable: _create_table,
    ddl.Drop: _drop,
    ddl.Show: _show,
    ddl.Describe: _describe,
    ddl.AddPartitions: _add_partitions,
    ddl.DropPartitions: _drop_partitions,
    ddl.RenamePartition: _rename_partition,
    ddl.SetLocation: _set_location,
    ddl.SetProperties: _set_properties,
    ddl.ChangeColumns: _change_columns,
    ddl.Repair: _repair,
}
