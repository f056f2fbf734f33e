"""Whose something is, by its tags alone."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from logctl.aws.place import Place
from logctl.stack.names import Names
from logctl.stack.ownership import UNTAGGED, Ownership, disowning
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import bootstrap_template, build_template, to_yaml

MINE = Names("a", "b-c")
KEYS = st.sampled_from(["logctl:prefix", "logctl:env", "Logctl:env", "team"])
VALUES = st.sampled_from(["a", "b-c", "a-b", "c", "A", "a ", ""])


@given(st.dictionaries(KEYS, VALUES))
def test_only_both_tags_exactly_make_it_ours(tags):
    ours = tags.get("logctl:prefix") == "a" and tags.get("logctl:env") == "b-c"
    assert (disowning(MINE, tags) == "") == ours


def stack(body: Any) -> str:
    cloudformation = SimpleNamespace(get_template=lambda StackName, TemplateStage: {"TemplateBody": body})
    aws: Any = SimpleNamespace(cloudformation=cloudformation)
    return Ownership(aws, MINE).stack("a-b-c")


def made(prefix: str, env: str) -> dict[str, Any]:
    settings = Settings.build(("test", {"prefix": prefix, "env": env}))
    return build_template(settings, code=Code("b", "k", "python3.13", "arm64"))


def test_a_stack_is_whose_tags_its_template_gives():
    bootstrap = bootstrap_template(Settings.build(("test", {"prefix": "a", "env": "b-c"})), Place())
    assert stack(made("a", "b-c")) == stack(bootstrap) == stack(to_yaml(made("a", "b-c"))) == ""
    assert stack(made("a-b", "c")) == "it carries logctl:prefix=a-b, logctl:env=c"


def test_a_stack_of_two_owners_is_nobodys():
    body = made("a", "b-c")
    body["Resources"]["Queue"]["Properties"]["Tags"] = [{"Key": "logctl:env", "Value": "c"}]
    assert stack(body) == "it carries logctl:env=c"


@pytest.mark.parametrize(
    "body",
    [
        None, "", "}{", "- 1", "!Ref x", [], {}, {"Resources": None}, {"Resources": {"X": None}},
        {"Resources": {"X": {"Properties": {"Tags": "x"}}}}, {"Resources": {"X": {"Properties": {"Tags": [1]}}}},
        {"Resources": {"X": {"Properties": {"Tags": [{"Key": "team", "Value": "web"}]}}}},
    ],
)  # fmt: skip
def test_what_logctl_did_not_make_is_not_ours(body):
    assert stack(body) == UNTAGGED
    assert stack(json.dumps(body)) == UNTAGGED


class Bucket:
    """S3 with one bucket and its tags."""

    def __init__(self, tags: dict[str, str] | None) -> None:
        self.tags = tags

    def get_bucket_tagging(self, Bucket: str) -> Any:
        if not self.tags:
            code = "NoSuchBucket" if self.tags is None else "NoSuchTagSet"
            raise ClientError({"Error": {"Code": code, "Message": ""}}, "GetBucketTagging")
        return {"TagSet": [{"Key": key, "Value": value} for key, value in self.tags.items()]}

    def put_bucket_tagging(self, Bucket: str, Tagging: Any) -> None:
        self.tags = {item["Key"]: item["Value"] for item in Tagging["TagSet"]}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        ({}, MINE.tags),
        ({"team": "web"}, {"team": "web", **MINE.tags}),
        ({"logctl:env": "c"}, {"logctl:env": "c"}),  # somebody else's stays somebody else's
        (MINE.tags, MINE.tags),
    ],
)
def test_tags_are_mended_where_there_are_none_of_ours(before, after):
    s3 = Bucket(before)
    aws: Any = SimpleNamespace(s3=s3)
    Ownership(aws, MINE).mend_bucket("x")
    assert s3.tags == after


def test_a_refusal_is_not_taken_for_missing_tags():
    def refuse(Bucket: str) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetBucketTagging")

    aws: Any = SimpleNamespace(s3=SimpleNamespace(get_bucket_tagging=refuse))
    with pytest.raises(ClientError):
        Ownership(aws, MINE).bucket("x")
