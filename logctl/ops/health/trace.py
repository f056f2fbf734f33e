"""One marked event, sent and followed: through queue, Lambda, S3 and DynamoDB to Athena."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator

from logctl.aws.error_codes import TROUBLE
from logctl.core import levels
from logctl.core.envelope import Packed, pack
from logctl.core.errors import LogctlError
from logctl.core.partitions import Partition
from logctl.core.records import Record
from logctl.ops.deployment import Deployment
from logctl.ops.health.doctor_rules import Check, Verdict
from logctl.ops.query import runner
from logctl.ops.send.arrival import await_all, readable, stored_at
from logctl.ops.send.sender import Outgoing, Sender
from logctl.pipeline.stores.hot import HotStore

APP = "logctl-doctor"
"""The app that the event is of. It is of level INFO, so it alerts nobody (unless alert_level is lower)."""


def follow(
    deployment: Deployment,
    *,
    seconds: float,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Check]:
    """A check a hop, with how long after sending the event was there. What comes after a hop that it did not
    reach is not checked.

    Args:
        seconds: how long to wait until it is stored, and then as long again until Athena sees it.
    """
    (message,) = pack([Record(APP, uuid.uuid4().hex, clock(), levels.INFO, "sent by logctl doctor --live")])
    started = clock()
    sent = _send(deployment, message, sleep)
    if sent is not None:
        yield sent
        return
    yield _reached("queue", clock() - started)
    try:
        found = await_all(
            {
                "S3": lambda: stored_at(deployment, APP, message.min_ts, message.batch_id) is not None,
                "DynamoDB": readable(_store(deployment), message, clock),
            },
            seconds=seconds,
            clock=clock,
            sleep=sleep,
        )
    except TROUBLE as error:
        yield Check("live: Lambda", Verdict.FAILED, error=error)
        return
    yield _lambda(deployment, message, started, seconds, came=any(found.values()))
    for name, at in found.items():
        if at is not None:
            yield _reached(name, at - started)
        elif any(found.values()):
            yield _missed(
                name,
                seconds,
                f"See the consumer's log: aws logs tail /aws/lambda/{deployment.names.consumer} --since 10m",
            )
        else:
            yield Check(f"live: {name}", Verdict.NOT_CHECKED, "the consumer writes it")
    if found["S3"] is None:
        yield Check("live: Athena", Verdict.NOT_CHECKED, "it reads S3")
        return
    yield _athena(deployment, message, started, seconds, clock, sleep)


def _send(deployment: Deployment, message: Packed, sleep: Callable[[float], None]) -> Check | None:
    try:
        sender = Sender(deployment.aws.sqs, deployment.queue_url(), sleep=sleep)
        error = sender.send([Outgoing(message, APP)]).error
    except TROUBLE as trouble:
        error = trouble
    return None if error is None else Check("live: queue", Verdict.FAILED, error=error)


def _store(deployment: Deployment) -> HotStore:
    return HotStore(deployment.aws.dynamodb, deployment.names.hot_table)


def _lambda(deployment: Deployment, message: Packed, started: int, seconds: float, *, came: bool) -> Check:
    """The consumer puts its own time on the row it writes."""
    if not came:
        return _missed(
            "Lambda",
            seconds,
            "See what is wrong with: logctl status; the consumer's log is /aws/lambda/"
            + deployment.names.consumer,
        )
    arrival = _store(deployment).latest(APP)
    if arrival is None or arrival.batch_id != message.batch_id:
        return Check("live: Lambda", Verdict.OK, "it has run")
    return _reached("Lambda", max(0, arrival.arrived - started))


def _athena(
    deployment: Deployment,
    message: Packed,
    started: int,
    seconds: float,
    clock: Callable[[], int],
    sleep: Callable[[float], None],
) -> Check:
    partition = Partition.at(message.min_ts, APP)
    query = runner.Query(
        f"SELECT count(*) FROM {deployment.names.table} WHERE year = ? AND month = ? AND day = ? "  # noqa: S608 - our name
        "AND appid = ? AND batch_id = ?",
        tuple(f"'{value}'" for value in (*partition.values, message.batch_id)),
    )

    def look() -> bool:
        ((count,),) = runner.query(deployment, query).rows
        return bool(count)

    try:
        at = await_all({"": look}, seconds=seconds, clock=clock, sleep=sleep)[""]
    except (*TROUBLE, LogctlError) as error:
        return Check("live: Athena", Verdict.FAILED, error=error)
    if at is None:
        return _missed("Athena", seconds, f"Register its partition: logctl athena repair --app {APP}")
    return _reached("Athena", at - started)


def _reached(name: str, milliseconds: int) -> Check:
    return Check(f"live: {name}", Verdict.OK, f"after {milliseconds:,} ms")


def _missed(name: str, seconds: float, to_do: str) -> Check:
    return Check(f"live: {name}", Verdict.FAILED, f"it did not get there within {seconds:.0f} s", to_do)
