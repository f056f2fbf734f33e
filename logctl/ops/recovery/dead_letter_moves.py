"""Moving messages out of the dead-letter queue: back into the main queue (redrive), or deleting them (drop).

SQS shows at most ten messages of a FIFO group at a time, so the queue is walked through in rounds. In a
round, each message that is received is either moved and deleted, or kept in flight. At the end of the round
the kept messages are put back. Moved messages make room for those behind them, which the next round receives;
the last round is one that moves nothing. The moved messages of a group keep their order.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from logctl.core.attempts import Ledger
from logctl.core.errors import LogctlError
from logctl.ops.deployment import Deployment
from logctl.ops.recovery.dead_letter_queue import DeadLetterQueue, Message, original_ids
from logctl.ops.recovery.dead_letter_rules import Cause, cause
from logctl.ops.recovery.dead_letters import LOOK_AT_MOST, SEE, look
from logctl.stack.emulator import is_unknown_action


@dataclass(frozen=True)
class Moved:
    """How a redrive or a drop ended, as numbers of messages.

    `left_out` failed because of their content and stay in the queue. `unseen` is the approximate number of
    messages that SQS does not show, because earlier messages of their group are in flight.
    """

    moved: int = 0
    left_out: int = 0
    unseen: int = 0


def plan(deployment: Deployment) -> Moved:
    """Return the outcome of `redrive` without `everything`, as far as SQS shows the queue."""
    found = look(deployment, limit=LOOK_AT_MOST)
    staying = sum(letter.cause is Cause.CONTENT for letter in found.letters)
    seen = len(found.letters)
    return Moved(seen - staying, staying, found.total - seen)


def redrive(
    deployment: Deployment,
    *,
    everything: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    on_progress: Callable[[int, int], None] = lambda moved, total: None,
) -> Moved:
    """Send messages back to the main queue, except those that failed because of their content.

    With `everything`, or if no message is to be left out, SQS moves them (StartMessageMoveTask, which
    supports FIFO queues but cannot choose messages), and this waits for the end. The messages get new ids;
    the consumer identifies them by their content, so nothing is stored or counted twice.
    """
    queue = DeadLetterQueue(deployment)
    total = queue.count()
    if not total:
        return Moved()
    if everything or _nothing_to_leave_out(deployment):
        try:
            return _move_all(deployment, queue, total, sleep=sleep, on_progress=on_progress)
        except ClientError as error:
            if not is_unknown_action(error):
                raise

    def goes(_: Message, ledger: Ledger | None) -> bool:
        return everything or cause(ledger) is not Cause.CONTENT

    return _walk(queue, goes, _sender(deployment), on_progress=lambda moved: on_progress(moved, total))


def redrive_some(deployment: Deployment, ids: Collection[str]) -> Moved:
    """Send these messages back to the main queue, whatever their cause; others of their group stay."""
    return _take_out(deployment, ids, _sender(deployment))


def drop(deployment: Deployment, ids: Collection[str]) -> Moved:
    """Delete these messages."""
    return _take_out(deployment, ids, lambda message: None)


def _take_out(deployment: Deployment, ids: Collection[str], treat: Callable[[Message], None]) -> Moved:
    wanted = set(ids)

    def goes(message: Message, _: Ledger | None) -> bool:
        return message["MessageId"] in wanted

    done = _walk(DeadLetterQueue(deployment), goes, treat, ledgers=False, until=len(wanted))
    return Moved(done.moved, unseen=len(wanted) - done.moved)


def _sender(deployment: Deployment) -> Callable[[Message], None]:
    """Return a function that sends a message to the main queue."""
    target = deployment.queue_url()

    def send(message: Message) -> None:
        # The records of a bare message are identified by its deduplication id, so it is kept. SQS accepts a
        # message with an id of the last five minutes but drops it. AWS has replaced the id when it moved the
        # message here; where it did not, the second of these ids does.
        for name in original_ids(message):
            reply = deployment.aws.sqs.send_message(
                QueueUrl=target,
                MessageBody=message["Body"],
                MessageGroupId=message["Attributes"]["MessageGroupId"],
                MessageDeduplicationId=name,
            )
            if reply["MessageId"] not in original_ids(message):
                return
        raise LogctlError(
            f"SQS takes {message['MessageId']} for a duplicate of itself, so it stays in the queue.",
            "Run the same command again five minutes after the message was first sent.",
        )

    return send


def _walk(
    queue: DeadLetterQueue,
    goes: Callable[[Message, Ledger | None], bool],
    treat: Callable[[Message], None],
    *,
    on_progress: Callable[[int], None] = lambda moved: None,
    ledgers: bool = True,
    until: int | None = None,
) -> Moved:
    """Receive the queue's messages in rounds; treat and delete each that `goes` selects, up to `until`.

    A message is treated before it is deleted: an interruption in between repeats it, and loses nothing. With
    `ledgers`, `goes` gets what the consumer recorded of the message.
    """
    moved, staying = 0, set[str]()
    while True:
        before = moved
        with queue.hold() as held:
            while moved != until and (messages := held.receive()):
                known = queue.with_ledgers(messages) if ledgers else [(message, None) for message in messages]
                for message, ledger in known:
                    if not goes(message, ledger):
                        staying.add(message["MessageId"])
                        continue
                    treat(message)
                    held.delete(message)
                    moved += 1
                    on_progress(moved)
        if moved in (before, until):
            return Moved(moved, len(staying), max(0, queue.count() - len(staying)))


def _nothing_to_leave_out(deployment: Deployment) -> bool:
    found = look(deployment, limit=LOOK_AT_MOST)
    return len(found.letters) == found.total and not any(
        letter.cause is Cause.CONTENT for letter in found.letters
    )


def _move_all(
    deployment: Deployment,
    queue: DeadLetterQueue,
    total: int,
    *,
    sleep: Callable[[float], None],
    on_progress: Callable[[int, int], None],
) -> Moved:
    """Let SQS move all messages, and wait until the move has ended."""
    sqs = deployment.aws.sqs
    arn = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
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
    """Yield the state of the newest move task and the number of messages moved, twice a second."""
    while True:
        task = deployment.aws.sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"][0]
        yield task.get("Status", "RUNNING"), task.get("ApproximateNumberOfMessagesMoved", 0)
        sleep(0.5)
