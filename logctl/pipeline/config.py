"""The functions' configuration, which the stack writes into their environment and the handlers read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MAX_RECEIVES = 1000
"""How often SQS delivers a message before it moves it to the dead-letter queue: the most that SQS allows.

The consumer sets a message aside long before that, by its own count of attempts (`core.attempts`); a message
that only waits behind another one, or for storage, is delivered often. Source: Amazon SQS Developer Guide,
dead-letter queues.
"""


@dataclass(frozen=True)
class ApiConfig:
    """What the API is told. Durations are milliseconds.

    `authorize_url` and `token_url` are empty when they have to be asked of the issuer.
    """

    stack: str
    bucket: str
    hot_table: str
    alerts_table: str
    queue_url: str
    dead_letter_queue_url: str
    hot_retention: int
    alert_window: int
    issuer: str
    audience: tuple[str, ...]
    groups_claim: str
    client_id: str
    authorize_url: str = ""
    token_url: str = ""
    logout_url: str = ""
    resource_server: str = "logctl"
    """Whose scopes say what may be read (`core.access`)."""
    timeout: int = 10_000
    """How long Lambda lets the function run."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> ApiConfig:
        """Read `LOGCTL_*`.

        Raises:
            KeyError: a variable is missing.
        """
        return cls(
            stack=environ["LOGCTL_STACK"],
            bucket=environ["LOGCTL_BUCKET"],
            hot_table=environ["LOGCTL_HOT_TABLE"],
            alerts_table=environ["LOGCTL_ALERTS_TABLE"],
            queue_url=environ["LOGCTL_QUEUE_URL"],
            dead_letter_queue_url=environ["LOGCTL_DEAD_LETTER_QUEUE_URL"],
            hot_retention=int(environ["LOGCTL_HOT_RETENTION_MS"]),
            alert_window=int(environ["LOGCTL_ALERT_WINDOW_MS"]),
            issuer=environ["LOGCTL_ISSUER"],
            audience=tuple(environ["LOGCTL_AUDIENCE"].split(",")),
            groups_claim=environ["LOGCTL_GROUPS_CLAIM"],
            client_id=environ["LOGCTL_CLIENT_ID"],
            authorize_url=environ.get("LOGCTL_AUTHORIZE_URL", ""),
            token_url=environ.get("LOGCTL_TOKEN_URL", ""),
            logout_url=environ.get("LOGCTL_LOGOUT_URL", ""),
            resource_server=environ.get("LOGCTL_RESOURCE_SERVER", "logctl"),
            timeout=int(environ.get("LOGCTL_API_TIMEOUT_MS", "10000")),
        )


@dataclass(frozen=True)
class PipelineConfig:
    """Names of the resources and the rules in force. Durations are milliseconds."""

    bucket: str
    hot_table: str
    alerts_table: str
    topic_arn: str
    database: str
    table: str
    compacted_table: str
    hot_retention: int
    cold_retention: int
    alert_level: str
    alert_window: int
    late_after: int
    dead_letter_queue_url: str = ""
    """Where the consumer puts a message that it can neither open nor keep unread; only it is told."""
    cli_flags: str = ""
    """What a command suggested in an alert needs to find this environment, with a leading space."""
    redact: tuple[str, ...] = ()
    """Names of the redaction rules that apply (`core.redaction`)."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> PipelineConfig:
        """Read `LOGCTL_*`.

        Raises:
            KeyError: a variable is missing: the stack is not logctl's, or of another version.
        """
        return cls(
            bucket=environ["LOGCTL_BUCKET"],
            hot_table=environ["LOGCTL_HOT_TABLE"],
            alerts_table=environ["LOGCTL_ALERTS_TABLE"],
            topic_arn=environ["LOGCTL_TOPIC_ARN"],
            database=environ["LOGCTL_DATABASE"],
            table=environ["LOGCTL_TABLE"],
            compacted_table=environ["LOGCTL_COMPACTED_TABLE"],
            hot_retention=int(environ["LOGCTL_HOT_RETENTION_MS"]),
            cold_retention=int(environ["LOGCTL_COLD_RETENTION_MS"]),
            alert_level=environ["LOGCTL_ALERT_LEVEL"],
            alert_window=int(environ["LOGCTL_ALERT_WINDOW_MS"]),
            late_after=int(environ["LOGCTL_LATE_AFTER_MS"]),
            dead_letter_queue_url=environ.get("LOGCTL_DEAD_LETTER_QUEUE_URL", ""),
            cli_flags=environ.get("LOGCTL_CLI_FLAGS", ""),
            redact=tuple(name for name in environ.get("LOGCTL_REDACT", "").split(",") if name),
        )
