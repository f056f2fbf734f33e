"""Each role's policy as it is deployed, with IAM enforced: enough for the function's code, and with any one
statement taken away not enough.

The code runs here, with the credentials of a role that has the function's policy, so that the deployed
functions keep theirs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from logctl.aws.athena import Runner
from logctl.aws.clients import Aws
from logctl.core.debounce import AlertKey, Tally
from logctl.core.errors import LogctlError
from logctl.core.hot_rows import APPS
from logctl.core.partitions import COMPACTED, LOGS, Partition
from logctl.core.times import DAY, MINUTE, TimeRange
from logctl.ops.deployment import Deployment
from logctl.pipeline.alerting.alerter import alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.api import Api
from logctl.pipeline.compaction import Compactor, Tables
from logctl.pipeline.config import ApiConfig, PipelineConfig
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.partition_expiry import Expiry
from logctl.pipeline.stores.outbox import Outbox
from tests.helpers import iam
from tests.helpers.api import ISSUER, Site
from tests.helpers.iam import Need, Recording, Statement, Where
from tests.helpers.messages import event, packed, records, sqs
from tests.helpers.needs import by_athena, by_lambda, by_the_compactor
from tests.helpers.sandbox import Cli
from tests.helpers.setbacks import set_back

# What the sandbox lets pass whatever the policy says: nothing fails without it. WriteLogs cannot be tried at
# all: Lambda writes logs in the role's name, MiniStack's without asking, and its IAM knows log groups only
# without the ":*" that AWS's own ARNs of them end in.
NOT_ENFORCED = {
    # AWS gets a topic policy of ours in its place; it is for TLS only, which the sandbox does not speak.
    **{
        (function, "PublishAlerts"): "SNS's default topic policy lets the whole account publish"
        for function in ("consumer", "sweeper")
    },
    ("compactor", "Query"): "the sandbox's Athena does not check IAM",
    ("compactor", "DefaultDatabase"): "Athena asks for it itself, the sandbox's does not",
    ("compactor", "SwitchPartitions"): "Athena's statements do it, with the sandbox's root credentials here",
}


def at_the_second_table(stage: Stage) -> set[Need]:
    """MiniStack 1.5.33 has no BatchDeletePartition: a run that drops partitions ends at the first table."""
    config, arn = stage.pipeline, stage.where.arn
    tables = [f"table/{config.database}/{table}" for table in (config.table, config.compacted_table)]
    return {
        Need(f"glue:{action}", arn("glue", rest))
        for action in ("GetPartitions", "BatchDeletePartition")
        for rest in ("catalog", f"database/{config.database}", *tables)
    } | {Need("s3:ListBucket", f"arn:aws:s3:::{config.bucket}", prefix) for prefix in (LOGS, COMPACTED)}


def unseen(stage: Stage, function: str) -> set[Need]:
    """What the function's role is needed for, and no call of its code here shows."""
    names = stage.deployment.names
    needs = by_lambda(stage.where, names, function)
    if function == "sweeper":
        needs |= at_the_second_table(stage)
    if function == "api":
        # Without it, S3 says of an object that is not there that one may not see it (S3 API, GetObject).
        bucket = f"arn:aws:s3:::{stage.deployment.bucket}"
        needs.add(Need("s3:ListBucket", bucket, prefix="logs/"))
    if function == "compactor":
        needs |= by_athena(stage.where, names, f"arn:aws:s3:::{stage.deployment.bucket}")
    return needs


@dataclass
class Stage:
    """One environment, and root's hands in it. Each turn works on an app of its own."""

    deployment: Deployment
    turn: int = 0

    @property
    def where(self) -> Where:
        return Where(self.deployment.aws.account, self.deployment.aws.region)

    @property
    def app(self) -> str:
        return f"turn-{self.turn}"

    @cached_property
    def pipeline(self) -> PipelineConfig:
        return PipelineConfig.from_env(self._variables(self.deployment.names.consumer))

    @cached_property
    def api(self) -> ApiConfig:
        told = ApiConfig.from_env(self._variables(self.deployment.names.api))
        return replace(told, issuer=ISSUER, audience=("web",), groups_claim="cognito:groups")

    def _variables(self, function: str) -> dict[str, str]:
        reply = self.deployment.aws.functions.get_function_configuration(FunctionName=function)
        return reply["Environment"]["Variables"]

    def store(self, aws: Aws, *, age: int = 0) -> None:
        """Errors of this turn's app, and messages that are poisoned, buried and failing, through the consumer."""
        moment = now() - age
        made = records(3, app=self.app, level="ERROR", ts=moment)
        messages = event(
            packed(made, "a" * 16, sent_at=moment),
            sqs('{"logctl": 1, "appid": poison', group=self.app, sent_at=moment),
        )
        Consumer(aws, self.pipeline, clock=now).process(messages)
        set_back(aws, self.deployment.aws, self.pipeline, self.app)


