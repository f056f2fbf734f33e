"""The rules of alerting: which events open an alert, which are suppressed, and what an alert says.

One kind of error (app, severity, fingerprint) has one state. Its transitions::

               first event                 window over, nothing new
     CLOSED ───────────────▶ OPEN ───────────────────────────────────▶ CLOSED
       alert "opened", 1 event   ▲ │ window over, more suppressed       alert "recovered"
                                 └─┘ alert "still firing", N events

The first event alerts at once. Events within the window are counted and suppressed, and the alert at the end
of the window says how many they were. `seen` counts all events ever, `reported` those that a committed alert
covers: neither is ever reset, so that no event is lost. The state has the time at which a window began, never
the time at which it ends, so that a changed window length takes effect at once.

Clocks may differ by minutes, so that one clock alone decides about windows and leases: that of the schedule
which calls the sweeper (`pipeline.sweeper`). The consumer only opens what is closed, for which no clock is
needed. A committed alert does not begin a window. The first sweep that sees the alert does (`observed_at`),
because that sweep was called after the alert was published, whatever the publisher's clock says. The window
ends with the first sweep that is called a whole window later. Two alerts of a key are therefore at least a
window apart, and at most two sweeps more.

An alert is claimed, published, and committed. What a claim covers is frozen in the state, so that a crash
between publish and commit repeats the same alert with the same id and the same text. Only the sweeper takes
over an abandoned claim, when it has seen it for the length of a lease. `pipeline.alerting.alerter` carries
this out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, unique

from logctl.core import levels
from logctl.core.appid import is_appid
from logctl.core.fingerprint import LIMIT, fingerprint, template
from logctl.core.limits import MAX_COMPARED
from logctl.core.records import LATE, Record
from logctl.core.safe_text import ascii_only, neutralise, shorten
from logctl.core.times import DAY, MINUTE, SECOND, format_duration, iso

LEASE = 60 * SECOND
"""How long the sweeper must have seen a claim before it takes it over."""
PUBLISH_BUDGET = 20 * SECOND
"""How much of the lease must be left when publishing starts."""
CALL_DELAY = 10 * SECOND
"""How late the schedule's call may reach the sweeper; alerts may be newer than the call by as much."""
CLOCK_TOLERANCE = 120 * SECOND
"""A window that begins further in the future than this was written by a wrong clock, and begins again."""
CLOSED_KEPT = 35 * DAY
"""How long a closed state is kept."""
MARKER_KEPT = 35 * DAY
"""How long the marker of a counted batch is kept: longer than 14 days in the queue and 14 in the dead-letter
queue, so that a redrive counts nothing twice."""
KINDS_PER_MESSAGE = 20
"""How many kinds of error of one message are counted separately; the others are counted under `overflow`."""

KINDS_PER_WINDOW = 20
"""How many new kinds of one app in one window are counted separately; the others are counted under
`overflow`, so that many different messages do not cause as many alerts."""

OVERFLOW = "overflow"
OVERFLOW_TEMPLATE = "errors of many other kinds"


@dataclass(frozen=True, order=True)
class AlertKey:
    """The key of a debounce state. Severity is part of it, so that an escalation is never suppressed."""

    appid: str
    severity: str
    fingerprint: str

    @property
    def overflow(self) -> AlertKey:
        """The key under which an app's kinds beyond the limit are counted together."""
        return AlertKey(self.appid, self.severity, OVERFLOW)

    def __str__(self) -> str:
        return f"{self.appid}#{self.severity}#{self.fingerprint}"

    @classmethod
    def parse(cls, text: str) -> AlertKey:
        """Parse a key from its text; the inverse of `str`.

        Raises:
            ValueError: the text is not a key.
        """
        parts = text.split("#")
        if len(parts) != 3 or not is_appid(parts[0]) or parts[1] not in levels.ORDER or not parts[2]:
            raise ValueError(f"{text!r} is not a debounce key; it looks like checkout#ERROR#0a1b2c3d4e5f")
        return cls(*parts)


