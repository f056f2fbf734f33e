"""The dashboard's users: who may sign in, and which apps they may read.

They are kept in Cognito. Each app or glob that somebody may read is a group named `app:…`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.access import PREFIX, is_pattern
from logctl.core.appid import RULE
from logctl.core.errors import LogctlError, UsageError
from logctl.core.times import from_datetime
from logctl.ops.dashboard.address import Dashboard

_USER_NAME = re.compile(r"[\w.@+-]{1,64}")
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits without those that look alike (l, I and 1; o, O and 0): passwords may be read aloud."""


@dataclass(frozen=True)
class User:
    """Somebody who may sign in. `created_at` is in milliseconds."""

    name: str
    apps: tuple[str, ...]
    status: str
    created_at: int


def add_user(dashboard: Dashboard, name: str, apps: Sequence[str]) -> str:
    """Create a user who may read the apps.

    Returns:
        The password for their first sign-in, at which they have to choose their own.

    Raises:
        UsageError: the name or an app is not valid.
        LogctlError: there is a user of that name.
    """
    if not is_user_name(name):
        raise UsageError(f"{name!r} cannot name a user; use up to 64 of a-z, 0-9, . _ - + and @.")
    check_apps(apps)
    password = make_password()
    try:
        dashboard.deployment.aws.cognito.admin_create_user(
            UserPoolId=dashboard.user_pool,
            Username=name,
            TemporaryPassword=password,
            MessageAction="SUPPRESS",
        )
    except ClientError as error:
        if code_of(error) != "UsernameExistsException":
            raise
        raise LogctlError(
            f"The user {name} exists already.", f"Remove them first: logctl dashboard user remove {name}"
        ) from None
    allow(dashboard, name, apps)
    return password


def allow(dashboard: Dashboard, name: str, apps: Sequence[str]) -> None:
    """Let a user read the apps, in addition to those that they may read already."""
    cognito = dashboard.deployment.aws.cognito
    for app in apps:
        group = f"{PREFIX}{app}"
        try:
            cognito.create_group(
                UserPoolId=dashboard.user_pool, GroupName=group, Description=f"May read {app} in logctl."
            )
        except ClientError as error:
            if code_of(error) != "GroupExistsException":
                raise
        cognito.admin_add_user_to_group(UserPoolId=dashboard.user_pool, Username=name, GroupName=group)


def list_users(dashboard: Dashboard) -> Iterator[User]:
    """Yield every user with their apps."""
    pages = dashboard.deployment.aws.cognito.get_paginator("list_users")
    for page in pages.paginate(UserPoolId=dashboard.user_pool):
        for user in page["Users"]:
            yield User(
                name=user["Username"],
                apps=_apps_of(dashboard, user["Username"]),
                status=user["UserStatus"],
                created_at=from_datetime(user["UserCreateDate"]),
            )


def _apps_of(dashboard: Dashboard, name: str) -> tuple[str, ...]:
    pages = dashboard.deployment.aws.cognito.get_paginator("admin_list_groups_for_user")
    groups = [
        group["GroupName"]
        for page in pages.paginate(UserPoolId=dashboard.user_pool, Username=name)
        for group in page["Groups"]
    ]
    return tuple(sorted(group.removeprefix(PREFIX) for group in groups if group.startswith(PREFIX)))


def remove_user(dashboard: Dashboard, name: str) -> None:
    """Delete a user. An access token that they hold is accepted until it expires, within the hour.

    Raises:
        LogctlError: there is no user of that name.
    """
    cognito = dashboard.deployment.aws.cognito
    try:
        cognito.admin_user_global_sign_out(UserPoolId=dashboard.user_pool, Username=name)
        cognito.admin_delete_user(UserPoolId=dashboard.user_pool, Username=name)
    except ClientError as error:
        if code_of(error) != "UserNotFoundException":
            raise
        raise LogctlError(
            f"There is no user {name}.", "List the users with: logctl dashboard user list"
        ) from None


def is_user_name(text: str) -> bool:
    """Return whether a user may have this name."""
    return _USER_NAME.fullmatch(text) is not None


def check_apps(apps: Sequence[str]) -> None:
    """Check names and globs of apps.

    Raises:
        UsageError: one is not valid.
    """
    for app in apps:
        if not is_pattern(app):
            raise UsageError(f"{app!r} cannot name an app: {RULE}; * and ? stand for several.")


def make_password() -> str:
    """Return four groups of four characters: about 93 bits, with a digit and letters of both cases.

    The pool requires the digit and both cases.
    """
    while True:
        groups = ["".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)]
        password = "-".join(groups)
        if any(c.isdigit() for c in password) and password.lower() != password != password.upper():
            return password
