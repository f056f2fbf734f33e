"""How the doctor judges what it sees."""

from __future__ import annotations

import base64
import hashlib
import itertools
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError

from logctl import __version__
from logctl.aws.error_codes import Trouble, trouble
from logctl.aws.place import Place
from logctl.core.errors import LogctlError
from logctl.core.times import HOUR, MINUTE, SECOND, to_datetime
from logctl.ops.deployment import Deployment
from logctl.ops.health import doctor, trace
from logctl.ops.health import doctor_rules as rules
from logctl.ops.health.doctor_rules import Verdict
from logctl.ops.query import runner
from logctl.stack.settings import Settings
from tests.helpers.pipeline import NOON
from tests.helpers.refusing import Refusing

SETTINGS = Settings(env="prod")

OK, WARNING, FAILED, UNCHECKED = Verdict.OK, Verdict.WARNING, Verdict.FAILED, Verdict.NOT_CHECKED


@pytest.mark.parametrize(
    ("skew", "verdict", "words"),
    [
        (0, OK, "within 1 s"),
        (-900, OK, "within 1 s"),
        (59 * SECOND, OK, "within 59 s"),
        (MINUTE, WARNING, "1m ahead of AWS's"),
        (-4 * MINUTE, WARNING, "4m behind AWS's"),
        (5 * MINUTE, FAILED, "5m ahead of AWS's; AWS refuses requests"),
        (-3 * HOUR, FAILED, "3h behind AWS's; AWS refuses requests"),
    ],
)
def test_the_clock(skew, verdict, words):
    check = rules.clock(skew)
    assert check.verdict is verdict
    assert words in check.seen
    assert bool(check.to_do) is (verdict is not OK)


@pytest.mark.parametrize(("unreserved", "verdict"), [(10, WARNING), (99, WARNING), (100, OK), (1_000, OK)])
def test_a_new_account_has_little_concurrency(unreserved, verdict):
    assert rules.concurrency(1_000, unreserved).verdict is verdict


def test_code_storage_that_is_nearly_used_up():
    assert rules.code_storage(50 * 10**9, 80 * 10**9).verdict is OK
    assert rules.code_storage(75 * 10**9, 80 * 10**9).verdict is WARNING


@pytest.mark.parametrize(
    ("there", "same_code", "verdict", "words"),
    [
        (None, None, UNCHECKED, "nothing deployed"),
        ("1.0", True, OK, "with the same code"),
        ("1.0", None, OK, "not compared"),
        ("1.0", False, WARNING, "with other code"),
        ("0.9", True, WARNING, "0.9 deployed"),
        ("0.9", None, WARNING, "0.9 deployed"),
    ],
)
def test_versions(there, same_code, verdict, words):
    check = rules.versions("1.0", there, same_code=same_code)
    assert check.verdict is verdict
    assert words in check.seen
    assert check.to_do.endswith("logctl provision") is (verdict is WARNING)


@pytest.mark.parametrize(
    ("code", "message", "meaning"),
    [
        ("ExpiredTokenException", "", Trouble.EXPIRED),
        ("InvalidClientTokenId", "", Trouble.BAD_CREDENTIALS),
        ("AccessDeniedException", "User: x is not authorized to perform: y", Trouble.DENIED),
        ("AuthorizationError", "", Trouble.DENIED),
        ("ValidationError", "Stack with id x does not exist", Trouble.MISSING),
        ("InvalidRequestException", "WorkGroup x is not found.", Trouble.MISSING),
        ("InvalidRequestException", "WorkGroup x not found", Trouble.MISSING),
        ("InvalidRequestException", "Query not found", Trouble.OTHER),
        ("ThrottlingException", "", Trouble.BUSY),
        ("InternalFailure", "", Trouble.OTHER),
    ],
)
def test_what_an_error_means(code, message, meaning):
    assert trouble(code, message) is meaning


# ── Who and where ───────────────────────────────────────────────────────────────────────────────────────


def headers(moment: int) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(to_datetime(moment), usegmt=True)}}}


def reached(answer: Any, environ: dict[str, str] | None = None) -> dict[str, rules.Check]:
    """The checks when STS answers this, or raises it; it is noon here."""

    def get_caller_identity() -> Any:
        if isinstance(answer, Exception):
            raise answer
        return {"Arn": "arn:aws:iam::123456789012:user/anna", **answer}

    aws: Any = SimpleNamespace(
        region="eu-central-1",
        endpoint_url=None,
        sts=SimpleNamespace(
            meta=SimpleNamespace(endpoint_url="https://sts.example"), get_caller_identity=get_caller_identity
        ),
        session=SimpleNamespace(get_credentials=lambda: SimpleNamespace(method="sso")),
    )
    return {check.name: check for check in doctor.reach(aws, environ or {}, lambda: NOON)}


def test_somebody_with_a_good_clock():
    checks = reached(headers(NOON), {"AWS_ENDPOINT_URL": "https://sts.example", "AWS_ENDPOINT_URL_S3": ""})
    assert {check.verdict for check in checks.values()} == {OK}
    assert checks["endpoint"].seen == "https://sts.example, by AWS_ENDPOINT_URL"
    assert checks["credentials"].seen == "arn:aws:iam::123456789012:user/anna, from sso"


def test_a_clock_that_is_wrong_is_found_although_credentials_seem_to_be():
    refused = ClientError({"Error": {"Code": "SignatureDoesNotMatch"}, **headers(NOON - HOUR)}, "GetCallerIdentity")  # fmt: skip
    checks = reached(refused)
    assert [checks[name].verdict for name in ("endpoint", "credentials", "clock")] == [OK, FAILED, FAILED]
    assert checks["clock"].seen.startswith("1h ahead of AWS's")


