"""Resources that take records in: a FIFO queue in high-throughput mode, and its dead-letter queue."""

from __future__ import annotations

from typing import Any

from logctl.pipeline.config import MAX_RECEIVES
from logctl.stack.iam.policies import arn_of, deny_plain_http, document, sub
from logctl.stack.names import Names
from logctl.stack.resources.lambda_functions import CONSUMER_TIMEOUT

_FOURTEEN_DAYS = 14 * 24 * 3600
VISIBILITY_TIMEOUT = 6 * CONSUMER_TIMEOUT
"""Seconds: at least six times the function's timeout, so that Lambda can retry a throttled batch before its
messages are visible again (AWS Lambda Developer Guide, Using Lambda with Amazon SQS)."""


def resources(names: Names) -> dict[str, Any]:
    """Return both queues and their policies."""
    # By name: the queue refers to the dead-letter queue, so a reference back would be a circle.
    queue_arn = sub(f"arn:${{AWS::Partition}}:sqs:${{AWS::Region}}:${{AWS::AccountId}}:{names.queue}")
    return {
        "DeadLetterQueue": _fifo(
            names.dead_letter_queue,
            RedriveAllowPolicy={"redrivePermission": "byQueue", "sourceQueueArns": [queue_arn]},
        ),
        "Queue": _fifo(
            names.queue,
            VisibilityTimeout=VISIBILITY_TIMEOUT,
            RedrivePolicy={
                "deadLetterTargetArn": arn_of("DeadLetterQueue"),
                "maxReceiveCount": MAX_RECEIVES,
            },
        ),
        "QueuePolicy": _tls_only("Queue"),
        "DeadLetterQueuePolicy": _tls_only("DeadLetterQueue"),
    }


def _fifo(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::Queue",
        "Properties": {
            "QueueName": name,
            "FifoQueue": True,
            # Together these two are high-throughput FIFO: limits apply per message group, not per queue.
            "DeduplicationScope": "messageGroup",
            "FifoThroughputLimit": "perMessageGroupId",
            # With it, SQS would drop the second of two equal log lines within five minutes.
            "ContentBasedDeduplication": False,
            "MessageRetentionPeriod": _FOURTEEN_DAYS,
            "SqsManagedSseEnabled": True,
            **properties,
        },
    }


def _tls_only(queue: str) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": queue}],
            "PolicyDocument": document([deny_plain_http("sqs", [arn_of(queue)])]),
        },
    }
