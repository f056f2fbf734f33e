"""An SQS message as Lambda delivers it, and the reply that Lambda expects for a batch of messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict


class BatchItemFailure(TypedDict):
    """A message that is not done; its identifier is the message id."""

    itemIdentifier: str


class BatchResponse(TypedDict):
    """A partial batch response (AWS Lambda Developer Guide, SQS error handling)."""

    batchItemFailures: list[BatchItemFailure]


@dataclass(frozen=True)
class Message:
    """An SQS message.

    `sent_at` is in milliseconds; `receives` is how often SQS has delivered it, this time included.
    """

    message_id: str
    body: str
    group: str
    deduplication_id: str
    sequence: str
    sent_at: int
    receives: int

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Message:
        """Parse a record of Lambda's event."""
        attributes = record.get("attributes", {})
        return cls(
            message_id=record["messageId"],
            body=record.get("body", ""),
            group=attributes.get("MessageGroupId", ""),
            deduplication_id=attributes.get("MessageDeduplicationId", ""),
            sequence=attributes.get("SequenceNumber", ""),
            sent_at=int(attributes.get("SentTimestamp", "0")),
            receives=int(attributes.get("ApproximateReceiveCount", "1")),
        )
