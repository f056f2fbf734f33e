"""What runs: consumer, sweeper and compactor from one zip, a role each, and what calls them.

The API's function is made here too; what stands before it is in `api`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.partitions import CANARIES, COMPACTED, LOGS, QUARANTINE
from logctl.pipeline.config import CompactorConfig, PipelineConfig
from logctl.pipeline.stores.alert_states import DUE
from logctl.stack.iam import policies
from logctl.stack.iam.policies import Statement, arn_of, document, trust_lambda
from logctl.stack.names import Names
from logctl.stack.settings import Settings, cli_flags

CONSUMER_TIMEOUT = 60
SWEEPER_TIMEOUT = 50
COMPACTOR_TIMEOUT = 900
LOG_RETENTION_DAYS = 30
_STALE = 60
"""Seconds after which a call of the sweeper is dropped; AWS takes no less."""


@dataclass(frozen=True)
class Code:
    """Where the zip is, and what it was built for. `bucket` may be an intrinsic function."""

    bucket: str | dict[str, Any]
    key: str
    runtime: str
    architecture: str


def resources(settings: Settings, names: Names, code: Code) -> dict[str, Any]:
    may = policies.read_queue(arn_of("Queue")) + consumer_may(names) + policies.write_logs("ConsumerLogs")
    sweeper_may = (
        policies.sweep_alerts("AlertsTable", DUE)
        + policies.empty_outbox(arn_of("HotTable"))
        + policies.publish({"Ref": "Topic"})
        + policies.drop_partitions(names.database, names.table, names.compacted_table)
        + policies.list_objects("Bucket", LOGS, COMPACTED)
        + policies.write_logs("SweeperLogs")
    )
    known = {
        "bucket": {"Ref": "Bucket"},
        "hot_table": {"Ref": "HotTable"},
        "alerts_table": {"Ref": "AlertsTable"},
        "topic_arn": {"Ref": "Topic"},
        "database": names.database,
        "table": names.table,
        "compacted_table": names.compacted_table,
        "cli_flags": cli_flags(settings),
    }
    sweeper_env = PipelineConfig.to_env(settings, **known)
    consumer_env = PipelineConfig.to_env(settings, **known, dead_letter_queue_url={"Ref": "DeadLetterQueue"})
    return {
        **function("Consumer", names.consumer, code, may, consumer_env, CONSUMER_TIMEOUT, 512),
        **function("Sweeper", names.sweeper, code, sweeper_may, sweeper_env, SWEEPER_TIMEOUT, 256),
        "ConsumerSource": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": arn_of("Queue"),
                "FunctionName": {"Ref": "Consumer"},
                # FIFO: at most 10, and no batching window (Lambda API, CreateEventSourceMapping).
                "BatchSize": 10,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        },
        **_schedule(
            "Sweeper",
            names.sweeper,
            "rate(1 minute)",
            "Ends alert windows, sends what was held back, drops expired partitions.",
            # A call that comes late brings a time that is past, and the next one does its work anyway.
            {"RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": _STALE}},
        ),
        "SweeperCalls": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Sweeper"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "MaximumEventAgeInSeconds": _STALE,
            },
        },
        **(_compactor(settings, names, code) if settings.compact_after else {}),
    }


def consumer_may(names: Names) -> list[Statement]:
    """What the consumer's code needs, wherever it runs."""
    return (
        policies.put_objects("Bucket", LOGS, QUARANTINE, CANARIES)
        + policies.put_hot_rows(arn_of("HotTable"))
        + policies.find_known_records(arn_of("HotTable"))
        + policies.bury(arn_of("DeadLetterQueue"))
        + policies.count_alerts(arn_of("AlertsTable"))
        + policies.publish({"Ref": "Topic"})
        + policies.register_partitions(names.database, names.table)
    )


def _compactor(settings: Settings, names: Names, code: Code) -> dict[str, Any]:
    may = policies.compact(
        "Bucket", names.database, names.compacted_table, names.workgroup
    ) + policies.write_logs("CompactorLogs")
    environment = CompactorConfig.to_env(
        settings,
        bucket={"Ref": "Bucket"},
        database=names.database,
        compacted_table=names.compacted_table,
        view=names.view,
        workgroup={"Ref": "Workgroup"},
    )
    return {
        **function("Compactor", names.compactor, code, may, environment, COMPACTOR_TIMEOUT, 256),
        **_schedule(
            "Compactor",
            names.compactor,
            "cron(20 3 * * ? *)",
            "Makes Parquet of days that are old enough, and deletes what it replaced.",
        ),
    }


def _schedule(
    logical_id: str, name: str, expression: str, description: str, target: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """A rule that calls a function, and the permission to. `target` is what else is said of the call."""
    return {
        f"{logical_id}Schedule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": name,
                "Description": description,
                "ScheduleExpression": expression,
                "State": "ENABLED",
                "Targets": [{"Id": logical_id.lower(), "Arn": arn_of(logical_id), **(target or {})}],
            },
        },
        f"{logical_id}Permission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": logical_id},
                "Action": "lambda:InvokeFunction",
                "Principal": "events.amazonaws.com",
                # The rule's ARN holds the account. SourceAccount besides "is not supported by all event
                # sources", and where it is not, the function is silently never called.
                "SourceArn": arn_of(f"{logical_id}Schedule"),
            },
        },
    }


def function(
    logical_id: str,
    name: str,
    code: Code,
    may: list[Statement],
    environment: dict[str, Any],
    timeout: int,
    memory: int,
    *,
    reserved: int = 0,
) -> dict[str, Any]:
    """A function with its role and log group. Its handler is in the module of its name.

    `timeout` is in seconds, `memory` in MB; `reserved` is how many run at once at the most, 0 for no limit.
    """
    return {
        f"{logical_id}Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": policies.sub(f"{name}-${{AWS::Region}}"),
                "AssumeRolePolicyDocument": trust_lambda(),
                "Policies": [{"PolicyName": name, "PolicyDocument": document(may)}],
            },
        },
        f"{logical_id}Logs": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": f"/aws/lambda/{name}",
                "RetentionInDays": LOG_RETENTION_DAYS,
            },
        },
        logical_id: {
            "Type": "AWS::Lambda::Function",
            # Lambda makes a log group of its own, without retention, if it runs before ours is there.
            "DependsOn": [f"{logical_id}Logs"],
            "Properties": {
                "FunctionName": name,
                "Runtime": code.runtime,
                "Architectures": [code.architecture],
                "Handler": f"logctl.pipeline.{logical_id.lower()}.handler",
                "Code": {"S3Bucket": code.bucket, "S3Key": code.key},
                "Role": arn_of(f"{logical_id}Role"),
                "Timeout": timeout,
                "MemorySize": memory,
                "Environment": {"Variables": environment},
                **({"ReservedConcurrentExecutions": reserved} if reserved else {}),
            },
        },
    }
