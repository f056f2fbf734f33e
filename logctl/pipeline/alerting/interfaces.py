"""The interfaces of the stores and the topic that alerting uses.

`pipeline.stores` implements these with DynamoDB and `pipeline.alerting.topic` with SNS. `logctl debounce
simulate` implements them in memory, so that it runs the same `Alerter` and `Sweep` as the functions do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from logctl.core.debounce import Action, Alert, AlertKey, State, Tally
from logctl.core.silence import Silence
from logctl.pipeline.stores.attention_index import IndexPage
from logctl.pipeline.stores.count_plan import Counted
from logctl.pipeline.stores.outbox import Uncounted


class StateStore(Protocol):
    """The debounce states; see `AlertStore` for what each method promises."""

    def begin_sweep(self, called_at: int) -> bool: ...

    def last_sweep(self) -> int: ...

    def count(
        self,
        batch_id: str,
        tallies: Sequence[Tally],
        *,
        now: int,
        window: int,
        swept_at: int = 0,
        again: bool = False,
        part: bool = False,
    ) -> Counted: ...

    def get(self, key: AlertKey) -> State | None: ...

    def states(self, keys: Sequence[AlertKey]) -> list[State]: ...

    def due(
        self, place: str, *, now: int, window: int, start: dict[str, Any] | None = None
    ) -> Iterator[IndexPage]: ...

    def everything(self, place: str) -> Iterator[IndexPage]: ...

    def observe(self, state: State, *, at: int) -> bool: ...

    def see_claim(self, state: State, *, at: int) -> bool: ...

    def park(self, state: State, target: str) -> bool: ...

    def bring_back(self, state: State) -> bool: ...

    def claim(
        self, state: State, action: Action, *, now: int, window: int, swept_at: int = 0
    ) -> State | None: ...

    def release(self, state: State) -> None: ...

    def commit(self, state: State, alert: Alert, *, now: int, swept_at: int = 0) -> bool: ...

    def close(self, state: State, alert: Alert, *, now: int) -> bool: ...


class Silences(Protocol):
    """The silences in force; see `SilenceStore`."""

    def of(self, targets: Iterable[str]) -> Mapping[str, Silence]: ...

    def kept(self) -> list[Silence]: ...

    def holds(self, target: str) -> bool: ...

    def holds_nothing(self, silence: Silence, *, now: int) -> bool: ...


class UncountedTallies(Protocol):
    """Tallies that could not be counted when their message was stored; see `Outbox`."""

    def put(self, batch_id: str, tallies: Sequence[Tally]) -> None: ...

    def rows(self, place: str, most: int) -> list[Uncounted]: ...

    def remove(self, row: Uncounted) -> None: ...


class Topic(Protocol):
    """The topic to which alerts are published; see `AlertTopic`."""

    def publish(self, alert: Alert) -> None: ...