@unique
class Status(Enum):
    """Whether an alert of the key is open."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"


@dataclass(frozen=True)
class Call:
    """The clock of one sweep. Times are milliseconds.

    `at` is when the schedule called the sweep, by the schedule's clock. `began` is when the sweep began, up
    to `CALL_DELAY` later, by the process's clock.
    """

    at: int
    began: int

    def now(self, process: int) -> int:
        """Return the schedule's time when the process's clock says `process`, without the call's delay."""
        return self.at + max(0, process - self.began)


@dataclass(frozen=True)
class Claim:
    """What a claimed alert covers: everything that its text needs, frozen when it was first claimed.

    The alert reports events up to the number `upto`; `seen` had been counted at that time. `at` and `window`
    are milliseconds.
    """

    upto: int
    seen: int
    at: int
    window: int


@dataclass(frozen=True)
class State:
    """All that is known about one key. Times are milliseconds, counts are events."""

    key: AlertKey
    status: Status
    seen: int
    reported: int
    seq: int
    notified_at: int = 0
    """When the last alert was published, by its publisher's clock. It is only shown to people."""
    observed_at: int = 0
    """When the window began, by the sweeper's clock; 0 until a sweep has seen the last alert."""
    swept_at: int = 0
    """When a sweep committed the last alert, by its `Call`; 0 when the consumer did."""
    lease_owner: str = ""
    lease_seen_at: int = 0
    """When a sweep first saw this claim, by the sweeper's clock; 0 before."""
    place: str = ""
    """Its partition in the attention index: a shard, or a place for parked states."""
    claim: Claim | None = None
    template: str = ""
    sample: str = ""
    last_event_at: int = 0
    last_alert: str = ""

    @property
    def held_back(self) -> int:
        """The number of suppressed events that no alert has reported yet."""
        return self.seen - self.reported

    @property
    def alert_id(self) -> str:
        """The id of the next alert. It is never used again.

        `seq` begins with the milliseconds at which the state was created and grows by one with each commit.
        """
        return f"{self.key}#{self.seq}"

    def observed(self, now: int) -> bool:
        """Return whether the window of the last alert has begun."""
        return 0 < self.observed_at <= now + CLOCK_TOLERANCE

    def begins_at(self, call: Call, process: int) -> int:
        """Return the start of an alert's window, for a sweep that sees the alert for the first time.

        The start is never before the alert was published. An alert that a sweep committed was published at
        most `CALL_DELAY` after the time that this sweep noted; an alert that the consumer committed may have
        been published immediately before it was seen.
        """
        if self.swept_at:
            return max(call.at, self.swept_at + CALL_DELAY)
        return call.now(process) + CALL_DELAY

    def window_left(self, now: int, window: int) -> int:
        """Return the milliseconds until this key may alert again; 0 when it may now."""
        if self.status is Status.CLOSED:
            return 0
        return max(0, self.observed_at + window - now) if self.observed(now) else window


@unique
class Action(Enum):
    """What may be published for a key now."""

    OPEN = "opened"
    SUMMARISE = "still firing"
    RECOVER = "recovered"
    HOLD = "held back"
    WAIT = "being published"
    SILENCED = "silenced"
    NOTHING = "quiet"

    @property
    def publishes(self) -> bool:
        return self in (Action.OPEN, Action.SUMMARISE, Action.RECOVER)


def decide(state: State, now: int, window: int, *, silenced_until: int = 0) -> Action:
    """Return the action of a sweep called at `now` on a key, with the window as it is configured now.

    A silence suppresses whatever would be published. Events that are not reported stay due, and are reported
    when the silence ends.
    """
    action = _decide(state, now, window)
    return Action.SILENCED if action.publishes and now < silenced_until else action


def _decide(state: State, now: int, window: int) -> Action:
    if state.lease_owner and not 0 < state.lease_seen_at <= now - LEASE:
        return Action.WAIT
    pending = state.held_back > 0
    if state.status is Status.CLOSED:
        return Action.OPEN if pending else Action.NOTHING
    if state.window_left(now, window):
        return Action.HOLD if pending else Action.NOTHING
    return Action.SUMMARISE if pending else Action.RECOVER


