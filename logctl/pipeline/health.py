"""The pipeline's health: messages in its queues, overdue alerts, and the age of each app's newest record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from logctl.core.debounce import Status
from logctl.core.safe_text import counted
from logctl.core.times import MINUTE, iso
from logctl.pipeline.alerting.overview import Standing
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.quarantine_reader import Recent

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

OVERDUE_AFTER = 5 * MINUTE
"""How long an alert must be due to be called overdue; the sweeper runs every minute."""


@dataclass(frozen=True)
class Depth:
    """The approximate number of messages in a queue (Amazon SQS API Reference, GetQueueAttributes)."""

    waiting: int
    in_flight: int


@dataclass(frozen=True)
class AppAge:
    """The time of an app's newest record in milliseconds; None if there is none, or it was not read."""

    appid: str
    newest: int | None

    def row(self, now: int) -> dict[str, Any]:
        return {
            "appid": self.appid,
            "newest_at": None if self.newest is None else iso(self.newest),
            "lag_ms": None if self.newest is None else max(0, now - self.newest),
        }


def _all(messages: Depth | None) -> int:
    return messages.waiting + messages.in_flight if messages else 0


def depth(sqs: SQSClient, queue_url: str) -> Depth:
    """Return how many messages are in a queue."""
    attributes = sqs.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return Depth(
        int(attributes["ApproximateNumberOfMessages"]),
        int(attributes["ApproximateNumberOfMessagesNotVisible"]),
    )


def ages(store: HotStore, apps: Iterable[str], *, stop: Callable[[], bool] = lambda: False) -> list[AppAge]:
    """Return the time of each app's newest record; those after `stop` returns True are not read."""
    known = {item.name: item.last for item in store.listed()}
    arrivals = ((app, known.get(app) or (None if stop() else store.latest(app))) for app in apps)
    return [AppAge(app, None if arrival is None else arrival.newest) for app, arrival in arrivals]


def is_overdue(standing: Standing) -> bool:
    """Return whether the sweeper should have published something about a key minutes ago."""
    state, now = standing.state, standing.now
    if standing.silenced_until:
        return False
    if state.status is Status.OPEN:
        return now > state.notified_at + standing.window + OVERDUE_AFTER
    return state.held_back > 0 and now > max(state.last_event_at, state.notified_at) + OVERDUE_AFTER


@dataclass(frozen=True)
class Health:
    """The pipeline's health at `now` (milliseconds), limited to the apps that the caller may read.

    `standings` and `apps` are of the caller's apps. The queues, which hold the messages of all apps, are None
    unless the caller may read every app.
    """

    now: int
    queue: Depth | None
    dead_letters: Depth | None
    standings: list[Standing]
    apps: list[AppAge]
    quarantine: Recent | None = None

    @property
    def overdue(self) -> int:
        return sum(map(is_overdue, self.standings))

    @property
    def problems(self) -> list[str]:
        found = []
        if self.overdue:
            found.append(
                f"{self.overdue} alerts are overdue: the sweeper does not run or cannot publish. "
                "See its log, and: logctl debounce list"
            )
        if dead := _all(self.dead_letters):
            found.append(
                f"{dead} messages could not be stored and are in the dead-letter queue: logctl dlq list"
            )
        if self.quarantine and self.quarantine.objects:
            more = "" if self.quarantine.complete else "More than "
            found.append(
                f"{more}{counted(self.quarantine.objects, 'message')} could not be read, wholly or in part, "
                "in the last 24 h: logctl quarantine list"
            )
        return found

    @property
    def status(self) -> str:
        if self.overdue:
            return "failing"
        return "warning" if self.problems else "ok"

    @property
    def row(self) -> dict[str, Any]:
        return {
            "status": self.status,
            "problems": self.problems,
            "checked_at": iso(self.now),
            "queue": self.queue and {"waiting": self.queue.waiting, "in_flight": self.queue.in_flight},
            "dead_letter_queue": self.dead_letters and {"waiting": _all(self.dead_letters)},
            "quarantine": self.quarantine
            and {"last_24h": self.quarantine.objects, "complete": self.quarantine.complete},
            "alerts": {
                "open": sum(standing.state.status is Status.OPEN for standing in self.standings),
                "held_back": sum(standing.state.held_back for standing in self.standings),
                "overdue": self.overdue,
            },
            "apps": [app.row(self.now) for app in self.apps],
        }
