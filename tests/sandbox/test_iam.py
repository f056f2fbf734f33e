"""Each command, run by a user who has exactly the policy that `logctl iam --for COMMAND` prints, with IAM
enforced; and by one who has another command's.

The CLI works as on AWS here, with endpoints and credentials from variables. The sandbox's own Athena does not
check IAM, and MiniStack's CloudFormation makes resources as root: what these do in the caller's name is
compared with AWS's documentation and with the registry's schemas instead (tests/unit/test_iam.py).
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.loaders import create_loader
from typer.testing import CliRunner

from logctl.aws.clients import Aws
from logctl.cli.app import app
from logctl.core.partitions import Partition
from logctl.core.times import DAY, iso
from logctl.local import sandbox as local
from logctl.ops.dashboard.address import Dashboard
from logctl.ops.dashboard.tokens import script_token
from logctl.ops.deployment import Deployment
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.stored_objects import StoredObjects, rows_of
from logctl.stack.iam.command_permissions import needed
from logctl.stack.iam.documents import documents
from logctl.stack.iam.scope import ANY, PolicyScope
from logctl.stack.provision import Provisioner
from logctl.stack.resource_types import RESOURCE_TYPES
from logctl.stack.settings import Settings
from tests.helpers import iam
from tests.helpers.iam import Where
from tests.helpers.messages import event, packed, records, sqs
from tests.helpers.needs import BY_ATHENA
from tests.helpers.sandbox import Cli
from tests.helpers.setbacks import set_back

APP = "people"
KEY = f"{APP}#ERROR#0a1b2c3d4e5f"


@dataclass
class Person:
    """Somebody with policies and an access key, at a terminal."""

    policies: list[dict[str, Any]]
    given: list[dict[str, Any]]
    environ: dict[str, str]
    aws: Aws

    @property
    def access_key(self) -> str:
        return self.environ["AWS_ACCESS_KEY_ID"]

    def run(self, *args: str, stdin: str | None = None) -> tuple[int, str]:
        done = CliRunner().invoke(app, list(args), env=self.environ, input=stdin)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output


@dataclass
class Account:
    """The sandbox as an administrator sees it, who gives people what they need."""

    cli: Cli
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def deployment(self) -> Deployment:
        return self.cli.deployment

    @property
    def where(self) -> Where:
        return Where(self.deployment.aws.account, self.deployment.aws.region)

    @cached_property
    def iam(self) -> Any:
        aws = self.deployment.aws
        return aws.session.client("iam", endpoint_url=aws.endpoint_url)

    def environ(self, access_key: str, secret_key: str) -> dict[str, str]:
        running = local.find(self.cli.home / "sandbox")
        assert running is not None
        return {
            "LOGCTL_TARGET": "aws",
            "LOGCTL_ENV": self.cli.env,
            "LOGCTL_STATE_HOME": str(self.cli.home / "state"),
            "LOGCTL_SANDBOX_HOME": str(self.cli.home / "nowhere"),
            "AWS_ENDPOINT_URL": running.endpoint,
            "AWS_ENDPOINT_URL_ATHENA": running.athena_endpoint,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret_key,
            "AWS_REGION": running.region,
            "COLUMNS": "200",
        }

    @cached_property
    def scope(self) -> PolicyScope:
        aws = self.deployment.aws
        pool = self.deployment.outputs()["UserPoolId"]
        return PolicyScope(self.deployment.settings, aws.place, aws.partition, pool)

    def person(self, command: str) -> Person:
        """A user with the policies for a command."""
        if command not in self.people:
            self.people[command] = self.hire(command, self.scope)
        return self.people[command]

    def hire(self, command: str, scope: PolicyScope) -> Person:
        policies = documents(needed(command, scope))
        given = [in_the_sandboxs_words(policy) for policy in policies]
        name = command.replace(" ", ".").replace("--", "with-")
        self.iam.create_user(UserName=name)
        for number, policy in enumerate(given):
            made = self.iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(policy))
            self.iam.attach_user_policy(UserName=name, PolicyArn=made["Policy"]["Arn"])
        key = self.iam.create_access_key(UserName=name)["AccessKey"]
        environ = self.environ(key["AccessKeyId"], key["SecretAccessKey"])
        admin = self.deployment.aws
        session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=admin.region)
        aws = Aws(session, admin.endpoint_url, admin.athena_endpoint_url)
        return Person(policies, given, environ, aws)


def statements(policies: list[dict[str, Any]]) -> list[Any]:
    return [statement for policy in policies for statement in policy["Statement"]]


# MiniStack 1.5.33 asks for these otherwise than AWS. SendMessageBatch is no action of IAM's; the others it asks
# for without the resource that they name. And as it cannot move messages itself, logctl goes one by one, and
# looks the queue up.
IN_THE_SANDBOXS_WORDS = {
    "sqs:SendMessage": {"Action": ["sqs:SendMessageBatch"]},
    "sqs:StartMessageMoveTask": {
        "Action": ["sqs:StartMessageMoveTask", "sqs:GetQueueUrl"],
        "Resource": ["*"],
    },
    "events:DescribeRule": {"Action": ["events:DescribeRule"], "Resource": ["*"]},
    "lambda:GetFunctionConcurrency": {"Action": ["lambda:PutFunctionConcurrency"]},
    "dynamodb:ListTagsOfResource": {"Action": ["dynamodb:ListTagsOfResource"], "Resource": ["*"]},
    "logs:ListTagsForResource": {"Action": ["logs:ListTagsForResource"], "Resource": ["*"]},
    "cloudwatch:DescribeAlarms": {"Action": ["cloudwatch:DescribeAlarms"], "Resource": ["*"]},
}


def in_the_sandboxs_words(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy, and the same once more as MiniStack asks for it."""
    said = [
        {**statement, **otherwise, "Sid": f"Sandbox{number}"}
        for number, (action, otherwise) in enumerate(IN_THE_SANDBOXS_WORDS.items())
        for statement in policy["Statement"]
        if action in statement["Action"]
    ]
    return {**policy, "Statement": [*policy["Statement"], *said]}


