"""The dead-letter queue: what failed too often, sending it round again, and dropping it.

SQS hands out a FIFO group in order and, while some messages of it are in flight, no more of it: at most ten
of a group at a time. Who goes through the queue therefore goes in rounds. In a round each message that
comes is sent and deleted, or kept in flight; at its end what was kept is put back, and the next round gets
past it to what stood behind it, until a round moves nothing. What is sent keeps the order of its group.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError

from logctl.core.attempts import Ledger
from logctl.core.errors import LogctlError
from logctl.core.quarantine import picked
from logctl.core.records import Rejected
from logctl.core.redaction import Redactor
from logctl.core.unpacking import unpack
from logctl.ops.deployment import Deployment
from logctl.ops.recovery.dead_letter_rules import Cause, cause, reason
from logctl.pipeline.stores.attempt_ledger import Attempts
from logctl.stack.emulator import is_unknown_action

SEE = "logctl dlq list"
_HELD_SECONDS = 60
"""How long a message is in flight for a look or a round; it is put back at once when that ends."""


@dataclass(frozen=True)
class DeadLetter:
    """A message that the consumer could not finish. `sent_at` is in milliseconds.

    `cause`, `reason` and `detail` are what the consumer recorded of its attempts; `problem` is what is wrong
    with the body.
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


@dataclass(frozen=True)
class Listing:
    """What a look into the queue showed; of each group SQS shows at most ten messages at a time."""

    letters: tuple[DeadLetter, ...]
    total: int


@dataclass(frozen=True)
class Moved:
    """How a redrive or a drop ended.

    `left_out` failed because of their content and stay. `unseen` messages, about, stand behind so many others
    of their group that SQS does not show them.
    """

    moved: int = 0
    left_out: int = 0
    unseen: int = 0


def look(deployment: Deployment, *, limit: int = 100) -> Listing:
    """The messages in the dead-letter queue, without taking them out.

    FIFO hands out no more of a group while some of it are in flight, so a look ends when nothing more
    comes; everything is put back at once.
    """
    url = deployment.dead_letter_queue_url()
    received: list[Mapping[str, Any]] = []
    with _Held(deployment, url) as held:
        while len(received) < limit:
            messages = held.receive()
            if not messages:
                break
            received += messages
    ledgers = _ledgers(deployment, received)
    letters = [_letter(message, _ledger_of(message, ledgers)) for message in received]
    return Listing(tuple(letters[:limit]), max(_count(deployment, url), len(letters)))


@dataclass
class _Held:
    """Receives, and puts back at the end what was not taken out."""

    deployment: Deployment
    url: str
    handles: dict[str, str] = field(default_factory=dict)

    def __enter__(self) -> _Held:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles.values():
            self.deployment.aws.sqs.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=handle, VisibilityTimeout=0
            )

    def receive(self) -> Sequence[Mapping[str, Any]]:
        reply = self.deployment.aws.sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=_HELD_SECONDS,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"],
        )
        messages = reply.get("Messages", [])
        self.handles |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
        return messages

    def delete(self, message: Mapping[str, Any]) -> None:
        self.deployment.aws.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        self.handles.pop(message["MessageId"], None)


def _original_ids(message: Mapping[str, Any]) -> tuple[str, ...]:
    """What the message was called when the consumer had it. A move to a FIFO dead-letter queue replaces the
    deduplication id by the message's id (Amazon SQS Developer Guide, Learn how to configure a dead-letter
    queue redrive)."""
    return (message.get("Attributes", {}).get("MessageDeduplicationId", ""), message["MessageId"])


def _ledgers(deployment: Deployment, messages: Sequence[Mapping[str, Any]]) -> dict[str, Ledger]:
    ids = [name for message in messages for name in _original_ids(message) if name]
    return Attempts(deployment.aws.dynamodb, deployment.names.hot_table).get(ids) if ids else {}


def _ledger_of(message: Mapping[str, Any], ledgers: Mapping[str, Ledger]) -> Ledger | None:
    return next((ledgers[name] for name in _original_ids(message) if name in ledgers), None)


def _letter(message: Mapping[str, Any], ledger: Ledger | None) -> DeadLetter:
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
        message["MessageId"],
        group,
        sent_at,
        int(attributes.get("ApproximateReceiveCount", "0")),
        len(body.encode("utf-8", "replace")),
        records,
        cause(ledger),
        reason(ledger),
        ledger.detail if ledger else "",
        problem,
        body,
    )


def _count(deployment: Deployment, url: str) -> int:
    reply = deployment.aws.sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(int(value) for value in reply["Attributes"].values())


