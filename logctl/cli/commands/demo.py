"""`logctl demo`: run the whole pipeline on this machine, step by step."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.render import Output, say, show
from logctl.cli.send_options import SendOptions
from logctl.core.appid import RULE, is_appid
from logctl.core.errors import UsageError
from logctl.core.safe_text import neutralise_lines

if TYPE_CHECKING:
    from logctl.ops.alerts.queue_subscriber import Inbox

SAMPLE = 2_000
_ALERT_SECONDS = 10
_QUERY = (
    "SELECT appid, level, count(*) AS records, min(ts) AS first, max(ts) AS last "
    "FROM logs GROUP BY appid, level ORDER BY appid, level"
)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "demo")(demo)


def demo(
    context: CommandContext,
    files: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE…]", help="Log files to send. [default: generated sample records]"),
    ] = None,
) -> None:
    """Run the whole pipeline on this machine, step by step.

    The steps are sandbox, stack, send, tail, an alert, an SQL query and the dashboard. No AWS account is
    needed or used. The sandbox keeps running.

    Examples:

      logctl demo

      logctl demo /var/log/nginx/error.log
    """
    from logctl.cli.commands import athena, local, provision, send
    from logctl.ops.alerts.queue_subscriber import Inbox
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.sandbox_sign_in import signed_in_url

    context = context.with_flags({"target": "local"})
    apps = {path: _app_of(path) for path in files or []}
    _step("Start the sandbox, which emulates AWS on this machine: logctl local up")
    local.up(context)
    _step("Deploy the stack with one CloudFormation change set: logctl provision")
    provision.provision(context, provision.ProvisionOptions(yes=True))
    inbox = Inbox(context.deployment)
    inbox.take(seconds=0)

    _step("Send logs, packed and in order, through SQS FIFO to the Lambda consumer: logctl send")
    for path, app in apps.items():
        options = SendOptions(files=[path], app=app, wait=True, keep_going=True)
        send.send(context, options)
    if not apps:
        send.send(context, SendOptions(sample=SAMPLE, wait=True))

    _step("Show the newest records, from the hot store: logctl tail -n 8")
    _tail(context, sorted(set(apps.values())))
    _step("Show the first alert; further events of its kind are suppressed: logctl debounce list")
    _alert(context, inbox, real=bool(apps))
    _step("Query everything in S3 with SQL: logctl athena query")
    say(f"  {_QUERY}")
    athena.query(context, athena.QueryOptions(sql=_QUERY, full_scan=True))
    _step("Open the dashboard with this address, which signs you in once: logctl dashboard open")
    print(signed_in_url(Dashboard(context.deployment)))
    _next_steps(sorted(set(apps.values())))


def _step(title: str) -> None:
    say("")
    say(f"== {title}")


def _app_of(path: str) -> str:
    """Return the app for a file: its name in lowercase, up to the first dot."""
    if not Path(path).is_file():
        raise UsageError(f"There is no file {path}.")
    app = re.split(r"[.]", Path(path).name)[0].lower()
    if not is_appid(app):
        raise UsageError(
            f"The name of {path} cannot name an app: {RULE}.",
            "Rename the file or make a link to it, and try again.",
        )
    return app


def _tail(context: CommandContext, apps: list[str]) -> None:
    from logctl.cli.commands import tail

    tail.tail(context, tail.TailOptions(apps=apps, lines=8))


def _alert(context: CommandContext, inbox: Inbox, *, real: bool) -> None:
    from logctl.cli.commands import debounce, send
    from logctl.ops.alerts.debounce_states import standings

    delivered = inbox.take(seconds=_ALERT_SECONDS if not real else 2)
    if not delivered and real:
        say("  Nothing in these logs alerts: only errors of the last hour do. Here are sample records:")
        send.send(context, SendOptions(sample=SAMPLE, wait=True))
        delivered = inbox.take(seconds=_ALERT_SECONDS)
    for alert in delivered[:1]:
        print(alert.subject)
        print(neutralise_lines("\n".join(f"  {line}" for line in alert.body.rstrip().split("\n"))))
    if len(delivered) > 1:
        say(f"  and {len(delivered) - 1} more alerts, each about another kind of error.")
    if not delivered:
        say("  No new alert, as intended: the last alert about this kind is within its window.")
    held = sum(standing.state.held_back for standing in standings(context.deployment, now=now()))
    print(f"\n{len(delivered)} alerts published, {held:,} events suppressed until the window ends:")
    debounce.listing(context, Output.TABLE)


def _program() -> str:
    """Return the command that runs this logctl, which may not be on the PATH (as with `make demo`)."""
    return "logctl" if shutil.which("logctl") else os.path.relpath(sys.argv[0])


def _next_steps(apps: list[str]) -> None:
    one = apps[0] if apps else "checkout"
    rows = [
        {"try": command_.replace("logctl", _program(), 1), "to": purpose}
        for command_, purpose in (
            ("logctl tail -f --target local", "watch records arrive, in one terminal"),
            ("logctl send --sample 500 --target local", "send sample records, in another terminal"),
            (f"logctl tail {one} -l WARN -n 20 --target local", "read one app's warnings and errors"),
            (f"logctl send FILE --app {one} --target local", "send your own logs"),
            ("logctl athena query --saved errors-by-app --since 1d --target local", "query with SQL"),
            ("logctl debounce list --target local", "see which alerts are suppressed"),
            ("logctl local down", "stop the sandbox; logctl local up starts it again"),
            ("logctl provision --plan", "see what would be created in your AWS account"),
        )
    ]
    _step("What to try next (the sandbox is still running)")
    show(rows, ("try", "to"), Output.TABLE)