@pytest.fixture(scope="module")
def one_loader() -> Iterator[None]:
    """Botocore reads its models anew for each session; here a session is made for each command."""
    loader = create_loader()
    with patch("botocore.session.create_loader", lambda path: loader):
        yield


@pytest.fixture(scope="module")
def account(pipeline: Cli, one_loader: None) -> Account:
    made = Account(pipeline)
    pipeline.run("send", "-", "--app", APP, "--wait", stdin='{"level": "error", "msg": "a disk is full"}\n')
    return made


def now() -> int:
    return time.time_ns() // 1_000_000


# ── What there has to be before a command, and what more is done with its permissions ───────────────


def nothing(account: Account) -> str:
    return ""


def dead_letter(account: Account) -> str:
    """Its id."""
    sent = account.deployment.aws.sqs.send_message(
        QueueUrl=account.deployment.dead_letter_queue_url(),
        MessageBody='{"msg": "dead"}',
        MessageGroupId=f"{APP}-{time.time_ns()}",
        MessageDeduplicationId=str(time.time_ns()),
    )
    return str(sent["MessageId"])


def something_dead(account: Account) -> str:
    dead_letter(account)
    return ""


def quarantined(account: Account) -> str:
    """The id of a message that can be stored now."""
    aws, moment = account.deployment.aws, now()
    digest = f"{time.time_ns():032x}"
    key = f"{Partition.at(moment, APP).under('quarantine/')}{digest}.json"
    note = {
        "reason": "json", "detail": "", "group": APP, "message_id": "m", "deduplication_id": digest,
        "sent_at": iso(moment), "content": '{"level": "error", "msg": "now it can"}',
    }  # fmt: skip
    aws.s3.put_object(Bucket=account.deployment.bucket, Key=key, Body=json.dumps(note).encode())
    return digest


def something_quarantined(account: Account) -> str:
    quarantined(account)
    return ""


def still_unreadable(person: Person, account: Account) -> None:
    """What is rejected again is written and stays."""
    assert (
        person.run(
            "quarantine", "retry", quarantined(account), "--body", "-", stdin='{"logctl": 1, "appid": poison'
        )[0]
        == 1
    )


