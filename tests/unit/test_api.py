"""The API's handler on moto: what each route answers, to whom, and what it refuses."""

from __future__ import annotations

import base64
import json
import os
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from logctl.core.fingerprint import fingerprint
from logctl.core.hot_rows import HotRow, make_hot_rows, to_item
from logctl.core.records import Record
from logctl.core.rows import row_of
from logctl.core.silence import Silence
from logctl.core.times import HOUR, MINUTE, TimeRange, iso
from logctl.pipeline.api import Api
from logctl.pipeline.http import cursors, openapi
from logctl.pipeline.http.answers import Answers
from logctl.pipeline.http.http_errors import BadRequest
from logctl.pipeline.http.page import PublicPages
from logctl.pipeline.http.routes import ROUTES, ApiRoute
from logctl.pipeline.http.schemas import PARAMETERS
from logctl.pipeline.stores.hot_follower import Mark
from logctl.pipeline.stores.silences import SilenceStore
from tests.helpers.api import Site, send, token
from tests.helpers.messages import break_, event, sqs
from tests.helpers.pipeline import NOON
from tests.helpers.read_units import units_read
from tests.helpers.stored import without_records

EXAMPLES = 1_000 if os.environ.get("LOGCTL_SOAK") else 100


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


def test_session_and_apps_show_what_one_may_read(site):
    send(site, app="checkout", name="1")
    send(site, app="web-1", name="2", ts=NOON - MINUTE)
    send(site, app="billing", name="3")
    assert site.get("/session") == {
        "user": "anna",
        "apps": ["checkout", "web-*"],
        "expires_at": iso(NOON + 600_000),
    }
    assert site.get("/apps") == {
        "apps": [
            {"appid": "checkout", "newest_at": iso(NOON + 4), "lag_ms": 0},
            {"appid": "web-1", "newest_at": iso(NOON - MINUTE + 4), "lag_ms": MINUTE - 4},
        ]
    }


def test_logs_are_paged_newest_first_and_bound_to_the_question(site):
    send(site, count=25)
    first = site.get("/logs", limit=10)
    messages = [record["message"] for record in first["records"]]
    assert messages == [f"hello {n}" for n in range(24, 14, -1)]
    assert first["covers_since"] == iso(NOON - 48 * HOUR)
    send(site, count=3, name="m2", message="new", ts=NOON + 100)
    second = site.get("/logs", limit=10, cursor=first["next"])
    third = site.get("/logs", limit=10, cursor=second["next"])
    rest = [record["message"] for page in (second, third) for record in page["records"]]
    assert messages + rest == [f"hello {n}" for n in range(24, -1, -1)]
    assert (third["next"], second["live"], second["since"]) == (None, None, first["since"])
    assert (
        "belongs to another query" in site.get("/logs", 400, limit=10, cursor=first["next"], q="x")["error"]
    )


def test_records_that_are_only_in_s3_are_read_there_and_counted_when_they_are_gone(site):
    send(site, count=25)
    send(site, count=3, level="ERROR", name="m2")
    whole = [site.get("/logs", limit=20), site.get("/logs", q="hello 7"), site.get("/counts", buckets=200)]
    without_records(site.pipeline)
    again = [site.get("/logs", limit=20), site.get("/logs", q="hello 7"), site.get("/counts", buckets=200)]
    assert [answer.get("records") for answer in again] == [answer.get("records") for answer in whole]
    assert again[2]["buckets"] == whole[2]["buckets"]
    assert whole[0]["gone"] == again[0]["gone"] == {"records": 0, "messages": 0}
    site = replace(site, api=Api(site.pipeline.aws, site.config, clock=site.pipeline.clock))
    for key in site.pipeline.keys("logs/"):
        site.pipeline.aws.s3.delete_object(Bucket=site.config.bucket, Key=key)
    page = site.get("/logs", limit=20)
    assert (page["records"], page["gone"]) == ([], {"records": 28, "messages": 2})
    assert site.get("/logs", level="ERROR")["gone"] == {"records": 3, "messages": 1}
    live = site.get("/logs/live", cursor=page["live"])
    assert (live["records"], live["gone"]) == ([], {"records": 0, "messages": 0})


def test_live_gives_what_arrived_since_the_page_once(site):
    send(site, count=2)
    page = site.get("/logs")
    empty = site.get("/logs/live", cursor=page["live"])
    assert empty["records"] == []
    site.pipeline.clock.advance(2_000)
    send(site, count=3, name="m2", message="new")
    send(site, count=3, name="m3", message="old", ts=NOON - 2 * HOUR)
    live = site.get("/logs/live", cursor=empty["live"])
    assert [record["message"] for record in live["records"]] == [f"old {n}" for n in range(3)] + [
        f"new {n}" for n in range(3)
    ]
    assert site.get("/logs/live", cursor=live["live"])["records"] == []


