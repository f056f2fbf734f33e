"""Parsers of the settings' values.

Each takes a value as a flag, a variable or logctl.toml gives it, and returns it as the program uses it. It
raises ValueError with the rule that the value breaks. The functions that take arguments return a parser.
"""

from __future__ import annotations

import difflib
import re
import zoneinfo
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from typing import Any

from logctl.core import levels
from logctl.core.access import is_pattern
from logctl.core.appid import RULE, is_appid
from logctl.core.redaction_names import check_names
from logctl.core.times import DAY, format_duration, parse_duration
from logctl.stack.capacity import AUTOMATIC
from logctl.stack.sizes import parse_size

Parser = Callable[[Any], Any]

_EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:]+")
_SQS_ARN = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}")
_QUERY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_OFFSET = re.compile(r"([+-])(0\d|1[0-4]):?([0-5]\d)?")
_LEAST_SCAN_LIMIT = 10**7
"""Bytes: the least BytesScannedCutoffPerQuery that Athena takes (Athena API, WorkGroupConfiguration)."""


# ── Text ────────────────────────────────────────────────────────────────────────────────────────────────


def plain_text(value: Any) -> str:
    """Parse any text."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} must be text")
    return value


def choice(*allowed: str) -> Parser:
    """Return a parser of one of these words."""

    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is not one of {', '.join(allowed)}")
        return str(value)

    return parse


def short_name(longest: int) -> Parser:
    """Return a parser of a part of resource names, of at most `longest` characters."""
    pattern = re.compile(rf"[a-z][a-z0-9-]{{0,{longest - 1}}}(?<!-)")

    def parse(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(
                f"{value!r} must be 1 to {longest} of a-z, 0-9 and -, starting with a letter, not ending in -"
            )
        return value

    return parse


def environment_name(value: Any) -> str:
    """Parse an environment's name, which must not make its stack the bootstrap stack of another one."""
    name: str = short_name(14)(value)
    if name.endswith("-bootstrap"):
        raise ValueError(f"{value!r} would give the stack the name of another environment's bootstrap stack")
    return name


def region(value: Any) -> str:
    """Parse the name of an AWS region."""
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", value):
        raise ValueError(f"{value!r} is not an AWS region; write one like eu-central-1")
    return value


def level(value: Any) -> str:
    """Parse a log level, in any spelling that records may use."""
    found = levels.parse_level(value)
    if found == levels.UNKNOWN:
        raise ValueError(f"{value!r} is not one of {', '.join(levels.ORDER)}")
    return found


def https_url(value: Any) -> str:
    """Parse an https:// URL without query."""
    url = plain_text(value)
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[\w./~-]*)?", url):
        raise ValueError(f"{value!r} is not an https:// URL")
    return url


# ── Numbers and times ───────────────────────────────────────────────────────────────────────────────────


def duration(least: int, most: int) -> Parser:
    """Return a parser of durations like `15m`, in milliseconds, between two others."""

    def parse(value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError(f'{value!r} must be a duration in quotes, like "15m"')
        milliseconds = parse_duration(value)
        if not least <= milliseconds <= most:
            raise ValueError(f"{value!r} is not between {format_duration(least)} and {format_duration(most)}")
        return milliseconds

    return parse


def days(least: int, most: int) -> Parser:
    """Return a parser of durations of whole days, in milliseconds."""
    parse_duration_in_range = duration(least * DAY, most * DAY)

    def parse(value: Any) -> int:
        milliseconds: int = parse_duration_in_range(value)
        if milliseconds % DAY:
            raise ValueError(f"{value!r} must be whole days")
        return milliseconds

    return parse


def off_or_days(least: int, most: int) -> Parser:
    """Return a parser of durations of whole days, in milliseconds, or of `off`, which is 0."""
    parse_days = days(least, most)

    def parse(value: Any) -> int:
        return 0 if value == "off" else parse_days(value)

    return parse


def whole_number(least: int, most: int) -> Parser:
    """Return a parser of whole numbers in a range, given as number or as text."""

    def parse(value: Any) -> int:
        text = value.strip() if isinstance(value, str) else value
        number = int(text) if isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text) else text
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"{value!r} is not a whole number from {least} to {most}")
        return number

    return parse


def time_zone(value: Any) -> tzinfo:
    """Parse the name of a time zone of the IANA database, or an offset from UTC such as `+01:00`."""
    if not isinstance(value, str):
        raise ValueError(f'{value!r} must be a time zone in quotes, like "Europe/Berlin"')
    if offset := _OFFSET.fullmatch(value):
        sign = -1 if offset[1] == "-" else 1
        return timezone(sign * timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0)))
    try:
        return zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        by_folded = {name.casefold(): name for name in zoneinfo.available_timezones()}
        close = difflib.get_close_matches(value.casefold().replace(" ", "_"), by_folded, n=1)
        known = by_folded[close[0]] if close else "Europe/Berlin"
        raise ValueError(f"{value!r} is not a time zone; write a name like {known}, or +01:00") from None


