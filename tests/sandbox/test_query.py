"""`logctl athena query` with its options, against the sandbox."""

from __future__ import annotations

import io
import json

import pytest

from tests.helpers import prefork
from tests.helpers.sandbox import Cli

DAYS = ("2026-02-27", "2026-02-28", "2026-03-01", "2026-03-02")
LEVELS = ("debug", "info", "warn", "error")


@pytest.fixture(scope="module")
def asked(pipeline: Cli) -> Cli:
    for app in ("ask-one", "ask-two"):
        records = [
            {
                "timestamp": f"{day}T{hour:02}:30:00Z",
                "level": level,
                "msg": f"{app} {level} took {hour} ms",
                "duration_ms": hour,
            }
            for day in DAYS
            for hour in (1, 12, 23)
            for level in LEVELS
        ]
        pipeline.run("send", "--app", app, "--wait", stdin=json.dumps(records))
    return pipeline


def rows(asked: Cli, *arguments: str) -> list[dict]:
    return asked.run("athena", "query", *arguments, "-o", "json").json


COUNT = "SELECT count(*) AS n FROM logs"
BOTH = ("-a", "ask-one", "-a", "ask-two")


@pytest.mark.parametrize(
    ("options", "n"),
    [
        (BOTH, 96),
        (("-a", "ask-*"), 96),
        (("-a", "ask-one"), 48),
        (("-a", "ask-one", "-s", "2026-03-01", "-u", "2026-03-02"), 12),
        (("-a", "ask-one", "-s", "2026-02-28T12:00:00Z", "-u", "2026-03-01T12:00:00Z"), 12),
        (("-a", "ask-one", "-s", "2026-02-28T12:00:00Z", "-u", "2026-03-01T12:00:00Z", "-l", "warn"), 6),
        (("-a", "ask-one", "-s", "2025-12-31"), 48),
        (("-a", "ask-one", "-u", "2026-02-28"), 12),
        (("-a", "ask-one", "--level", "ERROR"), 12),
        (("-a", "nobody"), 0),
    ],
)
def test_options_narrow_a_statement(asked, options, n):
    assert rows(asked, COUNT, *options) == [{"n": n}]


def test_every_table_of_a_statement_is_narrowed(asked):
    sql = (
        "WITH a AS (SELECT * FROM logs) SELECT (SELECT count(*) FROM logs_raw) AS raw, "
        "(SELECT count(*) FROM logs_unique WHERE level = ?) AS one, count(*) AS n FROM a WHERE message LIKE ?"
    )
    found = rows(asked, sql, "-a", "ask-one", "--param", "ERROR", "--param", "%took 12 ms%")
    assert found == [{"raw": 48, "one": 12, "n": 16}]


def test_without_sql_the_newest_records_oldest_first(asked):
    found = rows(asked, "-a", "ask-one", "-s", "2026-03-01", "-u", "2026-03-02", "-n", "5")
    assert list(found[0]) == ["ts", "level", "appid", "message", "fields"]
    assert [row["ts"] for row in found] == ["2026-03-01T12:30:00.000Z"] + ["2026-03-01T23:30:00.000Z"] * 4
    result = asked.run("athena", "query", "-a", "ask-one", "-u", "2020-01-01")
    assert "Looked at 2019-12-31T23:00:00.000Z to 2020-01-01T00:00:00.000Z" in result.err


@pytest.mark.proves("B44")
@pytest.mark.parametrize(
    "options",
    [
        ("-a", "x' OR '1'='1"), ("-l", "x' OR '1'='1"), ("-s", "x' OR '1'='1"), ("-u", "'; DROP TABLE logs"),
        ("--reuse", "8d"), ("--reuse", "5s"), ("--max-scan", "much"), ("--saved", "nothing"),
        ("--bucket", "5m"), ("--histogram", "-s", "1h", "-n", "5"), ("--histogram", "--bucket", "0s"), ("--histogram", "-o", "parquet", "-s", "1h"),
        ("--histogram",), ("--to", "/no/folder/x"), ("--param", "x", "-a", "a"), ("-s", "2026-03-02", "-u", "2026-03-01"),
    ],
)  # fmt: skip
def test_hostile_and_wrong_options_are_one_sentence(asked, options):
    result = asked.run("athena", "query", COUNT, *options, code=2)
    assert result.err.startswith("logctl: ")
    assert result.out == ""


def test_a_full_scan_is_refused_without_a_terminal(asked):
    refused = asked.run("athena", "query", COUNT, code=2)
    assert refused.out == ""
    assert "reads all of logs" in refused.err
    assert "--full-scan" in refused.err
    assert rows(asked, COUNT, "--full-scan")[0]["n"] >= 96


def test_nested_values_are_json_in_csv_and_table(asked):
    sql = "SELECT ARRAY['a', 'b'] AS many, MAP(ARRAY['k'], ARRAY['v']) AS pairs"
    assert (
        asked.run("athena", "query", sql, "-o", "csv").out
        == 'many,pairs\n"[""a"", ""b""]","{""k"": ""v""}"\n'
    )
    assert '["a", "b"]' in asked.run("athena", "query", sql).out


@pytest.mark.proves("B44")
def test_a_hostile_parameter_is_only_text(asked):
    sql = "SELECT count(*) AS n FROM logs WHERE message = ?"
    assert rows(asked, sql, "-a", "ask-one", "--param", "x' OR '1'='1") == [{"n": 0}]


def test_max_scan_refuses_beforehand(asked):
    result = asked.run("athena", "query", COUNT, "-a", "ask-one", "--max-scan", "10B", code=1)
    assert "The query was not run" in result.err
    assert rows(asked, COUNT, "-a", "ask-one", "--max-scan", "1GB") == [{"n": 48}]


