"""The facts that `logctl status` reads about each part of the pipeline.

Times are ISO text, durations are in the unit that their name ends in, and None is what could not be measured
or compared. `logctl status -o json` has these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logctl.ops.health.drift import Drifted
from logctl.ops.health.metrics import Measured


@dataclass(frozen=True)
class StackFacts:
    """The stack's status in CloudFormation, and its missing resources and outputs."""

    status: str
    version: str | None
    missing_resources: tuple[str, ...] | None
    missing_outputs: tuple[str, ...]
    drift: str
    drift_checked_at: str | None


@dataclass(frozen=True)
class DriftFacts:
    """The result of a drift detection: CloudFormation's word, and the resources that differ."""

    status: str
    drifted: tuple[Drifted, ...]


@dataclass(frozen=True)
class QueueFacts:
    """Approximate numbers of messages in the main queue."""

    waiting: int
    in_flight: int


@dataclass(frozen=True)
class DeadLetterFacts:
    """The approximate number of messages in the dead-letter queue, waiting or in flight."""

    messages: int


@dataclass(frozen=True)
class ConsumerFacts:
    """The state of the function, and of each of its event source mappings."""

    function: str
    event_sources: tuple[str, ...]


@dataclass(frozen=True)
class SweeperFacts:
    """The state of the rule that invokes the sweeper."""

    schedule: str


@dataclass(frozen=True)
class AlarmFacts:
    """The state of each alarm by its name, and the names of alarms that do not exist."""

    states: Mapping[str, str]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class AlertFacts:
    """Open alert windows, suppressed events, overdue alerts, and the silences in force."""

    open: int
    held_back: int
    overdue: int
    silences: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class QuarantineFacts:
    """Messages put into quarantine in the last 24 h; more than that when `complete` is false."""

    last_24h: int
    complete: bool


@dataclass(frozen=True)
class TableFacts:
    """Tables and views that the catalog does not have, and those that differ from their definition."""

    missing: tuple[str, ...]
    changed: tuple[str, ...]


@dataclass(frozen=True)
class PartitionFacts:
    """The first day that was compared, and how many partitions since then the catalog does not have.

    `unregistered` is None with partition projection, where no partition has to be registered.
    """

    since: str
    unregistered: int | None


@dataclass(frozen=True)
class AppFacts:
    """The chunk of an app that arrived last in the hot store, and when its object in S3 was written.

    Attributes:
        newest_at: the time of the chunk's newest record.
        lag_ms: the age of that record.
        stored_at: when the chunk's object in S3 was written.
    """

    appid: str
    newest_at: str | None = None
    arrived_at: str | None = None
    lag_ms: int | None = None
    stored_at: str | None = None


@dataclass(frozen=True)
class AppsFacts:
    """The apps, and how many more there are that were not looked at."""

    apps: tuple[AppFacts, ...]
    more: int


Facts = (
    StackFacts
    | DriftFacts
    | QueueFacts
    | DeadLetterFacts
    | ConsumerFacts
    | SweeperFacts
    | Measured
    | AlarmFacts
    | AlertFacts
    | QuarantineFacts
    | TableFacts
    | PartitionFacts
    | AppsFacts
)
