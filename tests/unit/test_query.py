"""Queries before they reach Athena: narrowed, asked about, capped; and how their rows are written."""

from __future__ import annotations

import io
import json
import random
import re
import sqlite3
from datetime import date, timedelta
from functools import cache
from types import SimpleNamespace

import pytest

from logctl.aws.athena import quoted
from logctl.cli import query_output
from logctl.cli.commands import athena as cli
from logctl.cli.histogram_chart import chart
from logctl.core.errors import LogctlError, UsageError
from logctl.core.histogram import Bucket, buckets, prefix_length, step_for
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, TimeRange, iso, parse_time
from logctl.ops.query import runner, saved, scan_estimate
from logctl.ops.query.conditions import Selection, parameter
from logctl.ops.query.counts import counted, statement
from logctl.ops.query.statement import TABLES, Statement
from logctl.stack.setting_parsers import SavedQuery
from logctl.stack.settings import Settings

# ── Conditions ──────────────────────────────────────────────────────────────────────────────────────


def selected(selection: Selection) -> list[str]:
    """The days of four years that a selection's condition on partition columns lets through, by SQLite."""
    condition = selection.condition()
    days_only = condition.sql.split(" AND ts ")[0]
    values = [value[1:-1] for value in condition.parameters[: days_only.count("?")]]
    rows = four_years().execute(
        f"SELECT year || '-' || month || '-' || day FROM logs WHERE {days_only} ORDER BY 1", values
    )
    return [row[0] for row in rows]


@cache
def four_years() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE logs (year, month, day)")
    first = date(2023, 1, 1)
    all_days = [(first + timedelta(n)).isoformat() for n in range(4 * 365 + 1)]
    db.executemany("INSERT INTO logs VALUES (?, ?, ?)", [text.split("-") for text in all_days])
    return db


def test_the_days_of_a_range_are_exact_and_few_conditions():
    chance = random.Random(7)
    start, end = parse_time("2023-01-01"), parse_time("2026-12-31")
    for _ in range(300):
        since = chance.randrange(start, end - 1)
        until = chance.choice([since + 1, since + HOUR, since + chance.randrange(1, end - since)])
        until = min(until, end)
        days = selected(Selection(since, until))
        assert (days[0], days[-1]) == (iso(since)[:10], iso(until - 1)[:10])
        assert len(days) == (until - 1) // DAY - since // DAY + 1
        assert Selection(since, until).condition().sql.count("?") <= 18
        assert selected(Selection(since=since))[0] == iso(since)[:10]
        assert selected(Selection(until=until))[-1] == iso(until - 1)[:10]
        assert len(selected(Selection(until=until))) == (until - 1) // DAY - start // DAY + 1


def test_one_day_is_three_equalities():
    at = parse_time("2026-03-01T08:00:00Z")
    condition = Selection(at, at + HOUR, ("checkout",), "ERROR").condition()
    assert condition.sql == (
        "year = ? AND month = ? AND day = ? AND appid = ? AND ts >= ? AND ts < ? AND level IN (?, ?)"
    )
    assert condition.parameters == (
        "'2026'", "'03'", "'01'", "'checkout'",
        "'2026-03-01T08:00:00.000Z'", "'2026-03-01T09:00:00.000Z'", "'ERROR'", "'FATAL'",
    )  # fmt: skip


@pytest.mark.proves("B46")
def test_apps_and_globs():
    condition = Selection(apps=("a", "b_c", "web-*", "a")).condition()
    assert condition.sql == r"(appid IN (?, ?) OR appid LIKE ? ESCAPE '\')"
    assert condition.parameters == ("'a'", "'b_c'", "'web-%'")
    assert Selection(apps=("b_?*",)).condition().parameters == (r"'b\__%'",)


@pytest.mark.proves("B44")
@pytest.mark.parametrize("app", ["x' OR '1'='1", "A", "", "a/b", "*'", "[ab]", "a%*", "a;--"])
def test_what_cannot_be_an_app_is_refused(app):
    with pytest.raises(ValueError, match="cannot name an app"):
        Selection(apps=(app,)).condition()


