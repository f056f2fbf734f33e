"""One line of one file is one record: `logctl send` and `send -f` as people run them, counted in every store."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
from pathlib import Path

from tests.helpers.sandbox import Cli, eventually

LINES = [f"2026-01-31 08:15:{n:02d} ERROR disk {n % 2} is full" for n in range(12)]


def counts(cli: Cli, app: str) -> tuple[int, int]:
    """Records and ids in S3, by Athena."""
    sql = f"SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM logs WHERE appid = '{app}'"
    (row,) = cli.run("athena", "query", sql, "--full-scan", "-o", "json").json
    return int(row["n"]), int(row["ids"])


def shown(cli: Cli, app: str) -> list[str]:
    return sorted(cli.run("tail", app, "-n", "1000", "-o", "raw").out.splitlines())


def follow(cli: Cli, log: Path, app: str, pieces: list[list[str]], *, kill: bool = False) -> None:
    """Follow `log` while the pieces are appended, each after the one before it has arrived."""
    following = cli.start("send", "-f", str(log), "--app", app)
    try:
        expected = len(shown(cli, app))
        for piece in pieces:
            with log.open("a") as file:
                file.write("".join(f"{line}\n" for line in piece))
            expected += len(piece)
            eventually(lambda n=expected: len(shown(cli, app)) >= n, what="the piece", seconds=60)
    finally:
        following.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        following.communicate(timeout=30)


def send(cli: Cli, path: Path, app: str, **variables: str) -> None:
    done = subprocess.run(
        ["logctl", "send", str(path), "--app", app, "--wait"],
        env={**cli.environ, "PATH": f"{Path('.venv/bin').absolute()}:{cli.environ['PATH']}", **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def held(cli: Cli, app: str) -> int:
    """Errors counted for an app."""
    rows = cli.run("debounce", "list", "-o", "json").json
    return sum(int(row["counted"]) for row in rows if row["key"].startswith(f"{app}#"))


def test_a_followed_file_is_sent_in_every_other_way(pipeline: Cli, tmp_path: Path) -> None:
    log, copy, link = tmp_path / "app.log", tmp_path / "copy.txt", tmp_path / "link"
    log.touch()
    fresh = [line.replace("2026-01-31 08", _today()) for line in LINES]
    follow(pipeline, log, "onceonly", [fresh[:1], fresh[1:5]], kill=True)
    follow(pipeline, log, "onceonly", [fresh[5:]])
    link.symlink_to(log)
    shutil.copy(log, copy)
    os.utime(copy, (1_600_000_000, 1_600_000_000))
    (tmp_path / "copy.gz").write_bytes(gzip.compress(log.read_bytes()))
    for path in (log, link, copy, tmp_path / "copy.gz"):
        send(pipeline, path, "onceonly", TZ="Asia/Tokyo")
    with log.open("rb") as file:
        pipeline.run("send", "--app", "onceonly", "--wait", stdin=file.read())
    shutil.rmtree(pipeline.home / "state" / "follow")
    log.rename(tmp_path / "app.log.1")
    shutil.copy(tmp_path / "app.log.1", log)
    # The checkpoint is lost, so it begins at the start; when the last line arrives, the others have.
    follow(pipeline, log, "onceonly", [[fresh[0].replace("disk 0", "disk 9")]])
    assert counts(pipeline, "onceonly") == (13, 13)
    assert len(shown(pipeline, "onceonly")) == 13
    assert held(pipeline, "onceonly") == 13


def test_lines_without_a_time_and_a_rotation(pipeline: Cli, tmp_path: Path) -> None:
    log, copy = tmp_path / "app.log", tmp_path / "copy.log"
    log.touch()
    follow(pipeline, log, "untimed", [["started", "same"], ["same", "ERROR same"]])
    shutil.copy(log, copy)
    os.utime(copy, (1_700_000_000, 1_700_000_000))
    for path in (log, copy):
        send(pipeline, path, "untimed")
    assert counts(pipeline, "untimed") == (4, 4)
    shutil.copy(log, tmp_path / "app.log.1")
    os.truncate(log, 0)
    follow(pipeline, log, "untimed", [["started"], ["other"]])
    for path in (log, copy, tmp_path / "app.log.1"):
        send(pipeline, path, "untimed")
    assert counts(pipeline, "untimed") == (6, 6)
    assert shown(pipeline, "untimed") == ["ERROR same", "other", "same", "same", "started", "started"]
    assert held(pipeline, "untimed") == 1


def _today() -> str:
    from logctl.cli.context import now
    from logctl.core.times import MINUTE, iso

    return iso(now() - 10 * MINUTE)[:13].replace("T", " ")