def test_a_result_is_reused_and_said_so(asked):
    arguments = ("athena", "query", COUNT, "-a", "ask-two", "-s", "400d", "--reuse", "7d", "-o", "json")
    first, second = asked.run(*arguments), asked.run(*arguments)
    assert first.json == second.json == [{"n": 48}]
    assert "reused" not in first.err
    assert "An earlier result was reused, at most 7d old" in second.err
    assert "0 B scanned" in second.err


def test_saved_queries(asked):
    listed = {row["name"]: row for row in asked.run("athena", "saved", "-o", "json").json}
    assert listed["errors-by-app"]["origin"] == "logctl"
    assert asked.run("athena", "saved", "-o", "csv").out.startswith("name,description,origin\n")
    errors = rows(asked, "--saved", "errors-by-app", *BOTH)
    assert [(row["appid"], row["errors"], row["records"], row["percent"]) for row in errors] == [
        ("ask-one", 12, 48, 25.0), ("ask-two", 12, 48, 25.0),
    ]  # fmt: skip
    kinds = rows(asked, "--saved", "noisiest-fingerprints", "-a", "ask-one")
    assert sorted((row["kind"], row["records"]) for row in kinds) == [
        (f"ask-one {level} took <*> ms", 12) for level in sorted(LEVELS)
    ]
    assert [row["records"] for row in rows(asked, "--saved", "daily-volume", "-a", "ask-one")] == [12] * 4
    assert rows(asked, "--saved", "slowest", "-a", "ask-one", "-n", "1")[0]["milliseconds"] == 23.0
    assert all(row["p95"] > 0 for row in rows(asked, "--saved", "ingest-latency", *BOTH))
    assert [row["warn"] for row in rows(asked, "--saved", "levels-by-hour", *BOTH)] == [2] * 12
    assert len(rows(asked, "--saved", "top-messages", "-a", "ask-one")) == 6
    assert {row["appid"] for row in rows(asked, "--saved", "quiet-apps", *BOTH)} == {"ask-one", "ask-two"}


def test_own_saved_queries_come_first(asked):
    file = asked.home / "own.toml"
    file.write_text('[queries]\nmine = "SELECT 1 AS x"\n[queries.slowest]\nsql = "SELECT 2 AS x"\n')
    own = ("--config", str(file), "athena", "query", "-o", "json", "--saved")
    assert asked.run(*own, "mine").json == [{"x": 1}]
    assert asked.run(*own, "slowest").json == [{"x": 2}]


def test_histogram(asked):
    span = ("-a", "ask-one", "-s", "2026-02-28", "-u", "2026-03-02", "--histogram")
    found = asked.run("athena", "query", *span, "--bucket", "12h", "-o", "json").json
    assert [(row["start"], row["records"]) for row in found] == [
        ("2026-02-28T00:00:00.000Z", 4), ("2026-02-28T12:00:00.000Z", 8),
        ("2026-03-01T00:00:00.000Z", 4), ("2026-03-01T12:00:00.000Z", 8),
    ]  # fmt: skip
    assert found[0]["levels"] == dict.fromkeys(("DEBUG", "INFO", "WARN", "ERROR"), 1)
    drawn = asked.run("athena", "query", *span).out.splitlines()
    assert len(drawn) == 49
    assert drawn[-1] == "█ errors 6  ▓ warnings 6  ░ others 12"
    assert "\x1b" not in "".join(drawn)
    own = "SELECT ts FROM logs WHERE level = ?"
    counted = asked.run("athena", "query", own, "--param", "WARN", *span, "--bucket", "1d", "-o", "csv").out
    assert [line.split(",")[:2] for line in counted.splitlines()[1:]] == [
        ["2026-02-28T00:00:00.000Z", "3"], ["2026-03-01T00:00:00.000Z", "3"],
    ]  # fmt: skip


def test_histogram_without_utf(asked):
    plain = Cli(asked.home, asked.env, {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    drawn = plain.run(
        "athena", "query", "-a", "ask-one", "-s", "2026-02-28", "-u", "2026-03-01", "--histogram"
    ).out
    assert drawn.isascii()
    assert "# errors 3" in drawn


def test_parquet_to_a_file_and_a_pipe(asked, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "out.parquet"
    sql = "SELECT ts, seq, flags, level FROM logs ORDER BY ts, level, seq"
    asked.run("athena", "query", sql, "-a", "ask-one", "-o", "parquet", "--to", str(file))
    read = pq.read_table(file)
    arguments = ("athena", "query", sql, "-a", "ask-one", "-o", "parquet")
    piped = prefork.run(*arguments, env=asked.environ, cwd=asked.home)
    assert piped.returncode == 0, piped.err
    assert pq.read_table(io.BytesIO(piped.stdout)).equals(read)
    assert read.num_rows == 48
    assert str(read.schema.field("seq").type) == "int64"


def test_parquet_without_pyarrow_says_how_to_get_it(asked):
    blocked = asked.home / "blocked"
    (blocked / "pyarrow").mkdir(parents=True, exist_ok=True)
    (blocked / "pyarrow" / "__init__.py").write_text("raise ImportError('no')\n")
    without = Cli(asked.home, asked.env, {"PYTHONPATH": str(blocked)})
    result = without.run("athena", "query", COUNT, "-o", "parquet", code=1)
    assert "pipx inject logctl pyarrow" in result.err


def test_options_with_sql_on_stdin(asked):
    result = asked.run("athena", "query", "-a", "ask-one", "-o", "json", stdin=COUNT)
    assert result.json == [{"n": 48}]
