"""When somebody is told: the rules of alerting, pure.

One kind of error (app, severity, fingerprint) has one state. Its life::

               first event                 window over, nothing new
     CLOSED ───────────────▶ OPEN ───────────────────────────────────▶ CLOSED
       alert "opened", 1 event   ▲ │ window over, more were held back     alert "recovered"
                                 └─┘ alert "still firing", N events

The first event alerts at once; what comes within the window is counted and held back; the end of the
window tells how many. `seen` counts events ever, `reported` those that a committed alert covers: nothing
is reset, so nothing is lost. Kept is since when a window runs, never until when to be silent, so that a
changed window works at once.

Clocks differ, by minutes if it must be, so one clock alone decides about windows and leases: that of the
schedule which calls the sweeper (`pipeline.sweeper`). The consumer only opens what is closed, which takes no
clock. A committed alert begins no window: the first sweep that sees it does (`observed_at`), because that
sweep was called after the alert, whatever the publisher's clock says. The window ends with the first sweep
that is called a whole window later. So two alerts of a key are a window apart, and at most two sweeps more.

An alert is claimed, published, committed. What a claim covers is frozen in the state, so a crash between
publish and commit repeats the same alert with the same id and the same text. Only the sweeper takes over a
claim that is left, when it has seen it for the length of a lease. The stores that carry this out are
`pipeline.alerting.alerter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
"""How long the sweeper sees a claim before it takes it over."""
PUBLISH_BUDGET = 20 * SECOND
"""What must be left of the lease when publishing starts."""
CALL_DELAY = 10 * SECOND
"""How late the schedule's call may reach the sweeper: what is seen may be this much younger than the call."""
CLOCK_TOLERANCE = 120 * SECOND
"""A window that begins further in the future than this was written by a broken clock, and begins anew."""
CLOSED_KEPT = 35 * DAY
"""How long a closed state is remembered."""
MARKER_KEPT = 35 * DAY
"""How long a batch is remembered as counted: longer than 14 days in the queue and 14 in the dead-letter
queue, so that a redrive counts nothing twice."""
KINDS_PER_MESSAGE = 20
"""More kinds of error than this in one message are counted together under `overflow`."""

KINDS_PER_WINDOW = 20
"""More new kinds than this of one app in one window are counted together too: a flood of unique messages
must not be a flood of alerts."""

OVERFLOW = "overflow"
OVERFLOW_TEMPLATE = "errors of many other kinds"


@dataclass(frozen=True, order=True)
class AlertKey:
    """What is debounced together. Severity is part of it, so that an escalation is never held back."""

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
        """The inverse of `str`.

        Raises:
            ValueError: it is not a key.
        """
        parts = text.split("#")
        if len(parts) != 3 or not is_appid(parts[0]) or parts[1] not in levels.ORDER or not parts[2]:
            raise ValueError(f"{text!r} is not a debounce key; it looks like checkout#ERROR#0a1b2c3d4e5f")
        return cls(*parts)


@unique
class Status(Enum):
    CLOSED = "CLOSED"
    OPEN = "OPEN"


@dataclass(frozen=True)
class Call:
    """A sweep's clock: when the schedule called it, by its own clock, and what the process's said then.

    Times are milliseconds. The call came up to `CALL_DELAY` before.
    """

    at: int
    began: int

    def now(self, process: int) -> int:
        """The schedule's time, but for the delay of the call, when the process's clock says `process`."""
        return self.at + max(0, process - self.began)


