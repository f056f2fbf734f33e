"""The quarantine: what could not be read, sending it through again, and dropping it.

A retry runs the consumer's own code here, as `logctl consume` does, on a message that is the old one in
everything that records are known by: group, deduplication id, and the time at which SQS got it. Through the
queue it would get a new time, and within five minutes SQS would silently drop it as a duplicate. What is
stored already is found and not stored again, and the outcome is known at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shlex
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.batches import batched
from logctl.core.envelope import refold, unfolded
from logctl.core.errors import LogctlError
from logctl.core.partitions import QUARANTINE, Partition
from logctl.core.quarantine import NotANote, Note, body_of, folder, parse, picked, place_of
from logctl.core.times import TimeRange
from logctl.ops.consume import consumer_for
from logctl.ops.deployment import Deployment
from logctl.pipeline.stores.quarantine_reader import Kept, listed

KEYS_AT_MOST = 20_000
"""So many keys are looked at, a thousand a request, the newest days first."""
READ_AT_MOST = 2_000
"""So many objects are read to find those with a reason."""
SEE = "logctl quarantine list"
_READERS = 8
_READ_AT_ONCE = 64


@dataclass(frozen=True)
class Held:
    """An object and what it says; `problem` is why that could not be read, and then there is no `note`."""

    kept: Kept
    note: Note | None
    problem: str = ""

    @property
    def sent_at(self) -> int:
        """Milliseconds."""
        return self.note.sent_at if self.note else self.kept.partition.start


@dataclass(frozen=True)
class Wanted:
    """Which objects are meant: of apps by name or glob, sent in a span, with a reason."""

    apps: tuple[str, ...] = ()
    span: TimeRange | None = None
    reason: str = ""

    def has(self, kept: Kept) -> bool:
        app = kept.partition.appid
        return not self.apps or any(fnmatchcase(app, pattern) for pattern in self.apps)

    def means(self, held: Held) -> bool:
        if self.span and not self.span.since <= held.sent_at < self.span.until:
            return False
        return not self.reason or (held.note is not None and self.reason in held.note.reasons)


@dataclass(frozen=True)
class Listing:
    """What was found, oldest first; `more` says that there may be others, older than these."""

    held: tuple[Held, ...]
    more: bool


def look(deployment: Deployment, wanted: Wanted, *, limit: int) -> Listing:
    """The newest messages in quarantine, at most so many, without what they hold: thousands of those would
    fill the memory."""
    found: list[Held] = []
    there, complete = keys(deployment, wanted)
    read = 0
    with ThreadPoolExecutor(_READERS) as pool:
        step = max(limit, _READ_AT_ONCE)
        for some in batched(there, step):
            found += filter(wanted.means, pool.map(partial(_heading, deployment), some))
            read += len(some)
            if len(found) >= limit or read >= max(limit, READ_AT_MOST):
                break
    newest = sorted(found, key=lambda held: held.sent_at)[-limit:]
    return Listing(tuple(newest), not complete or read < len(there) or len(newest) < len(found))


def _heading(deployment: Deployment, kept: Kept) -> Held:
    held = read_one(deployment, kept)
    if held.note is None:
        return held
    lines = tuple(replace(line, content=None) for line in held.note.rejected)
    return replace(held, note=replace(held.note, content=None, rejected=lines))


def read_one(deployment: Deployment, kept: Kept) -> Held:
    """An object's note, or why there is none."""
    try:
        reply = deployment.aws.s3.get_object(Bucket=deployment.bucket, Key=kept.key)
        return Held(kept, parse(reply["Body"].read()))
    except NotANote as problem:
        return Held(kept, None, str(problem))
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return Held(kept, None, "somebody has just taken it away")
        raise


