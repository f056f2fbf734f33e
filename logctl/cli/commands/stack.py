"""`logctl provision` and `logctl destroy`: the stack."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command import command, confirm
from logctl.cli.context import Context
from logctl.cli.render import Output, console, say, show
from logctl.cli.setting_options import with_setting_options
from logctl.core.errors import LogctlError, PartialError, UsageError
from logctl.core.safe_text import counted, neutralise

if TYPE_CHECKING:
    from logctl.ops.lake.table_repair import Faults
    from logctl.stack.provision import Destroyed, Provisioner
    from logctl.stack.stack_events import Change, Plan, StackEvent

_WORDS = {"Add": "+ add", "Modify": "~ change", "Remove": "- remove", "Import": "< take over"}

_DONE = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted", "IMPORT": "taken over"}


def register(app: typer.Typer) -> None:
    command(app, "provision")(provision)
    command(app, "destroy")(destroy)


@with_setting_options
def provision(
    context: Context,
    plan: Annotated[
        bool, typer.Option("--plan", "--dry-run", help="Show what would change, and change nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    template: Annotated[
        Path | None,
        typer.Option("--template", metavar="FILE", help="Only write the template, as YAML; - is stdout."),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="With --plan: exit 2 when something would change.")
    ] = False,
    output: Annotated[Output, typer.Option("-o", "--output", help="How the plan is written.")] = Output.TABLE,
    **chosen: Any,
) -> None:
    """Make the pipeline, or bring it up to date with the settings. Run twice, the second changes nothing.

    Examples:

      logctl provision --plan

      logctl provision --env prod --subscribe oncall@example.com

      logctl provision --template stack.yaml
    """
    from logctl.stack.provision import Provisioner

    context = context.with_flags(chosen)
    if detailed_exitcode and not plan:
        raise UsageError("--detailed-exitcode goes with --plan.")
    if template is not None:
        _write_template(context, template)
        return
    provisioner = Provisioner(context.aws, context.settings)
    planned = provisioner.plan()
    if provisioner.shortage:
        say(f"  ! In this account {provisioner.shortage}. Lower api_rate, api_burst or api_timeout.")
    lost = _lost_tables(context, provisioner)
    if not planned.changes and lost:
        _restore(context, lost, plan=plan, yes=yes, code=2 if detailed_exitcode else 0)
        _refuse_incomplete(context, provisioner)
        return
    if not planned.changes:
        if plan and output.for_programs:
            _show_plan(planned, output)
        _refuse_incomplete(context, provisioner)
        say(f"Nothing changes: {context.place} is up to date.")
        return
    done = False
    try:
        _show_plan(planned, output)
        _warn_of_losses(planned)
        if lost:
            say(f"In the database {lost.database}, {lost.told}: made again as well.")
        if plan:
            say(f"{_counted(planned)} in {context.place}. Nothing was changed.")
            raise typer.Exit(2 if detailed_exitcode else 0)
        confirm(f"{_counted(planned)} in {context.place}.", yes=yes)
        done = True
    finally:
        if not done:
            provisioner.discard(planned)
    if lost:
        # Before the stack is changed: CloudFormation cannot update a table that is not there.
        _made_again(context, lost)
    _apply(context, provisioner, planned)


def _lost_tables(context: Context, provisioner: Provisioner) -> Faults | None:
    """Tables and views that were dropped or changed past the stack, which CloudFormation does not notice."""
    from logctl.ops.lake import table_repair

    if provisioner.describe() is None:
        return None
    return table_repair.faults(context.deployment) or None


def _restore(context: Context, lost: Faults, *, plan: bool, yes: bool, code: int) -> None:
    say(f"The stack needs no change, but in the database {lost.database}, {lost.told}.")
    if plan:
        say("They would be made again. Nothing was changed.")
        raise typer.Exit(code)
    confirm(f"They would be made again in {context.place}.", yes=yes)
    _made_again(context, lost)


def _made_again(context: Context, lost: Faults) -> None:
    from logctl.ops.lake import table_repair

    table_repair.restore(context.deployment, lost)
    say(f"Made again in the catalog: {', '.join(lost.tables)}.")
    if lost.missing:
        say(f"Register their partitions with: logctl athena repair{context.target_flag}")


def _apply(context: Context, provisioner: Provisioner, planned: Plan) -> None:
    with _Watch(len(planned.changes)) as watch:
        try:
            info = provisioner.apply(planned, watch)
        except KeyboardInterrupt:
            say(f"\nCloudFormation goes on without you in {context.place}.")
            say(f"To watch it: {_watching(context)}")
            raise
    _refuse_incomplete(context, provisioner)
    say(f"{info.name} is ready in {context.place}.")
    for name, value in sorted(info.outputs.items()):
        say(f"  {name}: {value}")
    if any(item.protocol == "email" for item in context.settings.subscriptions):
        say("  AWS has sent each e-mail address a link: alerts go there once it was followed.")
    say(f"Next: logctl send --sample 1000{context.target_flag} && logctl tail -n 20{context.target_flag}")


def _refuse_incomplete(context: Context, provisioner: Provisioner) -> None:
    """See that everything is there, as an emulator may skip what it does not know and say that all is well.

    Raises:
        PartialError: something is not; each resource is listed.
    """
    lacks = provisioner.shortfall()
    if not lacks:
        return
    for name, kind in lacks.resources:
        say(f"  missing {name} ({kind})")
    endpoint = context.aws.cloudformation.meta.endpoint_url
    by = "" if endpoint.startswith("https://cloudformation.") else f" {endpoint} may not support them all."
    raise PartialError(
        f"{context.deployment.names.stack} is incomplete in {context.place}: {lacks}.",
        f"Remove it with: logctl destroy{context.target_flag}, and provision again.{by}",
    )


def _watching(context: Context) -> str:
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
    if change.replaces:
        return "! REPLACE"
    if change.action == "Modify" and change.replacement == "Conditional":
        return "? change, may replace"
    return _WORDS.get(change.action, change.action.lower())


def _counted(planned: Plan) -> str:
    return f"{counted(len(planned.changes), 'resource')} would change"


def _warn_of_losses(planned: Plan) -> None:
    for change in planned.changes:
        if change.loss:
            say(f"  ! {change.loss}.")


def _write_template(context: Context, path: Path) -> None:
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
    say(f"The template is in {path}; it expects the code at {bundle.key} in the deploy bucket.")


class _Watch:
    """Shows resources turning ready: a live line on a terminal, a line each in a pipe when one fails."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._ready: set[str] = set()
        self._status: Any = None

    def __enter__(self) -> _Watch:
        if sys.stderr.isatty():
            self._status = console(stderr=True).status("Starting…")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def __call__(self, event: StackEvent) -> None:
        if event.status.endswith("_FAILED"):
            say(f"  {event.logical_id} ({event.type}) {event.status}: {event.reason}")
        elif event.status.endswith("_COMPLETE") and event.type != "AWS::CloudFormation::Stack":
            self._ready.add(event.logical_id)
            if self._status:
                done = _DONE.get(event.status.removesuffix("_COMPLETE"), event.status)
                say(f"  {done} {event.logical_id} ({event.type})")
        if self._status:
            self._status.update(
                f"{len(self._ready)} of {self._expected} ready; {neutralise(event.logical_id)} {event.status}"
            )


