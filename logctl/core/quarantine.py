"""Objects in quarantine: a message that could not be read, or the lines of it that could not be read.

The consumer writes one JSON object for a message. `parse` reads the present form (a whole message as
`content`, or some of its lines as `rejected`) and that of earlier versions (one line as `content`, with
`position`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logctl.core.appid import is_appid
from logctl.core.envelope import encode_again
from logctl.core.errors import LogctlError, UsageError
from logctl.core.partitions import QUARANTINE, Partition
from logctl.core.redaction import UNREADABLE
from logctl.core.safe_text import counted
from logctl.core.times import parse_time

SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line of a message that could not be read.

    `content` is None when it was withheld because it may hold a secret.
    """

    position: int
    reason: str
    detail: str
    content: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """What an object in quarantine says about its message.

    Attributes:
        reason: why it was set aside, as a code; `detail` says it as a sentence.
        sent_at: milliseconds.
        receives: how often SQS had delivered it.
        stored: how many of its records were stored.
        redacted: how many secrets were redacted before the object was written.
        content: the body of a message that was set aside as a whole; None when only lines of it were.
        rejected: the lines that were set aside; none for a whole message.
    """

    reason: str
    detail: str
    group: str
    message_id: str
    deduplication_id: str
    sent_at: int
    receives: int
    stored: int
    redacted: int
    content: str | None
    rejected: tuple[RejectedLine, ...]

    @property
    def app(self) -> str:
        return self.group.partition(".")[0]

    @property
    def lines(self) -> int:
        """How many lines were rejected; 0 when the whole message was set aside."""
        return len(self.rejected)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of the rejected lines, or of the message, without repetition."""
        return tuple(dict.fromkeys([line.reason for line in self.rejected] or [self.reason]))


class NotANote(ValueError):
    """An object that the consumer did not write."""


def parse(data: bytes) -> Note:
    """Parse an object in quarantine.

    Raises:
        NotANote: it is not what the consumer writes.
    """
    try:
        value = json.loads(data)
        return _note(value)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise NotANote(f"it is not what the consumer writes ({type(problem).__name__})") from None


def _note(value: dict[str, Any]) -> Note:
    content = _text_or_none(value["content"])
    rejected = tuple(
        RejectedLine(
            int(item.get("position") or 0),
            str(item.get("reason", "")),
            str(item.get("detail", "")),
            _text_or_none(item.get("content")),
        )
        for item in value.get("rejected") or ()
    )
    reason, detail = str(value["reason"]), str(value.get("detail", ""))
    if value.get("position") is not None:
        rejected, content = (RejectedLine(int(value["position"]), reason, detail, content),), None
    return Note(
        reason=reason,
        detail=detail,
        group=str(value["group"]),
        message_id=str(value.get("message_id", "")),
        deduplication_id=str(value.get("deduplication_id", "")),
        sent_at=parse_time(str(value["sent_at"])),
        receives=int(value.get("receives") or 0),
        stored=int(value.get("stored") or 0),
        redacted=int(value.get("redacted") or 0),
        content=content,
        rejected=rejected,
    )


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


# ── Sending a message again ─────────────────────────────────────────────────────────────────────────


class Withheld(LogctlError):
    """The content of a message was not kept, so that it cannot be sent again."""


def body_of(note: Note) -> str:
    """Return the body of a message that was set aside, or its rejected lines as NDJSON.

    Where redaction is configured, an envelope was stored with its data decompressed; it is compressed again.

    Raises:
        Withheld: the content was not kept.
    """
    if not note.rejected:
        if note.content is None:
            raise Withheld("Its content was withheld when it was set aside, so it cannot be sent again.")
        if UNREADABLE in note.content:
            raise Withheld("A part of its content could not be checked for secrets, and was not kept.")
        return encode_again(note.content)
    contents = [
        line.content for line in note.rejected if line.content is not None and UNREADABLE not in line.content
    ]
    if len(contents) < len(note.rejected):
        missing = counted(len(note.rejected) - len(contents), "line")
        raise Withheld(
            f"The content of {missing} was withheld when it was set aside, so it cannot be sent again."
        )
    return "\n".join(contents)


# ── Keys and ids ────────────────────────────────────────────────────────────────────────────────────


def place_of(key: str) -> tuple[Partition, str] | None:
    """Return the partition and the id of an object's key; None when the object is not in quarantine."""
    partition, name = Partition.of_key(key, QUARANTINE), key.rpartition("/")[2]
    if partition is None or not name.endswith(SUFFIX) or partition.under(QUARANTINE) + name != key:
        return None
    return partition, name.removesuffix(SUFFIX)


def folder(day: Partition, app: str | None = None) -> str:
    """Return the prefix of a day's keys in quarantine, or of one app's day."""
    root = day.under(QUARANTINE).partition("appid=")[0]
    return f"{root}appid={app}/" if app and is_appid(app) else root


def picked(ids: Sequence[str], beginnings: Sequence[str], *, where: str, see: str) -> list[str]:
    """Return the ids that begin with the given texts, in the order of these texts.

    - `where`: where they were searched, as in "There is no message in the quarantine with an id …".
    - `see`: the command that lists them.

    Raises:
        UsageError: no id, or more than one, begins with one of the texts.
    """
    chosen: list[str] = []
    for beginning in beginnings:
        found = [beginning] if beginning in ids else [item for item in ids if item.startswith(beginning)]
        if len(found) != 1 or not beginning:
            problem = f"{len(found)} messages" if found else "no message"
            raise UsageError(
                f"There {'are' if found else 'is'} {problem} in {where} with an id that starts with "
                f"{beginning!r}.",
                f"See them with: {see}",
            )
        chosen += found
    return list(dict.fromkeys(chosen))
