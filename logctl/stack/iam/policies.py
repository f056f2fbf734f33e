"""IAM statements as small functions whose results add up: `read_queue(queue) + put_objects(bucket, ...)`.

Each returns statements with exact actions on exact ARNs. The policy of a function's role is a sum of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from logctl.core.partitions import COMPACTED, LOGS, RESULTS
from logctl.pipeline.stores.outbox import UNCOUNTED

Statement = dict[str, Any]
Arn = str | dict[str, Any]


def sub(text: str) -> dict[str, str]:
    """Return `Fn::Sub` of a text with placeholders such as `${AWS::Region}`."""
    return {"Fn::Sub": text}


def named(name: str) -> str | dict[str, str]:
    """Return a name as plain text where it has no placeholders, or else as `Fn::Sub`.

    CloudFormation takes over an existing resource only by a name without functions (AWS CloudFormation User
    Guide, Import AWS resources automatically).
    """
    return sub(name) if "${" in name else name


def arn_of(logical_id: str) -> dict[str, Any]:
    """Return `Fn::GetAtt` of a resource's ARN."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def allow(sid: str, actions: Sequence[str], resources: Sequence[Arn]) -> list[Statement]:
    """Return one statement, in a list, so that statements add up."""
    return [{"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}]


def read_queue(queue: Arn) -> list[Statement]:
    """Allow the calls that Lambda's poller makes with the function's role.

    Source: AWS Lambda Developer Guide, Using Lambda with Amazon SQS.
    """
    return allow("ReadQueue", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue])


def put_objects(bucket: str, *prefixes: str) -> list[Statement]:
    return allow("PutObjects", ["s3:PutObject"], [sub(f"${{{bucket}.Arn}}/{prefix}*") for prefix in prefixes])


def put_hot_rows(table: Arn) -> list[Statement]:
    """Allow writing rows, and the ledger of attempts, which is in the same table."""
    return allow("PutHotRows", ["dynamodb:PutItem"], [table]) + allow(
        "KeepAttempts", ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"], [table]
    )


def bury(queue: Arn) -> list[Statement]:
    """Allow sending messages that can be neither read nor quarantined to the dead-letter queue."""
    return allow("Bury", ["sqs:SendMessage"], [queue])


def find_known_records(table: Arn) -> list[Statement]:
    """Allow looking up records that the hot table already has, which are not stored again."""
    return allow("FindKnownRecords", ["dynamodb:Query"], [table])


def count_alerts(table: Arn) -> list[Statement]:
    """Allow counting events in the states of alert windows.

    A transaction needs the actions of its items, and no action of its own (Amazon DynamoDB Developer Guide,
    Using IAM with DynamoDB transactions).
    """
    read = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"]
    return allow("CountAlerts", [*read, "dynamodb:PutItem", "dynamodb:UpdateItem"], [table])


def sweep_alerts(table: str, index: str) -> list[Statement]:
    """Allow finding due states and silences, reading and updating them, and counting outbox events."""
    actions = ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    return allow(
        "FindDueAlerts", ["dynamodb:Query"], [arn_of(table), sub(f"${{{table}.Arn}}/index/{index}")]
    ) + allow("SettleAlerts", actions, [arn_of(table)])


def empty_outbox(table: Arn) -> list[Statement]:
    """Allow reading and deleting the rows of the outbox, and no other rows of its table.

    Source: Amazon DynamoDB Developer Guide, Using IAM policy conditions for fine-grained access control.
    """
    (statement,) = allow("EmptyOutbox", ["dynamodb:Query", "dynamodb:DeleteItem"], [table])
    rows = {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(UNCOUNTED)}}
    return [{**statement, "Condition": rows}]


def read_hot_rows(table: str, *indexes: str) -> list[Statement]:
    return allow(
        "ReadHotRows",
        ["dynamodb:Query"],
        [arn_of(table), *(sub(f"${{{table}.Arn}}/index/{index}") for index in indexes)],
    ) + allow("GetHotRows", ["dynamodb:BatchGetItem"], [arn_of(table)])


def read_alerts(table: str, index: str) -> list[Statement]:
    return allow(
        "ReadAlerts", ["dynamodb:Query"], [arn_of(table), sub(f"${{{table}.Arn}}/index/{index}")]
    ) + allow("GetAlerts", ["dynamodb:BatchGetItem"], [arn_of(table)])


def see_queues(*queues: Arn) -> list[Statement]:
    return allow("SeeQueues", ["sqs:GetQueueAttributes"], queues)