def find(deployment: Deployment, beginnings: Sequence[str]) -> list[Kept]:
    """Objects by the beginnings of their ids, or by their whole keys.

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
    """Objects of the newest days, newest first, and whether those are all."""
    s3, bucket = deployment.aws.s3, deployment.bucket
    found: list[Kept] = []
    seen = 0
    app = wanted.apps[0] if len(wanted.apps) == 1 else None
    for day in _days(deployment, wanted.span):
        some, complete = listed(s3, bucket, folder(day, app), KEYS_AT_MOST - seen)
        seen += len(some)
        found += sorted(filter(wanted.has, some), key=lambda kept: -kept.set_aside_at)
        if not complete or seen >= KEYS_AT_MOST:
            return found, False
    return found, True


def _days(deployment: Deployment, span: TimeRange | None) -> Iterator[Partition]:
    """The days that have objects, newest first."""
    first = folder(Partition.at(span.since, "any")) if span else ""
    last = folder(Partition.at(max(span.since, span.until - 1), "any")) if span else "~"

    def below(prefix: str, levels: int) -> Iterator[str]:
        if not levels:
            yield prefix
            return
        pages = deployment.aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=deployment.bucket, Prefix=prefix, Delimiter="/"
        )
        folders = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", [])]
        for child in sorted(folders, reverse=True):
            if first[: len(child)] <= child <= last[: len(child)]:
                yield from below(child, levels - 1)

    for prefix in below(QUARANTINE, 3):
        day = Partition.of_key(f"{prefix}appid=any/", QUARANTINE)
        if day:
            yield day


# ── Again ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Retried:
    """How a retry ended: `again` is what was set aside of it once more, and where."""

    held: Held
    again: tuple[Held, ...] = ()

    @property
    def reasons(self) -> str:
        """Each reason once, with what is known of it."""
        said = []
        for held in self.again:
            if held.note:
                lines = [(line.reason, line.detail) for line in held.note.rejected]
                said += lines or [(held.note.reason, held.note.detail)]
        return "; ".join(
            dict.fromkeys(f"{reason}: {detail}" if detail else reason for reason, detail in said)
        )


@dataclass(frozen=True)
class Changes:
    """What is other than it was: the body, or whose it is."""

    body: str | None = None
    app: str | None = None


UNCHANGED = Changes()


class Retry:
    """Sends messages through the consumer once more, with the code of this machine and the deployed rules."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._consumer = consumer_for(deployment)

    def run(self, held: Held, changes: Changes = UNCHANGED) -> Retried:
        """Store a message, or the lines of one that were rejected; then its object goes.

        What is rejected once more stays in quarantine, with the new reason.

        Raises:
            LogctlError: it has no content, or could not be stored; its object stays.
            botocore's errors: a store does not answer or refuses; its object stays.
        """
        if held.note is None:
            raise LogctlError(f"{held.kept.id} cannot be sent again: {held.problem}.", "Look at it in S3.")
        body = changes.body if changes.body is not None else body_of(held.note)
        told = io.StringIO()
        with _Watch(self._deployment) as watch, contextlib.redirect_stderr(told):
            reply = self._consumer.process({"Records": [_message(held.note, body, changes.app)]})
        if reply["batchItemFailures"]:
            raise watch.error or LogctlError(
                f"It could not be stored: {_last_error(told.getvalue())}.", "It stays in quarantine."
            )
        again = tuple(self._look_at(key) for key in dict.fromkeys(watch.set_aside))
        if held.kept.key not in watch.set_aside:
            self._deployment.aws.s3.delete_object(Bucket=self._deployment.bucket, Key=held.kept.key)
        return Retried(held, again)

    def _look_at(self, key: str) -> Held:
        place = place_of(key)
        assert place is not None
        return read_one(self._deployment, Kept(key, *place, size=0, set_aside_at=0))


def _message(note: Note, body: str, app: str | None) -> dict[str, Any]:
    """The message as Lambda would deliver it. Its id is new: what is known of the old one's attempts is of
    no account."""
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
    """What a bare message is known by beside its body. Lines of one are a message of their own, and two
    that read the same are told apart by their places."""
    if not note.rejected:
        return note.deduplication_id
    places = ",".join(str(line.position) for line in note.rejected)
    return f"{note.deduplication_id}#{hashlib.sha256(places.encode()).hexdigest()[:16]}"


@dataclass
class _Watch:
    """Sees what the consumer writes to the quarantine, and which error it met last."""

    deployment: Deployment
    set_aside: list[str] = field(default_factory=list)
    error: Exception | None = None

    _EXPECTED = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})

    def __enter__(self) -> _Watch:
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


def _last_error(told: str) -> str:
    """What the consumer's log says last of an error."""
    for line in reversed(told.splitlines()):
        with contextlib.suppress(ValueError):
            error = json.loads(line).get("error")
            if error:
                return str(error).rstrip(".")
    return "the consumer does not say why"


def edited(body: str, *, suffix: str = ".txt") -> str:
    """The body as an editor leaves it; an envelope is edited as the lines that it holds.

    Raises:
        LogctlError: the editor failed, or changed nothing.
    """
    plain = unfolded(body)
    before = body if plain is None else plain
    after = _in_editor(before, suffix)
    if after.removesuffix("\n") == before.removesuffix("\n"):
        raise LogctlError(
            "Nothing was sent: the text is as it was.", "To send it as it is, leave out --edit."
        )
    after = after.removesuffix("\n")
    return after if plain is None else refold(json.dumps({**json.loads(body), "data": after}))


def _in_editor(text: str, suffix: str) -> str:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="logctl-") as place:
        path = Path(place) / f"message{suffix}"
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            code = subprocess.run([*words, str(path)], check=False).returncode
        except OSError as problem:
            raise LogctlError(f"The editor {words[0]} cannot be run: {problem}.", "Set EDITOR.") from None
        if code:
            raise LogctlError(f"Nothing was sent: the editor {words[0]} ended with {code}.")
        return path.read_bytes().decode("utf-8", "replace")


# ── Away ────────────────────────────────────────────────────────────────────────────────────────────


def drop(deployment: Deployment, kept: Kept) -> None:
    """Delete an object; the bucket keeps its old version for a week."""
    deployment.aws.s3.delete_object(Bucket=deployment.bucket, Key=kept.key)
