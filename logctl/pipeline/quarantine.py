"""Quarantine: what cannot be parsed is kept with the reason, so that one bad message never blocks its app."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from logctl.core.appid import is_appid
from logctl.core.partitions import QUARANTINE, Partition
from logctl.core.times import iso

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

UNKNOWN_APP = "unknown"


class Quarantine:
    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(
        self,
        *,
        group: str,
        reason: str,
        detail: str,
        content: str,
        message_id: str,
        deduplication_id: str,
        sent_at: int,
        position: int | None = None,
        redacted: int = 0,
    ) -> str:
        """Keep a message, or one record of it (`position`), and return the key.

        The key comes from the content and the deduplication id, which a redelivery does not change.
        `redacted` is how many secrets were taken out of the content.
        """
        appid = group.partition(".")[0]
        partition = Partition.at(sent_at, appid if is_appid(appid) else UNKNOWN_APP)
        identity = "\0".join((group, deduplication_id, str(position), content))
        digest = hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:32]
        key = f"{partition.under(QUARANTINE)}{digest}.json"
        note = {
            "reason": reason,
            "detail": detail,
            "group": group,
            "position": position,
            "message_id": message_id,
            "deduplication_id": deduplication_id,
            "sent_at": iso(sent_at),
            **({"redacted": redacted} if redacted else {}),
            "content": content,
        }
        # ASCII JSON: whatever the content is, lone surrogates included, it can be written and read back.
        body = json.dumps(note, indent=1).encode("ascii")
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType="application/json",
            Metadata={"reason": reason},
        )
        return key