@pytest.mark.proves("B44")
@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("checkout", "'checkout'"), ("x' OR '1'='1", "'x'' OR ''1''=''1'"), ("'2026'", "'2026'"),
        ("5", "5"), ("-1.5e3", "-1.5e3"), ("TRUE", "TRUE"), ("DATE '2026-01-01'", "DATE '2026-01-01'"),
        ("'a' OR 1", "'''a'' OR 1'"), ("1; DROP", "'1; DROP'"), ("", "''"), ("it's", "'it''s'"),
        ("DATE '1' || 'x'", "'DATE ''1'' || ''x'''"),
    ],
)  # fmt: skip
def test_a_parameter_is_one_literal(given, sent):
    assert parameter(given) == sent


# ── Narrowing ───────────────────────────────────────────────────────────────────────────────────────

APP = Selection(apps=("a",))
WHERE = 'FROM "db"."{}" WHERE appid = ?)'


@pytest.mark.parametrize(
    ("text", "narrowed"),
    [
        ("SELECT 1 FROM logs", "WITH logs AS (SELECT * {logs} SELECT 1 FROM logs"),
        ("-- x\nselect 1 from LOGS l -- y", "-- x\nWITH logs AS (SELECT * {logs} select 1 from LOGS l -- y"),
        (
            "WITH a AS (SELECT 1 FROM logs) SELECT * FROM a",
            "WITH logs AS (SELECT * {logs}, a AS (SELECT 1 FROM logs) SELECT * FROM a",
        ),
        (
            "WITH RECURSIVE n(x) AS (SELECT 1) SELECT * FROM logs, n",
            "WITH RECURSIVE logs AS (SELECT * {logs}, n(x) AS (SELECT 1) SELECT * FROM logs, n",
        ),
        (
            '(SELECT "$path" FROM logs_raw) UNION ALL (SELECT message FROM logs)',
            'WITH logs AS (SELECT *, "$path" {logs}, logs_raw AS (SELECT *, "$path" {logs_raw} '
            '(SELECT "$path" FROM logs_raw) UNION ALL (SELECT message FROM logs)',
        ),
        (
            "SELECT * FROM (WITH logs AS (SELECT 1 AS x FROM logs_unique) SELECT * FROM logs)",
            "WITH logs_unique AS (SELECT * {logs_unique} "
            "SELECT * FROM (WITH logs AS (SELECT 1 AS x FROM logs_unique) SELECT * FROM logs)",
        ),
    ],
)  # fmt: skip
def test_a_query_of_the_tables_name_comes_in_front(text, narrowed):
    sql, parameters = Statement.of(text).narrowed(APP, "db")
    assert sql == narrowed.format(**{table: WHERE.format(table) for table in TABLES})
    assert set(parameters) == {"'a'"}
    assert len(parameters) == sql.count("?")


def test_own_parameters_come_after():
    query = runner.Query.of(Statement.of("SELECT 1 FROM logs WHERE message LIKE ?;"), APP, ["'%x%'"], "db")
    assert query.parameters == ("'a'", "'%x%'")
    assert query.sql.endswith("SELECT 1 FROM logs WHERE message LIKE ?")


def test_without_options_a_statement_stays_as_it_is():
    text = "/* a */ SELECT 'x;y'  FROM\tlogs"
    assert Statement.of(text + " ;\n").narrowed(Selection(), "db") == (text, ())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1", "SELECT 1 FROM other", "SELECT 1 FROM db.logs", "SHOW TABLES", "SELEC 1 FROM logs",
        "INSERT INTO x SELECT * FROM logs", "WITH logs AS (SELECT * FROM logs) SELECT * FROM logs",
        "SELECT 1 FROM logs; SELECT 2 FROM logs",
    ],
)  # fmt: skip
def test_options_that_could_not_apply_to_everything_are_refused(text):
    with pytest.raises(UsageError):
        Statement.of(text).narrowed(APP, "db")


@pytest.mark.parametrize("text", ["", " ; ", "-- only this", "/* or\nthis */ ;"])
def test_nothing_to_run(text):
    with pytest.raises(UsageError, match="no SQL"):
        Statement.of(text)


# ── Full scans ──────────────────────────────────────────────────────────────────────────────────────

