"""The sandbox: MiniStack, and the project's Athena beside it, as processes that listen on 127.0.0.1 only.

`up` starts them, with IAM enforced and state on disk, and `down` stops what `up` has started. A lock in the
sandbox's home makes two `up` at the same time start one sandbox.

MiniStack saves its state when it stops in order. After a crash or `kill -9` all objects in S3 are there;
everything else is as it was at the last orderly stop, and what came after it is lost.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum, unique
from pathlib import Path

from logctl.core.errors import LogctlError, UnreachableError
from logctl.local import keys
from logctl.local.keys import Keys
from logctl.local.process import Process
from logctl.local.sandbox_processes import (
    Patience,
    answers,
    athena_log,
    check_is_installed,
    free_port,
    is_taken,
    ministack_log,
    start_athena,
    start_ministack,
    tail,
    url,
    wait_until_ready,
)
from logctl.local.sandbox_state import Memory, forget, locked, recall, remember

DEFAULT_REGION = "us-east-1"
LOST = (
    "The sandbox did not stop in order. All S3 objects are there; queues, tables, functions and the stack "
    "are as they were at the last orderly stop, or missing."
)
UNGUARDED = "The sandbox was started by an older logctl and answers every program on this machine."
RESTART = "Start it again with: logctl local down && logctl local up"
REBUILD = "Rebuild with: logctl provision --target local, then logctl athena repair --target local"

_START_TIMEOUT = 60.0
_STOP_PATIENCE = 30.0
_ATHENA_PATIENCE = 5.0
_FOLDERS = ("state", "s3", "tmp", "home", keys.FOLDER)
"""The folders of a sandbox's home, which `reset` deletes."""


@unique
class SandboxCondition(Enum):
    """The condition of a sandbox, and how `logctl local status` writes it."""

    NONE = "not set up"
    UP = "up"
    STOPPED = "stopped"
    DIED = "died"
    SILENT = "does not answer"
    OPEN = "runs without a gate"


@dataclass(frozen=True)
class Running:
    """A sandbox that answers.

    Attributes:
        started_at: milliseconds since 1970.
        was_already_up: whether `up` found it running.
        unclean: whether it had not been stopped in order before.
        new_port: whether it has another port than before.
    """

    endpoint: str
    athena_endpoint: str
    port: int
    pid: int
    region: str
    home: Path
    started_at: int
    keys: Keys
    was_already_up: bool = False
    unclean: bool = False
    new_port: bool = False


@dataclass(frozen=True)
class SandboxStatus:
    """The condition of a sandbox. `log_tail` has the last lines of its log if something is wrong."""

    condition: SandboxCondition
    home: Path
    log: Path
    running: Running | None = None
    log_tail: tuple[str, ...] = ()


def default_home() -> Path:
    from platformdirs import user_state_path

    return user_state_path("logctl") / "sandbox"


def environment(running: Running) -> dict[str, str]:
    """Return the environment variables with which other tools use the sandbox."""
    return {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ENDPOINT_URL_ATHENA": running.athena_endpoint,
        "AWS_ACCESS_KEY_ID": running.keys.access_key,
        "AWS_SECRET_ACCESS_KEY": running.keys.secret_key,
        "AWS_REGION": running.region,
        "AWS_DEFAULT_REGION": running.region,
    }


def find(home: Path) -> Running | None:
    """Return the sandbox if it is up and answers.

    Raises:
        UnreachableError: it runs without a gate, because an older logctl started it.
    """
    memory = recall(home)
    if memory is None or memory.stopped or not memory.process.alive():
        return None
    if not memory.guarded:
        raise UnreachableError(UNGUARDED, RESTART)
    return _running(memory, home) if _answer(memory) else None


def status(home: Path) -> SandboxStatus:
    memory, log = recall(home), ministack_log(home)
    if memory is None:
        return SandboxStatus(SandboxCondition.NONE, home, log)
    if memory.stopped:
        return SandboxStatus(SandboxCondition.STOPPED, home, log)
    if not memory.process.alive():
        return SandboxStatus(SandboxCondition.DIED, home, log, log_tail=tail(log))
    if not memory.guarded:
        return SandboxStatus(SandboxCondition.OPEN, home, log)
    if not _answer(memory):
        return SandboxStatus(SandboxCondition.SILENT, home, log, log_tail=tail(log))
    return SandboxStatus(SandboxCondition.UP, home, log, _running(memory, home))


# ── Start ───────────────────────────────────────────────────────────────────────────────────────────


def up(
    home: Path,
    *,
    region: str = DEFAULT_REGION,
    port: int | None = None,
    timeout: float = _START_TIMEOUT,
    sleep: Callable[[float], None] = time.sleep,
) -> Running:
    """Start the sandbox, unless it is up already.

    Raises:
        UnreachableError: it could not be started. The error says why, and where the log is.
    """
    patience = Patience(timeout, sleep)
    with locked(home):
        memory = recall(home)
        if memory and not memory.stopped and memory.process.alive():
            running = _already_up(memory, home, patience)
            if running is not None:
                return running
        unclean = memory is not None and not memory.stopped
        if memory is not None:
            # It may still run after MiniStack has died.
            memory.athena.stop(patience=_ATHENA_PATIENCE, sleep=sleep)
        chosen = port or free_port(memory.port if memory else None)
        athena_port = free_port(memory.athena_port if memory else None, but=chosen)
        started = _start(home, chosen, athena_port, region, patience)
        moved = memory is not None and memory.port != chosen
        return replace(_running(started, home), unclean=unclean, new_port=moved)


