"""What IAM asks about a call: the actions and ARNs behind each request of boto3, and which statements allow them.

The rules are those of the Service Authorization Reference, for the operations that logctl calls; another one
is an error here until somebody has looked it up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Need:
    """One question to IAM: may this be done to that? `prefix` is what `s3:prefix` says, `leading` what
    `dynamodb:LeadingKeys` says of a call that names one partition."""

    action: str
    resource: str
    prefix: str | None = None
    leading: str | None = None


@dataclass(frozen=True)
class Where:
    account: str
    region: str
    partition: str = "aws"

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"


@dataclass(frozen=True)
class Call:
    """A request that was made, and the error code that came back, if one did."""

    service: str
    operation: str
    params: Mapping[str, Any]
    error: str = ""

    def needs(self, where: Where) -> Iterator[Need]:
        return _NEEDS[self.service](self.operation, self.params, where)

    @property
    def denied(self) -> bool:
        return "AccessDenied" in self.error or "AuthorizationError" in self.error or self.error == "403"


@dataclass
class Recording:
    """The calls of all clients while it ran."""

    calls: list[Call] = field(default_factory=list)

    def needs(self, where: Where) -> set[Need]:
        found = {need for call in self.calls for need in call.needs(where)}
        # What asks for a query by its id is of the workgroup that the query was started in.
        workgroups = {need.resource for need in found if need.action == "athena:StartQueryExecution"}
        unnamed = {need for need in found if need.resource == where.arn("athena", "workgroup/*")}
        if not workgroups:
            return found
        return (found - unnamed) | {Need(need.action, group) for need in unnamed for group in workgroups}

    @property
    def denied(self) -> list[Call]:
        return [call for call in self.calls if call.denied]


@contextmanager
def recorded(access_key: str | None = None) -> Iterator[Recording]:
    """Every call of this process, or of one access key, until the block ends."""
    recording, send = Recording(), BaseClient._make_api_call

    def note(client: Any, operation: str, params: Mapping[str, Any]) -> Any:
        if access_key not in (None, client._request_signer._credentials.access_key):
            return send(client, operation, params)
        service = client.meta.service_model.signing_name
        try:
            reply = send(client, operation, params)
        except ClientError as error:
            recording.calls.append(Call(service, operation, params, str(error.response["Error"]["Code"])))
            raise
        recording.calls.append(Call(service, operation, params))
        return reply

    with patch.object(BaseClient, "_make_api_call", note):
        yield recording


# ── What each operation needs ───────────────────────────────────────────────────────────────────────

_S3_OBJECT = {
    "PutObject": "s3:PutObject",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject",
    "DeleteObject": "s3:DeleteObject",
}
_S3_BUCKET = {
    "ListObjectsV2": "s3:ListBucket",
    "HeadBucket": "s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "DeleteBucket": "s3:DeleteBucket",
    "GetBucketTagging": "s3:GetBucketTagging",
    "PutBucketTagging": "s3:PutBucketTagging",
}


def _s3(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    bucket = f"arn:{where.partition}:s3:::{params['Bucket']}"
    if operation == "DeleteObjects":
        for item in params["Delete"]["Objects"]:
            yield Need("s3:DeleteObject", f"{bucket}/{item['Key']}")
            if "VersionId" in item:
                yield Need("s3:DeleteObjectVersion", f"{bucket}/{item['Key']}")
    elif operation in _S3_OBJECT:
        yield Need(_S3_OBJECT[operation], f"{bucket}/{params['Key']}")
    else:
        yield Need(_S3_BUCKET[operation], bucket, params.get("Prefix", ""))


def _dynamodb(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    def table(name: str) -> str:
        return where.arn("dynamodb", f"table/{name}")

    if operation == "TransactWriteItems":
        # A transaction is allowed by the actions of what it holds.
        actions = {"Put": "dynamodb:PutItem", "Update": "dynamodb:UpdateItem"}
        for item in params["TransactItems"]:
            for kind, request in item.items():
                yield Need(actions[kind], table(request["TableName"]))
    elif operation == "BatchGetItem":
        for name in params["RequestItems"]:
            yield Need("dynamodb:BatchGetItem", table(name))
    elif "ResourceArn" in params:
        yield Need(f"dynamodb:{operation}", params["ResourceArn"])
    else:
        index = f"/index/{params['IndexName']}" if "IndexName" in params else ""
        yield Need(f"dynamodb:{operation}", table(params["TableName"]) + index, leading=_leading(params))


def _leading(params: Mapping[str, Any]) -> str | None:
    """The partition that a call on the hot table names: the one that a policy has a condition on."""
    if "app" in params.get("Key", {}):
        return str(params["Key"]["app"]["S"])
    if params.get("KeyConditionExpression", "").startswith("app = "):
        placeholder = params["KeyConditionExpression"].split()[2]
        return str(params["ExpressionAttributeValues"][placeholder]["S"])
    return None


def _sqs(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    # The batch operations are no actions of their own.
    action = operation.removesuffix("Batch")
    if "SourceArn" in params:
        yield Need(f"sqs:{action}", params["SourceArn"])
        if action == "StartMessageMoveTask":
            # What it does in the caller's name (Amazon SQS Developer Guide, dead-letter queue redrive).
            yield Need("sqs:ReceiveMessage", params["SourceArn"])
            yield Need("sqs:DeleteMessage", params["SourceArn"])
            yield Need("sqs:GetQueueAttributes", params["SourceArn"])
            yield Need("sqs:SendMessage", params["SourceArn"].replace("-dlq.fifo", ".fifo"))
        return
    name = params.get("QueueName") or params["QueueUrl"].rpartition("/")[2]
    yield Need(f"sqs:{action}", where.arn("sqs", name))


def _glue(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    """On a table's partitions Glue asks for the catalog, the database and the table (AWS Glue Developer
    Guide, Specifying AWS Glue resource ARNs)."""
    yield Need(f"glue:{operation}", where.arn("glue", "catalog"))
    if database := params.get("DatabaseName"):
        yield Need(f"glue:{operation}", where.arn("glue", f"database/{database}"))
        table = params.get("TableName") or params.get("Name") or params.get("TableInput", {}).get("Name")
        yield Need(f"glue:{operation}", where.arn("glue", f"table/{database}/{table or '*'}"))


def _athena(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    yield Need(f"athena:{operation}", where.arn("athena", f"workgroup/{params.get('WorkGroup', '*')}"))


def _sns(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    yield Need(f"sns:{operation}", params["TopicArn"])


def _logs(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    if "resourceArn" in params:
        yield Need(f"logs:{operation}", params["resourceArn"])
        return
    group = where.arn("logs", f"log-group:{params['logGroupName']}")
    stream = params.get("logStreamName")
    yield Need(f"logs:{operation}", f"{group}:log-stream:{stream}" if stream else f"{group}:*")


def _lambda(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    if operation in ("GetAccountSettings", "ListEventSourceMappings"):
        yield Need(f"lambda:{operation}", "*")
        return
    yield Need(f"lambda:{operation}", where.arn("lambda", f"function:{params['FunctionName']}"))


def _cognito(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    yield Need(f"cognito-idp:{operation}", where.arn("cognito-idp", f"userpool/{params['UserPoolId']}"))


def _cloudformation(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    if operation == "DescribeStackDriftDetectionStatus":
        yield Need(f"cloudformation:{operation}", "*")
        return
    name = params["StackName"]
    stack = name if name.startswith("arn:") else where.arn("cloudformation", f"stack/{name}/id")
    yield Need(f"cloudformation:{operation}", stack)


def _cloudwatch(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    alarms = where.arn("cloudwatch", "alarm:any") if operation == "DescribeAlarms" else "*"
    yield Need(f"cloudwatch:{operation}", alarms)


def _events(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    yield Need(f"events:{operation}", where.arn("events", f"rule/{params['Name']}"))


def _sts(operation: str, params: Mapping[str, Any], where: Where) -> Iterator[Need]:
    """GetCallerIdentity is always allowed (AWS STS API Reference, GetCallerIdentity)."""
    assert operation == "GetCallerIdentity"
    return iter(())


_NEEDS: dict[str, Callable[[str, Mapping[str, Any], Where], Iterator[Need]]] = {
    "athena": _athena,
    "cloudformation": _cloudformation,
    "cognito-idp": _cognito,
    "dynamodb": _dynamodb,
    "glue": _glue,
    "events": _events,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _cloudwatch,
    "s3": _s3,
    "sns": _sns,
    "sqs": _sqs,
    "sts": _sts,
}


# ── What statements allow ───────────────────────────────────────────────────────────────────────────


def matches(pattern: str, value: str) -> bool:
    """`*` and `?` as in a policy. What a call does not name, like a query's workgroup, is `*` in the value."""
    return _fits(pattern, value) or ("*" in value and _fits(value, pattern))


