"""`logctl dashboard`: the page, its users, and tokens for scripts."""

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
    family = typer.Typer(help="The dashboard, its users, and tokens for scripts.", no_args_is_help=True)
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
        bool, typer.Option("--browser/--no-browser", help="Open the page, or only print its address.")
    ] = True,
) -> None:
    """Open the dashboard. In the sandbox, a link that works once signs you in.

    Before that, the API has to answer a test request; the error says why it does not.

    Examples:

      logctl dashboard open

      logctl dashboard open --no-browser
    """
    from logctl.ops.dashboard.address import Dashboard, checked_url
    from logctl.ops.dashboard.sandbox_sign_in import signed_in_url

    dashboard = Dashboard(context.deployment)
    local = context.settings.target == "local"
    url = signed_in_url(dashboard) if local else checked_url(dashboard)
    print(url)
    if browser and _has_browser():
        import webbrowser

        webbrowser.open(url)
    if local:
        say("The link signs you in once, within five minutes.")
    else:
        say(f"Add a user with: logctl dashboard user add NAME --app APPID{context.target_flag}")


def _has_browser() -> bool:
    """Return whether a browser would be seen: on a terminal, and on Linux with a display."""
    if not sys.stdout.isatty():
        return False
    return sys.platform != "linux" or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def token(
    context: Context,
    apps: Annotated[
        list[str] | None, typer.Option("--app", help="Only this app or glob; repeat it for several.")
    ] = None,
) -> None:
    """Print an access token for scripts; it is valid for an hour and may read the apps in machine_apps.

    Example:

      curl -H "Authorization: Bearer $(logctl dashboard token)" URL/apps
    """
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.tokens import script_token

    print(
        script_token(
            Dashboard(context.deployment),
            apps or (),
            on_busy=lambda seconds: say(f"The sign-in service is busy; trying again in {seconds} s."),
        )
    )


def add(
    context: Context,
    name: Annotated[str, typer.Argument(help="Their name or e-mail address.")],
    apps: Annotated[
        list[str], typer.Option("--app", help="An app or glob they may read; repeat it for several.")
    ],
) -> None:
    """Add a user, and print the password for their first sign-in, at which they choose their own.

    Examples:

      logctl dashboard user add anna --app checkout --app 'web-*'

      logctl dashboard user add ops --app '*'
    """
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.users import add_user

    dashboard = Dashboard(context.deployment)
    print(add_user(dashboard, name, apps))
    say(f"{name} may read {', '.join(apps)}. Above is the password for the first sign-in, at {dashboard.url}")
    say("The password is not shown again, and expires in seven days.")


def listing(
    context: Context,
    output: Annotated[Output, typer.Option("-o", "--output", help="The output format.")] = Output.TABLE,
) -> None:
    """List who may sign in, and what they may read.

    Example:

      logctl dashboard user list
    """
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.users import list_users

    rows = [
        {
            "user": user.name,
            "apps": user.apps,
            "status": user.status.lower().replace("_", " "),
            "created": iso(user.created_at),
        }
        for user in list_users(Dashboard(context.deployment))
    ]
    show(
        rows,
        ("user", "apps", "status", "created"),
        output,
        empty="There are no users yet. Add one with: logctl dashboard user add NAME --app APPID",
        words={"apps": ", ".join},
    )


def remove(
    context: Context,
    name: Annotated[str, typer.Argument(help="As `dashboard user list` shows it.")],
    yes: Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Remove a user. A token that they hold remains valid until it expires, within the hour.

    Example:

      logctl dashboard user remove anna
    """
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.users import remove_user

    confirm(f"This removes {name} from the dashboard of {context.place}.", yes=yes)
    remove_user(Dashboard(context.deployment), name)
    say(f"{name} can no longer sign in.")
