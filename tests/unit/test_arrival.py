"""What has arrived, and what has only in part."""

from __future__ import annotations

from logctl.core.hot_rows import HotRow
from logctl.core.records import Record, derive_id
from logctl.core.times import DAY, HOUR
from logctl.ops.send.arrival import wait_until_readable
from logctl.ops.send.packing import pack
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.stored_file_records import KnownRecords
from tests.helpers.pipeline import NOON
from tests.helpers.stored import hot_rows_of


class Consumer:
    """Writes a row whenever somebody waits, a second each."""

    def __init__(self, store: HotStore, rows: list[HotRow]) -> None:
        self.store, self.rows, self.now = store, rows, NOON

    def clock(self) -> int:
        return self.now

    def sleep(self, _: float) -> None:
        self.now += 1000
        if self.rows:
            self.store.put(self.rows.pop(), now=self.now, retention=DAY)


def test_a_message_is_readable_when_the_rows_of_all_its_hours_are(pipeline):
    store = HotStore(pipeline.aws.dynamodb, pipeline.config.hot_table)
    records = [
        Record("shop", derive_id(n), NOON + int(n * HOUR), "INFO", f"line {n}")
        for n in (0, 0.25, 1, 2)  # four records in three hours
    ]
    (message,) = pack(records)
    consumer = Consumer(store, hot_rows_of("shop", message.batch_id, records))

    def missing(seconds: float) -> list[str]:
        left = wait_until_readable(
            store,
            [message],
            known=KnownRecords(pipeline.aws.dynamodb, pipeline.config.hot_table),
            seconds=seconds,
            clock=consumer.clock,
            sleep=consumer.sleep,
        )
        return [item.batch_id for item in left]

    assert missing(seconds=1) == [message.batch_id]
    assert len(consumer.rows) == 1
    assert missing(seconds=10) == []
    assert (consumer.rows, consumer.now) == ([], NOON + 3000)


def test_a_file_s_message_is_readable_whatever_messages_brought_its_records(pipeline):
    """`send FILE --wait` after the file was followed: this very message makes no row."""
    store = HotStore(pipeline.aws.dynamodb, pipeline.config.hot_table)
    known = KnownRecords(pipeline.aws.dynamodb, pipeline.config.hot_table)
    records = [Record("shop", derive_id(n), NOON, "INFO", f"line {n}", n * 10) for n in range(3)]
    (message,) = pack(records, "0123456789abcdef")
    now = [NOON]

    def missing() -> list[str]:
        left = wait_until_readable(
            store,
            [message],
            known=known,
            seconds=1,
            clock=lambda: now[0],
            sleep=lambda _: now.__setitem__(0, now[0] + 1000),
        )
        return [item.batch_id for item in left]

    known.note("shop", message.source, "one", records[:1], now=NOON)
    assert missing() == [message.batch_id]
    known.note("shop", message.source, "two", records[1:], now=NOON)
    assert missing() == []