def _already_up(memory: Memory, home: Path, patience: Patience) -> Running | None:
    """Return the sandbox that runs; None if its process ends while it is waited for.

    Raises:
        UnreachableError: it does not answer, or is of a version without a gate.
    """
    if not memory.guarded:
        raise UnreachableError(UNGUARDED, RESTART)
    deadline = time.monotonic() + min(patience.timeout, 10)
    while not answers(memory.port):
        if not memory.process.alive():
            return None  # it was being killed
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"The sandbox runs (process {memory.pid}) but does not answer on port {memory.port}.",
                f"Stop it with: logctl local down. Its log is {ministack_log(home)}",
            )
        patience.sleep(0.2)
    if not memory.athena.alive():
        memory = _with_athena(memory, home, patience)
    return replace(_running(memory, home), was_already_up=True)


def _start(home: Path, port: int, athena_port: int, region: str, patience: Patience) -> Memory:
    check_is_installed()
    if is_taken(port):
        raise UnreachableError(
            f"Port {port} on 127.0.0.1 is taken by another program.", "Choose another port with --port."
        )
    _make_home(home)
    child = start_ministack(home, port, athena_port, region)
    memory = Memory(
        pid=child.pid,
        born=Process.of(child.pid).born,
        port=port,
        region=region,
        started_at=time.time_ns() // 1_000_000,
        stopped=False,
        athena_port=athena_port,
        guarded=True,
    )
    remember(home, memory)
    try:
        wait_until_ready(child, port, ministack_log(home), patience)
        return _with_athena(memory, home, patience)
    except BaseException:
        # A failed start leaves no process running, also after Ctrl-C.
        memory.process.stop(patience=5, sleep=patience.sleep)
        child.wait()
        remember(home, replace(memory, stopped=True))
        raise


def _with_athena(memory: Memory, home: Path, patience: Patience) -> Memory:
    """Start Athena beside a MiniStack that runs."""
    if not memory.athena_port:
        memory = replace(memory, athena_port=free_port(None, but=memory.port))
    child = start_athena(home, memory.athena_port, memory.port)
    known = replace(memory, athena_pid=child.pid, athena_born=Process.of(child.pid).born)
    remember(home, known)
    try:
        wait_until_ready(child, known.athena_port, athena_log(home), patience)
    except BaseException:
        known.athena.stop(patience=_ATHENA_PATIENCE, sleep=patience.sleep)
        child.wait()
        raise
    return known


def _make_home(home: Path) -> None:
    try:
        for name in _FOLDERS:
            (home / name).mkdir(mode=0o700, exist_ok=True)
            (home / name).chmod(0o700)  # a folder that existed before may be open to other users
        keys.ensure(home)
    except OSError as problem:
        raise UnreachableError(
            f"The sandbox's home cannot be used: {problem}.", "Choose another with LOGCTL_SANDBOX_HOME."
        ) from None


# ── Stop ────────────────────────────────────────────────────────────────────────────────────────────


def down(home: Path, *, sleep: Callable[[float], None] = time.sleep) -> SandboxCondition:
    """Stop the processes that `up` has started, and return the condition in which the sandbox was.

    Raises:
        LogctlError: it did not stop in time and was killed.
    """
    if not home.exists():
        return SandboxCondition.NONE
    with locked(home):
        memory = recall(home)
        if memory is None:
            return SandboxCondition.NONE
        if memory.stopped:
            return SandboxCondition.STOPPED
        memory.athena.stop(patience=_ATHENA_PATIENCE, sleep=sleep)
        if not memory.process.alive():
            return SandboxCondition.DIED
        in_order = memory.process.stop(patience=_STOP_PATIENCE, sleep=sleep)
        if not in_order:
            raise LogctlError(f"The sandbox did not stop within {_STOP_PATIENCE:.0f} s and was killed.", LOST)
        remember(home, replace(memory, stopped=True))
        return SandboxCondition.UP


def reset(home: Path, *, sleep: Callable[[float], None] = time.sleep) -> Running | None:
    """Delete everything in the sandbox. If it was up, it is started again."""
    was = status(home)
    memory = recall(home)
    down(home, sleep=sleep)
    for name in _FOLDERS:
        shutil.rmtree(home / name, ignore_errors=True)
    forget(home)
    if memory is None or was.condition not in (SandboxCondition.UP, SandboxCondition.SILENT):
        return None
    return up(home, region=memory.region, port=memory.port, sleep=sleep)


def _answer(memory: Memory) -> bool:
    return answers(memory.port) and answers(memory.athena_port)


def _running(memory: Memory, home: Path) -> Running:
    own = keys.read(keys.path(home))
    if own is None:
        raise UnreachableError("The sandbox's credentials are missing.", RESTART)
    return Running(
        endpoint=url(memory.port),
        athena_endpoint=url(memory.athena_port),
        port=memory.port,
        pid=memory.pid,
        region=memory.region,
        home=home,
        started_at=memory.started_at,
        keys=own,
    )
