"""What packing buys: messages, items and bytes, packed and record by record: `python -m bench packing [FOLDER]`.

Input are the real logs of FOLDER, LOGCTL_LOGHUB or ../shared/data/loghub, or made ones where those are absent.
Nothing here needs a server; times are the best of a few rounds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from logctl.core.frames import compress
from logctl.core.hot_rows import make_hot_rows, to_item
from logctl.core.records import Record
from logctl.core.rows import encode_row, encode_rows, row_of
from logctl.core.safe_text import neutralise
from logctl.core.unpacking import unpack
from logctl.ops.send.input_files import open_source, read_entries
from logctl.ops.send.packing import Packed, pack
from logctl.ops.send.record_identity import Placed, Source, records
from logctl.ops.send.sample_records import sample_records

ROUNDS = 3
NOW = 1_795_516_800_000


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    """The fastest of a few rounds, in seconds, and what it returned."""
    timings = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        result = work()
        timings.append(time.perf_counter() - start)
    return min(timings), result


def read(paths: list[Path]) -> list[Record]:
    found: list[Record] = []
    for path in paths:
        with open_source(str(path)) as stream:
            entries = read_entries(stream, reference=NOW)
            source = Source(path.stem.lower(), NOW, NOW)
            found += [item.record for item in records(entries, source) if isinstance(item, Placed)]
    return found


def unpack_all(messages: list[Packed]) -> int:
    return sum(
        len(unpack(m.body, group=m.appid, deduplication_id=m.batch_id, sent_at=NOW).records) for m in messages
    )


def kilobytes(size: int) -> int:
    return -(-size // 1024)


def item_size(item: dict[str, Any]) -> int:
    """About what DynamoDB bills: names and values."""
    return sum(
        len(name) + len(str(next(iter(value.values())))) for name, value in item.items() if name != "data"
    ) + sum(len(value["B"]) for value in item.values() if "B" in value)


def main(*arguments: str) -> None:
    folder = Path(arguments[0] if arguments else os.environ.get("LOGCTL_LOGHUB", "../shared/data/loghub"))
    paths = sorted(folder.glob("*.log"))
    if paths:
        raw = b"".join(path.read_bytes() for path in paths)
        lines_seconds, _ = best(
            lambda: [line.decode() for path in paths for line in path.read_bytes().split(b"\n")]
        )
        read_seconds, found = best(lambda: read(paths))
        print(f"input: {len(found):,} records of {folder} ({len(raw):,} bytes)")
        print(
            f"read: {len(found) / read_seconds:,.0f} records/s, {read_seconds / lines_seconds:.0f} x splitting lines"
        )
    else:
        found = list(sample_records(20_000, now=NOW, seed=1))
        print(f"input: {len(found):,} made records ({folder} has no logs)")

    plain = [encode_row(row_of(record)) for record in found]
    dump_seconds, _ = best(lambda: [json.dumps([record.message, record.fields]) for record in found])
    pack_seconds, messages = best(lambda: list(pack(found)))
    unpack_seconds, count = best(lambda: unpack_all(messages))
    assert count == len(found)
    print(
        f"pack: {len(found) / pack_seconds:,.0f} records/s, {pack_seconds / dump_seconds:.1f} x json.dumps alone"
    )
    print(
        f"unpack: {len(found) / unpack_seconds:,.0f} records/s, {unpack_seconds / dump_seconds:.1f} x json.dumps alone"
    )
    print(
        f"SQS messages: {len(messages):,} packed, {len(found):,} unpacked: {len(found) / len(messages):.0f} x fewer"
    )
    body = sum(message.size for message in messages)
    print(
        f"SQS bytes: {body:,} packed, {sum(map(len, plain)):,} as JSON: {sum(map(len, plain)) / body:.1f} x fewer"
    )

    by_app: dict[str, list[Record]] = {}
    for message in messages:
        unpacked = unpack(message.body, group=message.appid, deduplication_id=message.batch_id, sent_at=NOW)
        by_app.setdefault(message.batch_id, []).extend(unpacked.records)
    rows = [
        to_item(chunk, arrived=NOW, expires_at=NOW // 1000)
        for batch, group in by_app.items()
        for chunk in make_hot_rows(group[0].appid, batch, [row_of(record) for record in group])
    ]
    units = sum(kilobytes(item_size(row)) for row in rows)
    single = sum(kilobytes(len(line) + 60) for line in plain)
    print(
        f"DynamoDB write units: {units:,} in {len(rows):,} chunks, {single:,} a row a record: {single / units:.1f} x fewer"
    )

    cold = encode_rows([row_of(record) for record in found])
    stored = len(compress(cold))
    print(f"S3 bytes: {stored:,} as frames, {len(cold):,} plain: {len(cold) / stored:.1f} x fewer")

    texts = [record.message for record in found]
    copy_seconds, _ = best(lambda: [text.upper() for text in texts])
    safe_seconds, _ = best(lambda: [neutralise(text) for text in texts])
    print(
        f"neutralise: {len(texts) / safe_seconds:,.0f} messages/s, {safe_seconds / copy_seconds:.1f} x str.upper"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
