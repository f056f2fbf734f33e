"""A sample of a log, of which messages are made as `send` and the consumer make them.

What a log costs depends on how well it can be compressed and on its errors, and no formula knows that: the
records of the sample are packed by the packer, and the consumer's code makes hot rows and marks of them. The
sample is the beginning of a person's own log, or generated text with lines of a given size.
"""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from functools import cache
from itertools import islice
from typing import Any

from logctl.core.debounce import tally
from logctl.core.frames import compress
from logctl.core.hot_rows import FULL, make_hot_rows, to_item
from logctl.core.records import Record
from logctl.core.rows import encode_row, encode_rows, row_of
from logctl.core.times import SECOND, iso
from logctl.core.unpacking import unpack
from logctl.ops.send.input_files import read_entries
from logctl.ops.send.packing import Packed, pack
from logctl.ops.send.record_identity import Placed, Source, records
from logctl.pipeline.stores.stored_file_records import marks_item
from logctl.stack.resources.storage import hot_indexes

MOST_RECORDS = 10_000
"""Records of a log that are looked at: several full messages."""
_GENERATED, _MOST_BYTES = 4_500, 4 * 1024 * 1024
"""Lines that are generated, and their bytes: more than a full message has."""
_LOOKED_AT, _MESSAGES = 4_000, 400
"""Records that are divided into messages of one size, and such messages that are looked at, at most."""
_SOURCE = "0123456789abcdef"
_BASE = 1_795_516_800_000
_STEP = 10
"""Milliseconds between two records: those of one message are within an hour, as in a live log."""
_WRITE_UNIT = 1024
_FORMS, _WORDS_A_VALUE = 20, 16


@dataclass(frozen=True)
class MessageSizes:
    """Means over messages.

    Attributes:
        records: in a message.
        body: bytes of its body in SQS.
        stored: bytes of its object in S3.
        rows: its hot rows. All of them have `row_bytes`, take `row_units` without those of indexes, and have
            `row_entries` in indexes.
        marks: the items that mark its records as stored, with `mark_bytes` and `mark_units`.
        kinds: the kinds of error in it.
        alarming: 1 if it has an error, so that the mean is the part of the messages with one.
    """

    records: float
    body: float
    stored: float
    rows: float
    row_bytes: float
    row_units: float
    row_entries: float
    marks: float
    mark_bytes: float
    mark_units: float
    kinds: float
    alarming: float


class LogSample:
    """Records of a log, in its order."""

    def __init__(self, found: Iterable[Record], *, alert_level: str = "ERROR") -> None:
        """Take the first records of a log; `alert_level` is the setting of this name.

        Raises:
            ValueError: there is no record.
        """
        self._records = tuple(islice(found, MOST_RECORDS))
        self._alert_level = alert_level
        self._known: dict[tuple[int, str], MessageSizes] = {}
        if not self._records:
            raise ValueError("there is no record")

    def __len__(self) -> int:
        return len(self._records)

    @property
    def rate(self) -> float:
        """Records a second, by the times of the records; 0 if these are all the same."""
        times = [record.ts for record in self._records]
        span = max(times) - min(times)
        return (len(times) - 1) / span * SECOND if span else 0.0

    @property
    def line_bytes(self) -> float:
        """The bytes of a record in the log, by the places at which records begin."""
        places = [record.seq for record in self._records]
        if len(places) > 1 and max(places) > min(places):
            return (max(places) - min(places)) / (len(places) - 1)
        return sum(len(encode_row(row_of(record))) for record in self._records) / len(places)

    @property
    def kinds(self) -> int:
        """The number of kinds of error."""
        return len(tally(self._records, self._alert_level))

    def full(self, hot_rows: str) -> MessageSizes:
        """Return the sizes of full messages, as `send FILE` makes them: cut where the log's own times say.

        `hot_rows`: the setting of this name.
        """
        known = self._known.get((0, hot_rows))
        if known is None:
            messages = _whole(list(pack(self._records, _SOURCE)))
            known = self._known[0, hot_rows] = mean_sizes(messages, hot_rows, self._alert_level)
        return known

    def of(self, count: float, hot_rows: str) -> MessageSizes:
        """Return the sizes of the messages that `send` makes of so many records of a live log at a time.

        `hot_rows`: the setting of this name.

        Where the sample is smaller than that, its messages are taken to be full, which says too little about
        how well more records can be compressed together.
        """
        number = max(1, round(count))
        if (number, hot_rows) not in self._known:
            live = [replace(record, ts=_BASE + index * _STEP) for index, record in enumerate(self._records)]
            if number >= len(live):
                messages = _whole(list(pack(live, _SOURCE)))
            else:
                most = max(3 * number, min(_LOOKED_AT, _MESSAGES * number))
                ends = range(number, min(len(live), most) + 1, number)
                messages = [message for end in ends for message in pack(live[end - number : end], _SOURCE)]
            self._known[number, hot_rows] = mean_sizes(messages, hot_rows, self._alert_level)
        return self._known[number, hot_rows]


