"""An SQS queue that is subscribed to the alert topic, to see what a subscriber gets."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from logctl.ops.deployment import Deployment


@dataclass(frozen=True)
class Delivered:
    """An alert as it was delivered."""

    subject: str
    body: str


class Inbox:
    """A subscriber that receives every alert that is published after it was created."""

    def __init__(self, deployment: Deployment) -> None:
        self._sqs = deployment.aws.sqs
        names, aws = deployment.names, deployment.aws
        topic = names.topic_arn(aws.partition, aws.account, aws.region)
        self._url = self._sqs.create_queue(QueueName=f"{names.stack}-inbox")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])
        arn = attributes["Attributes"]["QueueArn"]
        policy = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "sns.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
                }
            ],
        }
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes={"Policy": json.dumps(policy)})
        aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    def take(self, *, seconds: float, sleep: Callable[[float], None] = time.sleep) -> list[Delivered]:
        """Return the alerts that have arrived, after waiting up to `seconds` for the first."""
        deadline = time.monotonic() + seconds
        taken: list[Delivered] = []
        while True:
            reply = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10)
            for message in reply.get("Messages", []):
                content = json.loads(message["Body"])
                taken.append(Delivered(content.get("Subject", ""), content["Message"]))
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
            if not reply.get("Messages") and (taken or time.monotonic() > deadline):
                return taken
            if not taken:
                sleep(0.2)
