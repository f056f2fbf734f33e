"""`logctl cost`: what a month costs, for a given load or for the running pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.options import OutputOption, every_option
from logctl.cli.render import Output, say, show
from logctl.core.errors import UsageError
from logctl.core.times import MINUTE, format_duration, parse_duration
from logctl.ops.cost.prices import REGIONS, Price, prices
from logctl.stack.sizes import parse_size

if TYPE_CHECKING:
    from logctl.ops.cost.bill import CostLine
    from logctl.ops.cost.load import Load
    from logctl.stack.settings import Settings

_COLUMNS = ("with", "service", "what", "quantity", "unit", "price", "amount_usd")
_SHOWN = ("service", "what", "quantity", "price", "amount_usd")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "cost")(cost)


def cost(
    context: CommandContext,
    load: Annotated[
        tuple[str, str] | None,
        typer.Option(
            "--estimate", metavar="RATE SIZE", help="Records per time, and the size of one: 100/s 500B."
        ),
    ] = None,
    apps: Annotated[
        int | None,
        typer.Option("--apps", min=1, metavar="N", help="How many apps share the load. [default: 1]"),
    ] = None,
    every: Annotated[
        str | None,
        every_option("Interval at which each app's producer sends: 1s, 1m, 1h. [default: 1s]"),
    ] = None,
    errors: Annotated[
        float | None,
        typer.Option(
            min=0, max=100, metavar="PERCENT", help="Percentage of the records that are errors. [default: 1]"
        ),
    ] = None,
    priced_as: Annotated[
        str | None,
        typer.Option("--prices", metavar="REGION", help="Use the prices of this region."),
    ] = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what a month of the pipeline costs at list prices.

    Each line has quantity, price and amount. Without --estimate, quantities come from CloudWatch's metrics of
    the last 30 days. With --estimate, they are computed from a load and the settings, without any request to
    AWS, and the same load is priced with CloudWatch Logs and with Amazon Data Firehose. -o json has the
    source and date of each price.

    Examples:

      logctl cost --estimate 100/s 500B

      logctl cost --estimate 5M/d 1KB --apps 20 --every 1m

      logctl cost
    """
    chosen = priced_as or _region(context)
    table = prices(chosen)
    if load is None:
        if apps or every or errors is not None:
            raise UsageError("--apps, --every and --errors need --estimate.")
        _show_usage(context, table, output)
    else:
        _show_estimate(context.settings, _load(load, apps, every, errors), table, output)
    say(f"List prices of {chosen} in US dollars, without free tiers and taxes.")
    if not all(price.checked for price in table.values()):
        say(f"  Prices marked (unchecked) are those of {REGIONS[0]}.")


def _region(context: CommandContext) -> str:
    if context.settings.target == "local" and not context.settings.region:
        return REGIONS[0]
    found = context.region
    if not found:
        say(f"No region is configured: these are the prices of {REGIONS[0]}.")
    return found or REGIONS[0]


def _load(load: tuple[str, str], apps: int | None, every: str | None, errors: float | None) -> Load:
    from logctl.ops.cost.load import Load, parse_rate

    try:
        rate, size = parse_rate(load[0]), parse_size(load[1])
        interval = parse_duration(every or "1s")
    except ValueError as problem:
        raise UsageError(f"{problem}.", "Write it like: logctl cost --estimate 100/s 500B") from None
    if not 1 <= size <= 10**6:
        raise UsageError(f"{load[1]!r} is not the size of a record: SQS accepts 1 B to 1 MB.")
    share = 0.01 if errors is None else errors / 100
    return Load(rate, size, apps=apps or 1, every=interval, errors=share)


def _show_estimate(settings: Settings, load: Load, table: Mapping[str, Price], output: Output) -> None:
    from logctl.ops.cost import estimate as cost
    from logctl.ops.cost.bill import total
    from logctl.stack.alarms import ALARMS

    alarms = len(ALARMS)
    bills = {
        "logctl": cost.estimate(load, settings, table, alarms=alarms),
        "CloudWatch Logs": cost.with_cloudwatch_logs(load, settings, table),
        "Data Firehose": cost.with_firehose(load, settings, table),
    }
    _show(bills, output)
    say(
        f"{load.records:,.0f} records a month, {load.records_per_message:,.0f} in a message, sent every "
        f"{format_duration(load.every)}. Storage is what has accumulated after "
        f"{format_duration(settings.cold_retention)}."
    )
    if load.every < MINUTE:
        slower = cost.estimate(replace(load, every=MINUTE), settings, table, alarms=alarms)
        if total(slower) < 0.8 * total(bills["logctl"]):
            say(
                f"  Larger messages cost less: ${total(slower):,.2f} with --every 1m, which `send -f` "
                "takes too."
            )


def _show_usage(context: CommandContext, table: Mapping[str, Price], output: Output) -> None:
    from logctl.ops.cost.measured import usage

    found = usage(context.deployment, table, now=now())
    _show({"logctl": found.lines}, output)
    say(
        f"Projected to a month from the last {format_duration(found.observed)} of CloudWatch's metrics; "
        "an invoice may differ."
    )


def _row(name: str, line: CostLine) -> dict[str, Any]:
    return {
        "with": name,
        "service": line.service,
        "what": line.what,
        "quantity": None if line.quantity is None else line.quantity / line.price.per,
        "unit": line.price.unit,
        "price": str(line.price),
        "amount_usd": line.amount,
        "price_usd": line.price.usd,
        "source": line.price.source,
        "as_of": line.price.as_of,
        "checked": line.price.checked,
    }


def _show(bills: Mapping[str, Sequence[CostLine]], output: Output) -> None:
    if output.for_programs:
        show([_row(name, line) for name, lines in bills.items() for line in lines], _COLUMNS, output)
        return
    for name, lines in bills.items():
        print(f"With {name}")
        show(_for_people(name, lines), _SHOWN, output, right=("quantity", "amount_usd"))
        print()


def _for_people(name: str, lines: Sequence[CostLine]) -> list[dict[str, Any]]:
    """Return the rows of a table, with a total; JSON and CSV have none, so that a sum of them is right."""
    from logctl.ops.cost.bill import total

    rows = [_row(name, line) for line in lines]
    return [
        {
            **row,
            "quantity": "by use" if row["quantity"] is None else _number(row["quantity"]),
            "amount_usd": None if row["amount_usd"] is None else f"{row['amount_usd']:,.2f}",
        }
        for row in rows
    ] + [{"service": "total", "amount_usd": f"{total(lines):,.2f}"}]


def _number(quantity: float) -> str:
    return f"{quantity:,.0f}" if quantity >= 100 else f"{quantity:.3g}"
