"""Reading back: ranges, filters, several apps, and following without a gap or a repeat."""

from __future__ import annotations

import json
import signal
import subprocess
import time

import pytest

from logctl.core.times import HOUR, iso
from tests.helpers.sandbox import Cli, eventually

HISTORY = 40


def now() -> int:
    return time.time_ns() // 1_000_000


def send(pipeline: Cli, app: str, records: list[dict]) -> None:
    body = "".join(json.dumps(record) + "\n" for record in records)
    pipeline.run("send", "--app", app, "--wait", stdin=body)


@pytest.fixture(scope="module")
def apps(pipeline: Cli) -> Cli:
    start = now() - 6 * HOUR
    levels = ("debug", "info", "warn", "error")
    for app in ("web-eu", "web-us", "batch"):
        records = [
            {"ts": start + n * 500_000, "level": levels[n % 4], "msg": f"{app} number {n}", "user": {"id": n}}
            for n in range(HISTORY)
        ]
        send(pipeline, app, records)
    return pipeline


def messages(result) -> list[str]:
    return [record["message"] for record in result.lines]


def test_a_range_over_several_hours_comes_in_order(apps):
    found = apps.run("tail", "web-eu", "--since", "1d", "-o", "json").lines
    assert [record["message"] for record in found] == [f"web-eu number {n}" for n in range(HISTORY)]
    assert found[3]["fields"] == {"user": {"id": 3}}
    middle = apps.run("tail", "web-eu", "-s", found[10]["ts"], "-u", found[20]["ts"], "-o", "json")
    assert messages(middle) == [f"web-eu number {n}" for n in range(10, 20)]


def test_the_newest_n_are_printed_oldest_first(apps):
    assert messages(apps.run("tail", "batch", "-n", "3", "-o", "json")) == [
        f"batch number {n}" for n in (37, 38, 39)
    ]
    assert apps.run("tail", "batch", "-n", "0").out == ""


def test_globs_and_several_apps_are_merged_by_time(apps):
    both = apps.run("tail", "web-*", "-s", "1d", "-o", "json").lines
    assert {record["appid"] for record in both} == {"web-eu", "web-us"}
    assert len(both) == 2 * HISTORY
    assert [record["ts"] for record in both] == sorted(record["ts"] for record in both)
    assert len(apps.run("tail", "web-eu", "batch", "-s", "1d", "-o", "json").lines) == 2 * HISTORY


def test_filters(apps):
    assert len(apps.run("tail", "batch", "-s", "1d", "-l", "warn", "-o", "json").lines) == HISTORY // 2
    assert messages(apps.run("tail", "batch", "-s", "1d", "-g", "number 1[02]$", "-o", "json")) == []
    assert messages(apps.run("tail", "batch", "-s", "1d", "-g", r"number 1[02]\b", "-o", "json")) == [
        "batch number 10",
        "batch number 12",
    ]
    assert len(apps.run("tail", "batch", "-s", "1d", "-v", "number 1", "-o", "json").lines) == HISTORY - 11
    assert apps.run("tail", "batch", "-n", "2", "-q", "fields.user.id").out.split() == ["38", "39"]


def test_text_has_time_level_app_message_and_fields(apps):
    (line,) = apps.run("tail", "batch", "-n", "1", "--utc").out.splitlines()
    stamp, level, app, rest = line.split(maxsplit=3)
    assert stamp.endswith("Z")
    assert (level, app, rest) == ("ERROR", "batch", 'batch number 39 user={"id": 39}')


def test_no_color_in_a_pipe_unless_asked(apps):
    assert "\x1b" not in apps.run("tail", "batch", "-n", "1").out
    assert "\x1b[31m" in apps.run("tail", "batch", "-n", "1", "--color", "always").out


