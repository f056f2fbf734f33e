"""What is given to the judges, how their findings are compared with what is accepted, and the golden template."""

from __future__ import annotations

import difflib
import tomllib

import pytest

from logctl.stack.iam.command_permissions import COMMANDS
from tests import golden
from tests.judges import documents
from tests.judges.verdicts import ACCEPTED, problems, subjects

EXCUSES = {
    "checkov": {"CKV_1": {"reason": "because", "resources": ["AWS::Lambda::Function.*"]}},
    "parliament": {"UNKNOWN_ACTION": {"s3:New": "newer than its data"}},
}
FOUND = [
    ("checkov", "CKV_1", "AWS::Lambda::Function.Api"),
    ("checkov", "CKV_1", "AWS::Lambda::Function.Consumer"),
    ("parliament", "UNKNOWN_ACTION", "s3:New"),
]


def test_what_is_found_and_accepted_is_no_problem():
    assert problems(FOUND, EXCUSES) == []


@pytest.mark.parametrize(
    "finding",
    [
        ("checkov", "CKV_2", "AWS::Lambda::Function.Api"),
        ("checkov", "CKV_1", "AWS::S3::Bucket.Bucket"),
        ("parliament", "UNKNOWN_ACTION", "s3:Gett"),
        ("parliament", "RESOURCE_MISMATCH", "s3:New"),
    ],
)
def test_what_is_found_and_not_accepted_is_told(finding):
    assert problems([*FOUND, finding], EXCUSES) == ["{} finds {} at {}".format(*finding)]


def test_what_is_accepted_and_not_found_any_more_is_told():
    assert problems(FOUND[:2], EXCUSES) == ["accepted, but not found: parliament UNKNOWN_ACTION s3:New"]
    assert problems(FOUND[2:], EXCUSES) == ["accepted, but not found: checkov CKV_1 AWS::Lambda::Function.*"]


def test_a_finding_without_a_reason_is_not_accepted():
    with pytest.raises(AssertionError):
        problems([], {"checkov": {"CKV_1": {"reason": "", "resources": ["*"]}}})


def test_parliaments_details_are_brought_to_actions():
    assert subjects([{"action": "a:B", "required_format": "*"}, {"action": "a:B"}], {}) == ["a:B"]
    assert subjects(["a:C", "a:B"], {}) == ["a:B", "a:C"]
    assert subjects("Unknown action a:B", {"string": "a:B", "line": 1}) == ["a:B"]


def test_every_policy_is_judged():
    names = {name for name, _ in documents.policies()}
    roles = {f"stack {name}Role 0" for name in ("Api", "Compactor", "Consumer", "Sweeper")}
    on = {f"stack {name}Policy 0" for name in ("Bucket", "Queue", "DeadLetterQueue", "Topic")}
    people = {f"iam {command} 0" for command in COMMANDS}
    assert names == roles | on | people | {
        "bootstrap BucketPolicy 0",
        "iam provision 1",
        "iam status --drift 1",
    }
    for name, policy in documents.policies():
        assert "Fn::" not in str(policy), name
        assert "Ref" not in str(policy), name


def test_each_acceptance_names_its_judge():
    assert set(tomllib.loads(ACCEPTED.read_text("utf-8"))) == {"checkov", "parliament"}


def test_the_template_is_the_golden_one():
    then, now = golden.FILE.read_text("utf-8"), golden.template()
    changes = "".join(difflib.unified_diff(then.splitlines(True), now.splitlines(True), "golden", "now", n=2))
    assert then == now, f"The template has changed. If it was meant to: make golden\n{changes}"
