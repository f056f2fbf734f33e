"""What `logctl doctor` checks, and how it judges what it sees. The rules know no clock and no network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum, unique

from logctl.core.errors import LogctlError
from logctl.core.times import MINUTE, SECOND, format_duration
from logctl.stack.capacity import Concurrency, most_at_once, reservation, shortage
from logctl.stack.completeness import Shortfall

SKEW_TOLERATED = 5 * MINUTE
"""A request must reach AWS within five minutes of the time in its signature (AWS IAM User Guide, AWS
Signature Version 4 for API requests)."""
SKEW_NOTICED = MINUTE
FEW_AT_ONCE = 100
"""Lambda's default is 1,000 concurrent executions, and new accounts have less (AWS Lambda Developer Guide,
Lambda quotas). Each app that sends needs one at a time, and the dashboard some."""
CODE_STORAGE_SHARE = 0.9


@unique
class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Check:
    """One check: what was seen, and what to do where it is not well.

    `error` is what a call raised; whoever shows the check says it in words, in place of `seen` and `to_do`.
    """

    name: str
    verdict: Verdict
    seen: str = ""
    to_do: str = ""
    error: Exception | None = None


def clock(skew: int) -> Check:
    """`skew` is how far this machine is ahead of AWS, in milliseconds."""
    if abs(skew) < SKEW_NOTICED:
        # The reply's time has whole seconds, and it was on its way for some time.
        return Check("clock", Verdict.OK, f"within {max(1, round(abs(skew) / SECOND))} s of AWS's")
    seen = f"{format_duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'} AWS's"
    if abs(skew) >= SKEW_TOLERATED:
        return Check(
            "clock",
            Verdict.FAILED,
            f"{seen}; AWS refuses requests from 5 minutes on",
            "Set the clock, by NTP.",
        )
    return Check("clock", Verdict.WARNING, seen, "Set the clock, by NTP: records carry this machine's time.")


def concurrency(limit: int, unreserved: int) -> Check:
    """Lambda's ConcurrentExecutions and UnreservedConcurrentExecutions of the account, in this region."""
    seen = f"{unreserved:,} of {limit:,} for functions without a reservation"
    if unreserved >= FEW_AT_ONCE:
        return Check("quota: Lambda concurrency", Verdict.OK, seen)
    return Check(
        "quota: Lambda concurrency",
        Verdict.WARNING,
        f"{seen}; each app that sends needs one",
        "Ask for more: https://console.aws.amazon.com/servicequotas/home/services/lambda/quotas/L-B99A9384",
    )


def api_share(rate: int, burst: int, timeout: int, asked: int, account: Concurrency) -> Check:
    """Whether the API's settings (`timeout` in milliseconds) leave the consumer its part of Lambda."""
    name, most = "quota: API's share of Lambda", most_at_once(rate, burst, timeout)
    try:
        reserved = reservation(asked, account)
    except LogctlError as problem:
        return Check(name, Verdict.FAILED, problem.message.rstrip("."), problem.hint)
    if reserved:
        return Check(name, Verdict.OK, f"at most {reserved} at once, reserved for it")
    if short := shortage(rate, burst, timeout, reserved, account):
        to_do = "Lower api_rate, api_burst or api_timeout, then: logctl provision"
        return Check(name, Verdict.WARNING, short, to_do)
    return Check(name, Verdict.OK, f"at most {most:,} of {account.unreserved:,} at once")


def code_storage(used: int, limit: int) -> Check:
    """Bytes of all functions' code of the account, in this region."""
    seen = f"{used / 10**9:.1f} of {limit / 10**9:.0f} GB used"
    if used < CODE_STORAGE_SHARE * limit:
        return Check("quota: Lambda code storage", Verdict.OK, seen)
    return Check(
        "quota: Lambda code storage",
        Verdict.WARNING,
        f"{seen}: a provision may fail",
        "Delete functions or versions that nobody needs.",
    )


def stack(seen: str, lacks: Shortfall) -> Check:
    """The stack in CloudFormation's words, and what of it is not there.

    That another logctl has deployed it is `versions`' to say.
    """
    lacks = replace(lacks, version="")
    if lacks:
        return Check(
            "stack",
            Verdict.FAILED,
            f"{seen}, but incomplete: {lacks}",
            "See which with: logctl provision --plan",
        )
    return Check("stack", Verdict.OK, seen if lacks.compared else f"{seen}; its resources were not compared")


def versions(here: str, there: str | None, *, same_code: bool | None) -> Check:
    """This logctl's version and the stack's; whether the deployed code is the one that it would deploy."""
    if there is None:
        return Check("version", Verdict.NOT_CHECKED, f"logctl {here} here, nothing deployed")
    both = f"logctl {here} here, {there} deployed"
    if here != there:
        return Check("version", Verdict.WARNING, both, "Bring the stack up to date with: logctl provision")
    if same_code is None:
        return Check("version", Verdict.OK, f"{both}; the code was not compared")
    if same_code:
        return Check("version", Verdict.OK, f"{both}, with the same code")
    return Check(
        "version",
        Verdict.WARNING,
        f"{both}, with other code",
        "Bring the stack up to date with: logctl provision",
    )
