"""What the README shows, and what is asked before something changes. Its commands are run in the bare
environment, by `test_install`."""

from __future__ import annotations

from tests.helpers.sandbox import Cli
from tests.helpers.terminal import in_a_terminal


def test_answering_no_changes_nothing(sandbox):
    cli = Cli(sandbox.home, env="unsure")
    code, shown = in_a_terminal("logctl provision", environ=cli.with_path, cwd=cli.home, answer=b"n\n")
    assert code == 1
    assert "Nothing was changed" in shown
    assert "There was no" in cli.run("destroy", "--yes").err
