"""Provision, plan and destroy against a CloudFormation with IAM enforced, below the command line."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

import pytest

from logctl.core.errors import LogctlError
from logctl.stack.deploy import StackDeployer
from logctl.stack.provision import Destroyed
from logctl.stack.stack_events import StackEvent
from logctl.stack.template import INLINE_LIMIT
from tests.helpers.environment import Environment

# The resources of the template, without the TLS-only policies that a plain-HTTP sandbox does not get.
EVERYTHING = {
    "Queue", "DeadLetterQueue", "Bucket", "HotTable", "AlertsTable", "Topic",
    "ConsumerRole", "ConsumerLogs", "Consumer", "SweeperRole", "SweeperLogs", "Sweeper",
    "ConsumerSource", "SweeperSchedule", "SweeperPermission", "Database", "Workgroup",
    "Table", "CompactedTable", "View", "UniqueView",
    "ApiRole", "ApiLogs", "Api", "HttpApi", "Integration", "Stage", "AccessLogs", "ApiPermission",
    "RoutePage", "RouteAssetsFile", "RouteOpenapiJson", "RouteSession", "RouteApps", "RouteLogs",
    "RouteLogsLive", "RouteCounts", "RouteAlerts", "RouteHealth", "Authorizer",
    "UserPool", "UserPoolDomain", "WebClient", "ResourceServer", "MachineClient",
    "DeadLettersAlarm", "BacklogAlarm", "ConsumerErrorsAlarm", "ConsumerThrottlesAlarm", "SweeperStoppedAlarm",
    "SweeperErrorsAlarm", "QuarantineAlarm", "QuarantinedMetric", "SweeperCalls", "Dashboard",
}  # fmt: skip
KEPT = {"Bucket", "HotTable", "AlertsTable"}


@pytest.fixture
def environment(sandbox, request: pytest.FixtureRequest) -> Iterator[Environment]:
    """A fresh environment for each test."""
    made = Environment(sandbox.deployment.aws, f"s{zlib.crc32(request.node.name.encode())}")
    yield made
    made.destroy(delete_data=True)


def test_a_plan_shows_everything_and_leaves_nothing(environment):
    provisioner = environment.provisioner()
    plan = provisioner.plan()
    assert plan.creates
    assert {(change.action, change.logical_id) for change in plan.changes} == {
        ("Add", name) for name in EVERYTHING
    }
    provisioner.discard(plan)
    assert environment.left() == set()


def test_a_discarded_plan_of_a_stack_that_is_there_leaves_the_stack(environment):
    environment.provision()
    before = environment.left()
    provisioner = environment.provisioner(scan_limit="20GB")
    provisioner.discard(provisioner.plan())
    assert environment.left() == before
    sets = environment.aws.cloudformation.list_change_sets(StackName=environment.names.stack)["Summaries"]
    assert [item for item in sets if item["ExecutionStatus"] == "AVAILABLE"] == []


def test_provisioning_tells_what_happens_and_what_came_of_it(environment):
    provisioner = environment.provisioner(alert_window="5m")
    info = provisioner.apply(provisioner.plan(), environment.events.append)
    assert info.status == "CREATE_COMPLETE"
    assert info.outputs["Bucket"] == environment.bucket
    assert info.outputs["HotTable"] == environment.names.hot_table
    assert info.outputs["QueueUrl"].endswith(environment.names.queue)
    assert info.outputs["AlertWindow"] == "300000"
    assert {
        event.logical_id for event in environment.events if event.status == "CREATE_COMPLETE"
    } >= EVERYTHING
    assert [event.at for event in environment.events] == sorted(event.at for event in environment.events)


def test_the_second_time_nothing_changes_and_nothing_is_left_over(environment):
    environment.provision()
    before = environment.left()
    plan = environment.provisioner().plan()
    assert (plan.changes, plan.change_set) == ((), "")
    assert environment.left() == before


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (
            {"alert_window": "5m"},
            dict.fromkeys(
                ("Api", "Consumer", "Sweeper"),
                "Environment.Variables.LOGCTL_ALERT_WINDOW_MS: 900000 → 300000",
            ),
        ),
        (
            {"scan_limit": "20GB"},
            {"Workgroup": "WorkGroupConfiguration.BytesScannedCutoffPerQuery: 100000000000 → 20000000000"},
        ),
        ({"cold_retention": "90d"}, {"Bucket": "LifecycleConfiguration.Rules: "}),
    ],
)
def test_a_changed_setting_changes_what_it_must(environment, setting, expected):
    environment.provision()
    plan = environment.provision(**setting)
    assert not plan.creates
    certain = {change.logical_id: change.properties for change in plan.changes if change.certain}
    assert certain.keys() == expected.keys()
    for logical_id, (change,) in certain.items():
        assert str(change).startswith(expected[logical_id])
    assert not any(change.loses for change in plan.changes)
    assert environment.provisioner(**setting).plan().changes == ()


@pytest.mark.proves("F44")
def test_destroy_keeps_the_data_and_provisioning_takes_it_over_again(environment):
    environment.provision()
    aws = environment.aws
    aws.s3.put_object(Bucket=environment.bucket, Key="logs/kept", Body=b"cold")
    row = {"app": {"S": "shop"}, "chunk": {"S": "1"}, "arrived": {"N": "1"}}
    aws.dynamodb.put_item(TableName=environment.names.hot_table, Item=row)

    done = environment.destroy()
    assert done.retained == (
        f"bucket {environment.bucket}",
        f"table {environment.names.hot_table}",
        f"table {environment.names.alerts_table}",
    )
    assert environment.left() == {thing.split()[1] for thing in done.retained}

    plan = environment.provision()
    actions = {change.logical_id: change.action for change in plan.changes}
    assert actions == dict.fromkeys(EVERYTHING, "Add") | dict.fromkeys(KEPT, "Import")
    assert aws.s3.get_object(Bucket=environment.bucket, Key="logs/kept")["Body"].read() == b"cold"
    key = {name: row[name] for name in ("app", "chunk")}
    assert aws.dynamodb.get_item(TableName=environment.names.hot_table, Key=key)["Item"] == row
    assert environment.provisioner().plan().changes == ()


def test_data_survives_when_taking_it_over_fails(environment):
    environment.provision()
    s3, glue = environment.aws.s3, environment.aws.glue
    s3.put_object(Bucket=environment.bucket, Key="logs/kept", Body=b"cold")
    environment.destroy()
    glue.create_database(DatabaseInput={"Name": environment.names.database})
    with pytest.raises(LogctlError, match="failed at Database"):
        environment.provision()
    environment.destroy()
    glue.delete_database(Name=environment.names.database)
    environment.provision()
    assert s3.get_object(Bucket=environment.bucket, Key="logs/kept")["Body"].read() == b"cold"


def test_destroy_with_the_data_leaves_nothing_and_can_be_repeated(environment):
    environment.provision()
    s3, told = environment.aws.s3, []
    for version in range(3):
        put = partial(s3.put_object, Bucket=environment.bucket, Body=b"%d" % version)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number, put=put: put(Key=f"logs/{number:04}"), range(350)))
    s3.delete_object(Bucket=environment.bucket, Key="logs/0000")
    done = environment.destroy(delete_data=True, on_emptied=lambda *page: told.append(page))
    assert done.retained == ()
    assert f"bucket {environment.bucket}" in done.deleted
    pages = [gone for bucket, gone in told if bucket == environment.bucket]
    assert pages == [1000, 1051]
    assert environment.left() == set()
    assert environment.destroy(delete_data=True) == Destroyed((), ())


class Killed(BaseException):
    """Ends whatever is going on, as a kill would: nothing catches it."""


def dying_after(number: int) -> Callable[[StackEvent], None]:
    """What `on_event` is when the process dies at some event."""
    left = iter(range(number))

    def on_event(event: StackEvent) -> None:
        if next(left, None) is None:
            raise Killed

    return on_event


@pytest.mark.proves("F44")
@pytest.mark.parametrize("number", [0, 2, 5, 20, 40])
def test_provision_and_destroy_converge_after_a_kill(environment, number):
    provisioner = environment.provisioner()
    with suppress(Killed):
        provisioner.apply(provisioner.plan(), dying_after(number))
    _when_idle(environment.provision)
    assert environment.provisioner().plan().changes == ()

    with suppress(Killed):
        environment.provisioner().destroy(delete_data=True, on_event=dying_after(number))
    environment.destroy(delete_data=True)
    assert environment.left() == set()


def _when_idle(action: Callable[[], object]) -> None:
    """CloudFormation goes on without us; meanwhile `plan` refuses and says why."""
    for _ in range(100):
        try:
            action()
            return
        except LogctlError as busy:
            assert "_IN_PROGRESS" in busy.message, busy.message
            time.sleep(0.1)
    raise AssertionError("the stack stays busy")


def test_a_plan_that_was_never_applied_is_in_nobodys_way(environment):
    environment.provisioner().plan()
    assert environment.provision().creates
    assert environment.provisioner().plan().changes == ()


def test_the_first_failure_is_told_and_destroy_clears_the_way(environment):
    glue, database = environment.aws.glue, environment.names.database
    glue.create_database(DatabaseInput={"Name": database})
    with pytest.raises(LogctlError, match=r"failed at Database \(AWS::Glue::Database\): .*exists") as failure:
        environment.provision()
    assert "logctl destroy" in failure.value.hint
    assert environment.events[-1].status == "ROLLBACK_COMPLETE"
    with pytest.raises(LogctlError, match="ROLLBACK_COMPLETE") as refused:
        environment.provision()
    assert "logctl destroy" in refused.value.hint
    environment.destroy()
    glue.delete_database(Name=database)
    environment.provision()
    assert environment.provisioner().plan().changes == ()


def test_a_failed_update_leaves_everything_as_it_was(environment):
    environment.provision()
    taken = f"{environment.names.database}_taken"
    environment.aws.glue.create_database(DatabaseInput={"Name": taken})
    before = environment.provisioner().describe()
    stack = StackDeployer(environment.aws.cloudformation, environment.names.stack, poll_seconds=0.2)
    template = json.loads(environment.provisioner().template())
    template["Resources"]["Broken"] = {
        "Type": "AWS::Glue::Database",
        "Properties": {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": taken}},
    }
    plan = stack.plan({"TemplateBody": json.dumps(template)})
    assert [change.logical_id for change in plan.changes] == ["Broken"]
    with pytest.raises(LogctlError, match="failed at Broken") as failure:
        stack.apply(plan, environment.events.append)
    assert failure.value.hint == "Everything is as it was before."
    assert environment.provisioner().plan().changes == ()
    assert environment.provisioner().describe().outputs == before.outputs
    environment.aws.glue.delete_database(Name=taken)


def test_a_name_that_is_taken_is_told_by_the_plan_which_leaves_nothing(environment):
    group = f"/aws/lambda/{environment.names.consumer}"
    environment.aws.logs.create_log_group(logGroupName=group)
    with pytest.raises(LogctlError, match=f"cannot plan this: .*ConsumerLogs .*{group}") as refused:
        environment.provision()
    assert "--env" in refused.value.hint
    assert environment.left() == {group}


def test_a_large_template_goes_by_the_deploy_bucket(environment):
    many = [f"somebody-with-a-long-name-{number}@example.com" for number in range(400)]
    provisioner = environment.provisioner(subscriptions=many)
    assert len(provisioner.template()) > INLINE_LIMIT
    plan = provisioner.plan()
    assert len(plan.changes) == len(EVERYTHING) + 400
    provisioner.discard(plan)
    listed = environment.aws.s3.list_objects_v2(Bucket=environment.deploy_bucket)["Contents"]
    assert [item["Key"].split("/")[0] for item in listed] == ["templates"]