BOUND = [
    "SELECT 1", "SHOW PARTITIONS logs_raw", "DESCRIBE logs", "EXPLAIN SELECT * FROM logs", "SELEC 1",
    "CREATE EXTERNAL TABLE logs (a string) LOCATION 's3://x/'", "MSCK REPAIR TABLE logs_raw",
    'SELECT * FROM "logs_raw$partitions"', "SELECT * FROM other",
    "SELECT * FROM logs WHERE year = '2026'", "SELECT * FROM logs l WHERE l.appid IN ('a', 'b')",
    "SELECT * FROM logs WHERE '2026' <= year", "SELECT * FROM logs WHERE year = ?",
    "SELECT * FROM logs WHERE day BETWEEN '01' AND '02' AND level = 'x'",
    "SELECT * FROM logs WHERE (year = '2026' OR appid = 'x') AND message LIKE '%year%'",
    "SELECT * FROM logs WHERE year = CAST(year(current_date) AS varchar)",
    "SELECT * FROM (SELECT * FROM logs) WHERE year = '2026'",
    "WITH a AS (SELECT level, day FROM logs) SELECT level, count(*) FROM a WHERE day = '1' GROUP BY 1",
    "WITH logs AS (SELECT * FROM logs_raw WHERE day = '1') SELECT * FROM logs",
    "SELECT * FROM logs l JOIN logs r ON l.seq = r.seq AND r.day = '1' WHERE l.day = '1'",
    "INSERT INTO logs_compacted SELECT * FROM logs_raw WHERE year = '2026'",
    "UNLOAD (SELECT * FROM logs WHERE year = '1') TO 's3://x/' WITH (format = 'PARQUET')",
    "DROP TABLE logs", "-- c\nSHOW TABLES",
]  # fmt: skip
UNBOUND = [
    "SELECT * FROM logs", "select level, count(*) from LOGS group by 1", "TABLE logs", "SELEC * FROM logs",
    "SELECT * FROM logs WHERE year LIKE '2%'", "SELECT * FROM logs WHERE substr(year, 1) = '2026'",
    "SELECT * FROM logs WHERE CAST(year AS integer) = 2026", "SELECT * FROM logs WHERE year <> '2026'",
    "SELECT * FROM logs WHERE year = '2026' OR level = 'ERROR'", "SELECT * FROM logs WHERE ts > '2026'",
    "SELECT * FROM logs WHERE year = month", "SELECT * FROM logs WHERE year IS NOT NULL",
    "SELECT * FROM logs WHERE year = (SELECT max(year) FROM other)", "SELECT * FROM db.logs",
    "SELECT * FROM logs_unique LIMIT 3", "EXPLAIN ANALYZE SELECT * FROM logs",
    "SELECT (SELECT count(*) FROM logs) AS n", "SELECT * FROM other WHERE x IN (SELECT level FROM logs)",
    "SELECT * FROM (SELECT * FROM logs LIMIT 9) WHERE year = '2026'",
    "SELECT * FROM logs WHERE year = '2026' UNION ALL SELECT * FROM logs",
    "WITH a AS (SELECT * FROM logs) SELECT * FROM a WHERE year = '1' UNION ALL SELECT * FROM a",
    "SELECT * FROM logs l JOIN logs r ON l.seq = r.seq WHERE l.day = '1'",
    "SELECT * FROM logs l LEFT JOIN other o ON l.year = '2026'",
    "CREATE TABLE x AS SELECT * FROM logs", "UNLOAD (SELECT * FROM logs) TO 's3://x/'",
]  # fmt: skip


@pytest.mark.parametrize("text", BOUND)
def test_what_leaves_partitions_out(text):
    assert Statement.of(text).unbound() == ()


@pytest.mark.parametrize("text", UNBOUND)
def test_what_reads_everything(text):
    assert len(Statement.of(text).unbound()) == 1