def _fits(pattern: str, text: str) -> bool:
    glob = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(glob, text) is not None


def allows(statement: Statement, need: Need) -> bool:
    return (
        need.action in listed(statement["Action"])
        and any(matches(pattern, need.resource) for pattern in listed(statement["Resource"]))
        and _conditions_hold(statement, need)
    )


def _conditions_hold(statement: Statement, need: Need) -> bool:
    condition = statement.get("Condition", {})
    prefixes = condition.get("StringLike", {}).get("s3:prefix")
    keys = condition.get("ForAllValues:StringEquals", {}).get("dynamodb:LeadingKeys")
    return (
        prefixes is None or any(matches(pattern, need.prefix or "") for pattern in listed(prefixes))
    ) and (keys is None or need.leading is None or need.leading in listed(keys))


def granted(statements: Iterable[Statement]) -> set[tuple[str, str]]:
    """Every action with every resource that it is allowed on."""
    return {
        (action, resource)
        for statement in statements
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def unused(statements: Sequence[Statement], needs: Iterable[Need]) -> set[tuple[str, str]]:
    """What is granted, action by resource, and no call needed."""
    asked = list(needs)
    return {
        (action, resource)
        for statement in statements
        for action, resource in granted([statement])
        if not any(allows({**statement, "Action": action, "Resource": resource}, need) for need in asked)
    }


class Grant(NamedTuple):
    """An action on a resource, and what `s3:prefix` has to be like."""

    action: str
    resource: str
    prefix: str


def too_much(statements: Iterable[Statement], needs: Iterable[Need]) -> set[Grant]:
    """What is granted and reaches further than any call did, in its action, its resource or its prefix.

    A call justifies the resource that it named, and below a bucket all keys that begin as its own does, up
    to the first slash: `logs/*`, and neither the whole bucket nor `logs*`.
    """
    justified = [_widest(need) for need in needs]
    return {
        grant
        for statement in statements
        for grant in _grants(statement)
        if not any(
            grant.action == most.action
            and _fits(most.resource, grant.resource)
            and _fits(most.prefix or "*", grant.prefix)
            for most in justified
        )
    }


def _grants(statement: Statement) -> Iterator[Grant]:
    condition = statement.get("Condition", {}).get("StringLike", {})
    for action, resource in granted([statement]):
        for prefix in listed(condition.get("s3:prefix", "*")):
            yield Grant(action, resource, prefix)


_BELOW_A_BUCKET = re.compile(r"(arn:[^:]+:s3:::[^/]+/[^/]+/).*", re.DOTALL)
_STAGING_TABLE = re.compile(r"(.*:table/[^/]+/compaction_).*")


def _widest(need: Need) -> Need:
    """The most that may be granted for a call."""
    prefix = need.prefix
    if prefix is not None:
        first, slash, _ = prefix.partition("/")
        prefix = f"{first}/*" if slash else f"{prefix}*"
    for pattern in (_BELOW_A_BUCKET, _STAGING_TABLE):
        if found := pattern.fullmatch(need.resource):
            return Need(need.action, f"{found[1]}*", prefix)
    return Need(need.action, need.resource, prefix)


def refused(statements: Iterable[Statement], needs: Iterable[Need]) -> set[Need]:
    """What no statement allows."""
    all_of_them = list(statements)
    return {need for need in needs if not any(allows(statement, need) for statement in all_of_them)}


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


# ── A template's policies with its names put in ─────────────────────────────────────────────────────


def resolved(value: Any, template: Mapping[str, Any], where: Where, **ours: str) -> Any:
    """A part of a template with ARNs for intrinsic functions.

    Args:
        ours: other ARNs for some logical ids than those the template would make.
    """
    arns = {name: _arn(resource, where) for name, resource in template["Resources"].items()} | ours
    return _resolved(value, arns, where)


def role_statements(template: Mapping[str, Any], role: str, where: Where, **ours: str) -> list[Statement]:
    """What a role may do, as `resolved` says it."""
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    return list(resolved(policy["PolicyDocument"]["Statement"], template, where, **ours))


def _arn(resource: Mapping[str, Any], where: Where) -> str:
    properties = resource["Properties"]
    kind = resource["Type"]
    if kind == "AWS::S3::Bucket":
        return f"arn:{where.partition}:s3:::{_resolved(properties['BucketName'], {}, where)}"
    if kind == "AWS::Logs::LogGroup":
        return where.arn("logs", f"log-group:{properties['LogGroupName']}:*")
    named = {
        "AWS::SQS::Queue": ("sqs", "", "QueueName"),
        "AWS::SNS::Topic": ("sns", "", "TopicName"),
        "AWS::DynamoDB::Table": ("dynamodb", "table/", "TableName"),
    }
    if kind not in named:
        return ""
    service, before, name = named[kind]
    return where.arn(service, f"{before}{properties[name]}")


def _resolved(value: Any, arns: Mapping[str, str], where: Where) -> Any:
    if isinstance(value, list):
        return [_resolved(item, arns, where) for item in value]
    if not isinstance(value, Mapping):
        return value
    if "Fn::GetAtt" in value:
        return arns[value["Fn::GetAtt"][0]]
    if "Ref" in value:
        return where.account if value["Ref"] == "AWS::AccountId" else arns[value["Ref"]]
    if "Fn::Sub" in value:
        text = value["Fn::Sub"]
        known = {
            "AWS::AccountId": where.account,
            "AWS::Region": where.region,
            "AWS::Partition": where.partition,
        }
        for name in re.findall(r"\$\{([^}]+)\}", text):
            text = text.replace(f"${{{name}}}", known.get(name) or arns[name.removesuffix(".Arn")])
        return text
    return {key: _resolved(item, arns, where) for key, item in value.items()}
