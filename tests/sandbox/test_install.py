"""What a person has after installing: the one command, and everything that it needs."""

from __future__ import annotations

import html
import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import boto3
import pytest

from logctl.stack.names import Names
from tests.helpers.bare_environment import NOT_NEEDED, README, Bare, bare_environment
from tests.helpers.command_tree import command_tree
from tests.helpers.sandbox import eventually
from tests.helpers.web import fetch


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare_environment(tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="module")
def demo(bare: Bare) -> str:
    """What `logctl demo` has printed."""
    done = bare.run("demo")
    assert "What to try next" in done.stderr
    return done.stdout


def test_it_installs_into_a_bare_environment_and_demonstrates_itself(bare, demo):
    assert "checkout" in demo
    log = bare.home / "nginx.log"
    log.write_text("2026/01/31 08:15:00 [error] 31#31: *1 open() failed\n")
    shown = bare.run("demo", str(log)).stdout
    assert "state=cli#verifier=" in shown
    assert "open() failed" in bare.run("tail", "nginx", "-n", "1").stdout


def test_the_link_and_the_token_of_a_bare_installation_open_the_api(bare, demo):
    for shown in (demo, bare.run("dashboard", "open", "--no-browser").stdout):
        (link,) = re.findall(r"^http://127\.0\.0\.1\S+#verifier=\S+$", shown, re.MULTILINE)
        page = Page(link.partition("?")[0])
        tokens = page.sign_in(link)
        for token in (tokens["access_token"], page.renew(tokens["refresh_token"])["access_token"]):
            assert page.read("session", token)["apps"] == ["*"]
            assert {app["appid"] for app in page.read("apps", token)["apps"]} >= {"checkout", "nginx"}
            assert page.read("logs", token)["records"]
    token = bare.run("dashboard", "token").stdout.strip()
    assert page.read("session", token)["apps"] == ["*"]
    assert page.read("logs?app=checkout", token)["records"]
    assert fetch(f"{page.url}session", token=token[:-6] + "AAAAAA").status == 401


@pytest.mark.timeout(900)
def test_a_tour_of_commands_works_in_a_bare_environment_and_misses_no_package(bare, demo):
    put_what_failed(bare)
    key = json.loads(bare.run("debounce", "list", "-o", "json").stdout)[0]["key"]
    letter, other = (row["message_id"] for row in json.loads(bare.run("dlq", "list", "-o", "json").stdout))
    aside = eventually(lambda: json.loads(bare.run("quarantine", "list", "-o", "json").stdout))[0]["id"]
    tried = [line.format(key=key, letter=letter, other=other, aside=aside) for line in TOUR]
    for line, command in zip(tried, TOUR, strict=True):
        given = "one more line\n" if line.startswith("send") else None
        bare.run(*shlex.split(line), stdin=given, code=EXIT_CODES.get(command, 0))
    bare.run("local", "reset", "--yes")
    assert bare.missed() - NOT_NEEDED.keys() == set()


def test_every_command_is_part_of_the_tour_or_of_the_readme():
    tried = [*TOUR, "local up", "local reset", *(command.partition("logctl ")[2] for command in README)]
    assert [command for command in every_command() if not any(map(command_in(command), tried))] == []


