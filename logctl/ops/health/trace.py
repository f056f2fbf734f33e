"""One marked event, sent and followed through queue, Lambda, S3 and DynamoDB to Athena."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from logctl.aws.error_codes import TROUBLE
from logctl.core import levels
from logctl.core.errors import LogctlError
from logctl.core.partitions import Partition
from logctl.core.records import Record
from logctl.ops.deployment import Deployment
from logctl.ops.health.checks import Check, Verdict
from logctl.ops.health.findings import aws, logctl
from logctl.ops.query import runner
from logctl.ops.send.arrival import await_all, readable, stored_at
from logctl.ops.send.packing import Packed, pack
from logctl.ops.send.sender import Outgoing, Sender
from logctl.pipeline.stores.hot import HotStore
from logctl.stack.next_step import NextStep

APP = "logctl-doctor"
"""The app of the event. Its level is INFO, so it causes no alert (unless alert_level is lower)."""


def follow(
    deployment: Deployment,
    *,
    seconds: float,
    clock: Callable[[], int],
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Check]:
    """Send the event and yield one check for each hop, with the time since sending.

    Hops behind one that the event did not reach are not checked.

    Args:
        deployment: the environment to send the event to.
        seconds: how long to wait until the event is stored, and then as long again until Athena sees it.
        clock: returns the time of this machine, in milliseconds.
        sleep: waits for a number of seconds.
    """
    (message,) = pack([Record(APP, uuid.uuid4().hex, clock(), levels.INFO, "sent by logctl doctor --live")])
    return _Trace(deployment, message, seconds, clock, sleep).hops()


@dataclass(frozen=True)
class _Trace:
    """One event on its way; `seconds` is how long to wait for it."""

    deployment: Deployment
    message: Packed
    seconds: float
    clock: Callable[[], int]
    sleep: Callable[[float], None]

    def hops(self) -> Iterator[Check]:
        started = self.clock()
        error = self._send()
        if error is not None:
            yield Check("live: queue", Verdict.FAILED, error=error)
            return
        yield _reached("queue", self.clock() - started)
        try:
            arrivals = self._await(
                {
                    "S3": self._is_in_s3,
                    "DynamoDB": readable(self._store, self.message, self.clock),
                }
            )
        except TROUBLE as trouble:
            yield Check("live: Lambda", Verdict.FAILED, error=trouble)
            return
        has_run = any(arrivals.values())
        yield self._lambda(started, has_run=has_run)
        for name, at in arrivals.items():
            yield self._written(name, at, started, has_run=has_run)
        if arrivals["S3"] is None:
            yield Check("live: Athena", Verdict.NOT_CHECKED, "it reads S3")
        else:
            yield self._athena(started)

    @property
    def _store(self) -> HotStore:
        return HotStore(self.deployment.aws.dynamodb, self.deployment.names.hot_table)

    @property
    def _log_group(self) -> str:
        return f"/aws/lambda/{self.deployment.names.consumer}"

    def _await(self, looks: dict[str, Callable[[], bool]]) -> dict[str, int | None]:
        return await_all(looks, seconds=self.seconds, clock=self.clock, sleep=self.sleep)

    def _send(self) -> Exception | None:
        try:
            sender = Sender(self.deployment.aws.sqs, self.deployment.queue_url(), sleep=self.sleep)
            return sender.send([Outgoing(self.message, APP)]).error
        except TROUBLE as error:
            return error

    def _is_in_s3(self) -> bool:
        return stored_at(self.deployment, APP, self.message.min_ts, self.message.batch_id) is not None

    def _lambda(self, started: int, *, has_run: bool) -> Check:
        """Check that Lambda ran the consumer, by the time in the row that it wrote to DynamoDB."""
        if not has_run:
            return self._missed(
                "Lambda",
                f"The consumer's log is {self._log_group}. See what is wrong with",
                logctl("status"),
            )
        arrival = self._store.latest(APP)
        if arrival is None or arrival.batch_id != self.message.batch_id:
            return Check("live: Lambda", Verdict.OK, "it has run")
        return _reached("Lambda", max(0, arrival.arrived - started))

    def _written(self, name: str, at: int | None, started: int, *, has_run: bool) -> Check:
        """Check that the consumer has written the event to one of its two stores."""
        if at is not None:
            return _reached(name, at - started)
        if not has_run:
            return Check(f"live: {name}", Verdict.NOT_CHECKED, "the consumer writes it")
        return self._missed(
            name, "See the consumer's log with", aws("logs", "tail", self._log_group, "--since", "10m")
        )

    def _athena(self, started: int) -> Check:
        partition = Partition.at(self.message.min_ts, APP)
        query = runner.Query(
            f"SELECT count(*) FROM {self.deployment.names.view} WHERE year = ? AND month = ? AND day = ? "  # noqa: S608 - our name
            "AND appid = ? AND batch_id = ?",
            tuple(f"'{value}'" for value in (*partition.values, self.message.batch_id)),
        )

        def is_found() -> bool:
            ((count,),) = runner.query(self.deployment, query).rows
            return bool(count)

        try:
            at = self._await({"Athena": is_found})["Athena"]
        except (*TROUBLE, LogctlError) as error:
            return Check("live: Athena", Verdict.FAILED, error=error)
        if at is None:
            repair = logctl("athena", "repair", "--app", APP)
            return self._missed("Athena", "Register its partition with", repair)
        return _reached("Athena", at - started)

    def _missed(self, name: str, to_do: str, run: NextStep) -> Check:
        seen = f"the event did not arrive within {self.seconds:.0f} s"
        return Check(f"live: {name}", Verdict.FAILED, seen, to_do, run)


def _reached(name: str, milliseconds: int) -> Check:
    return Check(f"live: {name}", Verdict.OK, f"after {milliseconds:,} ms")