def test_a_live_cursor_is_good_for_an_hour(site):
    page = site.get("/logs")
    site.pipeline.clock.advance(59 * MINUTE)
    send(site, count=1, name="m2", ts=NOON + 59 * MINUTE)
    assert len(site.get("/logs/live", cursor=page["live"])["records"]) == 1
    site.pipeline.clock.advance(2 * MINUTE)
    assert "too old" in site.get("/logs/live", 400, cursor=page["live"])["error"]
    assert "missing" in site.get("/logs/live", 400)["error"]


def test_filters(site):
    send(site, count=3, level="ERROR", message="Payment timed out")
    send(site, count=2, level="INFO", message="fine (.*)", name="m2")
    assert len(site.get("/logs", level="warn")["records"]) == 3
    assert len(site.get("/logs", q="PAYMENT")["records"]) == 3
    assert len(site.get("/logs", q="(.*)")["records"]) == 2  # text, not a regular expression
    assert len(site.get("/logs", q="(a+)+$")["records"]) == 0
    assert len(site.get("/logs", app="web-*")["records"]) == 0
    assert site.get("/counts", q="fine")["total"] == 2


def test_counts_by_level_over_time(site):
    send(site, count=4, ts=NOON - 2 * MINUTE)
    send(site, count=2, level="ERROR", name="m2", ts=NOON - MINUTE)
    counts = site.get("/counts", since="5m", buckets=10)
    assert counts["step_ms"] == 60_000
    shown = {bucket["at"]: bucket["counts"] for bucket in counts["buckets"] if bucket["counts"]}
    assert shown == {iso(NOON - 2 * MINUTE): {"INFO": 4}, iso(NOON - MINUTE): {"ERROR": 2}}
    assert (counts["total"], counts["complete"], len(counts["buckets"])) == (6, True, 6)


def test_the_last_bucket_can_be_counted_again_alone(site):
    send(site, count=4, ts=NOON - 20 * HOUR)
    send(site, count=2, name="m2", ts=NOON - MINUTE)
    everything = site.get("/counts", since="24h", buckets=80)
    assert everything["step_ms"] == 30 * MINUTE
    last = everything["buckets"][-1]
    send(site, count=5, name="m3", ts=NOON + 1)
    again = site.get("/counts", since=last["at"], step="1800s")
    assert again["buckets"] == [{"at": last["at"], "counts": {"INFO": 5}}]
    assert site.get("/counts", since="24h", buckets=80)["total"] == 11
    assert "step" in site.get("/counts", 400, since="24h", step="1s")["error"]
    assert "step" in site.get("/counts", 400, since="24h", step="soon")["error"]


