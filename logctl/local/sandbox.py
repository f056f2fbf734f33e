"""The sandbox: MiniStack and our Athena before it, as child processes on this machine's loopback.

`up` starts them with IAM enforced and state on disk, `down` stops what `up` started and nothing else. What
is known about them stands in `sandbox.json` in its home; a lock there makes two `up` at once start one.

MiniStack saves its state when it stops in order. After a crash or `kill -9` all S3 objects are there;
everything else is as it was at the last orderly stop, and what came after it is lost.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from enum import Enum, unique
from pathlib import Path

from logctl.core.errors import LogctlError, UnreachableError
from logctl.local import keys
from logctl.local.keys import Keys
from logctl.local.process import Process

DEFAULT_REGION = "us-east-1"
LOST = (
    "The sandbox did not stop in order. S3 objects are all there; queues, tables, functions and the stack "
    "are as of the last orderly stop, or gone."
)
UNGUARDED = "The sandbox was started by an older logctl and answers every program on this machine."
RESTART = "Start it again with: logctl local down && logctl local up"
REBUILD = "Rebuild with: logctl provision --target local, then logctl athena repair --target local"

_NEEDED = ("ministack", "cryptography", "duckdb", "fsspec")
"""Without cryptography MiniStack starts, and refuses every token."""
_START_TIMEOUT = 60.0
_STOP_PATIENCE = 30.0
_ATHENA_PATIENCE = 5.0
_OWN = ("state", "s3", "tmp", "home", keys.FOLDER)
_HEALTH = "/_logctl/health"


@unique
class Condition(Enum):
    NONE = "not set up"
    UP = "up"
    STOPPED = "stopped"
    DIED = "died"
    SILENT = "does not answer"
    OPEN = "runs without a gate"


@dataclass(frozen=True)
class Running:
    """A sandbox that answers. `started_at` is in milliseconds."""

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
class Status:
    """How the sandbox is. `log_tail` holds the log's last lines when something is wrong."""

    condition: Condition
    home: Path
    log: Path
    running: Running | None = None
    log_tail: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Memory:
    """What `sandbox.json` remembers."""

    pid: int
    born: str
    port: int
    region: str
    started_at: int
    stopped: bool
    athena_port: int = 0  # a sandbox that an older logctl has started has none
    athena_pid: int = 0
    athena_born: str = ""
    guarded: bool = False  # nor a gate

    @property
    def process(self) -> Process:
        return Process(self.pid, self.born)

    @property
    def athena(self) -> Process:
        return Process(self.athena_pid, self.athena_born)

    @property
    def answers(self) -> bool:
        return _answers(self.port) and _answers(self.athena_port)


def default_home() -> Path:
    from platformdirs import user_state_path

    return user_state_path("logctl") / "sandbox"


def environment(running: Running) -> dict[str, str]:
    """What other tools need to talk to it."""
    return {
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_ENDPOINT_URL_ATHENA": running.athena_endpoint,
        "AWS_ACCESS_KEY_ID": running.keys.access_key,
        "AWS_SECRET_ACCESS_KEY": running.keys.secret_key,
        "AWS_REGION": running.region,
        "AWS_DEFAULT_REGION": running.region,
    }


def find(home: Path) -> Running | None:
    """Return the sandbox, if it is up and answers; cheap when there is none.

    Raises:
        UnreachableError: it runs without a gate, because an older logctl started it.
    """
    memory = _recall(home)
    if memory is None or memory.stopped or not memory.process.alive():
        return None
    if not memory.guarded:
        raise UnreachableError(UNGUARDED, RESTART)
    return _running(memory, home) if memory.answers else None


def status(home: Path) -> Status:
    memory, log = _recall(home), _log(home)
    if memory is None:
        return Status(Condition.NONE, home, log)
    if memory.stopped:
        return Status(Condition.STOPPED, home, log)
    if not memory.process.alive():
        return Status(Condition.DIED, home, log, log_tail=_tail(log))
    if not memory.guarded:
        return Status(Condition.OPEN, home, log)
    if not memory.answers:
        return Status(Condition.SILENT, home, log, log_tail=_tail(log))
    return Status(Condition.UP, home, log, _running(memory, home))


