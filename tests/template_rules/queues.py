"""What a FIFO queue, its consumer and its dead-letter queue must be for no record to be lost or held up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

_FOURTEEN_DAYS = 14 * 24 * 3600
_LEAST_RECEIVES = 5


def _properties(cfn: Template, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in cfn.get_resources(resource_type=[kind]).items():
        yield name, resource.get("Properties", {})


def _named(value: Any) -> str:
    """The logical id that a Ref or GetAtt names."""
    if not isinstance(value, dict):
        return ""
    named = value.get("Ref") or value.get("Fn::GetAtt") or ""
    return str(named[0] if isinstance(named, list) else named.split(".")[0])


class EventSource(CloudFormationLintRule):
    id = "E9101"
    shortdesc = "A FIFO event source reports what failed, at most ten at a time"
    description = "Without ReportBatchItemFailures one bad message repeats a whole batch"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html"
    tags = ["sqs", "lambda"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        for name, source in _properties(cfn, "AWS::Lambda::EventSourceMapping"):
            path = ["Resources", name, "Properties"]
            if "ReportBatchItemFailures" not in source.get("FunctionResponseTypes", []):
                yield RuleMatch(path, f"{name} does not take partial batch responses")
            if source.get("BatchSize", 10) > 10:
                yield RuleMatch([*path, "BatchSize"], f"{name} takes more than 10 of a FIFO queue")


class Visibility(CloudFormationLintRule):
    id = "E9102"
    shortdesc = "A queue hides a message for six times its function's timeout"
    description = "Else a message comes again while it is being worked on"
    source_url = "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"
    tags = ["sqs", "lambda"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        queues = dict(_properties(cfn, "AWS::SQS::Queue"))
        functions = dict(_properties(cfn, "AWS::Lambda::Function"))
        for _, source in _properties(cfn, "AWS::Lambda::EventSourceMapping"):
            queue, function = _named(source.get("EventSourceArn")), _named(source.get("FunctionName"))
            if queue not in queues or function not in functions:
                continue
            least = 6 * functions[function].get("Timeout", 3)
            if queues[queue].get("VisibilityTimeout", 30) < least:
                path = ["Resources", queue, "Properties"]
                yield RuleMatch(
                    path, f"{queue} hides messages for less than {least} s, 6 times {function}'s timeout"
                )


class DeadLetterQueue(CloudFormationLintRule):
    id = "E9103"
    shortdesc = "A consumed queue has a FIFO dead-letter queue that keeps for 14 days"
    description = "And that takes from it alone, after five tries at the least"
    source_url = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"
    tags = ["sqs"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        queues = dict(_properties(cfn, "AWS::SQS::Queue"))
        for _, source in _properties(cfn, "AWS::Lambda::EventSourceMapping"):
            name = _named(source.get("EventSourceArn"))
            if name not in queues:
                continue
            path = ["Resources", name, "Properties"]
            redrive = queues[name].get("RedrivePolicy", {})
            dead = _named(redrive.get("deadLetterTargetArn"))
            if dead not in queues:
                yield RuleMatch(path, f"{name} has no dead-letter queue")
                continue
            if int(redrive.get("maxReceiveCount", 0)) < _LEAST_RECEIVES:
                yield RuleMatch([*path, "RedrivePolicy"], f"{name} gives up before {_LEAST_RECEIVES} tries")
            yield from self._letters(dead, queues[dead])

    def _letters(self, name: str, queue: dict[str, Any]) -> Iterator[RuleMatch]:
        path = ["Resources", name, "Properties"]
        if queue.get("FifoQueue") is not True:
            yield RuleMatch(path, f"{name} is not FIFO")
        if queue.get("MessageRetentionPeriod") != _FOURTEEN_DAYS:
            yield RuleMatch(path, f"{name} does not keep messages for 14 days")
        if queue.get("RedriveAllowPolicy", {}).get("redrivePermission") != "byQueue":
            yield RuleMatch(path, f"{name} takes dead letters of any queue")


class DeadLetterAlarm(CloudFormationLintRule):
    id = "E9104"
    shortdesc = "A dead letter raises an alarm"
    description = "By what is in the queue: what a redrive policy moves there counts as sent by nobody"
    source_url = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "dead-letter-queues-alarms-cloudwatch.html"
    )
    tags = ["sqs", "cloudwatch"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        queues = dict(_properties(cfn, "AWS::SQS::Queue"))
        watched = set()
        for _, alarm in _properties(cfn, "AWS::CloudWatch::Alarm"):
            if alarm.get("MetricName") == "ApproximateNumberOfMessagesVisible" and alarm.get("AlarmActions"):
                watched |= {str(item.get("Value")) for item in alarm.get("Dimensions", [])}
        for queue in queues.values():
            dead = _named(queue.get("RedrivePolicy", {}).get("deadLetterTargetArn"))
            if dead and str(queues.get(dead, {}).get("QueueName")) not in watched:
                yield RuleMatch(["Resources", dead, "Properties"], f"no alarm watches {dead}")


class Deduplication(CloudFormationLintRule):
    id = "E9105"
    shortdesc = "FIFO queues do not deduplicate by content"
    description = "Of two equal log lines within five minutes one would be lost"
    source_url = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "using-messagededuplicationid-property.html"
    )
    tags = ["sqs"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        for name, queue in _properties(cfn, "AWS::SQS::Queue"):
            if queue.get("FifoQueue") and queue.get("ContentBasedDeduplication") is not False:
                yield RuleMatch(["Resources", name, "Properties"], f"{name} deduplicates by content")
