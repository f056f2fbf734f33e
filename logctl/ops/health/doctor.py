"""The checks of `logctl doctor`: this machine, credentials, permissions, quotas, and the deployed stack.

They only read, with the cheapest request of each service. Each function yields the checks of one subject;
the command decides which of them to run, because most need that earlier ones did not fail.
"""

from __future__ import annotations

import base64
import platform
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnection

from logctl import __version__
from logctl.aws.clients import Aws
from logctl.aws.error_codes import TROUBLE, Trouble, code_of, trouble_of
from logctl.core.errors import LogctlError, UnreachableError
from logctl.core.hot_rows import APPS
from logctl.core.partitions import LOGS
from logctl.core.times import from_datetime
from logctl.ops.deployment import Deployment, outputs_of, shortfall_of
from logctl.ops.health import doctor_rules as rules
from logctl.ops.health.checks import Check, Verdict
from logctl.ops.health.findings import PROVISION, faulty_tables
from logctl.ops.health.versions import NEEDED, packages
from logctl.ops.lake import table_repair
from logctl.pipeline.stores.silences import SILENCES
from logctl.stack.alarms import ALARMS
from logctl.stack.capacity import Concurrency


def machine() -> Iterator[Check]:
    """Check Python and the packages that logctl depends on."""
    yield Check("python", Verdict.OK, f"Python {platform.python_version()}, logctl {__version__}")
    installed = packages()
    missing = [name for name in NEEDED if installed[name] is None]
    seen = ", ".join(f"{name} {version}" for name, version in installed.items() if version)
    if missing:
        yield Check(
            "packages", Verdict.FAILED, f"{', '.join(missing)} missing; {seen}", "Install logctl again."
        )
    else:
        yield Check("packages", Verdict.OK, seen)


def reach(aws: Aws, environ: Mapping[str, str], clock: Callable[[], int]) -> Iterator[Check]:
    """Check region, endpoint, credentials and clock, with one request to STS.

    Args:
        aws: the clients to check.
        environ: environment variables, some of which choose an endpoint.
        clock: returns the time of this machine, in milliseconds.
    """
    yield Check("region", Verdict.OK, aws.region)
    chosen = sorted(name for name in environ if name.startswith("AWS_ENDPOINT_URL") and environ[name])
    by = f", by {', '.join(chosen)}" if chosen and not aws.endpoint_url else ""
    endpoint = f"{aws.sts.meta.endpoint_url}{by}"
    before = clock()
    try:
        reply: Any = aws.sts.get_caller_identity()
    except (NoConnection, HTTPClientError) as error:
        yield Check("endpoint", Verdict.FAILED, error=error)
        yield from _unchecked("credentials", "clock")
    except ClientError as error:
        # AWS refuses good credentials when the clock is wrong. The refusal has AWS's time, too.
        yield Check("endpoint", Verdict.OK, endpoint)
        yield Check("credentials", Verdict.FAILED, error=error)
        yield _clock(error.response, before, clock())
    except TROUBLE as error:
        yield Check("endpoint", Verdict.NOT_CHECKED, f"{endpoint}; nothing was sent")
        yield Check("credentials", Verdict.FAILED, error=error)
        yield from _unchecked("clock")
    else:
        yield Check("endpoint", Verdict.OK, endpoint)
        credentials = aws.session.get_credentials()
        how = f", from {credentials.method}" if credentials and not aws.endpoint_url else ""
        yield Check("credentials", Verdict.OK, f"{reply['Arn']}{how}")
        yield _clock(reply, before, clock())


def _unchecked(*names: str) -> Iterator[Check]:
    for name in names:
        yield Check(name, Verdict.NOT_CHECKED, "AWS was not reached")


def _clock(reply: Any, before: int, after: int) -> Check:
    """Compare the Date header of a reply with the middle of the call."""
    date = reply.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        skew = (before + after) // 2 - from_datetime(parsedate_to_datetime(date))
    except (TypeError, ValueError):
        return Check("clock", Verdict.NOT_CHECKED, "the reply has no valid Date header")
    return rules.clock(skew)


def permissions(deployment: Deployment) -> Iterator[Check]:
    """Try one cheap read of each service.

    An answer that the resource does not exist counts as allowed, because it is not a refusal.
    """
    for action, read in _reads(deployment).items():
        name = f"permission: {action}"
        try:
            read()
        except TROUBLE as error:
            kind = trouble_of(error) if isinstance(error, ClientError) else None
            if kind is Trouble.MISSING:
                yield Check(name, Verdict.OK, "allowed; the resource does not exist")
            else:
                denied = kind is Trouble.DENIED
                to_do = f"Allow {action.partition(' ')[0]} for these credentials." if denied else ""
                yield Check(name, Verdict.FAILED, to_do=to_do, error=error)
        else:
            yield Check(name, Verdict.OK, "allowed")


