"""The sandbox itself: started, found, explained, stopped; never anybody else's process."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from logctl.core.errors import UnreachableError
from logctl.local import keys, sandbox
from logctl.local.process import Process
from logctl.local.sandbox import SandboxCondition
from tests.helpers.sandbox import Cli


@pytest.fixture
def home(tmp_path):
    yield tmp_path / "sandbox"
    sandbox.down(tmp_path / "sandbox")


def client(running: sandbox.Running, service: str, key: str | None = None):
    return boto3.client(
        service,
        endpoint_url=running.endpoint,
        region_name=running.region,
        aws_access_key_id=key or running.keys.access_key,
        aws_secret_access_key=running.keys.secret_key,
    )


def listening(pid: int) -> set[str]:
    """The local addresses that a process and its children listen on, as the kernel has them."""
    tree = {pid}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) in tree:
            tree.add(int(entry.parent.name))
    inodes = set()
    for member in tree:
        for link in Path(f"/proc/{member}/fd").glob("*"):
            found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink())) if link.is_symlink() else None
            inodes.update([found[1]] if found else [])
    addresses = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                addresses.add(fields[1].split(":")[0])
    return addresses


def test_up_again_is_the_same_one_and_down_ends_it(home):
    assert sandbox.status(home).condition is SandboxCondition.NONE
    assert sandbox.find(home) is None
    running = sandbox.up(home)
    again = sandbox.up(home)
    assert (again.pid, again.port, again.was_already_up) == (running.pid, running.port, True)
    assert sandbox.status(home).condition is SandboxCondition.UP
    assert sandbox.find(home).endpoint == running.endpoint
    assert sandbox.down(home) is SandboxCondition.UP
    assert not Process.of(running.pid).alive()
    assert sandbox.status(home).condition is SandboxCondition.STOPPED
    assert sandbox.down(home) is SandboxCondition.STOPPED
    assert sandbox.up(home).port == running.port


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's /proc to see sockets")
def test_it_listens_on_loopback_only(home):
    running = sandbox.up(home)
    assert listening(running.pid) == {"0100007F"}


def test_its_home_is_private(home):
    sandbox.up(home)
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    for name in ("sandbox.json", "ministack.log", "athena.log"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600


def test_a_home_that_others_could_read_is_closed_and_gets_new_keys(home):
    running = sandbox.up(home)
    sandbox.down(home)
    file = keys.path(home)
    for folder in (home / "state", home / "s3", file.parent):
        folder.chmod(0o755)
    file.chmod(0o644)
    again = sandbox.up(home)
    assert again.keys != running.keys
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (home / "state", home / "s3", file.parent)} == {
        0o700
    }


def test_keys_are_of_one_sandbox_and_last_until_it_is_reset(home, tmp_path):
    running = sandbox.up(home)
    sandbox.down(home)
    assert sandbox.up(home).keys == running.keys
    assert keys.ensure(tmp_path / "other") != running.keys
    fresh = sandbox.reset(home)
    assert fresh is not None
    assert fresh.keys != running.keys
    with pytest.raises(ClientError, match="InvalidClientTokenId|UnrecognizedClient"):
        client(replace(fresh, keys=running.keys), "sqs").list_queues()


def test_a_sandbox_that_an_older_logctl_has_started_is_not_used(home):
    """It has no gate. Its folder, when it has been stopped, is as good as any."""
    older = subprocess.Popen(["sleep", "60"], start_new_session=True)
    try:
        home.mkdir()
        memory = {
            "pid": older.pid,
            "born": Process.of(older.pid).born,
            "port": 1,
            "region": "us-east-1",
            "started_at": 0,
            "stopped": False,
        }
        (home / "sandbox.json").write_text(json.dumps(memory))
        assert sandbox.status(home).condition is SandboxCondition.OPEN
        for use in (sandbox.find, sandbox.up):
            with pytest.raises(UnreachableError, match="started by an older logctl") as refused:
                use(home)
            assert "logctl local down && logctl local up" in refused.value.hint
        assert sandbox.down(home) is SandboxCondition.UP
        assert older.wait() == -signal.SIGTERM
        assert sandbox.up(home).keys
    finally:
        older.kill()
        older.wait()


def test_iam_is_enforced(home):
    running = sandbox.up(home)
    assert client(running, "sqs").list_queues()
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(running, "sqs", key="AKIAIOSFODNN7EXAMPLE").list_queues()


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs Linux's /proc to see a process's variables")
def test_somebodys_aws_settings_do_not_reach_it(home, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("LOGCTL_ALERT_WINDOW", "1h")
    running = sandbox.up(home)
    environ = Path(f"/proc/{running.pid}/environ").read_bytes()
    assert b"production" not in environ
    assert b"LOGCTL_" not in environ


def test_a_sandbox_that_is_killed_while_it_is_looked_for_is_started_again(home):
    running = sandbox.up(home)
    os.kill(running.pid, signal.SIGSTOP)  # it does not answer
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 1:
            os.kill(running.pid, signal.SIGKILL)
            os.waitpid(running.pid, 0)

    again = sandbox.up(home, sleep=sleep)
    assert slept
    assert (again.was_already_up, again.unclean) == (False, True)
    assert again.pid != running.pid


def test_after_kill_s3_objects_are_there_and_the_rest_is_explained(home):
    running = sandbox.up(home)
    s3 = client(running, "s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="a", Body=b"still here")
    os.kill(running.pid, signal.SIGKILL)
    os.waitpid(running.pid, 0)
    died = sandbox.status(home)
    assert died.condition is SandboxCondition.DIED
    assert died.log_tail
    assert sandbox.find(home) is None
    assert sandbox.down(home) is SandboxCondition.DIED
    again = sandbox.up(home)
    assert again.unclean
    assert client(again, "s3").get_object(Bucket="kept", Key="a")["Body"].read() == b"still here"
    sandbox.down(home)
    assert not sandbox.up(home).unclean


def test_a_pid_that_belongs_to_somebody_else_now_is_left_alone(home):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        home.mkdir()
        memory = {
            "pid": stranger.pid,
            "born": "1",
            "port": 1,
            "region": "us-east-1",
            "started_at": 0,
            "stopped": False,
        }
        (home / "sandbox.json").write_text(json.dumps(memory))
        assert sandbox.status(home).condition is SandboxCondition.DIED
        assert sandbox.down(home) is SandboxCondition.DIED
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_two_at_once_start_one(home):
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: sandbox.up(home), range(2))
    assert first.pid == second.pid
    assert sorted((first.was_already_up, second.was_already_up)) == [False, True]


def test_a_taken_port_is_explained(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(UnreachableError, match="is taken"):
            sandbox.up(home, port=taken.getsockname()[1])
    assert sandbox.find(home) is None


def test_a_home_that_cannot_be_used_is_explained(home):
    (home / "state").mkdir(parents=True)
    (home / "tmp").write_text("a file where a folder must be")
    with pytest.raises(UnreachableError, match="cannot be used"):
        sandbox.up(home)
    assert sandbox.find(home) is None
    (home / "tmp").unlink()
    assert sandbox.up(home)


def test_one_that_does_not_come_up_is_stopped(home):
    with pytest.raises(UnreachableError, match="did not come up within"):
        sandbox.up(home, timeout=-1)
    assert sandbox.status(home).condition is SandboxCondition.STOPPED
    begun = json.loads((home / "sandbox.json").read_text())
    assert not Process(begun["pid"], begun["born"]).alive()
    assert begun["born"]


def test_one_that_does_not_answer_is_not_taken_for_up(home):
    running = sandbox.up(home)
    os.kill(running.pid, signal.SIGSTOP)
    try:
        assert sandbox.find(home) is None
        assert sandbox.status(home).condition is SandboxCondition.SILENT
    finally:
        os.kill(running.pid, signal.SIGCONT)


def test_reset_empties_it_and_leaves_it_as_it_was(home):
    running = sandbox.up(home)
    client(running, "sqs").create_queue(QueueName="q")
    fresh = sandbox.reset(home)
    assert fresh is not None
    assert fresh.port == running.port
    assert client(fresh, "sqs").list_queues().get("QueueUrls", []) == []
    sandbox.down(home)
    assert sandbox.reset(home) is None
    assert sandbox.find(home) is None


def test_a_damaged_memory_is_one_sentence(home):
    home.mkdir()
    (home / "sandbox.json").write_text("{")
    with pytest.raises(Exception, match="is damaged"):
        sandbox.status(home)
    (home / "sandbox.json").unlink()


# ── As commands ─────────────────────────────────────────────────────────────────────────────────────


def test_the_commands_and_their_exit_codes(tmp_path):
    cli = Cli(tmp_path)
    assert cli.run("local", "status", code=3).out.startswith("sandbox   not set up")
    assert "No sandbox is up" in cli.run("local", "down").err
    assert "No sandbox is up" in cli.run("local", "env", code=3).err
    assert "is up: http://127.0.0.1:" in cli.run("local", "up").err
    try:
        assert "is up already" in cli.run("local", "up").err
        status = cli.run("local", "status", "-o", "json").json
        assert status["sandbox"] == "up"
        exports = cli.run("local", "env").out
        assert f"export AWS_ENDPOINT_URL={status['endpoint']}" in exports
        program = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
        shell = f'eval "$({sys.executable} -m logctl local env)" && {sys.executable} -c "{program}"'
        done = subprocess.run(
            ["bash", "-c", shell], env=cli.environ, cwd=tmp_path, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == "000000000000"
        assert "no terminal" in cli.run("local", "reset", code=1).err
        cli.run("local", "reset", "--yes")
        os.kill(cli.run("local", "status", "-o", "json").json["process"], signal.SIGKILL)
        died = cli.run("local", "status", code=3)
        assert "ended unexpectedly" in died.err
        assert "log: " in died.err
        up = cli.run("local", "up").err
        assert "did not stop in order" in up
        assert "logctl provision" in up
    finally:
        cli.run("local", "down")
