"""Sending: packed messages into the FIFO queue, ten a request, apps side by side, each app in order.

What failed is sent again, and nothing of the same app before it. A message's deduplication id is its
batch id, which comes from its content: sending again after a failure adds nothing twice.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from threading import Event, Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from logctl.aws.error_codes import DAMAGED
from logctl.core.envelope import SQS_LIMIT, Packed

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

BATCH = 10
"""SendMessageBatch takes ten messages and, in all, what one message may have."""
_LANES = 8
_AHEAD = 4
_TRIES = 8
_DAMAGED = "its reply was damaged on the way"


@dataclass(frozen=True)
class Outgoing:
    """A message and the source it is from (a file's name)."""

    message: Packed
    source: str


@dataclass(frozen=True)
class SendResult:
    """What the queue has accepted and what it has not. `unsent` has each app in order."""

    records: int
    messages: int
    bytes: int
    unsent: tuple[Outgoing, ...] = ()
    error: Exception | None = None

    @property
    def unsent_records(self) -> int:
        return sum(outgoing.message.count for outgoing in self.unsent)


@dataclass
class _Tally:
    records: int = 0
    messages: int = 0
    bytes: int = 0


class Sender:
    """Sends messages, and counts what was accepted.

    Lanes are single threads, and an app always uses the same one: that keeps each app in order while
    the apps go side by side.
    """

    def __init__(
        self,
        sqs: SQSClient,
        queue_url: str,
        *,
        on_accepted: Callable[[int], None] = lambda records: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._sqs = sqs
        self._queue_url = queue_url
        self._on_accepted = on_accepted
        self._sleep = sleep
        self._lock = Lock()
        self._tally = _Tally()
        self._stop = Event()
        self._error: Exception | None = None

    @property
    def accepted(self) -> int:
        """Records accepted so far."""
        return self._tally.records

    def send(self, messages: Iterable[Outgoing | None]) -> SendResult:
        """Send everything, or until the queue cannot be reached: then the rest is returned as unsent.

        `None` among the messages says that no more may come for a while: what waits is sent at once.
        """
        self._stop.clear()
        self._error = None
        lanes = [ThreadPoolExecutor(1) for _ in range(_LANES)]
        waiting: list[list[Outgoing]] = [[] for _ in range(_LANES)]
        running: list[list[Future[list[Outgoing]]]] = [[] for _ in range(_LANES)]
        unsent: list[list[Outgoing]] = [[] for _ in range(_LANES)]
        skipped: list[list[Outgoing]] = [[] for _ in range(_LANES)]

        def dispatch(lane: int) -> None:
            if len(running[lane]) >= _AHEAD:
                unsent[lane] += running[lane].pop(0).result()
            running[lane].append(lanes[lane].submit(self._send_batch, waiting[lane]))
            waiting[lane] = []

        try:
            for outgoing in messages:
                if outgoing is None:
                    for lane in range(_LANES):
                        if waiting[lane]:
                            dispatch(lane)
                    continue
                lane = zlib.crc32(outgoing.message.appid.encode()) % _LANES
                if self._stop.is_set():
                    skipped[lane].append(outgoing)  # read on: what is not sent must be named
                    continue
                if not _fits(waiting[lane], outgoing):
                    dispatch(lane)
                waiting[lane].append(outgoing)
                if len(waiting[lane]) == BATCH:
                    dispatch(lane)
            for lane in range(_LANES):
                if waiting[lane]:
                    dispatch(lane)
            for lane in range(_LANES):
                for future in running[lane]:
                    unsent[lane] += future.result()
                unsent[lane] += skipped[lane]
        finally:
            self._stop.set()
            for executor in lanes:
                executor.shutdown(wait=True, cancel_futures=True)
        tally = self._tally
        return SendResult(
            tally.records, tally.messages, tally.bytes, tuple(chain.from_iterable(unsent)), self._error
        )

    def send_until_through(self, messages: Sequence[Outgoing], *, on_trouble: Callable[[str], None]) -> None:
        """Send until the queue has everything, however long that takes."""
        left, pause, troubled = tuple(messages), 1.0, False
        while left:
            result = self.send(left)
            left = result.unsent
            if left:
                if not troubled:
                    on_trouble(f"logctl: the queue cannot be reached ({result.error}); trying on.")
                troubled = True
                self._sleep(pause)
                pause = min(30.0, pause * 2)
        if troubled:
            on_trouble("logctl: the queue is back.")

    def _send_batch(self, batch: list[Outgoing]) -> list[Outgoing]:
        """Send up to ten messages; what could not be sent, in order."""
        left = batch
        for attempt in range(_TRIES):
            if self._stop.is_set():
                return left
            try:
                refused, problem = self._request(left)
            except DAMAGED:
                refused, problem = left, RefusedByQueue(_DAMAGED, final=False)
            except (BotoCoreError, ClientError) as error:
                return self._give_up(left, error)
            left = refused
            if not left:
                return []
            if problem.final:
                return self._give_up(left, problem)
            self._sleep(min(5.0, 0.1 * 2**attempt))
        return self._give_up(left, problem)

    def _request(self, batch: list[Outgoing]) -> tuple[list[Outgoing], RefusedByQueue]:
        """What the queue has not taken, and why.

        Only what the reply names as taken is: botocore makes an empty reply of one that was cut.
        """
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": outgoing.message.body,
                "MessageGroupId": outgoing.message.appid,
                "MessageDeduplicationId": outgoing.message.batch_id,
            }
            for index, outgoing in enumerate(batch)
        ]
        reply = self._sqs.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
        failures = {int(failure["Id"]): failure for failure in reply.get("Failed", [])}
        taken = {int(success["Id"]) for success in reply.get("Successful", [])}
        self._accept([outgoing for index, outgoing in enumerate(batch) if index in taken])
        final = any(failure["SenderFault"] for failure in failures.values())
        said = "; ".join(sorted({failure.get("Message", failure["Code"]) for failure in failures.values()}))
        refused = [outgoing for index, outgoing in enumerate(batch) if index not in taken]
        return refused, RefusedByQueue(said or _DAMAGED, final=final)

    def _accept(self, accepted: list[Outgoing]) -> None:
        records = sum(outgoing.message.count for outgoing in accepted)
        with self._lock:
            self._tally.records += records
            self._tally.messages += len(accepted)
            self._tally.bytes += sum(outgoing.message.size for outgoing in accepted)
        self._on_accepted(records)

    def _give_up(self, left: list[Outgoing], error: Exception) -> list[Outgoing]:
        with self._lock:
            self._error = self._error or error
        self._stop.set()
        return left


class RefusedByQueue(Exception):
    """SQS answered, and took not all of a batch. `final`: trying again would not help."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


def _fits(batch: list[Outgoing], outgoing: Outgoing) -> bool:
    return sum(item.message.size for item in batch) + outgoing.message.size <= SQS_LIMIT
