"""`logctl doctor`: how it judges what it reads, and the event that it follows."""

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
from logctl.cli.commands.doctor import _row
from logctl.core.errors import LogctlError
from logctl.core.times import HOUR, MINUTE, SECOND, to_datetime
from logctl.ops.deployment import Deployment
from logctl.ops.health import doctor, trace
from logctl.ops.health import doctor_rules as rules
from logctl.ops.health.checks import Check, Verdict
from logctl.ops.health.findings import faulty_tables
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
def test_clock_skew(skew, verdict, words):
    check = rules.clock(skew)
    assert check.verdict is verdict
    assert words in check.seen
    assert bool(check.to_do) is (verdict is not OK)


@pytest.mark.parametrize(("unreserved", "verdict"), [(10, WARNING), (99, WARNING), (100, OK), (1_000, OK)])
def test_low_concurrency_is_a_warning(unreserved, verdict):
    assert rules.concurrency(1_000, unreserved).verdict is verdict


def test_code_storage_that_is_nearly_full():
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
def test_versions_and_code(there, same_code, verdict, words):
    check = rules.versions("1.0", there, same_code=same_code)
    assert check.verdict is verdict
    assert words in check.seen
    assert (str(check.run) == "logctl provision") is (verdict is WARNING)


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
def test_meaning_of_error_codes(code, message, meaning):
    assert trouble(code, message) is meaning


def test_every_format_has_the_command_to_run_next():
    context: Any = SimpleNamespace(target_flag=" --env prod")
    stale = rules.versions("1.0", "0.9", same_code=None)
    assert _row(context, stale, None) == {
        "check": "version",
        "verdict": "warning",
        "seen": "logctl 1.0 here, 0.9 deployed",
        "to_do": "Bring the stack up to date with: logctl provision --env prod",
        "run": "logctl provision --env prod",
    }
    refused = _row(context, Check("x", FAILED, error=LogctlError("No.", "Try: logctl a")), LogctlError("No.", "Try: logctl a"))  # fmt: skip
    assert (refused["to_do"], refused["run"]) == ("Try: logctl a", None)
    (missing,) = faulty_tables(["logs"], [])
    faulty = _row(context, Check.failed("tables", missing, to_do="Restore them with"), None)
    assert faulty["seen"] == "In Athena's catalog, logs is missing."
    assert faulty["to_do"] == "Restore them with: logctl athena repair --env prod"


# ── Endpoint, credentials and clock ─────────────────────────────────────────────────────────────────────


def headers(moment: int) -> dict[str, Any]:
    return {"ResponseMetadata": {"HTTPHeaders": {"date": format_datetime(to_datetime(moment), usegmt=True)}}}


def reached(answer: Any, environ: dict[str, str] | None = None) -> dict[str, Check]:
    """Return the checks by name when STS returns or raises `answer`; it is noon on this machine."""

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


def test_valid_credentials_and_clock():
    checks = reached(headers(NOON), {"AWS_ENDPOINT_URL": "https://sts.example", "AWS_ENDPOINT_URL_S3": ""})
    assert {check.verdict for check in checks.values()} == {OK}
    assert checks["endpoint"].seen == "https://sts.example, by AWS_ENDPOINT_URL"
    assert checks["credentials"].seen == "arn:aws:iam::123456789012:user/anna, from sso"


def test_a_wrong_clock_is_found_when_credentials_are_refused():
    refused = ClientError({"Error": {"Code": "SignatureDoesNotMatch"}, **headers(NOON - HOUR)}, "GetCallerIdentity")  # fmt: skip
    checks = reached(refused)
    assert [checks[name].verdict for name in ("endpoint", "credentials", "clock")] == [OK, FAILED, FAILED]
    assert checks["clock"].seen.startswith("1h ahead of AWS's")


@pytest.mark.parametrize("date", ["", "yesterday", None])
def test_a_reply_without_a_valid_date(date):
    answer = {"ResponseMetadata": {"HTTPHeaders": {} if date is None else {"date": date}}}
    assert reached(answer)["clock"].verdict is UNCHECKED


def test_an_unreachable_endpoint_and_missing_credentials():
    away = reached(EndpointConnectionError(endpoint_url="https://sts.example"))
    assert [check.verdict for check in away.values()] == [OK, FAILED, UNCHECKED, UNCHECKED]
    nobody = reached(NoCredentialsError())
    assert [check.verdict for check in nobody.values()] == [OK, UNCHECKED, FAILED, UNCHECKED]


# ── Permissions, quotas and the stack ───────────────────────────────────────────────────────────────────


def deployment(**clients: Any) -> Deployment:
    names = ("athena", "cloudformation", "cloudwatch", "dynamodb", "events", "functions", "glue", "s3", "sns", "sqs")  # fmt: skip
    aws: Any = SimpleNamespace(
        place=Place("1", "r"), partition="aws", account="1", region="r",
        **(dict.fromkeys(names, Refusing()) | clients),
    )  # fmt: skip
    return Deployment(aws, SETTINGS)


def test_permissions_distinguish_denied_missing_allowed_and_failed():
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
        "allowed; the resource does not exist",
    )
    assert (checks["events:DescribeRule"].verdict, checks["events:DescribeRule"].seen) == (OK, "allowed")
    assert (checks["glue:GetTable"].verdict, checks["glue:GetTable"].to_do) == (FAILED, "")
    refused = checks["dynamodb:Query (records)"]
    assert (refused.verdict, refused.to_do) == (FAILED, "Allow dynamodb:Query for these credentials.")


def test_quotas_that_cannot_be_read_are_not_checked():
    (check,) = doctor.quotas(deployment())
    assert (check.verdict, check.seen) == (
        UNCHECKED,
        "Lambda's account settings cannot be read: AccessDenied",
    )


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


def test_a_missing_stack_is_a_warning_and_an_unreadable_one_a_failure():
    missing = ClientError({"Error": {"Code": "ValidationError", "Message": "Stack x does not exist"}}, "o")

    def describe_stacks(StackName: str) -> Any:
        raise missing

    stack, version = doctor.deployed(
        deployment(cloudformation=Refusing(describe_stacks=describe_stacks)), str
    )
    assert (stack.verdict, version.verdict) == (WARNING, UNCHECKED)
    stack, _ = doctor.deployed(deployment(), str)
    assert stack.verdict is FAILED


# ── The event of --live ─────────────────────────────────────────────────────────────────────────────────


def accept(QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Successful": [{"Id": entry["Id"]} for entry in Entries]}


def followed(**clients: Any) -> dict[str, Verdict]:
    """Return the verdict of each hop by name. Each time the clock is read, a second passes."""
    queue = Refusing(get_queue_url=lambda QueueName: {"QueueUrl": "u"}, send_message_batch=accept)
    seconds = itertools.count(0, SECOND)
    hops = trace.follow(
        deployment(**({"sqs": queue} | clients)),
        seconds=5,
        clock=lambda: NOON + next(seconds),
        sleep=lambda seconds: None,
    )
    return {check.name.removeprefix("live: "): check.verdict for check in hops}


def test_an_event_that_the_queue_refuses():
    assert followed(sqs=Refusing()) == {"queue": FAILED}


def test_an_event_that_may_not_be_looked_up():
    assert followed() == {"queue": OK, "Lambda": FAILED}


def test_an_event_that_reaches_s3_but_not_dynamodb(monkeypatch):
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
