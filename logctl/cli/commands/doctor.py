"""`logctl doctor`: check whether logctl can work from this machine, and say what to do if it cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CONFIG_FILE, CommandContext, now
from logctl.cli.error_explanations import explain
from logctl.cli.next_steps import command_line
from logctl.cli.options import OutputOption
from logctl.cli.render import Output, show, working
from logctl.core.errors import Exit, LogctlError
from logctl.core.safe_text import neutralise
from logctl.ops.health.checks import Check, Verdict

if TYPE_CHECKING:
    from logctl.ops.deployment import Deployment


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "doctor")(doctor)


def doctor(
    context: CommandContext,
    live: Annotated[
        bool, typer.Option("--live", help="Also send one marked event and follow it to Athena.")
    ] = False,
    timeout: Annotated[
        int,
        typer.Option("--timeout", min=1, metavar="SECONDS", help="How long --live waits for the event."),
    ] = 60,
    output: OutputOption = Output.TABLE,
) -> None:
    """Check whether logctl can work from this machine.

    The checks are of Python, settings, region, endpoint, credentials, clock, permissions, quotas and
    versions. Without --live the checks only read. The event of --live has app logctl-doctor and level INFO.

    The exit code is 0 when no check failed. Otherwise it is that of the first failure: 3 not reachable,
    4 not permitted, 1 anything else.

    Examples:

      logctl doctor

      logctl doctor --live

      logctl doctor -o json | jq '.[] | select(.verdict != "ok")'
    """
    done: list[tuple[Check, LogctlError | None]] = []
    with working("Checking…") as update:
        for check in _checks(context, live=live, timeout=timeout):
            done.append((check, _explained(context, check)))
            update(f"{check.name}: {check.verdict}")
    _show(context, done, output)
    for check, error in done:
        if check.verdict is Verdict.FAILED:
            raise typer.Exit(int(_code(error)))


def _checks(context: CommandContext, *, live: bool, timeout: int) -> Iterator[Check]:
    """Yield the checks, up to the first failure that makes the remaining checks meaningless."""
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


def _settings(context: CommandContext) -> Check:
    path = Path(context.config or context.environ.get("LOGCTL_CONFIG") or CONFIG_FILE)
    try:
        settings = context.settings
    except LogctlError as error:
        return Check("settings", Verdict.FAILED, error=error)
    file = str(path) if path.exists() else f"no {path}"
    return Check("settings", Verdict.OK, f"{file}; target {settings.target}, environment {settings.env}")


def _digest(context: CommandContext) -> str:
    """Return the SHA-256 of the zip that would be deployed, to be compared with Lambda's CodeSha256."""
    from logctl.stack.bundle import build

    return hashlib.sha256(build(context.settings.target).data).hexdigest()


def _live(deployment: Deployment, stack: Check, timeout: int) -> Iterator[Check]:
    from logctl.ops.health.trace import follow

    if stack.verdict is not Verdict.OK:
        yield Check("live", Verdict.NOT_CHECKED, "the stack is missing or incomplete")
        return
    yield from follow(deployment, seconds=timeout, clock=now)


def _failed(checks: Iterable[Check]) -> bool:
    return any(check.verdict is Verdict.FAILED for check in checks)


# ── Output ──────────────────────────────────────────────────────────────────────────────────────────────


def _explained(context: CommandContext, check: Check) -> LogctlError | None:
    """Return an error of a call as it is shown to people."""
    if check.error is None:
        return None
    return explain(check.error, context) or LogctlError(f"{check.error}")


def _code(error: LogctlError | None) -> Exit:
    if error is not None and error.exit_code in (Exit.UNREACHABLE, Exit.NOT_PERMITTED):
        return error.exit_code
    return Exit.FAILED


def _show(context: CommandContext, done: list[tuple[Check, LogctlError | None]], output: Output) -> None:
    rows = [_row(context, check, error) for check, error in done]
    if output.for_programs:
        show(rows, ("check", "verdict", "seen", "to_do", "run"), output)
        return
    show(rows, ("check", "verdict", "seen"), output, words={"verdict": _emphasize})
    listed = [row for row in rows if row["to_do"]]
    if listed:
        print("\nWhat to do:")
    for row in listed:
        print(f"  {neutralise(row['check'])}: {neutralise(row['to_do'])}")


def _row(context: CommandContext, check: Check, error: LogctlError | None) -> dict[str, Any]:
    """Return a check as every output format shows it: `to_do` is a sentence that includes `run`."""
    to_do = check.to_do or (error.hint if error else "")
    run = None if check.run is None else command_line(context, check.run)
    if run is not None:
        to_do = f"{to_do}: {run}"
    return {
        "check": check.name,
        "verdict": check.verdict.value,
        "seen": error.message if error else check.seen,
        "to_do": to_do or None,
        "run": run,
    }


def _emphasize(verdict: str) -> str:
    return verdict.upper() if verdict in (Verdict.WARNING, Verdict.FAILED) else verdict