def deployment(objects: dict[str, int], **more):
    """An environment whose bucket has these keys and sizes, a thousand a page."""

    class Paginator:
        def paginate(self, Bucket, Prefix):
            found = [
                {"Key": key, "Size": size} for key, size in sorted(objects.items()) if key.startswith(Prefix)
            ]
            for at in range(0, max(1, len(found)), 1000):
                yield {"Contents": found[at : at + 1000], "IsTruncated": at + 1000 < len(found)}

    s3 = SimpleNamespace(get_paginator=lambda name: Paginator())
    names = SimpleNamespace(workgroup="w", database="db")
    return SimpleNamespace(aws=SimpleNamespace(s3=s3, **more), bucket="b", names=names)


def key(day: str, app: str = "a", root: str = "logs/", name: str = "x.json.gz", generation: str = "") -> str:
    year, month, day = day.split("-")
    return f"{root}year={year}/month={month}/day={day}/{generation}appid={app}/{name}"


def test_an_estimate_counts_what_a_selection_lets_through():
    there = deployment(
        {
            key("2026-03-01"): 10, key("2026-03-02"): 20, key("2026-03-02", "b"): 40,
            key("2026-03-02", root="compacted/", generation="gen=20260303T000000Z-ab/"): 80,
            "logs/other": 1000,
        }
    )  # fmt: skip
    assert scan_estimate.estimate(there, ["logs"]) == scan_estimate.Estimate(3, 4, 150, True)
    assert scan_estimate.estimate(there, ["logs_raw"]) == scan_estimate.Estimate(3, 3, 70, True)
    assert scan_estimate.estimate(there, ["logs_compacted"]).bytes == 80
    day = parse_time("2026-03-02")
    assert scan_estimate.estimate(there, ["logs"], Selection(day, day + DAY)).bytes == 140
    assert scan_estimate.estimate(there, ["logs"], Selection(day, None, ("b",))).bytes == 40
    assert scan_estimate.estimate(there, ["logs"], Selection(until=day)).bytes == 10


def test_an_estimate_stops_listing():
    there = deployment({key("2026-03-01", name=f"{n}.json.gz"): 1 for n in range(21_500)})
    found = scan_estimate.estimate(there, ["logs_raw"])
    assert (found.objects, found.complete) == (scan_estimate.LIST_AT_MOST, False)


def ask(objects, sql="SELECT * FROM logs", apps=()):
    query = runner.Query.of(Statement(sql), Selection(apps=apps), (), "db")
    cli._confirm_full_scan(SimpleNamespace(deployment=deployment(objects)), query)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.proves("B47")
