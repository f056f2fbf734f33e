"""What AWS's error codes mean. Each service has its own words for the same few things."""

from __future__ import annotations

from enum import Enum, unique


@unique
class Trouble(Enum):
    """What an error reply says."""

    EXPIRED = "the sign-in has expired"
    BAD_CREDENTIALS = "the credentials are not accepted"
    DENIED = "the caller may not do this"
    MISSING = "what was asked for is not there"
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
# A workgroup that is not there: Athena says so; MiniStack misses the output location it would have.
_SIGNS_OF_ABSENCE = ("does not exist", "is not found", "No output location provided")
_WORKGROUP_MISSING = ("WorkGroup ", " not found")
"""MiniStack's words for it."""
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


def trouble(code: str, message: str) -> Trouble:
    """The meaning of an error's code and message."""
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
