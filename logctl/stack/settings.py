"""Settings: one frozen value, made once at the edge.

Order: flag, then variable (`LOGCTL_*`), then file (`logctl.toml`), then default. With
`alert_window = "5m"` in the file, `LOGCTL_ALERT_WINDOW=10m` in the environment and
`--alert-window 1m` on the command line, the window is one minute; without the flag, ten.

Reading the file and the environment is the CLI's work; this module knows no I/O.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from logctl.core import levels
from logctl.core.access import is_pattern
from logctl.core.errors import UsageError
from logctl.core.redaction import Redactor
from logctl.core.times import DAY, HOUR, MINUTE, format_duration, parse_duration
from logctl.stack.capacity import AUTOMATIC
from logctl.stack.sizes import parse_size

TARGETS = ("aws", "local")
SHORTEST_RETENTION = HOUR
"""The least that the hot store can keep records for."""


def _choice(*allowed: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
        return str(value)

    return parse


def _name(longest: int) -> Callable[[Any], str]:
    pattern = re.compile(rf"[a-z][a-z0-9-]{{0,{longest - 1}}}(?<!-)")

    def parse(value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise ValueError(
                f"{value!r} must be 1 to {longest} of a-z, 0-9 and -, starting with a letter, not ending in -"
            )
        return value

    return parse


def _environment(value: Any) -> str:
    name = _name(14)(value)
    if name.endswith("-bootstrap"):
        raise ValueError(f"{value!r} would be called as the bootstrap stack of another environment is")
    return name


def _region(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", value):
        raise ValueError(f"{value!r} is not an AWS region; write one like eu-central-1")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} must be text")
    return value


def _duration(least: int, most: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError(f'{value!r} must be a duration in quotes, like "15m"')
        milliseconds = parse_duration(value)
        if not least <= milliseconds <= most:
            raise ValueError(f"{value!r} is not between {format_duration(least)} and {format_duration(most)}")
        return milliseconds

    return parse


def _days(least: int, most: int) -> Callable[[Any], int]:
    duration = _duration(least * DAY, most * DAY)

    def parse(value: Any) -> int:
        milliseconds = duration(value)
        if milliseconds % DAY:
            raise ValueError(f"{value!r} must be whole days")
        return milliseconds

    return parse


def _off_or_days(least: int, most: int) -> Callable[[Any], int]:
    days = _days(least, most)

    def parse(value: Any) -> int:
        return 0 if value == "off" else days(value)

    return parse


def _level(value: Any) -> str:
    level = levels.parse_level(value)
    if level == levels.UNKNOWN:
        raise ValueError(f"{value!r} is none of {', '.join(levels.ORDER)}")
    return level


def _scan_limit(value: Any) -> int:
    size = parse_size(value) if isinstance(value, str) else value
    # Athena: BytesScannedCutoffPerQuery is at least 10 MB.
    if not isinstance(size, int) or isinstance(size, bool) or size < 10**7:
        raise ValueError(f"{value!r} is below Athena's least limit, 10MB")
    return size


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        text = value.strip() if isinstance(value, str) else value
        number = int(text) if isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text) else text
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"{value!r} is not a whole number from {least} to {most}")
        return number

    return parse


def _concurrency(value: Any) -> int:
    if value in ("auto", "off"):
        return AUTOMATIC if value == "auto" else 0
    try:
        return _whole(1, 1_000)(value)
    except ValueError as problem:
        raise ValueError(f"{problem}, auto or off") from None


_EMAIL = re.compile(r"[^\s@<>\"',;:]+@[^\s@<>\"',;:]+\.[^\s@<>\"',;:]+")
_SQS_ARN = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True)
class Subscription:
    """Who hears an alert: an SNS protocol (`email`, `https` or `sqs`) and its endpoint."""

    protocol: str
    endpoint: str

    @classmethod
    def parse(cls, value: Any) -> Subscription:
        if isinstance(value, Subscription):
            return value
        text = _text(value)
        if _EMAIL.fullmatch(text):
            return cls("email", text)
        if re.fullmatch(r"https://[^\s/]+\S*", text):
            return cls("https", text)
        if _SQS_ARN.fullmatch(text):
            return cls("sqs", text)
        raise ValueError(
            f"{value!r} is neither an e-mail address, an https:// URL nor the ARN of an SQS queue"
        )


def _subscriptions(value: Any) -> tuple[Subscription, ...]:
    items: Sequence[Any] = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ValueError(f"{value!r} must be a list of e-mail addresses, https:// URLs or SQS ARNs")
    return tuple(
        Subscription.parse(item.strip() if isinstance(item, str) else item) for item in items if item != ""
    )


def _https_url(value: Any) -> str:
    text = _text(value)
    if not re.fullmatch(r"https://[A-Za-z0-9.-]+(:\d+)?(/[\w./~-]*)?", text):
        raise ValueError(f"{value!r} is not an https:// URL")
    return text


def _items(value: Any, what: str) -> list[str]:
    """A list in the file, or one text with commas in the environment."""
    items: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{value!r} must be a list of {what}")
    return [item.strip() for item in items if item.strip()]


def _origins(value: Any) -> tuple[str, ...]:
    found = _items(value, "origins like https://tools.example.com")
    for origin in found:
        if not re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?|http://(localhost|127\.0\.0\.1)(:\d+)?", origin):
            raise ValueError(f"{origin!r} is not an origin; write it in full, like https://tools.example.com")
    return tuple(found)


def _app_patterns(value: Any) -> tuple[str, ...]:
    found = _items(value, "apps and globs")
    for pattern in found:
        if not is_pattern(pattern):
            raise ValueError(f"{pattern!r} cannot name an app, or several with * and ?")
    return tuple(found)


def _redactions(value: Any) -> tuple[str, ...]:
    found = _items(value, "redaction rules")
    Redactor(found)
    return tuple(found)


_QUERY_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class SavedQuery:
    """A query that somebody keeps under a name, for `logctl athena query --saved NAME`."""

    name: str
    sql: str
    description: str = ""


def _queries(value: Any) -> tuple[SavedQuery, ...]:
    """`name = "SELECT …"`, or a table with `sql` and `description`."""
    if not isinstance(value, Mapping):
        raise ValueError("it must be a table in logctl.toml, [queries], with a name and SQL a line")
    return tuple(_query(name, given) for name, given in value.items())


def _query(name: str, given: Any) -> SavedQuery:
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


def _setting(parse: Callable[[Any], Any], default: Any, about: str) -> Any:
    return field(default=default, metadata={"parse": parse, "about": about})


@dataclass(frozen=True)
class Settings:
    """Everything a person can choose. Durations are milliseconds, sizes bytes."""

    target: str = _setting(_choice(*TARGETS), "aws", "aws, or local for the sandbox on this machine")
    env: str = _setting(_environment, "dev", "the environment's name; every resource carries it")
    prefix: str = _setting(_name(12), "logctl", "what every resource's name starts with")
    region: str | None = _setting(_region, None, "AWS region; without it, the SDK's own configuration")
    profile: str | None = _setting(_text, None, "AWS profile; without it, the SDK's own configuration")
    hot_retention: int = _setting(
        _duration(SHORTEST_RETENTION, 90 * DAY),
        2 * DAY,
        "how long tail, API and dashboard see a record (DynamoDB TTL)",
    )
    cold_retention: int = _setting(_days(1, 36500), 365 * DAY, "how long S3 keeps records")
    quarantine_retention: int = _setting(
        _days(1, 3650), 90 * DAY, "how long S3 keeps what could not be parsed"
    )
    alert_level: str = _setting(_level, levels.ERROR, "the least level that alerts")
    alert_window: int = _setting(
        _duration(5_000, DAY), 15 * MINUTE, "at most one alert per kind of error in this time"
    )
    late_after: int = _setting(
        _duration(MINUTE, 365 * DAY), HOUR, "a record that arrives later than this opens no alert"
    )
    subscriptions: tuple[Subscription, ...] = _setting(
        _subscriptions, (), "who hears alerts: e-mail addresses, https:// URLs, SQS queue ARNs"
    )
    redact: tuple[str, ...] = _setting(
        _redactions,
        (),
        "secrets taken out before anything is stored: pem, aws-keys, bearer-tokens, url-passwords, "
        "passwords, cards, or all",
    )
    scan_limit: int = _setting(_scan_limit, 10**11, "Athena stops a query that reads more than this")
    compact_after: int = _setting(
        _off_or_days(1, 30), 0, "each night, days older than this become Parquet (1d to 30d); off for never"
    )
    oidc_issuer: str | None = _setting(
        _https_url, None, "who signs people in to the API, instead of a Cognito user pool of its own"
    )
    oidc_audience: str | None = _setting(_text, None, "what that issuer's tokens must be made for")
    oidc_client_id: str | None = _setting(
        _text, None, "the dashboard's client there; without, the same as oidc_audience"
    )
    groups_claim: str | None = _setting(
        _text, None, "the claim that holds groups like app:checkout; cognito:groups, or groups with an issuer"
    )
    machine_apps: tuple[str, ...] = _setting(
        _app_patterns, ("*",), "apps that `logctl dashboard token` lets scripts read; empty for none"
    )
    cors_origins: tuple[str, ...] = _setting(
        _origins, (), "other sites whose pages may call the API, each in full"
    )
    api_rate: int = _setting(_whole(1, 1_000), 10, "requests a second that the API takes from all together")
    api_burst: int = _setting(_whole(1, 1_000), 20, "requests that it takes at once, beyond api_rate")
    api_timeout: int = _setting(
        _duration(3_000, 29_000), 10_000, "how long the API may work on one request (3s to 29s)"
    )
    api_concurrency: int = _setting(
        _concurrency,
        AUTOMATIC,
        "requests it works on at once, reserved in Lambda: a number, off, or auto (20 where there is room)",
    )
    queries: tuple[SavedQuery, ...] = _setting(
        _queries, (), "your own saved queries, by name: SQL, or a table with sql and description"
    )

    @classmethod
    def build(cls, *layers: tuple[str, Mapping[str, Any]]) -> Settings:
        """Settings from layers, strongest first; each is where it comes from and its values.

        A value of `None` counts as not given.

        Raises:
            UsageError: names the key, where it was set, and the rule it breaks.
        """
        known = {item.name: item for item in fields(cls)}
        chosen: dict[str, Any] = {}
        for origin, layer in layers:
            for key, value in layer.items():
                if key not in known:
                    raise UsageError(f"{origin}: there is no setting {key!r}.", _suggestion(key, known))
                if value is None or key in chosen:
                    continue
                try:
                    chosen[key] = known[key].metadata["parse"](value)
                except ValueError as problem:
                    raise UsageError(
                        f"{origin}: {key}: {problem}.", f"{key} is {known[key].metadata['about']}."
                    ) from None
        if chosen.get("oidc_issuer") and not chosen.get("oidc_audience"):
            raise UsageError(
                "oidc_issuer is set without oidc_audience: any token of that issuer would count.",
                f"oidc_audience is {known['oidc_audience'].metadata['about']}.",
            )
        return cls(**chosen)


def cli_flags(settings: Settings) -> str:
    """What a command named in an alert or an alarm needs to find this environment, with a leading space."""
    return "".join(
        f" --{name} {getattr(settings, name)}"
        for name in ("target", "env")
        if getattr(settings, name) != getattr(Settings(), name)
    )


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"The settings are: {', '.join(known)}."
