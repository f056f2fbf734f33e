"""One pass over the inputs, with one process or several: the same messages in the same order."""

from __future__ import annotations

import errno
import gzip
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from logctl.core.errors import LogctlError, UsageError
from logctl.ops.send import input_messages, input_packing
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.message_spool import MessageSpool
from logctl.ops.send.packing import Packed
from logctl.ops.send.sender import Outgoing
from logctl.ops.send.worker_processes import WorkerProcesses

BLOCK = 20_000


def json_lines(count: int = 400) -> str:
    chance = random.Random(1)
    return "".join(
        f'{{"ts":"2026-11-27T10:{number // 60 % 60:02d}:{number % 60:02d}Z","level":"INFO",'
        f'"msg":"order {number}","trace":"{chance.getrandbits(128):032x}"}}\n'
        for number in range(count)
    )


def traces(count: int = 300) -> str:
    """Records of one to forty lines, so that most blocks end within one."""
    chance = random.Random(2)
    lines = []
    for number in range(count):
        lines.append(
            f"2026-11-27 10:{number // 60 % 60:02d}:{number % 60:02d},123 ERROR [main] shop.Pay - failed {number}"
        )
        if number % 3 == 0:
            lines.append("java.lang.IllegalStateException: no stock")
            lines += [f"\tat shop.Stock.take{at}(Stock.java:{at})" for at in range(chance.randrange(40))]
    return "\n".join(lines) + "\n"


def interleaved(count: int = 3_000) -> str:
    """Lines of many processes: the reader's state never depends on a few lines before."""
    chance = random.Random(3)
    return "".join(
        f"Nov 27 10:{number // 60 % 60:02d}:{number % 60:02d} web-1 shop[{chance.randrange(900)}]: "
        f"order {number} placed\n"
        for number in range(count)
    )


def until_late() -> str:
    """No line but the first ones has a time, so that the lines before a block say nothing of it."""
    return "2026-11-27 10:15:30 INFO begins\n" + "".join(
        f"step {number} of the job\n" for number in range(6_000)
    )


KINDS = {
    "json": json_lines(),
    "traces": traces(),
    "interleaved": interleaved(),
    "without times": until_late(),
    "no end of line": json_lines() + '{"msg":"last"}',
    "windows": traces().replace("\n", "\r\n"),
    "bad lines": json_lines(100) + '{"appid":"UPPER CASE","msg":"x"}\n' + json_lines(100),
    "a hole": json_lines(150) + "\0" * 30_000 + "\n" + json_lines(150),
    "a long line": json_lines(150) + "x" * 3 * BLOCK + "\n" + json_lines(150),
    "latin-1": json_lines(150) + "caf\xe9\n" + json_lines(150),
    "byte order mark": "\ufeff" + traces(),
    "an object of many lines": json_lines(100)
    + "{\n"
    + ' "a": 1,\n' * 0
    + ' "msg": "spread"\n}\n'
    + json_lines(100),
    "empty": "",
}


class Made:
    """What is sent of some files with a number of worker processes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, workers: int, *paths: Path, **options: Any) -> None:
        monkeypatch.setattr(
            input_messages, "packed_files", partial(input_packing.packed_files, workers=workers)
        )
        self.notices: list[str] = []
        self.inputs = Inputs(
            [str(path) for path in paths], "shop", "host", notice=self.notices.append, **options
        )
        self.outgoing = [one for one in self.inputs.messages() if one]

    @property
    def told(self) -> tuple[Any, ...]:
        return (
            [(one.source, one.message) for one in self.outgoing],
            self.inputs.refused,
            self.notices,
        )


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_packing, "BLOCK_BYTES", BLOCK)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("logs")
    made = {}
    for name, text in KINDS.items():
        made[name] = folder / f"{name}.log"
        made[name].write_bytes(text.encode("latin-1" if name == "latin-1" else "utf-8"))
        os.utime(made[name], (1_795_780_800, 1_795_780_800))
    return made


def test_several_processes_send_what_one_sends(files, monkeypatch):
    paths = [*files.values()]
    one, three = (Made(monkeypatch, workers, *paths) for workers in (1, 3))
    assert one.told == three.told
    assert len(one.outgoing) > len(paths)
    assert [path for path, _ in one.inputs.refused] == [str(files["bad lines"])]
    assert sum("not UTF-8" in notice for notice in one.notices) == 1


def test_a_file_in_blocks_has_the_records_of_one_that_is_read_as_a_whole(files, monkeypatch):
    ids = {name: [] for name in files}
    for block in (BLOCK, 10**9):
        monkeypatch.setattr(input_packing, "BLOCK_BYTES", block)
        for name, path in files.items():
            made = Made(monkeypatch, 1, path)
            ids[name].append(sum(one.message.count for one in made.outgoing))
    for name, path in files.items():
        expected = len(list(Inputs([str(path)], "shop", "host").placed()))
        assert ids[name] == [expected, expected], name


def test_a_wrong_guess_of_the_state_is_packed_again(files, monkeypatch):
    again: list[bool] = []
    submit = WorkerProcesses.submit

    def counted(self: WorkerProcesses, task: Any) -> Any:
        again.append(bool(getattr(task, "state", b"")))
        return submit(self, task)

    monkeypatch.setattr(WorkerProcesses, "submit", counted)
    Made(monkeypatch, 2, files["json"])
    assert not any(again)
    again.clear()
    blocks = -(-files["interleaved"].stat().st_size // BLOCK)
    Made(monkeypatch, 2, files["interleaved"])
    assert any(again)
    assert len(again) <= blocks + 1 + 3 + 4  # no longer guessed after three mistakes


def test_compressed_files_and_files_in_utf_16(tmp_path, monkeypatch):
    packed, wide, array = tmp_path / "a.log.gz", tmp_path / "b.log", tmp_path / "c.json"
    packed.write_bytes(gzip.compress(json_lines().encode()))
    wide.write_text(traces(), encoding="utf-16")
    array.write_text("[" + ",".join(json_lines().splitlines()) + "]")
    one, two = (Made(monkeypatch, workers, packed, wide, array, packed) for workers in (1, 2))
    assert one.told == two.told
    assert one.notices == [f"{wide} is UTF-16; it was read as such."]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_is_read_before_a_file_that_cannot_be_read_is_sent(files, tmp_path, monkeypatch, workers):
    with pytest.raises(UsageError, match="does not exist"):
        Made(monkeypatch, workers, files["json"], tmp_path / "none.log")
    monkeypatch.setattr(input_messages, "packed_files", partial(input_packing.packed_files, workers=workers))
    sent = []
    with pytest.raises(UsageError):
        for one in Inputs([str(files["json"]), str(tmp_path / "none.log")], "shop", "host").messages():
            sent.append(one.message.count)
    assert sum(sent) == 400


class Dies:
    """A task that is ended from outside, as by the kernel when memory is short."""

    def run(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class Prints:
    """A task that writes to its output and its errors."""

    def run(self) -> int:
        print("this must not be seen")
        sys.stderr.write("nor this")
        return os.getpid()


class Odd(Exception):
    """An error that cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("odd")
        self.lock = threading.Lock()


