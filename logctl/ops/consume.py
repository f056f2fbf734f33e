"""The consumer on this machine: its messages come from the queue or a file, not from Lambda's poller."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logctl.aws.clock import wall_clock
from logctl.core.errors import UsageError
from logctl.ops.deployment import Deployment
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.sqs_message import BatchResponse
from logctl.pipeline.delivery.together import AtOnce

_WAIT_SECONDS = 5


@dataclass(frozen=True)
class Consumed:
    """The result of one batch: how many messages it had, and the handler's response."""

    messages: int
    response: BatchResponse


def consumer_for(deployment: Deployment) -> Consumer:
    """Return the consumer that Lambda runs, with local credentials and the deployed configuration."""
    return Consumer(deployment.aws, deployment.pipeline_config(), clock=wall_clock, together=AtOnce())


def from_queue(deployment: Deployment, *, once: bool) -> Iterator[Consumed]:
    """Receive messages, process them, and delete those that succeeded; yield the result of each batch.

    Messages that the handler reports as failed stay in the queue, and are received again after the visibility
    timeout. With `once` it ends when the queue has no more messages, otherwise never.
    """
    consumer = consumer_for(deployment)
    sqs, url = deployment.aws.sqs, deployment.queue_url()
    while True:
        reply = sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=1 if once else _WAIT_SECONDS,
            MessageSystemAttributeNames=["All"],
        )
        messages = reply.get("Messages", [])
        if not messages:
            if once:
                return
            continue
        response = consumer.process({"Records": [_lambda_record(message) for message in messages]})
        failed = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
        for message in messages:
            if message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        yield Consumed(len(messages), response)


def _lambda_record(message: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "eventSource": "aws:sqs",
    }


def from_file(deployment: Deployment, path: Path) -> Consumed:
    """Process a Lambda event that was saved as JSON.

    Raises:
        UsageError: the file has no SQS event.
    """
    event = read_event(path)
    response = consumer_for(deployment).process(event)
    return Consumed(len(event["Records"]), response)


def read_event(path: Path) -> dict[str, Any]:
    """Read a Lambda event for SQS from a JSON file.

    Raises:
        UsageError: the file cannot be read, or has no SQS event.
    """
    try:
        event: Any = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as problem:
        raise UsageError(f"{path} cannot be read as a Lambda event: {problem}.") from None
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not all(
        isinstance(record, dict) and isinstance(record.get("messageId"), str) for record in records
    ):
        raise UsageError(
            f"{path} is not an SQS event: it needs a list Records, each with a messageId.",
            "See the example in the AWS Lambda Developer Guide, Using Lambda with Amazon SQS.",
        )
    return dict(event)
