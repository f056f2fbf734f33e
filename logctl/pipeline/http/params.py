"""Parameters of a request, parsed strictly: an error names the invalid parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from logctl.core import levels
from logctl.core.access import is_pattern
from logctl.core.times import FUTURE_TOLERANCE, SECOND, TimeRange, iso, parse_duration, parse_range
from logctl.pipeline.http.http_errors import BadRequest
from logctl.pipeline.stores.record_filter import Filter

MOST_APPS = 20
LONGEST_SEARCH = 200
LONGEST_CURSOR = 8_000
_WHOLE = re.compile(r"\d{1,9}")


def check_length(span: TimeRange, now: int, longest: int) -> None:
    """Check a time range against the hot store, which keeps records for `longest` milliseconds.

    Raises:
        BadRequest: the range is longer than that, or begins after every record that can be there.
    """
    if span.until - span.since > longest + 2 * FUTURE_TOLERANCE:
        earliest = iso(now - longest)
        raise BadRequest(
            "since, until: the range is longer than the hot store keeps records.",
            f"The hot store has records from {earliest} on. For older ones, see: logctl tail --since, "
            "logctl athena query.",
        )
    if span.since > now + 2 * FUTURE_TOLERANCE:
        raise BadRequest("since, until: the range begins in the future, where there are no records.")


@dataclass(frozen=True)
class Params:
    """The parameters of one request. API Gateway joins repeated ones with commas."""

    given: Mapping[str, str]

    def only(self, *known: str) -> None:
        """Refuse any parameter but these, because ignoring a misspelt filter would return too many records.

        Raises:
            BadRequest: there is another one.
        """
        unknown = sorted(set(self.given) - set(known))
        if unknown:
            listed = ", ".join(known) if known else "none"
            raise BadRequest(f"This route has no parameter {unknown[0][:40]!r}.", f"It takes: {listed}.")

    def apps(self) -> tuple[str, ...]:
        """Return the names and globs of `app=checkout,web-*`; none means every app that the sender may read.

        Raises:
            BadRequest: one of them cannot name an app, or there are too many.
        """
        if "app" not in self.given:
            return ()
        named = self.given["app"].split(",")
        if len(named) > MOST_APPS:
            raise BadRequest(f"app: at most {MOST_APPS} names.")
        for name in named:
            if not is_pattern(name):
                raise BadRequest(
                    f"app: {name[:80]!r} cannot name an app.",
                    "Names contain a-z, 0-9, - and _; globs also * and ?. Separate them with commas.",
                )
        return tuple(named)

    def span(self, now: int, *, default: int, longest: int) -> TimeRange:
        """Return the time range of `since` and `until`: times, or durations back from `now`.

        Args:
            now: the request's time, in milliseconds.
            default: how far back the range begins without `since`, in milliseconds.
            longest: how long the hot store keeps records, in milliseconds.

        Raises:
            BadRequest: one of the two cannot be parsed, or `check_length` refuses the range.
        """
        for name in ("since", "until"):
            if name in self.given and not self.given[name].strip():
                raise BadRequest(f"{name}: it is empty.")
        try:
            span = parse_range(self.given.get("since"), self.given.get("until"), now, default)
        except (ValueError, OverflowError) as problem:
            raise BadRequest(f"since, until: {problem}.") from None
        if not 0 <= span.since < span.until <= 10**14:
            raise BadRequest("since, until: the range must be positive and between the years 1970 and 5138.")
        check_length(span, now, longest)
        return span

    def filter(self) -> Filter:
        """Return the filter that `level` (the lowest) and `q` (plain text, case-insensitive) make.

        Raises:
            BadRequest: the level does not exist, or the search is too long.
        """
        search = self.given.get("q", "")
        if len(search) > LONGEST_SEARCH:
            raise BadRequest(f"q: at most {LONGEST_SEARCH} characters.")
        grep = (re.compile(re.escape(search), re.IGNORECASE),) if search else ()
        return Filter(self._level(), grep)

    def _level(self) -> str | None:
        text = self.given.get("level")
        if text is None or text.upper() == levels.UNKNOWN:
            return text and levels.UNKNOWN
        level = levels.parse_level(text)
        if level == levels.UNKNOWN or text.isdigit():
            raise BadRequest(
                f"level: {text[:40]!r} is not a level.", f"The levels are: {', '.join(levels.ORDER)}."
            )
        return level

    def whole(self, name: str, *, default: int, least: int, most: int) -> int:
        """Return a parameter that is a whole number from `least` to `most`.

        Raises:
            BadRequest: it is something else.
        """
        text = self.given.get(name)
        if text is None:
            return default
        if not _WHOLE.fullmatch(text) or not text.isascii() or not least <= int(text) <= most:
            raise BadRequest(f"{name}: {text[:40]!r} is not a whole number from {least} to {most}.")
        return int(text)

    def step(self, span: TimeRange, *, most: int) -> int | None:
        """Return the length of buckets that `step` asks for, in milliseconds; None without one.

        Raises:
            BadRequest: it is not a duration of whole seconds, or makes more than `most` buckets.
        """
        text = self.given.get("step")
        if text is None:
            return None
        try:
            step = parse_duration(text)
        except ValueError as problem:
            raise BadRequest(f"step: {problem}.") from None
        if step % SECOND or (span.until - span.since) // step >= most:
            raise BadRequest(f"step: it must be whole seconds and make at most {most} buckets.")
        return step

    def cursor(self) -> str | None:
        """Return the cursor's text, which `cursors` parses; None without one.

        Raises:
            BadRequest: it is longer than any cursor.
        """
        text = self.given.get("cursor")
        if text is not None and len(text) > LONGEST_CURSOR:
            raise BadRequest("cursor: it is too long.")
        return text

    def question(self) -> list[str | None]:
        """Return the parameters that a cursor is bound to, as they were sent."""
        return [self.given.get(name) for name in ("app", "level", "q")]