@pytest.mark.parametrize(("path", "query", "units"), [
    ("/counts", {"since": "24h", "buckets": 80}, 20),
    ("/counts", {"since": iso(NOON - 30 * MINUTE), "step": "1800s"}, 1),
    ("/logs", {"since": "48h", "limit": 200}, 10),
])  # fmt: skip
def test_what_the_page_reads_of_a_day_of_logs(site, path, query, units):
    """A day with 200,000 records in 400 messages: units by the size of the items that DynamoDB reads."""
    for n in range(400):
        ts = NOON - (400 - n) * 24 * HOUR // 400
        row = day_row("checkout", f"batch-{n:04d}", ts, 500)
        site.pipeline.aws.dynamodb.put_item(
            TableName=site.config.hot_table, Item=to_item(row, arrived=ts, expires_at=NOON // 1000 + 3600)
        )
    answers: list[Any] = []
    read = units_read(
        site.pipeline.aws.dynamodb, lambda: answers.append(site.get(path, app="checkout", **query))
    )
    assert answers[0]["complete"] and answers[0].get("total", 1) > 0
    assert 0 < read <= units


def day_row(app: str, batch: str, ts: int, count: int) -> HotRow:
    """An index entry of a message with a few warnings, in ten minutes."""
    records = [
        Record(
            app, f"{batch}-{n:04d}", ts - 200_000 + n * 400, "WARN" if n % 100 == 0 else "INFO", f"{n} " * 20
        )
        for n in range(count)
    ]
    newest = make_hot_rows(app, batch, [row_of(record) for record in records])[-1]
    assert not newest.whole
    return newest


def test_alerts_and_silences_of_the_apps_one_may_read(site):
    send(site, count=3, level="ERROR")
    send(site, count=2, level="ERROR", app="billing", name="m2")
    silences = SilenceStore(site.pipeline.aws.dynamodb, site.config.alerts_table)
    key = f"checkout#ERROR#{fingerprint('hello 0')}"
    for target in (key, "billing", "web-1"):
        silences.put(Silence(target, NOON + HOUR, NOON, "anna", "<b>deploying</b>"))
    answer = site.get("/alerts")
    (alert,) = answer["alerts"]
    assert (alert["key"], alert["appid"], alert["level"]) == (key, "checkout", "ERROR")
    assert (alert["state"], alert["counted"], alert["reported"], alert["held_back"]) == ("OPEN", 3, 1, 2)
    assert alert["silenced_until"] == iso(NOON + HOUR)
    assert {silence["target"] for silence in answer["silences"]} == {key, "web-1"}


@pytest.mark.proves("F42")
def test_health_names_what_is_wrong(site):
    site = replace(site, groups=("app:*",))
    assert site.get("/health")["status"] == "ok"
    send(site, count=3, level="ERROR")
    site.pipeline.aws.sqs.send_message(QueueUrl=site.config.dead_letter_queue_url, MessageBody="x")
    health = site.get("/health")
    assert (health["status"], health["dead_letter_queue"]) == ("warning", {"waiting": 1})
    assert health["alerts"] == {"open": 1, "held_back": 2, "overdue": 0}
    site.pipeline.clock.advance(25 * MINUTE)
    health = site.get("/health")
    assert (health["status"], health["alerts"]["overdue"]) == ("failing", 1)
    assert any("sweeper" in problem for problem in health["problems"])


def test_health_counts_what_was_set_aside_and_warns_of_it(site):
    site = replace(site, groups=("app:*",))
    assert site.get("/health")["quarantine"] == {"last_24h": 0, "complete": True}
    site.pipeline.consumer.process(event(sqs('{"logctl": 1, "appid": poison', name="m1"), sqs("", name="m2")))
    health = site.get("/health")
    assert (health["status"], health["quarantine"]["last_24h"]) == ("warning", 2)
    (problem,) = health["problems"]
    assert problem.startswith("2 messages could not be read") and "logctl quarantine list" in problem


@pytest.mark.slow
@pytest.mark.proves("B51")
@pytest.mark.parametrize("groups", [("app:checkout",), ("app:checkout", "app:web-*"), ("app:c*",)])
def test_health_tells_nothing_of_others_apps(site, groups):
    mine = replace(site, groups=groups)
    before = mine.get("/health")
    send(site, count=3, level="ERROR", app="billing")
    site.pipeline.aws.sqs.send_message(QueueUrl=site.config.dead_letter_queue_url, MessageBody="x")
    site.pipeline.clock.advance(25 * MINUTE)
    after = mine.get("/health")
    assert (after["queue"], after["dead_letter_queue"], after["status"]) == (None, None, "ok")
    assert {**after, "checked_at": ""} == {**before, "checked_at": ""}
    theirs = replace(site, groups=("app:billing",)).get("/health")
    assert (theirs["status"], theirs["alerts"]["overdue"], theirs["queue"]) == ("failing", 1, None)
    site.pipeline.consumer.process(event(sqs('{"logctl": 1, "appid": poison', group="billing")))
    assert mine.get("/health")["quarantine"] is None
    everybody = replace(site, groups=("app:*",)).get("/health")
    assert everybody["quarantine"] == {"last_24h": 1, "complete": True}
    assert (everybody["dead_letter_queue"], everybody["alerts"]["overdue"]) == ({"waiting": 1}, 1)


def test_answers_fit_lambda_however_long_the_records_are(site):
    for n in range(12):
        send(site, count=1, name=f"m{n}", message=f"{n}" + "é" * 200_000, ts=NOON - n * 1000)
    page = site.get("/logs", limit=500)
    sizes = [len(json.dumps(page))]
    found = page["records"]
    while page["next"]:
        page = site.get("/logs", limit=500, cursor=page["next"])
        sizes.append(len(json.dumps(page)))
        found += page["records"]
    assert len(found) == 12 and len({record["event_id"] for record in found}) == 12
    assert max(sizes) < 5_000_000
    assert len(sizes) > 1


class Stopwatch:
    """The function's time, of which each call to AWS takes as much as it is told."""

    def __init__(self, site: Site, milliseconds: int, *, left: int = 10_000) -> None:
        self.left, self.calls = left, 0

        def before_call(**_: Any) -> None:
            self.left -= milliseconds
            self.calls += 1

        site.pipeline.aws.dynamodb.meta.events.register_last("before-call", before_call)

    def __call__(self) -> int:
        return self.left


def test_a_page_says_when_its_time_was_over_and_the_next_goes_on(site):
    for n in range(6):
        send(site, count=2, name=f"m{n}", ts=NOON - n * MINUTE)
    times = iter([10_000] * 6)
    answer = site.api.answer(site.event("GET /logs"), remaining=lambda: next(times, 6_400))
    page = json.loads(answer["body"])
    assert (answer["statusCode"], page["complete"]) == (200, False)
    assert page["next"] and page["live"]
    rest = site.get("/logs", cursor=page["next"])
    found = [record["event_id"] for record in page["records"] + rest["records"]]
    assert len(found) == len(set(found)) == 12


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/apps", "/logs", "/counts", "/alerts", "/health"])
@pytest.mark.parametrize("slow", [300, 3_000])
def test_no_answer_takes_the_functions_time_however_slow_the_stores_are(site, path, slow):
    """With a tenth of the time left at the least: that is for the answer, and a call that hangs once more."""
    for n in range(6):
        send(site, app=f"web-{n}", count=1, name=f"m{n}", level="ERROR", ts=NOON - n * MINUTE)
    watch = Stopwatch(site, slow)
    answer = site.api.answer(site.event(f"GET {path}"), remaining=watch)
    assert answer["statusCode"] in (200, 504)
    assert watch.left >= 6_000 - slow
    if answer["statusCode"] == 504:
        assert "longer than one request may" in json.loads(answer["body"])["error"]


def test_a_request_reads_no_more_than_its_share_of_memory(site, monkeypatch):
    monkeypatch.setattr("logctl.pipeline.http.budget.MOST_PLAIN", 2_000)
    for n in range(20):
        send(site, count=5, name=f"m{n}", ts=NOON - n * MINUTE)
    page, found, pages = site.get("/logs", limit=500, since="1h"), [], 1
    while page["next"]:
        assert page["complete"] is False and len(page["records"]) < 50
        found += page["records"]
        page, pages = site.get("/logs", limit=500, cursor=page["next"]), pages + 1
    assert len({record["event_id"] for record in found + page["records"]}) == 100
    assert pages > 3
    assert site.get("/counts", since="1h", q="hello")["complete"] is False


def test_live_takes_what_has_piled_up_in_parts_and_leaves_nothing_out(site, monkeypatch):
    monkeypatch.setattr("logctl.pipeline.http.answers.MOST_LIVE_CHUNKS", 3)
    page = site.get("/logs")
    for n in range(10):
        site.pipeline.clock.advance(2_000)
        send(site, app=f"web-{n % 3}", count=2, name=f"m{n}", ts=NOON + n)
    site.pipeline.clock.advance(10 * MINUTE)
    found, live, polls = [], page["live"], 0
    while polls < 5:
        answer = site.get("/logs/live", cursor=live)
        found += [record["event_id"] for record in answer["records"]]
        live, polls = answer["live"], polls + 1
    assert len(found) == len(set(found)) == 20


# ── Refusing ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
@pytest.mark.proves("B48")
@pytest.mark.parametrize(
    ("path", "query", "word"),
    [
        ("/logs", {"limit": "0"}, "limit"),
        ("/logs", {"limit": "-1"}, "limit"),
        ("/logs", {"limit": "501"}, "limit"),
        ("/logs", {"limit": "1e9"}, "limit"),
        ("/logs", {"limit": "abc"}, "limit"),
        ("/logs", {"limit": "٣"}, "limit"),
        ("/logs", {"limit": "1,2"}, "limit"),
        ("/logs", {"limit": ""}, "limit"),
        ("/logs", {"since": "2300-01-01"}, "since"),
        ("/logs", {"until": "2300-01-01", "since": "2299-12-31"}, "since"),
        ("/logs", {"since": "99999999999999"}, "since"),
        ("/logs", {"since": "0000-01-01"}, "since"),
        ("/logs", {"since": "9" * 5_000 + "d"}, "since"),
        ("/logs", {"since": "2026-01-31T08:00:00+99:99"}, "since"),
        ("/logs", {"since": "yesterdayish"}, "since"),
        ("/logs", {"since": ""}, "since"),
        ("/logs", {"since": "5m", "until": "10m"}, "ends"),
        ("/logs", {"since": "3650d"}, "longer"),
        ("/logs", {"since": "99999999999999999999d"}, "since"),
        ("/logs", {"since": "9" * 30}, "since"),
        ("/logs", {"since": "0001-01-01"}, "since"),
        ("/logs", {"level": "loud"}, "level"),
        ("/logs", {"level": "3"}, "level"),
        ("/logs", {"app": "../x"}, "app"),
        ("/logs", {"app": "A"}, "app"),
        ("/logs", {"app": "x' OR '1'='1"}, "app"),
        ("/logs", {"app": "[a-z]*"}, "app"),
        ("/logs", {"app": ""}, "app"),
        ("/logs", {"app": ",".join(["a"] * 21)}, "20"),
        ("/logs", {"q": "x" * 201}, "200"),
        ("/logs", {"cursor": "x"}, "cursor"),
        ("/logs", {"cursor": ""}, "cursor"),
        ("/logs", {"cursor": "x" * 8001}, "cursor"),
        ("/logs/live", {"cursor": "bnVsbA"}, "cursor"),
        ("/counts", {"buckets": "100000"}, "buckets"),
        ("/apps", {"app": "a"}, "parameter"),
        ("/session", {"__proto__": "a"}, "parameter"),
    ],
)
def test_bad_parameters_are_named(site, path, query, word):
    answer = site.get(path, 400, **query)
    assert word in answer["error"]


@pytest.mark.proves("B48")
@pytest.mark.parametrize("given", [["app"], "app=x", {"app": None}, {"app": ["x"]}, {"limit": 5}, {1: "x"}])
def test_parameters_that_are_no_text_are_refused(site, given):
    answer = site.api.answer({**site.event("GET /logs"), "queryStringParameters": given})
    assert (answer["statusCode"], "cannot be read" in answer["body"]) == (400, True)


@pytest.mark.proves("B51")
def test_an_app_of_others_is_refused_whether_it_is_there_or_not(site):
    send(site, app="billing")
    there = site.get("/logs", 403, app="billing")
    absent = site.get("/logs", 403, app="no-such-app")
    assert there["error"].replace("billing", "X") == absent["error"].replace("no-such-app", "X")
    assert site.get("/logs", 403, app="b*")["error"] == "You may not read b*."
    assert {record["appid"] for record in site.get("/logs", app="*")["records"]} <= {"checkout"}
    for path in ("/logs", "/counts"):
        assert site.get(path, 403, app="checkout,billing")["error"] == "You may not read billing."


@pytest.mark.proves("B51")
@pytest.mark.parametrize("groups", [(), ("admins",), ("app:",), ("app:[a-z]*", "APP:checkout")])
def test_who_may_read_nothing_is_told_so_and_gets_no_empty_answer(site, groups):
    send(site, app="billing")
    cursor = replace(site, groups=("app:*",)).get("/logs")["live"]
    nobody = replace(site, groups=groups)
    assert nobody.get("/session")["apps"] == []
    questions = [("/apps", {}), ("/logs", {}), ("/counts", {}), ("/alerts", {}), ("/health", {})]
    for path, query in [*questions, ("/logs", {"app": "*"}), ("/logs/live", {"cursor": cursor})]:
        answer = nobody.get(path, 403, **query)
        assert answer["error"] == "You may read no app."
        assert "group" in answer["hint"]


@pytest.mark.proves("B48")
def test_a_cursor_of_somebody_else_opens_nothing(site):
    send(site, app="billing", count=5)
    send(site, app="checkout", count=5, name="2")
    theirs = replace(site, groups=("app:*",))
    page = theirs.get("/logs", limit=3)
    mine = site.get("/logs", limit=500, cursor=page["next"])
    assert {record["appid"] for record in mine["records"]} <= {"checkout"}
    assert site.get("/logs/live", cursor=page["live"])["records"] == []
    assert site.get("/logs", 403, app="billing", cursor=page["next"])


@pytest.mark.slow
@pytest.mark.proves("B49")
@pytest.mark.parametrize(
    "change",
    [
        {"requestContext": {}},
        {"requestContext": {"authorizer": None}},
        {"requestContext": {"authorizer": {"jwt": {}}}},
        {"requestContext": {"authorizer": {"lambda": {"claims": {"sub": "42"}}}}},
        {"headers": {}},
        {"headers": {"authorization": "Bearer nonsense"}},
        {"headers": {"authorization": "Bearer a.b.c"}},
        {"headers": {"authorization": f"Bearer a.{'W1tb' * 5000}.c"}},
        {"headers": {"authorization": f"Bearer {token({'sub': '43', 'cognito:groups': ['app:*']})}"}},
        {"headers": {"authorization": f"Bearer {token([1])}"}},
        {"headers": None},
        {"headers": ["authorization"]},
        {"headers": {"authorization": ["Bearer a.b.c"]}},
        {"requestContext": []},
        {"requestContext": {"authorizer": [1]}},
        {"requestContext": {"authorizer": {"jwt": {"claims": ["sub"]}}}},
        {"requestContext": {"authorizer": {"jwt": {"claims": "sub"}}}},
    ],
)
def test_without_the_authorizers_word_there_is_no_answer(site, change):
    send(site)
    answer = site.api.answer({**site.event("GET /logs"), **change})
    assert answer["statusCode"] == 401
    assert "hello" not in answer["body"]


@pytest.mark.slow
@pytest.mark.proves("B49")
@pytest.mark.parametrize(
    "changes",
    [
        {"sub": "43"},
        {"cognito:groups": ["app:*"]},
        {"cognito:groups": ["app:checkout", "app:web-*", "app:*"]},
        {"scope": "logctl/app:*"},
        {"scp": ["logctl/app:*"]},
        {"exp": NOON // 1000 + 9_999},
        {"iss": None},
        {"aud": ["web"]},
    ],
)
@pytest.mark.parametrize("how", ["Bearer {forged}", "Bearer {good}, Bearer {forged}", "{good},{forged}"])
def test_a_token_that_was_not_checked_counts_for_nothing(site, changes, how):
    """What API Gateway has checked is one token, and what stands in the header must be that one."""
    send(site, app="billing")
    good = site.claims()
    headers = {"authorization": how.format(good=token(good), forged=token({**good, **changes}))}
    answer = site.api.answer({**site.event("GET /logs"), "headers": headers})
    assert (answer["statusCode"], "hello" in answer["body"]) == (401, False)
    assert site.get("/session")["apps"] == ["checkout", "web-*"]


@pytest.mark.slow
@pytest.mark.proves("B49")
@pytest.mark.parametrize(
    "odd",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        "9" * 5_000,
        "9" * 400,
        "true",
        "null",
        "[]",
        "{}",
        '"soon"',
        "-1",
    ],
)
@pytest.mark.parametrize("name", ["exp", "iat", "nbf", "aud", "client_id", "iss", "token_use", "sub"])
def test_a_malformed_claim_is_401_and_never_500(site, name, odd):
    body = json.dumps({**site.claims(), name: "ODD"}).replace('"ODD"', odd)
    part = base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")
    event = site.event("GET /session")
    vouched = event["requestContext"]["authorizer"]["jwt"]["claims"]
    with suppress(ValueError):
        vouched[name] = str(json.loads(odd))
    answer = site.api.answer({**event, "headers": {"authorization": f"Bearer a.{part}.c"}})
    # A sub that is no text names nobody, and takes nothing away.
    assert answer["statusCode"] == 401 or name == "sub", answer["body"]
    assert answer["statusCode"] < 500


@pytest.mark.proves("B49")
@pytest.mark.parametrize("changes", [{"exp": 1}, {"token_use": "id"}, {"client_id": "other"}, {"iss": "x"}])
def test_claims_are_checked_again(site, changes, monkeypatch):
    monkeypatch.setattr(Site, "claims", lambda self, made=Site.claims: made(self, **changes))
    refused = site.get("/session", 401)
    assert "is not accepted" in refused["error"]
    assert refused["hint"] == "Sign in again."


@pytest.mark.parametrize("context", [{"requestId": "r-7"}, {}])
def test_a_bug_is_told_with_the_request_that_the_log_has_more_about(site, monkeypatch, context):
    event = site.event("GET /session")
    event["requestContext"] = {
        **{name: value for name, value in event["requestContext"].items() if name != "requestId"},
        **context,
    }
    monkeypatch.setattr(site.api, "_route", lambda event: 1 / 0)
    assert json.loads(site.api.answer(event)["body"]) == {
        "error": "Something went wrong in the API.",
        "hint": f"The API's log says more under {context.get('requestId', 'no id')}.",
    }


def test_what_goes_wrong_inside_is_not_told(site, capsys):
    break_(site.pipeline.aws.dynamodb, "Query")
    assert site.get("/apps", 503) == {
        "error": "The stores do not answer.",
        "hint": "Try again in a moment.",
    }
    answer = site.api.answer(site.event("GET /apps"))
    assert int(answer["headers"]["retry-after"]) > 0
    broken = replace(site, api=Api(site.pipeline.aws, site.config, clock=site.pipeline.clock))
    broken.api._answers._ages = lambda request: 1 / 0  # type: ignore[method-assign, assignment]
    answer = broken.get("/apps", 500)
    assert "division" not in json.dumps(answer) and "r-1" in answer["hint"]
    assert '"event": "api_bug"' in capsys.readouterr().err


# ── Cursors ─────────────────────────────────────────────────────────────────────────────────────────

MARKS = st.builds(
    Mark,
    st.integers(0, 10**13),
    st.dictionaries(st.binary(min_size=6, max_size=6).map(bytes.hex), st.integers(0, 2**24 - 1), max_size=50),
)


@given(MARKS)
def test_live_cursors_come_back_as_they_were(mark):
    mark = Mark(mark.floor, {chunk: mark.floor + at for chunk, at in mark.known.items()})
    assert cursors.read_live(cursors.write_live(mark, "q"), "q") == mark


@given(st.integers(0, 10**13 - 1), st.text(max_size=30), st.integers(-1, 10**9), st.text(max_size=64))
def test_page_cursors_come_back_as_they_were(ts, order, seq, event_id):
    cursor = cursors.PageCursor(TimeRange(ts, ts + 1), (ts, order, seq, event_id))
    assert cursors.read_page(cursors.write_page(cursor, "q"), "q") == cursor


def test_the_longest_live_cursor_fits_a_url():
    known = {n.to_bytes(6, "big").hex(): NOON + n for n in range(5_000)}
    text = cursors.write_live(Mark(NOON, known), "q")
    assert len(text) <= 8_000
    back = cursors.read_live(text, "q")
    assert len(back.known) == cursors.MOST_KNOWN
    assert set(back.known.values()) == set(range(NOON + 4_600, NOON + 5_000))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@pytest.mark.proves("B48")
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(max_size=200)
    | JSON.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode())
    | st.lists(JSON, max_size=8).map(
        lambda rest: base64.urlsafe_b64encode(json.dumps(["page", "q", *rest]).encode()).decode()
    )
)
def test_no_text_is_more_than_refused(text):
    for read in (cursors.read_page, cursors.read_live):
        try:
            read(text, "q")
        except BadRequest:
            continue


