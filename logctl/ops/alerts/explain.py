"""Explanation of the effect of the next event of a kind, and of when an alert could be published."""

from __future__ import annotations

from dataclasses import dataclass, replace

from logctl.core import levels
from logctl.core.debounce import LEASE, Action, AlertKey, State, Status, counted_under, decide
from logctl.core.times import format_duration, iso


@dataclass(frozen=True)
class Rules:
    """The alerting settings in force. `window` is in milliseconds."""

    level: str
    window: int


@dataclass(frozen=True)
class Explanation:
    """What an event at `now` (milliseconds) would cause.

    Attributes:
        key: what the event would be counted under.
        action: what would be done about the key.
        why: the reason, as a sentence.
        at: the earliest time of an alert: `now` if at once, None if never.
    """

    key: AlertKey
    action: Action
    why: str
    now: int
    at: int | None

    @property
    def alerts(self) -> bool:
        return self.action.publishes


def explain(
    key: AlertKey,
    state: State | None,
    now: int,
    rules: Rules,
    *,
    silenced_until: int = 0,
    kinds: int = 0,
    overflow: State | None = None,
) -> Explanation:
    """Explain one more event of a key, by the rules of consumer and sweeper (`debounce.decide`).

    - `state`: the key's state; None when nothing was counted for it.
    - `kinds`: how many kinds of its app have opened in this window.
    - `overflow`: the state of the app's overflow key, where those beyond the limit are counted.
    """
    if not levels.at_least(key.severity, rules.level):
        why = f"{key.severity} is below alert_level, which is {rules.level}: it never alerts."
        return Explanation(key, Action.NOTHING, why, now, None)
    if counted_under(key, state, kinds) != key:
        told = _explain(key.overflow, overflow, now, rules, silenced_until)
        crowd = f"{kinds} kinds of {key.appid} have opened in this window, so the event counts as overflow. "
        return replace(told, why=crowd + told.why)
    return _explain(key, state, now, rules, silenced_until)


def _explain(key: AlertKey, state: State | None, now: int, rules: Rules, silenced_until: int) -> Explanation:
    before = state or State(key, Status.CLOSED, 0, 0, now)
    one_more = replace(before, seen=before.seen + 1)
    action = decide(one_more, now, rules.window, silenced_until=silenced_until)
    at = _first(one_more, now, rules.window, silenced_until)
    return Explanation(key, action, _why(before, action, rules, silenced_until), now, at)


def _first(state: State, now: int, window: int, silenced_until: int) -> int:
    """Return the earliest time at which an alert may be published: after window, lease and silence.

    A window or lease that no sweep has seen yet is taken to begin now.
    """
    ends = [now, silenced_until]
    if state.lease_owner:
        ends.append((state.lease_seen_at or now) + LEASE)
    if state.status is Status.OPEN:
        ends.append((state.observed_at if state.observed(now) else now) + window)
    return max(ends)


def _why(state: State, action: Action, rules: Rules, silenced_until: int) -> str:
    window = format_duration(rules.window)
    since = iso(state.notified_at)
    held = f"{state.held_back:,} are suppressed" if state.held_back else "nothing is suppressed"
    told = f"the last alert was at {since} and the window is {window}"
    match action:
        case Action.OPEN if state.held_back:
            return f"No alert is open; of {state.held_back:,} unreported events the first alerts at once."
        case Action.OPEN:
            counted = f"{state.seen:,} were counted before" if state.seen else "nothing was counted before"
            return f"No alert of this kind is open ({counted}): the first event alerts at once."
        case Action.SUMMARISE:
            return (
                f"The window is over, since {told}: the next sweep, within a minute, reports all "
                f"{state.held_back + 1:,}."
            )
        case Action.HOLD:
            return f"The event is counted and suppressed, since {told}; {held}."
        case Action.WAIT:
            return "An alert is being published; if it fails, a sweep repeats it within two minutes."
        case Action.SILENCED:
            return f"The key is silenced until {iso(silenced_until)}: events are reported after that; {held}."
    raise AssertionError(f"one more event is never {action.value}")
