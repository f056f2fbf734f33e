"""`logctl dashboard`: the page, its users, and tokens for scripts."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from logctl.cli.command_registration import command
from logctl.cli.confirmation import confirm
from logctl.cli.context import CommandContext
from logctl.cli.options import AppPatternsOption, OutputOption, YesOption, app_option
from logctl.cli.render import Output, say, show
from logctl.core.times import iso


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    family = typer.Typer(
        help="Open the dashboard; manage its users and tokens for scripts.", no_args_is_help=True
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
    context: CommandContext,
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
    context: CommandContext,
    apps: AppPatternsOption = None,
) -> None:
    """Print an access token for scripts.

    It is valid for an hour and may read the apps in machine_apps.

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
    context: CommandContext,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name or e-mail address of the user.")],
    apps: Annotated[
        list[str],
        app_option(
            "An app that the user may read, or a pattern such as 'web-*'; repeatable.", may_be_new=True
        ),
    ],
) -> None:
    """Add a user, and print the password for the first sign-in.

    At the first sign-in, the user has to set a new password.

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
    context: CommandContext,
    output: OutputOption = Output.TABLE,
) -> None:
    """List the users, and the apps that each may read.

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
    context: CommandContext,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The user, as `logctl dashboard user list` shows it.")
    ],
    yes: YesOption = False,
) -> None:
    """Remove a user. A token that the user has remains valid until it expires, within the hour.

    Example:

      logctl dashboard user remove anna
    """
    from logctl.ops.dashboard.address import Dashboard
    from logctl.ops.dashboard.users import remove_user

    confirm(f"This removes {name} from the dashboard of {context.place}.", yes=yes)
    remove_user(Dashboard(context.deployment), name)
    say(f"{name} can no longer sign in.")