def unregistered(account: Account) -> str:
    """A partition that only S3 has."""
    partition = Partition.at(now() - 40 * DAY, f"lost-{time.time_ns()}")
    account.deployment.aws.s3.put_object(
        Bucket=account.deployment.bucket, Key=partition.object_key("0"), Body=gzip.compress(b"{}\n")
    )
    return ""


def lost_views(account: Account) -> str:
    """A view is gone and the other one changed, and a partition is not registered."""
    glue, database = account.deployment.aws.glue, account.deployment.names.database
    glue.delete_table(DatabaseName=database, Name="logs_unique")
    changed = glue.get_table(DatabaseName=database, Name="logs")["Table"]
    kept = ("Name", "TableType", "Parameters", "StorageDescriptor", "PartitionKeys")
    shape = {key: value for key, value in changed.items() if key in kept}
    glue.update_table(DatabaseName=database, TableInput={**shape, "ViewOriginalText": "another"})
    return unregistered(account)


def old_records(account: Account) -> str:
    """A day that can be compacted."""
    made = records(3, app=APP, level="ERROR", ts=now() - 4 * DAY)
    consumer = Consumer(account.deployment.aws, account.deployment.pipeline_config(), clock=now)
    consumer.process(event(packed(made, sent_at=now())))
    return ""


def saved_event(account: Account) -> str:
    """A file for `consume --event`, with an error and a message that cannot be parsed."""
    made = records(3, app=f"{APP}-event", level="ERROR", ts=now())
    path = account.cli.home / "event.json"
    path.write_text(
        json.dumps(event(packed(made, sent_at=now()), sqs('{"logctl": 1, "appid": poison', sent_at=now())))
    )
    return str(path)


def follow(person: Person, account: Account) -> None:
    """What `tail -f` reads in a round, and the object of a row."""
    store = HotStore(person.aws.dynamodb, account.deployment.names.hot_table)
    keys = [(app, key) for app, key, _ in store.arrived_in("0", 0)]
    row = store.get(keys)[keys[-1]]
    assert store.arrived(APP, 0)
    objects = StoredObjects(lambda: (person.aws.s3, account.deployment.bucket))
    assert rows_of(row, objects.frame(row) or b"") == row.rows


def receive(person: Person, account: Account) -> None:
    assert person.run("consume", "--once")[0] == 0
    set_back(person.aws, account.deployment.aws, account.deployment.pipeline_config(), APP)


def large_result(person: Person, account: Account) -> None:
    """More rows than a page of GetQueryResults: the others are in the result's object."""
    code, said = person.run("athena", "query", "SELECT n FROM UNNEST(sequence(1, 1500)) AS t(n)", "-o", "csv")
    assert (code, said.split()[-1501:]) == (0, ["n", *map(str, range(1, 1501))])


def dry_run(person: Person, account: Account) -> None:
    assert person.run("replay", "--app", APP, "--since", "1h", "--dry-run")[0] == 0


def token(person: Person, account: Account) -> None:
    """Not through the CLI: on AWS the sign-in is on a host of its own."""
    assert script_token(Dashboard(Deployment(person.aws, account.deployment.settings)))


@dataclass(frozen=True)
class Run:
    """How a command is run (what `before` returns is its last argument), and which of its actions that does
    not call."""

    args: str
    stdin: str | None = None
    before: Callable[[Account], str] = nothing
    besides: Callable[[Person, Account], None] | None = None
    uncalled: frozenset[str] = frozenset()
    code: int = 0


_QUERIES = frozenset({"athena:StartQueryExecution", "athena:GetQueryExecution", "athena:GetQueryResults"})
_LINE = '{"level": "error", "msg": "a disk is full"}\n'
# Athena does these in the caller's name, and Ctrl-C stops a query.
_ATHENA = frozenset(BY_ATHENA | {"glue:GetTables", "athena:StopQueryExecution"})
# Here two views are lost; the tables and the database could be.
_LOST = frozenset({"glue:CreateDatabase", "glue:CreateTable", "glue:UpdateTable"})
# Drops and moves need partitions that are gone or elsewhere.
_DROPS = frozenset({"glue:BatchDeletePartition", "glue:BatchUpdatePartition", "glue:DeletePartition"})

