"""`logctl dashboard`: the page, who may see it, and tokens for scripts."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from logctl.cli.command import command, confirm
from logctl.cli.context import Context
from logctl.cli.render import Output, say, show
from logctl.core.times import iso


def register(app: typer.Typer) -> None:
    family = typer.Typer(help="The dashboard, who may see it, and tokens for scripts.", no_args_is_help=True)
    command(family, "open")(open_page)
    command(family, "token")(token)
    users = typer.Typer(help="Who may sign in, and which apps they may read.", no_args_is_help=True)
    command(users, "add")(add)
    command(users, "list")(listing)
    command(users, "remove")(remove)
    family.add_typer(users, name="user")
    app.add_typer(family, name="dashboard")


def open_page(
    context: Context,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open it, or only print its address.")
    ] = True,
) -> None:
    """Open the dashboard. In the sandbox you are signed in, by a link that works once.

    Before that the API is tried, there with a new token; when it does not answer as it should, this says why.

    Examples:

      logctl dashboard open

      logctl dashboard open --no-browser
    """
    from logctl.ops.dashboard.access import Dashboard

    dashboard = Dashboard(context.deployment)
    local = context.settings.target == "local"
    url = dashboard.signed_in_url() if local else dashboard.checked_url()
    print(url)
    if browser and _has_browser():
        import webbrowser

        webbrowser.open(url)
    if local:
        say("The link signs you in once, within five minutes.")
    else:
        say(f"Make a user with: logctl dashboard user add NAME --app APPID{context.target_flag}")


def _has_browser() -> bool:
    """Whether there is somebody to look at one: a terminal, and on Linux a display."""
    if not sys.stdout.isatty():
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def token(
    context: Context,
    apps: Annotated[
        list[str] | None, typer.Option("--app", help="Only this app or glob; more than once for several.")
    ] = None,
) -> None:
    """Print an access token for scripts; it counts for an hour, and reads what machine_apps allows.

    Example:

      curl -H "Authorization: Bearer $(logctl dashboard token)" URL/apps
    """
    from logctl.ops.dashboard.access import Dashboard

    dashboard = Dashboard(
        context.deployment,
        on_busy=lambda seconds: say(f"The sign-in service is busy; trying again in {seconds} s."),
    )
    print(dashboard.token(apps or ()))


def add(
    context: Context,
    name: Annotated[str, typer.Argument(help="Their name, or e-mail address.")],
    apps: Annotated[
        list[str], typer.Option("--app", help="An app or glob they may read; more than once for several.")
    ],
) -> None:
    """Make a user, and print the password for their first sign-in, where they choose their own.

    Examples:

      logctl dashboard user add anna --app checkout --app 'web-*'

      logctl dashboard user add ops --app '*'
    """
    from logctl.ops.dashboard.access import Dashboard

    dashboard = Dashboard(context.deployment)
    password = dashboard.add(name, apps)
    print(password)
    say(f"{name} may read {', '.join(apps)}. Above is the password for the first sign-in, at {dashboard.url}")
    say("It is shown only now, and counts for seven days.")


def listing(
    context: Context,
    output: Annotated[Output, typer.Option("-o", "--output", help="How rows are written.")] = Output.TABLE,
) -> None:
    """List who may sign in, and what they may read.

    Example:

      logctl dashboard user list
    """
    from logctl.ops.dashboard.access import Dashboard

    rows = [
        {
            "user": user.name,
            "apps": user.apps,
            "status": user.status.lower().replace("_", " "),
            "created": iso(user.created_at),
        }
        for user in Dashboard(context.deployment).users()
    ]
    show(
        rows,
        ("user", "apps", "status", "created"),
        output,
        empty="There is no user yet: logctl dashboard user add NAME --app APPID",
        words={"apps": ", ".join},
    )


def remove(
    context: Context,
    name: Annotated[str, typer.Argument(help="As `dashboard user list` shows it.")],
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a user. A token that they hold counts until it ends, within the hour.

    Example:

      logctl dashboard user remove anna
    """
    from logctl.ops.dashboard.access import Dashboard

    confirm(f"This removes {name} from the dashboard of {context.place}.", yes=yes)
    Dashboard(context.deployment).remove(name)
    say(f"{name} can no longer sign in.")
