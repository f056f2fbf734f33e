"""`logctl send` as a program, against a stub of SQS: what is asked first, and what Ctrl-C leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.send import StubQueue, json_line, stub_queue, write_lines
from logctl.ops.send.input_messages import SMALL_INPUT
from logctl.ops.send.input_packing import WORTH_IT
from tests.helpers.prefork import as_from_a_shell


@pytest.fixture
def queue() -> Iterator[StubQueue]:
    with stub_queue() as server:
        yield server


def started(queue: StubQueue, home: Path, *words: str) -> subprocess.Popen[bytes]:
    home.mkdir(exist_ok=True)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": queue.url,
        "TMPDIR": str(home),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "logctl", "send", *words, "--app", "shop"],
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=as_from_a_shell,
    )


@pytest.mark.slow
def test_a_queue_that_is_not_there_is_said_before_a_large_file_is_read(queue, tmp_path):
    error = {
        "__type": "com.amazonaws.sqs#QueueDoesNotExist",
        "message": "The specified queue does not exist.",
    }
    queue.refusal = json.dumps(error).encode()
    large = tmp_path / "large.log"
    write_lines(large, json_line, SMALL_INPUT + 100_000)
    with large.open("a") as file:
        file.write('{"appid":"NO APP"}\n')
    process = started(queue, tmp_path / "home", str(large))
    _, said = process.communicate(timeout=120)
    assert process.returncode == 3, said
    assert b"cannot be sent" not in said
    assert b"logctl provision" in said
    assert queue.calls["GetQueueUrl"] == 1


@pytest.mark.slow
def test_a_small_file_that_cannot_be_sent_is_said_before_aws_is_asked(queue, tmp_path):
    bad = tmp_path / "bad.log"
    bad.write_text('{"appid":"NO APP","msg":"x"}\n')
    for path, words in (
        (bad, b"1 record cannot be sent"),
        (tmp_path / "none.log", b"none.log does not exist"),
    ):
        process = started(queue, tmp_path / "home", str(path))
        _, said = process.communicate(timeout=120)
        assert process.returncode == 2, said
        assert words in said
    assert queue.calls == {}


@pytest.mark.slow
def test_a_file_is_sent_whole_or_not_at_all(queue, tmp_path):
    good, bad = tmp_path / "good.log", tmp_path / "bad.log"
    lines = write_lines(good, json_line, 600_000)
    bad.write_text('{"msg":"x"}\n{"appid":"NO APP","msg":"x"}\n')
    process = started(queue, tmp_path / "home", str(good), str(bad))
    _, said = process.communicate(timeout=120)
    assert (process.returncode, queue.records) == (2, 0)
    assert b"1 record cannot be sent; nothing was sent." in said
    process = started(queue, tmp_path / "home", str(good), str(bad), "--continue-on-error")
    process.communicate(timeout=120)
    assert (process.returncode, queue.records) == (5, lines + 1)


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/stat").exists() or len(os.sched_getaffinity(0)) < 2, reason="one core, or no /proc"
)
def test_ctrl_c_ends_all_processes_and_sends_nothing(queue, tmp_path):
    large = tmp_path / "large.log"
    write_lines(large, json_line, WORTH_IT + 4_000_000)
    process = started(queue, tmp_path / "home", str(large))
    try:
        while process.poll() is None and len(session(process.pid)) < 3:
            time.sleep(0.02)
        assert len(session(process.pid)) >= 3, process.communicate()[1].decode()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        output, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert b"Traceback" not in output + said
    assert "SendMessageBatch" not in queue.calls
    assert session(process.pid) == []
    assert [one.name for one in (tmp_path / "home").rglob("*") if one.is_file() and "tmp" in one.name] == []


def session(leader: int) -> list[int]:
    """Return the processes of a session that are not only waited for."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, _, _, of = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except OSError:
                continue
            if int(of) == leader and state != "Z":
                found.append(int(entry.name))
    return found
