"""What the API answers when it does not answer: a status, a sentence, and what to do."""

from __future__ import annotations


class ApiError(Exception):
    """`status` is HTTP's; the texts are for people and quote no secrets."""

    status = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadRequest(ApiError):
    status = 400


class Unauthorized(ApiError):
    status = 401


class Forbidden(ApiError):
    status = 403


class NotFound(ApiError):
    status = 404


class Unavailable(ApiError):
    """Try again: `Retry-After` says when."""

    status = 503


class TookTooLong(ApiError):
    status = 504
