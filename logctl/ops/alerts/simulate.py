"""The alerts that log files would have caused, without AWS.

Files are read as `send` reads them; counting, deciding and wording are the pipeline's own `Alerter` and
`Sweep`, on stores in memory. The clock is the events' own time: each event arrives alone at the time that it
has, and the sweeper comes every full minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from logctl.core.debounce import Alert, alerts, tally
from logctl.core.records import TS_DERIVED, Record
from logctl.core.redaction import Redactor
from logctl.core.times import MINUTE
from logctl.ops.alerts.memory_store import EmptyOutbox, MemoryAlertStore, NoSilences, PublishedAlerts
from logctl.ops.send.entries import Rejection
from logctl.ops.send.input_messages import Inputs
from logctl.pipeline.alerting.alerter import Alerter
from logctl.pipeline.alerting.sweep import Sweep

SWEEP = MINUTE
"""How often the sweeper is called."""


@dataclass(frozen=True)
class Told:
    """An alert and when it would have been published, in milliseconds; `template` is its kind of message."""

    at: int
    alert: Alert
    template: str


@dataclass
class Simulated:
    """The result of a simulation. `untimed` records have no time of their own and count at their file's."""

    told: list[Told] = field(default_factory=list)
    records: int = 0
    counted: int = 0
    kinds: int = 0
    untimed: int = 0
    refused: list[tuple[str, Rejection]] = field(default_factory=list)


def simulate(inputs: Inputs, *, window: int, level: str, stack: str, redact: Sequence[str] = ()) -> Simulated:
    """Run the rules over everything in the files, in order of time whatever the order in them.

    - `window`: milliseconds.
    - `redact`: redaction rules, which are applied before the fingerprint in the pipeline too.
    """
    found = Simulated(refused=inputs.refused)
    redactor = Redactor(redact)

    def alerting() -> Iterator[Record]:
        for record in inputs.records():
            found.records += 1
            if alerts(record, level):
                found.untimed += TS_DERIVED in record.flags
                yield redactor.record(record, batch_id=record.event_id)

    simulation = Simulation(window, level, stack)
    found.told = list(simulation.run(sorted(alerting(), key=lambda record: record.ts)))
    found.counted, found.kinds = simulation.counted, simulation.kinds
    return found


class Simulation:
    """One run over records in order of time."""

    def __init__(self, window: int, level: str, stack: str) -> None:
        """Prepare a run; `window` is in milliseconds, `stack` is the name in the alerts' subjects."""
        self.counted = 0
        self._level = level
        self._now = 0
        self._next_sweep: int | None = None
        self._store = MemoryAlertStore()
        self._topic = PublishedAlerts()
        self._alerter = Alerter(
            self._store,
            NoSilences(),
            EmptyOutbox(),
            self._topic,
            stack=stack,
            window=window,
            clock=lambda: self._now,
            log=lambda *_, **__: None,
        )

    @property
    def kinds(self) -> int:
        """Kinds of error so far; those that were counted under overflow are one."""
        return len(self._store)

    def run(self, records: Iterable[Record]) -> Iterator[Told]:
        """Yield the alerts as they would have been published, until every window has ended."""
        for record in records:
            additions = tally([record], self._level)
            if additions:
                yield from self._sweep(before=record.ts)
                self._now = record.ts
                self.counted += sum(addition.count for addition in additions)
                # Each record is a message of its own, and comes once.
                self._alerter.take(f"{self.counted}", additions)
                if told := self._published():
                    self._plan()
                    yield from told
        yield from self._sweep(before=None)

    def _sweep(self, *, before: int | None) -> Iterator[Told]:
        """Sweep every full minute before a moment at which something is due; None for no limit."""
        while self._next_sweep is not None and (before is None or self._next_sweep < before):
            self._now = self._next_sweep
            Sweep(self._alerter).run(self._now)
            self._plan()
            yield from self._published()

    def _published(self) -> list[Told]:
        """Return the alerts that were just published, sorted by key, because a sweep has no order."""
        found = sorted(self._topic.take(), key=lambda alert: alert.key)
        states = {state.key: state for state in self._store.states([alert.key for alert in found])}
        return [Told(self._now, alert, states[alert.key].template) for alert in found]

    def _plan(self) -> None:
        """Find the next full minute at which a sweep has something to do."""
        due = self._store.next_due(self._alerter.window)
        self._next_sweep = None if due is None else -(-due // SWEEP) * SWEEP
