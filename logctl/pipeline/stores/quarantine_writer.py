"""Writing to quarantine: a message that cannot be stored is kept with the reason, so that it does not block
its app.

A message makes one object at most: with its whole body, or with those of its parts that could not be read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from logctl.core.appid import is_appid
from logctl.core.partitions import QUARANTINE, Partition
from logctl.core.times import iso
from logctl.core.unpacking import RejectedRecord
from logctl.pipeline.delivery.sqs_message import Message

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

UNKNOWN_APP = "unknown"


@dataclass(frozen=True)
class SetAside:
    """What is set aside of a message. All texts are without secrets.

    Attributes:
        content: the whole body; None when only the `rejected` parts are set aside.
        stored: how many records of the message are stored.
        records: how many records of the message are known not to be stored.
        redacted: how many secrets were redacted.
    """

    message: Message
    group: str
    deduplication_id: str
    reason: str
    detail: str
    content: str | None
    rejected: Sequence[RejectedRecord] = ()
    stored: int = 0
    records: int = 1
    redacted: int = 0

    @property
    def appid(self) -> str:
        """The app of the message's group, or UNKNOWN_APP when the group is not an app's."""
        appid = self.group.partition(".")[0]
        return appid if is_appid(appid) else UNKNOWN_APP

    @property
    def digest(self) -> str:
        """The object's id: a digest of content and deduplication id, equal for every redelivery."""
        parts = [self.group, self.deduplication_id]
        if self.content is not None:
            parts += ["whole", self.content]
        for part in self.rejected:
            parts += [str(part.position), part.content]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


class Quarantine:
    """A writer of the objects under `quarantine/`."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, aside: SetAside, *, first_seen: Callable[[str, int], int]) -> str:
        """Write an object, and return its key.

        `first_seen`: takes an id of content and when it was sent, and returns when it was sent first (both
        in milliseconds); the object is in the partition of that day.
        """
        digest = aside.digest
        day = first_seen(digest, aside.message.sent_at)
        key = f"{Partition.at(day, aside.appid).under(QUARANTINE)}{digest}.json"
        # ASCII JSON: whatever the content is, lone surrogates included, it can be written and read back.
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=json.dumps(_note(aside), indent=1).encode("ascii"),
            ContentType="application/json",
            Metadata={"reason": aside.reason},
        )
        return key


def _note(aside: SetAside) -> dict[str, object]:
    return {
        "reason": aside.reason,
        "detail": aside.detail,
        "group": aside.group,
        "message_id": aside.message.message_id,
        "deduplication_id": aside.deduplication_id,
        "sent_at": iso(aside.message.sent_at),
        "receives": aside.message.receives,
        "stored": aside.stored,
        **({"redacted": aside.redacted} if aside.redacted else {}),
        "content": aside.content,
        "rejected": [
            {
                "position": part.position,
                "reason": part.reason,
                "detail": part.detail,
                "content": part.content,
            }
            for part in aside.rejected
        ],
    }