def up(
    home: Path,
    *,
    region: str = DEFAULT_REGION,
    port: int | None = None,
    timeout: float = _START_TIMEOUT,
    sleep: Callable[[float], None] = time.sleep,
) -> Running:
    """Start the sandbox, or find it up already.

    Raises:
        UnreachableError: it could not be started; says why and where its log is.
    """
    with _locked(home):
        memory = _recall(home)
        if memory and not memory.stopped and memory.process.alive():
            return _already_up(memory, home, timeout, sleep)
        unclean = memory is not None and not memory.stopped
        if memory is not None:
            memory.athena.stop(patience=_ATHENA_PATIENCE, sleep=sleep)  # it may have outlived MiniStack
        chosen = port or _free_port(memory.port if memory else None)
        athena_port = _free_port(memory.athena_port if memory else None, but=chosen)
        started = _start(home, chosen, athena_port, region, timeout, sleep)
        moved = memory is not None and memory.port != chosen
        return replace(_running(started, home), unclean=unclean, new_port=moved)


def _already_up(memory: _Memory, home: Path, timeout: float, sleep: Callable[[float], None]) -> Running:
    if not memory.guarded:
        raise UnreachableError(UNGUARDED, RESTART)
    deadline = time.monotonic() + min(timeout, 10)
    while not _answers(memory.port):
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"The sandbox runs (process {memory.pid}) but does not answer on port {memory.port}.",
                f"Stop it with: logctl local down. Its log is {_log(home)}",
            )
        sleep(0.2)
    if not memory.athena.alive():
        memory = _start_athena(memory, home, timeout, sleep)
    return replace(_running(memory, home), was_already_up=True)


def _start(
    home: Path, port: int, athena_port: int, region: str, timeout: float, sleep: Callable[[float], None]
) -> _Memory:
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise UnreachableError(
            f"The sandbox is not installed: {', '.join(missing)} missing.",
            "Install it with: pipx install 'logctl[local]'",
        )
    if _taken(port):
        raise UnreachableError(
            f"Port {port} on 127.0.0.1 is taken by another program.", "Name another with --port."
        )
    _make_home(home)
    child = _spawn_ministack(home, port, athena_port, region)
    memory = _Memory(
        child.pid,
        Process.of(child.pid).born,
        port,
        region,
        time.time_ns() // 1_000_000,
        stopped=False,
        athena_port=athena_port,
        guarded=True,
    )
    _remember(home, memory)
    try:
        _wait_until_ready(child, port, _log(home), timeout, sleep)
        return _start_athena(memory, home, timeout, sleep)
    except BaseException:
        # Nothing half-started is left behind: not after an error, and not after Ctrl-C.
        memory.process.stop(patience=5, sleep=sleep)
        child.wait()
        _remember(home, replace(memory, stopped=True))
        raise


def _start_athena(memory: _Memory, home: Path, timeout: float, sleep: Callable[[float], None]) -> _Memory:
    log = _athena_log(home)
    if not memory.athena_port:
        memory = replace(memory, athena_port=_free_port(None, but=memory.port))
    child = _spawn(
        [
            "logctl.local.athena_server",
            *("--port", str(memory.athena_port)),
            *("--backend", _url(memory.port)),
            *("--keys", str(keys.path(home))),
        ],
        _environ(home),
        home,
        log,
    )
    known = replace(memory, athena_pid=child.pid, athena_born=Process.of(child.pid).born)
    _remember(home, known)
    try:
        _wait_until_ready(child, known.athena_port, log, timeout, sleep)
    except BaseException:
        known.athena.stop(patience=_ATHENA_PATIENCE, sleep=sleep)
        child.wait()
        raise
    return known


def _make_home(home: Path) -> None:
    try:
        for name in _OWN:
            (home / name).mkdir(mode=0o700, exist_ok=True)
            (home / name).chmod(0o700)  # one that was there already may have let others in
        keys.ensure(home)
    except OSError as problem:
        raise UnreachableError(
            f"The sandbox's home cannot be used: {problem}.", "Choose another with LOGCTL_SANDBOX_HOME."
        ) from None


