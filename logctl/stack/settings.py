"""Settings: everything that a person can choose, declared once.

A setting is a field of `Settings`. From its declaration derive the key in logctl.toml, the variable
(`LOGCTL_` and the name in capitals), the option of `provision` if it has one, what `logctl init` writes, the
error for a bad value, the table in README.md (a test compares it), and the variable of each function whose
class in `pipeline.config` has a field of that name.

A flag counts before a variable, a variable before the file, the file before the default. With
`alert_window = "5m"` in the file, `LOGCTL_ALERT_WINDOW=10m` in the environment and `--alert-window 1m` on the
command line, the window is one minute; without the flag, ten. Reading file and environment is the work of
`cli.context`; this module does no I/O.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import tzinfo
from typing import Any

from logctl.core.errors import UsageError
from logctl.core.formats.reading import Format
from logctl.core.hot_rows import FULL, INDEX, MAX_LANES
from logctl.core.times import DAY, HOUR, MINUTE, SECOND
from logctl.stack import setting_parsers as parse
from logctl.stack.format_settings import LogSource, log_formats, log_sources
from logctl.stack.setting_parsers import Parser, SavedQuery, Subscription

TARGETS = ("aws", "local")
SHORTEST_RETENTION = HOUR
"""The least that the hot store can keep records for."""


@dataclass(frozen=True)
class Declaration:
    """What is declared of a setting besides its name and type.

    Args:
        parse: makes its value of what flag, variable or file give; raises ValueError.
        default: as in logctl.toml; None, or an empty list or table, where there is none.
        about: what it means, for `init`, README.md and errors.
        example: a value for `init` to show where there is no default.
        option: the option of `logctl provision` that sets it; None where it has none.
    """

    parse: Parser
    default: Any
    about: str
    example: Any = None
    option: str | None = None

    @property
    def has_default(self) -> bool:
        """Return whether the setting has a value that `init` can show without an example."""
        return self.default not in (None, [], {})


def _setting(
    parser: Parser, default: Any, about: str, *, example: Any = None, option: str | None = None
) -> Any:
    value = None if default is None else parser(default)
    declaration = Declaration(parser, default, about, example, option)
    return field(default=value, metadata={"declaration": declaration})


@dataclass(frozen=True)
class Settings:
    """Everything that a person can choose. Durations are milliseconds, sizes bytes."""

    target: str = _setting(
        parse.choice(*TARGETS), "aws", "where to work: aws, or local for the sandbox on this machine"
    )
    env: str = _setting(
        parse.environment_name, "dev", "the environment's name, a part of every resource's name"
    )
    prefix: str = _setting(parse.short_name(12), "logctl", "the first part of every resource's name")
    region: str | None = _setting(
        parse.region,
        None,
        "the AWS region; without it, the one that the AWS SDK is configured with",
        example="eu-central-1",
    )
    profile: str | None = _setting(
        parse.plain_text,
        None,
        "the AWS profile; without it, the one that the AWS SDK is configured with",
        example="my-profile",
    )
    timezone: tzinfo | None = _setting(  # noqa: RUF009 - a zone does not change either
        parse.time_zone,
        None,
        "the time zone of times in logs that do not say theirs; without it, that of TZ or of this machine",
        example="Europe/Berlin",
    )
    hot_retention: int = _setting(
        parse.duration(SHORTEST_RETENTION, 90 * DAY),
        "2d",
        "how long tail, API and dashboard show a record (DynamoDB TTL)",
        option="--hot-retention",
    )
    cold_retention: int = _setting(
        parse.days(1, 36500), "365d", "how long S3 keeps records", option="--cold-retention"
    )
    quarantine_retention: int = _setting(
        parse.days(1, 3650),
        "90d",
        "how long S3 keeps messages that could not be parsed",
        option="--quarantine-retention",
    )
    alert_level: str = _setting(parse.level, "ERROR", "the lowest level that alerts", option="--alert-level")
    alert_window: int = _setting(
        parse.duration(5 * SECOND, DAY),
        "15m",
        "the time in which a kind of error alerts at most once",
        option="--alert-window",
    )
    hot_rows: str = _setting(
        parse.choice(INDEX, FULL),
        INDEX,
        "what DynamoDB keeps of a message: index, its counts and its records of WARN and above, or full, all "
        "records; tail and the API read the others from S3",
    )
    arrival_lanes: int = _setting(
        parse.whole_number(1, MAX_LANES),
        1,
        "over how many partitions the index that tail -f follows is spread: one takes about 1,000 messages "
        "a second (1 to 64)",
    )
    shards: int = _setting(
        parse.shards,
        "auto",
        "over how many message groups send spreads the files of an app (1 to 64): one is stored at about "
        "20,000 records a second; auto begins with one, and uses 8 above 10,000 records a second",
    )
    late_after: int = _setting(
        parse.duration(MINUTE, 365 * DAY),
        "1h",
        "the delay after which a record that arrives does not alert",
        option="--late-after",
    )
    subscriptions: tuple[Subscription, ...] = _setting(
        parse.subscriptions,
        [],
        "who is notified of alerts: e-mail addresses, https:// URLs, ARNs of SQS queues",
        example=["oncall@example.com"],
        option="--subscribe",
    )
    redact: tuple[str, ...] = _setting(
        parse.redaction_rules,
        [],
        "the secrets that are removed before anything is stored: pem, aws-keys, bearer-tokens, "
        "url-passwords, passwords, cards, or all",
        example=["all"],
    )
    scan_limit: int = _setting(
        parse.scan_limit, "100GB", "how much a query may read before Athena stops it", option="--scan-limit"
    )
    compact_after: int = _setting(
        parse.off_or_days(1, 30),
        "off",
        "the age (1d to 30d) at which a day's records are converted to Parquet, at night; off for never",
    )
    oidc_issuer: str | None = _setting(
        parse.https_url,
        None,
        "the OpenID Connect issuer that signs users in, in place of a Cognito user pool that logctl makes",
        example="https://login.example.com/",
    )
    oidc_audience: str | None = _setting(
        parse.plain_text, None, "the audience (aud) that a token of oidc_issuer must name", example="logctl"
    )
    oidc_client_id: str | None = _setting(
        parse.plain_text,
        None,
        "the dashboard's client ID at oidc_issuer; without it, oidc_audience",
        example="logctl-dashboard",
    )
    groups_claim: str | None = _setting(
        parse.plain_text,
        None,
        "the claim of a token that lists groups like app:checkout; without it, cognito:groups, or groups "
        "with oidc_issuer",
        example="groups",
    )
    machine_apps: tuple[str, ...] = _setting(
        parse.app_patterns,
        ["*"],
        "the apps that a token of `logctl dashboard token` may read; an empty list for none",
    )
    cors_origins: tuple[str, ...] = _setting(
        parse.origins,
        [],
        "the origins of other sites whose pages may call the API",
        example=["https://ops.example.com"],
    )
    api_rate: int = _setting(
        parse.whole_number(1, 1_000),
        10,
        "how many requests per second the API accepts, from all clients together",
    )
    api_burst: int = _setting(
        parse.whole_number(1, 1_000), 20, "how many requests the API accepts at once, beyond api_rate"
    )
    api_timeout: int = _setting(
        parse.duration(3 * SECOND, 29 * SECOND), "10s", "how long the API may work on one request (3s to 29s)"
    )
    api_concurrency: int = _setting(
        parse.concurrency,
        "auto",
        "the concurrency that Lambda reserves for the API, which is also its limit: a number, off, or auto "
        "(20 where the account has room)",
    )
    apps: tuple[tuple[str, str], ...] = _setting(
        parse.app_names,
        {},
        "the app ids for services, containers and units whose name in the logs is no app id or another one",
        example={"Checkout Service": "checkout"},
    )
    formats: tuple[Format, ...] = _setting(
        log_formats,
        [],
        "your own formats of log lines, each a table with name, pattern, time, levels, multiline, example",
        example=[{"name": "shop", "pattern": "<time> <level> {(?P<thread>[^}]*)} "}],
    )
    sources: tuple[LogSource, ...] = _setting(
        log_sources,
        [],
        "settings for some files, each a table with path (a glob), timezone, format, app, app_from",
        example=[{"path": "/var/log/shop/*.log", "timezone": "Europe/Berlin", "app": "shop"}],
    )
    queries: tuple[SavedQuery, ...] = _setting(
        parse.saved_queries,
        {},
        "your saved queries, by name: SQL, or a table with sql and description",
        example={"logins": "SELECT ts, message FROM logs WHERE message LIKE '%login%' ORDER BY ts"},
    )

    @classmethod
    def build(cls, *layers: tuple[str, Mapping[str, Any]]) -> Settings:
        """Return the settings that layers give, strongest first; each has its origin and its values.

        A value of `None` counts as not given.

        Raises:
            UsageError: names the key, where it was set, and the rule it breaks.
        """
        declared = declarations()
        chosen: dict[str, Any] = {}
        for origin, layer in layers:
            for key, value in layer.items():
                if key not in declared:
                    raise UsageError(f"{origin}: there is no setting {key!r}.", _suggestion(key, declared))
                if value is None or key in chosen:
                    continue
                try:
                    chosen[key] = declared[key].parse(value)
                except ValueError as problem:
                    raise UsageError(
                        f"{origin}: {key}: {problem}.", f"{key} is {declared[key].about}."
                    ) from None
        if chosen.get("oidc_issuer") and not chosen.get("oidc_audience"):
            raise UsageError(
                "oidc_issuer is set without oidc_audience: any token of that issuer would be accepted.",
                f"oidc_audience is {declared['oidc_audience'].about}.",
            )
        return cls(**chosen)


def declarations() -> dict[str, Declaration]:
    """Return the declaration of each setting, by name, in the order in which people are shown them."""
    return {item.name: item.metadata["declaration"] for item in fields(Settings)}


def cli_flags(settings: Settings) -> str:
    """Return the options, with a leading space, that a suggested command needs to find this environment."""
    defaults = Settings()
    return "".join(
        f" --{name} {getattr(settings, name)}"
        for name in ("target", "env")
        if getattr(settings, name) != getattr(defaults, name)
    )


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"The settings are: {', '.join(known)}."
