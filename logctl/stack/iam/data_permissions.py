"""The permissions of the commands that send, read, repair and deliver records and handle alerts."""

from __future__ import annotations

from logctl.core.partitions import LOGS, QUARANTINE
from logctl.pipeline.stores.attempt_ledger import PREFIX
from logctl.pipeline.stores.attention_index import DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS
from logctl.pipeline.stores.silences import SILENCES
from logctl.stack.catalog_tables import own_tables
from logctl.stack.iam import policies
from logctl.stack.iam.policies import Statement, allow
from logctl.stack.iam.scope import PolicyScope
from logctl.stack.iam.shared_statements import (
    ALERTS,
    DEAD_LETTERS,
    HOT,
    QUEUE,
    list_records,
    object_arns,
    read_outputs,
    read_partitions,
    read_rules,
    run_athena,
    see_tables,
    table_arns,
)
from logctl.stack.resources.lambda_functions import consumer_may


def silences(sid: str, *actions: str) -> list[Statement]:
    """Return a statement for silences only, which are under one key of the alerts table.

    Source: Amazon DynamoDB Developer Guide, Using IAM policy conditions for fine-grained access control.
    """
    (statement,) = allow(sid, actions, [ALERTS])
    return [{**statement, "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [SILENCES]}}}]


def send(_: PolicyScope) -> list[Statement]:
    return allow("Send", ["sqs:GetQueueUrl", "sqs:SendMessage"], [QUEUE])


def send_wait(_: PolicyScope) -> list[Statement]:
    return allow("WaitUntilReadable", ["dynamodb:Query"], [HOT])


def tail(scope: PolicyScope) -> list[Statement]:
    """Allow reading hot rows and the objects that they point to.

    Whether an object is gone or forbidden can be told only with the permission to list it.
    """
    return (
        policies.read_hot_rows("HotTable", ARRIVAL, ARRIVALS)
        + policies.read_objects("Bucket", LOGS)
        + policies.list_objects("Bucket", LOGS)
        + read_rules(scope)
    )


def partitions(scope: PolicyScope) -> list[Statement]:
    return read_partitions(scope) + list_records(scope)


def repair(scope: PolicyScope) -> list[Statement]:
    writes = ["glue:BatchCreatePartition", "glue:BatchDeletePartition", "glue:BatchUpdatePartition"]
    return [
        *partitions(scope),
        *allow("RepairPartitions", writes, table_arns(scope, scope.names.table)),
        *_bring_tables_back(scope),
    ]


def _bring_tables_back(scope: PolicyScope) -> list[Statement]:
    writes = ["glue:CreateDatabase", "glue:CreateTable", "glue:UpdateTable"]
    own = table_arns(scope, *own_tables(scope.names))
    return see_tables(scope) + read_outputs(scope) + allow("BringTablesBack", writes, own)


def repair_via(scope: PolicyScope) -> list[Statement]:
    """Allow Athena's DDL and MSCK, which Athena runs with the caller's permissions."""
    writes = [
        "glue:BatchCreatePartition",
        "glue:BatchDeletePartition",
        "glue:DeletePartition",
        "glue:UpdatePartition",
    ]
    return run_athena(scope, rows=False) + allow(
        "RepairByStatement", writes, table_arns(scope, scope.names.table)
    )


def compact(scope: PolicyScope) -> list[Statement]:
    names = scope.names
    may = policies.compact("Bucket", names.database, names.compacted_table, names.workgroup)
    return may + read_rules(scope)


def debounce_show(scope: PolicyScope) -> list[Statement]:
    return allow("ReadAlerts", ["dynamodb:GetItem"], [ALERTS]) + read_rules(scope)


def debounce_list(scope: PolicyScope) -> list[Statement]:
    return policies.read_alerts("AlertsTable", DUE) + read_rules(scope)


def dlq_look(_: PolicyScope) -> list[Statement]:
    actions = ["ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"]
    return allow("LookAtDeadLetters", [f"sqs:{action}" for action in actions], [DEAD_LETTERS]) + _attempts()


def _attempts() -> list[Statement]:
    """Allow reading the ledgers of attempts, which are in the hot table under keys that no app has."""
    (statement,) = allow("ReadAttempts", ["dynamodb:BatchGetItem"], [HOT])
    return [{**statement, "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{PREFIX}*"]}}}]


def dlq_redrive(scope: PolicyScope) -> list[Statement]:
    """Allow a redrive, which receives, deletes and sends with the caller's permissions.

    Source: Amazon SQS Developer Guide, Configuring queue permissions for dead-letter queue redrive.
    """
    actions = ["DeleteMessage", "ListMessageMoveTasks", "StartMessageMoveTask"]
    return (
        dlq_look(scope)
        + allow("Redrive", [f"sqs:{action}" for action in actions], [DEAD_LETTERS])
        + allow("BackToTheQueue", ["sqs:GetQueueUrl", "sqs:SendMessage"], [QUEUE])
    )


def dlq_drop(scope: PolicyScope) -> list[Statement]:
    return dlq_look(scope) + allow("Drop", ["sqs:DeleteMessage"], [DEAD_LETTERS])


def quarantine_look(_: PolicyScope) -> list[Statement]:
    return policies.list_objects("Bucket", QUARANTINE) + allow(
        "ReadQuarantine", ["s3:GetObject"], object_arns(QUARANTINE)
    )


def quarantine_drop(scope: PolicyScope) -> list[Statement]:
    return quarantine_look(scope) + allow("LeaveQuarantine", ["s3:DeleteObject"], object_arns(QUARANTINE))


def quarantine_retry(scope: PolicyScope) -> list[Statement]:
    """Allow what `quarantine retry` needs: it runs the consumer's code, which stores the records."""
    return quarantine_drop(scope) + consumer_may(scope.names) + read_rules(scope)


def replay(scope: PolicyScope) -> list[Statement]:
    return (
        read_rules(scope)
        + run_athena(scope)
        + allow("HotRows", ["dynamodb:GetItem", "dynamodb:PutItem"], [HOT])
    )


def consume(scope: PolicyScope) -> list[Statement]:
    """Allow the calls of Lambda's poller and the consumer."""
    receive = allow("Receive", ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [QUEUE])
    return receive + consumer_may(scope.names) + read_rules(scope)
