"""Completion: a script for each shell, plain words only, and silence in time whatever goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from logctl.cli import completion
from logctl.ops.environments import environments
from tests.helpers.command_tree import command_tree
from tests.helpers.completion import PROGRAM, pressing_tab
from tests.helpers.prefork import as_from_a_shell


def offered(look_up: Any, incomplete: str = "") -> list[str]:
    ctx = typer.Context(typer.main.get_command(typer.Typer(callback=lambda: None)))
    return completion._offering(look_up)(ctx, incomplete)


@pytest.fixture
def shell(tmp_path):
    """bash with logctl on its path and its completion loaded, in a folder of its own."""
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / "logctl"
    script.write_text(f'#!/bin/sh\nexec {PROGRAM} "$@"\n')
    script.chmod(0o755)

    def run(commands: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "AWS_EC2_METADATA_DISABLED": "true",
            **variables,
        }
        return subprocess.run(
            ["bash", "-c", commands],
            preexec_fn=as_from_a_shell,
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("bash", "complete -o default -F _logctl_completion logctl"),
        ("zsh", "compdef _logctl_completion logctl"),
        ("fish", "complete --command logctl"),
    ],
)
def test_each_shell_has_a_script_and_those_that_are_here_accept_it(shell, tmp_path, name, words):
    done = shell("logctl", _LOGCTL_COMPLETE=f"source_{name}")
    assert words in done.stdout
    assert done.stderr == ""
    if shutil.which(name):
        (tmp_path / "script").write_text(done.stdout)
        assert subprocess.run([name, "-n", tmp_path / "script"], check=False).returncode == 0


@pytest.mark.slow
def test_bash_completes_commands_and_saved_queries(shell, tmp_path):
    (tmp_path / "logctl.toml").write_text('[queries]\nerr-mine = "SELECT 1"\n')
    assert shell(pressing_tab("logctl", "deb")).stdout == "debounce\n"
    done = shell(pressing_tab("logctl", "athena", "query", "--saved", "err"))
    assert (done.stdout, done.stderr) == ("err-mine\nerrors-by-app\n", "")


@pytest.mark.slow
def test_bash_completes_formats_and_time_zones(shell, tmp_path):
    (tmp_path / "logctl.toml").write_text('[[formats]]\nname = "my shop"\npattern = "<time> <level> "\n')
    assert (
        shell(pressing_tab("logctl", "send", "--format", "my")).stdout
        == "my-shop\nmysql\nmysql-old\nmysql-slow\n"
    )
    assert shell(pressing_tab("logctl", "send", "--timezone", "Europe/Ber")).stdout == "Europe/Berlin\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"AWS_REGION": "eu-central-1"},
        {"AWS_REGION": "eu-central-1", "AWS_PROFILE": "nobody"},
        {"LOGCTL_TARGET": "local"},
        {"LOGCTL_TARGET": "moon"},
        {"LOGCTL_NONSENSE": "1"},
    ],
)
def test_without_credentials_region_or_sandbox_nothing_is_offered_or_said(shell, variables):
    done = shell(pressing_tab("logctl", "tail", ""), **variables)
    assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.slow
def test_an_endpoint_that_never_answers_is_not_waited_for():
    def hanging(context: Any) -> list[str]:
        time.sleep(30)
        return ["late"]

    began = time.monotonic()
    assert offered(hanging) == []
    assert time.monotonic() - began < completion.TIMEOUT + 1


@pytest.mark.slow
def test_what_was_found_in_time_is_offered_when_the_rest_is_late():
    def slow(context: Any) -> Any:
        yield "soon"
        time.sleep(30)

    assert offered(slow) == ["soon"]


def test_only_plain_words_reach_the_shell():
    hostile = [
        "\x1b[31mred", "a\nb", "$(touch x)", "`id`", "x;id", "*", "a b", "'", '"', "\u202eevil", "--flag", "-f",
        "", "a" * 200, "ü",
    ]  # fmt: skip
    assert offered(lambda context: [*hostile, "shop", "web-1", "shop#ERROR#0a1b", "shop"]) == [
        "shop",
        "shop#ERROR#0a1b",
        "web-1",
    ]


def test_what_fails_offers_nothing_and_says_nothing(capfd):
    def broken(context: Any) -> list[str]:
        print("noise", file=sys.stderr)
        raise RuntimeError("no")

    assert offered(broken) == []
    assert capfd.readouterr() == ("", "")


def test_the_line_so_far_says_where_to_look():
    command = typer.main.get_command(typer.Typer(callback=lambda: None))
    root = typer.Context(command)
    root.params = {"config": "mine.toml", "env": "prod", "target": "local", "profile": None, "region": None}
    inner = typer.Context(command, parent=root)
    inner.params = {"env": "test", "target": None}
    context = completion._context(inner)
    assert (context.config, dict(context.flags)) == ("mine.toml", {"env": "test", "target": "local"})


def test_environments_are_stacks_with_their_bootstrap_beside_them():
    def stack(name: str, status: str = "CREATE_COMPLETE", env: str = "") -> dict[str, Any]:
        outputs = [{"OutputKey": "Environment", "OutputValue": env}] if env else []
        return {"StackName": name, "StackStatus": status, "Outputs": outputs}

    pages = [
        {"Stacks": [stack("logctl-prod", env="prod"), stack("logctl-prod-bootstrap"), stack("logctl-website")]},
        {
            "Stacks": [
                stack("logctl-b-c", env="c"), stack("logctl-b-c-bootstrap"),
                stack("logctl-old", "DELETE_COMPLETE"), stack("logctl-old-bootstrap"),
                stack("acme-dev"), stack("acme-dev-bootstrap"),
                stack("logctl-dev", "UPDATE_IN_PROGRESS"), stack("logctl-dev-bootstrap"),
            ]
        },
    ]  # fmt: skip
    client: Any = SimpleNamespace(get_paginator=lambda name: SimpleNamespace(paginate=lambda: iter(pages)))
    assert environments(client, "logctl") == ["dev", "prod"]


def test_completions_stand_at_every_app_key_query_and_environment():
    """A new option that takes an app should offer apps: held by name."""

    def walk(command: Any, path: str) -> Any:
        for parameter in command.params:
            yield path, parameter
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, f"{path} {name}".strip())

    missing = [
        f"{path}: {parameter.name}"
        for path, parameter in walk(command_tree(), "")
        if parameter.name in ("env", "saved", "key", "app", "apps") and not parameter._custom_shell_complete
    ]
    # Of `simulate`'s logs nobody knows the app, `user add` may name one to come, and cost's apps are a number.
    assert sorted(missing) == [
        "cost: apps",
        "dashboard user add: apps",
        "debounce simulate: app",
    ]


def test_show_completion_shows_the_script_of_the_shell_that_asks(shell):
    # With a command after it, bash stays the parent that is looked for; alone, it would become the command, and
    # whatever has started the tests would be found, or nothing.
    done = shell("logctl --show-completion; exit $?", SHELL="/bin/zsh")
    assert "complete -o default -F _logctl_completion logctl" in done.stdout
    assert (done.returncode, done.stderr) == (0, "")
