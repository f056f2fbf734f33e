"""The messages in quarantine: listing, finding, reading and deleting them.

The consumer puts what it cannot read into the quarantine, a folder of the bucket, as one object for each
message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import partial

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.aws.s3_listing import folders
from logctl.core.batches import batched
from logctl.core.partitions import QUARANTINE, Partition
from logctl.core.quarantine import NotANote, Note, folder, parse, picked, place_of
from logctl.core.times import TimeRange
from logctl.ops.deployment import Deployment
from logctl.pipeline.stores.quarantine_reader import Kept, listed

KEYS_AT_MOST = 20_000
"""Keys that are listed in one search, a thousand in each request, newest days first."""
READ_AT_MOST = 2_000
"""Objects that are read in one search for a reason or a time."""
SEE = "logctl quarantine list"
_READERS = 8
_READ_AT_ONCE = 64


@dataclass(frozen=True)
class QuarantinedMessage:
    """An object in quarantine with its content; without a `note`, `problem` says why it cannot be read."""

    kept: Kept
    note: Note | None
    problem: str = ""

    @property
    def sent_at(self) -> int:
        """When the message was sent, in milliseconds; without a note, the start of its day."""
        return self.note.sent_at if self.note else self.kept.partition.start


@dataclass(frozen=True)
class Wanted:
    """A condition on objects: their apps (names or globs), when they were sent, and their reason."""

    apps: tuple[str, ...] = ()
    span: TimeRange | None = None
    reason: str = ""

    def fits_key(self, kept: Kept) -> bool:
        """Return whether an object can meet the condition, as far as its key tells."""
        app = kept.partition.appid
        return not self.apps or any(fnmatchcase(app, pattern) for pattern in self.apps)

    def fits(self, held: QuarantinedMessage) -> bool:
        """Return whether the content of an object meets the condition on time and reason."""
        if self.span and not self.span.since <= held.sent_at < self.span.until:
            return False
        return not self.reason or (held.note is not None and self.reason in held.note.reasons)


@dataclass(frozen=True)
class QuarantineListing:
    """The objects found, oldest first; `more` if there may be others, older than these."""

    held: tuple[QuarantinedMessage, ...]
    more: bool


def look(deployment: Deployment, wanted: Wanted, *, limit: int) -> QuarantineListing:
    """Return the newest messages in quarantine that meet a condition, without their content.

    At most `limit` are returned. The content is left out because that of thousands would fill the memory.
    """
    found: list[QuarantinedMessage] = []
    there, complete = keys(deployment, wanted)
    read = 0
    with ThreadPoolExecutor(_READERS) as pool:
        step = max(limit, _READ_AT_ONCE)
        for some in batched(there, step):
            found += filter(wanted.fits, pool.map(partial(_heading, deployment), some))
            read += len(some)
            if len(found) >= limit or read >= max(limit, READ_AT_MOST):
                break
    newest = sorted(found, key=lambda held: held.sent_at)[-limit:]
    return QuarantineListing(tuple(newest), not complete or read < len(there) or len(newest) < len(found))


def _heading(deployment: Deployment, kept: Kept) -> QuarantinedMessage:
    held = read_one(deployment, kept)
    if held.note is None:
        return held
    lines = tuple(replace(line, content=None) for line in held.note.rejected)
    return replace(held, note=replace(held.note, content=None, rejected=lines))


def read_one(deployment: Deployment, kept: Kept) -> QuarantinedMessage:
    """Return an object with its note, or with the reason why it has none."""
    try:
        reply = deployment.aws.s3.get_object(Bucket=deployment.bucket, Key=kept.key)
        return QuarantinedMessage(kept, parse(reply["Body"].read()))
    except NotANote as problem:
        return QuarantinedMessage(kept, None, str(problem))
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return QuarantinedMessage(kept, None, "it has just been deleted")
        raise


def find(deployment: Deployment, beginnings: Sequence[str]) -> list[Kept]:
    """Return objects by the beginnings of their ids, or by their whole keys.

    Raises:
        UsageError: a beginning fits none of them, or several.
    """
    by_name = {name: [kept] for name in beginnings if (kept := _by_key(deployment, name))}
    if others := [name for name in beginnings if name not in by_name]:
        for kept in keys(deployment, Wanted())[0]:
            by_name.setdefault(kept.id, []).append(kept)
        others = picked(list(by_name), others, where="the quarantine", see=SEE)
    named = [name for name in beginnings if place_of(name)] + others
    return list(dict.fromkeys(kept for name in named for kept in by_name.get(name, ())))


def _by_key(deployment: Deployment, key: str) -> Kept | None:
    place = place_of(key)
    if place is None:
        return None
    found, _ = listed(deployment.aws.s3, deployment.bucket, key, 1)
    return found[0] if found else None


def keys(deployment: Deployment, wanted: Wanted) -> tuple[list[Kept], bool]:
    """Return the objects that can meet a condition, newest day first, and whether those are all."""
    s3, bucket = deployment.aws.s3, deployment.bucket
    found: list[Kept] = []
    seen = 0
    app = wanted.apps[0] if len(wanted.apps) == 1 else None
    for day in _days(deployment, wanted.span):
        some, complete = listed(s3, bucket, folder(day, app), KEYS_AT_MOST - seen)
        seen += len(some)
        found += sorted(filter(wanted.fits_key, some), key=lambda kept: -kept.set_aside_at)
        if not complete or seen >= KEYS_AT_MOST:
            return found, False
    return found, True


def _days(deployment: Deployment, span: TimeRange | None) -> Iterator[Partition]:
    """Yield the days that have objects, newest first."""
    first = folder(Partition.at(span.since, "any")) if span else ""
    last = folder(Partition.at(max(span.since, span.until - 1), "any")) if span else "~"

    def below(prefix: str, levels: int) -> Iterator[str]:
        if not levels:
            yield prefix
            return
        for child in sorted(folders(deployment.aws.s3, deployment.bucket, prefix), reverse=True):
            if first[: len(child)] <= child <= last[: len(child)]:
                yield from below(child, levels - 1)

    for prefix in below(QUARANTINE, 3):
        day = Partition.of_key(f"{prefix}appid=any/", QUARANTINE)
        if day:
            yield day


def drop(deployment: Deployment, kept: Kept) -> None:
    """Delete an object. The bucket keeps the deleted version for a week."""
    deployment.aws.s3.delete_object(Bucket=deployment.bucket, Key=kept.key)
