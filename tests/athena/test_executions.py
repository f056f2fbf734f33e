"""Stopping a query at moments that a test over HTTP does not reach reliably."""

from __future__ import annotations

import threading
from types import SimpleNamespace

from logctl.local.athena.server import executions
from logctl.local.athena.server.executions import Executions, QueryRequest

ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"


def test_a_stop_that_comes_before_duckdb_has_begun_is_not_forgotten(monkeypatch):
    planning, go_on = threading.Event(), threading.Event()

    def prepared(session):
        planning.set()
        assert go_on.wait(10)
        session.connection.execute(ENDLESS).fetchall()

    monkeypatch.setattr(executions, "prepare", lambda sql, parameters: prepared)
    queries = Executions()
    request = QueryRequest(
        sql="SELECT 1",
        workgroup="primary",
        database="default",
        catalog="AwsDataCatalog",
        output="s3://results",
        scan_limit=None,
        enforced=False,
    )
    place = SimpleNamespace(catalog=None, objects=None)
    execution = queries.start(request, place, None, lambda name: None)
    assert planning.wait(10)
    queries.stop(execution.id)
    go_on.set()
    queries._pool.shutdown(wait=True)
    assert execution.state == "CANCELLED"