def publish(topic: Arn) -> list[Statement]:
    return allow("PublishAlerts", ["sns:Publish"], [topic])


def register_partitions(database: str, table: str) -> list[Statement]:
    return allow("RegisterPartitions", ["glue:BatchCreatePartition"], _catalog(database, table))


def drop_partitions(database: str, *tables: str) -> list[Statement]:
    return allow(
        "DropPartitions", ["glue:GetPartitions", "glue:BatchDeletePartition"], _catalog(database, *tables)
    )


def _catalog(database: str, *tables: str) -> list[Arn]:
    """Return catalog, database and tables: Glue checks all three for a call on a table's partitions."""
    root = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
    listed = [f"{root}:table/{database}/{table}" for table in tables]
    return [sub(f"{root}:catalog"), sub(f"{root}:database/{database}"), *map(sub, listed)]


def list_objects(bucket: str, *prefixes: str) -> list[Statement]:
    """Allow listing keys under some prefixes. The resource is the bucket, so the prefixes are a condition."""
    (statement,) = allow("ListObjects", ["s3:ListBucket"], [arn_of(bucket)])
    under = {"StringLike": {"s3:prefix": [f"{prefix}*" for prefix in prefixes]}}
    return [{**statement, "Condition": under}]


def read_objects(bucket: str, *prefixes: str) -> list[Statement]:
    return allow(
        "ReadObjects", ["s3:GetObject"], [sub(f"${{{bucket}.Arn}}/{prefix}*") for prefix in prefixes]
    )


def run_queries(workgroup: str, *, rows: bool = True) -> list[Statement]:
    """Allow running statements in a workgroup; `rows` is false if their results are not read."""
    arn = f"arn:${{AWS::Partition}}:athena:${{AWS::Region}}:${{AWS::AccountId}}:workgroup/{workgroup}"
    actions = ["athena:StartQueryExecution", "athena:GetQueryExecution", "athena:StopQueryExecution"]
    return allow("Query", [*actions, "athena:GetQueryResults"] if rows else actions, [sub(arn)])


def read_catalog(database: str) -> list[Statement]:
    """Allow the reads of the catalog that Athena makes with the caller's permissions.

    It reads the default database too, whatever a statement names (Amazon Athena User Guide, Configure access
    to databases and tables in the AWS Glue Data Catalog).
    """
    actions = ("GetDatabase", "GetTable", "GetTables", "GetPartition", "GetPartitions")
    return allow("ReadCatalog", [f"glue:{action}" for action in actions], _catalog(database, "*")) + allow(
        "DefaultDatabase", ["glue:GetDatabase"], _catalog("default")
    )


def compact(bucket: str, database: str, compacted: str, workgroup: str) -> list[Statement]:
    """Allow compaction: the compactor's own calls, and those of Athena on its behalf.

    Athena accesses catalog and bucket with the caller's permissions (Amazon Athena User Guide, Identity and
    access management).
    """
    objects = f"${{{bucket}.Arn}}"
    return (
        run_queries(workgroup)
        + read_catalog(database)
        + allow(
            "SwitchPartitions",
            ["glue:BatchCreatePartition", "glue:UpdatePartition"],
            _catalog(database, compacted, "compaction_*"),
        )
        + allow(
            "StagingTables",
            ["glue:CreateTable", "glue:DeleteTable"],
            _catalog(database, "compaction_*"),
        )
        + allow("ListBucket", ["s3:ListBucket", "s3:GetBucketLocation"], [arn_of(bucket)])
        + allow(
            "ReadObjects",
            ["s3:GetObject"],
            [sub(f"{objects}/{prefix}*") for prefix in (LOGS, COMPACTED, RESULTS)],
        )
        + allow(
            "WriteObjects",
            ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            [sub(f"{objects}/{prefix}*") for prefix in (COMPACTED, RESULTS)],
        )
        + allow(
            "DeleteReplaced",
            ["s3:DeleteObject"],
            [sub(f"{objects}/{prefix}*") for prefix in (LOGS, COMPACTED)],
        )
    )


def write_logs(log_group: str) -> list[Statement]:
    return allow("WriteLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [arn_of(log_group)])


def deny_plain_http(service: str, resources: Sequence[Arn]) -> Statement:
    """Return a statement of a resource policy that denies everybody access without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(statements: Sequence[Statement]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust_lambda() -> dict[str, Any]:
    """Return the trust policy of a function's role.

    It has no condition on aws:SourceAccount. AWS Lambda's guide does not say that this key is set when
    Lambda assumes an execution role, and no other account can pass this role to a function of its own.
    """
    return document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ]
    )