def decide_counted(state: State) -> Action:
    """Return the consumer's action on a key that it has just counted: open it if it is closed.

    No clock is needed for that, so that a wrong one does no harm. The ends of windows and abandoned claims
    are for the sweeper.
    """
    if state.lease_owner:
        return Action.WAIT
    if state.status is Status.OPEN:
        return Action.HOLD
    return Action.OPEN if state.held_back else Action.NOTHING


def may_publish(claimed_at: int, now: int) -> bool:
    """Return whether enough of the lease is left to publish, by the publisher's own clock.

    A publisher that was paused must not publish after another one has taken over its claim.
    """
    return now - claimed_at <= LEASE - PUBLISH_BUDGET


# ── Counting ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Tally:
    """The events that one message adds to one key.

    All tallies of a message are counted once, in one transaction.

    `template` and `sample` are the message's text with and without its variable parts masked.
    """

    key: AlertKey
    count: int
    template: str
    sample: str
    last_event_at: int

    @property
    def overflow(self) -> Tally:
        """The same events, counted under the app's overflow key."""
        return replace(self, key=self.key.overflow, template=OVERFLOW_TEMPLATE)


def is_new_kind(key: AlertKey, state: State | None) -> bool:
    """Return whether an event that is counted now opens a kind of its app.

    It does when nothing of its key is open and nothing waits to be reported. The overflow key is not a kind:
    the events of many kinds are counted under it.

    `state`: the key's state; None when nothing was ever counted for it.
    """
    opens = state is None or (state.status is Status.CLOSED and not state.held_back)
    return opens and key != key.overflow


def counted_under(key: AlertKey, state: State | None, kinds: int) -> AlertKey:
    """Return the key under which an event is counted: its own, or its app's overflow key.

    `stores.count_plan` makes the limit a condition of the write, because other containers count too.

    `kinds`: how many kinds of the app have opened in this window, this one not included.
    """
    return key.overflow if is_new_kind(key, state) and kinds >= KINDS_PER_WINDOW else key


def assign(tallies: Iterable[Tally], states: Mapping[AlertKey, State], kinds: int) -> tuple[list[Tally], int]:
    """Return what a message's tallies add, one tally for each state, and how many new kinds they open.

    - `tallies`: of one app.
    - `states`: the states before, by key.
    - `kinds`: how many kinds of the app have opened in this window.
    """
    added: dict[AlertKey, Tally] = {}
    opened = 0
    for each in tallies:
        before = states.get(each.key)
        under = each
        if counted_under(each.key, before, kinds + opened) != each.key:
            under = each.overflow
        elif is_new_kind(each.key, before):
            opened += 1
        same = added.get(under.key)
        added[under.key] = _sum(same, under) if same else under
    return list(added.values()), opened


def _sum(first: Tally, second: Tally) -> Tally:
    return replace(
        first,
        count=first.count + second.count,
        last_event_at=max(first.last_event_at, second.last_event_at),
    )


def counted(state: State | None, tally: Tally, now: int) -> State:
    """Return the state of a key after a tally has been added to it.

    - `state`: the state before; None when nothing was ever counted for the key.
    - `now`: milliseconds, the first `seq` of a new state.
    """
    before = state or State(tally.key, Status.CLOSED, seen=0, reported=0, seq=now, template=tally.template)
    return replace(
        before,
        seen=before.seen + tally.count,
        sample=before.sample or tally.sample,
        last_event_at=tally.last_event_at,
    )


def alerts(record: Record, level: str) -> bool:
    """Return whether a record counts towards alerts: it is severe enough, and not late."""
    return levels.at_least(record.level, level) and LATE not in record.flags


