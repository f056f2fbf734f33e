"""SQL against the sandbox."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.helpers.sandbox import Cli

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")


@pytest.fixture(scope="module")
def days(pipeline: Cli) -> Cli:
    records = [
        {"timestamp": f"{day}T10:00:0{n}Z", "level": "info", "msg": f"{day} {n}"}
        for day in DAYS
        for n in range(4)
    ]
    pipeline.run("send", "--app", "days", "--wait", stdin=json.dumps(records))
    return pipeline


COUNT = "SELECT day, count(*) AS n FROM logs WHERE appid = 'days' GROUP BY day ORDER BY day"
EXPECTED = [{"day": "01", "n": 4}, {"day": "02", "n": 4}, {"day": "03", "n": 4}]


def test_rows_as_json_csv_and_table_and_the_bill_on_stderr(days):
    result = days.run("athena", "query", COUNT, "-o", "json")
    assert result.json == EXPECTED
    assert "scanned in" in result.err
    assert "about $" in result.err
    rows = list(csv.reader(io.StringIO(days.run("athena", "query", COUNT, "-o", "csv").out)))
    assert rows == [["day", "n"], ["01", "4"], ["02", "4"], ["03", "4"]]
    table = days.run("athena", "query", COUNT).out.splitlines()
    assert table[0].split() == ["day", "n"]
    assert table[-1].split() == ["03", "4"]


def test_sql_from_stdin_and_file(days, tmp_path):
    assert days.run("athena", "query", "-", "-o", "json", stdin=COUNT).json == EXPECTED
    assert days.run("athena", "query", "-o", "json", stdin=COUNT + ";\n").json == EXPECTED
    file = tmp_path / "q.sql"
    file.write_text(COUNT)
    assert days.run("athena", "query", "--file", str(file), "-o", "json").json == EXPECTED


def test_no_rows(days):
    nothing = "SELECT * FROM logs WHERE appid = 'nobody'"
    assert days.run("athena", "query", nothing, "-o", "json").json == []
    assert "No rows" in days.run("athena", "query", nothing).err


@pytest.mark.parametrize(
    "arguments",
    [
        ["SELEC 1"],
        ["SELECT list_sum(1)"],
        ["SELECT nothing FROM logs"],
        ["SELECT list_sum(1)"],
        [" ; "],
        ["--file", "/missing.sql"],
        ["x", "--file", "y"],
    ],
)
def test_bad_sql_is_one_sentence(days, arguments):
    result = days.run("athena", "query", *arguments, code=2)
    assert result.err.startswith("logctl: ")
    assert result.out == ""
