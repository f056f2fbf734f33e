"""Stacks that CloudFormation calls complete and that are not."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from logctl import __version__
from logctl.ops.deployment import shortfall_of
from logctl.ops.health import doctor_rules, status_rules
from logctl.ops.health.checks import Verdict
from logctl.stack.completeness import Shortfall, shortfall
from tests.helpers import prefork

TEMPLATE = {
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}, "View": {"Type": "AWS::Glue::Table"}},
    "Outputs": {"QueueUrl": {}, "Version": {}},
}
OUTPUTS = {"QueueUrl": "http://q", "Version": __version__}
WHOLE = {"Queue", "View"}


@pytest.mark.parametrize(
    ("resources", "outputs", "expected"),
    [
        (WHOLE, OUTPUTS, Shortfall()),
        (WHOLE, {**OUTPUTS, "More": "x"}, Shortfall()),
        ({"Queue"}, OUTPUTS, Shortfall((("View", "AWS::Glue::Table"),))),
        (WHOLE, {"Version": __version__}, Shortfall((), ("QueueUrl",))),
        (WHOLE, {}, Shortfall((), ("QueueUrl", "Version"))),
        (WHOLE, {**OUTPUTS, "Version": "0.0.1"}, Shortfall((), (), "0.0.1")),
        (None, {"QueueUrl": "http://q"}, Shortfall((), ("Version",), compared=False)),
    ],
)
def test_what_is_missing(resources, outputs, expected):
    found = shortfall(TEMPLATE, resources, outputs, __version__)
    assert found == expected
    assert bool(found) is (expected not in (Shortfall(), Shortfall(compared=False)))


def test_many_missing_resources_are_told_by_type():
    kinds = [("a", "X::A"), ("b", "X::A"), *((str(n), f"X::K{n}") for n in range(3))]
    assert str(Shortfall(tuple(kinds), ("Version",), "0.0.1")) == (
        "5 resources missing (2 X::A, X::K0, X::K1, X::K2); "
        "1 output missing (Version); it was deployed by logctl 0.0.1"
    )


@pytest.mark.parametrize(
    "lacks", [Shortfall((("View", "T"),)), Shortfall((), ("Version",)), Shortfall(version="0")]
)
def test_status_finds_it_and_nothing_else_about_a_stack_that_is_being_changed(lacks):
    (finding,) = status_rules.stack("CREATE_COMPLETE", "", lacks)
    assert str(lacks) in finding.what
    (finding,) = status_rules.stack("UPDATE_IN_PROGRESS", "", lacks)
    assert "a change is under way" in finding.what
    assert status_rules.stack("CREATE_COMPLETE", "", Shortfall()) == []


def test_doctor_does_not_call_it_ok():
    assert doctor_rules.stack("x", "up", Shortfall((("View", "T"),))).verdict is Verdict.FAILED
    assert (
        doctor_rules.stack("x", "up", Shortfall((), ("Version",), compared=False)).verdict is Verdict.FAILED
    )
    assert doctor_rules.stack("x", "up", Shortfall()).verdict is Verdict.OK
    # Another version is said by the check of versions, as a warning.
    assert doctor_rules.stack("x", "up", Shortfall(version="0.0.1")).verdict is Verdict.OK
    assert doctor_rules.versions(__version__, "0.0.1", same_code=True).verdict is Verdict.WARNING


def deployment(resources: list[dict[str, str]], body: Any = TEMPLATE) -> Any:
    class CloudFormation:
        def get_template(self, **_: str) -> Any:
            if body is None:
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetTemplate")
            return {"TemplateBody": body}

        def get_paginator(self, _: str) -> Any:
            half = len(resources) // 2
            pages = [{"StackResourceSummaries": page} for page in (resources[:half], resources[half:])]
            return SimpleNamespace(paginate=lambda **_: pages)

    return SimpleNamespace(
        aws=SimpleNamespace(cloudformation=CloudFormation()), names=SimpleNamespace(stack="logctl-dev")
    )


def resource(name: str, state: str = "CREATE_COMPLETE", physical: str = "id") -> dict[str, str]:
    return {"LogicalResourceId": name, "PhysicalResourceId": physical, "ResourceStatus": state}


@pytest.mark.parametrize(
    "body", [TEMPLATE, json.dumps(TEMPLATE), "Resources:\n  View: {Type: 'AWS::Glue::Table'}"]
)
@pytest.mark.parametrize(
    "resources",
    [
        [resource("Queue")],
        [resource("Queue"), resource("View", "DELETE_COMPLETE")],
        [resource("Queue"), resource("View", physical="")],
        [resource("Queue"), resource("", physical="")],
    ],
)
def test_a_resource_counts_that_is_there_and_has_an_id(resources, body):
    found = shortfall_of(deployment(resources, body), OUTPUTS)
    assert found.resources == (("View", "AWS::Glue::Table"),)
    whole = [*resources, resource("View", "UPDATE_COMPLETE")]
    assert not shortfall_of(deployment(whole, body), OUTPUTS)


def test_who_may_not_read_the_template_is_told_of_the_outputs():
    found = shortfall_of(deployment([], None), {})
    assert (found.compared, found.outputs) == (False, ("Version",))
    assert not shortfall_of(deployment([], None), OUTPUTS)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    """moto, which says CREATE_COMPLETE and skips Glue, the workgroup, API Gateway and the alarms."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    home = tmp_path_factory.mktemp("home")
    host, port = server.get_host_and_port()
    environ = {
        "HOME": str(home),
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_REGION": "eu-central-1",
    }
    yield lambda *args: prefork.run(*args, env=environ, cwd=home)
    server.stop()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Tried to parse")
def test_an_emulator_that_skips_resource_types_silently_is_found_out(emulator):
    for command in (["provision", "--yes"], ["provision", "--yes"], ["provision", "--plan"]):
        done = emulator(*command)
        assert done.returncode == 5, done.err
        assert "is ready" not in done.err and "up to date" not in done.err
        assert "logctl-dev is incomplete" in done.err
        for missing in (
            "Table (AWS::Glue::Table)",
            "Workgroup (AWS::Athena::WorkGroup)",
            "HttpApi",
            "ApiUrl",
        ):
            assert missing in done.err
        assert "Traceback" not in done.err
    done = emulator("status", "-o", "json")
    told = json.loads(done.out)
    assert done.returncode == 1
    assert told["state"] == told["parts"]["stack"]["state"] == told["parts"]["alarms"]["state"] == "attention"
    assert {"Table", "Workgroup", "HttpApi"} <= {*told["parts"]["stack"]["missing_resources"]}
    assert {"ApiUrl", "Version"} <= {*told["parts"]["stack"]["missing_outputs"]}
    done = emulator("doctor", "-o", "json")
    checks = {check["check"]: check for check in json.loads(done.out)}
    assert done.returncode == 1
    assert checks["stack"]["verdict"] == "failed"
    assert "AWS::Glue::Table" in checks["stack"]["seen"] and "ApiUrl" in checks["stack"]["seen"]
