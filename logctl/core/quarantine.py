"""What lies in quarantine: a message that could not be read, or the lines of one that could not.

The consumer writes one JSON object a message. `parse` reads it back, in the form of today (a whole message
as `content`, or its lines as `rejected`) and in the earlier one (one line as `content` with `position`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logctl.core.appid import is_appid
from logctl.core.envelope import refold
from logctl.core.errors import LogctlError, UsageError
from logctl.core.partitions import QUARANTINE, Partition
from logctl.core.redaction import UNREADABLE
from logctl.core.safe_text import counted
from logctl.core.times import parse_time

SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a message that could not be read; `content` is None when it was withheld."""

    position: int
    reason: str
    detail: str
    content: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """What an object says. `sent_at` is in milliseconds.

    `content` is the body of a message that was set aside whole, and None when only `rejected` lines of it
    were, while `stored` records were stored. `redacted` secrets were taken out before it was written.
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
    rejected: tuple[Line, ...]

    @property
    def app(self) -> str:
        return self.group.partition(".")[0]

    @property
    def lines(self) -> int:
        """How many lines were rejected; 0 when it is the whole message."""
        return len(self.rejected)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Each reason once, the first line's first."""
        return tuple(dict.fromkeys([line.reason for line in self.rejected] or [self.reason]))


class NotANote(ValueError):
    """An object that the consumer did not write."""


def parse(data: bytes) -> Note:
    """Read an object of the quarantine.

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
        Line(
            int(item.get("position") or 0),
            str(item.get("reason", "")),
            str(item.get("detail", "")),
            _text_or_none(item.get("content")),
        )
        for item in value.get("rejected") or ()
    )
    reason, detail = str(value["reason"]), str(value.get("detail", ""))
    if value.get("position") is not None:
        rejected, content = (Line(int(value["position"]), reason, detail, content),), None
    return Note(
        reason,
        detail,
        str(value["group"]),
        str(value.get("message_id", "")),
        str(value.get("deduplication_id", "")),
        parse_time(str(value["sent_at"])),
        int(value.get("receives") or 0),
        int(value.get("stored") or 0),
        int(value.get("redacted") or 0),
        content,
        rejected,
    )


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


# ── Sending it through again ────────────────────────────────────────────────────────────────────────


class Withheld(LogctlError):
    """There is no content to go by."""


def body_of(note: Note) -> str:
    """The message's body, or its rejected lines as NDJSON.

    With redaction in force an envelope is kept with its data unfolded; it is folded again.

    Raises:
        Withheld: the content was not kept.
    """
    if not note.rejected:
        if note.content is None:
            raise Withheld("Its content was withheld when it was set aside, so it cannot be sent again.")
        if UNREADABLE in note.content:
            raise Withheld("A part of it could not be checked for secrets and was left out for good.")
        return refold(note.content)
    contents = [
        line.content for line in note.rejected if line.content is not None and UNREADABLE not in line.content
    ]
    if len(contents) < len(note.rejected):
        missing = counted(len(note.rejected) - len(contents), "line")
        raise Withheld(
            f"The content of {missing} was withheld when it was set aside, so it cannot be sent again."
        )
    return "\n".join(contents)


# ── Where it lies, and what it is called ────────────────────────────────────────────────────────────


def place_of(key: str) -> tuple[Partition, str] | None:
    """The partition and the id of an object's key; None when it is not one of the quarantine's."""
    partition, name = Partition.of_key(key, QUARANTINE), key.rpartition("/")[2]
    if partition is None or not name.endswith(SUFFIX) or partition.under(QUARANTINE) + name != key:
        return None
    return partition, name.removesuffix(SUFFIX)


def folder(day: Partition, app: str | None = None) -> str:
    """What the keys of a day begin with, or of one app's day."""
    root = day.under(QUARANTINE).partition("appid=")[0]
    return f"{root}appid={app}/" if app and is_appid(app) else root


def picked(ids: Sequence[str], beginnings: Sequence[str], *, where: str, see: str) -> list[str]:
    """The ids that are meant by beginnings of them, in the order in which they were named.

    Args:
        where: where they were looked for, as in "There is no message … in the quarantine".
        see: the command that lists them.

    Raises:
        UsageError: a beginning fits none of them, or several.
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
