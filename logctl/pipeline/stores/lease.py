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
# A key that does not exist is a refusal too: another process has taken the lease over and released it.
_REFUSED = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey", "412", "409")


class LeaseHeld(LogctlError):
    """Another process has the lease."""


class LeaseLost(LogctlError):
    """Another process has taken the lease over, because this one was paused for longer than it lasts."""


class Lease:
    """A lease that is held within a `with` block, and renewed by frequent calls of `keep`.

    A process that finds an expired lease takes it over; the process that held it notices at its next `keep`.
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
        """Take the lease.

        Raises:
            LeaseHeld: another process has it, and it has not expired.
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
        """Renew the lease if half of it is over.

        Raises:
            LeaseLost: another process has taken it over.
        """
        if self._clock() - self._renewed >= DURATION // 2:
            self.confirm()

    def confirm(self) -> None:
        """Renew the lease now: after this call it is certain that this process has it.

        Raises:
            LeaseLost: another process has taken it over.
        """
        try:
            self._write(IfMatch=self._etag)
        except ClientError as error:
            if not _refused(error):
                raise
            raise LeaseLost(
                "Another compaction has taken over, so this one stopped; nothing is left half-done.",
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
            raise LeaseHeld(
                f"A compaction is running already, by {held['owner']}.",
                f"Wait for it; if it has died, its lease ends at {iso(held['until'])}.",
            )
        try:
            self._write(IfMatch=reply["ETag"])
        except ClientError as error:
            if not _refused(error):
                raise
            raise LeaseHeld("Another compaction began at the same moment.", "Wait for it.") from None

    def _write(self, **condition: str) -> None:
        now = self._clock()
        body = json.dumps({"owner": self._owner, "until": now + DURATION}).encode()
        reply = self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=body, **condition)  # type: ignore[arg-type]
        self._etag, self._renewed = reply["ETag"], now


def _refused(error: ClientError) -> bool:
    return code_of(error) in _REFUSED