def concurrency(value: Any) -> int:
    """Parse how many executions to reserve: a number, `off` (0) or `auto` (`capacity.AUTOMATIC`)."""
    if value in ("auto", "off"):
        return AUTOMATIC if value == "auto" else 0
    try:
        number: int = whole_number(1, 1_000)(value)
    except ValueError as problem:
        raise ValueError(f"{problem}, auto or off") from None
    return number


def shards(value: Any) -> int:
    """Parse over how many groups an app's messages are spread: a number, or `auto` (0)."""
    if value == "auto":
        return 0
    try:
        number: int = whole_number(1, 64)(value)
    except ValueError as problem:
        raise ValueError(f"{problem}, or auto") from None
    return number


def scan_limit(value: Any) -> int:
    """Parse a size like `100GB`, in bytes, that Athena takes as the limit of a query."""
    size = parse_size(value) if isinstance(value, str) else value
    if not isinstance(size, int) or isinstance(size, bool) or size < _LEAST_SCAN_LIMIT:
        raise ValueError(f"{value!r} is below Athena's least limit, 10MB")
    return size


# ── Lists ───────────────────────────────────────────────────────────────────────────────────────────────


def _items(value: Any, what: str) -> list[str]:
    """Parse a list of texts, or one text with commas, as a variable has it."""
    items: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{value!r} must be a list of {what}")
    return [item.strip() for item in items if item.strip()]


def origins(value: Any) -> tuple[str, ...]:
    """Parse a list of origins: scheme, host and port of a site."""
    found = _items(value, "origins like https://tools.example.com")
    for origin in found:
        if not re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?", origin):
            raise ValueError(f"{origin!r} is not an origin; write it in full, like https://tools.example.com")
    return tuple(found)


def app_patterns(value: Any) -> tuple[str, ...]:
    """Parse a list of apps, and of patterns of apps with * and ?."""
    found = _items(value, "apps and globs")
    for pattern in found:
        if not is_pattern(pattern):
            raise ValueError(f"{pattern!r} cannot name an app, or several with * and ?")
    return tuple(found)


def redaction_rules(value: Any) -> tuple[str, ...]:
    """Parse a list of names of redaction rules."""
    found = _items(value, "redaction rules")
    check_names(found)
    return tuple(found)


@dataclass(frozen=True)
class Subscription:
    """A subscriber of alerts: an SNS protocol (`email`, `https` or `sqs`) and its endpoint."""

    protocol: str
    endpoint: str

    @classmethod
    def parse(cls, value: Any) -> Subscription:
        """Parse an endpoint; its form says which protocol it is for."""
        if isinstance(value, Subscription):
            return value
        endpoint = plain_text(value)
        if _EMAIL.fullmatch(endpoint):
            return cls("email", endpoint)
        if re.fullmatch(r"https://[^\s/]+\S*", endpoint):
            return cls("https", endpoint)
        if _SQS_ARN.fullmatch(endpoint):
            return cls("sqs", endpoint)
        raise ValueError(
            f"{value!r} is neither an e-mail address, an https:// URL nor the ARN of an SQS queue"
        )


def subscriptions(value: Any) -> tuple[Subscription, ...]:
    """Parse a list of subscribers, or one text with commas, as a variable has it."""
    items: Sequence[Any] = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ValueError(f"{value!r} must be a list of e-mail addresses, https:// URLs or SQS ARNs")
    return tuple(
        Subscription.parse(item.strip() if isinstance(item, str) else item) for item in items if item != ""
    )


def app_names(value: Any) -> tuple[tuple[str, str], ...]:
    """Parse a table of app ids by the names in logs, `"Checkout Service" = "checkout"`; return pairs."""
    if not isinstance(value, Mapping):
        raise ValueError("it must be a table in logctl.toml, [apps], with a name and an app id a line")
    for name, app in value.items():
        if not is_appid(app):
            raise ValueError(f"{name}: {app!r} cannot name an app: {RULE}")
    return tuple(value.items())


# ── Saved queries ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class SavedQuery:
    """A query kept under a name, for `logctl athena query --saved NAME`."""

    name: str
    sql: str
    description: str = ""


def saved_queries(value: Any) -> tuple[SavedQuery, ...]:
    """Parse a table of queries: `name = "SELECT …"`, or a table with `sql` and `description` by name."""
    if not isinstance(value, Mapping):
        raise ValueError("it must be a table in logctl.toml, [queries], with a name and SQL a line")
    return tuple(_saved_query(name, given) for name, given in value.items())


def _saved_query(name: str, given: Any) -> SavedQuery:
    if not _QUERY_NAME.fullmatch(name):
        raise ValueError(f"{name!r} cannot name a query; use up to 64 of a-z, 0-9, - and _")
    members = {"sql": given} if isinstance(given, str) else given
    if not isinstance(members, Mapping) or not all(isinstance(item, str) for item in members.values()):
        raise ValueError(f"{name} must be SQL in quotes, or a table with sql and description")
    if unknown := set(members) - {"sql", "description"}:
        raise ValueError(f"{name} has no {min(unknown)!r}; it takes sql and description")
    if not members.get("sql", "").strip():
        raise ValueError(f"{name} has no SQL")
    return SavedQuery(name, members["sql"], members.get("description", ""))
