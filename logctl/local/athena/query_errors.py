"""What goes wrong in a query, in Athena's form."""

from __future__ import annotations


class QueryError(Exception):
    """A query that fails; the text is its StateChangeReason, which begins with the kind of error in capitals.

    `category` is AthenaError's ErrorCategory: 1 system, 2 user, 3 other (Amazon Athena API Reference).
    """

    def __init__(self, message: str, category: int = 2) -> None:
        super().__init__(message)
        self.category = category


class NotSupported(QueryError):
    """Athena can do it, this sandbox cannot."""

    def __init__(self, what: str) -> None:
        super().__init__(f"NOT_SUPPORTED: {what} is not supported by the sandbox's Athena", category=3)


class Stopped(Exception):
    """The query was cancelled: by StopQueryExecution, or at the workgroup's scan limit."""

    def __init__(self, reason: str = "Query cancelled by user") -> None:
        super().__init__(reason)


class InvalidRequest(Exception):
    """The API call itself is refused: `code` is the exception's name in Athena's API."""

    def __init__(self, message: str, code: str = "InvalidRequestException") -> None:
        super().__init__(message)
        self.code = code
