"""Tab, pressed in a real shell, beside a pipeline that is there."""

from __future__ import annotations

import subprocess

from tests.helpers.completion import PROGRAM, pressing_tab
from tests.helpers.sandbox import Cli, eventually


def test_bash_offers_the_apps_environments_and_keys_that_are_there(pipeline: Cli):
    pipeline.run("send", "-", "--app", "tabbed", "--wait", stdin='{"level": "error", "msg": "disk full"}\n')
    folder = pipeline.home / "tab"
    folder.mkdir()
    script = folder / "logctl"
    script.write_text(f'#!/bin/sh\nexec {PROGRAM} "$@"\n')
    script.chmod(0o755)
    environ = {**pipeline.environ, "PATH": f"{folder}:{pipeline.environ['PATH']}"}

    def offered(*words: str) -> list[str]:
        done = subprocess.run(
            ["bash", "-c", pressing_tab(*words)], env=environ, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return done.stdout.split()

    # On a busy machine a Tab may come too early; a person presses it again.
    eventually(lambda: offered("logctl", "tail", "tabb") == ["tabbed"], what="the app", seconds=60)
    eventually(lambda: "test" in offered("logctl", "tail", "--env", ""), what="the environment", seconds=60)
    (key,) = eventually(lambda: offered("logctl", "debounce", "show", "tabbed"), what="the key", seconds=60)
    assert pipeline.run("debounce", "show", key, "-o", "json").json["key"] == key
    assert offered("logctl", "--env", "nobody", "tail", "tabb") == []


def test_without_metrics_the_bill_points_at_an_estimate(pipeline: Cli):
    done = pipeline.run("cost", code=1)
    assert "no metrics of logctl-test" in done.err
    assert "logctl cost --estimate" in done.err
    assert pipeline.run("cost", "--env", "nobody", code=3).out == ""
    assert pipeline.run("cost", "--estimate", "10/s", "300B", "-o", "json").json
