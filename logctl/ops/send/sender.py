"""Sending packed messages to the FIFO queue, up to ten in a request.

Different groups (apps, or shards of apps) are sent in parallel; the messages of one group are sent in order.
A message that SQS refuses is sent again before any later message of the same group. The deduplication id of a
message is its batch id, which is derived from its content, so a repeated send adds no duplicates.
"""

from __future__ import annotations

import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event, Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from logctl.aws.error_codes import DAMAGED
from logctl.core.envelope import SQS_LIMIT
from logctl.ops.send.packing import Packed
from logctl.ops.send.shards import Shards

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

BATCH = 10
"""Messages in one SendMessageBatch request; together they may be as large as one message (`SQS_LIMIT`)."""
_LANES = 8
"""Threads that send at the same time."""
_AHEAD = 4
"""Batches that one lane queues before the reader of the input has to wait for it."""
_TRIES = 8
"""Attempts for one batch, with pauses of 0.1 s doubling up to 5 s between them."""
_DAMAGED = "its reply was damaged in transit"


@dataclass(frozen=True)
class Outgoing:
    """A message, and the name of the source that it comes from, such as a file's path.

    `group` is that in the queue; "" until it is chosen.
    """

    message: Packed
    source: str
    group: str = ""


@dataclass(frozen=True)
class SendResult:
    """What the queue accepted, and the messages that it did not, in order within each app.

    `bytes` counts the accepted message bodies. `error` is the reason why sending stopped, if it did.
    """

    records: int
    messages: int
    bytes: int
    unsent: tuple[Outgoing, ...] = ()
    error: Exception | None = None

    @property
    def unsent_records(self) -> int:
        """Number of records in the unsent messages."""
        return sum(outgoing.message.count for outgoing in self.unsent)


@dataclass
class _Tally:
    records: int = 0
    messages: int = 0
    bytes: int = 0


class _Lane:
    """One thread that sends the batches of some of the apps, one after the other."""

    def __init__(self, send_batch: Callable[[list[Outgoing]], list[Outgoing]]) -> None:
        self._send_batch = send_batch
        self._executor = ThreadPoolExecutor(1)
        self._batch: list[Outgoing] = []
        self._running: deque[Future[list[Outgoing]]] = deque()
        self._unsent: list[Outgoing] = []
        self._skipped: list[Outgoing] = []

    def add(self, outgoing: Outgoing) -> None:
        """Add a message to the next batch, and hand over the batch when it is full."""
        if not _fits(self._batch, outgoing):
            self.flush()
        self._batch.append(outgoing)
        if len(self._batch) == BATCH:
            self.flush()

    def skip(self, outgoing: Outgoing) -> None:
        """Add a message to the unsent ones, after all messages that were added before."""
        self._skipped.append(outgoing)

    def flush(self) -> None:
        """Hand over the batch of added messages; wait while too many batches are queued."""
        if not self._batch:
            return
        if len(self._running) >= _AHEAD:
            self._unsent += self._running.popleft().result()
        self._running.append(self._executor.submit(self._send_batch, self._batch))
        self._batch = []

    def finish(self) -> list[Outgoing]:
        """Wait for all batches; return the messages that were not sent, in order."""
        self.flush()
        while self._running:
            self._unsent += self._running.popleft().result()
        return self._unsent + self._skipped

    def close(self) -> None:
        """Cancel the batches that have not begun, and wait for the one that has."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class Sender:
    """A sender of messages to one queue, which counts the accepted ones.

    A group's messages always go through the same lane, which keeps them in order while the lanes work in
    parallel.
    """

    def __init__(
        self,
        sqs: SQSClient,
        queue_url: str,
        *,
        on_accepted: Callable[[int], None] = lambda records: None,
        sleep: Callable[[float], None] = time.sleep,
        shards: Shards | None = None,
    ) -> None:
        self._shards = shards or Shards()
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
        """Number of records accepted so far."""
        return self._tally.records

    def send(self, messages: Iterable[Outgoing | None]) -> SendResult:
        """Send all messages; when the queue cannot be reached, stop and return the rest as unsent.

        `None` among the messages says that the next one may take a while: what is collected is sent at once.
        """
        self._stop.clear()
        self._error = None
        lanes = [_Lane(self._send_batch) for _ in range(_LANES)]
        try:
            for outgoing in messages:
                if outgoing is None:
                    for lane in lanes:
                        lane.flush()
                    continue
                if not outgoing.group:
                    outgoing = replace(outgoing, group=self._shards.group_of(outgoing.message))
                lane = lanes[zlib.crc32(outgoing.group.encode()) % _LANES]
                if self._stop.is_set():
                    lane.skip(outgoing)  # The input is read to its end: the result names all that is unsent.
                else:
                    lane.add(outgoing)
            for lane in lanes:
                lane.flush()
            unsent = tuple(outgoing for lane in lanes for outgoing in lane.finish())
        finally:
            self._stop.set()
            for lane in lanes:
                lane.close()
        tally = self._tally
        return SendResult(tally.records, tally.messages, tally.bytes, unsent, self._error)

    def send_until_accepted(self, messages: Sequence[Outgoing], *, on_trouble: Callable[[str], None]) -> None:
        """Send until the queue has accepted everything, however long that takes.

        `on_trouble` gets one sentence when an outage begins and one when it ends.
        """
        left, pause, troubled = tuple(messages), 1.0, False
        while left:
            result = self.send(left)
            left = result.unsent
            if left:
                if not troubled:
                    on_trouble(f"logctl: the queue cannot be reached ({result.error}); retrying.")
                troubled = True
                self._sleep(pause)
                pause = min(30.0, pause * 2)
        if troubled:
            on_trouble("logctl: the queue can be reached again.")

    def _send_batch(self, batch: list[Outgoing]) -> list[Outgoing]:
        """Send up to ten messages; return those that could not be sent, in order."""
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
        """Send one request; return the messages that were not accepted, and why.

        Only messages that the reply names as successful count as accepted: botocore reads a truncated reply
        as an empty one.
        """
        entries: list[SendMessageBatchRequestEntryTypeDef] = [
            {
                "Id": str(index),
                "MessageBody": outgoing.message.body,
                "MessageGroupId": outgoing.group or outgoing.message.appid,
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
    """SQS answered, but did not accept all of a batch. `final`: a retry would not help."""

    def __init__(self, message: str, *, final: bool) -> None:
        super().__init__(message)
        self.final = final


def _fits(batch: list[Outgoing], outgoing: Outgoing) -> bool:
    return sum(item.message.size for item in batch) + outgoing.message.size <= SQS_LIMIT