# What the consumer does with messages that fail or come again: its ledger, its canary, and burying.
_WHEN_IT_FAILS = frozenset(
    {"dynamodb:BatchGetItem", "dynamodb:UpdateItem", "s3:PutObject", "sqs:SendMessage"}
)
# Only for a message of a file: test_least_privilege.py has one.
_OF_A_FILE = frozenset({"dynamodb:Query"})

# CloudFormation reads in the caller's name what it compares, MiniStack's as root.
_COMPARED = frozenset(
    action
    for row in RESOURCE_TYPES.values()
    for handlers in row.handlers
    for statement in handlers.statements(PolicyScope(Settings()), "read")
    for action in statement["Action"]
)
RUNS: dict[str, Run] = {
    "status": Run("status"),
    "status --drift": Run("status --drift", uncalled=_COMPARED),
    "doctor": Run("doctor"),
    "doctor --live": Run("doctor --live", uncalled=_ATHENA),
    # The sandbox keeps no metrics: there it ends.
    "cost": Run("cost", code=1, uncalled=frozenset({"cloudwatch:DescribeAlarms", "dynamodb:DescribeTable"})),
    "send": Run(f"send - --app {APP}", _LINE),
    "send --wait": Run(f"send - --app {APP} --wait", _LINE),
    # Only an object that is gone is listed, and only where S3 answers as AWS does.
    "tail": Run(f"tail {APP} -s 1h", besides=follow, uncalled=frozenset({"s3:ListBucket"})),
    "tail --since": Run(f"tail {APP} -s 30d", besides=follow, uncalled=_ATHENA | {"s3:ListBucket"}),
    "athena query": Run(
        f"athena query --since 1h --app {APP}",
        besides=large_result,
        uncalled=_ATHENA | {"s3:ListBucket"},
    ),
    "athena partitions": Run("athena partitions"),
    "athena repair": Run("athena repair", before=lost_views, uncalled=_DROPS | _LOST),
    "athena repair --via": Run(
        "athena repair --via msck", before=lost_views, uncalled=_ATHENA | _DROPS | _LOST
    ),
    # What was replaced is deleted after an hour.
    "athena compact": Run(
        "athena compact --since 6d", before=old_records, uncalled=_ATHENA | {"s3:DeleteObject"}
    ),
    "debounce list": Run("debounce list"),
    "debounce show": Run(f"debounce show {KEY}", code=1),
    "debounce explain": Run(f"debounce explain {KEY}"),
    "debounce silence": Run(f"debounce silence {APP} --for 1m"),
    "debounce silences": Run("debounce silences"),
    "debounce clear": Run(f"debounce clear {APP}"),
    "dlq list": Run("dlq list", before=something_dead),
    "dlq show": Run("dlq show", before=dead_letter),
    # MiniStack has no StartMessageMoveTask: it goes message by message.
    "dlq redrive": Run(
        "dlq redrive --yes", before=something_dead, uncalled=frozenset({"sqs:ListMessageMoveTasks"})
    ),
    "dlq drop": Run("dlq drop --yes --message", before=dead_letter),
    "quarantine list": Run("quarantine list --since 1h", before=something_quarantined),
    "quarantine show": Run("quarantine show", before=quarantined),
    "quarantine retry": Run(
        "quarantine retry", before=quarantined, besides=still_unreadable, uncalled=_WHEN_IT_FAILS | _OF_A_FILE
    ),
    "quarantine drop": Run("quarantine drop --yes", before=quarantined),
    "replay": Run(f"replay --app {APP} --since 1h", besides=dry_run, uncalled=_ATHENA | _QUERIES),
    # The deployed consumer is quicker: there is nothing to delete.
    "consume": Run(
        "consume --event",
        before=saved_event,
        besides=receive,
        uncalled=_WHEN_IT_FAILS | _OF_A_FILE | {"sqs:DeleteMessage"},
    ),
    "dashboard open": Run("dashboard open --no-browser"),
    "dashboard user add": Run("dashboard user add pat --app people"),
    "dashboard user list": Run("dashboard user list"),
    "dashboard user remove": Run("dashboard user remove pat --yes"),
    "dashboard token": Run("dashboard open --no-browser", besides=token),
}


