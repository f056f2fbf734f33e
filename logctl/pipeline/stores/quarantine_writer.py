"""Quarantine: what cannot be stored is kept with the reason, so that one bad message never blocks its app.

A message makes one object at most: its whole body, or the parts of it that could not be read.
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
    """What is set aside of a message: its whole `content`, or `rejected` parts of it when that is None.

    All texts are without secrets, of which `redacted` were taken out. `stored` is how many records of the
    message are stored, `records` how many are known not to be.
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
        """Its app, or UNKNOWN_APP when its group names none."""
        appid = self.group.partition(".")[0]
        return appid if is_appid(appid) else UNKNOWN_APP

    @property
    def digest(self) -> str:
        """Identifies the content and the deduplication id, which a redelivery does not change."""
        parts = [self.group, self.deduplication_id]
        if self.content is not None:
            parts += ["whole", self.content]
        for part in self.rejected:
            parts += [str(part.position), part.content]
        return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


class Quarantine:
    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, aside: SetAside, *, first_seen: Callable[[str, int], int]) -> str:
        """Keep it, and return the key.

        Args:
            first_seen: when content (by its id) that was sent at a time (milliseconds) was sent first; the
                object lies in the partition of that day.
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
