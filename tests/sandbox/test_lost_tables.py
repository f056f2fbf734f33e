"""Tables and views of the pipeline that a statement dropped or changed: asked before, seen after, brought back."""

from __future__ import annotations

import json

import pytest

from tests.helpers.sandbox import Cli

APP = "losing"
COUNT = f"SELECT count(*) AS n FROM logs WHERE appid = '{APP}'"


@pytest.fixture(scope="module")
def sent(pipeline: Cli) -> Cli:
    records = [{"timestamp": f"2026-04-01T10:00:0{n}Z", "level": "info", "msg": f"{n}"} for n in range(5)]
    pipeline.run("send", "--app", APP, "--wait", stdin=json.dumps(records))
    return pipeline


def counted(cli: Cli) -> str:
    return cli.run("athena", "query", COUNT, "-o", "csv").out.splitlines()[-1]


def part(cli: Cli, name: str) -> dict[str, object]:
    found = cli.run("status", "-o", "json", code=None).json
    return {key: value for key, value in found["parts"][name].items() if key != "seen"}


def verdict(cli: Cli) -> str:
    rows = cli.run("doctor", "-o", "json", code=None).json
    return next(row["verdict"] for row in rows if row["check"] == "tables")


def test_what_changes_the_pipeline_is_not_run_where_nobody_can_be_asked(sent):
    for sql in (
        "drop table logs_raw",
        "/* a */ DROP VIEW `logs`",
        "EXPLAIN ANALYZE INSERT INTO logs_raw SELECT 1",
    ):
        refused = sent.run("athena", "query", sql, code=2)
        assert "the pipeline's own" in refused.err
        assert "--yes" in refused.err
    assert counted(sent) == "5"
    assert part(sent, "tables") == {"state": "ok", "missing": [], "changed": []}
    assert verdict(sent) == "ok"


def test_a_table_that_was_dropped_is_seen_and_repaired(sent):
    sent.run("athena", "query", "drop table logs_raw", "--yes")
    assert part(sent, "tables") == {"state": "attention", "missing": ["logs_raw"], "changed": []}
    assert verdict(sent) == "failed"
    told = sent.run("athena", "query", COUNT, code=2)
    assert "logctl athena repair" in told.err
    assert "logctl athena repair" in sent.run("athena", "partitions", code=3).err
    dry = sent.run("athena", "repair", "--dry-run", code=1)
    assert "logs_raw is missing" in dry.err
    done = sent.run("athena", "repair")
    assert "created again: logs_raw" in done.err
    assert counted(sent) == "5"
    assert verdict(sent) == "ok"


def test_views_that_were_changed_and_dropped_are_brought_back_by_provision(sent):
    sent.run("athena", "query", "CREATE OR REPLACE VIEW logs AS SELECT 1 AS a", "--yes")
    sent.run("athena", "query", "DROP VIEW logs_unique", "--yes")
    assert part(sent, "tables") == {"state": "attention", "missing": ["logs_unique"], "changed": ["logs"]}
    plan = sent.run("provision", "--plan", "--detailed-exitcode", code=2)
    assert "logs_unique is missing, logs was changed" in plan.err
    assert "logs, logs_unique" in sent.run("provision", "--yes").err
    assert counted(sent) == "5"
    assert "up to date" in sent.run("provision", "--yes").err


def test_the_whole_database_is_brought_back(sent):
    database = sent.deployment.names.database
    sent.run("athena", "query", f"DROP DATABASE {database} CASCADE", "--yes")
    assert part(sent, "tables")["missing"] == ["logs_raw", "logs_compacted", "logs", "logs_unique"]
    sent.run("athena", "repair")
    assert counted(sent) == "5"
