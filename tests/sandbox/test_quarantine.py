"""The quarantine and the dead-letter queue from the command line: on a terminal of 80 columns, in a pipe, twice."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest

from logctl.core.partitions import Partition
from logctl.core.times import iso
from logctl.pipeline.stores.attempt_ledger import Attempts
from tests.helpers.sandbox import Cli, eventually
from tests.helpers.terminal import in_a_terminal


@pytest.fixture(scope="module")
def kept(sandbox: Cli):
    cli = Cli(sandbox.home, env="kept")
    cli.run("provision", "--yes")
    yield cli
    cli.run("destroy", "--delete-data", "--yes")


def at(cli: Cli) -> dict[str, Any]:
    return {"environ": cli.with_path, "cwd": cli.home}


def now() -> int:
    return time.time_ns() // 1_000_000


def send(cli: Cli, app: str, body: str) -> None:
    cli.deployment.aws.sqs.send_message(
        QueueUrl=cli.deployment.queue_url(),
        MessageBody=body,
        MessageGroupId=app,
        MessageDeduplicationId=str(time.time_ns()),
    )


def listed(cli: Cli, app: str) -> list[dict[str, Any]]:
    return list(cli.run("quarantine", "list", "--app", app, "-o", "json").json)


def put(cli: Cli, app: str, content: str | None, **more: Any) -> str:
    """Something that is in quarantine for a reason of another time; its id."""
    digest = hashlib.sha256(str(time.time_ns()).encode()).hexdigest()[:32]
    note = {
        "reason": "version", "detail": "not known here", "group": app, "message_id": "m",
        "deduplication_id": digest, "sent_at": iso(now()), "content": content, **more,
    }  # fmt: skip
    key = f"{Partition.at(now(), app).under('quarantine/')}{digest}.json"
    cli.deployment.aws.s3.put_object(Bucket=cli.deployment.bucket, Key=key, Body=json.dumps(note).encode())
    return digest


def stored(cli: Cli, app: str) -> list[str]:
    return cli.run("tail", app, "-s", "1h", "-n", "99", "-o", "raw").out.splitlines()


def plain(shown: str) -> str:
    """Without the codes for bold and colour."""
    return re.sub(r"\x1b\[[0-9;]*m", "", shown)


def test_what_cannot_be_read_is_listed_shown_mended_and_gone(kept):
    send(kept, "bad", '{"logctl": 1, "appid": poison \u202e \u009b')
    (row,) = eventually(lambda: listed(kept, "bad"))
    assert (row["app"], row["reason"]) == ("bad", "json")
    shown = kept.run("quarantine", "show", row["id"][:10], "-o", "json").json
    assert shown["content"] == '{"logctl": 1, "appid": poison \u202e \u009b'
    assert kept.run("quarantine", "show", row["id"], "-o", "raw").out == shown["content"]

    again = kept.run("quarantine", "retry", row["id"][:10], code=1)
    assert "was rejected again and stays: json: " in again.err
    assert len(listed(kept, "bad")) == 1

    done = kept.run("quarantine", "retry", row["id"], "--body", "-", stdin='{"msg": "mended"}')
    assert done.err == "1 message of 1 stored; they are out of quarantine.\n"
    assert stored(kept, "bad") == ["mended"]
    assert listed(kept, "bad") == []
    assert "There is no message" in kept.run("quarantine", "retry", row["id"], code=2).err


def test_the_same_message_twice_is_stored_once(kept):
    body = '{"msg": "of no time and no id"}'
    for _ in range(2):
        put(kept, "twice", body, deduplication_id="same", sent_at="2026-01-31T12:00:00.000Z")
    assert "2 messages of 2 stored" in kept.run("quarantine", "retry", "--all", "--app", "twice", "--yes").err
    query = "SELECT count(*) AS n FROM logs WHERE appid = 'twice'"
    assert kept.run("athena", "query", query, "--full-scan", "-o", "json").json == [{"n": 1}]


def test_some_are_stored_and_some_are_not(kept):
    put(kept, "some", '{"msg": "good"}')
    put(kept, "some", '{"logctl": 1, "appid": bad')
    put(kept, "some", None)
    done = kept.run("quarantine", "retry", "--all", "--app", "some", "--yes", code=5)
    assert "1 message of 3 stored" in done.err
    assert "withheld" in done.err
    assert "2 of 3 messages stay in quarantine" in done.err
    assert stored(kept, "some") == ["good"]


def test_what_was_taken_out_cannot_be_restored_and_that_is_said(kept):
    name = put(kept, "secret", '{"msg": "[redacted:passwords]"}', redacted=1)
    assert "cannot be restored" in kept.run("quarantine", "show", name).err
    assert "cannot be restored" in kept.run("quarantine", "retry", name).err


def test_a_terminal_of_80_columns(kept):
    app = ("long-" * 13)[:64]
    for _ in range(2):
        put(kept, app, '{"logctl": 1, "appid": \x1b[2Jpoison\u202e')
    cli = replace(kept, variables={"COLUMNS": "80"})
    code, shown = in_a_terminal(f"logctl quarantine list --app {app} 2>/dev/null", **at(cli))
    lines = plain(shown).splitlines()
    assert code == 0
    assert max(map(len, lines)) <= 80, shown
    ids = [row["id"] for row in listed(kept, app)]
    begun = {line.split()[0] for line in lines if "20" in line}
    assert len(begun) == 2
    assert all(any(name.startswith(word) for name in ids) for word in begun)
    code, shown = in_a_terminal(f"logctl quarantine show {ids[0]} 2>/dev/null", **at(cli))
    assert code == 0
    assert "\x1b" not in shown and "\u202e" not in shown
    code, shown = in_a_terminal(f"logctl quarantine show {ids[0]} -o raw 2>/dev/null", **at(cli))
    assert "\x1b" not in shown and ": \\x1b[2Jpoison" in shown


def test_mending_in_an_editor_and_dropping_after_a_question(kept):
    app = "edit"
    first, second = (
        put(kept, app, '{"logctl": 1, "appid": poison'),
        put(kept, app, '{"logctl": 1, "appid": other'),
    )
    editor = kept.home / "editor"
    editor.write_text('#!/bin/sh\necho \'{"msg": "by hand"}\' > "$1"\n')
    editor.chmod(0o755)
    cli = replace(kept, variables={"EDITOR": str(editor)})
    code, shown = in_a_terminal(f"logctl quarantine retry {first} --edit", **at(cli))
    assert code == 0, shown
    assert stored(kept, app) == ["by hand"]
    assert "--edit needs a terminal" in kept.run("quarantine", "retry", second, "--edit", code=2).err
    code, shown = in_a_terminal(f"logctl quarantine drop {second}", **at(kept), answer=b"n\n")
    assert (code, len(listed(kept, app))) == (1, 1)
    assert "no terminal" in kept.run("quarantine", "drop", second, code=1).err
    code, shown = in_a_terminal(f"logctl quarantine drop {second}", **at(kept))
    assert code == 0, shown
    assert listed(kept, app) == []


@pytest.mark.parametrize(
    "args",
    [
        ("retry",),
        ("drop", "--yes"),
        ("retry", "x", "--all"),
        ("retry", "x", "--app", "a"),
        ("retry", "x", "--edit", "--body", "-"),
        ("retry", "--all", "--body", "-"),
        ("retry", "x", "--body", "/no/such/file"),
        ("retry", "x", "--as", "../x"),
        ("retry", "nonsense"),
        ("show", "nonsense"),
        ("drop", "nonsense", "--yes"),
        ("list", "--since", "nonsense"),
        ("drop", "--all", "--app", "nobody", "--yes"),
    ],
)
def test_wrong_usage_changes_nothing(kept, args):
    assert kept.run("quarantine", *args, code=2).err.startswith("logctl: ")


def test_ctrl_c_in_the_middle_leaves_the_rest(kept):
    for _ in range(40):
        put(kept, "many", '{"msg": "one of many"}')
    process = kept.start("quarantine", "retry", "--all", "--app", "many", "--yes")
    eventually(lambda: len(listed(kept, "many")) < 38 or process.poll() is not None, seconds=60)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert "Traceback" not in told
    left = len(listed(kept, "many"))
    if process.returncode != 0:  # it was not quicker than we
        assert process.returncode == 130
        assert 0 < left < 40
    kept.run("quarantine", "retry", "--all", "--app", "many", "--yes", code=0 if left else 2)
    assert stored(kept, "many") == ["one of many"] * 40


def test_a_closed_pipe_is_no_error(kept):
    put(kept, "piped", "{" * 100_000)
    shell = f"{sys.executable} -m logctl quarantine list -o csv | head -n 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell],
        env=kept.environ,
        cwd=kept.home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "id,app,sent,size,lines,reason,detail,key\n"


# ── Dead letters ────────────────────────────────────────────────────────────────────────────────────


def die(cli: Cli, app: str, name: str) -> None:
    cli.deployment.aws.sqs.send_message(
        QueueUrl=cli.deployment.dead_letter_queue_url(),
        MessageBody=json.dumps({"msg": name}),
        MessageGroupId=app,
        MessageDeduplicationId=name,
    )


def test_dead_letters_have_reasons_and_those_of_bad_content_stay(kept):
    deployment = kept.deployment
    ledger = Attempts(deployment.aws.dynamodb, deployment.names.hot_table)
    for number in range(3):
        die(kept, "grave", f"letter-{number}")
    ledger.aside("letter-0", now=now(), reason="kills", detail="the process ended")
    ledger.failed("letter-1", now=now(), reason="storage", detail="S3", begun=False)

    rows = kept.run("dlq", "list", "-o", "json").json
    assert [(row["cause"], row["reason"]) for row in rows] == [
        ("content", "kills"),
        ("storage", "storage"),
        ("unknown", ""),
    ]
    code, shown = in_a_terminal(
        "logctl dlq list 2>/dev/null", **at(replace(kept, variables={"COLUMNS": "80"}))
    )
    assert code == 0
    assert max(map(len, plain(shown).splitlines())) <= 80, shown
    assert all(row["message_id"][:8] in shown for row in rows)
    assert kept.run("dlq", "show", rows[0]["message_id"], "-o", "json").json["detail"] == "the process ended"

    dry = kept.run("dlq", "redrive", "--dry-run").err
    assert "2 messages would be sent again" in dry
    done = kept.run("dlq", "redrive", "--yes").err
    assert "2 of 3 messages were sent again" in done
    assert "1 message failed because of its content and stays" in done
    assert "logctl dlq redrive --all" in done
    eventually(lambda: stored(kept, "grave") == ["letter-1", "letter-2"], what="the two")
    (left,) = kept.run("dlq", "list", "-o", "json").json
    assert left["message_id"] == rows[0]["message_id"]

    assert "no terminal" in kept.run("dlq", "redrive", "--message", left["message_id"][:8], code=1).err
    told = kept.run("dlq", "redrive", "--message", left["message_id"][:8], "--yes").err
    assert "1 of 1 message was sent again" in told
    eventually(lambda: len(stored(kept, "grave")) == 3, what="the third")


def test_a_dead_letter_is_dropped_after_a_question(kept):
    die(kept, "away", "one")
    die(kept, "away", "two")
    first, second = (row["message_id"] for row in kept.run("dlq", "list", "-o", "json").json)
    assert "with --message" in kept.run("dlq", "drop", "--yes", code=2).err
    assert "There is no message" in kept.run("dlq", "drop", "--message", "nonsense", "--yes", code=2).err
    code, shown = in_a_terminal(f"logctl dlq drop --message {first}", **at(kept), answer=b"n\n")
    assert code == 1, shown
    code, shown = in_a_terminal(f"logctl dlq drop --message {first}", **at(kept))
    assert code == 0, shown
    assert [row["message_id"] for row in kept.run("dlq", "list", "-o", "json").json] == [second]
    kept.run("dlq", "drop", "--message", second[:12], "--yes")
    assert kept.run("dlq", "list", "-o", "json").json == []