@pytest.fixture(scope="module")
def stage(sandbox: Cli) -> Iterator[Stage]:
    cli = replace(sandbox, env="least", variables={"LOGCTL_COMPACT_AFTER": "2d"})
    cli.run("provision", "--yes")
    yield Stage(cli.deployment)
    cli.run("destroy", "--delete-data", "--yes")


def now() -> int:
    return time.time_ns() // 1_000_000


# ── What the functions do: what there has to be before, and the code that runs with the role ────────


def nothing(stage: Stage) -> None:
    pass


def consume(aws: Aws, stage: Stage) -> None:
    stage.store(aws)
    # Lambda polls the queue with the function's role.
    url = stage.deployment.queue_url()
    tried(aws.sqs.receive_message, QueueUrl=url)
    tried(aws.sqs.get_queue_attributes, QueueUrl=url, AttributeNames=["QueueArn"])
    tried(aws.sqs.delete_message, QueueUrl=url, ReceiptHandle="of no message")


def something_to_sweep(stage: Stage) -> None:
    stage.store(stage.deployment.aws)
    config = stage.pipeline
    for table, prefix in ((config.table, LOGS), (config.compacted_table, COMPACTED)):
        old = Partition.at(now() - config.cold_retention - 40 * DAY, stage.app)
        location = f"s3://{config.bucket}/{prefix}appid={stage.app}/"
        stage.deployment.aws.glue.batch_create_partition(
            DatabaseName=config.database,
            TableName=table,
            PartitionInputList=[{"Values": list(old.values), "StorageDescriptor": {"Location": location}}],
        )


def sweep(aws: Aws, stage: Stage) -> None:
    Outbox(stage.deployment.aws.dynamodb, stage.pipeline.hot_table).put(
        f"turn-{stage.turn}", [Tally(AlertKey(stage.app, "ERROR", "f" * 12), 1, "t", "s", now())]
    )
    # The first begins the windows, the second ends them.
    for wait in (0, stage.pipeline.alert_window + MINUTE):
        tried(Sweep(alerter_for(aws, stage.pipeline, now)).run, called_at=now() + wait)
    tried(Expiry(aws.s3, aws.glue, stage.pipeline, now).run)


