"""During an upgrade: older senders beside this version, and what older consumers stored beside what is stored now."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import time
from collections import Counter

import zstandard

from logctl.core.envelope import batch_id_of
from logctl.core.partitions import Partition
from logctl.core.records import Record
from logctl.core.times import DAY, HOUR, SECOND, iso
from logctl.ops.send.packing import pack
from logctl.pipeline.stores.catalog import Catalog
from tests.helpers.sandbox import Cli, eventually
from tests.helpers.stored import cold_of_version_1, wire_of_version_1


def now() -> int:
    return time.time_ns() // 1_000_000


def made(app: str, what: str, count: int, start: int) -> list[Record]:
    return [
        Record(app, hashlib.sha256(f"{app} {what} {n}".encode()).hexdigest()[:24], start + n, "WARN" if n % 10 == 0 else "INFO", f"{what} {n}", n, {"n": n})
        for n in range(count)
    ]  # fmt: skip


def envelope_of_version_1(app: str, records: list[Record]) -> tuple[str, str]:
    """Return the batch id and the body of a message as an older `send` wrote it."""
    plain = b"\n".join(json.dumps(wire_of_version_1(record)).encode() for record in records)
    batch_id = batch_id_of(app, plain)
    data = base64.b64encode(zstandard.ZstdCompressor(level=6).compress(plain)).decode()
    return batch_id, json.dumps(
        {
            "logctl": 1,
            "appid": app,
            "batch_id": batch_id,
            "count": len(records),
            "encoding": "zstd",
            "data": data,
        }
    )


def deliver(cli: Cli, app: str, batch_id: str, body: str) -> None:
    deployment = cli.deployment
    deployment.aws.sqs.send_message(
        QueueUrl=deployment.queue_url(), MessageBody=body, MessageGroupId=app, MessageDeduplicationId=batch_id
    )


def store_as_version_1(cli: Cli, app: str, records: list[Record]) -> None:
    """Put records where an older consumer put them, in its forms."""
    deployment, batch_id = cli.deployment, hashlib.sha256(app.encode()).hexdigest()[:32]
    partition = Partition.at(records[0].ts, app)
    lines = "\n".join(json.dumps(cold_of_version_1(record, batch_id)) for record in records) + "\n"
    deployment.aws.s3.put_object(
        Bucket=deployment.bucket,
        Key=f"{partition.prefix}{batch_id}.json.gz",
        Body=gzip.compress(lines.encode()),
    )
    names = deployment.names
    catalog = Catalog(
        deployment.aws.glue, database=names.database, table=names.table, bucket=deployment.bucket
    )
    assert catalog.register([partition]) == []
    newest = max(record.ts for record in records)
    plain = json.dumps([wire_of_version_1(record) for record in records]).encode()
    levels = Counter(record.level for record in records)
    deployment.aws.dynamodb.put_item(
        TableName=names.hot_table,
        Item={
            "app": {"S": app},
            "chunk": {"S": f"{newest:013d}#{batch_id}#0"},
            "batch_id": {"S": batch_id},
            "part": {"N": "0"},
            "min_ts": {"N": str(records[0].ts)},
            "max_ts": {"N": str(newest)},
            "count": {"N": str(len(records))},
            "levels": {"M": {level: {"N": str(count)} for level, count in levels.items()}},
            "data": {"B": zstandard.ZstdCompressor(level=3).compress(plain)},
            "order": {"S": "0" * 20},
            "arrived": {"N": str(now())},
            "expires_at": {"N": str((now() + DAY) // SECOND)},
        },
    )


def test_messages_objects_and_rows_of_two_versions_are_read_as_one(pipeline: Cli) -> None:
    app, start = "mixed", now() // HOUR * HOUR + 1
    old, sent_old, sent_new = made(app, "stored before", 30, start), made(app, "sent before", 40, start), made(app, "sent now", 2_000, start)  # fmt: skip
    store_as_version_1(pipeline, app, old)
    batch_id, body = envelope_of_version_1(app, sent_old)
    deliver(pipeline, app, batch_id, body)
    for message in pack(sent_new):
        deliver(pipeline, app, message.batch_id, message.body)
    everything = Counter(record.event_id for record in (*old, *sent_old, *sent_new))

    def tailed() -> list[dict]:
        found = pipeline.run("tail", app, "-s", iso(start - HOUR), "-n", "100000", "-o", "json").lines
        return found if len(found) >= len(everything) else []

    found = eventually(tailed, what="every record in tail")
    assert Counter(record["event_id"] for record in found) == everything
    assert all(record["fields"] == {"n": int(record["message"].split()[-1])} for record in found)
    rows = pipeline.run(
        "athena", "query", "-o", "json",
        f"SELECT event_id, message, fields, cardinality(flags) AS flags, batch_id FROM logs WHERE appid = '{app}'",
    ).json  # fmt: skip
    assert Counter(row["event_id"] for row in rows) == everything
    assert {row["flags"] for row in rows} == {0}
    assert all(json.loads(row["fields"]) == {"n": int(row["message"].split()[-1])} for row in rows)
    batches = Counter((row["message"].rpartition(" ")[0], row["batch_id"]) for row in rows)
    assert batches["sent before", batch_id] == len(sent_old)
    assert {batch for _, batch in batches} == {
        hashlib.sha256(app.encode()).hexdigest()[:32],
        batch_id,
        *(message.batch_id for message in pack(sent_new)),
    }


def test_a_message_of_an_older_sender_that_is_sent_again_adds_nothing(pipeline: Cli) -> None:
    app, start = "mixedagain", now() // HOUR * HOUR + 1
    batch_id, body = envelope_of_version_1(app, made(app, "sent twice", 20, start))
    deliver(pipeline, app, batch_id, body)
    deliver(pipeline, app, f"{batch_id}-again", body)
    last = made(app, "last", 1, start)
    (message,) = pack(last)
    deliver(pipeline, app, message.batch_id, message.body)

    def tailed() -> list[dict]:
        found = pipeline.run("tail", app, "-s", iso(start - HOUR), "-n", "1000", "-o", "json").lines
        return found if any(record["message"] == "last 0" for record in found) else []

    assert len(eventually(tailed, what="the last message")) == 21
