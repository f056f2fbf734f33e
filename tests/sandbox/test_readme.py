"""Every command of the README, typed into a terminal, in order."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

from tests.sandbox.conftest import Cli

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
SESSIONS = re.findall(r"```console\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    return [line[2:] for session in SESSIONS for line in session.splitlines() if line.startswith("$ ")]


def in_a_terminal(cli: Cli, command: str, answer: bytes = b"y\n", seconds: float = 90) -> tuple[int, str]:
    """Run a command with a terminal at all three ends, answering what it asks."""
    ours, theirs = pty.openpty()
    bin_dir = str(Path(sys.executable).parent)
    environ = {**cli.environ, "PATH": f"{bin_dir}:{os.environ['PATH']}", "TERM": "xterm-256color"}
    process = subprocess.Popen(
        ["bash", "-c", command],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environ,
        cwd=cli.home,
        close_fds=True,
    )
    os.close(theirs)
    seen, deadline, answered = b"", time.monotonic() + seconds, False
    while True:
        ready, _, _ = select.select([ours], [], [], 0.1)
        if ready:
            try:
                data = os.read(ours, 65536)
            except OSError:
                break
            if not data:
                break
            seen += data
            if not answered and b"Go ahead?" in seen:
                answered = True
                os.write(ours, answer)
        elif process.poll() is not None:
            break
        assert time.monotonic() < deadline, f"{command} did not end:\n{seen.decode(errors='replace')}"
    os.close(ours)
    return process.wait(), seen.decode(errors="replace")


def test_every_command_works_as_it_stands(tmp_path):
    cli = Cli(tmp_path, env="dev")
    aws = False
    try:
        for command in commands():
            if "logctl init" in command:
                # The second session is for AWS; here it goes to the sandbox.
                aws = True
                cli.run("local", "up")
            cli.variables = {"LOGCTL_TARGET": "local" if aws else "aws"}
            code, shown = in_a_terminal(cli, command)
            assert code == 0, f"{command}\n{shown}"
            assert "Traceback" not in shown
            if command.startswith("logctl tail") or "athena query" in command:
                assert shown.strip(), command
    finally:
        cli.variables = {"LOGCTL_TARGET": "local"}
        cli.run("local", "down")


def test_answering_no_changes_nothing(sandbox):
    cli = Cli(sandbox.home, env="unsure")
    code, shown = in_a_terminal(cli, "logctl provision", answer=b"n\n")
    assert code == 1
    assert "Nothing was changed" in shown
    assert "There was no" in cli.run("destroy", "--yes").err
