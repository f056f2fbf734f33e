"""An SQS message as Lambda delivers it, and Lambda's answer to a batch of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict


class BatchItemFailure(TypedDict):
    itemIdentifier: str


class BatchResponse(TypedDict):
    """What Lambda takes as a partial batch response (AWS Lambda Developer Guide, SQS error handling)."""

    batchItemFailures: list[BatchItemFailure]


@dataclass(frozen=True)
class Message:
    """An SQS message. `sent_at` is in milliseconds."""

    message_id: str
    body: str
    group: str
    deduplication_id: str
    sequence: str
    sent_at: int
    receives: int

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Message:
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
