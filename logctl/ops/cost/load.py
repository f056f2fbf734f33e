"""A load: the records that are sent to the pipeline, and the messages that are made of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from logctl.core.envelope import SQS_LIMIT
from logctl.core.times import DAY, HOUR, MINUTE, SECOND
from logctl.ops.cost.bill import MONTH
from logctl.ops.cost.log_sample import LogSample, MessageSizes, generated
from logctl.ops.send import gathering
from logctl.stack.settings import Settings

GATHERED = gathering.SECONDS * SECOND
"""How long `send -f` collects the records of a steady stream, in milliseconds. Errors of a new kind are sent
at once, which adds too few messages to matter."""
SQS_BATCH = 10
"""Messages in one request, and in one batch from a FIFO queue to Lambda (Amazon SQS Developer Guide)."""


@dataclass(frozen=True)
class Traffic:
    """Messages that go through the pipeline.

    `requests` is the number of requests that send them, and of batches that the consumer gets; `sizes` are
    those of a message.
    """

    records: float
    messages: float
    requests: float
    sizes: MessageSizes

    @classmethod
    def of_files(cls, log: LogSample, count: float, hot_rows: str) -> Traffic:
        """Return what `send FILE` makes of so many records of a log; `hot_rows` is the setting."""
        sizes = log.full(hot_rows)
        messages = count / sizes.records
        return cls(count, messages, messages / per_request(sizes, SQS_BATCH), sizes)


@dataclass(frozen=True)
class Load:
    """The records that are sent to the pipeline.

    Attributes:
        record_bytes: the bytes of a record as a line of a log.
        apps: how many apps share the records; each has one producer.
        every: how long a producer, which is a followed file, collects records for a message, in milliseconds.
        errors: the part of the records that can cause an alert.
        kinds: how many kinds of error each app has.
        hot_rows: the setting of this name.
        sample: a log of such records; without it, text of that size with those errors is generated.
    """

    records_per_second: float
    record_bytes: float
    apps: int = 1
    every: int = GATHERED
    errors: float = 0.01
    kinds: int = 5
    hot_rows: str = Settings().hot_rows
    sample: LogSample | None = None

    @property
    def log(self) -> LogSample:
        """The log of which messages are made."""
        return self.sample or generated(max(1, round(self.record_bytes)), self.errors, self.kinds)

    @property
    def records(self) -> float:
        """Records in a month."""
        return self.records_per_second * MONTH / SECOND

    @property
    def bytes(self) -> float:
        """Bytes of records in a month."""
        return self.records * self.record_bytes

    @property
    def together(self) -> float:
        """Records that a producer sends at once: one at least, and no more than is enough for a message."""
        collected = self.records_per_second / self.apps * self.every / SECOND
        return max(1.0, min(collected, gathering.ENOUGH / self.record_bytes))

    @cached_property
    def traffic(self) -> Traffic:
        """The messages of a month."""
        sends, sizes = self.records / self.together, self.log.of(self.together, self.hot_rows)
        each = max(1.0, round(self.together) / sizes.records)
        return Traffic(self.records, sends * each, sends * each / per_request(sizes, each), sizes)

    @property
    def messages(self) -> float:
        """Messages in a month."""
        return self.traffic.messages

    @property
    def records_per_message(self) -> float:
        """Records in a message, on average."""
        return self.records / self.messages


def per_request(sizes: MessageSizes, most: float) -> float:
    """Return how many messages go into one request, of `most` that are ready."""
    return max(1.0, min(most, SQS_BATCH, SQS_LIMIT // sizes.body))


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
