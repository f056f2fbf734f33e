"""Permissions that Lambda, Athena and the compactor need although the code of logctl does not ask for them."""

from __future__ import annotations

from logctl.core.partitions import COMPACTED, LOGS, RESULTS
from logctl.stack.names import Names
from tests.helpers.iam import Need, Where

# These are called by Lambda itself with the function's role, not by our code (AWS Lambda Developer Guide,
# Using Lambda with Amazon SQS, and Defining Lambda function permissions with an execution role).
BY_LAMBDA = {
    "ReadQueue": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"},
    "WriteLogs": {"logs:CreateLogStream", "logs:PutLogEvents"},
}


def by_lambda(where: Where, names: Names, function: str) -> set[Need]:
    """What Lambda does with the role of `consumer`, `sweeper`, `api` or `compactor`."""
    group = where.arn("logs", f"log-group:/aws/lambda/{getattr(names, function)}:*")
    needs = {Need(action, group) for action in BY_LAMBDA["WriteLogs"]}
    if function == "consumer":
        needs |= {Need(action, where.arn("sqs", names.queue)) for action in BY_LAMBDA["ReadQueue"]}
    return needs


def by_athena(where: Where, names: Names, bucket: str) -> set[Need]:
    """What Athena does in the compactor's name for SELECT, INSERT INTO and ALTER TABLE (Amazon Athena User
    Guide, Configure access to databases and tables in the AWS Glue Data Catalog, and Control access to Amazon
    S3 from Athena; the managed policy AmazonAthenaFullAccess)."""
    tables, default = f"database/{names.database}", "database/default"
    read = ("GetDatabase", "GetTable", "GetTables", "GetPartition", "GetPartitions")
    of_catalog = {
        Need(f"glue:{action}", where.arn("glue", rest))
        for action in read
        for rest in ("catalog", tables, f"table/{names.database}/*")
    }
    switches = {
        Need(f"glue:{action}", where.arn("glue", rest))
        for action in ("BatchCreatePartition", "UpdatePartition")
        for rest in (
            "catalog",
            tables,
            f"table/{names.database}/{names.compacted_table}",
            f"table/{names.database}/compaction_*",
        )
    }
    objects = {
        Need(f"s3:{action}", f"{bucket}/{prefix}*")
        for action, prefixes in (
            ("GetObject", (LOGS, COMPACTED, RESULTS)),
            ("PutObject", (COMPACTED, RESULTS)),
            ("AbortMultipartUpload", (COMPACTED, RESULTS)),
            ("ListMultipartUploadParts", (COMPACTED, RESULTS)),
        )
        for prefix in prefixes
    }
    return {
        *of_catalog,
        *switches,
        *objects,
        Need("glue:GetDatabase", where.arn("glue", default)),
        Need("s3:ListBucket", bucket, ""),
        Need("s3:GetBucketLocation", bucket),
    }


def by_the_compactor(where: Where, names: Names, bucket: str) -> set[Need]:
    """What its own code calls; the sandbox's test of the same name compares it with a run."""
    staging = (
        where.arn("glue", rest)
        for rest in ("catalog", f"database/{names.database}", f"table/{names.database}/compaction_1")
    )
    queries = ("StartQueryExecution", "GetQueryExecution", "GetQueryResults", "StopQueryExecution")
    return {
        *(Need(f"athena:{query}", where.arn("athena", f"workgroup/{names.workgroup}")) for query in queries),
        *(Need(f"glue:{action}", arn) for arn in staging for action in ("CreateTable", "DeleteTable")),
        *(Need("s3:DeleteObject", f"{bucket}/{prefix}1") for prefix in (LOGS, COMPACTED)),
    }


# What people's policies need for Athena, which the sandbox's does as root: see `by_athena`.
BY_ATHENA = {
    "glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:GetPartitions",
    "glue:BatchCreatePartition", "glue:UpdatePartition",
    "s3:GetBucketLocation", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload",
    "s3:ListMultipartUploadParts",
}  # fmt: skip
