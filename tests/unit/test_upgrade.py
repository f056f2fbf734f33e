"""The alerts table's indexes on the way from an earlier version: one more or one less with each update."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logctl.pipeline.stores.attention_index import DUE, OLD_DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS
from logctl.stack.provision import Provisioner
from logctl.stack.resources.storage import alerts_indexes, set_indexes
from logctl.stack.settings import Settings
from logctl.stack.stack_events import Change, Plan, StackInfo
from logctl.stack.upgrade import ALERTS_TABLE, HOT_TABLE, steps


def of(alerts: Any, hot: Any = None) -> dict[str, Any]:
    return {ALERTS_TABLE: alerts, HOT_TABLE: hot}


@pytest.mark.parametrize("existing", [None, [], [OLD_DUE], [OLD_DUE, DUE], [DUE], ["of-somebody", DUE]])
@pytest.mark.parametrize("hot", [None, [ARRIVAL], [ARRIVAL, ARRIVALS]])
@pytest.mark.parametrize("in_stack", [True, False])
def test_each_update_makes_or_removes_one_index_of_a_table(existing, hot, in_stack):
    found = steps(of(existing, hot), in_stack=in_stack)
    assert found[-1] == of((DUE,), (ARRIVAL, ARRIVALS))
    for table, now in of(existing, hot).items():
        before = [] if now is None or not in_stack else [tuple(name for name in now if name != "of-somebody")]
        for old, new in pairwise([*before, *(step[table] for step in found)]):
            assert len(set(old) ^ set(new)) <= 1
    if existing and OLD_DUE in existing and not in_stack:
        # What is taken over is described as it is.
        assert set(found[0][ALERTS_TABLE]) == set(existing)
    if hot and not in_stack:
        assert set(found[0][HOT_TABLE]) == set(hot)


def test_a_table_defines_the_keys_of_the_indexes_that_it_has_and_no_others():
    """CloudFormation refuses an attribute that no key uses."""
    resources = {
        name: {"Properties": {"KeySchema": [{"AttributeName": key} for key in keys]}}
        for name, keys in ((HOT_TABLE, ("app", "chunk")), (ALERTS_TABLE, ("pk", "sk")))
    }
    for hot, extra in (((ARRIVAL,), ["arrived"]), ((ARRIVAL, ARRIVALS), ["arrived", "lane", "arrived_at"])):
        set_indexes(resources, of((DUE,), hot))
        table: Any = resources[HOT_TABLE]["Properties"]
        assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == list(hot)
        defined = [each["AttributeName"] for each in table["AttributeDefinitions"]]
        assert defined == ["app", "chunk", *extra]


def test_the_old_index_is_described_as_it_was_and_the_new_one_has_keys_only():
    old, new = alerts_indexes((OLD_DUE, DUE))
    assert (old["IndexName"], old["Projection"]) == ("due", {"ProjectionType": "ALL"})
    assert (new["IndexName"], new["Projection"]) == ("attention", {"ProjectionType": "KEYS_ONLY"})
    assert old["KeySchema"] == new["KeySchema"]


class Stack:
    """Plans whatever it is given, and remembers the alerts table's indexes."""

    def __init__(self) -> None:
        self.updates: list[list[str]] = []
        self._planned: list[str] = []

    def describe(self) -> StackInfo:
        return StackInfo("logctl-dev", "UPDATE_COMPLETE")

    def plan(self, template: dict[str, str]) -> Plan:
        import json

        table = json.loads(template["TemplateBody"])["Resources"]["AlertsTable"]["Properties"]
        self._planned = [index["IndexName"] for index in table["GlobalSecondaryIndexes"]]
        change = Change("Modify", "AlertsTable", "AWS::DynamoDB::Table", "", "", (), True, "")
        return Plan("logctl-dev", "set", creates=False, changes=(change,))

    def apply(self, plan: Plan, on_event: Any) -> StackInfo:
        self.updates.append(self._planned)
        return self.describe()


@pytest.mark.parametrize(
    ("existing", "updates"),
    [([OLD_DUE], [[OLD_DUE, DUE], [DUE]]), ([OLD_DUE, DUE], [[DUE]]), ([DUE], [[DUE]]), (None, [[DUE]])],
)
def test_provision_goes_all_the_way(monkeypatch, existing, updates):
    def describe_table(TableName: str) -> Any:
        if existing is None or TableName != "logctl-dev-alerts":
            raise ClientError(
                {"Error": {"Code": "ResourceNotFoundException", "Message": ""}}, "DescribeTable"
            )
        return {"Table": {"GlobalSecondaryIndexes": [{"IndexName": name} for name in existing]}}

    from logctl.aws.place import Place

    aws: Any = SimpleNamespace(
        dynamodb=SimpleNamespace(describe_table=describe_table),
        cloudformation=None,
        s3=None,
        place=Place("123456789012", "eu-central-1"),
        endpoint_url=None,
    )
    provisioner, stack = Provisioner(aws, Settings.build(("test", {"env": "dev"}))), Stack()
    provisioner._stack = stack  # type: ignore[assignment]
    provisioner._bundle = SimpleNamespace(key="k", runtime="python3.13", architecture="arm64")  # type: ignore[assignment]
    for step in ("_ensure_bootstrap", "_upload_code", "_mend"):
        monkeypatch.setattr(provisioner, step, lambda *_: None)
    monkeypatch.setattr(provisioner, "_disowning", lambda deployer: "")
    monkeypatch.setattr(Provisioner, "concurrency", None)
    provisioner.apply(provisioner.plan(), lambda event: None)
    assert stack.updates == updates
