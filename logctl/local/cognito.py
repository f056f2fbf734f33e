"""MiniStack's Cognito, where it does otherwise than Cognito does. Run inside MiniStack's process."""

from __future__ import annotations

from typing import Any

_RENEWED = "TokenGeneration_RefreshTokens"


def keep_groups_on_renewal() -> None:
    """Let renewed tokens name their user's groups.

    Cognito does (Amazon Cognito Developer Guide, Understanding the access token). MiniStack 1.5.33 names them
    when somebody signs in, and leaves them out in the refresh grant of `/oauth2/token`: an hour after signing
    in, a user would be allowed nothing.
    """
    from ministack.services import cognito

    make: Any = cognito._fake_token

    def make_with_groups(sub: str, pool_id: str, *args: Any, **options: Any) -> str:
        if options.get("trigger_source") == _RENEWED and not options.get("groups"):
            options["groups"] = _groups(cognito, pool_id, options.get("username", ""))
        return str(make(sub, pool_id, *args, **options))

    cognito._fake_token = make_with_groups


def _groups(cognito: Any, pool_id: str, username: str) -> list[str]:
    """Return the groups that the user is in now, which may be others than when they signed in."""
    pool = cognito._get_pool_unscoped(pool_id) or {}
    user = pool.get("_users", {}).get(username, {})
    return list(user.get("_groups", ()))
