"""Errors of AWS calls: the exceptions that botocore raises, and what their codes mean across services."""

from __future__ import annotations

from enum import Enum, unique

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

DAMAGED = (ResponseParserError, UnicodeDecodeError)
"""Exceptions that botocore raises for a truncated or damaged reply; neither is a BotoCoreError."""
TROUBLE = (ClientError, BotoCoreError, *DAMAGED)
"""Exceptions that a call may raise without an error in logctl: error replies, network, damaged replies."""


def code_of(error: ClientError) -> str:
    """Return the error code of a reply, such as `NoSuchKey`; empty where it has none."""
    return error.response.get("Error", {}).get("Code", "")


def message_of(error: ClientError) -> str:
    """Return the text of an error reply; empty where it has none."""
    return error.response.get("Error", {}).get("Message", "")


def said(error: Exception) -> str:
    """Return the message of an AWS or network error; of another error, which may quote a record, the type."""
    return str(error) if isinstance(error, TROUBLE) else type(error).__name__


@unique
class Trouble(Enum):
    """The kinds of error replies."""

    EXPIRED = "the sign-in has expired"
    BAD_CREDENTIALS = "the credentials are not accepted"
    DENIED = "the caller lacks a permission"
    MISSING = "the requested resource does not exist"
    BUSY = "too many requests"
    OTHER = "something else"


_MISSING = {
    "AWS.SimpleQueueService.NonExistentQueue",
    "QueueDoesNotExist",
    "ResourceNotFoundException",
    "ResourceNotFound",
    "EntityNotFoundException",
    "NoSuchBucket",
    "NotFound",
    "NotFoundException",
    "404",
}
# "No output location provided" is MiniStack's reply for a workgroup that does not exist.
_SIGNS_OF_ABSENCE = ("does not exist", "is not found", "No output location provided")
_WORKGROUP_MISSING = ("WorkGroup ", " not found")
"""In MiniStack's message about a workgroup that does not exist."""
_BAD_CREDENTIALS = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "InvalidAccessKeyId",
    "AuthFailure",
    "IncompleteSignature",
    "MissingAuthenticationToken",
}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_DENIED = ("AccessDenied", "UnauthorizedOperation", "AuthorizationError", "Forbidden", "403")
_BUSY = ("Throttl", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "ProvisionedThroughput")


def trouble_of(error: ClientError) -> Trouble:
    """Return the kind of an error reply."""
    return trouble(code_of(error), message_of(error))


def trouble(code: str, message: str) -> Trouble:
    """Return the kind of an error, from its code and message."""
    if code in _EXPIRED:
        return Trouble.EXPIRED
    if code in _BAD_CREDENTIALS:
        return Trouble.BAD_CREDENTIALS
    if code.startswith(_DENIED) or "not authorized to perform" in message:
        return Trouble.DENIED
    if code in _MISSING or any(sign in message for sign in _SIGNS_OF_ABSENCE):
        return Trouble.MISSING
    if all(words in message for words in _WORKGROUP_MISSING):
        return Trouble.MISSING
    return Trouble.BUSY if code.startswith(_BUSY) else Trouble.OTHER