def test_a_full_scan_is_refused_where_nobody_can_be_asked(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(UsageError) as refused:
        ask({key("2026-03-01"): 150 * 10**9, key("2026-03-02"): 50 * 10**9})
    assert "200.0 GB in 2 partitions, about $1.0000." in refused.value.message
    assert "--full-scan" in refused.value.hint


def test_on_a_terminal_it_is_asked(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    with pytest.raises(LogctlError, match="Nothing was changed"):
        ask({key("2026-03-01"): 10**9})
    assert "1.0 GB in 1 partitions" in capsys.readouterr().err
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    ask({key("2026-03-01"): 10**9})


def test_a_little_is_asked_about_too(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(UsageError, match="10 B in 1 partitions"):
        ask({key("2026-03-01"): 10})


def test_nothing_and_bound_statements_are_nobodys_worry(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    ask({})
    for apps in (("web-*",), ("a", "web-*")):
        ask({key("2026-03-01"): 10**12}, apps=apps)
    with pytest.raises(UsageError):
        ask({key("2026-03-01"): 10**12}, apps=("a", "*"))
    ask({key("2026-03-01"): 10**12}, "SELECT * FROM logs WHERE appid = 'a'")


@pytest.mark.proves("B45")
def test_max_scan_is_refused_beforehand_where_it_is_known():
    there = deployment({key("2026-03-01"): 10**9, key("2026-03-02"): 3 * 10**9})
    day = parse_time("2026-03-01")
    text = Statement.of("SELECT * FROM logs")
    one_day = runner.Query.of(text, Selection(day, day + DAY), (), "db")
    with pytest.raises(LogctlError, match=r"up to 4\.0 GB in 2 partitions") as refused:
        runner.check_estimate(there, runner.Query(text.text), 2 * 10**9)
    assert refused.value.exit_code == 1
    runner.check_estimate(there, one_day, 2 * 10**9)
    with pytest.raises(LogctlError):
        runner.check_estimate(there, one_day, 10**8)
    # What conditions of one's own leave over is not known.
    runner.check_estimate(there, runner.Query("SELECT * FROM logs WHERE day = '02'"), 1)


# ── Running ─────────────────────────────────────────────────────────────────────────────────────────


class Athena:
    """Athena's API with one query, which reads more with every look."""

    exceptions = SimpleNamespace()

    def __init__(self, scanned: list[int], *, reused: bool = False) -> None:
        self.scanned = scanned
        self.reused = reused
        self.stopped = False
        self.request: dict = {}

    def start_query_execution(self, **request):
        self.request = request
        return {"QueryExecutionId": "q1"}

    def stop_query_execution(self, QueryExecutionId):
        self.stopped = True

    def get_query_execution(self, QueryExecutionId):
        scanned = self.scanned.pop(0) if len(self.scanned) > 1 else self.scanned[0]
        done = "CANCELLED" if self.stopped else "SUCCEEDED" if len(self.scanned) == 1 else "RUNNING"
        return {
            "QueryExecution": {
                "QueryExecutionId": "q1",
                "Query": self.request["QueryString"],
                "StatementType": "DML",
                "SubstatementType": "SELECT",
                "Status": {"State": done, "StateChangeReason": "Query cancelled by user"},
                "Statistics": {
                    "DataScannedInBytes": scanned,
                    "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
                },
                "ResultConfiguration": {"OutputLocation": "s3://b/q1.csv"},
            }
        }

    def get_query_results(self, **request):
        info = {"Name": "n", "Type": "bigint", "Precision": 19, "Scale": 0, "Nullable": "UNKNOWN"}
        rows = [{"Data": [{"VarCharValue": "n"}]}, {"Data": [{"VarCharValue": "7"}]}]
        return {"ResultSet": {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": [info]}}}


def running(api: Athena, sql: str = "SELECT 1 AS n", **options):
    session = SimpleNamespace(
        client=lambda *args, **kwargs: api, region_name="eu-central-1", profile_name=None
    )
    there = deployment({}, athena=api, athena_endpoint_url=None, session=session, region="eu-central-1")
    query = options.pop("query", None) or runner.Query(sql)
    return runner.query(there, query, **options)


def test_a_query_over_max_scan_is_stopped_and_its_cost_told():
    api = Athena([1, 10**9, 3 * 10**9, 4 * 10**9, 5 * 10**9])
    with pytest.raises(LogctlError) as told:
        running(api, max_scan=2 * 10**9)
    assert api.stopped
    assert told.value.exit_code == 1
    assert re.search(
        r"stopped after reading 4\.0 GB, over --max-scan 2\.0 GB; that costs about \$0\.02",
        told.value.message,
    )


def test_a_query_that_ends_before_it_could_be_stopped_gives_its_rows():
    api = Athena([5 * 10**9])
    result = running(api, max_scan=2 * 10**9)
    assert (list(result.rows), result.scanned, api.stopped) == ([(7,)], 5 * 10**9, False)


def test_parameters_go_beside_the_statement_and_reuse_is_asked_for_in_minutes():
    api = Athena([0], reused=True)
    query = runner.Query.of(
        Statement.of("SELECT 1 FROM logs WHERE message LIKE '100%' OR level = ?"), APP, ["'x'"], "db"
    )
    result = running(api, query=query, reuse=15 * MINUTE)
    assert api.request["QueryString"] == query.sql
    assert api.request["ExecutionParameters"] == ["'a'", "'x'"]
    assert api.request["ResultReuseConfiguration"] == {
        "ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 15}
    }
    assert result.reused
    assert result.dollars == 0
    plain = Athena([0])
    running(plain, "SELECT 1 FROM t WHERE a LIKE '100%s'")
    assert plain.request["QueryString"].endswith("'100%s'")
    assert not {"ExecutionParameters", "ResultReuseConfiguration"} & set(plain.request)


# ── Saved queries ───────────────────────────────────────────────────────────────────────────────────


def test_shipped_queries_parse_describe_themselves_and_take_the_options():
    found = {item.name: item for item in saved.listed(())}
    assert set(found) == {
        "daily-volume", "errors-by-app", "ingest-latency", "levels-by-hour", "noisiest-fingerprints",
        "quiet-apps", "slowest", "top-messages",
    }  # fmt: skip
    for item in found.values():
        assert re.fullmatch(r"[A-Z].{20,120}\.", item.description), item.name
        sql, parameters = Statement.of(item.sql).narrowed(APP, "db")
        assert parameters == ("'a'",)
        assert Statement.of(sql).unbound() == ()
    assert "approximate" in found["noisiest-fingerprints"].description


def test_own_queries_in_the_file():
    settings = Settings.build(
        (
            "logctl.toml",
            {"queries": {"mine": "SELECT 1", "slowest": {"sql": "SELECT 2", "description": "Own."}}},
        )
    )
    assert settings.queries == (SavedQuery("mine", "SELECT 1"), SavedQuery("slowest", "SELECT 2", "Own."))
    assert saved.named("slowest", settings.queries) == saved.Saved(
        "slowest", "SELECT 2", "Own.", "logctl.toml"
    )
    with pytest.raises(UsageError) as refused:
        saved.named("errors-by-ap", settings.queries)
    assert refused.value.hint == "Did you mean errors-by-app?"


@pytest.mark.parametrize(
    "queries",
    [
        "SELECT 1", {"a b": "SELECT 1"}, {"-x": "SELECT 1"}, {"a": 5}, {"a": {"sql": ""}},
        {"a": {"description": "x"}}, {"a": {"sql": "SELECT 1", "limit": "5"}}, {"a": " "}, {"a": {"sql": 5}},
    ],
)  # fmt: skip
def test_what_is_no_saved_query(queries):
    with pytest.raises(UsageError, match=r"^logctl.toml: queries: ") as refused:
        Settings.build(("logctl.toml", {"queries": queries}))
    assert "\n" not in refused.value.message


# ── Histogram ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("length", "step", "prefix"),
    [
        (SECOND, SECOND, 19), (10 * MINUTE, 10 * SECOND, 19), (HOUR, MINUTE, 16), (DAY, 30 * MINUTE, 16),
        (7 * DAY, 3 * HOUR, 13), (30 * DAY, 12 * HOUR, 13), (365 * DAY, 7 * DAY, 10),
        (10 * 365 * DAY, 91 * DAY, 10),
    ],
)  # fmt: skip
def test_buckets_are_of_a_clocks_face_and_at_most_sixty(length, step, prefix):
    assert step_for(TimeRange(0, length)) == step
    assert prefix_length(step) == prefix
    assert length / step <= 60


def test_counts_are_added_up_and_gaps_are_shown():
    counts = [(0, "INFO", 5), (MINUTE, "ERROR", 1), (4 * MINUTE, "INFO", 2), (11 * MINUTE, "INFO", 1)]
    assert buckets(counts, 5 * MINUTE) == [
        Bucket(0, {"INFO": 7, "ERROR": 1}), Bucket(5 * MINUTE), Bucket(10 * MINUTE, {"INFO": 1}),
    ]  # fmt: skip
    assert buckets([], MINUTE) == []
    assert len(buckets([], MINUTE, TimeRange(0, HOUR))) == 60
    with pytest.raises(ValueError, match="take a longer one"):
        buckets([(0, "INFO", 1), (DAY * 30, "INFO", 1)], SECOND)


def test_rows_of_a_statement_become_buckets():
    rows = [("2026-03-01T10", "INFO", 3), ("2026-03-01 11", None, 1), (None, "INFO", 9)]
    at = parse_time("2026-03-01T10:00:00Z")
    assert counted(iter(rows), HOUR, None) == [Bucket(at, {"INFO": 3}), Bucket(at + HOUR, {"UNKNOWN": 1})]
    with pytest.raises(UsageError, match="not a time"):
        counted(iter([("yesterday", "INFO", 1)]), HOUR, None)


def test_the_statement_of_a_histogram_counts_another():
    counting = statement(
        Statement.of("WITH a AS (SELECT ts, appid FROM logs) SELECT * FROM a -- all"), MINUTE
    )
    assert counting.text.startswith("SELECT substr(CAST(ts AS varchar), 1, 16) AS moment, level AS level")
    sql, _ = counting.narrowed(APP, "db")
    assert sql.startswith('WITH logs AS (SELECT * FROM "db"."logs" WHERE appid = ?) SELECT substr(')
    assert "'UNKNOWN' AS level" in statement(Statement.of("SELECT ts FROM logs"), DAY).text
    for text in ("SELECT level FROM logs", "SHOW TABLES", "SELECT count(*) FROM logs"):
        with pytest.raises(UsageError, match="no column ts"):
            statement(Statement.of(text), DAY)


DRAWN = [
    Bucket(0, {"INFO": 40}),
    Bucket(MINUTE),
    Bucket(2 * MINUTE, {"ERROR": 1, "WARN": 10, "INFO": 69}),
]


def test_bars_in_ascii_tell_levels_apart():
    assert chart(DRAWN, MINUTE, width=42, colored=False, blocks=False) == [
        "1970-01-01 00:00  40  ..........",
        "1970-01-01 00:01   0",
        "1970-01-01 00:02  80  #++.................",
        "# errors 1  + warnings 10  . others 109",
    ]


def test_bars_fit_any_width_and_colour_changes_nothing_else():
    for width in (20, 40, 80, 200):
        for blocks in (True, False):
            plain = chart(DRAWN, MINUTE, width=width, colored=False, blocks=blocks)
            colored = chart(DRAWN, MINUTE, width=width, colored=True, blocks=blocks)
            assert [re.sub(r"\x1b\[\d+m", "", line) for line in colored] == plain
            assert all(len(line) <= max(width, 36) for line in plain[:-1])
    assert "█" in "".join(chart(DRAWN, MINUTE, width=80, colored=False, blocks=True))
    assert chart([], MINUTE, width=80, colored=False, blocks=True) == []


def test_one_error_among_thousands_is_seen():
    (row, *_) = chart([Bucket(0, {"INFO": 10**6, "ERROR": 1})], DAY, width=60, colored=False, blocks=False)
    assert row.split()[2].startswith("#.")
    assert len(row) <= 60


# ── Parquet ─────────────────────────────────────────────────────────────────────────────────────────


def test_parquet_has_athenas_types_and_needs_no_seekable_file():
    pq = pytest.importorskip("pyarrow.parquet")
    from datetime import UTC, datetime
    from decimal import Decimal

    from logctl.ops.query import parquet

    class Pipe(io.RawIOBase):
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    at = datetime(2026, 3, 1, 8, tzinfo=UTC)
    rows = [
        (1, 1.5, True, "é", date(2026, 3, 1), at, Decimal("1.20"), ["a", None], b"\0", 2),
        (None,) * 10,
    ]
    types = ("bigint", "double", "boolean", "varchar", "date", "timestamp with time zone", "decimal", "array",
             "varbinary", "integer")  # fmt: skip
    columns = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "a")
    scales = ((0, 0),) * 6 + ((10, 2),) + ((0, 0),) * 3
    assert parquet.write(pipe, columns, types, scales, iter(rows)) == 2
    read = pq.read_table(io.BytesIO(pipe.data))
    assert [str(kind) for kind in read.schema.types] == [
        "int64", "double", "bool", "string", "date32[day]", "timestamp[us, tz=UTC]", "decimal128(10, 2)",
        "string", "binary", "int32",
    ]  # fmt: skip
    first, second = read.to_pylist()
    assert list(first) == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "a_2"]
    assert first["f"] == at
    assert json.loads(first["h"]) == ["a", None]
    assert set(second.values()) == {None}


def test_nothing_is_written_as_parquet_to_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal())
    with pytest.raises(UsageError, match="cannot be shown on a terminal"):
        query_output.check_destination(query_output.QueryOutput.PARQUET, None, histogram=False)


def test_a_file_is_there_when_it_is_complete(tmp_path):
    file = tmp_path / "out.csv"
    with pytest.raises(RuntimeError), query_output.destination(file):
        print("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with query_output.destination(file):
        print("all")
    assert file.read_text() == "all\n"
    assert list(tmp_path.iterdir()) == [file]


def test_text_is_quoted():
    assert quoted("it's") == "'it''s'"
