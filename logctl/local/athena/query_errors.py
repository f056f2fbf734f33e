"""The errors of queries and of calls of the API."""

from __future__ import annotations


class QueryError(Exception):
    """A query that fails. The text is its StateChangeReason, which begins with the kind of error in capitals.

    `category` is AthenaError's ErrorCategory: 1 system, 2 user, 3 other (Amazon Athena API Reference).
    """

    def __init__(self, message: str, category: int = 2) -> None:
        super().__init__(message)
        self.category = category


class NotSupported(QueryError):
    """A query that Athena can run and the sandbox cannot."""

    def __init__(self, what: str) -> None:
        super().__init__(f"NOT_SUPPORTED: {what} is not supported by the sandbox's Athena", category=3)


class Stopped(Exception):
    """A query that was cancelled, by StopQueryExecution or by the workgroup's limit on bytes scanned."""

    def __init__(self, reason: str = "Query cancelled by user") -> None:
        super().__init__(reason)


class InvalidRequest(Exception):
    """A call of the API that is refused. `code` is the exception's name in Athena's API."""

    def __init__(self, message: str, code: str = "InvalidRequestException") -> None:
        super().__init__(message)
        self.code = code