def destroy(
    context: Context,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete the logs, the tables and everything in them too.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Remove the pipeline. The data stays (bucket and tables), unless --delete-data.

    A later `logctl provision` takes retained data over again. Only what carries the environment's tags is
    deleted; what else has one of its names is listed and left, and the exit code is 5 (1 if nothing was
    deleted).

    Examples:

      logctl destroy

      logctl destroy --delete-data --yes
    """
    from logctl.stack.provision import Provisioner

    names = context.deployment.names
    if delete_data and not yes:
        _confirm_by_name(context)
    else:
        confirm(f"This removes {names.stack} ({context.place}). Its data stays.", yes=yes)
    with _Watch(0) as watch:
        done = Provisioner(context.aws, context.settings).destroy(
            delete_data=delete_data,
            on_event=watch,
            on_emptied=lambda bucket, objects: say(f"  {objects:,} objects deleted from {bucket}"),
        )
    for thing in done.deleted:
        say(f"  deleted {thing}")
    for thing in done.retained:
        say(f"  kept {thing}")
    for item in done.left:
        say(f"  left {item.thing}: {item.reason}")
    if not done.deleted and not done.left:
        say(f"There was no {names.stack} to remove in {context.place}.")
    if done.retained:
        say(f"To delete what was kept: logctl destroy --delete-data{context.target_flag}")
    if done.left:
        _tell_of_others(context, done)


def _tell_of_others(context: Context, done: Destroyed) -> None:
    """What has our names is there still: whoever goes on from here has to know."""
    names = context.deployment.names
    what = f"{counted(len(done.left), 'thing')} with names of {names.stack} left alone"
    tags = " and ".join(f"{key}={value}" for key, value in names.tags.items())
    hint = f"If they are this environment's all the same, tag them {tags}, and run the same again."
    if not done.deleted:
        raise LogctlError(f"Nothing was deleted; {what}: not tagged as this environment's.", hint)
    raise PartialError(f"{what}: not tagged as this environment's.", hint)


def _confirm_by_name(context: Context) -> None:
    name = context.deployment.names.stack
    say(f"This deletes {name} AND ALL ITS LOGS in {context.place}. There is no way back.")
    if not sys.stdin.isatty():
        raise LogctlError("Nothing was deleted: there is no terminal to ask on.", "To go ahead, add --yes.")
    sys.stderr.write(f"Type {name} to go ahead: ")
    sys.stderr.flush()
    if sys.stdin.readline().strip() != name:
        raise LogctlError("Nothing was deleted.")
