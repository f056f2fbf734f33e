"""What the README shows, and what is asked before something changes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.bare_environment import NOT_NEEDED, README, Bare, bare_environment
from tests.helpers.sandbox import Cli
from tests.helpers.terminal import in_a_terminal


def test_answering_no_changes_nothing(sandbox):
    cli = Cli(sandbox.home, env="unsure")
    code, shown = in_a_terminal("logctl provision", environ=cli.with_path, cwd=cli.home, answer=b"n\n")
    assert code == 1
    assert "Nothing was changed" in shown
    assert "There was no" in cli.run("destroy", "--yes").err


@pytest.fixture
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare_environment(tmp_path_factory) as found:
        yield found


@pytest.mark.timeout(900)
def test_every_command_of_the_readme_works_in_a_bare_environment_and_misses_no_package(bare):
    for command in README:
        if command == "logctl init":
            bare.run("local", "up")  # from here on it is about AWS; here it goes to the sandbox
        code, shown = in_a_terminal(command, environ=bare.environ, cwd=bare.home)
        assert code == 0, f"{command}\n{shown}"
        assert "Traceback" not in shown
        if command.startswith("logctl tail") or "athena query" in command:
            assert shown.strip(), command
    assert bare.missed() - NOT_NEEDED.keys() == set()
