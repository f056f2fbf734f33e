"""Logs in, through the real path, and out again: exactly once and in order."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from bench.loghub import loghub
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import Context
from logctl.core.times import iso
from tests.helpers.aftermath import waiting
from tests.helpers.sandbox import Cli, eventually

LOGHUB = loghub()
SYSTEMS = ("Apache", "HDFS", "Hadoop", "Linux", "OpenSSH", "OpenStack", "Spark", "Zookeeper")


RECORDS = 60_000 if os.environ.get("LOGCTL_SOAK") else 15_000


def now() -> int:
    return time.time_ns() // 1_000_000


def count(pipeline: Cli, app: str) -> dict[str, int]:
    (row,) = pipeline.run(
        "athena", "query", "-o", "json",
        f"SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM logs WHERE appid = '{app}'",
    ).json  # fmt: skip
    return row


@pytest.fixture(scope="module")
def loghub_sent(pipeline) -> Cli:
    """All eight logs, sent one after the other."""
    if LOGHUB is None:
        pytest.skip("the real logs are not here: set LOGCTL_LOGHUB to their folder")
    for system in SYSTEMS:
        pipeline.run("send", str(LOGHUB / f"{system}.log"), "--app", system.lower(), "--wait")
    return pipeline


def counts(pipeline: Cli) -> dict[str, tuple[int, int]]:
    """Rows and distinct event ids of each system."""
    names = ", ".join(f"'{system.lower()}'" for system in SYSTEMS)
    rows = pipeline.run(
        "athena", "query", "-o", "json",
        "SELECT appid, count(*) AS n, count(DISTINCT event_id) AS ids FROM logs "
        f"WHERE appid IN ({names}) GROUP BY appid",
    ).json  # fmt: skip
    return {row["appid"]: (row["n"], row["ids"]) for row in rows}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_line_of_real_logs_is_found_exactly_once_and_in_order(loghub_sent, system):
    app, path = system.lower(), LOGHUB / f"{system}.log"
    lines = [line.rstrip("\r") for line in path.read_text("utf-8").split("\n") if line.strip()]
    tailed = loghub_sent.run("tail", app, "--since", "30y", "-o", "json").lines
    reference = int(path.stat().st_mtime * 1000)
    readings = [read_line(line, Context(reference)) for line in lines]
    order = sorted(range(len(lines)), key=lambda number: readings[number].ts)
    in_time = [lines[number] for number in order]
    assert [record["message"] for record in tailed] == [readings[number].message for number in order]
    assert len({record["event_id"] for record in tailed}) == 2000

    newest = loghub_sent.run("tail", app, "-n", "50", "-o", "raw").out.splitlines()
    assert newest == in_time[-50:]


def test_real_logs_sent_again_add_nothing(loghub_sent):
    once = {system.lower(): (2000, 2000) for system in SYSTEMS}
    # An object is registered in the catalog after its rows can be read.
    eventually(lambda: counts(loghub_sent) == once, what="every partition")
    for system in SYSTEMS:
        loghub_sent.run("send", str(LOGHUB / f"{system}.log"), "--app", system.lower(), "--wait")
    assert counts(loghub_sent) == once
    for system in SYSTEMS:
        tailed = loghub_sent.run("tail", system.lower(), "--since", "30y", "-o", "raw")
        assert len(tailed.out.splitlines()) == 2000


@pytest.mark.proves("F13")
def test_one_poison_message_among_a_thousand(pipeline):
    deployment = pipeline.deployment
    sqs, url = deployment.aws.sqs, deployment.queue_url()
    bodies = [json.dumps({"msg": f"good {n}", "ts": now()}) for n in range(1000)]
    bodies.insert(500, '{"logctl": 1, "appid": "poisoned", ')
    for start in range(0, len(bodies), 10):
        sqs.send_message_batch(
            QueueUrl=url,
            Entries=[
                {
                    "Id": str(n),
                    "MessageBody": body,
                    "MessageGroupId": "poisoned",
                    "MessageDeduplicationId": f"{start}-{n}",
                }
                for n, body in enumerate(bodies[start : start + 10])
            ],
        )
    eventually(lambda: waiting(deployment, url) == 0, seconds=120, what="an empty queue")
    eventually(
        lambda: len(pipeline.run("tail", "poisoned", "-s", "1h", "-o", "raw").out.splitlines()) == 1000,
        seconds=60,
        what="the thousandth record",
    )
    messages = pipeline.run("tail", "poisoned", "-s", "1h", "-o", "raw").out.splitlines()
    assert sorted(messages) == sorted(f"good {n}" for n in range(1000))
    assert count(pipeline, "poisoned") == {"n": 1000, "ids": 1000}
    listed = deployment.aws.s3.list_objects_v2(Bucket=deployment.bucket, Prefix="quarantine/")["Contents"]
    (key,) = [item["Key"] for item in listed if "appid=poisoned" in item["Key"]]
    note = json.loads(deployment.aws.s3.get_object(Bucket=deployment.bucket, Key=key)["Body"].read())
    assert (note["reason"], note["content"]) == ("json", '{"logctl": 1, "appid": "poisoned", ')
    dead = pipeline.run("dlq", "list", "-o", "json").json
    assert [item for item in dead if item["app"] == "poisoned"] == []


def test_what_was_sent_survives_down_and_up(tmp_path):
    cli = Cli(tmp_path)
    cli.run("local", "up")
    try:
        cli.run("provision", "--yes")
        cli.run("send", "--sample", "300", "--app", "shop", "--wait")
        cli.run("local", "down")
        assert cli.run("tail", "shop", code=3).err.startswith("logctl: No sandbox is up")
        cli.run("local", "up")
        assert len(cli.run("tail", "shop", "-s", "1h", "-o", "json").lines) == 300
        assert count(cli, "shop") == {"n": 300, "ids": 300}
        assert "Nothing changes" in cli.run("provision", "--plan").err
        cli.run("send", "--sample", "10", "--app", "shop", "--wait")
    finally:
        cli.run("local", "down")


def test_a_sandbox_killed_in_the_middle_of_a_send_loses_nothing_that_is_sent_again(tmp_path):
    """What was accepted is named; after the rebuild, sending the same again completes it."""
    from logctl.local import sandbox

    cli = Cli(tmp_path)
    log = tmp_path / "big.ndjson"
    start = now()
    with log.open("w") as file:
        for n in range(RECORDS):
            record = {
                "ts": start - RECORDS + n,
                "level": "info",
                "msg": f"line {n}",
                "pad": os.urandom(240).hex(),
            }
            file.write(json.dumps(record) + "\n")
    cli.run("local", "up")
    try:
        cli.run("provision", "--yes")
        deployment = cli.deployment
        url = deployment.queue_url()
        sending = cli.start("send", str(log), "--app", "big")
        while waiting(deployment, url) == _sent(deployment) == 0:
            assert sending.poll() is None, "it was too fast"
            time.sleep(0.01)
        # It holds still, so that the sandbox dies in the middle, whichever of them is the faster one.
        sending.send_signal(signal.SIGSTOP)
        eventually(lambda: _sent(deployment) > 0, what="the first object")
        os.kill(sandbox.find(tmp_path / "sandbox").pid, 9)
        sending.send_signal(signal.SIGCONT)
        _, err = sending.communicate(timeout=120)
        assert "Traceback" not in err
        assert sending.returncode in (3, 5), err
        assert "not accepted" in err
        assert "from line" in err
        assert "Send the same again" in err

        up = cli.run("local", "up").err
        assert "did not stop in order" in up
        cli.run("provision", "--yes")
        cli.run("athena", "repair")
        cli.run("send", str(log), "--app", "big", "--wait")
        eventually(
            lambda: count(cli, "big") == {"n": RECORDS, "ids": RECORDS}, seconds=60, what="all records"
        )
    finally:
        cli.run("local", "down")


def _sent(deployment) -> int:
    listed = deployment.aws.s3.list_objects_v2(Bucket=deployment.bucket, Prefix="logs/")
    return listed["KeyCount"]


def test_bare_producers_need_no_logctl(pipeline):
    """A JSON object, an array and NDJSON, with the names that loggers use."""
    deployment = pipeline.deployment
    bodies = [
        json.dumps({"@timestamp": iso(now()), "log.level": "WARN", "message": "ecs"}),
        json.dumps([{"time": now(), "level": 50, "msg": "pino"}, {"ts": now() / 1000, "severity": "ERROR", "body": "otel"}]),
        '{"asctime": "%s", "levelname": "CRITICAL", "event": "python"}\n{"msg": "no time at all"}'
        % iso(now())[:-1].replace("T", " ").replace(".", ","),
    ]  # fmt: skip
    for n, body in enumerate(bodies):
        deployment.aws.sqs.send_message(
            QueueUrl=deployment.queue_url(),
            MessageBody=body,
            MessageGroupId="bare",
            MessageDeduplicationId=f"bare-{n}",
        )
    records = eventually(
        lambda: len(found := pipeline.run("tail", "bare", "-s", "1h", "-o", "json").lines) == 5 and found
    )
    by_message = {record["message"]: record["level"] for record in records}
    assert by_message == {
        "ecs": "WARN",
        "pino": "ERROR",
        "otel": "ERROR",
        "python": "FATAL",
        "no time at all": "UNKNOWN",
    }


@pytest.mark.proves("B37", "B38", "B39", "B40", "B41")
def test_hostile_content_goes_through_and_touches_no_terminal(pipeline, tmp_path):
    log = tmp_path / "evil.ndjson"
    evil = [
        "\x1b[2J\x1b]0;owned\x07",
        "[red]x[/red]",
        "a\nFATAL forged",
        "\u202eabc",
        "\x9b31m",
        "=cmd()",
        "\x00",
    ]
    log.write_text("".join(json.dumps({"ts": now(), "msg": text}) + "\n" for text in evil))
    pipeline.run("send", str(log), "--app", "evil", "--wait")
    for form in ("text", "raw", "json"):
        out = pipeline.run("tail", "evil", "-s", "1h", "-o", form).out
        assert len(out.splitlines()) == len(evil)
        assert not any(
            ord(character) < 32 or ord(character) in (0x9B, 0x202E) for character in out.replace("\n", "")
        )
    raw = pipeline.run("tail", "evil", "-s", "1h", "-o", "raw").out
    assert sorted(raw.splitlines()) == sorted(log.read_text().splitlines())
    text = pipeline.run("tail", "evil", "-s", "1h").out
    assert " [red]x[/red]\n" in text
    table = pipeline.run("athena", "query", "SELECT message FROM logs WHERE appid = 'evil'").out
    assert "\x1b" not in table
    csv = pipeline.run("athena", "query", "-o", "csv", "SELECT message FROM logs WHERE appid = 'evil'").out
    assert "'=cmd()" in csv