def find(deployment: Deployment, message_id: str) -> DeadLetter:
    """One message, by its id or the start of it; its body and problem without secrets, as the redaction
    rules in force have it.

    Raises:
        UsageError: none or several have it.
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
    """Ids by their beginnings.

    Raises:
        UsageError: a beginning fits none of the messages that SQS shows, or several.
    """
    ids = [letter.message_id for letter in look(deployment, limit=_LOOK_AT_MOST).letters]
    return picked(ids, beginnings, where="the dead-letter queue", see=SEE)


_LOOK_AT_MOST = 1_000


def plan(deployment: Deployment) -> Moved:
    """What a plain redrive would do, as far as a look shows it."""
    found = look(deployment, limit=_LOOK_AT_MOST)
    staying = sum(letter.cause is Cause.CONTENT for letter in found.letters)
    seen = len(found.letters)
    return Moved(seen - staying, staying, found.total - seen)


# ── Out of it ───────────────────────────────────────────────────────────────────────────────────────


def redrive(
    deployment: Deployment,
    *,
    everything: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    on_progress: Callable[[int, int], None] = lambda moved, total: None,
) -> Moved:
    """Send messages back to where they came from, without those that failed because of their content.

    With `everything`, and where nothing is to be left out, SQS moves them (StartMessageMoveTask, which
    supports FIFO and cannot choose), and this waits until that is done. They get new ids; the consumer goes
    by content, so nothing is stored or counted twice.
    """
    url = deployment.dead_letter_queue_url()
    total = _count(deployment, url)
    if not total:
        return Moved()
    if everything or _nothing_to_leave_out(deployment):
        try:
            return _move_all(deployment, url, total, sleep, on_progress)
        except ClientError as error:
            if not is_unknown_action(error):
                raise

    def goes(_: Mapping[str, Any], ledger: Ledger | None) -> bool:
        return everything or cause(ledger) is not Cause.CONTENT

    return _walk(deployment, url, goes, _send(deployment), lambda moved: on_progress(moved, total))


def redrive_some(deployment: Deployment, ids: Collection[str]) -> Moved:
    """Send these messages back, whatever they failed of; others of their group stay."""
    return _take_out(deployment, ids, _send(deployment))


def drop(deployment: Deployment, ids: Collection[str]) -> Moved:
    """Delete these messages."""
    return _take_out(deployment, ids, lambda message: None)


def _take_out(
    deployment: Deployment, ids: Collection[str], treat: Callable[[Mapping[str, Any]], None]
) -> Moved:
    wanted = set(ids)

    def goes(message: Mapping[str, Any], _: Ledger | None) -> bool:
        return message["MessageId"] in wanted

    url = deployment.dead_letter_queue_url()
    moved = _walk(deployment, url, goes, treat, lambda moved: None, ledgers=False, until=len(wanted)).moved
    return Moved(moved, 0, len(wanted) - moved)


def _send(deployment: Deployment) -> Callable[[Mapping[str, Any]], None]:
    target = deployment.queue_url()

    def send(message: Mapping[str, Any]) -> None:
        # A bare message's records are known by its deduplication id, so it stays. SQS says yes to what it has
        # had in the last five minutes, and drops it. AWS has replaced the id when it moved the message here;
        # where that was not done, it is done now.
        for name in _original_ids(message):
            reply = deployment.aws.sqs.send_message(
                QueueUrl=target,
                MessageBody=message["Body"],
                MessageGroupId=message["Attributes"]["MessageGroupId"],
                MessageDeduplicationId=name,
            )
            if reply["MessageId"] not in _original_ids(message):
                return
        raise LogctlError(
            f"SQS takes {message['MessageId']} for a duplicate of itself; it stays.",
            "Five minutes after it was sent first, run the same again.",
        )

    return send


def _walk(
    deployment: Deployment,
    url: str,
    goes: Callable[[Mapping[str, Any], Ledger | None], bool],
    treat: Callable[[Mapping[str, Any]], None],
    on_progress: Callable[[int], None],
    *,
    ledgers: bool = True,
    until: int | None = None,
) -> Moved:
    """Go through the queue in rounds; `treat` and delete each message that `goes`, `until` so many have.

    Treated first and deleted then: a stop in between repeats, and loses nothing.
    """
    moved, staying = 0, set[str]()
    while True:
        before = moved
        with _Held(deployment, url) as held:
            while moved != until and (messages := held.receive()):
                known = _ledgers(deployment, messages) if ledgers else {}
                for message in messages:
                    if not goes(message, _ledger_of(message, known)):
                        staying.add(message["MessageId"])
                        continue
                    treat(message)
                    held.delete(message)
                    moved += 1
                    on_progress(moved)
        if moved in (before, until):
            return Moved(moved, len(staying), max(0, _count(deployment, url) - len(staying)))


def _nothing_to_leave_out(deployment: Deployment) -> bool:
    found = look(deployment, limit=_LOOK_AT_MOST)
    return len(found.letters) == found.total and not any(
        letter.cause is Cause.CONTENT for letter in found.letters
    )


def _move_all(
    deployment: Deployment,
    url: str,
    total: int,
    sleep: Callable[[float], None],
    on_progress: Callable[[int, int], None],
) -> Moved:
    sqs = deployment.aws.sqs
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sqs.start_message_move_task(SourceArn=arn)
    for status, moved in _watch(deployment, arn, sleep):
        on_progress(moved, total)
        if status == "FAILED":
            raise LogctlError(
                f"SQS stopped the redrive after {moved} of {total} messages.", f"See what is left with: {SEE}"
            )
        if status in ("COMPLETED", "CANCELLED"):
            return Moved(moved)
    raise AssertionError("watching ends with a terminal state")


def _watch(deployment: Deployment, arn: str, sleep: Callable[[float], None]) -> Iterator[tuple[str, int]]:
    while True:
        task = deployment.aws.sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"][0]
        yield task.get("Status", "RUNNING"), task.get("ApproximateNumberOfMessagesMoved", 0)
        sleep(0.5)