TOUR = (
    "local status -o json",
    "local env",
    "--version",
    "doctor --live",
    "status -o json",
    "provision --plan",
    "send --app bare --wait",
    "tail bare -n 1",
    "tail bare --since 30d -o json",
    "consume --once",
    "athena query --app bare --since 1h -o json",
    "athena query --app bare --since 1h -o parquet --to found.parquet",
    "athena query 'SELECT current_timestamp AS now, 7/2 AS three' -o csv",
    "athena repair --since 1d --dry-run",
    "athena compact --since 1d",
    "debounce show {key}",
    "debounce explain {key}",
    "debounce silence {key} --for 1h",
    "debounce silences",
    "debounce clear {key}",
    "debounce simulate lines.log --app bare",
    "send lines.log --dry-run -o json",
    "formats list",
    "formats test lines.log",
    "dlq list",
    "dlq show {letter}",
    "dlq drop --message {other} --yes",
    "dlq redrive --yes",
    "quarantine list",
    "quarantine show {aside}",
    "quarantine retry {aside} --yes",
    "quarantine drop {aside} --yes",
    "replay --app bare --since 1h --dry-run",
    "cost",
    "cost --estimate 100/s 300B",
    "dashboard user add anna --app bare",
    "dashboard user remove anna --yes",
)
EXIT_CODES = {
    "status -o json": 1,  # there is a dead letter
    # Parquet is written by another extra, which the message names.
    "athena query --app bare --since 1h -o parquet --to found.parquet": 1,
    "cost": 1,  # the sandbox keeps no metrics
    "quarantine retry {aside} --yes": 1,  # it is as unreadable as before
}


UNREADABLE = json.dumps(
    {"logctl": 1, "appid": "bare", "batch_id": "0" * 32, "count": 1, "encoding": "zstd+base64", "data": "!"}
)
"""An envelope that is broken: everything else can be read."""


def put_what_failed(bare: Bare) -> None:
    """Two dead letters, and a message that nobody can read."""
    (bare.home / "lines.log").write_text("2026-01-31T08:15:00Z ERROR one\n2026-01-31T08:15:01Z ERROR two\n")
    told = dict(re.findall(r"export (\w+)='?([^'\n]*)", bare.run("local", "env").stdout))
    session = boto3.Session(
        told["AWS_ACCESS_KEY_ID"], told["AWS_SECRET_ACCESS_KEY"], region_name=told["AWS_REGION"]
    )
    sqs = session.client("sqs", endpoint_url=told["AWS_ENDPOINT_URL"])
    names = Names("logctl", "dev")
    for queue, body in (
        (names.dead_letter_queue, '{"msg": "returned"}'),
        (names.dead_letter_queue, '{"msg": "dropped"}'),
        (names.queue, UNREADABLE),
    ):
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
            MessageBody=body,
            MessageGroupId="bare",
            MessageDeduplicationId=f"{queue}{len(body)}",
        )


def every_command() -> Iterator[str]:
    """`athena query` and the like, as the program has them."""

    def below(command: Any, words: tuple[str, ...]) -> Iterator[str]:
        for name, child in getattr(command, "commands", {}).items():
            yield from below(child, (*words, name))
        if not hasattr(command, "commands"):
            yield " ".join(words)

    return below(command_tree(), ())


def command_in(command: str) -> Callable[[str], bool]:
    return lambda line: f"{line} ".startswith(f"{command} ")


@dataclass(frozen=True)
class Page:
    """The dashboard as a browser uses it, knowing only its address."""

    url: str

    @property
    def config(self) -> Any:
        (told,) = re.findall(r'name="logctl-config" content="([^"]*)"', fetch(self.url).body)
        return json.loads(html.unescape(told))

    def sign_in(self, link: str) -> Any:
        parts = urlsplit(link)
        return self._tokens(
            grant_type="authorization_code",
            code=parse_qs(parts.query)["code"][0],
            code_verifier=parse_qs(parts.fragment)["verifier"][0],
            redirect_uri=self.url,
        )

    def renew(self, refresh_token: str) -> Any:
        return self._tokens(grant_type="refresh_token", refresh_token=refresh_token)

    def _tokens(self, **form: str) -> Any:
        form["client_id"] = self.config["client_id"]
        reply = fetch(
            self.config["token_url"],
            data=urlencode(form).encode(),
            content_type="application/x-www-form-urlencoded",
        )
        assert reply.status == 200, reply.body
        return reply.json

    def read(self, path: str, token: str) -> Any:
        reply = fetch(self.url + path, token=token)
        assert reply.status == 200, reply.body
        return reply.json