def mean_sizes(messages: Sequence[Packed], hot_rows: str, alert_level: str = "ERROR") -> MessageSizes:
    """Return the mean sizes of messages; `hot_rows` and `alert_level` are the settings of these names."""
    columns = zip(*(astuple(_sizes(message, hot_rows, alert_level)) for message in messages), strict=True)
    return MessageSizes(*(sum(column) / len(messages) for column in columns))


def _sizes(message: Packed, hot_rows: str, alert_level: str) -> MessageSizes:
    unpacked = unpack(
        message.body, group=message.appid, deduplication_id=message.batch_id, sent_at=message.max_ts
    )
    rows = unpacked.rows
    frame = compress(encode_rows(rows))
    items = [
        to_item(row, arrived=_BASE, expires_at=_BASE // SECOND)
        for row in make_hot_rows(
            message.appid, message.batch_id, rows, order="1" * 20, frame=frame, full=hot_rows == FULL
        )
    ]
    row_sizes = list(map(item_bytes, items))
    marked = marks_item(message.appid, _SOURCE, message.batch_id, rows, now=_BASE)
    marks = [item_bytes(marked)] if marked else []
    kinds = len(tally(unpacked.records, alert_level))
    return MessageSizes(
        records=len(rows),
        body=message.size,
        stored=len(frame),
        rows=len(items),
        row_bytes=sum(row_sizes),
        row_units=sum(map(_write_units, row_sizes)),
        row_entries=sum(keys <= item.keys() for item in items for keys in _index_keys()),
        marks=len(marks),
        mark_bytes=sum(marks),
        mark_units=sum(map(_write_units, marks)),
        kinds=kinds,
        alarming=kinds > 0,
    )


@cache
def _index_keys() -> list[set[str]]:
    """Return the key attributes of each index of the hot table; an item without them is not in the index."""
    return [{key["AttributeName"] for key in index["KeySchema"]} for index in hot_indexes()]


def _whole(messages: list[Packed]) -> list[Packed]:
    """Return the messages that are full: all but the last one, unless it is the only one."""
    return messages[:-1] or messages


def _write_units(size: int) -> int:
    return -(-size // _WRITE_UNIT)


def item_bytes(item: dict[str, Any]) -> int:
    """Return the size of an item as DynamoDB counts it (Amazon DynamoDB Developer Guide, Item sizes and
    formats): names and texts in UTF-8, a byte for two digits of a number and one more.
    """

    def size(value: dict[str, Any]) -> int:
        ((kind, content),) = value.items()
        if kind == "M":
            return 3 + sum(len(name) + 1 + size(inner) for name, inner in content.items())
        return len(content) // 2 + 1 if kind == "N" else len(content)

    return sum(len(name) + size(value) for name, value in item.items())


# ── Generated text ──────────────────────────────────────────────────────────────────────────────────


@cache
def generated(line_bytes: int, errors: float, kinds: int) -> LogSample:
    """Return a sample of ordinary text: twenty kinds of lines, in which one word of 16 is a number.

    Args:
        line_bytes: the bytes of a line.
        errors: the part of the lines that are errors.
        kinds: how many kinds of error there are.
    """
    count = max(40, min(_GENERATED, _MOST_BYTES // line_bytes))
    text = "\n".join(_lines(count, line_bytes, errors, kinds)) + "\n"
    entries = read_entries(io.BytesIO(text.encode()), reference=_BASE)
    source = Source("app", _BASE, _BASE)
    return LogSample(item.record for item in records(entries, source) if isinstance(item, Placed))


def _lines(count: int, size: int, errors: float, kinds: int) -> Iterable[str]:
    random_ = random.Random(1)  # noqa: S311 - made-up logs, not secrets
    words = [f"{verb}{letter}" for verb in ("get", "put", "user", "cart", "retry") for letter in "abcdefgh"]
    length = max(2, size // 6)
    forms = []
    for _ in range(_FORMS):
        form = [f"{word} " for word in random_.choices(words, k=length)]
        for place in range(random_.randrange(1, _WORDS_A_VALUE), length, _WORDS_A_VALUE):
            form[place] = ""
        forms.append(form)
    failed = 0
    for index in range(count):
        if int((index + 1) * errors) > failed:
            kind, level = f"failed{chr(ord('a') + failed % kinds)}", "ERROR"
            failed += 1
        else:
            kind, level = "", "INFO"
        form = forms[failed % kinds % _FORMS] if kind else random_.choice(forms)
        head = f"{iso(_BASE + index * _STEP)} {level} [worker-{index % 8}] {kind}"
        said = "".join(word or f"{random_.randrange(1_000, 10_000)} " for word in form)
        yield f"{head}{said}"[: max(size, len(head) + 1)]
