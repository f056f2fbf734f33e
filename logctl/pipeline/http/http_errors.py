"""Errors of the API: each becomes a response with a status, a sentence, and what to do."""

from __future__ import annotations


class ApiError(Exception):
    """An error response. `status` is HTTP's; message and hint are for people and quote no secrets."""

    status = 500

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class BadRequest(ApiError):
    """A parameter is invalid."""

    status = 400


class Unauthorized(ApiError):
    """The token is missing or invalid."""

    status = 401


class Forbidden(ApiError):
    """The token is valid and does not allow this."""

    status = 403


class NotFound(ApiError):
    """There is no such route or file."""

    status = 404


class Unavailable(ApiError):
    """A service that the API needs does not answer; the response's `Retry-After` says when to try again."""

    status = 503


class TookTooLong(ApiError):
    """Reading takes longer than one request may."""

    status = 504
