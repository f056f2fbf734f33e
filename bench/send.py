"""What `logctl send` costs beside programs that read log files: `python -m bench send [MEGABYTES [memory]]`.

Each is run as a whole program, with its start: `send` against a stub of SQS on this machine that counts the
requests at its socket, a Python program that decodes each line as JSON and compresses what it read with
zstd's level 3, and rsyslog and syslog-ng, where they are installed, which read a file and write JSON to
another. Numbers are megabytes of the file in a second of user CPU time, of all processes together. Runs
alternate, and the best of each counts, because the machine is shared.

With `memory`, the largest process of `send` is measured for files of one and of ten times the size.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from bench.ratios import Ratio

ROUNDS = 2
PEER = "json.loads and zstd -3"
TARGET = 0.48
"""45 MB a second of CPU, where the peer reads 94."""
START = datetime(2026, 11, 27, 8, tzinfo=UTC)

_PEER = """
import json, sys, zstandard
size, lines, total = 0, [], 0
compress = zstandard.ZstdCompressor(level=3).compress
with open(sys.argv[1], encoding="utf-8") as file:
    for line in file:
        if line[0] == "{":
            json.loads(line)
        else:
            line = json.dumps({"message": line})
        lines.append(line)
        size += len(line)
        if size > 1 << 20:
            total += len(compress("".join(lines).encode()))
            size, lines = 0, []
print(total + len(compress("".join(lines).encode())))
"""
_RSYSLOG = """
global(workDirectory="{folder}" maxMessageSize="64k")
module(load="imfile" mode="polling" pollingInterval="1")
input(type="imfile" file="{source}" tag="bench" reopenOnTruncate="off")
template(name="json" type="list" option.jsonf="on") {{
  property(outname="message" name="msg" format="jsonf")
  property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
}}
main_queue(queue.workerThreads="2")
action(type="omfile" file="{target}" template="json" asyncWriting="off")
"""
_SYSLOG_NG = """@version: {version}
options {{ stats-freq(0); log-msg-size(65536); }};
source s {{ file("{source}" flags(no-parse) follow-freq(0.1) read-old-records(yes)); }};
destination d {{ file("{target}" template("$(format-json message=$MESSAGE time=$ISODATE)\\n")); }};
log {{ source(s); destination(d); }};
"""


# ── What is sent ────────────────────────────────────────────────────────────────────────────────────


def json_line(at: datetime, chance: random.Random) -> str:
    """Return a record of about 548 bytes with ids that no compressor makes smaller."""
    record = {
        "timestamp": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": chance.choices(["DEBUG", "INFO", "WARN", "ERROR"], [20, 70, 7, 3])[0],
        "logger": "com.shop.checkout.payment.PaymentService",
        "thread": f"http-nio-8080-exec-{chance.randrange(200)}",
        "message": f"payment for order {chance.randrange(10**9)} accepted by "
        f"{chance.choice(['visa', 'mastercard', 'paypal', 'klarna'])} in {chance.randrange(5000)} ms",
        "trace_id": f"{chance.getrandbits(128):032x}",
        "span_id": f"{chance.getrandbits(64):016x}",
        "user_id": chance.randrange(10**7),
        "http": {
            "method": chance.choice(["GET", "POST"]),
            "path": f"/api/v2/orders/{chance.randrange(10**6)}/payments",
            "status": chance.choice([200, 200, 200, 201, 404, 500]),
            "agent": "okhttp/4.12.0 shop-android",
        },
        "region": "eu-west-1",
        "host": f"ip-10-0-{chance.randrange(256)}-{chance.randrange(256)}.eu-west-1.compute.internal",
        "version": "2026.11.3",
    }
    return json.dumps(record, separators=(",", ":"))


def text_line(at: datetime, chance: random.Random) -> str:
    """Return a line of about 192 bytes."""
    level = chance.choices(["DEBUG", "INFO", "WARN", "ERROR"], [20, 70, 7, 3])[0]
    return (
        f"{at.isoformat(timespec='milliseconds').replace('+00:00', 'Z')} {level:<5} "
        f"[http-nio-8080-exec-{chance.randrange(200)}] com.shop.checkout.PaymentService - payment for order "
        f"{chance.randrange(10**9)} accepted by {chance.choice(['visa', 'mastercard'])} in "
        f"{chance.randrange(5000)} ms trace={chance.getrandbits(64):016x} user={chance.randrange(10**7)}"
    )


def write_lines(path: Path, make: Callable[[datetime, random.Random], str], size: int) -> int:
    """Write a file of about `size` bytes; return its number of lines."""
    chance, at, written, count = random.Random(1), START, 0, 0
    with path.open("w", encoding="utf-8") as file:
        while written < size:
            at += timedelta(milliseconds=chance.randrange(1, 40))
            line = make(at, chance) + "\n"
            file.write(line)
            written += len(line)
            count += 1
    return count


# ── The queue ───────────────────────────────────────────────────────────────────────────────────────


class StubQueue(ThreadingHTTPServer):
    """An SQS that takes every message, and counts requests, messages and records."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: dict[str, int] = {}
        self.messages = self.records = self.bytes = 0
        self.refusal = b""
        """The body of the answer to every request to SQS, with status 400; "" for a queue that works."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def reset(self) -> None:
        self.calls.clear()
        self.messages = self.records = self.bytes = 0


_IDENTITY = (
    b'<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    b"<Arn>arn:aws:iam::123456789012:user/bench</Arn><UserId>bench</UserId><Account>123456789012</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
"""STS's answer, which is asked for the account's number where an error is explained."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: StubQueue

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        call = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.server.calls[call] = self.server.calls.get(call, 0) + 1
        answer: dict[str, Any] = {"QueueUrl": f"{self.server.url}/1/logs.fifo"}
        if call == "SendMessageBatch":
            ids = re.findall(rb'"Id": ?"(\d+)"', body)
            counts = re.findall(rb'\\"count\\":(\d+)', body)
            self.server.messages += len(ids)
            self.server.bytes += len(body)
            self.server.records += sum(map(int, counts))
            answer = {
                "Successful": [
                    {"Id": one.decode(), "MessageId": "m", "MD5OfMessageBody": "0" * 32} for one in ids
                ],
                "Failed": [],
            }
        refused = bool(self.server.refusal) and bool(call)
        data = self.server.refusal if refused else json.dumps(answer).encode() if call else _IDENTITY
        self.send_response(400 if refused else 200)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        if refused:
            self.send_header("x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *details: object) -> None:
        pass


@contextlib.contextmanager
def stub_queue() -> Iterator[StubQueue]:
    """Run a queue in a thread of this process, whose CPU time is in no number."""
    server = StubQueue()
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


# ── Programs ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Run:
    """User CPU and wall time of a program and its children in seconds, and the size of its largest process in MB."""

    user: float
    wall: float
    memory: float


def run(command: list[str], environ: dict[str, str], cores: int | None = None) -> Run:
    """Run a program to its end, on `cores` cores."""
    allowed = sorted(os.sched_getaffinity(0))[:cores]
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: os.sched_setaffinity(0, allowed),
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} failed: {said.decode()}")
    return Run(usage.ru_utime, time.perf_counter() - start, usage.ru_maxrss / 1024)


