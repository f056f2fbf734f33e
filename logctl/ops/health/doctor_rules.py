"""The rules of `logctl doctor`: pure functions, without clock and network."""

from __future__ import annotations

from dataclasses import replace

from logctl.core.errors import LogctlError
from logctl.core.times import MINUTE, SECOND, format_duration
from logctl.ops.health.checks import Check, Verdict
from logctl.ops.health.findings import PROVISION, incomplete_stack
from logctl.stack.capacity import Concurrency, most_at_once, reservation, shortage
from logctl.stack.completeness import Shortfall
from logctl.stack.settings import Settings

SKEW_REFUSED = 5 * MINUTE
"""A request must reach AWS within five minutes of the time in its signature (AWS IAM User Guide, AWS
Signature Version 4 for API requests)."""
SKEW_NOTICED = MINUTE
LOW_CONCURRENCY = 100
"""Lambda's default is 1,000 concurrent executions, and new accounts have less (AWS Lambda Developer Guide,
Lambda quotas). Each app that sends needs one at a time, and the dashboard needs some."""
CODE_STORAGE_SHARE = 0.9
"""The part of the code storage that may be used before `doctor` warns."""
_UPDATE = "Bring the stack up to date with"
_CONCURRENCY_QUOTA = "https://console.aws.amazon.com/servicequotas/home/services/lambda/quotas/L-B99A9384"


def clock(skew: int) -> Check:
    """Judge the milliseconds by which this machine's clock is ahead of AWS's (negative: behind)."""
    if abs(skew) < SKEW_NOTICED:
        # The Date header of the reply has whole seconds, and the reply took some time to arrive.
        return Check("clock", Verdict.OK, f"within {max(1, round(abs(skew) / SECOND))} s of AWS's")
    seen = f"{format_duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'} AWS's"
    if abs(skew) >= SKEW_REFUSED:
        return Check(
            "clock",
            Verdict.FAILED,
            f"{seen}; AWS refuses requests from 5 minutes on",
            "Synchronize the clock with NTP.",
        )
    return Check(
        "clock",
        Verdict.WARNING,
        seen,
        "Synchronize the clock with NTP: records that are sent from here carry this machine's time.",
    )


def concurrency(limit: int, unreserved: int) -> Check:
    """Judge Lambda's concurrent executions in this account and region.

    Args:
        limit: Lambda's ConcurrentExecutions.
        unreserved: Lambda's UnreservedConcurrentExecutions.
    """
    name = "quota: Lambda concurrency"
    seen = f"{unreserved:,} of {limit:,} for functions without a reservation"
    if unreserved >= LOW_CONCURRENCY:
        return Check(name, Verdict.OK, seen)
    return Check(
        name,
        Verdict.WARNING,
        f"{seen}; each app that sends needs one",
        f"Request a higher quota: {_CONCURRENCY_QUOTA}",
    )


def api_share(settings: Settings, account: Concurrency) -> Check:
    """Judge whether the API's settings leave the consumer enough of the account's concurrent executions."""
    name = "quota: API's share of Lambda"
    rate, burst, timeout = settings.api_rate, settings.api_burst, settings.api_timeout
    try:
        reserved = reservation(settings.api_concurrency, account)
    except LogctlError as problem:
        return Check(name, Verdict.FAILED, problem.message.rstrip("."), problem.hint)
    if reserved:
        return Check(name, Verdict.OK, f"at most {reserved} at once, reserved for it")
    if short := shortage(rate, burst, timeout, reserved, account):
        return Check(
            name,
            Verdict.WARNING,
            short,
            "Lower api_rate, api_burst or api_timeout, then run",
            PROVISION,
        )
    most = most_at_once(rate, burst, timeout)
    return Check(name, Verdict.OK, f"at most {most:,} of {account.unreserved:,} at once")


def code_storage(used: int, limit: int) -> Check:
    """Judge how many bytes the code of all functions takes in this account and region."""
    name = "quota: Lambda code storage"
    seen = f"{used / 10**9:.1f} of {limit / 10**9:.0f} GB used"
    if used < CODE_STORAGE_SHARE * limit:
        return Check(name, Verdict.OK, seen)
    return Check(
        name,
        Verdict.WARNING,
        f"{seen}: a provision may fail",
        "Delete functions or versions that are not needed.",
    )


def stack(name: str, status: str, shortfall: Shortfall) -> Check:
    """Judge whether everything that the stack's template names exists.

    A stack that another version deployed is judged by `versions`.
    """
    seen = f"{name} is {status}"
    for finding in incomplete_stack(replace(shortfall, version="")):
        failed = Check.failed("stack", finding, to_do=_UPDATE)
        return replace(failed, seen=f"{seen}. {finding.what}")
    compared = "" if shortfall.compared else "; its resources were not compared with the template"
    return Check("stack", Verdict.OK, seen + compared)


def versions(here: str, deployed: str | None, *, same_code: bool | None) -> Check:
    """Judge whether the stack runs this logctl's version and code.

    Args:
        here: this logctl's version.
        deployed: the stack's version; None when there is no stack.
        same_code: whether the deployed code is what this logctl would deploy; None when not compared.
    """
    if deployed is None:
        return Check("version", Verdict.NOT_CHECKED, f"logctl {here} here, nothing deployed")
    seen = f"logctl {here} here, {deployed} deployed"
    if here == deployed and same_code is not False:
        code = "; the code was not compared" if same_code is None else ", with the same code"
        return Check("version", Verdict.OK, seen + code)
    if here == deployed:
        seen += ", with other code"
    return Check("version", Verdict.WARNING, seen, _UPDATE, PROVISION)
