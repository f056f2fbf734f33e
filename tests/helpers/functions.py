"""The deployed functions under their own limits: memory as address space, CPU at the function's share."""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logctl.stack.bundle import build
from tests.helpers.distributions import closure, link
from tests.helpers.sandbox import Cli

RUNTIME = Path(__file__).with_name("lambda_runtime.py")
WHOLE_CPU = 1_769
"""MB that come with one whole vCPU (AWS Lambda Developer Guide, configuring memory)."""
PERIOD = 0.05
"""Seconds of a duty cycle: for the function's share of it the process runs, for the rest it is stopped."""


@dataclass(frozen=True)
class Ended:
    """How an invocation ended. `peak` is in MB, `seconds` by the wall clock."""

    reply: Any
    peak: int
    seconds: float
    cause: str
    said: str


@dataclass
class Function:
    """A function as the stack deployed it."""

    handler: str
    timeout: int
    memory: int
    environ: dict[str, str]
    path: list[str]

    def invoke(self, event: Mapping[str, Any], **variables: str) -> Ended:
        """One cold start and one invocation; `cause` says what ended it, if it was not its own end."""
        given = {
            "path": self.path,
            "handler": self.handler,
            "timeout": self.timeout,
            "memory": self.memory,
        }
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", RUNTIME, json.dumps(given)],
            env={**self.environ, "MALLOC_ARENA_MAX": "1", **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        began = time.monotonic()
        cause = ""
        with throttled(process, self.memory / WHOLE_CPU):
            try:
                out, said = process.communicate(json.dumps(event), timeout=self.timeout + 30)
            except subprocess.TimeoutExpired:
                process.kill()
                out, said = process.communicate()
                cause = "time"
        seconds = time.monotonic() - began
        if process.returncode or not out:
            cause = cause or ("memory" if "MemoryError" in said else f"exit {process.returncode}")
            return Ended(None, 0, seconds, cause, said)
        answer = json.loads(out)
        return Ended(answer["reply"], answer["peak"], seconds, cause, said)


@contextmanager
def throttled(process: subprocess.Popen[str], share: float) -> Iterator[None]:
    """Let a process run for its share of each period only."""
    over = threading.Event()

    def cycle() -> None:
        while not over.is_set():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGSTOP)
                time.sleep(PERIOD * (1 - share))
                process.send_signal(signal.SIGCONT)
            time.sleep(PERIOD * share)

    thread = threading.Thread(target=cycle, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)


def deployed(cli: Cli, name: str, folder: Path) -> Function:
    """A function of the environment, with the code, the variables and the limits that the stack gave it.

    Raises:
        AssertionError: what is deployed is other code than is here.
    """
    deployment = cli.deployment
    told = deployment.aws.functions.get_function_configuration(FunctionName=name)
    data = build("local").data
    assert told["CodeSha256"] == base64.b64encode(hashlib.sha256(data).digest()).decode()
    code, brought = folder / "task", folder / "runtime"
    if not code.exists():
        zipfile.ZipFile(io.BytesIO(data)).extractall(code)
        brought.mkdir()
        boto3 = importlib.metadata.distribution("boto3")
        for each in (boto3, *closure(boto3, set())):
            link(each, brought)
    exports = shlex.split(cli.run("local", "env").out)
    exported = dict(word.split("=", 1) for word in exports if word != "export")
    return Function(
        told["Handler"],
        told["Timeout"],
        told["MemorySize"],
        {**told["Environment"]["Variables"], **exported, "PATH": os.environ["PATH"]},
        [str(code), str(brought)],
    )