@pytest.mark.slow
@pytest.mark.proves("B48")
@pytest.mark.parametrize("path", ["/logs", "/logs/live"])
def test_a_cursor_that_was_changed_in_any_byte_is_refused_in_one_sentence(site, path):
    send(site, count=5)
    page = site.get("/logs", limit=2)
    good = page["live" if path == "/logs/live" else "next"]
    assert site.get(path, cursor=good)
    for at in range(len(good)):
        for other in "A", "9", "-", "=", "!", "é", chr(ord(good[at]) ^ 1):
            if other != good[at]:
                answer = site.get(path, 400, cursor=good[:at] + other + good[at + 1 :])
                assert answer["error"] == "The cursor belongs to another query."
    for other in (good[:-1], good + "A", good + "=", good * 2, f" {good}"):
        assert site.get(path, 400, cursor=other)


MOMENTS = st.integers(-(10**20), 10**20) | st.sampled_from([0, NOON, NOON + 1, 10**13, 10**14]) | JSON


@pytest.mark.proves("B48")
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(["page", "live"]), st.lists(MOMENTS, min_size=2, max_size=6))
def test_a_cursor_that_somebody_makes_up_reads_nothing_that_is_not_theirs(site, kind, members):
    """With the right checksum, which is no secret."""
    text = cursors._write([kind, cursors.digest(None, None, None), *members])
    answer = site.api.answer(
        site.event("GET /logs/live" if kind == "live" else "GET /logs", {"cursor": text})
    )
    assert answer["statusCode"] in (200, 400), answer["body"]


