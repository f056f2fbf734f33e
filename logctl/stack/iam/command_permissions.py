"""What each command needs, by the words that people type: the place where a new command says so too.

Most are sums of the functions that the roles' policies are made of. `command --flag` is what a flag needs
besides its command. Everybody may ask STS who they are (AWS STS API Reference, GetCallerIdentity), so that
stands nowhere.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import replace

from logctl.core.errors import UsageError
from logctl.core.partitions import COMPACTED, LOGS, QUARANTINE, RESULTS
from logctl.pipeline.stores.attempt_ledger import PREFIX
from logctl.pipeline.stores.attention_index import DUE
from logctl.pipeline.stores.hot import ARRIVAL
from logctl.pipeline.stores.silences import SILENCES
from logctl.stack.bundle import CODE
from logctl.stack.catalog_tables import own_tables
from logctl.stack.iam import handler_permissions, policies, targets
from logctl.stack.iam.policies import Statement, allow, arn_of, sub
from logctl.stack.iam.scope import ANY, Scope
from logctl.stack.resources.lambda_functions import Code, consumer_may
from logctl.stack.template import TEMPLATES, bootstrap_template, build_template

Needs = Callable[[Scope], list[Statement]]

_QUEUE, _DEAD_LETTERS = arn_of("Queue"), arn_of("DeadLetterQueue")
_HOT, _ALERTS = arn_of("HotTable"), arn_of("AlertsTable")


def needed(command: str, scope: Scope) -> list[Statement]:
    """The statements for a command, or for all commands of a family like `athena`.

    Raises:
        UsageError: there is no such command, or it needs nothing of AWS.
    """
    words = " ".join(command.split()).removeprefix("logctl ")
    family = [name for name in COMMANDS if name.startswith(f"{words} ") and "--" not in name]
    chosen = {words} if words in COMMANDS else set(family)
    if not chosen:
        raise _unknown(words)
    # What a flag needs comes on top of what its command does.
    chosen |= {name.partition(" --")[0] for name in chosen}
    return [
        statement for name in COMMANDS if name in chosen for statement in scope.resolve(COMMANDS[name](scope))
    ]


def _unknown(words: str) -> UsageError:
    if words in WITHOUT:
        return UsageError(f"logctl {words} needs no permission of AWS.")
    families = {name.partition(" ")[0] for name in COMMANDS}
    close = difflib.get_close_matches(words, [*COMMANDS, *families], n=1, cutoff=0.5)
    return UsageError(
        f"There is no command {words!r}.",
        f"Did you mean {close[0]!r}?" if close else "See them with: logctl iam",
    )


# ── Parts ───────────────────────────────────────────────────────────────────────────────────────────


def _rules(_: Scope) -> list[Statement]:
    """To go by the rules in force: they are the consumer's configuration."""
    return allow("RulesInForce", ["lambda:GetFunctionConfiguration"], [arn_of("Consumer")])


def _read_catalog(scope: Scope, table: str = "*") -> list[Statement]:
    return allow("ReadCatalog", ["glue:GetPartitions", "glue:GetTable"], _tables(scope, table))


def _tables(scope: Scope, *names: str) -> list[policies.Arn]:
    database = scope.names.database
    tables = (f"table/{database}/{name}" for name in names)
    return [scope.arn("glue", rest) for rest in ("catalog", f"database/{database}", *tables)]


def _list_bucket(_: Scope) -> list[Statement]:
    return policies.list_objects("Bucket", LOGS, COMPACTED)


def _objects(*prefixes: str) -> list[policies.Arn]:
    return [sub(f"${{Bucket.Arn}}/{prefix}*") for prefix in prefixes]


