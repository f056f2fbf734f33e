"""The command line without any AWS: what people get wrong, and what they are told."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from logctl.cli.app import COMMANDS as COMMAND_SUMMARIES
from logctl.cli.commands.init import document
from logctl.cli.context import TARGET_SETTINGS
from logctl.cli.options import TARGET_OPTIONS
from logctl.ops.send.gathering import SECONDS
from logctl.stack.settings import Settings
from tests.helpers.command_tree import command_tree
from tests.helpers.commands import NOWHERE, told

COMMANDS = [
    ["tail", "x"],
    ["tail", "-f"],
    ["send", "--sample", "5"],
    ["athena", "query", "SELECT 1"],
    ["athena", "query", "--since", "1h"],
    ["athena", "partitions"],
    ["athena", "repair"],
    ["athena", "compact"],
    ["debounce", "list"],
    ["debounce", "show", "a#ERROR#0a1b2c3d4e5f"],
    ["debounce", "explain", "a#ERROR#0a1b2c3d4e5f"],
    ["debounce", "silence", "a", "--for", "1h"],
    ["debounce", "silences"],
    ["debounce", "clear", "a"],
    ["dashboard", "open"],
    ["dashboard", "token"],
    ["dashboard", "user", "list"],
    ["dashboard", "user", "add", "anna", "--app", "a"],
    ["dashboard", "user", "remove", "anna", "--yes"],
    ["dlq", "list"],
    ["dlq", "show", "x"],
    ["dlq", "redrive", "--dry-run"],
    ["dlq", "drop", "--message", "x", "--yes"],
    ["quarantine", "list"],
    ["quarantine", "show", "x"],
    ["quarantine", "retry", "x"],
    ["quarantine", "drop", "x", "--yes"],
    ["replay", "--app", "a", "--since", "1h"],
    ["consume", "--once"],
    ["status"],
    ["cost"],
    ["provision", "--plan"],
    ["provision", "--yes"],
    ["destroy", "--yes"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_credentials(logctl, command):
    done = logctl(*command, AWS_REGION="eu-central-1")
    assert told(done) == "logctl: No AWS credentials were found."
    assert done.returncode == 4


# A few of them: the SDK takes seconds to give up, and the explanation is the same for all.
@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS[::4], ids=" ".join)
def test_an_endpoint_that_nobody_answers_at(logctl, command):
    done = logctl(*command, **NOWHERE)
    assert re.fullmatch(r"logctl: http://127.0.0.1:1/\S* cannot be reached\.", told(done))
    assert done.returncode == 3


@pytest.mark.proves("B54")
def test_a_region_that_is_none(logctl):
    done = logctl("tail", "x", "--region", "mars-1", **NOWHERE)
    assert "'mars-1' is not an AWS region" in told(done)
    assert done.returncode == 2


def test_no_region_at_all(logctl):
    done = logctl("tail", "x", AWS_ACCESS_KEY_ID="a", AWS_SECRET_ACCESS_KEY="b")
    assert told(done) == "logctl: No AWS region is configured."
    assert done.returncode == 2


@pytest.mark.proves("B54")
def test_a_profile_that_is_not_there(logctl):
    done = logctl("tail", "x", "--profile", "nobody", "--region", "eu-central-1")
    assert "nobody" in told(done)
    assert done.returncode == 2


def test_no_sandbox(logctl):
    done = logctl("tail", "x", "--target", "local")
    assert told(done) == "logctl: No sandbox is up on this machine."
    assert "logctl local up" in done.err
    assert done.returncode == 3


def test_where_options_work_before_and_after_the_subcommand(logctl):
    for args in (["--target", "local", "tail", "x"], ["tail", "x", "--target", "local"]):
        assert logctl(*args).returncode == 3
    assert logctl("--target", "aws", "tail", "x", "--target", "local").returncode == 3
    assert logctl("tail", "x", LOGCTL_TARGET="local").returncode == 3


def test_flag_before_variable_before_file(logctl, tmp_path):
    (tmp_path / "logctl.toml").write_text('target = "moon"\n')
    assert "logctl.toml: target: 'moon'" in told(logctl("tail", "x"))
    assert "environment: target: 'mars'" in told(logctl("tail", "x", LOGCTL_TARGET="mars"))
    done = logctl("tail", "x", "--target", "local", LOGCTL_TARGET="mars")
    assert "No sandbox" in told(done)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('alert_windw = "1m"', "there is no setting 'alert_windw'"),
        ('alert_window = "1 fortnight"', "alert_window: '1 fortnight' is not a duration"),
        ("alert_window = ", "cannot be read"),
        ('env = "UPPER"', "env: 'UPPER'"),
    ],
)
def test_a_settings_file_that_is_wrong(logctl, tmp_path, content, words):
    (tmp_path / "logctl.toml").write_text(content)
    done = logctl("tail", "x")
    assert words in told(done)
    assert done.returncode == 2


def test_a_settings_file_that_is_not_there(logctl):
    assert "no configuration file" in told(logctl("--config", "nope.toml", "tail", "x"))


def test_an_unknown_variable_is_warned_about(logctl):
    done = logctl("tail", "x", LOGCTL_ALERT_WINDW="1m", LOGCTL_TARGET="local")
    assert "no setting for LOGCTL_ALERT_WINDW, it is ignored; did you mean LOGCTL_ALERT_WINDOW?" in done.err
    assert done.returncode == 3


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--watch"], "--watch needs a terminal"),
        (["--watch", "-o", "json"], "--watch shows the table"),
        (["5"], "SECONDS needs --watch"),
        (["--watch", "0"], "Invalid value for"),
    ],
)
def test_a_status_that_makes_no_sense(logctl, args, words):
    done = logctl("status", *args, **NOWHERE)
    assert words in done.err
    assert done.returncode == 2


def verdicts(done) -> dict[str, str]:
    return {row["check"]: row["verdict"] for row in json.loads(done.out)}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "variables", "check", "words", "code"),
    [
        ([], {"AWS_REGION": "eu-central-1"}, "credentials", "No AWS credentials were found.", 4),
        ([], NOWHERE, "endpoint", "http://127.0.0.1:1/ cannot be reached.", 3),
        ([], {"LOGCTL_TARGET": "local"}, "session", "No sandbox is up on this machine.", 3),
        ([], {}, "session", "No AWS region is configured.", 1),
        (["--profile", "nobody", "--region", "eu-west-1"], {}, "session", "nobody", 1),
        (["--env", "UPPER"], NOWHERE, "settings", "'UPPER' must be", 1),
    ],
)
def test_the_doctor_names_what_is_wrong_and_tries_nothing_that_needs_it(
    logctl, args, variables, check, words, code
):
    done = logctl("doctor", *args, "-o", "json", **variables)
    rows = {row["check"]: row for row in json.loads(done.out)}
    assert words in rows[check]["seen"]
    assert rows[check]["to_do"]
    assert [name for name, verdict in verdicts(done).items() if verdict == "failed"] == [check]
    assert rows["python"]["verdict"] == rows["packages"]["verdict"] == "ok"
    assert "stack" not in rows
    assert (done.returncode, done.err) == (code, "")


def test_failures_are_json_when_json_was_asked_for(logctl):
    done = logctl("debounce", "list", "-o", "json", "--target", "local")
    assert json.loads(done.err)["exit_code"] == done.returncode == 3


# ── init and template ───────────────────────────────────────────────────────────────────────────────


def test_init_writes_every_setting_once_and_never_over_a_file(logctl, tmp_path):
    assert logctl("init").returncode == 0
    assert (tmp_path / "logctl.toml").read_text() == document()
    again = logctl("init")
    assert "exists already" in told(again)
    assert logctl("init", "--force").returncode == 0


def test_what_init_writes_is_valid_with_its_comments_taken_off():
    import tomllib

    settings = re.sub(r"^# (\w+ = )", r"\1", document(), flags=re.MULTILINE)
    values = tomllib.loads(settings)
    built = Settings.build(("init", values))
    assert set(values) == set(Settings.__dataclass_fields__)
    defaults = Settings()
    for name in (
        "alert_window",
        "hot_retention",
        "cold_retention",
        "late_after",
        "scan_limit",
        "alert_level",
    ):
        assert getattr(built, name) == getattr(defaults, name), name


def test_the_template_needs_no_account(logctl, tmp_path):
    done = logctl("provision", "--template", "stack.yaml", "--target", "local", "--env", "prod")
    assert done.returncode == 0, done.err
    written = yaml.safe_load((tmp_path / "stack.yaml").read_text())
    assert written["Resources"]["Queue"]["Properties"]["QueueName"] == "logctl-prod-ingest.fifo"
    assert yaml.safe_load(logctl("provision", "--template", "-", "--target", "local").out)


def test_help_says_how_long_followed_lines_are_collected(logctl):
    assert f"or else up to {SECONDS}s]" in " ".join(logctl("send", "--help").out.split())


# ── send's input ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("B14")
@pytest.mark.parametrize(
    ("args", "stdin", "words"),
    [
        (["missing.log", "--app", "x"], "", "missing.log does not exist"),
        ([".", "--app", "x"], "", "is a directory"),
        (["bad.ndjson", "--app", "x"], "", "1 record cannot be sent; nothing was"),
        (["latin1.log", "--app", "x", "--errors", "strict"], "", "1 record cannot be sent; nothing was"),
        (["plain.log"], "", "cannot be sent; nothing was"),
        (["plain.log", "--app", "Not/An/App"], "", "cannot name an app"),
        (["--sample", "5", "plain.log"], "", "takes no file"),
        (["-f", "-", "--app", "x"], "", "follows files, not standard input"),
        (["-f", "plain.log", "--app", "x", "--every", "now"], "", "'now' is not a duration"),
        (["plain.log", "--app", "x", "--every", "1m"], "", "needs --follow"),
        (["plain.log", "--app", "x", "--exclude-files", "*.gz"], "", "needs --follow"),
        (["plain.log", "--app", "x", "--app-from", "path"], "", "exclude each other"),
        (["plain.log", "--app-from", "sky"], "", "does not say where the app is named"),
        (["plain.log", "--app", "x", "--include", "("], "", "not a regular expression"),
        (["-f", "missing/*.log", "plain.log"], "", "plain.log does not say which app"),
        (["cut.gz", "--app", "x"], "", "cut.gz"),
    ],
)
def test_input_that_cannot_be_sent_is_refused_before_anything_is(logctl, tmp_path, args, stdin, words):
    import gzip

    (tmp_path / "plain.log").write_text("hello\n")
    (tmp_path / "bad.ndjson").write_text('{"msg": "fine"}\n{"msg": "x", "appid": "y"}\n')
    (tmp_path / "latin1.log").write_bytes(b"fine\ncaf\xe9\n")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"hello\n" * 1000)[:-5])
    done = logctl("send", *args, stdin=stdin, **NOWHERE)
    assert done.returncode == 2, done.err
    assert words in done.err


@pytest.mark.proves("B14")
def test_a_refused_line_is_named_by_its_number(logctl, tmp_path):
    (tmp_path / "bad.ndjson").write_text('{"msg": "fine"}\n{"appid": "y"}\n{"appid": "Not/An/App"}\n')
    done = logctl("send", "bad.ndjson", "--app", "x", **NOWHERE)
    assert "bad.ndjson, line 2: group_mismatch:" in done.err
    assert "bad.ndjson, line 3: appid:" in done.err
    assert "--continue-on-error" in done.err


# ── cost ────────────────────────────────────────────────────────────────────────────────────────────


def test_an_estimate_needs_no_aws(logctl):
    done = logctl("cost", "--estimate", "100/s", "500B", "--region", "eu-central-1", "-o", "json")
    assert done.returncode == 0, done.err
    rows = json.loads(done.out)
    assert {row["with"] for row in rows} == {"logctl", "CloudWatch Logs", "Data Firehose"}
    assert all("/eu-central-1/" in row["source"] for row in rows if row["checked"])
    table = logctl("cost", "--estimate", "100/s", "500B")
    assert table.out.count("\ntotal") == 3
    assert "No region is configured: these are the prices of us-east-1." in table.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--estimate", "100", "500B"], "'100' is not a rate"),
        (["--estimate", "100/s", "many"], "'many' is not a size"),
        (["--estimate", "100/s", "2MB"], "is not the size of a record"),
        (["--estimate", "100/s", "1KB", "--every", "now"], "'now' is not a duration"),
        (["--estimate", "100/s", "1KB", "--region", "eu-west-3"], "only of us-east-1 and eu-central-1"),
        (["--apps", "3"], "need --estimate"),
        (["100/s", "500B"], "need --estimate"),
        (["--estimate"], "needs the rate of the records and their size, or a log"),
        (["--estimate", "100/s"], "needs the rate of the records and their size, or a log"),
        (["--estimate", "--like", "nowhere.log"], "nowhere.log does not exist"),
        (["--estimate", "--like", os.devnull], "has no record"),
    ],
)
def test_what_no_estimate_can_be_made_of(logctl, args, words):
    done = logctl("cost", *args)
    assert (done.returncode, done.out) == (2, "")
    assert words in done.err


def test_an_estimate_of_a_log_has_its_rate_its_sizes_and_its_errors(logctl, tmp_path):
    log = tmp_path / "shop.log"
    times = [f"2026-01-31T12:{index // 120:02}:{index // 2 % 60:02}.{index % 2}00Z" for index in range(1_200)]
    lines = [
        f"{ts} {'ERROR' if n % 10 == 3 else 'INFO'} order placed by user {n}" for n, ts in enumerate(times)
    ]
    log.write_text("\n".join(lines) + "\n")
    done = logctl("cost", "--estimate", "--like", str(log), "--region", "us-east-1", "-o", "json")
    assert done.returncode == 0, done.err
    assert "The log's first 1,200 records have 55 bytes each and 1 kind of error" in done.err
    assert "A million such records sent with `send FILE` cost $0.0" in done.err
    quantities = {(row["with"], row["what"]): row["quantity"] for row in json.loads(done.out)}
    assert quantities["CloudWatch Logs", "ingest"] == pytest.approx(2 * 3600 * 730 * 55 / 1e9, rel=0.02)
    faster = logctl("cost", "--estimate", "200/s", "--like", str(log), "--region", "us-east-1", "-o", "json")
    more = {(row["with"], row["what"]): row["quantity"] for row in json.loads(faster.out)}
    assert more["CloudWatch Logs", "ingest"] == pytest.approx(200 * 3600 * 730 * 55 / 1e9, rel=0.02)
    log.write_text("no time here\n" * 20)
    for given, words in (([], "Add the rate"), (["5/s", "1KB"], "are those of the log")):
        refused = logctl("cost", "--estimate", *given, "--like", str(log))
        assert (refused.returncode, refused.out) == (2, "")
        assert words in refused.err


# ── help ────────────────────────────────────────────────────────────────────────────────────────────

HELP = [
    [], ["demo"], ["init"], ["provision"], ["destroy"], ["iam"], ["send"], ["formats"],
    ["formats", "list"], ["formats", "test"], ["tail"], ["consume"],
    ["local"], ["local", "up"], ["local", "down"], ["local", "status"], ["local", "reset"], ["local", "env"],
    ["athena"], ["athena", "query"], ["athena", "saved"], ["athena", "partitions"], ["athena", "repair"],
    ["athena", "compact"],
    ["debounce"], ["debounce", "list"], ["debounce", "show"],
    ["debounce", "explain"], ["debounce", "simulate"],
    ["debounce", "silence"], ["debounce", "silences"], ["debounce", "clear"],
    ["dashboard"], ["dashboard", "open"], ["dashboard", "token"], ["dashboard", "user"],
    ["dashboard", "user", "add"], ["dashboard", "user", "list"], ["dashboard", "user", "remove"],
    ["dlq"], ["dlq", "list"], ["dlq", "show"], ["dlq", "redrive"], ["dlq", "drop"], ["quarantine"], ["quarantine", "list"],
    ["quarantine", "show"], ["quarantine", "retry"], ["quarantine", "drop"], ["replay"], ["status"], ["doctor"],
    ["cost"],
]  # fmt: skip


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_every_command_explains_itself_with_an_example(logctl, command):
    done = logctl(*command, "--help")
    assert done.returncode == 0
    is_family = command in (
        [],
        ["local"],
        ["athena"],
        ["debounce"],
        ["dashboard"],
        ["dashboard", "user"],
        ["dlq"],
        ["formats"],
        ["quarantine"],
    )
    assert is_family or f"logctl {' '.join(command)}" in done.out
    assert is_family or "--target" in done.out


@pytest.mark.parametrize("family", [[], ["local"], ["athena"], ["debounce"], ["dashboard"], ["dashboard", "user"],
                                    ["dlq"], ["formats"], ["quarantine"]], ids=" ".join)  # fmt: skip
def test_the_first_sentence_of_each_help_fits_into_the_list_of_commands(logctl, family):
    listed = logctl(*family, "--help", COLUMNS="80").out.partition("Commands:\n")[2]
    assert listed
    assert "..." not in listed


def test_every_command_is_in_the_list_above():
    def walk(command, path):
        yield path
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, [*path, name])

    there, listed = ({" ".join(words) for words in some} for some in (walk(command_tree(), []), HELP))
    assert there - listed == set(), "add their help to HELP"
    assert listed - there == set(), "there is no such command"


def test_the_root_help_lists_each_command_with_the_first_sentence_of_its_help():
    summaries = {name: command.get_short_help_str(200) for name, command in command_tree().commands.items()}
    assert summaries == COMMAND_SUMMARIES


def test_version_tells_what_a_bug_report_needs(logctl):
    found = dict(line.split(" ", 1) for line in logctl("--version").out.splitlines())
    assert next(iter(found)) == "logctl"
    assert {"python", "platform", "boto3", "botocore", "pyathena", "ministack"} <= set(found)
    assert found["logctl"].count(".") == found["botocore"].count(".") == 2


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_versions_may_go_to_a_program_that_has_ended(unbuffered):
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "logctl", "--version"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env={"PYTHONUNBUFFERED": unbuffered},
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, b"")


def test_wrong_usage_is_exit_2(logctl):
    assert logctl("nonsense").returncode == 2
    assert logctl("tail", "--nonsense").returncode == 2


def test_the_readme_names_every_setting():
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    for name in Settings.__dataclass_fields__:
        assert f"`{name}`" in readme, name


def test_every_option_that_says_where_a_command_goes_is_completed_with():
    assert tuple(TARGET_OPTIONS) == TARGET_SETTINGS
