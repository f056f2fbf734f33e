"""Shell completion of values: apps, environments, kinds of error, message ids, saved queries, formats, zones.

A person waits for the result, so a look-up ends after two seconds; on a timeout or an error there are no
completions and no message. The shell evaluates the words that it gets, so only plain words are offered.
"""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable, Iterable, Iterator
from threading import Thread
from typing import Any

import typer

from logctl.cli.context import TARGET_SETTINGS, CommandContext

TIMEOUT = 2.0
"""Seconds after which a look-up in AWS is given up."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.#/+-]{0,127}")

Complete = Callable[[typer.Context, str], list[str]]


def _offering(look_up: Callable[[CommandContext], Iterable[str]]) -> Complete:
    """Return a completion function that offers the values that `look_up` finds before the timeout."""

    def complete(ctx: typer.Context, incomplete: str) -> list[str]:
        found: list[str] = []

        def work() -> None:
            with contextlib.suppress(Exception):
                found.extend(look_up(_context(ctx)))

        with contextlib.redirect_stderr(io.StringIO()):
            thread = Thread(target=work, daemon=True)
            thread.start()
            thread.join(TIMEOUT)
        return sorted(word for word in {*found} if word.startswith(incomplete) and _PLAIN.fullmatch(word))

    return complete


def _context(ctx: typer.Context) -> CommandContext:
    """Return the context for the options that are on the command line so far."""
    root: dict[str, Any] = ctx.find_root().params
    here = CommandContext(config=root.get("config"))
    for params in (root, ctx.params):
        here = here.with_flags({name: params.get(name) for name in TARGET_SETTINGS})
    return here


def _apps(context: CommandContext) -> list[str]:
    from logctl.pipeline.stores.hot import HotStore
    from logctl.stack.names import Names

    return HotStore(context.aws.dynamodb, Names.of(context.settings).hot_table).apps()


def _environments(context: CommandContext) -> list[str]:
    from logctl.ops.environments import environments

    return environments(context.aws.cloudformation, context.settings.prefix)


def _keys(context: CommandContext) -> list[str]:
    from logctl.pipeline.stores.alert_states import AlertStore
    from logctl.stack.names import Names

    store = AlertStore(context.aws.dynamodb, Names.of(context.settings).alerts_table)
    return [str(state.key) for state in store.attention()]


def _keys_and_apps(context: CommandContext) -> Iterator[str]:
    yield from _apps(context)
    yield from _keys(context)


def _quarantined(context: CommandContext) -> list[str]:
    from logctl.ops.recovery.quarantined_messages import Wanted, keys

    return [kept.id for kept in keys(context.deployment, Wanted())[0]]


def _saved(context: CommandContext) -> list[str]:
    from logctl.ops.query.saved import listed

    return [item.name for item in listed(context.settings.queries)]


def _formats(context: CommandContext) -> list[str]:
    from logctl.ops.send.format_catalogue import choosable_names
    from logctl.ops.send.input_forms import Requested

    names = choosable_names(context.settings.formats)
    return [*(name.replace(" ", "-") for name in names), *Requested]


def _time_zones(_context: CommandContext) -> Iterable[str]:
    from zoneinfo import available_timezones

    return available_timezones()


apps = _offering(_apps)
environments = _offering(_environments)
keys = _offering(_keys)
keys_and_apps = _offering(_keys_and_apps)
quarantined = _offering(_quarantined)
saved_queries = _offering(_saved)
formats = _offering(_formats)
time_zones = _offering(_time_zones)
