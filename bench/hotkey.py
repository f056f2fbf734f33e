"""How many events of one debounce key a second are counted, against counting each event by itself, in one run.

`python -m bench hotkey`. One kind of error, in messages as `send` packs them, goes through the consumer (S3, hot
rows, count and alert) of the sandbox, message after message, as one FIFO group comes. Beside it the same count
with a transaction an event, which is what a consumer without packing has to do.

On AWS the bound is DynamoDB's 1,000 write units a second on the state's item, and a transaction costs two for
each kilobyte (Amazon DynamoDB Developer Guide, Best practices for partition keys; Transactions): 500 messages a
second for a key, so half a million events of full messages, and 500 events with a transaction each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from bench.environment import environment
from logctl.core.debounce import tally
from logctl.core.records import Record, derive_id
from logctl.core.times import MINUTE, iso
from logctl.ops.consume import consumer_for
from logctl.ops.deployment import Deployment
from logctl.ops.send.object_records import from_mapping
from logctl.ops.send.packing import Packed, pack
from logctl.pipeline.stores.alert_states import AlertStore

EVENTS = 50_000
ONE_BY_ONE = 500


def main() -> None:
    with environment() as deployment:
        now = time.time_ns() // 1_000_000
        messages = list(pack(errors("hot", EVENTS, now)))
        whole = per_second(EVENTS, lambda: consume(deployment, messages))
        store = AlertStore(deployment.aws.dynamodb, deployment.names.alerts_table)
        (state,) = store.attention()
        assert (state.key.appid, state.seen) == ("hot", EVENTS)
        single = per_second(ONE_BY_ONE, lambda: count_each(store, errors("single", ONE_BY_ONE, now), now))
    print(f"{EVENTS:,} errors of one key in {len(messages)} messages, events counted a second:")
    print(f"  consumer, from message to alert  {whole:>10,.0f}  {whole / single:>7.0f} x")
    print(f"  one transaction an event         {single:>10,.0f}  {1:>7} x")


def errors(app: str, count: int, now: int) -> Iterator[Record]:
    for number in range(count):
        text = f"payment gateway timed out after {number} ms"
        yield from_mapping(
            {"timestamp": iso(now), "level": "error", "message": text},
            appid=app,
            seq=number,
            sent_at=now,
            fallback_id=derive_id(app, number),
        )


def consume(deployment: Deployment, messages: Sequence[Packed]) -> None:
    consumer = consumer_for(deployment)
    for at in range(0, len(messages), 10):
        batch = [lambda_record(message) for message in messages[at : at + 10]]
        assert consumer.process({"Records": batch}) == {"batchItemFailures": []}


def lambda_record(message: Packed) -> dict[str, object]:
    attributes = {
        "MessageGroupId": message.appid,
        "MessageDeduplicationId": message.batch_id,
        "SentTimestamp": str(message.max_ts),
        "SequenceNumber": f"{message.first_line:020}",
    }
    return {"messageId": message.batch_id, "body": message.body, "attributes": attributes}


def count_each(store: AlertStore, records: Iterator[Record], now: int) -> None:
    for record in records:
        (addition,) = tally([record], "ERROR")
        assert store.count(record.event_id, [addition], now=now, window=MINUTE).added


def per_second(events: int, work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return events / (time.perf_counter() - began)
