"""The API's part of an account's Lambda: what is reserved, and what is said before CloudFormation fails."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.errors import LogctlError
from logctl.ops.health import doctor_rules
from logctl.ops.health.checks import Verdict
from logctl.pipeline.http.budget import patience
from logctl.stack.capacity import (
    AUTOMATIC,
    RESERVED,
    UNRESERVABLE,
    Concurrency,
    most_at_once,
    reservation,
    shortage,
)
from logctl.stack.provision import Provisioner
from logctl.stack.settings import Settings
from tests.helpers.template import of_type

USUAL, NEW = Concurrency(1_000, 1_000), Concurrency(10, 10)


def test_the_defaults_leave_an_account_nearly_all():
    chosen = Settings()
    most = most_at_once(chosen.api_rate, chosen.api_burst, chosen.api_timeout)
    assert most == 120
    assert chosen.api_rate * chosen.api_timeout // 1_000 <= 1_000 // 10
    assert shortage(chosen.api_rate, chosen.api_burst, chosen.api_timeout, 0, USUAL) == ""


@pytest.mark.parametrize(
    ("asked", "account", "reserved"),
    [
        (AUTOMATIC, USUAL, RESERVED),
        (AUTOMATIC, NEW, 0),
        (AUTOMATIC, Concurrency(1_000, 100), 0),  # others have reserved the rest
        (AUTOMATIC, Concurrency(1_000, 119), 0),
        (AUTOMATIC, Concurrency(1_000, 120), RESERVED),
        (AUTOMATIC, Concurrency(1_000, 100, own=RESERVED), RESERVED),  # and keeps what it has
        (0, USUAL, 0),
        (0, NEW, 0),
        (900, USUAL, 900),
        (5, Concurrency(1_000, 103, own=2), 5),
    ],
)
def test_what_is_reserved(asked, account, reserved):
    assert reservation(asked, account) == reserved


@given(st.integers(1, 1_000), st.integers(0, 3_000), st.integers(0, 1_000))
def test_what_is_reserved_never_makes_cloudformation_fail(asked, unreserved, own):
    account = Concurrency(unreserved + own, unreserved, own)
    try:
        reserved = reservation(asked, account)
    except LogctlError as problem:
        assert unreserved + own - asked < UNRESERVABLE
        assert str(asked) in problem.message and problem.hint
    else:
        assert unreserved + own - reserved >= UNRESERVABLE
    automatic = reservation(AUTOMATIC, account)
    assert automatic == 0 or unreserved + own - automatic >= UNRESERVABLE


@pytest.mark.parametrize(
    ("settings", "account", "verdict", "word"),
    [
        ({}, USUAL, Verdict.OK, "at most 20 at once, reserved"),
        ({}, NEW, Verdict.WARNING, "up to 120 of 10"),
        ({"api_concurrency": "off"}, USUAL, Verdict.OK, "at most 120 of 1,000"),
        (
            {"api_concurrency": "off", "api_rate": 50, "api_timeout": "20s"},
            USUAL,
            Verdict.WARNING,
            "1,020 of",
        ),
        ({"api_concurrency": 50}, NEW, Verdict.FAILED, "api_concurrency = 50"),
        ({"api_concurrency": 901}, USUAL, Verdict.FAILED, "api_concurrency = 901"),
        (
            {"api_rate": 1, "api_burst": 1, "api_timeout": "3s"},
            Concurrency(50, 50),
            Verdict.OK,
            "at most 4 of",
        ),
    ],
)
def test_doctor_compares_the_settings_with_the_account(settings, account, verdict, word):
    chosen = Settings.build(("test", settings))
    check = doctor_rules.api_share(chosen, account)
    assert (check.verdict, word in check.seen) == (verdict, True), check
    assert bool(check.to_do) == (verdict is not Verdict.OK)


def test_the_template_has_what_the_settings_say():
    chosen = {"api_rate": 3, "api_burst": 4, "api_timeout": "4500ms", "api_concurrency": 7}
    function = of_type("AWS::Lambda::Function", **chosen)["Api"]
    assert (function["Timeout"], function["ReservedConcurrentExecutions"]) == (5, 7)
    (stage,) = of_type("AWS::ApiGatewayV2::Stage", **chosen).values()
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 3, "ThrottlingBurstLimit": 4}
    (integration,) = of_type("AWS::ApiGatewayV2::Integration", **chosen).values()
    assert 5_000 < integration["TimeoutInMillis"] <= 30_000
    for value in ("auto", "off"):
        made = of_type("AWS::Lambda::Function", api_concurrency=value)
        assert not [name for name, item in made.items() if "ReservedConcurrentExecutions" in item]


def test_a_throttled_function_is_429_with_retry_after():
    (integration,) = of_type("AWS::ApiGatewayV2::Integration").values()
    for status in ("429", "503"):
        mapped = {
            item["Destination"]: item["Source"]
            for item in integration["ResponseParameters"][status]["ResponseParameters"]
        }
        assert mapped["overwrite:statuscode"] == "429"
        assert int(mapped["overwrite:header.Retry-After"]) > 0


@pytest.mark.parametrize("timeout", [3_000, 10_000, 29_000])
def test_a_call_and_its_second_attempt_fit_the_time_kept_for_them(timeout):
    told = patience(timeout)
    attempts = told["retries"]["total_max_attempts"]
    pause = 1.0  # seconds at the most before the second (botocore's standard mode)
    worst = attempts * (told["connect_timeout"] + told["read_timeout"])
    assert worst + (pause if timeout >= 10_000 else 0) <= 0.6 * timeout / 1_000


# ── Provisioning ────────────────────────────────────────────────────────────────────────────────────


def provisioner(account: Concurrency | str, **settings: Any) -> Provisioner:
    def refuse(code: str) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": ""}}, "x")

    def get_account_settings() -> Any:
        if isinstance(account, str):
            return refuse(account)
        limit = {"ConcurrentExecutions": account.limit, "UnreservedConcurrentExecutions": account.unreserved}
        return {"AccountLimit": limit}

    def get_function_concurrency(FunctionName: str) -> Any:
        assert FunctionName == "logctl-dev-api"
        assert isinstance(account, Concurrency)
        return (
            {"ReservedConcurrentExecutions": account.own}
            if account.own
            else refuse("ResourceNotFoundException")
        )

    functions = SimpleNamespace(
        get_account_settings=get_account_settings, get_function_concurrency=get_function_concurrency
    )
    aws: Any = SimpleNamespace(functions=functions, cloudformation=None)
    return Provisioner(aws, Settings.build(("test", settings)))


def test_provision_decides_by_the_account_and_says_so_before_cloudformation():
    assert (provisioner(USUAL).reserved, provisioner(USUAL).shortage) == (20, "")
    assert (provisioner(NEW).reserved, "up to 120 of 10" in provisioner(NEW).shortage) == (0, True)
    assert provisioner(Concurrency(1_000, 980, own=20)).reserved == 20
    with pytest.raises(LogctlError, match="api_concurrency = 5 cannot be reserved"):
        _ = provisioner(NEW, api_concurrency=5).reserved


def test_who_may_not_ask_for_the_account_gets_what_the_settings_say():
    unknown = provisioner("AccessDeniedException")
    assert (unknown.reserved, unknown.shortage) == (0, "")
    assert provisioner("AccessDeniedException", api_concurrency=5).reserved == 5
