"""The dead-letter queue in SQS: receiving without removal, deleting, and counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from logctl.core.attempts import Ledger
from logctl.ops.deployment import Deployment
from logctl.pipeline.stores.attempt_ledger import Attempts

HELD_SECONDS = 60
"""How long a received message stays in flight, unless it is put back earlier."""

Message = Mapping[str, Any]
"""A message as `ReceiveMessage` returns it."""


class DeadLetterQueue:
    """The dead-letter queue of a deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._sqs = deployment.aws.sqs
        self.url = deployment.dead_letter_queue_url()

    def count(self) -> int:
        """Return about how many messages are in the queue, in flight or not."""
        reply = self._sqs.get_queue_attributes(
            QueueUrl=self.url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )
        return sum(int(value) for value in reply["Attributes"].values())

    def hold(self) -> HeldMessages:
        """Return a context that receives messages; at its end, those not deleted are put back."""
        return HeldMessages(self._deployment, self.url)

    def with_ledgers(self, messages: Sequence[Message]) -> list[tuple[Message, Ledger | None]]:
        """Return each message with what the consumer recorded of its attempts; None if there is nothing."""
        ids = [name for message in messages for name in original_ids(message) if name]
        store = Attempts(self._deployment.aws.dynamodb, self._deployment.names.hot_table)
        ledgers = store.get(ids) if ids else {}
        return [
            (message, next((ledgers[name] for name in original_ids(message) if name in ledgers), None))
            for message in messages
        ]


class HeldMessages:
    """Messages in flight. Those that were not deleted are put back when the context ends."""

    def __init__(self, deployment: Deployment, url: str) -> None:
        self._sqs = deployment.aws.sqs
        self._url = url
        self._handles: dict[str, str] = {}

    def __enter__(self) -> HeldMessages:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self._handles.values():
            self._sqs.change_message_visibility(QueueUrl=self._url, ReceiptHandle=handle, VisibilityTimeout=0)

    def receive(self) -> Sequence[Message]:
        """Receive up to ten more messages; none when SQS has no other to show."""
        reply = self._sqs.receive_message(
            QueueUrl=self._url,
            MaxNumberOfMessages=10,
            VisibilityTimeout=HELD_SECONDS,
            WaitTimeSeconds=1,
            MessageSystemAttributeNames=["All"],
        )
        messages = reply.get("Messages", [])
        self._handles |= {message["MessageId"]: message["ReceiptHandle"] for message in messages}
        return messages

    def delete(self, message: Message) -> None:
        """Delete a message from the queue."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        self._handles.pop(message["MessageId"], None)


def original_ids(message: Message) -> tuple[str, str]:
    """Return the ids under which the consumer may have received a message.

    A move to a FIFO dead-letter queue replaces the deduplication id by the message's id (Amazon SQS Developer
    Guide, Learn how to configure a dead-letter queue redrive).
    """
    return (message.get("Attributes", {}).get("MessageDeduplicationId", ""), message["MessageId"])
