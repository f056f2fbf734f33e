"""Processor time and memory of whole programs that take turns in one run."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOGCTL = (str(Path(sys.executable).with_name("logctl")),)
"""The program as people start it: the script that pip makes."""


@dataclass(frozen=True)
class Program:
    """A program that is started in each round, with what it adds to the environment."""

    command: Sequence[str]
    environ: Mapping[str, str]

    def run(self) -> float:
        """Run it to its end without showing its output, and return its user time in seconds."""
        # An installed package has its bytecode; some machines forbid to write it.
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            self.command,
            env={**environ, **self.environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before


def take_turns(programs: Mapping[str, Program], rounds: int) -> dict[str, float]:
    """Run each program in each round, and return the median of its user times in seconds, by its name."""
    for program in programs.values():
        program.run()
    times = [{name: program.run() for name, program in programs.items()} for _ in range(rounds)]
    return {name: statistics.median(each[name] for each in times) for name in programs}


def peak_megabytes(program: Program) -> float:
    """Return the most memory that a program has at a time, as the operating system counts it."""
    code = (
        "import resource, subprocess, sys; "
        "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *program.command],
        env={**os.environ, **program.environ},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout) / 1024
