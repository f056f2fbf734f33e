"""One line of one file is one record, however it is sent: through the real sender's parts and the consumer."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from logctl.core.deduplication import BLOCK, KEPT, MAX_BLOCKS
from logctl.core.formats.original import restore
from logctl.core.records import TS_DERIVED, Record, Rejected, derive_id, from_cold
from logctl.core.times import DAY, SECOND
from logctl.core.unpacking import unpack
from logctl.ops.send.followed_content import SETTLE
from logctl.ops.send.followed_file import FollowedFile
from logctl.ops.send.input_files import read_entries
from logctl.ops.send.input_forms import Errors, Form, Requested
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.line_reader import LineReader
from logctl.ops.send.packing import MAX_RECORDS, Packed, Packer, pack
from logctl.ops.send.record_identity import Source
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.split_records import split
from tests.helpers.stored import lines_of, records_in

HOST = "one"


class World:
    """A file, who follows and sends it, and the pipeline behind."""

    def __init__(self, pipeline: Pipeline, folder: Path) -> None:
        self.pipeline, self.folder = pipeline, folder
        self.path = folder / "app.log"
        self.host = HOST
        self.sent = 0
        self.followed: FollowedFile | None = None

    def append(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    # ── Sending ─────────────────────────────────────────────────────────────────────────────────────

    def deliver(self, messages: Iterable[Packed]) -> None:
        for message in messages:
            self.sent += 1
            reply = self.pipeline.consumer.process(
                {
                    "Records": [
                        {
                            "messageId": f"m{self.sent}",
                            "body": message.body,
                            "attributes": {
                                "MessageGroupId": message.appid,
                                "MessageDeduplicationId": message.batch_id,
                                "SequenceNumber": f"{self.sent:020d}",
                                "SentTimestamp": str(self.pipeline.clock.now),
                                "ApproximateReceiveCount": "1",
                            },
                        }
                    ]
                }
            )
            assert reply == {"batchItemFailures": []}

    def send(self, path: Path | None = None, **options: Any) -> None:
        inputs = Inputs([str(path or self.path)], "shop", self.host, **options)
        self.deliver([outgoing.message for outgoing in inputs.messages() if outgoing])

    def follow(self, *, commit: bool = True, from_end: bool = False) -> None:
        """Until there is nothing more; without `commit` the process dies after it sent the first batch."""
        if self.followed is None:
            self.followed = FollowedFile(
                self.path, app="shop", state_dir=self.folder / "state", from_end=from_end
            )
        idle = 0
        while idle < 5:
            self.pipeline.clock.advance(SETTLE)
            batch = self.followed.poll(self.pipeline.clock.now)
            idle = 0 if batch else idle + 1
            if batch:
                source = Source("shop", batch.read_at, batch.read_at, "", self.host)
                self.deliver(pack(split(batch.entries, source)[0], batch.source))
                if not commit:
                    self.stop()
                    return
                batch.commit()

    def stop(self) -> None:
        if self.followed is not None:
            self.followed.close()
        self.followed = None

    def lose_state(self) -> None:
        self.stop()
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    # ── What is stored ──────────────────────────────────────────────────────────────────────────────

    def cold(self) -> list[str]:
        keys = self.pipeline.keys("logs/")
        rows = [line for key in keys for line in lines_of(key, self.pipeline.read(key))]
        assert len({row["event_id"] for row in rows}) == len(rows)
        return sorted(restore(from_cold(row, "shop")) for row in rows)

    def hot(self) -> list[str]:
        rows = [record for item in self.pipeline.hot_rows() for record in records_in(item)]
        return sorted(restore(record) for record in rows)

    def counted(self) -> int:
        items = self.pipeline.aws.dynamodb.scan(TableName=self.pipeline.config.alerts_table)["Items"]
        return sum(int(item["seen"]["N"]) for item in items if "seen" in item)

    def assert_stored(self, lines: Iterable[str]) -> None:
        expected = sorted(lines)
        assert self.cold() == expected
        assert self.hot() == expected
        assert self.counted() == sum("ERROR" in line for line in expected)


@pytest.fixture
def world(pipeline: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("logctl.ops.send.input_messages.wall_clock", pipeline.clock)
    world = World(pipeline, tmp_path)
    yield world
    world.stop()


DATED = [f"2026-01-31 11:59:{n:02d} {'ERROR' if n % 3 == 0 else 'INFO'} line {n % 4}" for n in range(20)]
UNDATED = ["ERROR down", "started", "ERROR down", "started", "ok", "ERROR down"]
OBJECTS = [json.dumps({"ts": NOON - 60_000 + n, "level": "error", "msg": f"{n} ERROR"}) for n in range(9)]
OBJECTS[3:5] = ['{"level": "error", "msg": "ERROR undated"}'] * 2
KINDS = pytest.mark.parametrize("lines", [DATED, UNDATED, OBJECTS], ids=["dated", "undated", "json"])


def followed_in_pieces(world: World, lines: list[str]) -> None:
    for start in range(0, len(lines), 3):
        world.append("".join(f"{line}\n" for line in lines[start : start + 3]))
        world.follow()


@pytest.mark.slow
@KINDS
def test_followed_and_then_sent_in_every_way(world: World, tmp_path: Path, lines: list[str]) -> None:
    followed_in_pieces(world, lines)
    copy, packed, link = tmp_path / "other.txt", tmp_path / "other.gz", tmp_path / "link"
    shutil.copy(world.path, copy)
    os.utime(copy, (1_000_000_000, 1_000_000_000))
    packed.write_bytes(gzip.compress(world.path.read_bytes()))
    link.symlink_to(world.path)
    for path in (world.path, copy, packed, link):
        world.send(path)
        world.send(path, errors=Errors.REPLACE, form=Requested.JSON if lines is OBJECTS else Requested.TEXT)
    world.assert_stored(lines)


@pytest.mark.slow
@KINDS
def test_sent_and_then_followed_without_a_checkpoint(world: World, lines: list[str]) -> None:
    world.append("".join(f"{line}\n" for line in lines[:4]))
    world.send()
    world.append("".join(f"{line}\n" for line in lines[4:]))
    world.follow()
    world.lose_state()
    world.follow()
    world.send()
    world.assert_stored(lines)


@pytest.mark.slow
def test_a_batch_sent_and_not_committed(world: World) -> None:
    world.append("".join(f"{line}\n" for line in DATED))
    world.follow(commit=False)
    world.send()
    world.follow()
    world.assert_stored(DATED)


@pytest.mark.slow
def test_the_file_goes_on_under_another_name(world: World, tmp_path: Path) -> None:
    followed_in_pieces(world, DATED[:10])
    world.path.rename(tmp_path / "app.log.1")
    followed_in_pieces(world, DATED[10:])
    world.send(tmp_path / "app.log.1")
    world.send()
    world.assert_stored(DATED)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["rename", "truncate"])
def test_a_new_file_that_begins_like_the_old_one_has_new_events(
    world: World, tmp_path: Path, way: str
) -> None:
    """`started` again is not a copy of the first `started`; whoever sees the rotation knows that."""
    written = []
    for generation in range(4):
        lines = [*UNDATED[:3], f"generation {generation}"]
        followed_in_pieces(world, lines)
        written += lines
        if way == "rename":
            world.path.rename(tmp_path / f"app.log.{9 - generation}")
        else:
            shutil.copy(world.path, tmp_path / f"copy.{generation}")
            os.truncate(world.path, 0)
    for old in [*tmp_path.glob("app.log.*"), *tmp_path.glob("copy.*")]:
        world.send(old)
    world.assert_stored(written)


def test_a_follower_that_was_killed_knows_what_the_old_file_began_with(world: World) -> None:
    followed_in_pieces(world, ["started", "ERROR one"])
    world.stop()
    os.truncate(world.path, 0)
    followed_in_pieces(world, ["started", "ERROR two"])
    world.assert_stored(["started", "ERROR one", "started", "ERROR two"])


@pytest.mark.slow
@KINDS
def test_a_copy_in_the_place_of_the_followed_file_is_the_file(
    world: World, tmp_path: Path, lines: list[str]
) -> None:
    """A container starts again, and its volume has other inodes."""
    followed_in_pieces(world, lines[:4])
    world.stop()
    shutil.copy(world.path, tmp_path / "copy")
    world.path.rename(tmp_path.parent / f"{tmp_path.name}.away")
    (tmp_path / "copy").rename(world.path)
    followed_in_pieces(world, lines[4:])
    world.assert_stored(lines)


@pytest.mark.slow
def test_followed_from_the_end_and_then_sent(world: World) -> None:
    world.append("".join(f"{line}\n" for line in DATED[:10]))
    world.follow(from_end=True)
    world.assert_stored([])
    followed_in_pieces(world, DATED[10:])
    world.assert_stored(DATED[10:])
    world.send()
    world.assert_stored(DATED)


def test_bad_lines_do_not_move_the_good_ones(world: World) -> None:
    """`--errors strict --continue-on-error`, and then without."""
    lines = [DATED[0].encode(), b"caf\xe9", DATED[1].encode()]
    world.path.write_bytes(b"".join(line + b"\n" for line in lines))
    world.send(errors=Errors.STRICT)
    assert world.cold() == DATED[:2]
    world.send()
    world.send(errors=Errors.REPLACE)
    assert world.cold() == [*DATED[:2], "café"]


def test_the_rest_of_a_stack_trace_that_comes_late_is_no_second_error(world: World) -> None:
    world.append(f"{DATED[0]}\n")
    world.follow()
    world.append("  at a.B.c(B.java:5)\n")
    world.follow()
    before = world.cold(), world.counted()
    world.send()
    assert (world.cold(), world.counted()) == before


@pytest.mark.slow
def test_undated_lines_of_two_hosts_stay_apart_and_dated_ones_are_the_same(world: World) -> None:
    world.append("started\n" + DATED[0] + "\n")
    world.send()
    world.host = "two"
    world.send()
    world.assert_stored(["started", "started", DATED[0]])


def test_a_named_source_is_another_source(world: World) -> None:
    world.append(f"{DATED[0]}\n")
    for name in ("", "a", "b", "a"):
        world.send(name=name)
    world.assert_stored([DATED[0]] * 3)


def test_times_decide_nothing(world: World) -> None:
    """Undated records keep the time of their first sighting; a later copy adds nothing a day later."""
    world.append("started\nERROR down\n")
    os.utime(world.path, (NOON // 1000, NOON // 1000))
    world.send()
    world.pipeline.clock.advance(DAY)
    os.utime(world.path, (NOON // 1000 + 86_400, NOON // 1000 + 86_400))
    world.send()
    world.assert_stored(["started", "ERROR down"])
    assert {key.partition("/appid")[0] for key in world.pipeline.keys("logs/")} == {
        "logs/year=2026/month=01/day=31"
    }


def test_json_without_a_time_has_the_last_one_before_it(world: World) -> None:
    world.path.write_text('{"ts": "2026-01-30T00:00:00Z", "msg": "a"}\n{"msg": "b"}\n[1]\n{"msg": "c"}\n')
    world.send()
    (row,) = world.pipeline.hot_rows()
    found = records_in(row)
    assert len({record.ts for record in found}) == 1
    assert [TS_DERIVED in record.flags for record in found] == [False, True, False, True]


def test_standard_input_from_a_file_is_the_file_and_a_pipe_is_new(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.append("started\n" + DATED[0] + "\n")
    world.send()
    with world.path.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        world.send(Path("-"))
    world.assert_stored(["started", DATED[0]])
    for _ in range(2):
        reading, writing = os.pipe()
        os.write(writing, world.path.read_bytes())
        os.close(writing)
        with os.fdopen(reading) as pipe:
            monkeypatch.setattr("sys.stdin", pipe)
            world.send(Path("-"))
    world.assert_stored(["started"] * 3 + [DATED[0]])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_all_of_it(world: World, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    made = chance.choice(["dated", "undated"])
    written: list[str] = []
    for step in range(25):
        what = chance.choice(["append", "append", "follow", "die", "send", "copy", "lose", "rotate", "gz"])
        if what == "append":
            for _ in range(chance.randrange(1, 5)):
                text = f"{'ERROR' if chance.random() < 0.3 else 'INFO'} x{chance.randrange(3)}"
                line = f"2026-01-31 12:{len(written):02d}:00 {text}" if made == "dated" else f"{text}: y"
                # A file without times is told from its copies by its first line alone.
                if not world.path.exists() and made == "undated":
                    line += f" file {step}"
                written.append(line)
                world.append(f"{line}\n")
        elif what == "follow":
            world.follow()
        elif what == "die":
            world.follow(commit=False)
        elif what == "lose":
            world.lose_state()
        elif what == "rotate" and world.path.exists():
            world.path.rename(tmp_path / f"app.log.{90 - step}")
        elif world.path.exists():
            files = [*tmp_path.glob("app.log*")]
            chosen = chance.choice(files)
            copy = tmp_path / "copies"
            data = chosen.read_bytes()
            copy.write_bytes(gzip.compress(data) if what == "gz" else data)
            world.send(chosen if what == "send" else copy)
    world.stop()
    for path in tmp_path.glob("app.log*"):
        world.send(path)
    world.assert_stored(written)


# ── The parts ───────────────────────────────────────────────────────────────────────────────────────


def numbered(count: int, *, step: int = 100) -> list[Record]:
    return [Record("shop", derive_id(n), NOON, "INFO", str(n), n * step) for n in range(count)]


def test_what_is_known_lasts_for_its_time_and_is_of_one_file_and_app(pipeline: Pipeline) -> None:
    world = World(pipeline, Path())
    first, second = numbered(3), numbered(5)
    world.deliver(pack(first, "a" * 16))
    world.deliver(pack(second, "b" * 16))
    assert len(world.hot()) == 8
    pipeline.clock.advance(KEPT - SECOND)
    world.deliver(pack(second[:4], "a" * 16))
    assert Counter(world.hot())["3"] == 2
    assert Counter(world.hot())["0"] == 2
    pipeline.clock.advance(KEPT)
    world.deliver(pack(second[1:4], "a" * 16))
    assert Counter(world.hot())["1"] == 3


def test_a_message_that_fails_half_way_is_not_known(pipeline: Pipeline) -> None:
    from tests.helpers.messages import break_, event, mend, packed, sqs

    records = numbered(4)
    (message,) = pack(records, "a" * 16)
    break_(pipeline.aws.dynamodb, "PutItem", lambda params: "_file#" in str(params))
    assert pipeline.consumer.process(event(sqs(message.body, group="shop")))["batchItemFailures"]
    mend(pipeline.aws.dynamodb, "PutItem")
    world = World(pipeline, Path())
    world.deliver([message])
    world.deliver([message])
    world.deliver(pack(records[1:3], "a" * 16))
    assert world.cold() == world.hot() == ["0", "1", "2", "3"]
    assert packed(records)  # without a source: as before


def test_a_message_that_is_stored_and_not_counted_is_counted_when_it_comes_again(pipeline: Pipeline) -> None:
    """Its own marks are there by then."""
    from tests.helpers.messages import break_, event, mend, sqs

    world = World(pipeline, Path())
    records = [replace(record, level="ERROR") for record in numbered(4)]
    (message,) = pack(records, "a" * 16)
    break_(pipeline.aws.dynamodb, "TransactWriteItems")
    pipeline.consumer.process(event(sqs(message.body, group="shop")))
    mend(pipeline.aws.dynamodb, "TransactWriteItems")
    assert (world.counted(), len(world.hot())) == (0, 4)
    pipeline.consumer.process(event(sqs(message.body, group="shop", receives=2)))
    assert (world.counted(), len(world.hot())) == (4, 4)
    world.deliver(pack(records[:2], "a" * 16))
    assert (world.counted(), len(world.hot())) == (4, 4)


def test_a_message_spans_no_more_blocks_than_are_looked_up() -> None:
    far = numbered(MAX_RECORDS, step=BLOCK // 10)
    messages = list(pack(far, "a" * 16))
    assert len(messages) == -(-MAX_RECORDS // (10 * MAX_BLOCKS))
    assert len(list(pack(far))) == 1


@pytest.mark.parametrize("source", ["A" * 16, "a" * 15, "a" * 17, "a" * 15 + "\n", "../" + "a" * 13])
def test_a_source_that_is_none(source: str) -> None:
    packer = Packer(source)
    packer.add(numbered(1)[0])
    (message,) = packer.flush()
    with pytest.raises(Rejected, match="source"):
        unpack(message.body, group="shop", deduplication_id="", sent_at=NOON)


def test_an_envelope_of_an_earlier_version_has_no_source() -> None:
    (message,) = pack(numbered(2))
    assert "source" not in json.loads(message.body)
    assert unpack(message.body, group="shop", deduplication_id="", sent_at=NOON).source == ""


def test_a_line_s_trail_is_of_all_lines_before_it() -> None:
    def chains(text: bytes) -> list[str]:
        reader = LineReader(Form.TEXT, errors=Errors.STRICT, reference=NOON)
        return [item.chain for item in reader.read(io.BytesIO(text), final=True)]  # type: ignore[union-attr]

    whole = chains(b"a\na\nb\n")
    assert len(set(whole)) == 3
    assert chains(b"a\na\nb") == whole
    assert chains(b"a\r\na\r\nb\r\n") == whole
    assert chains(b"a\na\n") == whole[:2]
    assert chains(b"ab\na\nb\n")[2] != whole[2]
    assert chains(b"a\nab\n")[0] == whole[0]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (
            "started\n2026-01-31 11:59:01 INFO one\n2026-01-31 11:59:02,5 ERROR two\n"
            'Traceback (most recent call last):\n  File "/x.py", line 9\nValueError: x\n'
            "ERROR: three\n2026-02-30 11:59:03 INFO four\n",
            ["2958028ed622b90dca105f64", "9e1bc39094535ca40f60d0db", "e356e71c5ac34e607b8346bb"]
            + ["aceb8a01dfc1301b93b536e3", "7abaaa152655b5f7105c5df0"],
        ),
        (
            '{"msg":"a"}\n{"ts":"2026-01-30T00:00:00Z","msg":"b"}\n{"msg":"c"}\n\n'
            '{"event_id":"abcdefgh1234","msg":"d"}\n',
            ["c4c922695790f5ac2784da7c", "70f6a638e64be20084d670fc", "d143c3111c6b8a11e8e89d83"]
            + ["abcdefgh1234"],
        ),
        (
            '[{"msg":"a"},\n {"ts":"2026-01-30T00:00:00Z","msg":"b"}]',
            ["c4c922695790f5ac2784da7c", "70f6a638e64be20084d670fc"],
        ),
    ],
)
def test_ids_are_those_of_version_0_2(text: str, ids: list[str]) -> None:
    """What was sent by it and is sent again adds nothing."""
    entries = read_entries(io.BytesIO(text.encode()), reference=NOON)
    found, _ = split(entries, Source("shop", NOON, NOON, "", "host"))
    assert [record.event_id for record in found] == ids
