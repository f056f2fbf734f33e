"""Statements that several commands need: the stack, the catalog, the bucket, Athena."""

from __future__ import annotations

from logctl.core.partitions import COMPACTED, LOGS, RESULTS
from logctl.stack.catalog_tables import own_tables
from logctl.stack.iam import policies
from logctl.stack.iam.policies import Statement, allow, arn_of, sub
from logctl.stack.iam.scope import PolicyScope

QUEUE, DEAD_LETTERS = arn_of("Queue"), arn_of("DeadLetterQueue")
HOT, ALERTS = arn_of("HotTable"), arn_of("AlertsTable")


def read_rules(_: PolicyScope) -> list[Statement]:
    """Allow reading the rules in force, which are in the consumer's configuration."""
    return allow("RulesInForce", ["lambda:GetFunctionConfiguration"], [arn_of("Consumer")])


def read_partitions(scope: PolicyScope, table: str = "*") -> list[Statement]:
    return allow("ReadCatalog", ["glue:GetPartitions", "glue:GetTable"], table_arns(scope, table))


def table_arns(scope: PolicyScope, *names: str) -> list[policies.Arn]:
    database = scope.names.database
    tables = (f"table/{database}/{name}" for name in names)
    return [scope.arn("glue", rest) for rest in ("catalog", f"database/{database}", *tables)]


def list_records(_: PolicyScope) -> list[Statement]:
    return policies.list_objects("Bucket", LOGS, COMPACTED)


def object_arns(*prefixes: str) -> list[policies.Arn]:
    return [sub(f"${{Bucket.Arn}}/{prefix}*") for prefix in prefixes]


def run_athena(scope: PolicyScope, *, rows: bool = True) -> list[Statement]:
    """Allow running statements, and Athena's calls for them with the caller's permissions."""
    names = scope.names
    return (
        policies.run_queries(names.workgroup, rows=rows)
        + policies.read_catalog(names.database)
        + allow("ListBucket", ["s3:ListBucket", "s3:GetBucketLocation"], [arn_of("Bucket")])
        + allow("ReadObjects", ["s3:GetObject"], object_arns(LOGS, COMPACTED, RESULTS))
        + allow(
            "WriteResults",
            ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            object_arns(RESULTS),
        )
    )


def read_reservation(scope: PolicyScope) -> list[Statement]:
    function = scope.arn("lambda", f"function:{scope.names.api}")
    return allow("Reserved", ["lambda:GetFunctionConcurrency"], [function])


def read_outputs(scope: PolicyScope) -> list[Statement]:
    return allow("StackOutputs", ["cloudformation:DescribeStacks"], stack_arns(scope, scope.names.stack))


def compare_stack(scope: PolicyScope) -> list[Statement]:
    """Allow reading the stack, its template and its resources, to compare them."""
    actions = ["DescribeStacks", "GetTemplate", "ListStackResources"]
    return allow(
        "Stack", [f"cloudformation:{action}" for action in actions], stack_arns(scope, scope.names.stack)
    )


def stack_arns(scope: PolicyScope, *names: str) -> list[policies.Arn]:
    return [scope.arn("cloudformation", f"stack/{name}/*") for name in names]


def query_hot_rows(_: PolicyScope) -> list[Statement]:
    return allow("HotRows", ["dynamodb:Query"], [HOT])


def see_tables(scope: PolicyScope) -> list[Statement]:
    """Allow reading the pipeline's tables and views, to compare them."""
    return allow("SeeTables", ["glue:GetTable"], table_arns(scope, *own_tables(scope.names)))