def tally(records: Iterable[Record], level: str) -> list[Tally]:
    """Return the numbers of alerting records in a message, by kind in order of first appearance.

    At most `KINDS_PER_MESSAGE` kinds are distinguished; the records of further kinds are counted together for
    each level, so that many different messages do not cause as many alerts. The same applies to all records
    after the first `MAX_COMPARED` characters of the message.
    """
    groups: dict[AlertKey, list[Record]] = {}
    compared = 0
    for record in records:
        if alerts(record, level):
            compared += min(len(record.message), LIMIT)
            kind = fingerprint(record.message) if compared <= MAX_COMPARED else OVERFLOW
            key = AlertKey(record.appid, record.level, kind)
            if key not in groups and len(groups) >= KINDS_PER_MESSAGE:
                key = key.overflow
            groups.setdefault(key, []).append(record)
    return [_tally(key, group) for key, group in groups.items()]


def _tally(key: AlertKey, records: Sequence[Record]) -> Tally:
    first = records[0].message
    return Tally(
        key=key,
        count=len(records),
        template=OVERFLOW_TEMPLATE if key.fingerprint == OVERFLOW else shorten(template(first), 500),
        sample=shorten(first, 1_000),
        last_event_at=max(record.ts for record in records),
    )


# ── The alert's text ────────────────────────────────────────────────────────────────────────────────

LOOK_BACK = 15 * MINUTE
"""How far before the alert the suggested `tail` begins."""
SUBJECT_LIMIT = 99
"""SNS: a subject is ASCII, without line breaks, and under 100 characters (API reference, Publish)."""


@dataclass(frozen=True)
class Alert:
    """An alert as it is published. `alert_id` is the same for every copy of the same alert."""

    alert_id: str
    kind: Action
    key: AlertKey
    count: int
    subject: str
    body: str


def compose(state: State, action: Action, *, stack: str, flags: str = "") -> Alert:
    """Return the alert of a claimed state, built only from values that the claim has frozen.

    - `stack`: the name in the subject.
    - `flags`: what a suggested command needs to find this environment, with a leading space.
    """
    claim = state.claim or Claim(state.seen, state.seen, state.notified_at, 0)
    key = state.key
    count = claim.upto - state.reported
    what = {
        Action.OPEN: f"The first of its kind. {claim.seen - claim.upto:,} more came with it; they and "
        f"what follows are counted and suppressed for {format_duration(claim.window)}.",
        Action.SUMMARISE: f"{count:,} more since {iso(state.notified_at)}, still firing. "
        f"The next summary comes in {format_duration(claim.window)} at the earliest.",
        Action.RECOVER: f"Nothing new since the alert of {iso(state.notified_at)}.",
    }[action]
    held = format_duration(claim.window) if claim.window else "over"
    since = iso(max(0, (state.notified_at if action is Action.SUMMARISE else claim.at) - LOOK_BACK))
    body = "\n".join(
        (
            what,
            "",
            f"app:          {key.appid}",
            f"level:        {key.severity}",
            f"fingerprint:  {key.fingerprint}",
            f"kind:         {shorten(neutralise(state.template), 500)}",
            f"sample:       {shorten(neutralise(state.sample), 1_500)}",
            f"events:       {count:,} in this alert, {claim.seen - claim.upto:,} suppressed, "
            f"{claim.seen:,} counted ever",
            f"window:       {held}",
            f"alert id:     {_alert_id(state, action)}",
            "",
            "What to run next:",
            f"  logctl tail {key.appid} --since {since} --level {key.severity}{flags}",
            f"  logctl debounce show '{key}'{flags}",
            "",
        )
    )
    subject = f"[{stack}] {key.severity} {action.value}: {key.appid}"
    if action is Action.SUMMARISE:
        subject += f" ({count} more)"
    return Alert(
        alert_id=_alert_id(state, action),
        kind=action,
        key=key,
        count=count,
        subject=shorten(ascii_only(subject), SUBJECT_LIMIT),
        body=body,
    )


def _alert_id(state: State, action: Action) -> str:
    return f"{state.alert_id}#RECOVERED" if action is Action.RECOVER else state.alert_id