@dataclass(frozen=True)
class Claim:
    """What one publisher has taken on: everything its text needs, frozen when it was first claimed.

    The alert reports events up to the count `upto`, when `seen` had been counted.
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
    """When the last alert was out, by its publisher's clock: for people, and for no decision."""
    observed_at: int = 0
    """When the window began, by the sweeper's clock; 0 until a sweep has seen the last alert."""
    swept_at: int = 0
    """When a sweep committed the last alert, by its `Call`; 0 when the consumer did."""
    lease_owner: str = ""
    lease_seen_at: int = 0
    """When a sweep first saw this claim, by the sweeper's clock; 0 before."""
    place: str = ""
    """Where in the index it stands: a shard, or the place of those that a silence has parked."""
    claim: Claim | None = None
    template: str = ""
    sample: str = ""
    last_event_at: int = 0
    last_alert: str = ""

    @property
    def held_back(self) -> int:
        return self.seen - self.reported

    @property
    def alert_id(self) -> str:
        """`seq` starts at the creation's milliseconds and grows by commits: an id is never used again."""
        return f"{self.key}#{self.seq}"

    def observed(self, now: int) -> bool:
        """Whether its window has begun."""
        return 0 < self.observed_at <= now + CLOCK_TOLERANCE

    def begins_at(self, call: Call, process: int) -> int:
        """When the window begins of an alert that a sweep has just seen, never before it came out.

        What a sweep committed came out before its own clock said so, but for the delay of its call. What the
        consumer committed may have come out in the very moment before it was seen.
        """
        if self.swept_at:
            return max(call.at, self.swept_at + CALL_DELAY)
        return call.now(process) + CALL_DELAY

    def window_left(self, now: int, window: int) -> int:
        """Milliseconds until the next alert of this key may go out; 0 when one may now."""
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
    """What a sweep that is called at `now` does about a key, with the window as it is configured now.

    A silence holds back whatever would be published; what is not reported stays due and is said when the
    silence ends.
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
    """What the consumer does about a key that it has just counted: open what is closed, and no more.

    It takes no clock, so none can be wrong: windows and claims that are left are the sweeper's.
    """
    if state.lease_owner:
        return Action.WAIT
    if state.status is Status.OPEN:
        return Action.HOLD
    return Action.OPEN if state.held_back else Action.NOTHING


def may_publish(claimed_at: int, now: int) -> bool:
    """Whether enough of the lease is left, by the publisher's own clock; a publisher that stalled must not
    speak after another did."""
    return now - claimed_at <= LEASE - PUBLISH_BUDGET


# ── Counting ────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Tally:
    """What one message adds to one key: counted once per message and key, in one transaction."""

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

    It does when nothing of its key is open and nothing waits to be reported. The overflow key is no kind: the
    events of many kinds are counted under it.

    Args:
        state: the key's state; None when nothing was ever counted for it.
    """
    opens = state is None or (state.status is Status.CLOSED and not state.held_back)
    return opens and key != key.overflow


def counted_under(key: AlertKey, state: State | None, kinds: int) -> AlertKey:
    """Return the key under which an event is counted: its own, or its app's overflow key.

    `AlertStore.count` applies the limit as a condition of its write, because other containers count too.

    Args:
        kinds: how many kinds of the app have opened in this window, this one not included.
    """
    return key.overflow if is_new_kind(key, state) and kinds >= KINDS_PER_WINDOW else key


def counted(state: State | None, tally: Tally, now: int) -> State:
    """Return the state of a key after a tally has been added to it.

    Args:
        state: the state before; None when nothing was ever counted for the key.
        now: milliseconds, the first `seq` of a new state.
    """
    before = state or State(tally.key, Status.CLOSED, seen=0, reported=0, seq=now, template=tally.template)
    return replace(
        before,
        seen=before.seen + tally.count,
        sample=before.sample or tally.sample,
        last_event_at=tally.last_event_at,
    )


def alerts(record: Record, level: str) -> bool:
    """Whether a record counts towards alerts: severe enough, and not from long ago."""
    return levels.at_least(record.level, level) and LATE not in record.flags


def tally(records: Iterable[Record], level: str) -> list[Tally]:
    """What a message's records add, by key in order of first appearance.

    A message with more kinds than `KINDS_PER_MESSAGE` is a flood; the rest of its kinds are counted
    together per severity, so that a flood of unique messages is not a flood of alerts. So are those that
    come after more text than is compared.
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
        key,
        len(records),
        OVERFLOW_TEMPLATE if key.fingerprint == OVERFLOW else shorten(template(first), 500),
        shorten(first, 1_000),
        max(record.ts for record in records),
    )


# ── The words ───────────────────────────────────────────────────────────────────────────────────────

LOOK_BACK = 15 * MINUTE
"""How far before the alert the suggested `tail` begins."""
SUBJECT_LIMIT = 99
"""SNS: a subject is ASCII, without line breaks, and under 100 characters (API reference, Publish)."""


@dataclass(frozen=True)
class Alert:
    """What goes to SNS. `alert_id` is the same for every copy of the same alert."""

    alert_id: str
    kind: Action
    key: AlertKey
    count: int
    subject: str
    body: str


def compose(state: State, action: Action, *, stack: str, flags: str = "") -> Alert:
    """The alert for a claimed state, built from what the claim froze and nothing else.

    Args:
        flags: what a suggested command needs to find this environment.
    """
    claim = state.claim or Claim(state.seen, state.seen, state.notified_at, 0)
    key = state.key
    count = claim.upto - state.reported
    what = {
        Action.OPEN: f"The first of its kind. {claim.seen - claim.upto:,} more came with it; they and "
        f"what follows are counted and held back for {format_duration(claim.window)}.",
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
            f"events:       {count:,} in this alert, {claim.seen - claim.upto:,} held back, "
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
        _alert_id(state, action), action, key, count, shorten(ascii_only(subject), SUBJECT_LIMIT), body
    )


def _alert_id(state: State, action: Action) -> str:
    return f"{state.alert_id}#RECOVERED" if action is Action.RECOVER else state.alert_id
