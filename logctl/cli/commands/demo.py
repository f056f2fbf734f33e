"""`logctl demo`: the whole pipeline on this machine, in one go."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli.command import command
from logctl.cli.context import Context, now
from logctl.cli.render import Output, say, show
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import UsageError
from logctl.core.safe_text import neutralise_lines
from logctl.ops.send.input_forms import Errors

if TYPE_CHECKING:
    from logctl.ops.alerts.queue_subscriber import Inbox

SAMPLE = 2_000
_ALERT_SECONDS = 10
_QUERY = (
    "SELECT appid, level, count(*) AS records, min(ts) AS first, max(ts) AS last "
    "FROM logs GROUP BY appid, level ORDER BY appid, level"
)


def register(app: typer.Typer) -> None:
    command(app, "demo")(demo)


def demo(
    context: Context,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILE…]", help="Your own logs; without, made ones.")
    ] = None,
) -> None:
    """Show everything on this machine: sandbox, stack, logs in, tail, one alert, SQL.

    No AWS account is needed or touched. The sandbox is left running.

    Examples:

      logctl demo

      logctl demo /var/log/nginx/error.log
    """
    from logctl.cli.commands import athena, local, send, stack
    from logctl.ops.alerts.queue_subscriber import Inbox
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.sandbox_sign_in import signed_in_url

    context = context.with_flags({"target": "local"})
    apps = {path: _app_of(path) for path in files or []}
    _step("The sandbox: AWS on this machine, as a child process")
    local.up(context)
    _step("The stack: queue, consumer, bucket, tables, topic, catalog, by one CloudFormation change set")
    stack.provision(context, yes=True)
    inbox = Inbox(context.deployment)
    inbox.take(seconds=0)

    _step("Logs in: packed, in order, through SQS FIFO to the Lambda consumer")
    for path, app in apps.items():
        send.send(context, files=[path], app=app, wait=True, keep_going=True, errors=Errors.REPLACE)
    if not apps:
        send.send(context, sample=SAMPLE, wait=True)

    _step("The newest of them, from the hot store: logctl tail -n 8")
    _tail(context, sorted(set(apps.values())))
    _step("One alert, at once, and the rest of its kind held back: logctl debounce list")
    _alert(context, inbox, real=bool(apps))
    _step("SQL over everything in S3, by Athena: logctl athena query")
    say(f"  {_QUERY}")
    athena.query(context, _QUERY, full_scan=True)
    _step("The dashboard: this address signs you in once; logctl dashboard open makes another")
    print(signed_in_url(Dashboard(context.deployment)))
    _next_steps(sorted(set(apps.values())))


def _step(title: str) -> None:
    say("")
    say(f"== {title}")


def _app_of(path: str) -> str:
    """An app for a file: its name without endings, in small letters."""
    if not Path(path).is_file():
        raise UsageError(f"There is no file {path}.")
    app = re.split(r"[.]", Path(path).name)[0].lower()
    if not is_appid(app):
        raise UsageError(
            f"The name of {path} cannot name an app: {RULE}.", "Rename or link it, and try again."
        )
    return app


def _tail(context: Context, apps: list[str]) -> None:
    from logctl.cli.commands import tail

    tail.tail(context, apps, lines=8)


def _alert(context: Context, inbox: Inbox, *, real: bool) -> None:
    from logctl.cli.commands import debounce, send
    from logctl.ops.alerts.debounce_states import standings

    delivered = inbox.take(seconds=_ALERT_SECONDS if not real else 2)
    if not delivered and real:
        say("  Nothing in these logs alerts: only errors of the last hour do. Here is a made burst:")
        send.send(context, sample=SAMPLE, wait=True)
        delivered = inbox.take(seconds=_ALERT_SECONDS)
    for alert in delivered[:1]:
        print(alert.subject)
        print(neutralise_lines("\n".join(f"  {line}" for line in alert.body.rstrip().split("\n"))))
    if len(delivered) > 1:
        say(f"  and {len(delivered) - 1} more, each of another kind.")
    if not delivered:
        say("  No new alert, as it should be: the last one of this kind is less than its window old.")
    held = sum(standing.state.held_back for standing in standings(context.deployment, now=now()))
    print(f"\n{len(delivered)} published, {held:,} events held back for the end of the window:")
    debounce.listing(context, Output.TABLE)


def _program() -> str:
    """How this logctl is called from here: `make demo` runs one that is on nobody's PATH."""
    return "logctl" if shutil.which("logctl") else os.path.relpath(sys.argv[0])


def _next_steps(apps: list[str]) -> None:
    one = apps[0] if apps else "checkout"
    rows = [
        {"try": command_.replace("logctl", _program(), 1), "to": purpose}
        for command_, purpose in (
            ("logctl tail -f --target local", "see what arrives, in one terminal"),
            ("logctl send --sample 500 --target local", "and send something in another"),
            (f"logctl tail {one} -l WARN -n 20 --target local", "read one app's warnings and errors"),
            (f"logctl send FILE --app {one} --target local", "send your own logs"),
            ("logctl athena query --saved errors-by-app --since 1d --target local", "ask with SQL"),
            ("logctl debounce list --target local", "see what alerts are held back"),
            ("logctl local down", "stop the sandbox; local up brings everything back"),
            ("logctl provision --plan", "see what it would make in your AWS account"),
        )
    ]
    _step("What to try next (the sandbox is still running)")
    show(rows, ("try", "to"), Output.TABLE)
