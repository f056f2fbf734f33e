"""Processing a batch: the order of its messages, what a failure means, and when a message is set aside.

One message delays neither another app nor, for long, its own. The rules are in `core.attempts`;
docs/how-it-works.md says how long each step may delay an app.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from logctl.aws.clients import LONGEST_CALL
from logctl.aws.error_codes import TROUBLE, said
from logctl.core.appid import is_appid
from logctl.core.attempts import FRESH, KILLS, MAX_STRIKES, Ledger, safest_first
from logctl.pipeline.delivery.canary import Canary
from logctl.pipeline.delivery.deadline import Deadline, DeadlinePassed, may_start
from logctl.pipeline.delivery.sqs_message import Message
from logctl.pipeline.function_log import log, where_of
from logctl.pipeline.stores.attempt_ledger import Attempts

NO_APP = "_unknown"
"""The canary's partition key for a group that names no app; it is not a valid app name."""
_OWED_AT_MOST = 1_000
_KILLS_DETAIL = "the process ended each time this message was opened"


class Work(Protocol):
    """The consumer's work on one message."""

    def ingest(self, message: Message, deadline: Deadline) -> None:
        """Store and count a message, or raise."""

    def set_aside(self, message: Message, reason: str, detail: str, *, opened: bool) -> None:
        """Keep a message that cannot be stored, in quarantine or in the dead-letter queue, or raise."""

    def redact(self, text: str) -> str:
        """Return a text without secrets."""


@dataclass
class _Round:
    """One batch: the time left, the ledgers of its messages, and the messages that have failed.

    `ledgers` is None when they could not be read; `waiting` is the number of groups that are not finished.
    """

    remaining: Callable[[], int]
    ledgers: Mapping[str, Ledger] | None
    waiting: int
    finished: int = 0
    failed: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Failure:
    """The failure of an attempt: its error, and whether the beginning of the attempt was recorded."""

    reason: str
    detail: str
    begun: bool


