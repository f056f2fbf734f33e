"""`logctl provision`: deploy the stack, or bring it up to date with the settings."""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.confirmation import confirm
from logctl.cli.context import CommandContext
from logctl.cli.options import OutputOption, YesOption, dry_run_option
from logctl.cli.render import Output, say, show
from logctl.cli.setting_options import with_setting_options
from logctl.cli.stack_progress import StackProgress
from logctl.core.errors import PartialError, UsageError
from logctl.core.safe_text import counted

if TYPE_CHECKING:
    from logctl.ops.lake.table_repair import Faults
    from logctl.stack.provision import Provisioner
    from logctl.stack.stack_events import Change, Plan

_ACTIONS = {"Add": "+ add", "Modify": "~ change", "Remove": "- remove", "Import": "< take over"}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "provision")(provision)


@dataclass(frozen=True)
class ProvisionOptions:
    """The options of `logctl provision` that are not settings."""

    plan: Annotated[bool, dry_run_option("Show what would change, and change nothing.", "--plan")] = False
    yes: YesOption = False
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            metavar="FILE",
            help="Only write the template to a file, as YAML; - writes it to standard output.",
        ),
    ] = None
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="With --plan: exit with 2 if something would change.")
    ] = False
    output: OutputOption = Output.TABLE

    @property
    def exit_code(self) -> int:
        """The exit code of a plan that would change something."""
        return 2 if self.detailed_exitcode else 0


@with_setting_options
def provision(context: CommandContext, options: ProvisionOptions, **chosen: Any) -> None:
    """Create the pipeline, or bring it up to date with the settings.

    If the pipeline is up to date, nothing is changed.

    Examples:

      logctl provision --plan

      logctl provision --env prod --subscribe oncall@example.com

      logctl provision --template stack.yaml
    """
    from logctl.stack.provision import Provisioner

    context = context.with_flags(chosen)
    if options.detailed_exitcode and not options.plan:
        raise UsageError("--detailed-exitcode needs --plan.")
    if options.template is not None:
        _write_template(context, options.template)
        return
    provisioner = Provisioner(context.aws, context.settings)
    planned = provisioner.plan()
    if provisioner.shortage:
        say(f"  ! In this account {provisioner.shortage}. Lower api_rate, api_burst or api_timeout.")
    faults = _table_faults(context, provisioner)
    if planned.changes:
        _confirm_plan(context, provisioner, planned, faults, options)
        if faults:
            # Before the stack is changed: CloudFormation cannot update a table that does not exist.
            _restore_tables(context, faults)
        _apply(context, provisioner, planned)
    elif faults:
        _confirm_restoring(context, faults, options)
        _restore_tables(context, faults)
        _check_completeness(context, provisioner)
    else:
        if options.plan and options.output.for_programs:
            _show_plan(planned, options.output)
        _check_completeness(context, provisioner)
        say(f"Nothing changes: {context.place} is up to date.")


def _confirm_plan(
    context: CommandContext,
    provisioner: Provisioner,
    planned: Plan,
    faults: Faults | None,
    options: ProvisionOptions,
) -> None:
    """Show a plan and ask whether to apply it; delete its change set if it is not applied.

    Raises:
        typer.Exit: only the plan was wanted.
        LogctlError: the answer is no, or there is no terminal to ask on.
    """
    confirmed = False
    try:
        _show_plan(planned, options.output)
        _warn_of_losses(planned)
        if faults:
            say(f"In the database {faults.database}, {faults.told}; this is restored as well.")
        if options.plan:
            say(f"{_counted(planned)} in {context.place}. Nothing was changed.")
            raise typer.Exit(options.exit_code)
        confirm(f"{_counted(planned)} in {context.place}.", yes=options.yes)
        confirmed = True
    finally:
        if not confirmed:
            provisioner.discard(planned)


def _table_faults(context: CommandContext, provisioner: Provisioner) -> Faults | None:
    """Return the tables and views that were dropped or changed, which CloudFormation does not notice."""
    from logctl.ops.lake import table_repair

    if provisioner.describe() is None:
        return None
    return table_repair.faults(context.deployment) or None