def test_nothing_found_says_where_it_looked_and_where_to_look(apps):
    result = apps.run("tail", "batch", "-s", "1m")
    assert result.out == ""
    assert "No records from 20" in result.err
    assert "logctl tail batch -n 20" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["BAD"], "cannot name an app"),
        (["batch", "-s", "soon"], "neither a duration"),
        (["batch", "-s", "1h", "-u", "2h"], "before it starts"),
        (["batch", "-l", "loud"], "is not a level"),
        (["batch", "-g", "("], "not a regular expression"),
        (["batch", "-q", "[["], "not a JMESPath"),
        (["batch", "-n", "-1"], "Invalid value for '-n'"),
    ],
)
def test_bad_options_are_one_sentence(apps, arguments, words):
    result = apps.run("tail", *arguments, code=2)
    assert words in result.err
    assert result.out == ""


def test_head_ends_it_without_a_word(apps):
    line = f"{__import__('sys').executable} -m logctl tail 'web-*' -s 1d | head -n 1"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        env=apps.environ,
        cwd=apps.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) == 1


def test_following_shows_history_then_every_record_once(pipeline):
    send(pipeline, "live", [{"ts": now() - 1000 + n, "msg": f"old {n}"} for n in range(5)])
    tail = pipeline.start("tail", "live*", "-f", "-s", "1h", "-o", "json")
    try:
        assert [json.loads(tail.stdout.readline())["message"] for _ in range(5)] == [
            f"old {n}" for n in range(5)
        ]
        for batch in range(3):
            send(pipeline, "live", [{"ts": now() + n, "msg": f"new {batch}-{n}"} for n in range(20)])
        send(pipeline, "live", [{"ts": iso(now() - 3 * HOUR), "msg": "late"}])
        send(pipeline, "live-too", [{"ts": now(), "msg": "another app"}])
        got = [json.loads(tail.stdout.readline())["message"] for _ in range(62)]
        time.sleep(3)
    finally:
        tail.send_signal(signal.SIGINT)
        rest, err = tail.communicate(timeout=20)
    expected = [f"new {batch}-{n}" for batch in range(3) for n in range(20)]
    assert [message for message in got if message.startswith("new")] == expected
    assert sorted(got[-2:]) == ["another app", "late"] or {"late", "another app"} <= set(got)
    assert rest == ""
    assert (tail.returncode, err) == (0, "")


def test_a_slow_stream_is_not_kept_for_a_full_message(pipeline):
    sending = pipeline.start("send", "--app", "stream", pipe=True)

    def seen() -> list[str]:
        return pipeline.run("tail", "stream", "-n", "10", "-o", "raw").out.splitlines()

    for number in range(3):
        sending.stdin.write(f"2026-01-31 08:15:0{number} INFO line {number}\n")
        sending.stdin.flush()
        # The last line may still get a stack trace; the one before it is whole.
        eventually(lambda number=number: len(seen()) == number)
    _, err = sending.communicate(timeout=20)
    assert "3 records of stream accepted in 3 messages" in err
    eventually(lambda: len(seen()) == 3)


def test_following_a_file_into_the_pipeline(pipeline, tmp_path):
    log = tmp_path / "app.log"
    log.write_text("first\n")
    sending = pipeline.start("send", "-f", str(log), "--app", "followed")

    def seen() -> list[str]:
        return pipeline.run("tail", "followed", "-n", "100", "-o", "raw").out.splitlines()

    eventually(lambda: seen() == ["first"])
    with log.open("a") as file:
        file.write("second\nthi")
    eventually(lambda: len(seen()) == 2)
    sending.send_signal(signal.SIGKILL)
    sending.wait()
    log.rename(tmp_path / "app.log.1")
    with (tmp_path / "app.log.1").open("a") as file:
        file.write("rd\n")
    log.write_text("fourth\n")
    again = pipeline.start("send", "-f", str(log), "--app", "followed")
    try:
        eventually(lambda: len(seen()) == 4)
        refused = pipeline.run("send", "-f", str(log), "--app", "followed", code=2)
        assert "Another logctl follows" in refused.err
        time.sleep(1.5)
        assert sorted(seen()) == ["first", "fourth", "second", "third"]
    finally:
        again.send_signal(signal.SIGINT)
        _, err = again.communicate(timeout=20)
    assert again.returncode == 0
    assert "2 records sent" in err
