"""A lease in S3: one holder at a time, by conditional writes (Amazon S3 User Guide, Conditional requests)."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.errors import LogctlError
from logctl.core.times import MINUTE, iso

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

DURATION = 20 * MINUTE
# A key that is gone is somebody else's doing too: they took over and released it.
_REFUSED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")


class Held(LogctlError):
    """Somebody else has it."""


class Lost(LogctlError):
    """It was ours and is not any more: we were paused for longer than it lasts."""


class Lease:
    """Taken with `with`; `keep` renews it when half of it is over, and is called often.

    Who finds it expired takes it over; the one before notices at the next `keep`.
    """

    def __init__(self, s3: S3Client, bucket: str, key: str, *, owner: str, clock: Callable[[], int]) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._key = key
        self._owner = owner
        self._clock = clock
        self._etag = ""
        self._renewed = 0

    def __enter__(self) -> Lease:
        """
        Raises:
            Held: it is taken and has not expired.
        """
        try:
            self._write(IfNoneMatch="*")
        except ClientError as error:
            if not _refused(error):
                raise
            self._take_over()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=self._key, IfMatch=self._etag)
        except ClientError as problem:
            if not _refused(problem):
                raise

    def keep(self) -> None:
        """
        Raises:
            Lost: somebody took it over.
        """
        if self._clock() - self._renewed >= DURATION // 2:
            self.confirm()

    def confirm(self) -> None:
        """Renew it now: whoever returns from this has it.

        Raises:
            Lost: somebody took it over.
        """
        try:
            self._write(IfMatch=self._etag)
        except ClientError as error:
            if not _refused(error):
                raise
            raise Lost(
                "Another compaction has taken over, so this one stopped; nothing is half-done.",
                "Run it again.",
            ) from None

    def _take_over(self) -> None:
        try:
            reply = self._s3.get_object(Bucket=self._bucket, Key=self._key)
        except ClientError as error:
            if code_of(error) not in ("NoSuchKey", "404"):
                raise
            self._write(IfNoneMatch="*")  # released meanwhile
            return
        held = json.loads(reply["Body"].read())
        if self._clock() < held["until"]:
            raise Held(
                f"A compaction is running already, by {held['owner']}.",
                f"Wait for it; if it has died, its claim ends by itself at {iso(held['until'])}.",
            )
        try:
            self._write(IfMatch=reply["ETag"])
        except ClientError as error:
            if not _refused(error):
                raise
            raise Held("Another compaction began at the same moment.", "Wait for it.") from None

    def _write(self, **condition: str) -> None:
        now = self._clock()
        body = json.dumps({"owner": self._owner, "until": now + DURATION}).encode()
        reply = self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=body, **condition)  # type: ignore[arg-type]
        self._etag, self._renewed = reply["ETag"], now


def _refused(error: ClientError) -> bool:
    return code_of(error) in _REFUSED