def logctl_send(path: Path, queue: StubQueue, home: Path, cores: int | None) -> Run:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": queue.url,
    }
    return run([sys.executable, "-m", "logctl", "send", str(path), "--app", "bench"], environ, cores)


def daemon(command: list[str], target: Path, lines: int) -> Run:
    """Run a program that does not end until it has written so many lines to a file."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    found, place = 0, 0
    deadline = start + 600
    while found < lines and time.perf_counter() < deadline:
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            raise RuntimeError(f"it ended with {process.returncode}")
        time.sleep(0.05)
        if target.exists():
            with target.open("rb") as file:
                file.seek(place)
                while chunk := file.read(1 << 20):
                    found += chunk.count(b"\n")
                    place += len(chunk)
    wall = time.perf_counter() - start
    process.send_signal(signal.SIGTERM)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if found < lines:
        raise RuntimeError(f"it wrote {found:,} of {lines:,} lines")
    return Run(usage.ru_utime, wall, usage.ru_maxrss / 1024)


def rsyslog(path: Path, folder: Path, lines: int) -> Run:
    return _daemon_with("rsyslogd", _RSYSLOG, path, folder, lines)


def syslog_ng(path: Path, folder: Path, lines: int) -> Run:
    return _daemon_with("syslog-ng", _SYSLOG_NG, path, folder, lines)


def _daemon_with(name: str, text: str, path: Path, folder: Path, lines: int) -> Run:
    """Run a daemon with a configuration, in a folder that is empty: no run knows what the one before has read."""
    work = Path(tempfile.mkdtemp(dir=folder))
    target, config = work / "out.json", work / "conf"
    version = ""
    if name == "syslog-ng":
        said = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"Config version: ([\d.]+)", said)
        version = found[1] if found else "4.0"
    config.write_text(text.format(folder=work, source=path, target=target, version=version))
    command = {
        "rsyslogd": ["rsyslogd", "-n", "-f", str(config), "-i", str(work / "pid")],
        "syslog-ng": [
            *("syslog-ng", "-F", "-f", str(config), "--no-caps", "-p", str(work / "pid")),
            *("-R", str(work / "state"), "-c", str(work / "control")),
        ],
    }[name]
    try:
        return daemon(command, target, lines)
    finally:
        shutil.rmtree(work)


def _peers(path: Path, folder: Path, lines: int) -> dict[str, Callable[[], Run]]:
    peer = [sys.executable, "-c", _PEER, str(path)]
    found: dict[str, Callable[[], Run]] = {"json.loads + zstd -3": lambda: run(peer, dict(os.environ), 1)}
    if shutil.which("rsyslogd"):
        found["rsyslog"] = lambda: rsyslog(path, folder, lines)
    if shutil.which("syslog-ng"):
        found["syslog-ng"] = lambda: syslog_ng(path, folder, lines)
    return found


def compare(megabytes: float) -> None:
    cores = len(os.sched_getaffinity(0))
    print(f"{'':<7}{'program':<24}{'MB/s of CPU':>12}{'x peer':>8}{'wall s':>9}{'MB':>7}")
    with tempfile.TemporaryDirectory() as name, stub_queue() as queue:
        folder = Path(name)
        for kind, make in (("JSON", json_line), ("text", text_line)):
            path = folder / f"{kind}.log"
            lines = write_lines(path, make, int(megabytes * 1e6))
            size = path.stat().st_size / 1e6
            programs: dict[str, Callable[[], Run]] = {
                "logctl send, 1 process": lambda path=path: logctl_send(path, queue, folder, 1),
                f"logctl send, {cores} cores": lambda path=path: logctl_send(path, queue, folder, None),
                **_peers(path, folder, lines),
            }
            best: dict[str, Run] = {}
            sent = ""
            for _ in range(ROUNDS):
                for program, start in programs.items():
                    queue.reset()
                    try:
                        measured = start()
                    except RuntimeError as problem:
                        print(f"{kind:<7}{program:<24}{problem!s:>20}")
                        continue
                    if program.startswith("logctl"):
                        assert queue.records == lines, (queue.records, lines)
                        calls = queue.calls["SendMessageBatch"]
                        sent = f"{lines:,} records, {queue.messages} messages, {calls} requests"
                    if program not in best or measured.user < best[program].user:
                        best[program] = measured
            least = best["json.loads + zstd -3"].user
            for program, one in best.items():
                print(
                    f"{kind:<7}{program:<24}{size / one.user:>12.1f}{least / one.user:>8.2f}{one.wall:>9.1f}"
                    f"{one.memory:>7.0f}"
                )
            print(f"{kind:<7}{sent}")
            path.unlink()


def ratios(megabytes: float = 25.0) -> Iterator[Ratio]:
    """Measure `send` beside the peer for JSON and text, and yield each ratio as soon as it is known."""
    with tempfile.TemporaryDirectory() as name, stub_queue() as queue:
        folder = Path(name)
        for kind, make in (("JSON", json_line), ("text", text_line)):
            path = folder / f"{kind}.log"
            write_lines(path, make, int(megabytes * 1e6))
            size = path.stat().st_size / 1e6
            peer = [sys.executable, "-c", _PEER, str(path)]
            ours, theirs = (
                min(start().user for _ in range(ROUNDS))
                for start in (
                    lambda path=path: logctl_send(path, queue, folder, 1),
                    lambda peer=peer: run(peer, dict(os.environ)),
                )
            )
            figures = f"{size / ours:.1f} MB a second of CPU, {size / theirs:.1f}"
            yield Ratio("send", f"{megabytes:.0f} MB of {kind}", PEER, theirs / ours, TARGET, figures=figures)
            path.unlink()


def growth(megabytes: float = 30.0) -> Iterator[Ratio]:
    """Yield how much more memory `send` has for a file of three times the size."""
    with tempfile.TemporaryDirectory() as name, stub_queue() as queue:
        folder = Path(name)
        for kind, make in (("JSON", json_line), ("text", text_line)):
            path = folder / f"{kind}.log"
            found = []
            for factor in (1, 3):
                write_lines(path, make, int(megabytes * factor * 1e6))
                found.append(logctl_send(path, queue, folder, None).memory)
                path.unlink()
            what = f"send of {3 * megabytes:.0f} MB of {kind}"
            figures = f"{found[1]:.0f} MB, {found[0]:.0f} MB"
            value = found[1] / found[0]
            yield Ratio("memory", what, f"of {megabytes:.0f} MB", value, 1.2, lower=True, figures=figures)


def memory(megabytes: float) -> None:
    print(f"{'':<7}{'MB of file':>11}{'largest process, MB':>21}")
    with tempfile.TemporaryDirectory() as name, stub_queue() as queue:
        folder = Path(name)
        for kind, make in (("JSON", json_line), ("text", text_line)):
            for factor in (1, 10):
                path = folder / f"{kind}.log"
                write_lines(path, make, int(megabytes * factor * 1e6))
                measured = logctl_send(path, queue, folder, None)
                print(f"{kind:<7}{path.stat().st_size / 1e6:>11.0f}{measured.memory:>21.0f}")
                path.unlink()


def main(*arguments: str) -> None:
    megabytes = float(arguments[0]) if arguments else 100.0
    if "memory" in arguments[1:]:
        memory(megabytes)
    else:
        compare(megabytes)


if __name__ == "__main__":
    main(*sys.argv[1:])
