"""What `send --dry-run` shows is what is stored: the same records through the whole pipeline."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.helpers.sandbox import Cli


def mixed(zone: str) -> str:
    """Lines of this minute in many forms, with times of a zone that they do not say, and one of 2019."""
    local = datetime.now(ZoneInfo(zone)).replace(microsecond=0)
    moment = local.astimezone(UTC)
    return (
        f"{local:%Y-%m-%d %H:%M:%S},123 [main] ERROR shop.Cart - order 17 failed\n"
        "java.lang.IllegalStateException: no stock\n\tat shop.Cart.order(Cart.java:17)\n"
        f'{local:%b} {local.day:2} {local:%H:%M:%S} web-1 shop[812]: {{"level":"warn","msg":"slow","ms":17}}\n'
        f'10.0.0.9 - - [{local:%d/%b/%Y:%H:%M:%S %z}] "GET /cart HTTP/1.1" 200 512 "-" "curl/8.5"\n'
        f'{{"time":"{moment:%Y-%m-%dT%H:%M:%SZ}", "level":30, "msg":"caf\\u00e9", "password":"hunter2"}}\n'
        "2019-02-30 10:15:30 INFO a day that is none\n"
        "2019-11-27 10:15:30 INFO long ago\n"
        "no head at all \x1b[31mred\x1b[0m\n"
    )


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Chatham"])
def test_a_dry_run_shows_what_is_stored(pipeline: Cli, tmp_path: Path, zone: str):
    app = zone.partition("/")[2].lower().replace("_", "-")
    path = tmp_path / "mixed.log"
    path.write_text(mixed(zone))
    cli = Cli(pipeline.home, env=pipeline.env, variables={**pipeline.variables, "TZ": zone})
    previewed = cli.run("send", str(path), "--app", app, "--dry-run", "-o", "json")
    assert f"times without a zone were read as {zone} (from TZ)" in previewed.err
    cli.run("send", str(path), "--app", app, "--wait")

    stored = cli.run("tail", app, "-n", "100", "-o", "json").out.splitlines()
    assert len(stored) == 7
    assert sorted(map(json.loads, stored), key=str) == sorted(
        map(json.loads, previewed.out.splitlines()), key=str
    )
    recent = [
        json.loads(line) for line in cli.run("tail", app, "--since", "15m", "-o", "json").out.splitlines()
    ]
    assert {row["level"] for row in recent} >= {"ERROR", "WARN", "INFO"}

    raw = cli.run("tail", app, "-n", "100", "-o", "raw").out
    assert sorted(raw.splitlines()) == sorted(path.read_text().splitlines())
    piped = subprocess.run(
        [sys.executable, "-m", "logctl", "tail", app, "-n", "100", "-o", "raw"],
        env=cli.environ, cwd=cli.home, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    assert b"\x1b[31mred\x1b[0m" in piped.stdout
