"""What a command costs before it does anything: `python -m bench startup`.

Whole programs, by user time, in turns. The peer of help is `import typer`, without which there is no command;
of `tail -n 1` and `debounce list` a script that makes the same clients with boto3 and sends the same requests
to the same sandbox. The requests are those that the command itself makes, as botocore is asked for them.
"""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.environment import sandboxed
from bench.programs import LOGCTL, Program, take_turns
from bench.ratios import Ratio
from logctl.cli import aws_session
from logctl.local import sandbox

ROUNDS = 15
TARGET = 1.3
HELP = (("--version",), ("--help",), ("tail", "--help"))
SMALL = (("tail", "-n", "1"), ("debounce", "list"))
COMPLETION = {"_LOGCTL_COMPLETE": "complete_bash", "COMP_WORDS": "logctl de", "COMP_CWORD": "1"}
PEER = """
import boto3
from botocore import xform_name
from botocore.config import Config

clients = {{}}
for service, operation, parameters in {calls!r}:
    if service not in clients:
        config = Config(connect_timeout=1, read_timeout=5, retries={{"mode": "standard", "max_attempts": 3}})
        clients[service] = boto3.Session().client(service, config=config)
    getattr(clients[service], xform_name(operation))(**parameters)
"""


def main() -> None:
    for ratio in ratios():
        print(f"{ratio.name:<25} {ratio.value:>5.2f} x {ratio.peer}  ({ratio.figures})")


def ratios() -> Iterator[Ratio]:
    """Measure, and yield each ratio as soon as it is known."""
    yield from of_help()
    with sandboxed() as (_, environ):
        yield from of_small_commands(environ)


def of_help() -> Iterator[Ratio]:
    programs = {" ".join(words): Program([*LOGCTL, *words], {}) for words in HELP}
    programs["completion of a command"] = Program(LOGCTL, COMPLETION)
    peer = "import typer"
    found = take_turns({peer: Program([sys.executable, "-c", peer], {}), **programs}, ROUNDS)
    for name in programs:
        yield _ratio(name, peer, found[name], found[peer])


def of_small_commands(environ: dict[str, str]) -> Iterator[Ratio]:
    subprocess.run(
        [*LOGCTL, "send", "--sample", "1000", "--wait"],
        env={**os.environ, **environ},
        check=True,
        capture_output=True,
    )
    exports = sandbox.environment(sandbox.find(Path(environ["LOGCTL_SANDBOX_HOME"])))
    for words in SMALL:
        calls = requests_of(words, environ)
        script = PEER.format(calls=calls)
        programs = {
            "logctl": Program([*LOGCTL, *words], environ),
            "script": Program([sys.executable, "-c", script], exports),
        }
        found = take_turns(programs, ROUNDS)
        peer = f"a script with boto3 that sends the same {len(calls)} requests"
        yield _ratio(" ".join(words), peer, found["logctl"], found["script"])


def _ratio(name: str, peer: str, ours: float, theirs: float) -> Ratio:
    figures = f"{1000 * ours:.0f} ms, {1000 * theirs:.0f} ms"
    return Ratio("start-up", name, peer, ours / theirs, TARGET, lower=True, figures=figures)


def requests_of(words: Sequence[str], environ: dict[str, str]) -> list[tuple[str, str, dict[str, Any]]]:
    """Run a command in this process, and return its requests: service, operation and parameters."""
    from logctl.__main__ import main as command

    noted: list[tuple[str, str, dict[str, Any]]] = []
    new_session = aws_session.new_session

    def watched(**choices: Any) -> Any:
        session = new_session(**choices)

        def note(params: dict[str, Any], model: Any, **_: Any) -> None:
            noted.append((model.service_model.service_name, model.name, dict(params)))

        session.events.register("before-parameter-build.*.*", note)
        return session

    with (
        patch.object(aws_session, "new_session", watched),
        patch.object(sys, "argv", ["logctl", *words]),
        patch.dict(os.environ, environ),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        command()
    return noted


if __name__ == "__main__":
    main()
