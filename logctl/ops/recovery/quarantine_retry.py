"""Processing messages in quarantine again.

A retry runs the consumer's own code on this machine, as `logctl consume` does. The message is the same as
before in everything that identifies its records: group, deduplication id, and the time at which SQS received
it. Sent through the queue it would get a new time, and within five minutes SQS would drop it as a duplicate
without saying so. Records that are stored already are recognised and not stored again, and the outcome is
known at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from logctl.core.errors import LogctlError
from logctl.core.quarantine import Note, body_of, place_of
from logctl.ops.consume import consumer_for
from logctl.ops.deployment import Deployment
from logctl.ops.recovery.quarantined_messages import QuarantinedMessage, read_one
from logctl.pipeline.stores.quarantine_reader import Kept


@dataclass(frozen=True)
class Retried:
    """The result of a retry. `again` has the objects of the parts that were rejected again."""

    held: QuarantinedMessage
    again: tuple[QuarantinedMessage, ...] = ()

    @property
    def reasons(self) -> str:
        """The reasons of the parts that were rejected again, each once with its detail."""
        said = []
        for held in self.again:
            if held.note:
                lines = [(line.reason, line.detail) for line in held.note.rejected]
                said += lines or [(held.note.reason, held.note.detail)]
        return "; ".join(
            dict.fromkeys(f"{reason}: {detail}" if detail else reason for reason, detail in said)
        )


@dataclass(frozen=True)
class Correction:
    """What to change in a message before it is processed again: its body, its app."""

    body: str | None = None
    app: str | None = None


UNCHANGED = Correction()


class Retry:
    """The processing of messages with the consumer's code on this machine and the deployed configuration."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._consumer = consumer_for(deployment)

    def run(self, held: QuarantinedMessage, changes: Correction = UNCHANGED) -> Retried:
        """Store a message, or those of its lines that were rejected, and delete its object.

        What is rejected again stays in quarantine, with the new reason.

        Raises:
            LogctlError: it has no content, or could not be stored; its object stays.
            ClientError, BotoCoreError: S3 or DynamoDB does not answer, or refuses; its object stays.
        """
        if held.note is None:
            raise LogctlError(f"{held.kept.id} cannot be sent again: {held.problem}.", "Look at it in S3.")
        body = changes.body if changes.body is not None else body_of(held.note)
        log = io.StringIO()
        with _Observer(self._deployment) as observer, contextlib.redirect_stderr(log):
            reply = self._consumer.process({"Records": [_message(held.note, body, changes.app)]})
        if reply["batchItemFailures"]:
            raise observer.error or LogctlError(
                f"It could not be stored: {_last_error(log.getvalue())}.", "It stays in quarantine."
            )
        again = tuple(self._look_at(key) for key in dict.fromkeys(observer.set_aside))
        if held.kept.key not in observer.set_aside:
            self._deployment.aws.s3.delete_object(Bucket=self._deployment.bucket, Key=held.kept.key)
        return Retried(held, again)

    def _look_at(self, key: str) -> QuarantinedMessage:
        place = place_of(key)
        assert place is not None
        return read_one(self._deployment, Kept(key, *place, size=0, set_aside_at=0))


def _message(note: Note, body: str, app: str | None) -> dict[str, Any]:
    """Return the message as Lambda delivers it, under a new id: earlier attempts must not count."""
    return {
        "messageId": f"retry-{uuid.uuid4()}",
        "body": body,
        "attributes": {
            "MessageGroupId": app or note.group,
            "MessageDeduplicationId": _identity(note),
            "SentTimestamp": str(note.sent_at),
            "ApproximateReceiveCount": "1",
        },
    }


def _identity(note: Note) -> str:
    """Return the deduplication id under which a message is processed again.

    The rejected lines of a message form a message of their own. Their positions are part of the id, so that
    equal lines of one message stay apart.
    """
    if not note.rejected:
        return note.deduplication_id
    places = ",".join(str(line.position) for line in note.rejected)
    return f"{note.deduplication_id}#{hashlib.sha256(places.encode()).hexdigest()[:16]}"


@dataclass
class _Observer:
    """An observer of the calls of the consumer: the keys it writes to the quarantine, and its last error."""

    deployment: Deployment
    set_aside: list[str] = field(default_factory=list)
    error: Exception | None = None

    _EXPECTED = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})

    def __enter__(self) -> _Observer:
        self._each("register")
        return self

    def __exit__(self, *_: object) -> None:
        self._each("unregister")

    def _each(self, action: str) -> None:
        aws = self.deployment.aws
        for client in (aws.s3, aws.dynamodb):
            events: Any = client.meta.events
            getattr(events, action)("after-call", self._after)
            getattr(events, action)("after-call-error", self._failed)
        events = aws.s3.meta.events
        getattr(events, action)("before-parameter-build.s3.PutObject", self._put)

    def _put(self, params: dict[str, Any], **_: Any) -> None:
        if place_of(params["Key"]):
            self.set_aside.append(params["Key"])

    def _after(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if parsed.get("Error", {}).get("Code", "") not in {"", *self._EXPECTED}:
            self.error = ClientError(parsed, model.name)  # type: ignore[arg-type]

    def _failed(self, exception: Exception, **_: Any) -> None:
        self.error = exception


def _last_error(log: str) -> str:
    """Return the last error in the consumer's log, which has a JSON object in each line."""
    for line in reversed(log.splitlines()):
        with contextlib.suppress(ValueError):
            error = json.loads(line).get("error")
            if error:
                return str(error).rstrip(".")
    return "the consumer gives no reason"
