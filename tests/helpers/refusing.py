"""A client whose calls are refused."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError


class Refusing:
    """A client that may do nothing, or what the others say."""

    def __init__(self, code: str = "AccessDenied", **others: Any) -> None:
        self.code = code
        vars(self).update(others)

    def __getattr__(self, operation: str) -> Any:
        def refuse(*names: Any, **request: Any) -> Any:
            raise ClientError({"Error": {"Code": self.code, "Message": "no"}}, operation)

        return refuse
