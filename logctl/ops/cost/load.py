"""A load: the records that are sent to the pipeline, and the number and size of their messages.

The sizes are a model of ordinary text logs, measured on loghub's eight systems.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from logctl.core.times import DAY, HOUR, MINUTE, SECOND
from logctl.ops.cost.bill import MONTH
from logctl.ops.send.packing import MAX_PLAIN, MAX_RECORDS

# The model of sizes, in bytes. A record adds to a compressed message its id and position, which cannot be
# compressed, and a tenth of its text. The first records of a message compress less, because nothing before
# them repeats; each time the number of records doubles, some text is new (`_DOUBLING`).
_WIRE_OVERHEAD = 55
_ID_COMPRESSED = 17
TEXT_RATIO = 0.10
_FIRST, _FIRST_RATIO, _DOUBLING = 60, 0.5, 45
_ENVELOPE = 110


@dataclass(frozen=True)
class Load:
    """The records that are sent to the pipeline.

    Attributes:
        apps: how many apps share the records; each has one producer.
        every: the interval at which a producer sends, in milliseconds.
        errors: the part of the records that can cause an alert.
        kinds: how many kinds of error each app has.
    """

    records_per_second: float
    record_bytes: int
    apps: int = 1
    every: int = SECOND
    errors: float = 0.01
    kinds: int = 5

    @property
    def records(self) -> float:
        """Records in a month."""
        return self.records_per_second * MONTH / SECOND

    @property
    def bytes(self) -> float:
        """Bytes of records in a month."""
        return self.records * self.record_bytes

    @property
    def sends(self) -> float:
        """The number of times that all producers send in a month; each time they send at least one record."""
        return min(self.records, self.apps * MONTH / self.every)

    @property
    def messages_per_send(self) -> int:
        """Messages that one producer makes of the records that it sends at once."""
        wire = self.record_bytes + _WIRE_OVERHEAD
        most = min(MAX_RECORDS, max(1, MAX_PLAIN // wire))
        return math.ceil(self.records / self.sends / most)

    @property
    def messages(self) -> float:
        """Messages in a month."""
        return self.sends * self.messages_per_send

    @property
    def records_per_message(self) -> float:
        """Records in a message, on average."""
        return self.records / self.messages

    @property
    def error_kinds_per_message(self) -> float:
        """Kinds of error in a message, on average. Each kind is counted in one transaction."""
        none_of_a_kind = math.pow(1 - self.errors / self.kinds, self.records_per_message)
        return self.kinds * (1 - none_of_a_kind)

    @property
    def chunk_bytes(self) -> float:
        """Bytes of a message's records, compressed."""
        count = self.records_per_message
        first = _FIRST + _FIRST_RATIO * self.record_bytes + _DOUBLING * math.log2(count)
        return first + count * (_ID_COMPRESSED + TEXT_RATIO * self.record_bytes)

    @property
    def body_bytes(self) -> float:
        """Bytes of a message's body: base64 encodes three bytes in four."""
        return self.chunk_bytes * 4 / 3 + _ENVELOPE

    @property
    def object_bytes(self) -> float:
        """Bytes of a message's object in S3."""
        return self.chunk_bytes * 1.1 + 40


def parse_rate(text: str) -> float:
    """Parse a rate like `100/s`, `6000/m` or `1.5M/d` into records per second.

    Raises:
        ValueError: the text is not a rate.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)([kM]?)\s*/\s*([smhd])\s*", text)
    if not found or not float(found[1]):
        raise ValueError(f"{text!r} is not a rate; write 100/s, 6000/m or 1.5M/d")
    seconds = {"s": 1, "m": MINUTE // SECOND, "h": HOUR // SECOND, "d": DAY // SECOND}[found[3]]
    return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6}[found[2]] / seconds
