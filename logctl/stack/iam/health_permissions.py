"""The permissions that `status`, `doctor` and `cost` need."""

from __future__ import annotations

from logctl.core.partitions import LOGS, QUARANTINE
from logctl.pipeline.stores.attention_index import DUE
from logctl.stack.iam import policies, targets
from logctl.stack.iam.data_permissions import send
from logctl.stack.iam.policies import Statement, allow
from logctl.stack.iam.scope import ANY, PolicyScope
from logctl.stack.iam.shared_statements import (
    ALERTS,
    DEAD_LETTERS,
    HOT,
    QUEUE,
    compare_stack,
    query_hot_rows,
    read_outputs,
    read_partitions,
    read_reservation,
    read_rules,
    run_athena,
    see_tables,
    stack_arns,
)
from logctl.stack.iam.stack_permissions import handlers_of_stack


def status(scope: PolicyScope) -> list[Statement]:
    names = scope.names
    return [
        *compare_stack(scope),
        *allow("Queues", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], [QUEUE, DEAD_LETTERS]),
        *read_rules(scope),
        # It has no resource, and neither has GetMetricData (Service Authorization Reference).
        *allow("Sources", ["lambda:ListEventSourceMappings"], [ANY]),
        *_metrics(scope),
        *allow("Schedule", ["events:DescribeRule"], [scope.arn("events", f"rule/{names.sweeper}")]),
        *read_partitions(scope, names.table),
        *see_tables(scope),
        *policies.list_objects("Bucket", LOGS, QUARANTINE),
        *policies.read_alerts("AlertsTable", DUE),
        *query_hot_rows(scope),
    ]


def _metrics(scope: PolicyScope) -> list[Statement]:
    return allow("Metrics", ["cloudwatch:GetMetricData"], [ANY]) + allow(
        "Alarms", ["cloudwatch:DescribeAlarms"], targets.all_alarms(scope)
    )


def status_drift(scope: PolicyScope) -> list[Statement]:
    """Allow drift detection, for which CloudFormation reads every resource with the caller's permissions."""
    detect = ["cloudformation:DescribeStackResourceDrifts", "cloudformation:DetectStackDrift"]
    return [
        *allow("Drift", detect, stack_arns(scope, scope.names.stack)),
        *allow("DriftStatus", ["cloudformation:DescribeStackDriftDetectionStatus"], [ANY]),
        *handlers_of_stack(scope, "read"),
    ]


def doctor(scope: PolicyScope) -> list[Statement]:
    names = scope.names
    return [
        *compare_stack(scope),
        *read_rules(scope),
        *allow("Quotas", ["lambda:GetAccountSettings"], [ANY]),
        *read_reservation(scope),
        *allow("Queue", ["sqs:GetQueueUrl"], [QUEUE]),
        *policies.list_objects("Bucket", LOGS),
        *allow("Tables", ["dynamodb:Query"], [HOT, ALERTS]),
        *allow("Topic", ["sns:GetTopicAttributes"], [{"Ref": "Topic"}]),
        *see_tables(scope),
        *allow("Workgroup", ["athena:GetWorkGroup"], [scope.arn("athena", f"workgroup/{names.workgroup}")]),
        *allow("Schedule", ["events:DescribeRule"], [scope.arn("events", f"rule/{names.sweeper}")]),
        *allow("Alarms", ["cloudwatch:DescribeAlarms"], targets.all_alarms(scope)),
    ]


def doctor_live(scope: PolicyScope) -> list[Statement]:
    return send(scope) + query_hot_rows(scope) + run_athena(scope)


def cost(scope: PolicyScope) -> list[Statement]:
    return [
        *read_outputs(scope),
        *allow("Functions", ["lambda:GetFunctionConfiguration"], [scope.mine("lambda", "function:")]),
        *allow("Tables", ["dynamodb:DescribeTable"], [HOT, ALERTS]),
        *_metrics(scope),
    ]
