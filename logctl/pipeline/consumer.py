"""The consumer: from a batch of SQS messages to cold store, hot store, alerts and catalog.

Each message is decoded, stored, counted. What cannot be parsed goes to quarantine and is acknowledged.
A message fails when a write fails or its time is over; then the later messages of its group wait with it,
so that an app's records stay in order, and other groups go on. `trials` decides what becomes of it.

Everything it writes is keyed by the batch's content: however often and in whatever company a message is
delivered, the result is the same.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from logctl.aws.clients import IN_TIME, Aws
from logctl.aws.clock import wall_clock
from logctl.aws.error_codes import TROUBLE
from logctl.core import levels
from logctl.core.debounce import AlertKey, Tally, tally
from logctl.core.final_rows import final_rows
from logctl.core.frames import compress
from logctl.core.hot_rows import FULL, make_hot_rows
from logctl.core.partitions import by_partition
from logctl.core.records import Rejected
from logctl.core.redaction import Redactor
from logctl.core.rows import Row, Times, encode_rows, without_fields
from logctl.core.unpacking import RejectedRecord, Unpacked, group_appid, unpack
from logctl.pipeline.alerting.alerter import alerter_for
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.delivery.batch import Trials
from logctl.pipeline.delivery.canary import Canary
from logctl.pipeline.delivery.deadline import Deadline
from logctl.pipeline.delivery.sqs_message import BatchItemFailure, BatchResponse, Message
from logctl.pipeline.delivery.together import AtOnce, InTurn, Together
from logctl.pipeline.function_log import log
from logctl.pipeline.stores.attempt_ledger import Attempts
from logctl.pipeline.stores.catalog import Catalog
from logctl.pipeline.stores.cold import ColdStore
from logctl.pipeline.stores.first_seen import Sightings
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.quarantine_writer import Quarantine, SetAside
from logctl.pipeline.stores.stored_file_records import KnownRecords

_WITHHELD = "withheld, because it may quote what was redacted"
REJECTED = "rejected"
"""The fingerprint of the alert about an app's records that were set aside."""