def _athena(scope: Scope, *, rows: bool = True) -> list[Statement]:
    """To run statements, and for what Athena does in the caller's name: see `policies.compact`."""
    names = scope.names
    return (
        policies.run_queries(names.workgroup, rows=rows)
        + policies.read_catalog(names.database)
        + allow("ListBucket", ["s3:ListBucket", "s3:GetBucketLocation"], [arn_of("Bucket")])
        + allow("ReadObjects", ["s3:GetObject"], _objects(LOGS, COMPACTED, RESULTS))
        + allow(
            "WriteResults",
            ["s3:PutObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
            _objects(RESULTS),
        )
    )


def _reserved(scope: Scope) -> list[Statement]:
    function = scope.arn("lambda", f"function:{scope.names.api}")
    return allow("Reserved", ["lambda:GetFunctionConcurrency"], [function])


def _stack_outputs(scope: Scope) -> list[Statement]:
    return allow("StackOutputs", ["cloudformation:DescribeStacks"], _stack(scope, scope.names.stack))


def _stack_parts(scope: Scope) -> list[Statement]:
    """What the stack says of itself, and whether all of it is there."""
    actions = ["DescribeStacks", "GetTemplate", "ListStackResources"]
    return allow(
        "Stack", [f"cloudformation:{action}" for action in actions], _stack(scope, scope.names.stack)
    )


def _stack(scope: Scope, *names: str) -> list[policies.Arn]:
    return [scope.arn("cloudformation", f"stack/{name}/*") for name in names]


def _users(*actions: str) -> Needs:
    """On the environment's user pool: by its id where that is known, else by its tags."""

    def needs(scope: Scope) -> list[Statement]:
        pool = [scope.arn("cognito-idp", f"userpool/{scope.pool}")]
        (statement,) = allow("Users", [f"cognito-idp:{action}" for action in actions], pool)
        condition = {"Condition": scope.tagged} if scope.pool == ANY else {}
        return [*_stack_outputs(scope), {**statement, **condition}]

    return needs


def _silences(sid: str, *actions: str) -> list[Statement]:
    """On silences alone, which are under one key of the table (Amazon DynamoDB Developer Guide, Using IAM
    policy conditions for fine-grained access control)."""
    (statement,) = allow(sid, actions, [_ALERTS])
    return [{**statement, "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [SILENCES]}}}]


# ── Commands ────────────────────────────────────────────────────────────────────────────────────────


def _send(_: Scope) -> list[Statement]:
    return allow("Send", ["sqs:GetQueueUrl", "sqs:SendMessage"], [_QUEUE])


def _send_wait(_: Scope) -> list[Statement]:
    return allow("WaitUntilReadable", ["dynamodb:Query"], [_HOT])


def _tail(scope: Scope) -> list[Statement]:
    return policies.read_hot_rows("HotTable", ARRIVAL) + _rules(scope)


def _partitions(scope: Scope) -> list[Statement]:
    return _read_catalog(scope) + _list_bucket(scope)


def _repair(scope: Scope) -> list[Statement]:
    writes = ["glue:BatchCreatePartition", "glue:BatchDeletePartition", "glue:BatchUpdatePartition"]
    return [
        *_partitions(scope),
        *allow("RepairPartitions", writes, _tables(scope, scope.names.table)),
        *_bring_tables_back(scope),
    ]


def _see_tables(scope: Scope) -> list[Statement]:
    """Whether the pipeline's tables and views are there."""
    return allow("SeeTables", ["glue:GetTable"], _tables(scope, *own_tables(scope.names)))


def _bring_tables_back(scope: Scope) -> list[Statement]:
    writes = ["glue:CreateDatabase", "glue:CreateTable", "glue:UpdateTable"]
    own = _tables(scope, *own_tables(scope.names))
    return _see_tables(scope) + _stack_outputs(scope) + allow("BringTablesBack", writes, own)


def _repair_via(scope: Scope) -> list[Statement]:
    """Athena's DDL and MSCK, in the caller's name."""
    writes = [
        "glue:BatchCreatePartition",
        "glue:BatchDeletePartition",
        "glue:DeletePartition",
        "glue:UpdatePartition",
    ]
    return _athena(scope, rows=False) + allow("RepairByStatement", writes, _tables(scope, scope.names.table))


def _compact(scope: Scope) -> list[Statement]:
    names = scope.names
    return policies.compact("Bucket", names.database, names.compacted_table, names.workgroup)


def _debounce_show(scope: Scope) -> list[Statement]:
    return allow("ReadAlerts", ["dynamodb:GetItem"], [_ALERTS]) + _rules(scope)


def _debounce_list(scope: Scope) -> list[Statement]:
    return policies.read_alerts("AlertsTable", DUE) + _rules(scope)


def _dlq_look(_: Scope) -> list[Statement]:
    actions = ["ChangeMessageVisibility", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"]
    return allow("LookAtDeadLetters", [f"sqs:{action}" for action in actions], [_DEAD_LETTERS]) + _attempts()


def _attempts() -> list[Statement]:
    """The ledgers of messages' attempts, which are in the hot table under keys that no app has."""
    (statement,) = allow("ReadAttempts", ["dynamodb:BatchGetItem"], [_HOT])
    return [{**statement, "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": [f"{PREFIX}*"]}}}]


def _dlq_redrive(scope: Scope) -> list[Statement]:
    """A redrive receives, deletes and sends in the caller's name (Amazon SQS Developer Guide, Configuring
    queue permissions for dead-letter queue redrive)."""
    actions = ["DeleteMessage", "ListMessageMoveTasks", "StartMessageMoveTask"]
    return (
        _dlq_look(scope)
        + allow("Redrive", [f"sqs:{action}" for action in actions], [_DEAD_LETTERS])
        + allow("BackToTheQueue", ["sqs:GetQueueUrl", "sqs:SendMessage"], [_QUEUE])
    )


def _dlq_drop(scope: Scope) -> list[Statement]:
    return _dlq_look(scope) + allow("Drop", ["sqs:DeleteMessage"], [_DEAD_LETTERS])


def _quarantine_look(_: Scope) -> list[Statement]:
    return policies.list_objects("Bucket", QUARANTINE) + allow(
        "ReadQuarantine", ["s3:GetObject"], _objects(QUARANTINE)
    )


def _quarantine_drop(scope: Scope) -> list[Statement]:
    return _quarantine_look(scope) + allow("LeaveQuarantine", ["s3:DeleteObject"], _objects(QUARANTINE))


def _quarantine_retry(scope: Scope) -> list[Statement]:
    """What is sent again, the consumer's code stores from here."""
    return _quarantine_drop(scope) + consumer_may(scope.names) + _rules(scope)


def _replay(scope: Scope) -> list[Statement]:
    return _rules(scope) + _athena(scope) + allow("HotRows", ["dynamodb:GetItem", "dynamodb:PutItem"], [_HOT])


def _consume(scope: Scope) -> list[Statement]:
    """What Lambda's poller does, and the consumer."""
    receive = allow("Receive", ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"], [_QUEUE])
    return receive + consumer_may(scope.names) + _rules(scope)


# ── How it is ────────────────────────────────────────────────────────────────────────────────────────


def _status(scope: Scope) -> list[Statement]:
    names = scope.names
    return [
        *_stack_parts(scope),
        *allow("Queues", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], [_QUEUE, _DEAD_LETTERS]),
        *_rules(scope),
        # These two have no resource (Service Authorization Reference).
        *allow("Sources", ["lambda:ListEventSourceMappings"], [ANY]),
        *_metrics(scope),
        *allow("Schedule", ["events:DescribeRule"], [scope.arn("events", f"rule/{names.sweeper}")]),
        *_read_catalog(scope, names.table),
        *_see_tables(scope),
        *policies.list_objects("Bucket", LOGS, QUARANTINE),
        *policies.read_alerts("AlertsTable", DUE),
        *_query_hot_rows(scope),
    ]


def _metrics(scope: Scope) -> list[Statement]:
    return allow("Metrics", ["cloudwatch:GetMetricData"], [ANY]) + allow(
        "Alarms", ["cloudwatch:DescribeAlarms"], targets.all_alarms(scope)
    )


def _query_hot_rows(_: Scope) -> list[Statement]:
    return allow("HotRows", ["dynamodb:Query"], [_HOT, sub(f"${{HotTable.Arn}}/index/{ARRIVAL}")])


def _status_drift(scope: Scope) -> list[Statement]:
    """CloudFormation reads every resource in the caller's name."""
    detect = ["cloudformation:DescribeStackResourceDrifts", "cloudformation:DetectStackDrift"]
    return [
        *allow("Drift", detect, _stack(scope, scope.names.stack)),
        *allow("DriftStatus", ["cloudformation:DescribeStackDriftDetectionStatus"], [ANY]),
        *handler_permissions.statements(_kinds(scope), scope, "read"),
    ]


def _doctor(scope: Scope) -> list[Statement]:
    names = scope.names
    return [
        *_stack_parts(scope),
        *_rules(scope),
        *allow("Quotas", ["lambda:GetAccountSettings"], [ANY]),
        *_reserved(scope),
        *allow("Queue", ["sqs:GetQueueUrl"], [_QUEUE]),
        *policies.list_objects("Bucket", LOGS),
        *allow("Tables", ["dynamodb:Query"], [_HOT, _ALERTS]),
        *allow("Topic", ["sns:GetTopicAttributes"], [{"Ref": "Topic"}]),
        *_see_tables(scope),
        *allow("Workgroup", ["athena:GetWorkGroup"], [scope.arn("athena", f"workgroup/{names.workgroup}")]),
        *allow("Schedule", ["events:DescribeRule"], [scope.arn("events", f"rule/{names.sweeper}")]),
        *allow("Alarms", ["cloudwatch:DescribeAlarms"], targets.all_alarms(scope)),
    ]


def _doctor_live(scope: Scope) -> list[Statement]:
    return _send(scope) + _query_hot_rows(scope) + _athena(scope)


def _cost(scope: Scope) -> list[Statement]:
    return [
        *_stack_outputs(scope),
        *allow("Functions", ["lambda:GetFunctionConfiguration"], [scope.mine("lambda", "function:")]),
        *allow("Tables", ["dynamodb:DescribeTable"], [_HOT, _ALERTS]),
        *_metrics(scope),
    ]


# ── The stack ───────────────────────────────────────────────────────────────────────────────────────


def _kinds(scope: Scope) -> set[str]:
    """The resource types that this environment's settings make, and what `provision --subscribe` adds."""
    settings = replace(scope.settings, target="aws")
    code = Code("bucket", "key", "runtime", "architecture")
    templates = (build_template(settings, code=code), bootstrap_template(settings, scope.place))
    kinds = {str(item["Type"]) for made in templates for item in made["Resources"].values()}
    return kinds | {"AWS::SNS::Subscription"}


def _stacks(scope: Scope, *actions: str) -> list[Statement]:
    names = scope.names
    both = _stack(scope, names.stack, names.bootstrap_stack)
    return allow("Stacks", [f"cloudformation:{action}" for action in actions], both)


def _deploy_bucket(scope: Scope) -> str:
    return scope.bucket_arn(scope.names.deploy_bucket(scope.place))


def _provision(scope: Scope) -> list[Statement]:
    deploy = _deploy_bucket(scope)
    return [
        *_stacks(
            scope, "CreateChangeSet", "DeleteChangeSet", "DeleteStack", "DescribeChangeSet", "DescribeEvents",
            "DescribeStackEvents", "DescribeStacks", "ExecuteChangeSet", "GetTemplate",
        ),
        # Whether Lambda has room for the API: before CloudFormation fails.
        *allow("Quotas", ["lambda:GetAccountSettings"], [ANY]),
        *_reserved(scope),
        *allow("Compare", ["cloudformation:ListStackResources"], _stack(scope, scope.names.stack)),
        # Without ListBucket, S3 says of an object that is not there that one may not see it.
        *allow("FindCode", ["s3:ListBucket"], [deploy]),
        *allow(
            "UploadCode", ["s3:GetObject", "s3:PutObject"], [f"{deploy}/{CODE}*", f"{deploy}/{TEMPLATES}*"]
        ),
        *handler_permissions.statements(_kinds(scope), scope),
    ]  # fmt: skip


def _destroy(scope: Scope) -> list[Statement]:
    return [
        *_stacks(scope, "DeleteStack", "DescribeStackEvents", "DescribeStacks", "GetTemplate"),
        *_remove_bucket(_deploy_bucket(scope)),
        *_whose_data(scope),
        # Log groups that a function's last words made anew.
        *allow(
            "LogGroups",
            ["logs:DeleteLogGroup", "logs:ListTagsForResource"],
            [scope.mine("logs", "log-group:/aws/lambda/")],
        ),
        *handler_permissions.statements(_kinds(scope), scope, "delete"),
    ]


def _whose_data(scope: Scope) -> list[Statement]:
    """To find what is retained, and to tell by its tags whose it is."""
    bucket = scope.bucket_arn(scope.names.bucket(scope.place))
    return allow("FindBucket", ["s3:GetBucketTagging", "s3:ListBucket"], [bucket]) + allow(
        "FindTables", ["dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"], [_HOT, _ALERTS]
    )


def _destroy_data(scope: Scope) -> list[Statement]:
    return _remove_bucket(scope.bucket_arn(scope.names.bucket(scope.place))) + allow(
        "DeleteTables",
        ["dynamodb:DeleteTable", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"],
        [_HOT, _ALERTS],
    )


def _remove_bucket(bucket: str) -> list[Statement]:
    """A version needs both actions (Amazon S3 API Reference, DeleteObjects)."""
    return allow(
        "RemoveBucket",
        ["s3:DeleteBucket", "s3:GetBucketTagging", "s3:ListBucket", "s3:ListBucketVersions"],
        [bucket],
    ) + allow("EmptyBucket", ["s3:DeleteObject", "s3:DeleteObjectVersion"], [f"{bucket}/*"])


COMMANDS: dict[str, Needs] = {
    "provision": _provision,
    "destroy": _destroy,
    "destroy --delete-data": _destroy_data,
    "status": _status,
    "status --drift": _status_drift,
    "doctor": _doctor,
    "doctor --live": _doctor_live,
    "cost": _cost,
    "send": _send,
    "send --wait": _send_wait,
    "tail": _tail,
    "tail --since": _athena,
    "athena query": _athena,
    "athena partitions": _partitions,
    "athena repair": _repair,
    "athena repair --via": _repair_via,
    "athena compact": _compact,
    "debounce list": _debounce_list,
    "debounce show": _debounce_show,
    "debounce explain": _debounce_show,
    "debounce silences": lambda scope: _silences("ReadSilences", "dynamodb:Query"),
    "debounce silence": lambda scope: _silences("Silence", "dynamodb:UpdateItem"),
    "debounce clear": lambda scope: _silences("EndSilence", "dynamodb:GetItem", "dynamodb:UpdateItem"),
    "dlq list": _dlq_look,
    "dlq show": lambda scope: _dlq_look(scope) + _rules(scope),
    "dlq redrive": _dlq_redrive,
    "dlq drop": _dlq_drop,
    "quarantine list": _quarantine_look,
    "quarantine show": _quarantine_look,
    "quarantine retry": _quarantine_retry,
    "quarantine drop": _quarantine_drop,
    "replay": _replay,
    "consume": _consume,
    "dashboard open": _stack_outputs,
    "dashboard token": _users("DescribeUserPoolClient"),
    "dashboard user add": _users("AdminAddUserToGroup", "AdminCreateUser", "CreateGroup"),
    "dashboard user list": _users("AdminListGroupsForUser", "ListUsers"),
    "dashboard user remove": _users("AdminDeleteUser", "AdminUserGlobalSignOut"),
}

WITHOUT = frozenset(
    {
        "athena saved",
        "debounce simulate",
        "demo",
        "iam",
        "init",
        *(f"local {word}" for word in ("up", "down", "status", "reset", "env")),
    }
)
"""Commands that ask AWS nothing, or only who one is."""
