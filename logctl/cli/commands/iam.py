"""`logctl iam`: the permissions that each command needs, as IAM policies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext
from logctl.cli.error_explanations import explain
from logctl.cli.options import OutputOption
from logctl.cli.render import Output, say, show
from logctl.core.errors import UsageError

if TYPE_CHECKING:
    from logctl.stack.iam.scope import PolicyScope

_LISTED = 12
"""The most actions that a table names; of more actions it shows the number and the services."""


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "iam")(iam)


def iam(
    context: CommandContext,
    for_: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="COMMAND", help="Print the policy for a command, or for a group such as dlq."
        ),
    ] = None,
    part: Annotated[
        int | None,
        typer.Option(
            "--part", min=1, metavar="N", help="Print only the Nth policy, where a command needs several."
        ),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Print the minimal IAM policy for a command.

    Without --for, the actions that each command needs are listed. A policy names the resources of this
    environment in this account and region. Policies are always JSON, as `aws iam create-policy
    --policy-document` takes them; --output applies to the list. `provision` needs several policies, because a
    managed policy has at most 6,144 characters.

    Examples:

      logctl iam

      logctl iam --for send

      logctl iam --for provision --part 1
    """
    if for_ is None:
        if part is not None:
            raise UsageError("--part needs --for.")
        _list(context, output)
        return
    from logctl.stack.iam.command_permissions import needed
    from logctl.stack.iam.documents import documents
    from logctl.stack.iam.scope import PolicyScope

    needed(for_, PolicyScope(context.settings))  # an unknown command is told before anything is asked of AWS
    made = documents(needed(for_, _scope(context)))
    if part is not None and part > len(made):
        raise UsageError(
            f"There {'is 1 policy' if len(made) == 1 else f'are {len(made)} policies'} for {for_}."
        )
    for policy in made if part is None else [made[part - 1]]:
        print(json.dumps(policy, indent=2))
    if part is None and len(made) > 1:
        say(f"These are {len(made)} policies: one has at most 6,144 characters. To print one: --part 1")


def _list(context: CommandContext, output: Output) -> None:
    from logctl.stack.iam.command_permissions import COMMANDS, needed
    from logctl.stack.iam.documents import documents
    from logctl.stack.iam.scope import PolicyScope

    scope = PolicyScope(context.settings)
    rows = []
    for name in COMMANDS:
        statements = needed(name, scope)
        actions = sorted({action for statement in statements for action in statement["Action"]})
        listed = actions if output.nests else " ".join(actions)
        rows.append({"command": name, "policies": len(documents(statements)), "actions": listed})
    show(rows, ("command", "policies", "actions"), output, right=("policies",), words={"actions": _in_words})
    say("To print the policy for a command: logctl iam --for COMMAND")


def _in_words(text: str) -> str:
    actions = text.split()
    if len(actions) <= _LISTED:
        return ", ".join(actions)
    services = sorted({action.partition(":")[0] for action in actions})
    return f"{len(actions)} actions of {', '.join(services)}"


def _scope(context: CommandContext) -> PolicyScope:
    """Return the environment's scope; without credentials, with a placeholder for the account."""
    from logctl.aws.place import Place
    from logctl.stack.iam.scope import PolicyScope

    aws = context.aws
    partition = aws.session.get_partition_for_region(aws.region)
    try:
        return PolicyScope(context.settings, aws.place, aws.partition, _pool(context))
    except Exception as error:
        told = explain(error, context)
        if told is None:
            raise
        say(f"logctl: the account is not known here ({told.message.rstrip('.')}).")
        say("  Put its twelve digits where the policy says ${AWS::AccountId}.")
        return PolicyScope(context.settings, Place(region=aws.region), partition)


def _pool(context: CommandContext) -> str:
    """Return the id of the user pool; a wildcard if there is no stack or it may not be read."""
    from botocore.exceptions import ClientError

    from logctl.core.errors import UnreachableError
    from logctl.stack.iam.scope import ANY

    try:
        outputs: dict[str, Any] = context.deployment.outputs()
    except (ClientError, UnreachableError):
        return ANY
    return str(outputs.get("UserPoolId", ANY))
