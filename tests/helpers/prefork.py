"""`python -m logctl` in processes of their own, without paying for the imports each time.

A server imports what commands import, once, and forks for each call: a command still has its own process,
environment, working directory and descriptors, and begins within milliseconds instead of half a second.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import hashlib
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import logctl
from logctl.stack.bundle import Bundle, build
from tests.helpers import quick_clients

SOURCES = Path(logctl.__file__).parent
IMPORTED = (
    "logctl.cli.app",
    "logctl.local.sandbox",
    *(
        module.name
        for package in ("core", "ops", "pipeline", "stack")
        for module in pkgutil.walk_packages([str(SOURCES / package)], f"logctl.{package}.")
    ),
    "pyathena.cursor",
    "rich.console",
    "rich.progress",
    "s3transfer.manager",
    "sqlglot.dialects.athena",
)
SIGNED_HOST = "TESTS_SIGNED_HOST"
"""A variable: the host that a command signs its requests for, when a proxy passes them on to another one."""
SERVICES = ("athena", "cloudformation", "dynamodb", "glue", "lambda", "s3", "sqs", "sts")


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: bytes
    stderr: bytes

    @property
    def out(self) -> str:
        return self.stdout.decode()

    @property
    def err(self) -> str:
        return self.stderr.decode()


def run(
    *args: str, env: Mapping[str, str], cwd: Path, stdin: bytes | None = None, timeout: float = 120
) -> Done:
    """Run a command to its end; -9 and the like say by which signal it ended.

    Raises:
        TimeoutError: it took longer than `timeout` seconds. It goes on.
    """
    if any(name.startswith("PYTHON") for name in env):
        return _in_a_new_interpreter(*args, env=env, cwd=cwd, stdin=stdin, timeout=timeout)
    with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as connection:
        given, out, err = (Path(folder, name) for name in ("in", "out", "err"))
        if stdin is not None:
            given.write_bytes(stdin)
        call = {
            "args": args,
            "env": dict(env),
            "cwd": str(cwd),
            "stdin": None if stdin is None else str(given),
            "outputs": [str(out), str(err)],
        }
        connection.settimeout(timeout)
        connection.connect(_server())
        connection.sendall(json.dumps(call).encode() + b"\n")
        returncode = int(connection.makefile().readline())
        return Done(returncode, out.read_bytes(), err.read_bytes())


def as_from_a_shell() -> None:
    """Take signals as a command does that somebody starts at a prompt: `preexec_fn` of whatever tests start.

    A script that runs the tests in the background, or nohup, has some of them ignored, and a process inherits
    what is ignored or blocked from whoever starts it.
    """
    for number in (
        signal.SIGINT,
        signal.SIGQUIT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGTSTP,
        signal.SIGPIPE,
    ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _in_a_new_interpreter(
    *args: str, env: Mapping[str, str], cwd: Path, stdin: bytes | None, timeout: float
) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "logctl", *args],
        preexec_fn=as_from_a_shell,
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=dict(env),
        cwd=cwd,
        timeout=timeout,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@cache
def _server() -> str:
    """The address of this process's server, which ends with it."""
    folder = tempfile.TemporaryDirectory()
    address = str(Path(folder.name, "socket"))
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.helpers.prefork", address],
        stdin=subprocess.PIPE,
        preexec_fn=as_from_a_shell,
    )

    def end() -> None:
        child.kill()
        child.wait()
        folder.cleanup()

    atexit.register(end)
    while not Path(address).exists():
        assert child.poll() is None, "the server of tests.helpers.prefork did not start"
        time.sleep(0.01)
    return address


_ZIPS = Path(sys.prefix, "zips-of-tests")
"""Zips by the digest of what is in them, for all workers and their servers."""


def zipped_once() -> property:
    """A `Bundle.data` that compresses the same files once: a second each time they are deployed otherwise."""
    compress: Callable[[Bundle], bytes] = Bundle.data.func
    zips: dict[str, bytes] = {}

    def data(bundle: Bundle) -> bytes:
        if bundle.digest not in zips:
            zips[bundle.digest] = _kept(bundle.digest, lambda: compress(bundle))
        return zips[bundle.digest]

    return property(data)


def _kept(digest: str, make: Callable[[], bytes]) -> bytes:
    """Return the file of this digest; make it if there is none, and remove those of yesterday's sources."""
    how = hashlib.sha256((SOURCES / "stack" / "bundle.py").read_bytes()).hexdigest()
    file = _ZIPS / f"{digest}-{how[:16]}.zip"
    with contextlib.suppress(FileNotFoundError):
        return file.read_bytes()
    made = make()
    _ZIPS.mkdir(exist_ok=True)
    for other in _ZIPS.glob("*.zip"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - other.stat().st_mtime > 24 * 3600:
                other.unlink()
    part = file.with_suffix(f".{os.getpid()}")
    part.write_bytes(made)
    part.rename(file)
    return made


def _get_ready() -> None:
    """Do once what each command does first: imports, the tree of commands, the zip, the services' models."""
    for module in IMPORTED:
        with contextlib.suppress(ImportError):  # what is no longer there is not worth importing early
            importlib.import_module(module)
    import boto3
    import typer.main

    from tests.helpers.command_tree import command_tree

    tree = command_tree()
    typer.main.get_command = lambda _: tree
    Bundle.data = zipped_once()
    _ = build("local").data
    quick_clients.make_once()
    session = boto3.Session("nobody", "nothing", region_name="us-east-1")
    for service in SERVICES:
        session.client(service)
    gc.collect()
    gc.freeze()  # what a collection does not touch stays shared with the children


def serve(address: str) -> None:
    _get_ready()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address + ".new")
        listener.listen(64)
        Path(address + ".new").rename(address)
        # Standard input ends with whoever started this, however that ends.
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(connection)
            connection.close()
            _reap()


def _reap() -> None:
    """Wait for the children that have ended, so that `time` and getrusage count what they used."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(connection: socket.socket) -> None:
    call = json.loads(connection.makefile().readline())
    reads, writes = os.pipe() if call["stdin"] else (os.open(os.devnull, os.O_RDONLY), None)
    child = os.fork()
    if child == 0:
        connection.close()
        if writes:
            os.close(writes)
        _become(call, reads)
    os.close(reads)
    with contextlib.suppress(OSError):  # the command need not read it, and whoever asked may have gone
        if writes:
            with os.fdopen(writes, "wb") as pipe:
                pipe.write(Path(call["stdin"]).read_bytes())
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(call: dict[str, Any], stdin: int) -> None:
    """Be the command, as if just started."""
    os.chdir(call["cwd"])
    os.environ.clear()
    os.environ.update(call["env"])
    time.tzset()  # the C library has read TZ already, before the fork
    time.tzset()
    os.dup2(stdin, 0)
    for descriptor, name in enumerate(call["outputs"], start=1):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), descriptor)
    sys.stdin = open(0, encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
    sys.stdout = open(1, "w", encoding="utf-8", errors="surrogateescape")  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
    sys.argv = ["logctl", *call["args"]]

    if SIGNED_HOST in call["env"]:
        import botocore.auth

        botocore.auth._host_from_url = lambda _: call["env"][SIGNED_HOST]

    from logctl.__main__ import main

    status = 0
    try:
        main()
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        status = 1
        traceback.print_exc()
    threading._shutdown()
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    # Taking the interpreter apart would copy every page it shares, ten times what a small command does itself.
    os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1])
