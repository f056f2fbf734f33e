"""The alerts table's indexes on the way from an earlier version: one more or one less with each update."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from logctl.pipeline.stores.attention_index import DUE, OLD_DUE
from logctl.stack.provision import Provisioner
from logctl.stack.resources.storage import alerts_indexes
from logctl.stack.settings import Settings
from logctl.stack.stack_events import Change, Plan, StackInfo
from logctl.stack.upgrade import steps


@pytest.mark.parametrize("existing", [None, [], [OLD_DUE], [OLD_DUE, DUE], [DUE], ["of-somebody", DUE]])
@pytest.mark.parametrize("in_stack", [True, False])
def test_each_update_makes_or_removes_one_index(existing, in_stack):
    found = steps(existing, in_stack=in_stack)
    assert found[-1] == (DUE,)
    before = (
        []
        if existing is None or not in_stack
        else [tuple(name for name in existing if name != "of-somebody")]
    )
    for old, new in pairwise([*before, *found]):
        assert len(set(old) ^ set(new)) <= 1
    if existing and OLD_DUE in existing and not in_stack:
        # What is taken over is described as it is.
        assert set(found[0]) == set(existing)


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
        if existing is None:
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
