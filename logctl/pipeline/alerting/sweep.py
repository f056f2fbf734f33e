"""One sweep: count the tallies in the outbox, then settle every state that is due.

States that are due are found in the index, which has keys only, and each is read shortly before it is
settled, so that the number of keys bounds the memory. One key of each app is settled, then the next of each,
and so on: a sweep that runs out of time has omitted keys of the apps with the most.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from logctl.aws.error_codes import TROUBLE
from logctl.core.batches import batched
from logctl.core.debounce import Action, AlertKey, Call, State, Status, decide
from logctl.core.fair_order import Turns
from logctl.core.silence import Silence, over
from logctl.core.times import HOUR, MINUTE
from logctl.pipeline.alerting.alerter import Alerter
from logctl.pipeline.function_log import log
from logctl.pipeline.stores.attention_index import PARKED, SHARDS, parked_places
from logctl.pipeline.stores.outbox import UNCOUNTED, Uncounted

Map = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""`map`, or a thread pool's `map`."""

KEYS = 25_000
"""How many keys a sweep settles at most; each takes about 400 bytes of memory."""
_PAGES = 8
"""How many pages (of 1 MB, about 8,000 keys) of one place of the index are read."""
_AT_ONCE = 25
"""How many states are read by one call."""
_ROWS = 500
"""How many rows of each partition of the outbox are counted."""
_SCHEDULE_STOPPED = 30 * MINUTE
"""After this long without a call, the schedule is taken to be disabled; it calls every minute."""
_ENOUGH_TROUBLE = 20
"""After this many failures the outbox is left to the next sweep, so that there is time for what is due."""


