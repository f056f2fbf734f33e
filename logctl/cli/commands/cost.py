"""`logctl cost`: what a month costs, for a given load or for the running pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from logctl.cli.command_registration import command
from logctl.cli.context import CommandContext, now
from logctl.cli.options import OutputOption, every_option
from logctl.cli.reading_options import reading_choice
from logctl.cli.render import Output, say, show
from logctl.core.errors import UsageError
from logctl.core.safe_text import counted
from logctl.core.times import MINUTE, format_duration, parse_duration
from logctl.ops.cost.prices import REGIONS, Price, prices
from logctl.ops.send.input_forms import Requested
from logctl.stack.sizes import parse_size

if TYPE_CHECKING:
    from logctl.ops.cost.bill import CostLine
    from logctl.ops.cost.load import Load
    from logctl.ops.cost.log_sample import LogSample
    from logctl.stack.settings import Settings

_COLUMNS = ("with", "service", "what", "quantity", "unit", "price", "amount_usd")
_SHOWN = ("service", "what", "quantity", "price", "amount_usd")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    command(app, "cost")(cost)


def cost(
    context: CommandContext,
    rate: Annotated[
        str | None,
        typer.Argument(
            metavar="[RATE]", help="With --estimate, records per time: 100/s. [default: that of the log]"
        ),
    ] = None,
    size: Annotated[
        str | None, typer.Argument(metavar="[SIZE]", help="With --estimate, the size of a record: 500B.")
    ] = None,
    estimated: Annotated[
        bool, typer.Option("--estimate", help="Compute the quantities from a load, without AWS.")
    ] = False,
    like: Annotated[
        str | None,
        typer.Option(
            "--like",
            metavar="FILE",
            help="With --estimate: a log of which the load is made, instead of SIZE.",
        ),
    ] = None,
    apps: Annotated[
        int | None,
        typer.Option("--apps", min=1, metavar="N", help="How many apps share the load. [default: 1]"),
    ] = None,
    every: Annotated[
        str | None,
        every_option("How long each app's producer collects records, as with `send -f`. [default: 5s]"),
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
    AWS, and the same load is priced with CloudWatch Logs and with Amazon Data Firehose. With --like, the
    beginning of a log is read and packed as `send` does it: sizes, errors and, without RATE, the rate are
    those of this log. -o json has the source and date of each price.

    Examples:

      logctl cost --estimate 100/s 500B

      logctl cost --estimate 5M/d 1KB --apps 20 --every 1m

      logctl cost --estimate --like /var/log/app.log

      logctl cost
    """
    chosen = priced_as or _region(context)
    table = prices(chosen)
    if estimated:
        log = _log_of(context, like) if like else None
        load = _load(_Given(rate, size, apps, every, errors), log)
        settings = context.settings
        _show_estimate(settings, replace(load, hot_rows=settings.hot_rows), table, output)
    else:
        if rate or like or apps or every or errors is not None:
            raise UsageError("RATE, SIZE, --like, --apps, --every and --errors need --estimate.")
        _show_usage(context, table, output)
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


def _log_of(context: CommandContext, path: str) -> LogSample:
    """Return the beginning of a log, read as `send` reads it."""
    from logctl.cli.dry_run import PLACEHOLDER
    from logctl.ops.cost.log_sample import LogSample
    from logctl.ops.send.input_messages import Inputs

    choice = reading_choice(context, None, Requested.AUTO)
    inputs = Inputs(
        [path],
        None,
        "cost",
        zone=choice.zone.zone,
        formats=choice.formats,
        app_names=dict(context.settings.apps),
        sources=choice.sources,
        otherwise=PLACEHOLDER,
        notice=say,
    )
    try:
        return LogSample(inputs.records(), alert_level=context.settings.alert_level)
    except ValueError:
        raise UsageError(f"{path} has no record from which costs could be estimated.") from None


@dataclass(frozen=True)
class _Given:
    """What the command line says about a load."""

    rate: str | None
    size: str | None
    apps: int | None
    every: str | None
    errors: float | None


def _load(given: _Given, log: LogSample | None) -> Load:
    from logctl.ops.cost.load import GATHERED, Load, parse_rate

    example = "Write it like: logctl cost --estimate 100/s 500B"
    try:
        interval = parse_duration(given.every) if given.every else GATHERED
        per_second = parse_rate(given.rate) if given.rate else 0.0
        record_bytes = parse_size(given.size) if given.size else 0
    except ValueError as problem:
        raise UsageError(f"{problem}.", example) from None
    if log is not None:
        if given.size or given.errors is not None:
            raise UsageError("With --like, the size of records and their errors are those of the log.")
        found = per_second or log.rate
        if not found:
            raise UsageError(
                "The records of this log do not say how many there are in a second.",
                "Add the rate: logctl cost --estimate 100/s --like FILE",
            )
        return Load(found, log.line_bytes, apps=given.apps or 1, every=interval, sample=log)
    if not given.rate or not given.size:
        raise UsageError("An estimate needs the rate of the records and their size, or a log.", example)
    if not 1 <= record_bytes <= 10**6:
        raise UsageError(f"{given.size!r} is not the size of a record: SQS accepts 1 B to 1 MB.")
    share = 0.01 if given.errors is None else given.errors / 100
    return Load(per_second, record_bytes, apps=given.apps or 1, every=interval, errors=share)


def _show_estimate(settings: Settings, load: Load, table: Mapping[str, Price], output: Output) -> None:
    from logctl.ops.cost import estimate as cost
    from logctl.ops.cost.bill import total
    from logctl.ops.cost.load import Traffic
    from logctl.stack.alarms import ALARMS

    alarms = len(ALARMS)
    bills = {
        "logctl": cost.estimate(load, settings, table, alarms=alarms),
        "CloudWatch Logs": cost.with_cloudwatch_logs(load, settings, table),
        "Data Firehose": cost.with_firehose(load, settings, table),
    }
    _show(bills, output)
    if load.sample:
        full = load.sample.full(settings.hot_rows)
        say(
            f"The log's first {counted(len(load.sample), 'record')} have {load.record_bytes:,.0f} bytes each "
            f"and {counted(load.sample.kinds, 'kind')} of error; in a full message a record takes "
            f"{full.stored / full.records:,.0f} bytes."
        )
    say(
        f"{load.records:,.0f} records a month, {load.records_per_message:,.0f} in a message, sent every "
        f"{format_duration(load.every)}. Storage is what has accumulated after "
        f"{format_duration(settings.cold_retention)}."
    )
    whole = total(cost.requests(Traffic.of_files(load.log, 1e6, settings.hot_rows), table))
    say(f"  A million such records sent with `send FILE` cost ${whole:.3f} in requests.")
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
