"""`logctl dashboard`: the dashboard's address, its users, and access tokens for scripts."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from logctl.cli.command import command, confirm
from logctl.cli.context import Context
from logctl.cli.options import AppPatternsOption, OutputOption, YesOption, app_option
from logctl.cli.render import Output, say, show
from logctl.core.times import iso


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(
        help="Open the dashboard, manage its users, and make access tokens for scripts.", no_args_is_help=True
    )
    command(family, "open")(open_page)
    command(family, "token")(token)
    users = typer.Typer(
        help="Manage who may sign in, and which apps each user may read.", no_args_is_help=True
    )
    command(users, "add")(add)
    command(users, "list")(listing)
    command(users, "remove")(remove)
    family.add_typer(users, name="user")
    app.add_typer(family, name="dashboard")


def open_page(
    context: Context,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, or only print the address.")
    ] = True,
) -> None:
    """Open the dashboard. In the sandbox, the address signs you in and works once.

    The API is checked first (in the sandbox with a new token); if it does not answer correctly, the command
    fails and gives the reason.

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
        say("The address signs you in once, within five minutes.")
    else:
        say(f"Create a user with: logctl dashboard user add NAME --app APPID{context.target_flag}")


def _has_browser() -> bool:
    """Return whether a browser can be opened: stdout is a terminal and, on Linux, there is a display."""
    if not sys.stdout.isatty():
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def token(
    context: Context,
    apps: AppPatternsOption = None,
) -> None:
    """Print an access token for scripts. It is valid for an hour, for the apps that machine_apps allows.

    Example:

      curl -H "Authorization: Bearer $(logctl dashboard token)" URL/apps
    """
    from logctl.ops.dashboard.access import Dashboard

    dashboard = Dashboard(
        context.deployment,
        on_busy=lambda seconds: say(f"The sign-in service is busy; the request is repeated in {seconds} s."),
    )
    print(dashboard.token(apps or ()))


def add(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name or e-mail address of the user.")],
    apps: Annotated[
        list[str],
        app_option(
            "An app that the user may read, or a pattern such as 'web-*'; repeatable.", may_be_new=True
        ),
    ],
) -> None:
    """Create a user, and print the password for the first sign-in, at which the user sets a new one.

    Examples:

      logctl dashboard user add anna --app checkout --app 'web-*'

      logctl dashboard user add ops --app '*'
    """
    from logctl.ops.dashboard.access import Dashboard

    dashboard = Dashboard(context.deployment)
    password = dashboard.add(name, apps)
    print(password)
    say(f"{name} may read {', '.join(apps)}. The password is for the first sign-in at {dashboard.url}")
    say("It is shown only this once, and expires after seven days.")


def listing(
    context: Context,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the users, and the apps that each may read.

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
        empty="There is no user yet. Create one with: logctl dashboard user add NAME --app APPID",
        words={"apps": ", ".join},
    )


def remove(
    context: Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The user, as `logctl dashboard user list` shows it.")
    ],
    yes: YesOption = False,
) -> None:
    """Remove a user. A token that the user already has stays valid until it expires, within an hour.

    Example:

      logctl dashboard user remove anna
    """
    from logctl.ops.dashboard.access import Dashboard

    confirm(f"This removes {name} from the dashboard of {context.place}.", yes=yes)
    Dashboard(context.deployment).remove(name)
    say(f"{name} can no longer sign in.")
