"""The functions: consumer, sweeper and compactor, each with a role, and their triggers.

All functions have one zip. The API's function is made by `function` too, in `http_api`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.partitions import CANARIES, COMPACTED, LOGS, QUARANTINE
from logctl.pipeline.config import CompactorConfig, PipelineConfig
from logctl.pipeline.stores.attention_index import DUE
from logctl.stack.iam import policies
from logctl.stack.iam.policies import Statement, arn_of, document, trust_lambda
from logctl.stack.names import Names
from logctl.stack.settings import Settings, cli_flags

CONSUMER_TIMEOUT = 60
SWEEPER_TIMEOUT = 50
COMPACTOR_TIMEOUT = 900
LOG_RETENTION_DAYS = 30
_STALE = 60
"""Seconds after which Lambda drops a call of the sweeper that it could not start; the least that it takes."""


@dataclass(frozen=True)
class Code:
    """The functions' zip: place, runtime, architecture. `bucket` may be a CloudFormation function."""

    bucket: str | dict[str, Any]
    key: str
    runtime: str
    architecture: str


def resources(settings: Settings, names: Names, code: Code) -> dict[str, Any]:
    """Return the functions except the API's; the compactor only if the settings enable it."""
    # The fields of PipelineConfig that consumer and sweeper are told besides the settings.
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
    return {
        **function(
            "Consumer",
            names.consumer,
            code,
            may=policies.read_queue(arn_of("Queue"))
            + consumer_may(names)
            + policies.write_logs("ConsumerLogs"),
            environment=PipelineConfig.to_env(
                settings, **known, dead_letter_queue_url={"Ref": "DeadLetterQueue"}
            ),
            timeout=CONSUMER_TIMEOUT,
            memory=512,
        ),
        **function(
            "Sweeper",
            names.sweeper,
            code,
            may=policies.sweep_alerts("AlertsTable", DUE)
            + policies.empty_outbox(arn_of("HotTable"))
            + policies.publish({"Ref": "Topic"})
            + policies.drop_partitions(names.database, names.table, names.compacted_table)
            + policies.list_objects("Bucket", LOGS, COMPACTED)
            + policies.write_logs("SweeperLogs"),
            environment=PipelineConfig.to_env(settings, **known),
            timeout=SWEEPER_TIMEOUT,
            memory=256,
        ),
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
            "Ends alert windows, reports suppressed events, drops expired partitions.",
            # The event's time is the sweeper's clock: a late call has an old one, and the next does its work.
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
    """Return the permissions to process a message, in Lambda or in a command that runs the same code."""
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
    return {
        **function(
            "Compactor",
            names.compactor,
            code,
            may=policies.compact("Bucket", names.database, names.compacted_table, names.workgroup)
            + policies.write_logs("CompactorLogs"),
            environment=CompactorConfig.to_env(
                settings,
                bucket={"Ref": "Bucket"},
                database=names.database,
                compacted_table=names.compacted_table,
                view=names.view,
                workgroup={"Ref": "Workgroup"},
            ),
            timeout=COMPACTOR_TIMEOUT,
            memory=256,
        ),
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
    """Return the rule that calls a function on a schedule, and the permission to call it.

    Args:
        logical_id: of the function.
        name: of the rule.
        expression: `rate(…)` or `cron(…)`, in UTC.
        description: what the call does.
        target: properties of the rule's target besides the function.
    """
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
                # The rule's ARN contains the account. SourceAccount in addition "is not supported by all
                # event sources", and where it is not, the function is never called and nothing reports it.
                "SourceArn": arn_of(f"{logical_id}Schedule"),
            },
        },
    }


def function(
    logical_id: str,
    name: str,
    code: Code,
    *,
    may: list[Statement],
    environment: dict[str, Any],
    timeout: int,
    memory: int,
    reserved: int = 0,
) -> dict[str, Any]:
    """Return a function with its role and log group.

    Args:
        logical_id: its name in the template. The handler is in the module of this name in `pipeline`.
        name: its name in Lambda.
        code: its zip.
        may: what its role allows.
        environment: its variables (`FunctionConfig.to_env`).
        timeout: in seconds.
        memory: in MB.
        reserved: how many may run at once, reserved for it; 0 for no reservation and no limit.
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
            # Lambda creates the log group, without retention, if the function runs before it exists.
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