class Consumer:
    """The consumer of messages: it stores and counts their records."""

    def __init__(
        self, aws: Aws, config: PipelineConfig, *, clock: Callable[[], int], together: Together | None = None
    ) -> None:
        """Create a consumer, and all clients that it uses while threads run.

        - `clock`: returns milliseconds.
        - `together`: carries out a message's independent calls; without it, one after the other.
        """
        self._aws = aws
        self._config = config
        self._clock = clock
        self._together = together or InTurn()
        self._alerting = frozenset(
            level for level in levels.ORDER if levels.at_least(level, config.alert_level)
        )
        self._redactor = Redactor(config.redact)
        self._cold = ColdStore(aws.s3, config.bucket)
        self._quarantine = Quarantine(aws.s3, config.bucket)
        self._hot = HotStore(aws.dynamodb, config.hot_table, lanes=config.arrival_lanes)
        self._sightings = Sightings(aws.dynamodb, config.hot_table)
        self._known = KnownRecords(aws.dynamodb, config.hot_table)
        self._catalog = Catalog(aws.glue, database=config.database, table=config.table, bucket=config.bucket)
        self._alerter = alerter_for(aws, config, clock)
        attempts = Attempts(aws.dynamodb, config.hot_table)
        canary = Canary(aws.s3, config.bucket, aws.dynamodb, config.hot_table, clock=clock)
        self._trials = Trials(attempts, canary, self, clock=clock)

    def process(
        self, event: Mapping[str, Any], *, remaining: Callable[[], int] = lambda: 10**9
    ) -> BatchResponse:
        """Handle a Lambda event, and return the reply, which names exactly the messages that are not done.

        `remaining`: returns the milliseconds that are left of the invocation.
        """
        messages = [Message.parse(record) for record in event["Records"]]
        failed = self._trials.run(messages, remaining)
        log("batch", messages=len(messages), failed=len(failed))
        failures: list[BatchItemFailure] = [
            {"itemIdentifier": message.message_id} for message in messages if message.message_id in failed
        ]
        return {"batchItemFailures": failures}

    # ── One message ─────────────────────────────────────────────────────────────────────────────────

    def ingest(self, message: Message, deadline: Deadline) -> None:
        """Store and count a message, and set aside those of its parts that cannot be read.

        Raises:
            Exception: anything that can go wrong; the message may be tried again.
        """
        try:
            unpacked = self._unpack(message)
        except Rejected as problem:
            self._set_aside(message, problem.reason, problem.detail, message.body, records=problem.records)
            return
        appid, source, batch_id = unpacked.appid, unpacked.source, unpacked.batch_id
        new = self._known.new_of(appid, source, batch_id, unpacked.rows, now=self._clock())
        rows = self._final(unpacked, new, deadline)
        self._store(unpacked, rows, message, deadline)
        if unpacked.rejected:
            first = unpacked.rejected[0]
            self._set_aside(
                message, first.reason, first.detail, None, rejected=unpacked.rejected, stored=len(rows)
            )
        # Only now: a record of a message that failed half-way must neither be taken for stored nor alert.
        deadline.check()
        count = partial(self._alerter.take, batch_id, self._tallies(appid, rows))
        self._together.run(
            [
                partial(self._known.note, appid, source, batch_id, new, now=self._clock()),
                partial(count, again=message.receives > 1, between=deadline.between),
            ]
        )

    def _unpack(self, message: Message) -> Unpacked:
        """Return the records in a message, and the lines that are not records.

        Records without a time get the time at which their content was sent first: a redrive changes SQS's
        time.
        """

        def at(sent_at: int) -> Unpacked:
            return unpack(
                message.body,
                group=message.group,
                deduplication_id=message.deduplication_id,
                sent_at=sent_at,
                zone=self._config.timezone,
            )

        unpacked = at(message.sent_at)
        if not (unpacked.lasting and unpacked.untimed):
            return unpacked
        first = self._first_seen(unpacked.batch_id, message.sent_at)
        return unpacked if first == message.sent_at else at(first)

    def _first_seen(self, content_id: str, sent_at: int) -> int:
        return self._sightings.first(content_id, sent_at, now=self._clock())

    def _final(self, unpacked: Unpacked, new: Sequence[Row], deadline: Deadline) -> Sequence[Row]:
        """Return those of a message's rows that are new, as they are stored."""
        return final_rows(
            new,
            appid=unpacked.appid,
            batch_id=unpacked.batch_id,
            late_before=unpacked.sent_at - self._config.late_after,
            redactor=self._redactor,
            plain=unpacked.plain if new is unpacked.rows else None,
            times=unpacked.times if new is unpacked.rows else None,
            between=deadline.between,
        )

    def _tallies(self, appid: str, rows: Sequence[Row]) -> Sequence[Tally]:
        """Return the numbers of errors among stored rows, by kind."""
        severe = [row for row in rows if row.level in self._alerting]
        return tally([without_fields(row, appid) for row in severe], self._config.alert_level)

    def _store(self, unpacked: Unpacked, rows: Sequence[Row], message: Message, deadline: Deadline) -> None:
        """Store rows and what readers need to find them; none of these calls needs another."""
        if not rows:
            return
        as_sent = rows is unpacked.rows
        frame, times = (unpacked.frame, unpacked.times) if as_sent else (None, None)
        times = times or Times.of(rows)
        appid, batch_id, now = unpacked.appid, unpacked.batch_id, self._clock()
        partitions = by_partition(rows, appid, times)
        if frame is None and len(partitions) == 1:
            frame = compress(encode_rows(rows))
        hot_rows = make_hot_rows(
            appid,
            batch_id,
            rows,
            order=message.sequence,
            frame=frame,
            times=times,
            full=self._config.hot_rows == FULL,
        )
        newest = max(hot_row.max_ts for hot_row in hot_rows)
        tasks: list[Callable[[], object]] = [
            partial(self._cold.put, partition, batch_id, group, frame=frame if len(partitions) == 1 else None)
            for partition, group in partitions.items()
        ]
        tasks += [
            partial(self._hot.put, hot_row, now=now, retention=self._config.hot_retention)
            for hot_row in hot_rows
        ]
        tasks += [
            partial(self._hot.note_app, appid, now=now, newest=newest, batch_id=batch_id),
            partial(self._register, partitions),
        ]
        self._together.run([deadline.before(task) for task in tasks])

    def _register(self, partitions: Mapping[Any, Any]) -> None:
        """Register partitions. A failure is only logged: `athena repair` finds the object in S3."""
        try:
            failures = self._catalog.ensure(partitions, now=self._clock())
        except TROUBLE as error:
            log("catalog_failed", partitions=len(partitions), error=str(error))
            return
        for failure in failures:
            log("partition_refused", partition=failure.partition.prefix, error=failure.reason)

    # ── What cannot be stored ───────────────────────────────────────────────────────────────────────

    def set_aside(self, message: Message, reason: str, detail: str, *, opened: bool) -> None:
        """Keep a message that keeps failing: in quarantine, or unread in the dead-letter queue.

        `opened`: whether the message can be opened without ending the process. Otherwise it cannot be
        searched for secrets, and if redaction is configured it must not be stored in S3.
        """
        if not opened and self._redactor:
            self._send_to_dead_letters(message, reason, detail)
            return
        try:
            aside = self._without_secrets(message, reason, detail, message.body, ())
            self._keep(aside)
        except Exception as error:  # noqa: BLE001 - storage works, so that the message is the cause
            self._log("quarantine_failed", message_id=message.message_id, error=type(error).__name__)
            self._send_to_dead_letters(message, reason, detail)
            return
        self._alert_about(message, reason, aside.detail, aside.digest)

    def _send_to_dead_letters(self, message: Message, reason: str, detail: str) -> None:
        """Send a message to the dead-letter queue as it came; its ledger has the reason, under its old id."""
        self._alert_about(message, reason, detail, f"{message.message_id}-buried")
        self._aws.sqs.send_message(
            QueueUrl=self._config.dead_letter_queue_url,
            MessageBody=message.body,
            MessageGroupId=message.group,
            MessageDeduplicationId=message.message_id,
        )

    def _set_aside(
        self,
        message: Message,
        reason: str,
        detail: str,
        content: str | None,
        *,
        rejected: Sequence[RejectedRecord] = (),
        stored: int = 0,
        records: int = 1,
    ) -> None:
        """Keep a message, or the parts of it that could not be read, and alert its app."""
        aside = self._without_secrets(message, reason, detail, content, rejected)
        aside = replace(aside, stored=stored, records=len(rejected) or records)
        self._keep(aside)
        self._alert_about(message, reason, aside.detail, aside.digest, aside.records)

    def _keep(self, aside: SetAside) -> None:
        key = self._quarantine.put(aside, first_seen=self._first_seen)
        self._log("quarantined", reason=aside.reason, group=aside.group, key=key)

    def _without_secrets(
        self,
        message: Message,
        reason: str,
        detail: str,
        content: str | None,
        rejected: Sequence[RejectedRecord],
    ) -> SetAside:
        """Return the part of a message that is set aside, without secrets.

        The detail of a part with a secret is withheld: it may quote a fragment of the secret, which no rule
        finds.
        """
        group, found = self._redactor.text(message.group)
        deduplication_id, more = self._redactor.text(message.deduplication_id)
        found += more
        if content is not None:
            content, more = self._redactor.body(content)
            found += more
        parts = []
        for part in rejected:
            text, more = self._redactor.body(part.content)
            found += more
            parts.append(replace(part, content=text, detail=_WITHHELD if more else part.detail))
        if found:
            detail = _WITHHELD
        return SetAside(
            message=message,
            group=group,
            deduplication_id=deduplication_id,
            reason=reason,
            detail=detail,
            content=content,
            rejected=tuple(parts),
            redacted=found,
        )

    def _alert_about(
        self, message: Message, reason: str, detail: str, content_id: str, records: int = 1
    ) -> None:
        """Count an event for the app whose records were set aside, if the group is an app's."""
        try:
            appid = group_appid(message.group)
        except Rejected:
            return
        kind = f"records that logctl cannot read: {reason}"
        key = AlertKey(appid, "ERROR", REJECTED)
        rejected = Tally(key, records, kind, f"{kind} ({detail})", message.sent_at)
        self._alerter.take(content_id, [rejected], again=message.receives > 1)

    def redact(self, text: str) -> str:
        return self._redactor.text(text)[0]

    def _log(self, event: str, **fields: object) -> None:
        """Write a line of the function's log, without secrets that a group's name or an error may hold."""
        log(
            event,
            **{
                name: self.redact(value) if isinstance(value, str) else value
                for name, value in fields.items()
            },
        )


@cache
def _consumer() -> Consumer:
    import boto3

    return Consumer(
        Aws(boto3.Session(), calls=IN_TIME),
        PipelineConfig.from_env(os.environ),
        clock=wall_clock,
        together=AtOnce(),
    )


# Lambda gives a function's start-up a full CPU, whatever its memory (AWS Lambda Developer Guide, runtime
# environment lifecycle), so that the clients are created then and not within the first call.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    _consumer()


def handler(event: Mapping[str, Any], context: Any) -> BatchResponse:
    """Handle a batch of SQS messages."""
    return _consumer().process(event, remaining=context.get_remaining_time_in_millis)