class FailsOddly:
    def run(self) -> None:
        raise Odd


class Fails:
    def run(self) -> None:
        raise UsageError("It is damaged.", "Restore it.")


def test_a_worker_that_is_killed_is_an_error_in_words():
    with WorkerProcesses(1) as pool, pytest.raises(LogctlError) as told:
        pool.submit(Dies()).result()
    assert "ended by signal 9" in told.value.message


def test_a_process_that_cannot_be_started_is_an_error_in_words(monkeypatch):
    def full(*words: Any, **options: Any) -> Any:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(subprocess, "Popen", full)
    with WorkerProcesses(1) as pool, pytest.raises(LogctlError, match="cannot be started"):
        pool.submit(Prints()).result()


def test_errors_of_workers_come_with_their_hints_and_the_worker_goes_on(capfd):
    with WorkerProcesses(1) as pool:
        first = pool.submit(Prints()).result()
        with pytest.raises(UsageError) as told:
            pool.submit(Fails()).result()
        assert (told.value.message, told.value.hint) == ("It is damaged.", "Restore it.")
        with pytest.raises(RuntimeError, match="Odd: odd"):
            pool.submit(FailsOddly()).result()
        assert pool.submit(Prints()).result() == first
    assert capfd.readouterr() == ("", "")
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


def _children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            found += [int(entry.name)] if parent == pid else []
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_workers_end_with_a_command_that_is_killed():
    code = (
        "from logctl.ops.send.worker_processes import WorkerProcesses\n"
        "from tests.unit.test_input_packing import Prints\n"
        "import time\n"
        "pool = WorkerProcesses(2)\n"
        "print(pool.submit(Prints()).result(), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as command:
        assert command.stdout is not None
        worker = int(command.stdout.readline())
        assert worker in _children_of(command.pid)
        command.kill()
        command.wait()
    for _ in range(200):
        try:
            state = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return
        if state == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the worker is still there")


# ── Messages that wait until the input is known to be good ──────────────────────────────────────────


def message(number: int, size: int = 1_000) -> Outgoing:
    return Outgoing(Packed("shop", f"batch-{number}", "x" * size, 1, number, 0, 0), "app.log")


def names_in(folder: Path) -> Iterator[str]:
    yield from (path.name for path in folder.iterdir())


def test_messages_come_back_in_order_from_memory_and_from_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    for in_memory in (10**6, 10):
        with MessageSpool(in_memory) as spool:
            places = []
            for number in range(5):
                places.append(spool.end)
                spool.add(message(number))
            assert list(spool.messages(0, spool.end)) == [message(number) for number in range(5)]
            assert list(spool.messages(places[3], places[4])) == [message(3)]
            assert not [*names_in(tmp_path)]  # nobody can open it, and nothing is left of it


def test_a_full_disk_is_said_in_words(monkeypatch):
    with MessageSpool(10) as spool:

        def write(data: bytes) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(spool._file, "write", write)
        with pytest.raises(LogctlError) as told:
            spool.add(message(1))
    assert "No space left on device. Nothing was sent." in told.value.message
    assert "--continue-on-error" in told.value.hint


def test_files_are_read_once_and_streams_after_them(tmp_path, monkeypatch):
    opened: list[str] = []
    open_source = input_messages.open_source

    def counted(path: str, **options: Any) -> Any:
        opened.append(Path(path).name)
        return open_source(path, **options)

    monkeypatch.setattr(input_messages, "open_source", counted)
    first, pipe, last = tmp_path / "a.log", tmp_path / "pipe", tmp_path / "b.log"
    first.write_text('{"msg":"1"}\n')
    last.write_text('{"msg":"3"}\n')
    os.mkfifo(pipe)
    inputs = Inputs([str(first), str(pipe), str(last), str(first)], "shop", "host")
    with MessageSpool() as spool, subprocess.Popen(["sh", "-c", f'echo \'{{"msg":"2"}}\' > {pipe}']):
        inputs.spool_files(spool)
        assert opened == ["a.log", "b.log", "a.log"]
        sent = [Path(one.source).name for one in inputs.messages(spool) if one]
    assert sent == ["a.log", "pipe", "b.log", "a.log"]
    assert opened == ["a.log", "b.log", "a.log", "pipe"]
