"""`logctl send --dry-run`: what would be stored, without sending, without AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from logctl.cli.context import Context
from logctl.cli.reading_options import reading_choice
from logctl.ops.send.input_messages import Inputs
from tests.helpers.commands import told

LINE = "2026-11-27 08:15:00,250 ERROR order 17 failed\n"


def rows(done) -> list[dict]:
    assert done.returncode == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_json_has_the_members_of_tail_and_nothing_else_on_stdout(logctl, tmp_path):
    (tmp_path / "a.log").write_text(LINE + "  at checkout\n" + LINE.replace("ERROR", "INFO"))
    first, second = rows(logctl("send", "--dry-run", "a.log", "-o", "json", "--app", "checkout"))
    assert list(first) == ["ts", "appid", "level", "message", "event_id", "flags"]
    assert (first["ts"], first["appid"], first["level"]) == ("2026-11-27T08:15:00.250Z", "checkout", "ERROR")
    assert (second["level"], first["flags"]) == ("INFO", ["late"])
    assert first["message"].endswith("order 17 failed\n  at checkout")


def test_the_ids_are_those_of_the_real_thing(tmp_path, logctl):
    (tmp_path / "a.log").write_text(LINE * 3)
    shown = rows(logctl("send", "--dry-run", "a.log", "-o", "json", "--app", "checkout"))
    sent = list(Inputs([str(tmp_path / "a.log")], "checkout", "").records())
    assert [row["event_id"] for row in shown] == [record.event_id for record in sent]


ZONES = [
    ("Asia/Kolkata", {"LOGCTL_TIMEZONE": "+01:00"}, True, "Asia/Kolkata (from --timezone)"),
    (None, {"LOGCTL_TIMEZONE": "+01:00"}, True, "+01:00 (from LOGCTL_TIMEZONE)"),
    (None, {}, True, "Pacific/Chatham (from logctl.toml)"),
    (None, {}, False, "America/New_York (from TZ)"),
]


@pytest.mark.parametrize(("option", "variable", "in_file", "zone"), ZONES)
def test_the_zone_is_chosen_by_option_variable_file_or_tz(
    tmp_path, monkeypatch, option, variable, in_file, zone
):
    if in_file:
        (tmp_path / "logctl.toml").write_text('timezone = "Pacific/Chatham"\n')
    monkeypatch.chdir(tmp_path)
    context = Context(environ={"TZ": "America/New_York", **variable})
    assert str(reading_choice(context, option, "auto").zone) == zone


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ["a.log", "--timezone", "Berlin"],
            "'Berlin' is not a time zone; write a name like Europe/Berlin, or +01:00",
        ),
        (["a.log", "--format", "jsn"], "There is no format 'jsn'."),
        (["a.log", "-f"], "--dry-run reads what a file holds now."),
        (["--sample", "5"], "it takes no file and no --dry-run"),
        (["missing.log"], "missing.log does not exist."),
    ],
)
def test_what_cannot_be_done_is_one_sentence(logctl, tmp_path, args, words):
    (tmp_path / "a.log").write_text(LINE)
    done = logctl("send", "--dry-run", *args)
    assert words in told(done)
    assert done.returncode == 2


def test_an_output_format_is_for_a_dry_run(logctl, tmp_path):
    (tmp_path / "a.log").write_text(LINE)
    done = logctl("send", "a.log", "-o", "text", "--app", "x")
    assert (told(done), done.returncode) == ("logctl: --output needs --dry-run.", 2)


def test_a_near_name_of_a_format_is_suggested(logctl, tmp_path):
    (tmp_path / "a.log").write_text(LINE)
    assert "Did you mean 'json'" in logctl("send", "--dry-run", "a.log", "--format", "jsn").err


def test_without_app_a_placeholder_is_named(logctl, tmp_path):
    (tmp_path / "a.log").write_text(LINE)
    (tmp_path / "b.ndjson").write_text('{"appid": "web", "message": "hello"}\n')
    done = logctl("send", "--dry-run", "a.log", "b.ndjson", "-o", "json")
    assert [row["appid"] for row in rows(done)] == ["app", "web"]
    assert "1 record without an app: shown as 'app'. Choose with --app." in done.err


def test_secrets_are_removed_as_the_setting_says(logctl, tmp_path):
    (tmp_path / "a.log").write_text("2026-11-27 08:15:00 INFO password=hunter2\n")
    assert "hunter2" in logctl("send", "--dry-run", "a.log").out
    assert "hunter2" not in logctl("send", "--dry-run", "a.log", LOGCTL_REDACT="all").out


def test_what_would_be_rejected_ends_it_as_it_ends_sending(logctl, tmp_path):
    (tmp_path / "bad.ndjson").write_text('{"message": "fine"}\n{"message": "x", "appid": "Not/An/App"}\n')
    done = logctl("send", "--dry-run", "bad.ndjson", "-o", "json")
    assert done.returncode == 2
    assert json.loads(done.out)["message"] == "fine"
    assert "bad.ndjson, line 2: appid:" in done.err
    assert logctl("send", "--dry-run", "bad.ndjson", "--continue-on-error").returncode == 5


def test_standard_input_is_read(logctl):
    done = logctl("send", "--dry-run", "-o", "json", stdin=LINE)
    assert rows(done)[0]["level"] == "ERROR"


def test_head_ends_it_without_a_traceback(tmp_path):
    (tmp_path / "a.log").write_text(LINE * 20_000)
    done = subprocess.run(
        f"{sys.executable} -m logctl send --dry-run a.log | head -1",
        shell=True, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    assert done.stdout.count("\n") == 1
    assert (done.returncode, done.stderr) == (0, "")


def test_a_stream_is_shown_while_it_pauses(tmp_path):
    command = [sys.executable, "-m", "logctl", "send", "--dry-run", "-"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "TZ": "UTC"},
    ) as process:  # fmt: skip
        assert process.stdin and process.stdout
        process.stdin.write((LINE * 2).encode())
        process.stdin.flush()
        assert b"order 17" in process.stdout.readline()
        process.stdin.close()
        assert b"order 17" in process.stdout.readline()
        assert process.wait(30) == 0


def test_control_characters_of_a_log_reach_no_terminal(logctl, tmp_path):
    (tmp_path / "a.log").write_text("2026-11-27 08:15:00 INFO \x1b]0;owned\x07 \u202e\n")
    for form in ("text", "json", "raw"):
        done = logctl("send", "--dry-run", "a.log", "-o", form)
        assert not {"\x1b", "\x07", "\u202e"} & set(done.out)
