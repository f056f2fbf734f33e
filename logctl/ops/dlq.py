"""The dead-letter queue: what failed too often, and sending it round again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from botocore.exceptions import ClientError

from logctl.core.envelope import unpack
from logctl.core.errors import LogctlError, UsageError
from logctl.core.records import Rejected
from logctl.core.redaction import Redactor
from logctl.ops.deployment import Deployment
from logctl.ops.emulator import is_unknown_action

_PEEK_SECONDS = 30


@dataclass(frozen=True)
class DeadLetter:
    """A message that the consumer could not finish. `sent_at` is in milliseconds."""

    message_id: str
    group: str
    sent_at: int
    receives: int
    size: int
    records: int
    problem: str
    body: str


@dataclass(frozen=True)
class Listing:
    """What a look into the queue showed; of each group SQS shows at most ten messages at a time."""

    letters: tuple[DeadLetter, ...]
    total: int


@dataclass(frozen=True)
class Redrive:
    """How a redrive ended."""

    status: str
    moved: int
    total: int


def look(deployment: Deployment, *, limit: int = 100) -> Listing:
    """The messages in the dead-letter queue, without taking them out.

    FIFO hands out no more of a group while some of it are in flight, so a look ends when nothing more
    comes; everything is put back at once.
    """
    sqs, url = deployment.aws.sqs, deployment.dead_letter_queue_url()
    letters: list[DeadLetter] = []
    handles: list[str] = []
    try:
        while len(letters) < limit:
            reply = sqs.receive_message(
                QueueUrl=url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=_PEEK_SECONDS,
                WaitTimeSeconds=1,
                MessageSystemAttributeNames=["All"],
            )
            messages = reply.get("Messages", [])
            if not messages:
                break
            for message in messages:
                handles.append(message["ReceiptHandle"])
                letters.append(_letter(message["MessageId"], message["Body"], message.get("Attributes", {})))
    finally:
        for handle in handles:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    return Listing(tuple(letters[:limit]), max(_count(deployment, url), len(letters)))


def _letter(message_id: str, body: str, attributes: Mapping[Any, str]) -> DeadLetter:
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
        message_id,
        group,
        sent_at,
        int(attributes.get("ApproximateReceiveCount", "0")),
        len(body.encode("utf-8", "replace")),
        records,
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
    found = [letter for letter in look(deployment).letters if letter.message_id.startswith(message_id)]
    if len(found) != 1:
        problem = "no message" if not found else f"{len(found)} messages"
        raise UsageError(
            f"There is {problem} in the dead-letter queue with an id that starts with {message_id!r}.",
            "See them with: logctl dlq list",
        )
    redactor = Redactor(deployment.pipeline_config().redact)
    body, redacted = redactor.body(found[0].body)
    return replace(found[0], body=body, problem="" if redacted else found[0].problem)


def waiting(deployment: Deployment) -> int:
    """How many messages a redrive would move."""
    return _count(deployment, deployment.dead_letter_queue_url())


def redrive(
    deployment: Deployment,
    *,
    sleep: Callable[[float], None] = time.sleep,
    on_progress: Callable[[int, int], None] = lambda moved, total: None,
) -> Redrive:
    """Move everything back to where it came from, and wait until that is done.

    SQS does it (StartMessageMoveTask, which supports FIFO). Messages get new ids; the consumer goes by
    content, so nothing is stored or counted twice.
    """
    url = deployment.dead_letter_queue_url()
    total = _count(deployment, url)
    if not total:
        return Redrive("EMPTY", 0, 0)
    sqs = deployment.aws.sqs
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    try:
        sqs.start_message_move_task(SourceArn=arn)
    except ClientError as error:
        if not is_unknown_action(error):
            raise
        return _redrive_by_hand(deployment, url, total, on_progress)
    for status, moved in _watch(deployment, arn, sleep):
        on_progress(moved, total)
        if status == "FAILED":
            raise LogctlError(
                f"SQS stopped the redrive after {moved} of {total} messages.",
                "See what is left with: logctl dlq list",
            )
        if status in ("COMPLETED", "CANCELLED"):
            return Redrive(status, moved, total)
    raise AssertionError("watching ends with a terminal state")


def _redrive_by_hand(
    deployment: Deployment, url: str, total: int, on_progress: Callable[[int, int], None]
) -> Redrive:
    """Send each message to the queue again, then delete it: a stop in between repeats, and loses nothing."""
    sqs, target, moved = deployment.aws.sqs, deployment.queue_url(), 0
    while True:
        reply = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageSystemAttributeNames=["All"]
        )
        messages = reply.get("Messages", [])
        if not messages:
            return Redrive("COMPLETED", moved, total)
        for message in messages:
            sqs.send_message(
                QueueUrl=target,
                MessageBody=message["Body"],
                MessageGroupId=message["Attributes"]["MessageGroupId"],
                # A bare message's records are known by this id, so it stays.
                MessageDeduplicationId=message["Attributes"]["MessageDeduplicationId"],
            )
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
            on_progress(moved, total)


def _watch(deployment: Deployment, arn: str, sleep: Callable[[float], None]) -> Iterator[tuple[str, int]]:
    while True:
        task = deployment.aws.sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"][0]
        yield task.get("Status", "RUNNING"), task.get("ApproximateNumberOfMessagesMoved", 0)
        sleep(0.5)