def _confirm_restoring(context: CommandContext, faults: Faults, options: ProvisionOptions) -> None:
    """Ask whether to restore tables and views, where the stack itself needs no change.

    Raises:
        typer.Exit: only the plan was wanted.
        LogctlError: the answer is no, or there is no terminal to ask on.
    """
    say(f"The stack needs no change, but in the database {faults.database}, {faults.told}.")
    if options.plan:
        say("They would be restored. Nothing was changed.")
        raise typer.Exit(options.exit_code)
    confirm(f"They would be restored in {context.place}.", yes=options.yes)


def _restore_tables(context: CommandContext, faults: Faults) -> None:
    from logctl.ops.lake import table_repair

    table_repair.restore(context.deployment, faults)
    say(f"Restored in the catalog: {', '.join(faults.tables)}.")
    if faults.missing:
        say(f"Register their partitions with: logctl athena repair{context.target_flag}")


def _apply(context: CommandContext, provisioner: Provisioner, planned: Plan) -> None:
    with StackProgress(len(planned.changes)) as progress:
        try:
            info = provisioner.apply(planned, progress)
        except KeyboardInterrupt:
            say(f"\nCloudFormation continues the deployment in {context.place}.")
            say(f"To watch it: {_watch_command(context)}")
            raise
    _check_completeness(context, provisioner)
    say(f"{info.name} is ready in {context.place}.")
    for name, value in sorted(info.outputs.items()):
        say(f"  {name}: {value}")
    if any(item.protocol == "email" for item in context.settings.subscriptions):
        say(
            "  AWS has sent a confirmation link to each e-mail address; alerts go there once it is confirmed."
        )
    say(f"Next: logctl send --sample 1000{context.target_flag} && logctl tail -n 20{context.target_flag}")


def _check_completeness(context: CommandContext, provisioner: Provisioner) -> None:
    """Check that every resource exists, because an emulator may skip resources and report success.

    Raises:
        PartialError: a resource is missing; each is listed.
    """
    shortfall = provisioner.shortfall()
    if not shortfall:
        return
    for name, kind in shortfall.resources:
        say(f"  missing {name} ({kind})")
    endpoint = context.aws.cloudformation.meta.endpoint_url
    by = "" if endpoint.startswith("https://cloudformation.") else f" {endpoint} may not support them all."
    raise PartialError(
        f"{context.deployment.names.stack} is incomplete in {context.place}: {shortfall}.",
        f"Remove it with: logctl destroy{context.target_flag}, and provision again.{by}",
    )


def _watch_command(context: CommandContext) -> str:
    if context.settings.target == "local":
        return f"logctl status --watch{context.target_flag}"
    stack, region = context.deployment.names.stack, context.aws.place.region
    return f"aws cloudformation describe-stack-events --stack-name {stack} --region {region}"


def _show_plan(planned: Plan, output: Output) -> None:
    rows = [
        {
            "change": _describe(change),
            "resource": change.logical_id,
            "type": change.type,
            "name": change.physical_id or None,
            "properties": [asdict(item) for item in change.properties]
            if output.nests
            else "; ".join(map(str, change.properties)),
            "loses": change.loss or None,
        }
        for change in planned.changes
    ]
    columns = ["change", "resource", "type"]
    columns += [column for column in ("name", "properties") if any(row[column] for row in rows)]
    show(rows, columns, output, style=lambda row: "red" if row["loses"] else "")


def _describe(change: Change) -> str:
    """Return the effect of a change on its resource."""
    if change.replaces:
        return "! REPLACE"
    if change.action == "Modify" and change.replacement == "Conditional":
        return "? change, may replace"
    return _ACTIONS.get(change.action, change.action.lower())


def _counted(planned: Plan) -> str:
    return f"{counted(len(planned.changes), 'resource')} would change"


def _warn_of_losses(planned: Plan) -> None:
    for change in planned.changes:
        if change.loss:
            say(f"  ! {change.loss}.")


def _write_template(context: CommandContext, path: Path) -> None:
    from logctl.stack.bundle import build
    from logctl.stack.provision import code_for
    from logctl.stack.template import build_template, to_yaml

    bundle = build(context.settings.target)
    text = to_yaml(build_template(context.settings, code=code_for(context.settings, bundle)))
    if str(path) == "-":
        sys.stdout.write(text)
        return
    try:
        path.write_text(text, "utf-8")
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem}.") from None
    say(f"The template is in {path}. It takes the code from {bundle.key} in the deploy bucket.")
