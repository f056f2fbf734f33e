"""Sending against a queue that refuses, stalls and breaks: each app in order, each message once."""

from __future__ import annotations

import random
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError

from logctl.core.envelope import SQS_LIMIT
from logctl.core.unpacking import group_appid
from logctl.ops.send.message_spool import MessageSpool
from logctl.ops.send.packing import Packed
from logctl.ops.send.sender import Outgoing, RefusedByQueue, Sender
from logctl.ops.send.shards import AUTOMATIC, Shards


class Queue:
    """A fake SQS: keeps what it accepts, per group and in order, and fails as it is told."""

    def __init__(self) -> None:
        self.accepted: dict[str, list[str]] = {}
        self.requests: list[int] = []
        self.refuse: dict[str, int] = {}
        self.sender_fault: set[str] = set()
        self.breaks_after: int | None = None
        self.damages: list[Exception | None] = []
        self._lock = Lock()

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        with self._lock:
            if self.breaks_after is not None and len(self.requests) >= self.breaks_after:
                raise EndpointConnectionError(endpoint_url=QueueUrl)
            self.requests.append(len(Entries))
            assert 1 <= len(Entries) <= 10
            assert sum(len(entry["MessageBody"]) for entry in Entries) <= SQS_LIMIT
            failed, taken = [], []
            for entry in Entries:
                batch_id = entry["MessageDeduplicationId"]
                if batch_id in self.sender_fault or self.refuse.get(batch_id, 0) > 0:
                    self.refuse[batch_id] = self.refuse.get(batch_id, 0) - 1
                    failed.append(
                        {
                            "Id": entry["Id"],
                            "Code": "Busy",
                            "Message": "later",
                            "SenderFault": batch_id in self.sender_fault,
                        }
                    )
                else:
                    self.accepted.setdefault(entry["MessageGroupId"], []).append(batch_id)
                    taken.append({"Id": entry["Id"]})
            if self.damages:
                damage = self.damages.pop(0)
                if damage:
                    raise damage
                return {}  # botocore's reading of a reply that was cut
            return {"Successful": taken, "Failed": failed}


def outgoing(app: str, number: int, size: int = 100) -> Outgoing:
    return Outgoing(Packed(app, f"{app}-{number}", "x" * size, 10, number * 10 + 1, 0, 0), "app.log")


def sender(queue: Queue, **options: Any) -> Sender:
    return Sender(queue, "http://queue", sleep=lambda seconds: None, **options)  # type: ignore[arg-type]


def test_ten_a_request_and_each_app_in_order():
    queue, apps = Queue(), [f"app{n}" for n in range(20)]
    messages = [outgoing(app, number) for number in range(35) for app in apps]
    result = sender(queue).send(iter(messages))
    assert (result.messages, result.records, result.unsent) == (700, 7000, ())
    assert queue.accepted == {app: [f"{app}-{number}" for number in range(35)] for app in apps}
    assert max(queue.requests) == 10