def _reads(deployment: Deployment) -> dict[str, Callable[[], object]]:
    """Return the reads, by the IAM action that each needs."""
    aws, names = deployment.aws, deployment.names

    def query(table: str, key: str, value: str) -> object:
        return aws.dynamodb.query(
            TableName=table,
            KeyConditionExpression="#key = :value",
            ExpressionAttributeNames={"#key": key},
            ExpressionAttributeValues={":value": {"S": value}},
            Limit=1,
        )

    topic = names.topic_arn(aws.partition, aws.account, aws.region)
    alarms = [names.alarm(alarm.name) for alarm in ALARMS]
    return {
        "sqs:GetQueueUrl": lambda: aws.sqs.get_queue_url(QueueName=names.queue),
        "lambda:GetFunctionConfiguration": lambda: aws.functions.get_function_configuration(
            FunctionName=names.consumer
        ),
        "s3:ListBucket": lambda: aws.s3.list_objects_v2(Bucket=deployment.bucket, Prefix=LOGS, MaxKeys=1),
        "dynamodb:Query (records)": lambda: query(names.hot_table, "app", APPS),
        "dynamodb:Query (alerts)": lambda: query(names.alerts_table, "pk", SILENCES),
        "sns:GetTopicAttributes": lambda: aws.sns.get_topic_attributes(TopicArn=topic),
        "glue:GetTable": lambda: aws.glue.get_table(DatabaseName=names.database, Name=names.table),
        "athena:GetWorkGroup": lambda: aws.athena.get_work_group(WorkGroup=names.workgroup),
        "events:DescribeRule": lambda: aws.events.describe_rule(Name=names.sweeper),
        "cloudwatch:DescribeAlarms": lambda: aws.cloudwatch.describe_alarms(AlarmNames=alarms),
    }


def quotas(deployment: Deployment) -> Iterator[Check]:
    """Check the quotas of the account that a pipeline may reach: those of Lambda."""
    try:
        found = deployment.aws.functions.get_account_settings()
        limit, usage = found["AccountLimit"], found["AccountUsage"]
    except (*TROUBLE, KeyError) as error:
        yield Check(
            "quotas", Verdict.NOT_CHECKED, f"Lambda's account settings cannot be read: {_brief(error)}"
        )
        return
    yield rules.concurrency(limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"])
    account = Concurrency(
        limit["ConcurrentExecutions"], limit["UnreservedConcurrentExecutions"], _reserved(deployment)
    )
    yield rules.api_share(deployment.settings, account)
    yield rules.code_storage(usage["TotalCodeSize"], limit["TotalCodeSize"])


def _reserved(deployment: Deployment) -> int:
    """Return how many executions are reserved for the API; 0 also when that cannot be read."""
    try:
        reply = deployment.aws.functions.get_function_concurrency(FunctionName=deployment.names.api)
    except TROUBLE:
        return 0
    return reply.get("ReservedConcurrentExecutions") or 0


def deployed(deployment: Deployment, digest: Callable[[], str]) -> Iterator[Check]:
    """Check the stack, and whether it runs this logctl's version and code.

    Args:
        deployment: the environment to check.
        digest: returns the SHA-256 of the code that this logctl would deploy, in hexadecimal.
    """
    stack = deployment.names.stack
    try:
        found = deployment.stack()
    except (*TROUBLE, UnreachableError) as error:
        if isinstance(error, ClientError) and trouble_of(error) is Trouble.MISSING:
            seen = f"there is no stack {stack} here"
            yield Check("stack", Verdict.WARNING, seen, "Create it with", PROVISION)
        else:
            yield Check("stack", Verdict.FAILED, error=error)
        yield rules.versions(__version__, None, same_code=None)
        return
    outputs = outputs_of(found)
    try:
        yield rules.stack(stack, found["StackStatus"], shortfall_of(deployment, outputs))
    except TROUBLE as error:
        yield Check("stack", Verdict.FAILED, error=error)
    yield rules.versions(
        __version__, outputs.get("Version", "unknown"), same_code=_same_code(deployment, digest)
    )


def catalog(deployment: Deployment) -> Iterator[Check]:
    """Check that the catalog has the tables and views that queries use, as they are defined."""
    try:
        found = table_repair.faults(deployment)
    except TROUBLE as error:
        yield Check("tables", Verdict.NOT_CHECKED, f"the catalog cannot be read: {_brief(error)}")
        return
    findings = faulty_tables(found.missing, found.changed)
    for finding in findings:
        yield Check.failed("tables", finding, to_do="Restore them with")
    if not findings:
        yield Check("tables", Verdict.OK, f"all tables and views of {found.database} exist")


def _same_code(deployment: Deployment, digest: Callable[[], str]) -> bool | None:
    """Compare the deployed code with this logctl's; None when either cannot be read."""
    try:
        reply = deployment.aws.functions.get_function_configuration(FunctionName=deployment.names.consumer)
        return base64.b64decode(reply["CodeSha256"]).hex() == digest()
    except (*TROUBLE, LogctlError):
        return None


def _brief(error: Exception) -> str:
    return code_of(error) if isinstance(error, ClientError) else type(error).__name__
