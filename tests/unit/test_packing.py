"""Packing: few compressions, messages of about one size, and cuts that depend on the records alone."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from logctl.core import limits
from logctl.core.deduplication import BLOCK, MAX_BLOCKS
from logctl.core.envelope import SQS_LIMIT
from logctl.core.records import Record
from logctl.core.times import DAY, HOUR, MINUTE, SECOND, parse_time
from logctl.core.unpacking import unpack
from logctl.ops.send import packing
from logctl.ops.send.packing import MAX_BODY, MAX_PLAIN, MAX_RECORDS, TARGET_BODY, Packed, pack

NOON = parse_time("2026-01-31T12:00:00Z")


def made(count: int, *, noise: int = 40, step: int = 1, app: str = "checkout", seed: int = 1) -> list[Record]:
    """Return records that begin at noon, `step` milliseconds apart, of `noise` random bytes and a sentence."""
    chance = random.Random(seed)
    return [
        Record(
            app,
            f"{chance.getrandbits(96):024x}",
            NOON + number * step,
            "INFO",
            f"order {chance.randbytes(noise).hex()} was accepted by the payment service of the shop",
            number * 300,
            {"thread": f"worker-{chance.randrange(99)}", "region": "eu-west-1"},
        )
        for number in range(count)
    ]


def opened(messages: list[Packed]) -> Iterator[Record]:
    for message in messages:
        yield from unpack(
            message.body, group=message.appid, deduplication_id="d", sent_at=message.max_ts
        ).records


@pytest.fixture
def compressions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the messages that are compressed and encoded, including those that are thrown away."""
    sizes: list[int] = []
    seal = packing.seal

    def counted(appid: str, plain: bytes, *, count: int, source: str = "") -> tuple[str, str]:
        sizes.append(count)
        return seal(appid, plain, count=count, source=source)

    monkeypatch.setattr(packing, "seal", counted)
    return sizes


@pytest.mark.parametrize("noise", [4, 40, 400])
def test_messages_have_about_the_size_that_is_wanted_and_are_compressed_once(noise, compressions):
    records = made(16_000 if noise < 400 else 3_000, noise=noise)
    messages = list(pack(records))
    assert len(compressions) == len(messages)
    for message in messages[1:-1]:
        within = 0.9 * TARGET_BODY < message.size < 1.05 * TARGET_BODY
        assert within or message.count == MAX_RECORDS, message.size
    assert list(opened(messages)) == records


def test_the_same_records_make_the_same_messages():
    records = made(9_000)
    assert [one.batch_id for one in pack(records)] == [one.batch_id for one in pack(records)]


def test_records_that_compress_less_than_those_before_are_divided(compressions):
    easy, hard = made(8_000, noise=2), made(1_000, noise=2_000, seed=2)
    messages = list(pack([*easy, *hard]))
    assert len(compressions) > len(messages)  # at least one was too large, and was divided
    assert all(message.size <= MAX_BODY for message in messages)
    assert list(opened(messages)) == [*easy, *hard]


def test_each_app_has_a_ratio_of_its_own():
    easy, hard = made(20_000, noise=2, app="easy"), made(2_000, noise=1_000, app="hard")
    mixed = [one for at in range(2_000) for one in (*easy[at * 10 : at * 10 + 10], hard[at])]
    messages = list(pack(mixed))
    assert all(message.size <= 1.1 * TARGET_BODY for message in messages)
    assert sum(message.appid == "hard" for message in messages) < 2_000 * 2_000 * 1.2 / TARGET_BODY


def hours_of(message: Packed) -> int:
    return message.max_ts // HOUR - message.min_ts // HOUR + 1


def test_messages_end_with_the_hour_where_they_are_large_enough():
    records = made(20_000, step=HOUR // 11_000)
    messages = list(pack(records))
    assert sum(hours_of(message) == 1 for message in messages) > 0.8 * len(messages)
    without_cuts = len(list(pack(made(20_000))))
    assert len(messages) <= without_cuts + 4


def test_a_sparse_file_is_not_cut_at_each_hour():
    records = made(480, step=3 * MINUTE)  # half a day has twelve hours
    messages = list(pack(records))
    assert [message.max_ts // DAY for message in messages] == sorted({record.ts // DAY for record in records})


def test_hours_in_turn_do_not_cut_at_each_record():
    records = made(2_000, step=0)
    swinging = [
        Record(one.appid, one.event_id, one.ts + number % 2 * HOUR, one.level, one.message, one.seq)
        for number, one in enumerate(records)
    ]
    assert len(list(pack(swinging))) <= 3


def test_a_message_of_a_file_spans_few_of_its_blocks():
    records = [
        Record("checkout", f"event-{number}", NOON + number * SECOND, "INFO", "x", number * BLOCK)
        for number in range(40)
    ]
    for message in pack(records, "f" * 16):
        assert message.count <= MAX_BLOCKS
    assert len(list(pack(records))) == 1


@pytest.mark.parametrize("text", ["\x00", '"', "\\", "\u2028", "é", "\ud83d"])
def test_texts_that_grow_when_they_are_encoded_stay_within_the_limits(text):
    chance = random.Random(3)
    records = [
        Record(
            "checkout",
            f"{chance.getrandbits(96):024x}",
            NOON,
            "INFO",
            text * 15_000,
            number,
            {text: text * 900},
        )
        for number in range(400)
    ]
    messages = list(pack(records))
    assert sum(message.count for message in messages) == len(records)
    for message in messages:
        assert message.size <= SQS_LIMIT
        assert len(unpack(message.body, group="checkout", deduplication_id="d", sent_at=NOON).records)


def test_the_limits_of_the_consumer_leave_room():
    assert MAX_RECORDS < limits.MAX_RECORDS
    assert 2 * MAX_PLAIN <= limits.MAX_PLAIN
    assert 4 * (TARGET_BODY + 1_000) < SQS_LIMIT < 4 * 1.1 * TARGET_BODY
