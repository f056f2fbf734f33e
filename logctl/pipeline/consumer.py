"""The consumer: from a batch of SQS messages to cold store, hot store, alerts and catalog.

Each message is decoded, stored, counted. What cannot be parsed goes to quarantine and is acknowledged.
A message fails only when a write fails; then the later messages of its group fail with it, so that an
app's records stay in order, and other groups go on.

Everything it writes is keyed by the batch's content: however often and in whatever company a message is
delivered, the result is the same.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypedDict

from logctl.core.chunks import make_chunks
from logctl.core.debounce import tally
from logctl.core.envelope import Unpacked, unpack
from logctl.core.partitions import by_partition
from logctl.core.records import LATE, Record, Rejected
from logctl.core.redaction import Redactor
from logctl.pipeline.alerts import alerter_for
from logctl.pipeline.catalog import Catalog
from logctl.pipeline.clients import TROUBLE, Aws
from logctl.pipeline.cold import ColdStore
from logctl.pipeline.config import MAX_RECEIVES, PipelineConfig
from logctl.pipeline.hot import HotStore
from logctl.pipeline.known import KnownRecords
from logctl.pipeline.log import log, where_of
from logctl.pipeline.quarantine import Quarantine

_TIME_FOR_ONE_MESSAGE = 10_000
"""Milliseconds that must be left before a message is started; the rest is reported, not killed half-way."""

_WITHHELD = "withheld, because it may quote what was redacted"


class BatchItemFailure(TypedDict):
    itemIdentifier: str


class BatchResponse(TypedDict):
    """What Lambda takes as a partial batch response (AWS Lambda Developer Guide, SQS error handling)."""

    batchItemFailures: list[BatchItemFailure]


@dataclass(frozen=True)
class Message:
    """An SQS message as Lambda delivers it."""

    message_id: str
    body: str
    group: str
    deduplication_id: str
    sequence: str
    sent_at: int
    receives: int

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> Message:
        attributes = record.get("attributes", {})
        return cls(
            message_id=record["messageId"],
            body=record.get("body", ""),
            group=attributes.get("MessageGroupId", ""),
            deduplication_id=attributes.get("MessageDeduplicationId", ""),
            sequence=attributes.get("SequenceNumber", ""),
            sent_at=int(attributes.get("SentTimestamp", "0")),
            receives=int(attributes.get("ApproximateReceiveCount", "1")),
        )


class Consumer:
    """Turns messages into rows. Clients, configuration and clock are handed in."""

    def __init__(self, aws: Aws, config: PipelineConfig, *, clock: Callable[[], int]) -> None:
        self._config = config
        self._clock = clock
        self._redactor = Redactor(config.redact)
        self._cold = ColdStore(aws.s3, config.bucket)
        self._quarantine = Quarantine(aws.s3, config.bucket)
        self._hot = HotStore(aws.dynamodb, config.hot_table)
        self._known = KnownRecords(aws.dynamodb, config.hot_table)
        self._catalog = Catalog(aws.glue, database=config.database, table=config.table, bucket=config.bucket)
        self._alerter = alerter_for(aws, config, clock)

    def process(
        self, event: Mapping[str, Any], *, remaining: Callable[[], int] = lambda: 10**9
    ) -> BatchResponse:
        """Handle a Lambda event; the reply names every message that is not done, and no other."""
        messages = [Message.parse(record) for record in event["Records"]]
        failed_groups: set[str] = set()
        failures: list[BatchItemFailure] = []
        for message in messages:
            group_is_held = message.group in failed_groups
            out_of_time = remaining() < _TIME_FOR_ONE_MESSAGE
            if group_is_held or out_of_time or not self._done(message):
                failed_groups.add(message.group)
                failures.append({"itemIdentifier": message.message_id})
        log("batch", messages=len(messages), failed=len(failures))
        return {"batchItemFailures": failures}

    def _done(self, message: Message) -> bool:
        try:
            self._ingest(message)
        except TROUBLE as error:
            self._log("write_failed", message_id=message.message_id, group=message.group, error=str(error))
            return False
        except Exception as error:  # noqa: BLE001 - a bug of ours, or a cut reply that parses
            return self._survive_bug(message, error)
        return True

    def _survive_bug(self, message: Message, error: Exception) -> bool:
        """A bug of ours must not block an app for hours: before the last try the message is set aside."""
        where = "".join(traceback.format_exception(error)[-3:])
        self._log(
            "unexpected",
            message_id=message.message_id,
            group=message.group,
            error=type(error).__name__,
            where=where_of(error),
        )
        if message.receives < MAX_RECEIVES - 1:
            return False
        try:
            self._set_aside(message, Rejected("internal", where), message.body)
        except Exception as again:  # noqa: BLE001 - whatever it is, the message is not done
            self._log("quarantine_failed", message_id=message.message_id, error=type(again).__name__)
            return False
        return True

    def _ingest(self, message: Message) -> None:
        try:
            unpacked = unpack(
                message.body,
                group=message.group,
                deduplication_id=message.deduplication_id,
                sent_at=message.sent_at,
            )
        except Rejected as problem:
            self._set_aside(message, problem, message.body)
            return
        for rejected in unpacked.rejected:
            self._set_aside(
                message, Rejected(rejected.reason, rejected.detail), rejected.content, rejected.position
            )
        appid, source, batch_id = unpacked.appid, unpacked.source, unpacked.batch_id
        new = self._known.new_of(appid, source, batch_id, unpacked.records, now=self._clock())
        safe = (self._redactor.record(record, batch_id=batch_id) for record in new)
        records = [self._mark_late(record, message) for record in safe]
        self._store(unpacked, records, message)
        self._alert(batch_id, records)
        # Last: until then the message comes again, and nothing of it may pass for stored.
        self._known.note(appid, source, batch_id, new, now=self._clock())

    def _mark_late(self, record: Record, message: Message) -> Record:
        late = message.sent_at - record.ts > self._config.late_after
        return record.flagged(LATE) if late else record

    def _store(self, unpacked: Unpacked, records: Sequence[Record], message: Message) -> None:
        partitions = by_partition(records)
        for partition, group in partitions.items():
            self._cold.put(partition, unpacked.batch_id, group)
        for chunk in make_chunks(unpacked.appid, unpacked.batch_id, records, message.sequence):
            self._hot.put(chunk, now=self._clock(), retention=self._config.hot_retention)
        self._hot.note_app(unpacked.appid, now=self._clock())
        self._register(partitions)

    def _register(self, partitions: Mapping[Any, Any]) -> None:
        """The catalog must not hold up ingest: the object is safe in S3, and `athena repair` finds it."""
        try:
            failures = self._catalog.ensure(partitions, now=self._clock())
        except TROUBLE as error:
            log("catalog_failed", partitions=len(partitions), error=str(error))
            return
        for failure in failures:
            log("partition_refused", partition=failure.partition.prefix, error=failure.reason)

    def _alert(self, batch_id: str, records: Sequence[Record]) -> None:
        for addition in tally(records, self._config.alert_level):
            for key in self._alerter.count(batch_id, addition):
                self._alerter.notify(key)

    def _set_aside(
        self, message: Message, problem: Rejected, content: str, position: int | None = None
    ) -> None:
        content, found = self._redactor.body(content)
        group, in_group = self._redactor.text(message.group)
        deduplication_id, in_id = self._redactor.text(message.deduplication_id)
        redacted = found + in_group + in_id
        key = self._quarantine.put(
            group=group,
            reason=problem.reason,
            # What is said of a message may quote a part of a secret, which no rule knows any more.
            detail=_WITHHELD if redacted else problem.detail,
            content=content,
            message_id=message.message_id,
            deduplication_id=deduplication_id,
            sent_at=message.sent_at,
            position=position,
            redacted=redacted,
        )
        self._log("quarantined", reason=problem.reason, group=group, key=key)

    def _log(self, event: str, **fields: object) -> None:
        """Log, without the secrets that a group's name or an error may hold."""
        log(
            event,
            **{
                name: self._redactor.text(value)[0] if isinstance(value, str) else value
                for name, value in fields.items()
            },
        )


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


@cache
def _consumer() -> Consumer:
    import boto3

    return Consumer(Aws(boto3.Session()), PipelineConfig.from_env(os.environ), clock=wall_clock)


def handler(event: Mapping[str, Any], context: Any) -> BatchResponse:
    """Lambda's entry point."""
    return _consumer().process(event, remaining=context.get_remaining_time_in_millis)
