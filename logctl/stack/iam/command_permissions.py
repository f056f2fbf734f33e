"""The permissions of each command. Each command has a row in `COMMANDS` or `WITHOUT`.

A row is a function of the environment (`PolicyScope`) that returns statements. Most are sums of the functions
that the roles' policies are made of. The row `command --flag` is what a flag needs besides its command.
Everybody may ask STS who they are (AWS STS API Reference, GetCallerIdentity), so no row contains that.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable

from logctl.core.errors import UsageError
from logctl.stack.iam import (
    data_permissions,
    health_permissions,
    stack_permissions,
)
from logctl.stack.iam.policies import Statement, allow
from logctl.stack.iam.scope import ANY, PolicyScope
from logctl.stack.iam.shared_statements import (
    read_outputs,
    read_rules,
    run_athena,
)

Needs = Callable[[PolicyScope], list[Statement]]


def needed(command: str, scope: PolicyScope) -> list[Statement]:
    """Return the statements for a command, or for all commands of a family like `athena`.

    Raises:
        UsageError: there is no such command, or it needs nothing of AWS.
    """
    words = " ".join(command.split()).removeprefix("logctl ")
    family = [name for name in COMMANDS if name.startswith(f"{words} ") and "--" not in name]
    chosen = {words} if words in COMMANDS else set(family)
    if not chosen:
        raise _unknown(words)
    # A flag needs its statements besides those of its command.
    chosen |= {name.partition(" --")[0] for name in chosen}
    return [
        statement for name in COMMANDS if name in chosen for statement in scope.resolve(COMMANDS[name](scope))
    ]


def _unknown(words: str) -> UsageError:
    if words in WITHOUT:
        return UsageError(f"logctl {words} needs no AWS permissions.")
    families = {name.partition(" ")[0] for name in COMMANDS}
    close = difflib.get_close_matches(words, [*COMMANDS, *families], n=1, cutoff=0.5)
    return UsageError(
        f"There is no command {words!r}.",
        f"Did you mean {close[0]!r}?" if close else "See them with: logctl iam",
    )


def _users(*actions: str) -> Needs:
    """Return the row of a command that uses the user pool.

    The pool is named by its id where that is known, or else by its tags.
    """

    def needs(scope: PolicyScope) -> list[Statement]:
        pool = [scope.arn("cognito-idp", f"userpool/{scope.pool}")]
        (statement,) = allow("Users", [f"cognito-idp:{action}" for action in actions], pool)
        condition = {"Condition": scope.tagged} if scope.pool == ANY else {}
        return [*read_outputs(scope), {**statement, **condition}]

    return needs


COMMANDS: dict[str, Needs] = {
    "provision": stack_permissions.provision,
    "destroy": stack_permissions.destroy,
    "destroy --delete-data": stack_permissions.destroy_data,
    "status": health_permissions.status,
    "status --drift": health_permissions.status_drift,
    "doctor": health_permissions.doctor,
    "doctor --live": health_permissions.doctor_live,
    "cost": health_permissions.cost,
    "send": data_permissions.send,
    "send --wait": data_permissions.send_wait,
    "tail": data_permissions.tail,
    "tail --since": run_athena,
    "athena query": run_athena,
    "athena partitions": data_permissions.partitions,
    "athena repair": data_permissions.repair,
    "athena repair --via": data_permissions.repair_via,
    "athena compact": data_permissions.compact,
    "debounce list": data_permissions.debounce_list,
    "debounce show": data_permissions.debounce_show,
    "debounce explain": data_permissions.debounce_show,
    "debounce silences": lambda scope: data_permissions.silences("ReadSilences", "dynamodb:Query"),
    "debounce silence": lambda scope: data_permissions.silences("Silence", "dynamodb:UpdateItem"),
    "debounce clear": lambda scope: data_permissions.silences(
        "EndSilence", "dynamodb:GetItem", "dynamodb:UpdateItem"
    ),
    "dlq list": data_permissions.dlq_look,
    "dlq show": lambda scope: data_permissions.dlq_look(scope) + read_rules(scope),
    "dlq redrive": data_permissions.dlq_redrive,
    "dlq drop": data_permissions.dlq_drop,
    "quarantine list": data_permissions.quarantine_look,
    "quarantine show": data_permissions.quarantine_look,
    "quarantine retry": data_permissions.quarantine_retry,
    "quarantine drop": data_permissions.quarantine_drop,
    "replay": data_permissions.replay,
    "consume": data_permissions.consume,
    "dashboard open": read_outputs,
    "dashboard token": _users("DescribeUserPoolClient"),
    "dashboard user add": _users("AdminAddUserToGroup", "AdminCreateUser", "CreateGroup"),
    "dashboard user list": _users("AdminListGroupsForUser", "ListUsers"),
    "dashboard user remove": _users("AdminDeleteUser", "AdminUserGlobalSignOut"),
}

WITHOUT = frozenset(
    {
        "athena saved",
        "debounce simulate",
        "demo",
        "formats list",
        "formats test",
        "iam",
        "init",
        *(f"local {word}" for word in ("up", "down", "status", "reset", "env")),
    }
)
"""Commands that call nothing of AWS, or only ask who the caller is."""
