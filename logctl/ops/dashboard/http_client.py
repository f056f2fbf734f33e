"""HTTP requests that are repeated, with growing pauses, while the server is busy."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable

BUSY = (429, 503)
ATTEMPTS = 5
LONGEST_WAIT = 30


def ask(
    request: urllib.request.Request,
    *,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
    on_busy: Callable[[int], None] = lambda seconds: None,
) -> bytes:
    """Send a request, and return the body of the response.

    Args:
        request: the request, which is sent again unchanged.
        timeout: of one attempt, in seconds.
        sleep: waits for a number of seconds.
        on_busy: called with the seconds until the next attempt.

    Raises:
        urllib.error.HTTPError: the server refused, or was still busy after five attempts.
        OSError: the server does not answer.
    """
    for attempt in range(ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:  # noqa: S310 - the caller chose the URL
                body: bytes = reply.read()
                return body
        except urllib.error.HTTPError as error:
            if error.code not in BUSY or attempt == ATTEMPTS - 1:
                raise
            wait = pause(error.headers.get("retry-after"), attempt)
            error.close()
        on_busy(wait)
        sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def pause(retry_after: str | None, attempt: int) -> int:
    """Return the seconds until the next attempt: those of Retry-After, and at least 1, 2, 4, 8 and so on."""
    backoff = 1 << attempt
    requested = int(retry_after) if retry_after and re.fullmatch(r"[0-9]{1,5}", retry_after) else 0
    return min(LONGEST_WAIT, max(requested, backoff))
