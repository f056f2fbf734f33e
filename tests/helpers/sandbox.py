"""`logctl` as a process against a sandbox, and what tests do to the deployed pipeline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from logctl.cli.context import CommandContext
from logctl.core.times import iso
from logctl.local.sandbox import Running, find
from logctl.ops.deployment import Deployment
from tests.helpers import prefork


@dataclass
class Cli:
    """`logctl` as a person runs it: a process of its own, with its own home and one environment."""

    home: Path
    env: str = "test"
    variables: dict[str, str] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "COLUMNS": "200",
            "LOGCTL_SANDBOX_HOME": str(self.home / "sandbox"),
            "LOGCTL_STATE_HOME": str(self.home / "state"),
            "LOGCTL_TARGET": "local",
            "LOGCTL_ENV": self.env,
            **self.variables,
        }

    @property
    def with_path(self) -> dict[str, str]:
        """The same where `logctl` is on the path."""
        return {**self.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def run(self, *args: str, stdin: str | bytes | None = None, code: int | None = 0) -> Result:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = prefork.run(*args, env=self.environ, cwd=self.home, stdin=given)
        result = Result(done.returncode, done.out, done.err)
        assert "Traceback" not in result.err, result.err
        if code is not None:
            assert result.code == code, f"exit {result.code}\n{result.out}\n{result.err}"
        return result

    def start(self, *args: str, pipe: bool = False) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "logctl", *args],
            preexec_fn=prefork.as_from_a_shell,
            env=self.environ,
            cwd=self.home,
            text=True,
            stdin=subprocess.PIPE if pipe else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    @property
    def deployment(self) -> Deployment:
        """The same environment for the test's own looks and tricks, with the sandbox's root credentials."""
        context = CommandContext(environ=self.environ)
        running = find(context.sandbox_home) if context.settings.target == "local" else None
        return _deployment(running, tuple(sorted(self.environ.items())))


@cache
def _deployment(running: Running | None, environ: tuple[tuple[str, str], ...]) -> Deployment:
    """Made once for each sandbox that ran there: clients take their time to be made."""
    return CommandContext(environ=dict(environ)).deployment


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def eventually(check: Callable[[], Any], *, seconds: float = 20, what: str = "it") -> Any:
    """Wait until `check` gives something true, and return that."""
    deadline = time.monotonic() + seconds
    while True:
        found = check()
        if found:
            return found
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.2)


def resources(cli: Cli) -> dict[str, list[str]]:
    """Everything of this environment that is there, by kind."""
    aws, stack = cli.deployment.aws, cli.deployment.names.stack
    found = {
        "stacks": [s["StackName"] for s in aws.cloudformation.list_stacks()["StackSummaries"] if s["StackStatus"] != "DELETE_COMPLETE"],
        "buckets": [b["Name"] for b in aws.s3.list_buckets()["Buckets"]],
        "tables": aws.dynamodb.list_tables()["TableNames"],
        "queues": aws.sqs.list_queues().get("QueueUrls", []),
        "topics": [t["TopicArn"] for t in aws.sns.list_topics()["Topics"]],
        "functions": [f["FunctionName"] for f in aws.functions.list_functions()["Functions"]],
        "logs": [g["logGroupName"] for g in aws.logs.describe_log_groups()["logGroups"]],
    }  # fmt: skip
    ours = {kind: sorted(name for name in names if stack in name) for kind, names in found.items()}
    return {kind: names for kind, names in ours.items() if names}


def pause_lambda(cli: Cli, *, enabled: bool) -> None:
    deployment = cli.deployment
    (mapping,) = deployment.aws.functions.list_event_source_mappings(FunctionName=deployment.names.consumer)[
        "EventSourceMappings"
    ]
    deployment.aws.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)


def sweep(cli: Cli) -> dict[str, int]:
    """What the schedule does every minute, now: the deployed function, with its role."""
    deployment = cli.deployment
    event = json.dumps({"time": iso(time.time_ns() // 1_000_000)})
    reply = deployment.aws.functions.invoke(FunctionName=deployment.names.sweeper, Payload=event)
    assert "FunctionError" not in reply, reply["Payload"].read()
    return json.loads(reply["Payload"].read())