ODD = st.text(max_size=40) | st.sampled_from(
    [
        "0",
        "-1",
        "1e999",
        "9" * 400,
        "2300-01-01",
        "now",
        "²",
        "٣",
        "\x00",
        "\u202e",
        "a" * 9_000,
        "*" * 64,
        "a,,b",
    ]
)


@pytest.mark.proves("B48")
@settings(
    max_examples=3 * EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.sampled_from([route for route in ROUTES if isinstance(route, ApiRoute)]),
    st.dictionaries(
        st.sampled_from(["app", "since", "until", "level", "q", "limit", "cursor", "buckets"]),
        ODD,
        max_size=4,
    ),
)
def test_no_parameter_is_more_than_refused(site, route, query):
    answer = site.api.answer(site.event(route.key, query))
    assert answer["statusCode"] in (200, 400, 403), answer["body"]
    if answer["statusCode"] != 200:
        assert json.loads(answer["body"])["error"].endswith(".")


# ── The page and the document ───────────────────────────────────────────────────────────────────────


@pytest.mark.proves("B42")
def test_the_page_may_run_its_own_scripts_and_ask_for_tokens_only(site):
    answer = site.api.answer({"routeKey": "GET /"})
    policy = answer["headers"]["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "connect-src 'self' https://login.example;" in policy
    assert "unsafe" not in policy and "*" not in policy
    assert answer["headers"]["x-content-type-options"] == "nosniff"
    assert answer["headers"]["cache-control"] == "no-store"
    (config,) = re.findall(r'<meta name="logctl-config" content="([^"]*)"', answer["body"])
    assert json.loads(config.replace("&quot;", '"'))["client_id"] == "web"
    assert "{{config}}" not in answer["body"]


@pytest.mark.proves("B42", "B43")
def test_the_page_has_nothing_inline_and_nothing_of_others(site):
    body = site.api.answer({"routeKey": "GET /"})["body"]
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\son\w+=|\sstyle=", body)
    files = set(re.findall(r'(?:src|href)="([^"#]+)"', body))
    assert files and all(name.startswith("assets/") for name in files)
    for name in files:
        event = {"routeKey": "GET /assets/{file}", "pathParameters": {"file": name.removeprefix("assets/")}}
        assert site.api.answer(event)["statusCode"] == 200


@pytest.mark.parametrize(
    "name", ["../__init__.py", "__init__.py", "", "app.js/..", "/etc/passwd", "%2e%2e", None]
)
def test_only_assets_are_served(site, name):
    answer = site.api.answer({"routeKey": "GET /assets/{file}", "pathParameters": {"file": name}})
    assert answer["statusCode"] == 404


def test_an_issuer_of_ones_own_is_asked_where_to_sign_in(site):
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return b'{"authorization_endpoint": "https://a.example/x", "token_endpoint": "https://t.example/y"}'

    config = replace(site.config, authorize_url="", token_url="", issuer="https://id.example/realm/")
    api = Api(site.pipeline.aws, config, clock=site.pipeline.clock, fetch=fetch)
    answer = api.answer({"routeKey": "GET /"})
    assert asked == ["https://id.example/realm/.well-known/openid-configuration"]
    assert "https://a.example/x" in answer["body"]
    assert "connect-src 'self' https://t.example;" in answer["headers"]["content-security-policy"]


@pytest.mark.parametrize(
    "fetch", [lambda url: b"<html>", lambda url: b"[]", lambda url: b"{}", lambda url: 1 / 0 or b""]
)
def test_an_issuer_that_says_nothing_is_a_sentence(site, fetch):
    def asked(url: str) -> bytes:
        try:
            return fetch(url)
        except ZeroDivisionError:
            raise TimeoutError from None

    config = replace(site.config, authorize_url="", token_url="", issuer="https://id.example/realm/")
    answer = Api(site.pipeline.aws, config, clock=site.pipeline.clock, fetch=asked).answer(
        {"routeKey": "GET /"}
    )
    assert (answer["statusCode"], "identity provider" in answer["body"]) == (503, True)


@pytest.mark.parametrize("part", [Answers, PublicPages])
def test_each_method_that_answers_is_of_one_route(part):
    methods = {name for name, item in vars(part).items() if callable(item) and not name.startswith("_")}
    handlers = [route.handler for route in ROUTES]
    named = [item.__name__ for item in handlers if item.__qualname__ == f"{part.__name__}.{item.__name__}"]
    assert sorted(named) == sorted(methods), "ROUTES in logctl/pipeline/http/routes.py has one row for each"


def test_routes_and_parameters_are_listed_once():
    assert len({route.key for route in ROUTES}) == len(ROUTES)
    taken = {name for route in ROUTES if isinstance(route, ApiRoute) for name in route.parameters}
    assert taken == PARAMETERS.keys()
    for route in ROUTES:
        if isinstance(route, ApiRoute):
            assert set(route.required) <= set(route.parameters), route.key


def test_each_route_that_takes_a_token_is_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "dashboard.md").read_text("utf-8")
    rows = re.findall(r"^\| `([a-z/]+)` \| ", page, re.M)
    assert rows == [route.path[1:] for route in ROUTES if isinstance(route, ApiRoute)]


def test_every_route_is_answered_and_described(site):
    described = openapi.document()["paths"]
    for route in ROUTES:
        answer = site.api.answer({**site.event(route.key), "pathParameters": {"file": "app.js"}})
        required = route.required if isinstance(route, ApiRoute) else ()
        assert answer["statusCode"] == (400 if "cursor" in required else 200), route.key
        assert (route.path in described) == isinstance(route, ApiRoute)
        bare = site.api.answer({"routeKey": route.key, "pathParameters": {"file": "app.js"}})
        assert bare["statusCode"] == (401 if isinstance(route, ApiRoute) else 200)
    assert site.api.answer(site.event("GET /nothing"))["statusCode"] == 404
