"""`logctl send -f` of many files as people run it: patterns, rotation, compression and kills."""

from __future__ import annotations

import gzip
import signal
import subprocess
from pathlib import Path

from tests.helpers.sandbox import Cli, eventually


def write(path: Path, *lines: str) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def shown(cli: Cli, app: str) -> list[str]:
    return sorted(cli.run("tail", app, "-n", "1000", "-o", "raw").out.splitlines())


def stop(process: subprocess.Popen[str], how: signal.Signals) -> str:
    process.send_signal(how)
    return process.communicate(timeout=30)[1]


def test_a_folder_of_logs_through_rotation_and_kills(pipeline: Cli, tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write(logs / "webfront.log", "web 1")
    write(logs / "Order Desk-20261126.log", "order 1")
    write(logs / "noise.log", "noise")
    (logs / "webfront.log.9.gz").write_bytes(gzip.compress(b"long ago\n"))
    pattern = ["send", "-f", f"{logs}/*", "--app-from", "path", "--exclude-files", "noise*"]
    following = pipeline.start(*pattern)
    eventually(lambda: shown(pipeline, "webfront") == ["web 1"], what="the first file", seconds=60)
    eventually(lambda: shown(pipeline, "order-desk") == ["order 1"], what="the second file")
    write(logs / "webfront.log", "web 2")
    write(logs / "Order Desk-20261127.log", "order 2")
    eventually(lambda: shown(pipeline, "order-desk") == ["order 1", "order 2"], what="a new file")
    err = stop(following, signal.SIGKILL)
    assert f"Not followed, because they are compressed: {logs}/webfront.log.9.gz." in err
    assert "Following 2 files of" in err

    write(logs / "webfront.log", "web 3")
    (logs / "webfront.log.1.gz").write_bytes(gzip.compress((logs / "webfront.log").read_bytes()))
    (logs / "webfront.log").unlink()
    write(logs / "webfront.log", "web 4")
    following = pipeline.start(*pattern)
    expected = ["web 1", "web 2", "web 3", "web 4"]
    eventually(lambda: shown(pipeline, "webfront") == expected, what="the rest of the compressed file")
    refused = pipeline.run("send", "-f", str(logs / "webfront.log"), "--app-from", "path", code=2)
    assert "Another logctl follows" in refused.err
    err = stop(following, signal.SIGINT)
    assert following.returncode == 0
    assert "records sent" in err
    assert "may be missing" not in err
    assert shown(pipeline, "webfront") == expected
    assert shown(pipeline, "noise") == []


def test_a_file_that_names_no_app_is_refused(pipeline: Cli, tmp_path: Path) -> None:
    write(tmp_path / "app.log", "x")
    refused = pipeline.run("send", "-f", str(tmp_path / "app.log"), code=2)
    assert "needs --app" in refused.err