def something_to_read(stage: Stage) -> None:
    """More records than a hot row holds, and an app that only an earlier version has noted."""
    aws, moment = stage.deployment.aws, now()
    stage.store(aws)
    many = records(500, app=stage.app, level="INFO", ts=moment)
    Consumer(aws, stage.pipeline, clock=now).process(event(packed(many, "b" * 16, sent_at=moment)))
    aws.dynamodb.put_item(
        TableName=stage.pipeline.hot_table,
        Item={
            "app": {"S": APPS},
            "chunk": {"S": f"{stage.app}-before"},
            "seen_at": {"N": str(moment)},
            "expires_at": {"N": str((moment + DAY) // 1000)},
        },
    )


def answer(aws: Aws, stage: Stage) -> None:
    def nowhere(url: str) -> bytes:
        raise AssertionError(url)

    api = Api(aws, stage.api, clock=now, fetch=nowhere)
    site = Site(api, SimpleNamespace(clock=now), stage.api, ("app:*",))  # type: ignore[arg-type]
    for path in ("/apps", "/logs", "/counts", "/alerts", "/health"):
        reply = api.answer(site.event(f"GET {path}"))
        if path == "/logs" and reply["statusCode"] == 200:
            stage.store(stage.deployment.aws, age=1)
            cursor = json.loads(reply["body"])["live"]
            api.answer(site.event("GET /logs/live", {"cursor": cursor}))


def something_to_compact(stage: Stage) -> None:
    """A day with raw objects that are compacted already, one with new ones, and what a dead run has left."""
    stage.store(stage.deployment.aws, age=4 * DAY)
    stage.deployment.aws.glue.create_table(
        DatabaseName=stage.pipeline.database, TableInput={"Name": f"compaction_{stage.turn}"}
    )


def compact(aws: Aws, stage: Stage) -> None:
    names = stage.deployment.names
    runner = Runner(aws.athena, names.workgroup, names.database)
    tables = Tables(names.database, names.compacted_table, names.view, stage.pipeline.bucket)
    work = Compactor(aws.s3, aws.glue, runner, tables, clock=now, owner="a test", hot_retention=0, grace=0)
    tried(lambda: list(work.run(TimeRange(now() - 6 * DAY, now() - 2 * DAY), [stage.app])))
    # When time is up Athena is told to stop what still runs.
    tried(aws.athena.stop_query_execution, QueryExecutionId="of no query")


def tried(call: Callable[..., Any], **params: Any) -> None:
    """What becomes of it is in the recording."""
    with suppress(ClientError, LogctlError):
        call(**params)


FUNCTIONS: dict[str, tuple[Callable[[Stage], None], Callable[[Aws, Stage], None]]] = {
    "consumer": (nothing, consume),
    "sweeper": (something_to_sweep, sweep),
    "api": (something_to_read, answer),
    "compactor": (something_to_compact, compact),
}


# ── A role with such a policy ───────────────────────────────────────────────────────────────────────


class Role:
    """A role that has a function's policy, and can lose statements of it."""

    def __init__(self, stage: Stage, function: str) -> None:
        self._stage, self._function = stage, function
        self._aws = stage.deployment.aws
        self._iam = self._aws.session.client("iam", endpoint_url=self._aws.endpoint_url)
        deployed = getattr(stage.deployment.names, function)
        self.policy: list[Statement] = self._iam.get_role_policy(
            RoleName=f"{deployed}-{self._aws.region}", PolicyName=deployed
        )["PolicyDocument"]["Statement"]
        self._name = f"least-{function}"
        trust = {"Effect": "Allow", "Principal": {"AWS": stage.where.account}, "Action": "sts:AssumeRole"}
        role = self._iam.create_role(RoleName=self._name, AssumeRolePolicyDocument=document([trust]))["Role"]
        given = self._aws.sts.assume_role(RoleArn=role["Arn"], RoleSessionName="it")["Credentials"]
        self._access_key = given["AccessKeyId"]
        session = boto3.Session(
            self._access_key, given["SecretAccessKey"], given["SessionToken"], self._aws.region
        )
        self._as_role = Aws(session, self._aws.endpoint_url, self._aws.athena_endpoint_url)

    def run(self, policy: list[Statement]) -> Recording:
        """One turn of the function with a policy; the calls it made."""
        self._iam.put_role_policy(RoleName=self._name, PolicyName="it", PolicyDocument=document(policy))
        prepare, act = FUNCTIONS[self._function]
        self._stage.turn += 1
        prepare(self._stage)
        with iam.recorded(self._access_key) as calls:
            act(self._as_role, self._stage)
        return calls

    def remove(self) -> None:
        self._iam.delete_role_policy(RoleName=self._name, PolicyName="it")
        self._iam.delete_role(RoleName=self._name)


def document(statements: list[Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture(params=FUNCTIONS)
def role(stage: Stage, request: pytest.FixtureRequest) -> Iterator[Role]:
    made = Role(stage, request.param)
    yield made
    made.remove()


def test_it_is_enough_and_nothing_of_it_is_too_much(stage, role, request):
    function = request.node.callspec.params["role"]
    calls = role.run(role.policy)
    assert [call.operation for call in calls.denied] == []

    called = calls.needs(stage.where)
    if function == "compactor":
        # The unit test of the same name goes by this list.
        own = by_the_compactor(stage.where, stage.deployment.names, f"arn:aws:s3:::{stage.deployment.bucket}")
        assert {need.action for need in own} <= {need.action for need in called}
        assert (
            iam.too_much([{"Action": need.action, "Resource": need.resource} for need in own], called)
            == set()
        )
    needs = called | unseen(stage, function)
    assert iam.refused(role.policy, needs) == set()
    assert iam.unused(role.policy, needs) == set()
    assert iam.too_much(role.policy, needs) == set()

    passed = {sid for name, sid in NOT_ENFORCED if name == function}
    if passed:
        left = [statement for statement in role.policy if statement["Sid"] not in passed]
        without = role.run(left)
        assert without.denied == [], "the sandbox enforces more than NOT_ENFORCED says"
        assert {call.operation for call in without.calls} == {call.operation for call in calls.calls}
    for statement in role.policy:
        if statement["Sid"] in passed | {"WriteLogs"}:
            continue
        denied = role.run([other for other in role.policy if other is not statement]).denied
        missed = {need for call in denied for need in call.needs(stage.where)}
        assert missed, f"nothing misses {statement['Sid']}"
        # What is refused is what was taken away, and not something else.
        assert all(need.action in iam.listed(statement["Action"]) for need in missed), statement["Sid"]
