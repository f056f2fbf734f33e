"""An adaptation of MiniStack, run in its process: renewed tokens contain their user's groups."""

from __future__ import annotations

from typing import Any

_RENEWED = "TokenGeneration_RefreshTokens"


def keep_groups_on_renewal() -> None:
    """Put the groups of the user into renewed tokens.

    Cognito does so (Amazon Cognito Developer Guide, Understanding the access token). MiniStack 1.5.33 puts
    them into the tokens of a sign-in, and omits them in the refresh grant of `/oauth2/token`: an hour after
    signing in, a user would have no permissions.
    """
    from ministack.services import cognito

    make: Any = cognito._fake_token

    def make_with_groups(sub: str, pool_id: str, *args: Any, **options: Any) -> str:
        if options.get("trigger_source") == _RENEWED and not options.get("groups"):
            options["groups"] = _groups(cognito, pool_id, options.get("username", ""))
        return str(make(sub, pool_id, *args, **options))

    cognito._fake_token = make_with_groups


def _groups(cognito: Any, pool_id: str, username: str) -> list[str]:
    """Return the user's groups at present."""
    pool = cognito._get_pool_unscoped(pool_id) or {}
    user = pool.get("_users", {}).get(username, {})
    return list(user.get("_groups", ()))
