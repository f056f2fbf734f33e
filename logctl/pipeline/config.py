"""Configuration of the functions: a class for each, which their environment variables are derived from.

Each field is one variable: `hot_retention: Milliseconds` is LOGCTL_HOT_RETENTION_MS. A field with the name of
a setting (`stack.settings`) has that setting's value; the other fields are what the stack knows, mostly names
of resources. The stack writes the variables with `to_env`, the handlers read them with `from_env`.

A function is told the settings that it has a field for, and no others. That is said here and not where the
settings are declared, because the functions' code does not contain those declarations: a changed description
or a setting that no function reads must not change the Lambda bundle.

A variable may be missing if its field has a default. A new field needs one: a stack update changes the code
of a function before its variables, so for some seconds new code runs with the variables of an older version.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any, ClassVar, Self, get_type_hints

from logctl.core.formats.zones import place
from logctl.core.hot_rows import INDEX
from logctl.core.times import DAY

MAX_RECEIVES = 1000
"""How often SQS delivers a message before it moves it to the dead-letter queue: the most that SQS allows
(Amazon SQS Developer Guide, dead-letter queues). The consumer gives a message up long before that, by the
number of its own attempts (`core.attempts`); a message that only waits, for an earlier one of its group or
for storage, is delivered often."""

Milliseconds = Annotated[int, "milliseconds"]


@dataclass(frozen=True)
class _Form:
    """The form of a type's values in an environment variable, and the suffix of the variable's name."""

    suffix: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def _read_zone(text: str) -> tzinfo:
    """Return the zone of a name, or of an offset as Python writes it (`UTC+01:00`).

    It is UTC where the runtime has no database of zones: a message is stored in any case.
    """
    if text.startswith(("UTC+", "UTC-")):
        return datetime.strptime(text[3:], "%z").tzinfo or UTC
    return (place(text) if text else None) or UTC


_FORMS: dict[Any, _Form] = {
    tzinfo: _Form("", _read_zone, lambda zone: "" if zone is None else str(zone)),
    str: _Form("", str, lambda value: value or ""),
    Milliseconds: _Form("_MS", int, str),
    int: _Form("", int, str),
    tuple[str, ...]: _Form("", lambda text: tuple(item for item in text.split(",") if item), ",".join),
}


@dataclass(frozen=True)
class FunctionConfig:
    """Base of the configuration classes: reads and writes the variables that their fields stand for."""

    MAY_BE_LEFT_OUT: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Return the configuration that the variables of a function hold.

        Raises:
            KeyError: a variable is missing: the stack is not logctl's, or of another version.
        """
        values = {}
        for name, (variable, form) in cls._variables().items():
            if variable in environ or name in cls._required():
                values[name] = form.read(environ[variable])
        return cls(**values)

    @classmethod
    def to_env(cls, settings: object, **known: Any) -> dict[str, Any]:
        """Return the variables of a function, by name, as a template has them.

        Args:
            settings: `stack.settings.Settings`, which holds the values of the fields that are settings.
            known: values of the other fields, as text or as CloudFormation functions. `MAY_BE_LEFT_OUT` names
                the fields that some functions of a class have no value for.

        Raises:
            TypeError: a field has no value, or a value belongs to no field.
        """
        variables = cls._variables()
        if unknown := known.keys() - variables.keys():
            raise TypeError(f"{cls.__name__} has no field {min(unknown)}")
        environ = {}
        for name, (variable, form) in variables.items():
            if name in known:
                environ[variable] = known[name]
            elif hasattr(settings, name):
                environ[variable] = form.write(getattr(settings, name))
            elif name not in cls.MAY_BE_LEFT_OUT:
                raise TypeError(f"{cls.__name__}.{name} is neither a setting nor known to the stack")
        return environ

    @classmethod
    def _variables(cls) -> dict[str, tuple[str, _Form]]:
        """Return the variable and the form of each field, by the field's name."""
        hints = get_type_hints(cls, include_extras=True)
        forms = {item.name: _FORMS[hints[item.name]] for item in fields(cls)}
        return {name: (f"LOGCTL_{name.upper()}{form.suffix}", form) for name, form in forms.items()}

    @classmethod
    def _required(cls) -> set[str]:
        return {item.name for item in fields(cls) if item.default is MISSING}


@dataclass(frozen=True)
class PipelineConfig(FunctionConfig):
    """Configuration of the consumer and the sweeper."""

    MAY_BE_LEFT_OUT = frozenset({"dead_letter_queue_url"})

    bucket: str
    hot_table: str
    alerts_table: str
    topic_arn: str
    database: str
    table: str
    compacted_table: str
    hot_retention: Milliseconds
    cold_retention: Milliseconds
    alert_level: str
    alert_window: Milliseconds
    late_after: Milliseconds
    timezone: tzinfo = UTC
    """The zone of times that do not say theirs, in what producers without logctl send."""
    redact: tuple[str, ...] = ()
    """Names of the redaction rules that apply (`core.redaction`)."""
    hot_rows: str = INDEX
    """Whether hot rows have all records, or those of WARN and above (`core.hot_rows`)."""
    arrival_lanes: int = 1
    """Over how many partitions the index by arrival is spread."""
    cli_flags: str = ""
    """Options that a command in an alert needs to find this environment, with a leading space."""
    dead_letter_queue_url: str = ""
    """Where the consumer puts a message that it can neither open nor keep unread. The sweeper has none."""


@dataclass(frozen=True)
class CompactorConfig(FunctionConfig):
    """Configuration of the compactor."""

    bucket: str
    database: str
    compacted_table: str
    view: str
    workgroup: str
    compact_after: Milliseconds
    hot_retention: Milliseconds = 2 * DAY


@dataclass(frozen=True)
class ApiConfig(FunctionConfig):
    """Configuration of the HTTP API.

    `authorize_url` and `token_url` are empty where the API has to ask the issuer for them.
    """

    stack: str
    bucket: str
    hot_table: str
    alerts_table: str
    queue_url: str
    dead_letter_queue_url: str
    hot_retention: Milliseconds
    alert_window: Milliseconds
    issuer: str
    audience: tuple[str, ...]
    groups_claim: str
    client_id: str
    api_timeout: Milliseconds = 10_000
    """How long Lambda lets the function run."""
    resource_server: str = "logctl"
    """The part of a scope before the slash, as in `logctl/app:checkout` (see `core.access`)."""
    authorize_url: str = ""
    token_url: str = ""
    logout_url: str = ""
