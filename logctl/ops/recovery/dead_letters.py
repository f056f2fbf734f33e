"""Dead letters: listing and finding the messages that failed too often.

SQS hands out the messages of a FIFO group in order, and no more of the group while some are in flight: at
most ten of each group are seen at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from logctl.core.attempts import Ledger
from logctl.core.quarantine import picked
from logctl.core.records import Rejected
from logctl.core.redaction import Redactor
from logctl.core.unpacking import unpack
from logctl.ops.deployment import Deployment
from logctl.ops.recovery.dead_letter_queue import DeadLetterQueue, Message
from logctl.ops.recovery.dead_letter_rules import Cause, cause, reason

SEE = "logctl dlq list"
LOOK_AT_MOST = 1_000
"""Messages that are received to find some of them."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that the consumer could not process. `sent_at` is in milliseconds, `size` in bytes.

    `cause`, `reason` and `detail` are what the consumer recorded of its attempts. `problem` is what is wrong
    with the body; empty if it can be read.
    """

    message_id: str
    group: str
    sent_at: int
    receives: int
    size: int
    records: int
    cause: Cause
    reason: str
    detail: str
    problem: str
    body: str

    @property
    def app(self) -> str:
        """The app that the message's group names; a group may be a shard of an app."""
        return self.group.partition(".")[0]


@dataclass(frozen=True)
class DeadLetterListing:
    """The messages that SQS showed, and about how many there are in total."""

    letters: tuple[DeadLetter, ...]
    total: int


def look(deployment: Deployment, *, limit: int = 100) -> DeadLetterListing:
    """Return up to `limit` messages of the dead-letter queue, and leave them there."""
    queue = DeadLetterQueue(deployment)
    received: list[Message] = []
    with queue.hold() as held:
        while len(received) < limit and (messages := held.receive()):
            received += messages
    letters = [_letter(message, ledger) for message, ledger in queue.with_ledgers(received)]
    return DeadLetterListing(tuple(letters[:limit]), max(queue.count(), len(letters)))


def _letter(message: Message, ledger: Ledger | None) -> DeadLetter:
    body, attributes = message["Body"], message.get("Attributes", {})
    group, sent_at = attributes.get("MessageGroupId", ""), int(attributes.get("SentTimestamp", "0"))
    try:
        unpacked = unpack(
            body,
            group=group,
            deduplication_id=attributes.get("MessageDeduplicationId", ""),
            sent_at=sent_at,
        )
        records, problem = len(unpacked.records), ""
    except Rejected as rejected:
        records, problem = 0, str(rejected)
    return DeadLetter(
        message_id=message["MessageId"],
        group=group,
        sent_at=sent_at,
        receives=int(attributes.get("ApproximateReceiveCount", "0")),
        size=len(body.encode("utf-8", "replace")),
        records=records,
        cause=cause(ledger),
        reason=reason(ledger),
        detail=ledger.detail if ledger else "",
        problem=problem,
        body=body,
    )


def find(deployment: Deployment, message_id: str) -> DeadLetter:
    """Return one message by its id or the start of it, redacted by the rules of the deployment.

    Raises:
        UsageError: no message has that id, or several do.
    """
    letters = {letter.message_id: letter for letter in look(deployment).letters}
    (found,) = picked(list(letters), [message_id], where="the dead-letter queue", see=SEE)
    letter = letters[found]
    redactor = Redactor(deployment.pipeline_config().redact)
    body, redacted = redactor.body(letter.body)
    if not redacted:
        return replace(letter, body=body)
    return replace(letter, body=body, problem="", detail=redactor.text(letter.detail)[0])


def chosen(deployment: Deployment, beginnings: Sequence[str]) -> list[str]:
    """Return the ids of the messages whose ids begin with these texts.

    Raises:
        UsageError: one of them fits none of the messages that SQS shows, or several.
    """
    ids = [letter.message_id for letter in look(deployment, limit=LOOK_AT_MOST).letters]
    return picked(ids, beginnings, where="the dead-letter queue", see=SEE)