@pytest.mark.parametrize("date", ["", "yesterday", None])
def test_a_reply_without_a_time(date):
    answer = {"ResponseMetadata": {"HTTPHeaders": {} if date is None else {"date": date}}}
    assert reached(answer)["clock"].verdict is UNCHECKED


def test_nobody_answers_and_nobody_asks():
    away = reached(EndpointConnectionError(endpoint_url="https://sts.example"))
    assert [check.verdict for check in away.values()] == [OK, FAILED, UNCHECKED, UNCHECKED]
    nobody = reached(NoCredentialsError())
    assert [check.verdict for check in nobody.values()] == [OK, UNCHECKED, FAILED, UNCHECKED]


# ── What is allowed and deployed ────────────────────────────────────────────────────────────────────────


def deployment(**clients: Any) -> Deployment:
    names = ("athena", "cloudformation", "cloudwatch", "dynamodb", "events", "functions", "glue", "s3", "sns", "sqs")  # fmt: skip
    aws: Any = SimpleNamespace(
        place=Place("1", "r"), partition="aws", account="1", region="r",
        **(dict.fromkeys(names, Refusing()) | clients),
    )  # fmt: skip
    return Deployment(aws, SETTINGS)


def test_refused_missing_allowed_and_broken_are_four_things():
    checks = {
        check.name.removeprefix("permission: "): check
        for check in doctor.permissions(
            deployment(
                sqs=Refusing("QueueDoesNotExist"),
                events=Refusing(describe_rule=lambda Name: {}),
                glue=Refusing("InternalServiceException"),
            )
        )
    }
    assert (checks["sqs:GetQueueUrl"].verdict, checks["sqs:GetQueueUrl"].seen) == (
        OK,
        "allowed; nothing is there",
    )
    assert (checks["events:DescribeRule"].verdict, checks["events:DescribeRule"].seen) == (OK, "allowed")
    assert (checks["glue:GetTable"].verdict, checks["glue:GetTable"].to_do) == (FAILED, "")
    refused = checks["dynamodb:Query (records)"]
    assert (refused.verdict, refused.to_do) == (FAILED, "Allow dynamodb:Query to who runs this.")


def test_quotas_that_nobody_tells_are_not_checked():
    (check,) = doctor.quotas(deployment())
    assert (check.verdict, check.seen) == (UNCHECKED, "Lambda does not tell them: AccessDenied")


@pytest.mark.parametrize(("code", "words"), [(b"this", "the same code"), (b"other", "other code")])
def test_the_deployed_code_is_compared_with_what_would_be_deployed(code, words):
    stack = {
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": "Version", "OutputValue": __version__}],
    }
    sha = base64.b64encode(hashlib.sha256(b"this").digest()).decode()
    there = deployment(
        cloudformation=Refusing(describe_stacks=lambda StackName: {"Stacks": [stack]}),
        functions=Refusing(get_function_configuration=lambda FunctionName: {"CodeSha256": sha}),
    )
    _, version = doctor.deployed(there, lambda: hashlib.sha256(code).hexdigest())
    assert words in version.seen


def test_a_stack_that_is_not_there_is_no_failure_and_one_that_may_not_be_seen_is():
    missing = ClientError({"Error": {"Code": "ValidationError", "Message": "Stack x does not exist"}}, "o")

    def describe_stacks(StackName: str) -> Any:
        raise missing

    stack, version = doctor.deployed(
        deployment(cloudformation=Refusing(describe_stacks=describe_stacks)), str
    )
    assert (stack.verdict, version.verdict) == (WARNING, UNCHECKED)
    stack, _ = doctor.deployed(deployment(), str)
    assert stack.verdict is FAILED


# ── One event followed ──────────────────────────────────────────────────────────────────────────────────


def accept(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


def followed(**clients: Any) -> dict[str, Verdict]:
    """The hops by name, in a world where a second passes with every look at the clock."""
    queue = Refusing(get_queue_url=lambda QueueName: {"QueueUrl": "u"}, send_message_batch=accept)
    seconds = itertools.count(0, SECOND)
    hops = trace.follow(
        deployment(**({"sqs": queue} | clients)),
        seconds=5,
        clock=lambda: NOON + next(seconds),
        sleep=lambda seconds: None,
    )
    return {check.name.removeprefix("live: "): check.verdict for check in hops}


def test_an_event_that_the_queue_does_not_take():
    assert followed(sqs=Refusing()) == {"queue": FAILED}


def test_an_event_that_nobody_may_look_for():
    assert followed() == {"queue": OK, "Lambda": FAILED}


def test_an_event_that_comes_to_s3_only(monkeypatch):
    """The consumer writes S3 first: then it has run, and something is wrong with DynamoDB."""

    def refuse(deployment: Deployment, query: runner.Query) -> runner.QueryResult:
        assert query.parameters[-2] == f"'{trace.APP}'"
        raise LogctlError("Athena: no such table.")

    monkeypatch.setattr(runner, "query", refuse)
    pages = SimpleNamespace(paginate=lambda **request: [{"Items": []}])
    found = followed(
        s3=Refusing(list_objects_v2=lambda **request: {"Contents": [{"LastModified": to_datetime(NOON)}]}),
        dynamodb=Refusing(get_paginator=lambda name: pages, query=lambda **request: {"Items": []}),
    )
    assert found.pop("Athena") is FAILED
    assert found == {"queue": OK, "Lambda": OK, "S3": OK, "DynamoDB": FAILED}