def _spawn(module: list[str], environ: dict[str, str], home: Path, log: Path) -> subprocess.Popen[bytes]:
    if log.exists():
        log.replace(log.with_suffix(".previous"))
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:  # noqa: PTH123
        return subprocess.Popen(
            [sys.executable, "-m", *module],
            env=environ,
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _spawn_ministack(home: Path, port: int, athena_port: int, region: str) -> subprocess.Popen[bytes]:
    environ = {
        **_environ(home),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": region,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home / "s3"),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "INFO",
        # For the Lambda functions, which inherit it: their Athena is ours.
        "AWS_ENDPOINT_URL_ATHENA": _url(athena_port),
    }
    return _spawn(
        ["logctl.local.ministack", "--keys", str(keys.path(home))],
        environ,
        home,
        _log(home),
    )


def _environ(home: Path) -> dict[str, str]:
    """Only what a child needs: MiniStack's Lambda workers inherit it, and somebody's AWS profile or LOGCTL_
    settings in there would change what the functions do."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home / "home"),
        "TMPDIR": str(home / "tmp"),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def _wait_until_ready(
    child: subprocess.Popen[bytes],
    port: int,
    log: Path,
    timeout: float,
    sleep: Callable[[float], None],
) -> None:
    deadline = time.monotonic() + timeout
    while not _answers(port):
        if child.poll() is not None:
            raise UnreachableError(
                f"The sandbox ended while it started (code {child.returncode}): {_last_line(log)}",
                f"Its log is {log}",
            )
        if time.monotonic() > deadline:
            raise UnreachableError(
                f"The sandbox did not come up within {timeout:.0f} s: {_last_line(log)}",
                f"Its log is {log}",
            )
        sleep(0.1)


def down(home: Path, *, sleep: Callable[[float], None] = time.sleep) -> Condition:
    """Stop what `up` started and nothing else; the condition it was found in."""
    if not home.exists():
        return Condition.NONE
    with _locked(home):
        memory = _recall(home)
        if memory is None:
            return Condition.NONE
        if memory.stopped:
            return Condition.STOPPED
        memory.athena.stop(patience=_ATHENA_PATIENCE, sleep=sleep)
        if not memory.process.alive():
            return Condition.DIED
        in_order = memory.process.stop(patience=_STOP_PATIENCE, sleep=sleep)
        if not in_order:
            raise LogctlError(f"The sandbox did not stop within {_STOP_PATIENCE:.0f} s and was killed.", LOST)
        _remember(home, replace(memory, stopped=True))
        return Condition.UP


def reset(home: Path, *, sleep: Callable[[float], None] = time.sleep) -> Running | None:
    """Forget everything in the sandbox; it is up again afterwards if it was before."""
    was = status(home)
    memory = _recall(home)
    down(home, sleep=sleep)
    for name in _OWN:
        shutil.rmtree(home / name, ignore_errors=True)
    (home / "sandbox.json").unlink(missing_ok=True)
    if memory is None or was.condition not in (Condition.UP, Condition.SILENT):
        return None
    return up(home, region=memory.region, port=memory.port, sleep=sleep)


# ── Small parts ─────────────────────────────────────────────────────────────────────────────────────


def _running(memory: _Memory, home: Path) -> Running:
    own = keys.read(keys.path(home))
    if own is None:
        raise UnreachableError("The sandbox's credentials are gone.", RESTART)
    return Running(
        _url(memory.port),
        _url(memory.athena_port),
        memory.port,
        memory.pid,
        memory.region,
        home,
        memory.started_at,
        own,
    )


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _recall(home: Path) -> _Memory | None:
    try:
        stored: Mapping[str, object] = json.loads((home / "sandbox.json").read_text())
        return _Memory(**stored)  # type: ignore[arg-type]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError):
        raise LogctlError(
            f"{home / 'sandbox.json'} is damaged.",
            "Delete it, and end any `python -m logctl.local.ministack` by hand.",
        ) from None


def _remember(home: Path, memory: _Memory) -> None:
    fresh = home / "sandbox.json.new"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        json.dump(asdict(memory), file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(home / "sandbox.json")


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError, urllib.error.URLError, ValueError):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(_url(port) + _HEALTH, timeout=1) as reply:
            return bool(reply.status == 200)
    return False


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
        return False


def _free_port(preferred: int | None, but: int | None = None) -> int:
    """Return the port it had before, because queue URLs hold it; any other when that one is taken."""
    if preferred and preferred != but and not _taken(preferred):
        return preferred
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            found = int(probe.getsockname()[1])
        if found != but:
            return found


def _log(home: Path) -> Path:
    return home / "ministack.log"


def _athena_log(home: Path) -> Path:
    return home / "athena.log"


def _tail(log: Path, lines: int = 5) -> tuple[str, ...]:
    try:
        return tuple(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ()


def _last_line(log: Path) -> str:
    return next((line for line in reversed(_tail(log, 20)) if line.strip()), "its log is empty")
