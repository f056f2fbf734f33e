"""Asking over HTTP: what has no room just now is asked again, less and less often."""

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
    """The answer's body.

    Args:
        timeout: of one attempt, in seconds.
        on_busy: told how many seconds pass before the next attempt.

    Raises:
        urllib.error.HTTPError: it was refused, or after five attempts there was still no room.
        OSError: nobody answers.
    """
    for attempt in range(ATTEMPTS):
        try:
            with urllib.request.urlopen(request, timeout=timeout) as reply:  # noqa: S310 - the caller's
                body: bytes = reply.read()
                return body
        except urllib.error.HTTPError as error:
            if error.code not in BUSY or attempt == ATTEMPTS - 1:
                raise
            wait = pause(error.headers.get("retry-after"), attempt)
            error.close()
        on_busy(wait)
        sleep(wait)
    raise AssertionError("the last attempt answers or raises")


def pause(told: str | None, attempt: int) -> int:
    """Seconds before the next attempt: as `Retry-After` says, or else twice as many each time."""
    backing_off = 1 << attempt
    asked = int(told) if told and re.fullmatch(r"[0-9]{1,5}", told) else 0
    return min(LONGEST_WAIT, max(asked, backing_off))
