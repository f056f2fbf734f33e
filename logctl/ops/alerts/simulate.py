"""The alerts that log files would have caused: the files as `send` reads them, the rules as the consumer has
them, and no AWS.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from logctl.core.debounce import alerts
from logctl.core.records import TS_DERIVED, Record
from logctl.core.redaction import Redactor
from logctl.ops.alerts.simulation import Simulation, Told
from logctl.ops.send.entries import Rejection
from logctl.ops.send.input_messages import Inputs


@dataclass
class Simulated:
    """What a simulation found. `untimed` records had no time of their own and count at their file's."""

    told: list[Told] = field(default_factory=list)
    records: int = 0
    counted: int = 0
    kinds: int = 0
    untimed: int = 0
    refused: list[tuple[str, Rejection]] = field(default_factory=list)


def simulate(inputs: Inputs, *, window: int, level: str, stack: str, redact: Sequence[str] = ()) -> Simulated:
    """Run the rules over everything in the files, in order of time whatever the order in them.

    Args:
        window: milliseconds.
        redact: redaction rules, which come before the fingerprint in the pipeline too.
    """
    found = Simulated(refused=inputs.refused)
    redactor = Redactor(redact)

    def worth() -> Iterator[Record]:
        for record in inputs.records():
            found.records += 1
            if alerts(record, level):
                found.untimed += TS_DERIVED in record.flags
                yield redactor.record(record, batch_id=record.event_id)

    simulation = Simulation(window, level, stack)
    found.told = list(simulation.run(sorted(worth(), key=lambda record: record.ts)))
    found.counted, found.kinds = simulation.counted, simulation.kinds
    return found
