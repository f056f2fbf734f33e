"""`logctl send --dry-run`: what would be stored, without sending, without AWS."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from logctl.cli.context import CommandContext
from logctl.cli.reading_options import reading_choice
from logctl.ops.send.input_messages import Inputs
from tests.helpers.commands import told
from tests.helpers.prefork import as_from_a_shell
from tests.helpers.terminal import in_a_terminal

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
    context = CommandContext(environ={"TZ": "America/New_York", **variable})
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


STREAM = [sys.executable, "-m", "logctl", "send", "--dry-run", "-"]


def started(command: Any, folder: Path, **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "TZ": "UTC"}, preexec_fn=as_from_a_shell, **options,
    )  # fmt: skip


def test_ctrl_c_ends_a_stream_with_what_was_read_so_far(tmp_path):
    with started(STREAM, tmp_path) as process:
        assert process.stdin and process.stdout and process.stderr
        process.stdin.write((LINE * 2).encode())
        process.stdin.flush()
        assert b"order 17" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
        told = process.stderr.read().decode()
        assert re.fullmatch(
            r"[12] records?: time level message 100 %; times .* as UTC \(from TZ\).*\.", told.split("\n")[0]
        )
        assert "Fatal" not in told and "Traceback" not in told


def test_a_stream_that_goes_on_ends_when_nobody_reads_the_output(tmp_path):
    with started(
        f"{' '.join(STREAM)} | head -1; exit ${{PIPESTATUS[0]}}", tmp_path, shell=True, executable="/bin/bash"
    ) as process:
        assert process.stdin and process.stdout and process.stderr
        # It notices at its next line, however long it takes to start.
        deadline = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < deadline:
            process.stdin.write((LINE * 2).encode())
            with contextlib.suppress(BrokenPipeError):
                process.stdin.flush()
            time.sleep(0.1)
        assert process.poll() == 0
        assert process.stderr.read() == b""


def test_a_stream_is_shown_while_it_pauses(tmp_path):
    with started(STREAM, tmp_path) as process:
        assert process.stdin and process.stdout
        process.stdin.write((LINE * 2).encode())
        process.stdin.flush()
        assert b"order 17" in process.stdout.readline()
        process.stdin.close()
        assert b"order 17" in process.stdout.readline()
        assert process.wait(120) == 0


def test_control_characters_of_a_log_reach_no_terminal(tmp_path):
    (tmp_path / "a.log").write_text("2026-11-27 08:15:00 INFO \x1b]0;owned\x07 \u202e\n")
    for form in ("text", "json", "raw"):
        command = f"{sys.executable} -m logctl send --dry-run a.log -o {form} 2> /dev/null"
        code, shown = in_a_terminal(command, environ={**os.environ, "NO_COLOR": "1"}, cwd=tmp_path)
        assert code == 0
        assert "\\u202e" in shown
        assert not {"\x1b", "\x07", "\u202e"} & set(shown)


LINES = (
    "2026-11-27 08:15:00,250 [main] ERROR shop.cart - order 17 failed\n"
    "Traceback (most recent call last):\n"
    '  File "a.py", line 3, in f\n'
    "ValueError: \x1b[31mred\x1b[0m \u202e\n"
    '{"time": "2026-11-27T08:15:01Z",  "level":"warn", "msg":"caf\\u00e9", "n": 1.50}\n'
    "2026-11-27T08:15:02.123456789Z stdout F {\"level\":30,\"time\":1795767302000,\"msg\":\"hi\"}\n"
    "   no head at all\t\n"
    "Nov 27 08:15:03 web-1 sshd[17]: Accepted publickey for anna\n"
)  # fmt: skip


def test_raw_is_the_file_again_to_the_byte(logctl, tmp_path):
    (tmp_path / "a.log").write_bytes(LINES.encode())
    done = logctl("send", "--dry-run", "a.log", "-o", "raw")
    assert (done.returncode, done.stdout.decode()) == (0, LINES)


def test_text_shows_time_level_and_app_once_and_no_more_of_a_request_than_once(logctl, tmp_path):
    (tmp_path / "a.log").write_text(
        LINES.partition("\n")[0] + "\n"
        '10.0.0.7 - - [27/Nov/2026:08:15:04 +0000] "GET /cart HTTP/1.1" 200 512 "-" "curl/8.5"\n'
    )
    first, second = logctl("send", "--dry-run", "a.log").out.splitlines()
    assert first == "2026-11-27T08:15:00.250Z ERROR   app order 17 failed logger=shop.cart"
    assert second.startswith("2026-11-27T08:15:04.000Z ")
    for once in ("08:15", "GET", "/cart", "512"):
        assert second.count(once) == 1


@pytest.mark.parametrize(
    ("zone", "ts"),
    [
        ("America/New_York", "2026-11-27T13:15:00.250Z"),
        ("Asia/Kolkata", "2026-11-27T02:45:00.250Z"),
        ("Pacific/Chatham", "2026-11-26T18:30:00.250Z"),
        ("UTC", "2026-11-27T08:15:00.250Z"),
    ],
)
def test_a_time_without_a_zone_is_in_the_zone_of_the_sender(logctl, tmp_path, zone, ts):
    (tmp_path / "a.log").write_text(LINE)
    for done in (
        logctl("send", "--dry-run", "a.log", "-o", "json", TZ=zone),
        logctl("send", "--dry-run", "a.log", "-o", "json", "--timezone", zone, TZ="Europe/Berlin"),
    ):
        assert rows(done)[0]["ts"] == ts
        assert f"times without a zone were read as {zone} (from " in done.err


# ── formats ─────────────────────────────────────────────────────────────────────────────────────────

MIXED = LINE + "  at checkout\n" + "nothing known \x1b[31m\n" * 7 + "2026-02-30 08:15:01 INFO bad\n"


def test_formats_test_says_how_a_file_is_read(logctl, tmp_path):
    (tmp_path / "a.log").write_text(MIXED)
    done = logctl("formats", "test", "a.log", "-o", "json", TZ="Asia/Kolkata")
    assert done.returncode == 0, done.err
    (found,) = json.loads(done.out)
    assert (found["file"], found["records"], found["joined_lines"]) == ("a.log", 9, 1)
    assert {row["format"]: row["records"] for row in found["formats"]} == {None: 7, "time level message": 2}
    assert (found["zone"], found["zone_from"], found["times_without_zone"]) == ("Asia/Kolkata", "TZ", 1)
    assert found["flags"]["bad_time"] == 1
    assert [item["line"] for item in found["unrecognised"]] == [3, 4, 5, 6, 7, 8, 9]


def test_formats_test_for_people_shows_the_first_unknown_lines_harmlessly(logctl, tmp_path):
    (tmp_path / "a.log").write_text(MIXED)
    done = logctl("formats", "test", "a.log", "-", stdin="one line\n", COLUMNS="80")
    assert done.returncode == 0, done.err
    assert "a.log: 9 records, 1 line joined to the record before" in done.out
    assert "   78 %          7  no format" in done.out
    assert "no format fits: 7 records, of which the first 5" in done.out
    assert "    line 3: nothing known" in done.out
    assert "\x1b" not in done.out
    assert "stdin: 1 record" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_formats_test_reads_only_the_first_records_where_it_is_asked_to(logctl, tmp_path):
    (tmp_path / "a.log").write_text(LINE * 50)
    (found,) = json.loads(logctl("formats", "test", "a.log", "-n", "7", "-o", "json").out)
    assert found["records"] == 7
    assert logctl("formats", "test", "a.log", "-o", "csv").out == (
        "file,format,layers,records\na.log,time level message,,50\n"
    )


def test_formats_list_has_every_format_and_the_users_own_first(logctl, tmp_path):
    (tmp_path / "logctl.toml").write_text('[[formats]]\nname = "shop"\npattern = "<time> <level> "\n')
    listed = json.loads(logctl("formats", "list", "-o", "json").out)
    names = [row["name"] for row in listed]
    assert names[0] == "shop"
    assert {"spring boot", "logfmt", "time level message"} <= set(names)
    assert all(row["written_by"] for row in listed)


def test_a_format_can_be_named_with_hyphens(logctl, tmp_path):
    (tmp_path / "a.log").write_text(LINE)
    done = logctl("formats", "test", "a.log", "--format", "spring-boot", "-o", "json")
    assert json.loads(done.out)[0]["formats"][0]["format"] is None