@pytest.mark.parametrize("command", RUNS)
def test_a_command_runs_with_its_own_policy(account, command):
    run, person = RUNS[command], account.person(command)
    last = run.before(account)
    with iam.recorded(person.access_key) as calls:
        code, said = person.run(*run.args.split(), *filter(None, [last]), stdin=run.stdin)
        if run.besides:
            run.besides(person, account)
    print(said)
    assert (code, calls.denied) == (run.code, []), said
    needs = calls.needs(account.where)
    assert iam.refused(statements(person.given), needs) == set()
    assert {action for action, _ in iam.unused(statements(person.policies), needs)} <= run.uncalled


# ── And with somebody else's ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("args", "others"),
    [
        (f"send - --app {APP}", "tail"),
        (f"tail {APP}", "send"),
        ("provision --plan", "tail"),
        ("destroy --yes", "tail"),
        ("athena repair", "athena partitions"),
        ("debounce silence x --for 1m", "debounce silences"),
        ("dlq redrive --yes", "dlq list"),
        ("dlq list", "quarantine list"),
        ("quarantine list", "dlq list"),
        ("quarantine drop --all --yes", "quarantine list"),
        ("quarantine retry --all --yes", "quarantine drop"),
        ("dashboard user list", "dashboard open"),
    ],
)
def test_with_the_policy_of_another_command_it_is_refused(account, args, others):
    unregistered(account)
    dead_letter(account)
    quarantined(account)
    code, said = account.person(others).run(*args.split(), stdin=_LINE)
    assert code == 4, said
    assert "AWS refuses" in said
    assert "not authorized" in said
    assert "logctl iam --for" in said


# ── The stack ───────────────────────────────────────────────────────────────────────────────────────


def test_somebody_with_the_policies_of_provision_and_destroy_makes_and_removes_an_environment(account):
    """Of these, MiniStack checks what logctl calls itself; the handlers' actions are AWS's own list."""
    settings = replace(account.deployment.settings, env="mine")
    scope, admin = replace(account.scope, settings=settings, pool=ANY), replace(account.cli, env="mine")
    maker, remover = (account.hire(command, scope) for command in ("provision", "destroy --delete-data"))
    with iam.recorded(maker.access_key) as made:
        provisioner = Provisioner(maker.aws, settings)
        provisioner.discard(provisioner.plan())
        provisioner.apply(provisioner.plan(), lambda event: None)
        assert provisioner.plan().changes == ()
        assert not provisioner.shortfall()
        changed = Provisioner(maker.aws, replace(settings, scan_limit=10**10))
        changed.discard(changed.plan())
    admin.deployment.aws.s3.put_object(Bucket=admin.deployment.bucket, Key="logs/x", Body=b"x")
    with iam.recorded(remover.access_key) as removed:
        Provisioner(remover.aws, settings).destroy(delete_data=True, on_event=lambda event: None)
    # What the bootstrap stack needs when its plan fails, or changes something that is there.
    failing = {f"cloudformation:{action}" for action in ("DescribeEvents", "DeleteStack", "DeleteChangeSet")}
    for person, calls, own, uncalled in (
        (maker, made, ("cloudformation:",), failing),
        (remover, removed, ("cloudformation:", "s3:DeleteBucket", "s3:DeleteObject", "dynamodb:"), set()),
    ):
        assert calls.denied == []
        needs = calls.needs(account.where)
        assert iam.refused(statements(person.given), needs) == set()
        unused = {action for action, _ in iam.unused(statements(person.policies), needs)}
        # A policy on the bucket is CloudFormation's to delete.
        assert {action for action in unused if action.startswith(own)} - {"s3:DeleteBucketPolicy"} == uncalled


def test_it_prints_what_was_tried_here(account):
    running = local.find(account.cli.home / "sandbox")
    assert running is not None
    root = account.environ(running.keys.access_key, running.keys.secret_key)
    printed = CliRunner().invoke(app, ["iam", "--for", "dashboard user list"], env=root).stdout
    assert [json.loads(printed)] == documents(needed("dashboard user list", account.scope))
