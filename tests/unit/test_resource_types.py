"""The row of each resource type: there is one for every type that a template uses, and what it says is so."""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from logctl.stack.iam.scope import PolicyScope
from logctl.stack.names import Names
from logctl.stack.provision import kept_resources, log_groups
from logctl.stack.resource_types import RESOURCE_TYPES, row_of
from logctl.stack.settings import Settings
from logctl.stack.template import bootstrap_template, build_template
from tests.helpers.template import CODE, HERE, VARIANTS

WHERE = "logctl/stack/resource_types.py"


def stack(settings: Settings) -> dict[str, dict[str, Any]]:
    return dict(build_template(settings, code=CODE, place=HERE)["Resources"])


def used() -> dict[str, str]:
    """The types of all templates, with the logical id of a resource of each."""
    variants = [Settings.build(("test", settings)) for settings in VARIANTS.values()]
    everything = [stack(settings) for settings in variants]
    everything.append(bootstrap_template(Settings(), HERE)["Resources"])
    return {item["Type"]: name for resources in everything for name, item in resources.items()}


def test_every_type_that_a_template_uses_has_a_row_and_no_row_is_left_over():
    there = used()
    missing = {kind: name for kind, name in there.items() if kind not in RESOURCE_TYPES}
    assert not missing, f"add a row to {WHERE} for {missing}"
    left = RESOURCE_TYPES.keys() - there.keys()
    assert not left, f"remove the rows of {WHERE} that no template uses: {left}"


def test_a_template_with_a_type_that_has_no_row_is_not_built(monkeypatch):
    monkeypatch.delitem(RESOURCE_TYPES, "AWS::SQS::Queue")
    with pytest.raises(LookupError, match=f"AWS::SQS::Queue has no row in {WHERE}"):
        build_template(Settings(), code=CODE)


@pytest.mark.parametrize("kind", sorted(RESOURCE_TYPES))
def test_a_row_is_complete(kind):
    row = RESOURCE_TYPES[kind]
    place = f"{kind} in {WHERE}"
    properties = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema["properties"]
    taken = {name for name in properties if name.endswith("Tags")}
    assert {row.tags.name} == taken if row.tags else not taken, f"{place}: tags"
    assert row.handlers, f"{place}: handlers"
    scope = PolicyScope(Settings(), HERE, "aws")
    deletes = [some for item in row.handlers for some in item.statements(scope, "delete")]
    assert bool(deletes) != bool(row.kept), f"{place}: handlers that delete"
    if row.kept:
        assert row.holds, f"{place}: holds"
    assert row_of(kind) is row


def test_what_is_kept_is_what_destroy_names():
    """A kept resource is retained, has a plain name to take it over by, and `destroy --delete-data` knows it."""
    names = Names.of(Settings())
    found = {kind: set[str]() for kind in kept_resources(names, HERE)}
    for item in stack(Settings()).values():
        kept = RESOURCE_TYPES[item["Type"]].kept
        assert (item.get("DeletionPolicy") == item.get("UpdateReplacePolicy") == "Retain") == bool(kept)
        if kept:
            found[kept].add(item["Properties"].get("BucketName") or item["Properties"].get("TableName"))
    assert found == {kind: set(listed) for kind, listed in kept_resources(names, HERE).items()}


def test_destroy_knows_the_log_group_of_each_function():
    everything = stack(Settings.build(("test", {"compact_after": "2d"}))).values()
    functions = [item for item in everything if item["Type"] == "AWS::Lambda::Function"]
    named = {f"/aws/lambda/{function['Properties']['FunctionName']}" for function in functions}
    assert named == set(log_groups(Names.of(Settings())))


def test_what_the_sandbox_leaves_out_is_what_refuses_plain_http():
    here, there = stack(Settings.build(("test", {"target": "local"}))), stack(Settings())
    left_out = {there[name]["Type"] for name in there.keys() - here.keys()}
    assert left_out == {row.name for row in RESOURCE_TYPES.values() if row.requires_tls}