class Sweep:
    """One sweep. Its clock is the schedule's call: until its end, it is the time at which it was called."""

    def __init__(
        self, alerter: Alerter, *, until: Callable[[], bool] = lambda: False, each: Map = map
    ) -> None:
        self._alerter = alerter
        self._store = alerter.store
        self._until = until
        self._each = each
        self._began = alerter.clock()
        self._now = 0
        self._call: Call | None = None
        self._silences: dict[str, Silence] = {}
        self._marked: set[str] = set()
        self._turns = Turns(KEYS)
        self._lock = threading.Lock()
        self._cut_short = False
        self._trouble: list[Exception] = []

    def run(self, called_at: int | None) -> dict[Action, int]:
        """Settle every state that is due, until there is none or time is up.

        Args:
            called_at: the time of the schedule's call (milliseconds). A call that is not later than the last
                one is a repetition or has been overtaken, and does nothing. None for a manual sweep: it uses
                the last call's time, publishes what is due and begins no window. If the schedule has not
                called for half an hour, or never, it uses the process's clock and does everything.

        Returns:
            How many states were settled, by action.

        Raises:
            TROUBLE: a state could not be settled; it is raised after all others were tried.
        """
        if not self._begin(called_at):
            return {}
        self._silences = {silence.target: silence for silence in self._alerter.silences.kept()}
        self._count_outbox()
        self._gather()
        done: Counter[Action] = Counter()
        for part in self._each(self._settle_some, batched(self._turns, _AT_ONCE)):
            done.update(part)
        if self._cut_short:
            log("sweep_cut_short", settled=done.total(), of=len(self._turns))
        if self._trouble:
            log("sweep_trouble", failures=len(self._trouble), settled=done.total())
            raise self._trouble[0]
        return dict(done)

    def _begin(self, called_at: int | None) -> bool:
        if called_at is not None and called_at > self._began + HOUR:
            # If it were noted, every call until that time would be taken for a repetition.
            log("sweep_from_the_future", called_at=called_at)
            called_at = None
        if called_at is None:
            self._by_hand()
            return True
        self._now, self._call = called_at, Call(called_at, self._began)
        if self._store.begin_sweep(called_at):
            return True
        log("sweep_overtaken", called_at=called_at)
        return False

    def _by_hand(self) -> None:
        """Use the time of the schedule's last call, or the process's clock if the schedule is disabled."""
        self._now = self._store.last_sweep()
        if self._began - self._now >= _SCHEDULE_STOPPED:
            self._now, self._call = self._began, Call(self._began, self._began)

    def _out_of_time(self) -> bool:
        self._cut_short = self._cut_short or self._until()
        return self._cut_short

    # ── The outbox ──────────────────────────────────────────────────────────────────────────────────

    def _count_outbox(self) -> None:
        for place in random.sample(UNCOUNTED, len(UNCOUNTED)):
            for keys in self._each(self._count, self._alerter.outbox.rows(place, _ROWS)):
                for key in keys:
                    self._turns.add(key)

    def _count(self, row: Uncounted) -> Iterable[AlertKey]:
        if len(self._trouble) > _ENOUGH_TROUBLE or self._out_of_time():
            return []
        try:
            states = self._alerter.count(row.batch_id, row.tallies, again=True, part=row.part)
            self._alerter.outbox.remove(row)
        except TROUBLE as error:
            self._trouble.append(error)
            return []
        return [state.key for state in states]

    # ── What is due ─────────────────────────────────────────────────────────────────────────────────

    def _gather(self) -> None:
        """Find the keys that are due, and those that were parked under silences which have ended."""
        for _ in self._each(self._look_at_shard, random.sample(SHARDS, len(SHARDS))):
            pass
        for silence in self._silences.values():
            if silence.parked and not silence.active(self._now):
                found = sum(self._each(self._look_at_parked, parked_places(silence.target)))
                if not found and self._call and silence.drained(self._now):
                    self._alerter.silences.holds_nothing(silence, now=self._now)

    def _look_at_shard(self, place: str) -> None:
        """Add the keys of a shard that are due; the next sweep continues where this one stops."""
        begin = self._alerter.cursors.pop(place, None)
        pages = self._store.due(place, now=self._now, window=self._alerter.window, start=begin)
        for number, page in enumerate(pages, 1):
            self._add(page.keys)
            if page.next and (number >= _PAGES or self._until()):
                self._alerter.cursors[place] = page.next
                return

    def _look_at_parked(self, place: str) -> int:
        """Add the keys that one silence has parked to this sweep's turns, and return how many it found."""
        found = 0
        for number, page in enumerate(self._store.everything(place), 1):
            found += len(page.keys)
            self._add(page.keys)
            if number >= _PAGES or self._until():
                return found or 1  # there may be some on the pages that were not read
        return found

    def _add(self, keys: Iterable[AlertKey]) -> None:
        with self._lock:
            for key in keys:
                self._turns.add(key)

    # ── Settling ────────────────────────────────────────────────────────────────────────────────────

    def _settle_some(self, keys: Sequence[AlertKey]) -> Counter[Action]:
        done: Counter[Action] = Counter()
        if self._out_of_time():
            return done
        try:
            states = self._store.states(keys)
        except TROUBLE as error:
            self._trouble.append(error)
            return done
        for state in states:
            if self._out_of_time():
                break
            try:
                action = self._settle(state)
            except TROUBLE as error:
                log("not_settled", key=str(state.key), error=str(error))
                self._trouble.append(error)
                continue
            if action:
                done[action] += 1
        return done

    def _settle(self, state: State) -> Action | None:
        """Settle a state, and return the action; None when nothing was to be published."""
        action = decide(state, self._now, self._alerter.window)
        if action.publishes:
            return self._publish(state, action)
        if action is Action.WAIT:
            if self._call and not state.lease_seen_at:
                self._store.see_claim(state, at=self._now)
            return action
        if self._call and state.status is Status.OPEN and not state.observed(self._now):
            self._store.observe(state, at=state.begins_at(self._call, self._alerter.clock()))
        if state.place.startswith(PARKED):
            self._store.bring_back(state)
        return None

    def _publish(self, state: State, action: Action) -> Action:
        silence = over(state.key, self._silences.get, self._now)
        if silence:
            self._alerter.park(state, silence, self._marked)
            return Action.SILENCED
        return self._alerter.publish(state, action, call=self._call)