@pytest.mark.proves("B15")
def test_large_messages_share_requests_only_as_far_as_they_fit():
    queue = Queue()
    result = sender(queue).send(outgoing("a", n, size=SQS_LIMIT // 3) for n in range(7))
    assert result.unsent == ()
    assert queue.requests == [3, 3, 1]


@pytest.mark.proves("F23")
def test_only_what_failed_is_sent_again_and_before_anything_later():
    queue = Queue()
    queue.refuse = {"a-3": 2, "a-7": 1}
    result = sender(queue).send(outgoing("a", n) for n in range(15))
    assert result.unsent == ()
    assert queue.requests == [10, 2, 1, 5]
    assert queue.accepted["a"][:10] == [f"a-{n}" for n in (0, 1, 2, 4, 5, 6, 8, 9, 7, 3)]
    assert queue.accepted["a"][10:] == [f"a-{n}" for n in range(10, 15)]


def test_what_the_queue_will_never_take_stops_the_send_and_is_named():
    queue = Queue()
    queue.sender_fault = {"a-12"}
    result = sender(queue).send(outgoing("a", n) for n in range(40))
    assert isinstance(result.error, RefusedByQueue)
    assert result.unsent[0].message.batch_id == "a-12"
    assert result.messages + len(result.unsent) == 40


@pytest.mark.proves("F28")
def test_only_what_a_reply_names_as_taken_counts_as_taken():
    """A reply that was cut reads as an empty one: a message refused in it must not count as sent."""
    queue = Queue()
    queue.refuse = {"a-3": 1}
    queue.damages = [None, ResponseParserError("not XML"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "no")]
    result = sender(queue).send(outgoing("a", n) for n in range(5))
    assert (result.messages, result.unsent, result.error) == (5, (), None)
    assert set(queue.accepted["a"]) == {f"a-{n}" for n in range(5)}

    queue.damages = [None] * 100
    result = sender(queue).send([outgoing("a", 9)])
    assert "damaged" in str(result.error)
    assert [item.message.batch_id for item in result.unsent] == ["a-9"]


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_queue_that_goes_away_leaves_nothing_unnamed(after):
    queue = Queue()
    queue.breaks_after = after
    told: list[int] = []
    result = sender(queue, on_accepted=told.append).send(outgoing("a", n) for n in range(100))
    assert isinstance(result.error, EndpointConnectionError)
    assert result.messages == 10 * after
    assert [item.message.batch_id for item in result.unsent] == [f"a-{n}" for n in range(10 * after, 100)]
    assert sum(told) == result.records == 100 * after
    assert result.unsent_records == 1000 - 100 * after


@pytest.mark.proves("F23")
def test_random_refusals_lose_and_double_nothing():
    random_ = random.Random(7)
    queue = Queue()
    messages = [outgoing(random_.choice("abcdef"), n) for n in range(500)]
    queue.refuse = {item.message.batch_id: random_.randrange(3) for item in messages}
    result = sender(queue).send(iter(messages))
    assert result.unsent == ()
    sent = sorted(batch for batches in queue.accepted.values() for batch in batches)
    assert sent == sorted(item.message.batch_id for item in messages)


def test_an_input_that_breaks_ends_the_send_with_its_own_error():
    def broken():
        yield outgoing("a", 1)
        raise ValueError("the file is damaged")

    queue = Queue()
    with pytest.raises(ValueError, match="damaged"):
        sender(queue).send(broken())


def test_a_pause_sends_what_waits():
    queue = Queue()
    result = sender(queue).send([outgoing("a", 0), None, outgoing("a", 1), outgoing("a", 2), None, None])
    assert result.messages == 3
    assert queue.requests == [1, 2]


def test_pauses_are_noticed_once_and_errors_come_through():
    import time

    from logctl.ops.send.stream_pauses import with_pauses

    def slow():
        yield 1
        yield 2
        time.sleep(0.5)
        yield 3
        raise ValueError("broken")

    seen: list[int | None] = []
    with pytest.raises(ValueError, match="broken"):
        for item in with_pauses(slow(), 0.1):
            seen.append(item)
    assert seen == [1, 2, None, 3]
    assert list(with_pauses(iter([1, 2]), 5)) == [1, 2]


def test_sending_until_accepted_outlasts_an_outage():
    queue = Queue()
    queue.breaks_after = 1
    told: list[str] = []

    def mend(seconds: float) -> None:
        queue.breaks_after = None

    Sender(queue, "http://queue", sleep=mend).send_until_accepted(
        [outgoing("a", n) for n in range(25)], on_trouble=told.append
    )
    assert queue.accepted["a"] == [f"a-{n}" for n in range(25)]
    assert len(told) == 2


def test_a_pipe_in_the_place_of_a_file_is_read_once(tmp_path):
    import os
    import threading

    from logctl.ops.send.input_messages import Inputs

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text('{"msg": "one"}\nbad\n{"msg": "two"}\n'))
    writer.start()
    inputs = Inputs([str(pipe)], "a", "host")
    with MessageSpool() as spool:
        inputs.spool_files(spool)
        assert (spool.end, inputs.refused) == (0, [])
        messages = [message for message in inputs.messages(spool) if message]
    writer.join()
    assert sum(item.message.count for item in messages) == 3
    assert inputs.refused == []


# ── Shards ──────────────────────────────────────────────────────────────────────────────────────────


def of_source(source: str, number: int, count: int = 100, app: str = "a") -> Outgoing:
    message = Packed(app, f"{app}-{source}-{number}", "x", count, number, 0, 0, source)
    return Outgoing(message, source)


def groups(queue: Queue) -> dict[str, set[str]]:
    """Return the sources of the messages in each group."""
    return {group: {one.split("-")[1] for one in ids} for group, ids in queue.accepted.items()}


def test_without_shards_all_files_of_an_app_are_in_its_group():
    queue = Queue()
    sender(queue).send(of_source(f"{n % 9}", n) for n in range(90))
    assert set(queue.accepted) == {"a"}


def test_each_source_stays_in_its_shard_and_in_order():
    queue = Queue()
    messages = [of_source(f"file{n % 40}", n) for n in range(400)]
    queue.refuse = {item.message.batch_id: n % 2 for n, item in enumerate(messages)}
    result = sender(queue, shards=Shards(8)).send(iter(messages))
    assert result.unsent == ()
    assert set(queue.accepted) == {f"a.{n}" for n in range(8)}
    assert all(group_appid(group) == "a" for group in queue.accepted)
    sources = [source for found in groups(queue).values() for source in found]
    assert len(sources) == len(set(sources)) == 40
    again = Queue()
    sender(again, shards=Shards(8)).send(reversed(messages))
    assert groups(again) == groups(queue)


def test_messages_of_no_source_are_in_the_group_of_the_app():
    assert Shards(8).group_of(of_source("", 1).message) == "a"


def test_sources_that_begin_at_a_high_rate_are_in_shards_and_earlier_ones_stay():
    now = 0.0
    shards = Shards(AUTOMATIC, clock=lambda: now)
    chosen: dict[str, set[str]] = {}
    for number in range(300):
        for source in ("old", f"file{number // 20}"):
            chosen.setdefault(source, set()).add(shards.group_of(of_source(source, number, 1_000).message))
        now += 0.1  # 20,000 records a second
    assert chosen.pop("old") == {"a"}
    assert chosen.pop("file0") == {"a"}
    assert all(len(found) == 1 for found in chosen.values())
    assert len({group for found in chosen.values() for group in found} - {"a"}) > 3
    now += 60
    assert shards.group_of(of_source("late", 0, 1).message) != ""
    now += 60
    assert shards.group_of(of_source("quiet", 0, 1).message) == "a"


def test_one_app_at_a_high_rate_does_not_divide_another():
    now = 0.0
    shards = Shards(AUTOMATIC, clock=lambda: now)
    for number in range(50):
        shards.group_of(of_source(f"s{number}", number, 5_000).message)
        assert shards.group_of(of_source(f"s{number}", number, 10, app="b").message) == "b"
        now += 0.1