class Trials:
    """The attempts at the messages of a batch, with the ledger that counts them."""

    def __init__(self, attempts: Attempts, canary: Canary, work: Work, *, clock: Callable[[], int]) -> None:
        self._attempts = attempts
        self._canary = canary
        self._work = work
        self._clock = clock
        self._owed: dict[str, _Failure] = {}

    def run(self, messages: Sequence[Message], remaining: Callable[[], int]) -> set[str]:
        """Process a batch, and return the ids of the messages that are not done.

        Within a group no message is begun after the first one that is not done.
        """
        ledgers = self._ledgers([message.message_id for message in messages if message.receives > 1])
        turns = safest_first(messages, ledgers or {})
        round_ = _Round(remaining, ledgers, len(turns))
        left = [self._go_on(turn, round_, past_suspects=False) for turn in turns]
        for rest in left:
            self._go_on(rest, round_, past_suspects=True)
        return round_.failed

    def _ledgers(self, message_ids: Sequence[str]) -> dict[str, Ledger] | None:
        """Return the ledgers of messages that are delivered again; None when they cannot be read."""
        if not message_ids:
            return {}
        try:
            self._pay(message_ids)
            return self._attempts.get(message_ids)
        except Exception as error:  # noqa: BLE001 - a cut reply can raise anything
            log("attempts_unreadable", messages=len(message_ids), error=said(error))
            return None

    def _go_on(self, turn: Sequence[Message], round_: _Round, *, past_suspects: bool) -> list[Message]:
        """Process a group up to the first failure, and return the messages from the first suspect on.

        `past_suspects`: process suspects as well; then nothing is returned.
        """
        for number, message in enumerate(turn):
            ledger = (round_.ledgers or {}).get(message.message_id, FRESH)
            if ledger.suspect and not past_suspects:
                return list(turn[number:])
            if not self._done(message, ledger, round_):
                round_.failed.update(each.message_id for each in turn[number:])
                break
            round_.finished += 1
        round_.waiting -= 1
        return []

    def _done(self, message: Message, ledger: Ledger, round_: _Round) -> bool:
        """Process a message, and return whether it can be acknowledged."""
        again = message.receives > 1
        if ledger.settled:
            return True
        if (again and round_.ledgers is None) or not may_start(round_.remaining()):
            return False
        if round_.finished and ledger.may_wait:
            return self._give_back(message)
        if ledger.kills:
            return self._give_up(message, KILLS, _KILLS_DETAIL, opened=False)
        try:
            if again:
                self._attempts.begin(message.message_id, now=self._clock())
        except Exception as error:  # noqa: BLE001 - a cut reply can raise anything
            self._log("not_begun", message, error=self._explain(error)[1])
            return False
        return self._tried(message, round_)

    def _give_back(self, message: Message) -> bool:
        """Return a suspect to the queue unopened, so that finished messages are acknowledged first."""
        try:
            self._attempts.defer(message.message_id, now=self._clock())
        except Exception as error:  # noqa: BLE001 - a cut reply can raise anything
            self._log("not_deferred", message, error=self._explain(error)[1])
        self._log("suspect_given_back", message)
        return False

    def _tried(self, message: Message, round_: _Round) -> bool:
        try:
            self._work.ingest(message, Deadline(round_.remaining, groups_left=round_.waiting))
        except Exception as error:  # noqa: BLE001 - AWS, the time, or a bug in logctl: all are an attempt
            return self._failed(message, error, round_)
        self._close(message)
        return True

    def _close(self, message: Message) -> None:
        """Record that a message is done. A failure is only logged: storing it again would add nothing."""
        if message.receives > 1:
            try:
                self._attempts.done(message.message_id, now=self._clock())
            except Exception as error:  # noqa: BLE001 - a cut reply can raise anything
                self._log("not_closed", message, error=self._explain(error)[1])

    def _failed(self, message: Message, error: Exception, round_: _Round) -> bool:
        """Record a failed attempt, and return whether the message was set aside.

        That the attempt has ended is recorded first: otherwise it would seem to have ended the process if the
        time is over now.
        """
        reason, detail = self._explain(error)
        self._log("failed", message, reason=reason, detail=detail)
        failure = _Failure(reason, detail, begun=message.receives > 1)
        try:
            self._record(message.message_id, failure)
            strike = _is_its_own(error) and round_.remaining() > LONGEST_CALL and self._storage_works(message)
            if not strike:
                return False
            ledger = self._attempts.strike(message.message_id, now=self._clock())
        except Exception as trouble:  # noqa: BLE001 - a cut reply can raise anything
            self._owe(message.message_id, failure)
            self._log("failure_not_recorded", message, error=self._explain(trouble)[1])
            return False
        return ledger.struck_out and self._struck_out(message, error, ledger, failure, round_)

    def _record(self, message_id: str, failure: _Failure) -> None:
        self._attempts.failed(
            message_id,
            now=self._clock(),
            reason=failure.reason,
            detail=failure.detail,
            begun=failure.begun,
        )

    def _owe(self, message_id: str, failure: _Failure) -> None:
        if len(self._owed) >= _OWED_AT_MOST:
            del self._owed[next(iter(self._owed))]
        self._owed[message_id] = failure

    def _pay(self, message_ids: Sequence[str]) -> None:
        """Record failures that could not be recorded when they happened, as when DynamoDB was down."""
        for message_id in message_ids:
            if failure := self._owed.get(message_id):
                self._record(message_id, failure)
                del self._owed[message_id]

    def _struck_out(
        self, message: Message, error: Exception, ledger: Ledger, failure: _Failure, round_: _Round
    ) -> bool:
        if may_start(round_.remaining()) and not isinstance(error, DeadlinePassed):
            return self._last_try(message, round_)
        # There is never enough time for a last try of a slow message.
        slow = isinstance(error, DeadlinePassed) or ledger.strikes > MAX_STRIKES
        return slow and self._give_up(message, failure.reason, failure.detail, opened=True)

    def _last_try(self, message: Message, round_: _Round) -> bool:
        """Try a message once more, and set it aside if it fails while storage still works."""
        try:
            self._work.ingest(message, Deadline(round_.remaining, groups_left=round_.waiting))
        except Exception as error:  # noqa: BLE001 - as above
            reason, detail = self._explain(error)
            if not _is_its_own(error) or not self._storage_works(message):
                return False
            return self._give_up(message, reason, detail, opened=True)
        self._close(message)
        return True

    def _give_up(self, message: Message, reason: str, detail: str, *, opened: bool) -> bool:
        """Set a message aside, and return whether that succeeded."""
        try:
            self._work.set_aside(message, reason, detail, opened=opened)
            self._attempts.aside(message.message_id, now=self._clock(), reason=reason, detail=detail)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message is not done
            self._log("not_set_aside", message, error=self._explain(error)[1])
            return False
        return True

    def _storage_works(self, message: Message) -> bool:
        appid = message.group.partition(".")[0]
        return self._canary.passes(appid if is_appid(appid) else NO_APP)

    def _explain(self, error: Exception) -> tuple[str, str]:
        """Return the reason of a failure as a code, and a sentence that does not quote a record."""
        if isinstance(error, DeadlinePassed):
            return "deadline", str(error)
        if isinstance(error, TROUBLE):
            return "write_failed", self._work.redact(str(error))
        return "internal", f"{type(error).__name__} in {where_of(error)}"

    def _log(self, event: str, message: Message, **fields: str) -> None:
        group = self._work.redact(message.group)
        log(event, message_id=message.message_id, group=group, receives=message.receives, **fields)


def _is_its_own(error: Exception) -> bool:
    """Return whether the message itself may be the cause; other messages may have used up the time."""
    return not (isinstance(error, DeadlinePassed) and not error.own)
