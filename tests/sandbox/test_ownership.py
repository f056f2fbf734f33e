"""Names that collide: what does not carry an environment's tags is neither deleted nor taken over by it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from logctl.aws.clients import Aws
from logctl.core.errors import LogctlError, UnreachableError
from logctl.ops.deployment import Deployment
from logctl.ops.environments import environments
from logctl.stack.names import Names
from logctl.stack.provision import Destroyed, Provisioner
from logctl.stack.settings import Settings
from logctl.stack.stack_events import StackEvent
from tests.helpers.environment import Environment
from tests.helpers.sandbox import Cli

OTHERS = {"logctl:prefix": "else", "logctl:env": "where"}


class Named(Environment):
    """An environment under any prefix."""

    def __init__(self, aws: Aws, prefix: str, env: str) -> None:
        super().__init__(aws, env)
        self.prefix = prefix
        self.names = Names(prefix, env)
        self.bucket = self.names.bucket(aws.place)
        self.deploy_bucket = self.names.deploy_bucket(aws.place)
        self.group = f"/aws/lambda/{self.names.consumer}"

    @property
    def settings(self) -> Settings:
        given = {"target": "local", "env": self.env, "prefix": self.prefix, "region": self.aws.region}
        return Settings.build(("test", given))

    def provisioner(self, **settings: object) -> Provisioner:
        return Provisioner(self.aws, replace(self.settings, **settings))  # type: ignore[arg-type]

    def there(self) -> set[str]:
        """Everything of its name, whatever else there is."""
        return self.left()

    def make_bucket(self, tags: dict[str, str]) -> None:
        self.aws.s3.create_bucket(Bucket=self.bucket)
        if tags:
            self.aws.s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": listed(tags)})
        self.aws.s3.put_object(Bucket=self.bucket, Key="logs/theirs", Body=b"theirs")

    def make_table(self, tags: dict[str, str]) -> None:
        self.aws.dynamodb.create_table(
            TableName=self.names.hot_table,
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
            **({"Tags": listed(tags)} if tags else {}),
        )

    def make_group(self, tags: dict[str, str]) -> None:
        self.aws.logs.create_log_group(logGroupName=self.group, **({"tags": tags} if tags else {}))

    def clear(self) -> None:
        """As somebody does who looks at each thing: everything of these names."""
        self.destroy(delete_data=True)
        s3, names = self.aws.s3, [bucket["Name"] for bucket in self.aws.s3.list_buckets()["Buckets"]]
        if self.bucket in names:
            s3.put_bucket_tagging(Bucket=self.bucket, Tagging={"TagSet": listed(self.names.tags)})
        if self.names.hot_table in self.aws.dynamodb.list_tables()["TableNames"]:
            self.aws.dynamodb.delete_table(TableName=self.names.hot_table)
        groups = self.aws.logs.describe_log_groups(logGroupNamePrefix=self.group)["logGroups"]
        for group in groups:
            self.aws.logs.delete_log_group(logGroupName=group["logGroupName"])
        self.destroy(delete_data=True)


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture(params=[("a", "b-c", "a-b", "c"), ("a-b", "c", "a", "b-c")])
def pair(sandbox: Cli, request: pytest.FixtureRequest) -> Iterator[tuple[Named, Named]]:
    """Two environments that have one name for their stacks."""
    prefix, env, other_prefix, other_env = request.param
    aws = sandbox.deployment.aws
    made = (Named(aws, prefix, env), Named(aws, other_prefix, other_env))
    yield made
    for environment in made:
        environment.clear()


@pytest.fixture
def alone(sandbox: Cli) -> Iterator[Named]:
    made = Named(sandbox.deployment.aws, "lone", "some")
    yield made
    made.clear()


# ── Two environments with one name ──────────────────────────────────────────────────────────────────


@pytest.mark.proves("F44")
@pytest.mark.parametrize("delete_data", [False, True])
def test_another_environment_of_the_same_name_survives_destroy(pair, delete_data):
    mine, theirs = pair
    theirs.provision()
    theirs.aws.s3.put_object(Bucket=theirs.bucket, Key="logs/theirs", Body=b"theirs")
    before = theirs.left()
    done = mine.destroy(delete_data=delete_data)
    assert (done.deleted, done.retained) == ((), ())
    assert {item.thing for item in done.left} >= {
        f"stack {theirs.names.stack}",
        f"stack {theirs.names.bootstrap_stack}",
        f"bucket {theirs.bucket}",
        f"bucket {theirs.deploy_bucket}",
        f"table {theirs.names.hot_table}",
        f"log group {theirs.group}",
    }
    assert [item for item in done.left if f"logctl:env={theirs.env}" not in item.reason] == []
    assert theirs.left() == before
    assert theirs.aws.s3.get_object(Bucket=theirs.bucket, Key="logs/theirs")["Body"].read() == b"theirs"
    assert theirs.provisioner().plan().changes == ()


def test_provision_refuses_the_stack_of_another_environment(pair):
    mine, theirs = pair
    theirs.provision()
    before = theirs.left()
    with pytest.raises(LogctlError, match=f"{theirs.names.stack} .*logctl:env={theirs.env}") as refused:
        mine.provision()
    assert "--env" in refused.value.hint
    # Nor what it has left behind.
    theirs.destroy()
    with pytest.raises(LogctlError, match=f"logctl:env={theirs.env}"):
        mine.provision()
    assert theirs.left() <= before
    theirs.provision()


def test_commands_do_not_take_another_environment_for_theirs(pair, sandbox):
    mine, theirs = pair
    cli = replace(sandbox, env=mine.env, variables={"LOGCTL_PREFIX": mine.prefix})
    theirs.provision()
    with pytest.raises(
        UnreachableError, match=f"belongs to prefix {theirs.prefix} and environment {theirs.env}"
    ):
        Deployment(mine.aws, mine.settings).outputs()
    for command in ("status", "doctor", "cost", "dashboard open --no-browser", "dashboard token"):
        told = cli.run(*command.split(), code=None)
        assert told.code == 3, (command, told.out, told.err)
        assert f"belongs to prefix {theirs.prefix}" in told.out + told.err, command
        assert f"--env {theirs.env}" in told.out + told.err, command
    assert Deployment(theirs.aws, theirs.settings).outputs()["Environment"] == theirs.env
    assert theirs.env in environments(theirs.aws.cloudformation, theirs.prefix)
    assert mine.env not in environments(mine.aws.cloudformation, mine.prefix)


def test_an_environment_called_as_anothers_bootstrap_stack_is_refused(sandbox):
    aws = sandbox.deployment.aws
    theirs, mine = Named(aws, "boot", "s"), Named(aws, "boot-s", "bootstrap")
    assert mine.names.stack == theirs.names.bootstrap_stack
    try:
        theirs.provision()
        before = theirs.left()
        with pytest.raises(LogctlError, match="boot-s-bootstrap"):
            mine.provision()
        assert f"stack {mine.names.stack}" in {item.thing for item in mine.destroy(delete_data=True).left}
        assert theirs.left() == before
    finally:
        theirs.clear()


# ── What somebody else has made ─────────────────────────────────────────────────────────────────────


@pytest.mark.proves("F44")
@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"team": "web"},
        OTHERS,
        {"logctl:prefix": "lone"},
        {"logctl:env": "some"},
        {"logctl:prefix": "lone", "logctl:env": "other"},
        {"logctl:prefix": "Lone", "logctl:env": "some"},
        {"logctl:Prefix": "lone", "logctl:Env": "some"},
        {"logctl:prefix": "lone", "logctl:env": "some "},
        {"logctl:prefix": "some", "logctl:env": "lone"},
    ],
)
def test_what_only_has_the_name_is_left_with_its_reason(alone, tags):
    alone.make_bucket(tags)
    alone.make_table(tags)
    alone.make_group(tags)
    for delete_data in (False, True):
        done = alone.destroy(delete_data=delete_data)
        assert (done.deleted, done.retained) == ((), ())
        assert {item.thing for item in done.left} == {
            f"bucket {alone.bucket}",
            f"table {alone.names.hot_table}",
            f"log group {alone.group}",
        }
        assert all(item.reason for item in done.left)
    assert alone.aws.s3.get_object(Bucket=alone.bucket, Key="logs/theirs")["Body"].read() == b"theirs"
    assert alone.aws.dynamodb.describe_table(TableName=alone.names.hot_table)


@pytest.mark.parametrize("make", ["make_bucket", "make_table"])
@pytest.mark.parametrize("tags", [{}, OTHERS])
def test_provision_takes_over_nothing_that_is_not_its_own(alone, make, tags):
    getattr(alone, make)(tags)
    before = alone.left()
    with pytest.raises(LogctlError, match=r"exists already and does not belong to prefix lone") as refused:
        alone.provision()
    assert "logctl:prefix=lone and logctl:env=some" in refused.value.hint
    assert alone.left() == before, "a refused plan leaves nothing"


def test_a_bucket_in_place_of_the_deploy_bucket_is_not_taken_over(alone):
    alone.aws.s3.create_bucket(Bucket=alone.deploy_bucket)
    with pytest.raises(LogctlError, match=f"{alone.deploy_bucket} exists already"):
        alone.provision()
    done = alone.destroy(delete_data=True)
    assert [item.thing for item in done.left] == [f"bucket {alone.deploy_bucket}"]
    alone.aws.s3.delete_bucket(Bucket=alone.deploy_bucket)


def test_a_stack_that_logctl_did_not_make_is_neither_changed_nor_deleted(alone):
    name = alone.names.stack
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "mine-too"}}}}
    alone.aws.cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    try:
        with pytest.raises(LogctlError, match=f"The stack {name} exists already .*no tags of logctl"):
            alone.provision()
        done = alone.destroy(delete_data=True)
        assert [(item.thing, item.reason) for item in done.left] == [
            (f"stack {name}", "it carries no tags of logctl")
        ]
        assert alone.aws.cloudformation.describe_stacks(StackName=name)["Stacks"]
    finally:
        alone.aws.cloudformation.delete_stack(StackName=name)


def test_what_has_lost_its_tags_is_left_and_taken_again_when_it_has_them(alone):
    """As a bucket of long ago: the message says how to go on."""
    alone.provision()
    alone.destroy()
    alone.aws.s3.delete_bucket_tagging(Bucket=alone.bucket)
    assert [item.thing for item in alone.destroy(delete_data=True).left] == [f"bucket {alone.bucket}"]
    with pytest.raises(LogctlError, match=alone.bucket):
        alone.provision()
    alone.aws.s3.put_bucket_tagging(Bucket=alone.bucket, Tagging={"TagSet": listed(alone.names.tags)})
    alone.provision()
    alone.destroy(delete_data=True)
    assert alone.left() == set()


# ── Log groups that last words make anew ────────────────────────────────────────────────────────────


def test_a_log_group_that_last_words_made_anew_goes_and_one_of_before_stays(alone):
    """Made anew it has no tags; that it was ours is known from before the stack was deleted."""
    alone.provision()
    spoken = []

    def speak(event: StackEvent) -> None:
        groups = alone.aws.logs.describe_log_groups(logGroupNamePrefix=alone.group)["logGroups"]
        if not groups and not spoken:
            alone.make_group({})
            spoken.append(event)

    done = alone.provisioner().destroy(delete_data=True, on_event=speak)
    assert spoken
    assert f"log group {alone.group}" in done.deleted
    assert done.left == ()
    assert alone.destroy(delete_data=True) == Destroyed((), ())
    alone.make_group({})
    assert [item.thing for item in alone.destroy(delete_data=True).left] == [f"log group {alone.group}"]


# ── As a person sees it ─────────────────────────────────────────────────────────────────────────────


def test_destroy_lists_what_is_left_and_exits_with_5_or_1(sandbox, alone):
    cli = replace(sandbox, env=alone.env, variables={"LOGCTL_PREFIX": alone.prefix})
    alone.make_group({"team": "web"})
    nothing = cli.run("destroy", "--delete-data", "--yes", code=1)
    assert f"left log group {alone.group}: it carries no tags of logctl" in nothing.err
    assert "Nothing was deleted" in nothing.err and not nothing.out
    alone.aws.logs.delete_log_group(logGroupName=alone.group)
    cli.run("provision", "--yes")
    alone.aws.dynamodb.untag_resource(
        ResourceArn=alone.aws.dynamodb.describe_table(TableName=alone.names.hot_table)["Table"]["TableArn"],
        TagKeys=["logctl:env"],
    )
    partly = cli.run("destroy", "--delete-data", "--yes", code=5)
    assert f"deleted bucket {alone.bucket}" in partly.err
    assert f"left table {alone.names.hot_table}: it carries logctl:prefix=lone" in partly.err
    assert "tag them logctl:prefix=lone and logctl:env=some" in partly.err
    refused = cli.run("provision", "--yes", code=1)
    assert refused.err.count("does not belong to prefix lone") == 1
