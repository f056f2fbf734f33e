"""`logctl doctor`: whether logctl can work from here, and what to do where it cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command import command
from logctl.cli.context import CONFIG_FILE, Context, now
from logctl.cli.failures import explain
from logctl.cli.render import Output, show, working
from logctl.core.errors import Exit, LogctlError
from logctl.core.safe_text import neutralise
from logctl.ops.health.doctor_rules import Check, Verdict

if TYPE_CHECKING:
    from logctl.ops.deployment import Deployment


def register(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(
    context: Context,
    live: Annotated[
        bool, typer.Option("--live", help="Send one marked event as well, and follow it to Athena.")
    ] = False,
    timeout: Annotated[
        int, typer.Option("--timeout", min=1, metavar="SECONDS", help="How long --live waits for it.")
    ] = 60,
    output: Annotated[Output, typer.Option("-o", "--output", help="How it is written.")] = Output.TABLE,
) -> None:
    """Check Python, settings, region, endpoint, credentials, clock, permissions, quotas and versions.

    Everything but --live only reads. The event of --live is of app logctl-doctor and level INFO.

    Exits with 0 when nothing failed, else with what the first failure means: 3 not reachable, 4 not
    permitted, 1 anything else.

    Examples:

      logctl doctor

      logctl doctor --live

      logctl doctor -o json | jq '.[] | select(.verdict != "ok")'
    """
    done: list[tuple[Check, LogctlError | None]] = []
    with working("Looking…") as update:
        for check in _checks(context, live=live, timeout=timeout):
            done.append((check, _told(context, check)))
            update(f"{check.name}: {check.verdict}")
    _show(context, done, output)
    for check, told in done:
        if check.verdict is Verdict.FAILED:
            raise typer.Exit(int(_code(told)))


def _checks(context: Context, *, live: bool, timeout: int) -> Iterator[Check]:
    """One after the other: each family needs that the ones before it did not fail."""
    from logctl.ops.health import doctor as ops

    yield from ops.machine()
    yield (settings := _settings(context))
    if settings.verdict is Verdict.FAILED:
        return
    try:
        deployment = context.deployment
    except Exception as error:
        if explain(error, context) is None:
            raise
        yield Check("session", Verdict.FAILED, error=error)
        return
    reached = list(ops.reach(deployment.aws, context.environ, now))
    yield from reached
    if _failed(reached):
        return
    of_stack = list(ops.deployed(deployment, lambda: _digest(context)))
    yield from of_stack
    if of_stack[0].verdict is Verdict.OK:
        yield from ops.catalog(deployment)
    yield from ops.permissions(deployment)
    yield from ops.quotas(deployment)
    if live:
        yield from _live(deployment, of_stack[0], timeout)


def _settings(context: Context) -> Check:
    path = Path(context.config or context.environ.get("LOGCTL_CONFIG") or CONFIG_FILE)
    try:
        settings = context.settings
    except LogctlError as error:
        return Check("settings", Verdict.FAILED, error=error)
    file = str(path) if path.exists() else f"no {path}"
    return Check("settings", Verdict.OK, f"{file}; target {settings.target}, environment {settings.env}")


def _digest(context: Context) -> str:
    """Of the zip, as Lambda tells its own."""
    from logctl.stack.bundle import build

    return hashlib.sha256(build(context.settings.target).data).hexdigest()


def _live(deployment: Deployment, stack: Check, timeout: int) -> Iterator[Check]:
    from logctl.ops.health.trace import follow

    if stack.verdict is not Verdict.OK:
        yield Check("live", Verdict.NOT_CHECKED, "there is no stack to send to")
        return
    yield from follow(deployment, seconds=timeout, clock=now)


def _failed(checks: Iterable[Check]) -> bool:
    return any(check.verdict is Verdict.FAILED for check in checks)


# ── How it looks ────────────────────────────────────────────────────────────────────────────────────────


def _told(context: Context, check: Check) -> LogctlError | None:
    """What went wrong in words, where a call raised something."""
    if check.error is None:
        return None
    return explain(check.error, context) or LogctlError(f"{check.error}")


def _code(told: LogctlError | None) -> Exit:
    if told is not None and told.exit_code in (Exit.UNREACHABLE, Exit.NOT_PERMITTED):
        return told.exit_code
    return Exit.FAILED


def _show(context: Context, done: list[tuple[Check, LogctlError | None]], output: Output) -> None:
    rows = [
        {
            "check": check.name,
            "verdict": check.verdict.value,
            "seen": told.message if told else check.seen,
            "to_do": _to_do(context, check.to_do or (told.hint if told else "")) or None,
        }
        for check, told in done
    ]
    columns = (
        ("check", "verdict", "seen") if output is Output.TABLE else ("check", "verdict", "seen", "to_do")
    )
    show(rows, columns, output, words={"verdict": _loud})
    if output is Output.TABLE:
        _show_what_to_do(rows)


def _to_do(context: Context, text: str) -> str:
    """A command of ours at its end gets what it needs to go to the same place."""
    ends_with_ours = text.rpartition(": ")[2].startswith("logctl ")
    return text + (context.target_flag if ends_with_ours and context.target_flag not in text else "")


def _loud(verdict: str) -> str:
    return verdict.upper() if verdict in (Verdict.WARNING, Verdict.FAILED) else verdict


def _show_what_to_do(rows: list[dict[str, Any]]) -> None:
    listed = [row for row in rows if row["to_do"]]
    if listed:
        print("\nWhat to do:")
    for row in listed:
        print(f"  {neutralise(row['check'])}: {neutralise(row['to_do'])}")
