"""The short path of the consumer, for what `send` writes, has the results of the long one."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logctl.core import frames
from logctl.core.envelope import seal
from logctl.core.records import Rejected
from logctl.core.rows import Row, encode_rows
from logctl.core.times import DAY, HOUR, MINUTE, iso
from logctl.core.unpacking import Unpacked, unpack
from logctl.pipeline import consumer as consumer_module
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.delivery.together import AtOnce, InTurn
from tests.helpers.config import CONFIG
from tests.helpers.messages import NOTHING_FAILED, event, packed, records
from tests.helpers.pipeline import NOON
from tests.simulation.cloud import Clients, Cloud

LEVELS = ["TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL", "UNKNOWN"]
TIMES = st.one_of(
    st.integers(NOON - HOUR // 2, NOON),
    st.sampled_from([NOON - 2 * HOUR, NOON + 6 * DAY, NOON + 8 * DAY, 0, 5, NOON - 13 * HOUR]),
).map(iso)
ROWS = st.builds(
    Row,
    event_id=st.from_regex(r"[A-Za-z0-9_-]{8,12}", fullmatch=True),
    ts=TIMES,
    level=st.sampled_from(LEVELS),
    message=st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    flags=st.sampled_from([(), (), (), ("ts_derived",), ("late",), ("redacted=3", "x")]),
    seq=st.integers(0, 10**6),
    fields=st.sampled_from([None, None, '{"a":1}', '{"a": 1}', "{", "[]", '{"a":1,"a":2}']),
)


def opened(body: str, *, short: bool) -> Unpacked | str:
    try:
        found = unpack(body, group="checkout", deduplication_id="d", sent_at=NOON, short=short)
    except Rejected as refused:
        return refused.reason
    return found


def facts(found: Unpacked | str) -> Any:
    """What has to be the same; a frame is compared by what it holds."""
    if isinstance(found, str):
        return found
    if found.frame is not None:
        assert frames.decompress(found.frame) == found.plain == encode_rows(found.rows)
        assert len({row.ts[:10] for row in found.rows}) == 1
        assert not any(flag.startswith(("late", "redacted")) for row in found.rows for flag in row.flags)
    return replace(found, rows=list(found.rows), frame=None, plain=None, times=None)


@settings(max_examples=400)
@given(st.lists(ROWS, min_size=1, max_size=6), st.sampled_from(["", "ab" * 8]))
def test_both_paths_find_the_same_rows(rows, source):
    body = seal("checkout", encode_rows(rows), count=len(rows), source=source)[1]
    short, long = opened(body, short=True), opened(body, short=False)
    assert facts(short) == facts(long)


@settings(max_examples=600)
@given(st.lists(ROWS, min_size=1, max_size=3), st.data())
def test_no_damaged_message_passes_on_one_path_only(rows, data):
    body = seal("checkout", encode_rows(rows), count=len(rows), source="ab" * 8)[1]
    place = data.draw(st.integers(0, len(body)))
    put = data.draw(
        st.sampled_from(["", " ", "A", "=", "\\/", '"', "\\u0041", "1", "é", ',"x":1', '"logctl":2,'])
    )
    damaged = body[:place] + put + body[place + data.draw(st.integers(0, 3)) :]
    assert facts(opened(damaged, short=True)) == facts(opened(damaged, short=False))


@given(st.lists(ROWS, min_size=1, max_size=2), st.data())
def test_no_damaged_row_passes_on_one_path_only(rows, data):
    plain = encode_rows(rows)
    place = data.draw(st.integers(0, len(plain) - 1))
    put = data.draw(st.sampled_from([b"", b" ", b"\n", b"\\u0041", b"\xff", b"9", b'"', b"null", b',"x":1']))
    changed = plain[:place] + put + plain[place + data.draw(st.integers(0, 2)) :]
    count = max(1, changed.count(b"\n"))
    body = seal("checkout", changed, count=count)[1]
    assert facts(opened(body, short=True)) == facts(opened(body, short=False))


@pytest.mark.parametrize(
    ("part", "other", "reason"),
    [
        ('"count":7', '"count":8', "count"),
        ('"count":7', '"count":07', "json"),
        ('"appid":"checkout"', '"appid":"shop"', "group_mismatch"),
        ('"encoding":"zstd"', '"encoding":"gzip"', "schema"),
        ('"source":"abababab', '"source":"ABABABAB', "schema"),
        ('"logctl":2', '"logctl":3', "version"),
        ('"logctl":2', '"logctl":2,"logctl":2', "json"),
        ('"data":"', '"data":"A', "encoding"),
        ('"data":"KLUv', '"data":"AAAA', "encoding"),
    ],
)
def test_an_envelope_that_is_not_right_is_rejected_on_both_paths(part, other, reason):
    body = packed(records(7), "ab" * 8)["body"]
    assert part in body
    for short in (True, False):
        assert opened(body.replace(part, other), short=short) == reason


def test_what_send_writes_takes_the_short_path():
    (message,) = [packed(records(50), "ab" * 8)]
    found = opened(message["body"], short=True)
    assert isinstance(found, Unpacked)
    assert found.frame is not None
    assert '"data":"' in message["body"]
    assert opened(message["body"], short=False).frame is None  # type: ignore[union-attr]


def stored(cloud: Cloud) -> dict[str, Any]:
    """Everything that was stored and published; objects by their content."""
    objects = {
        key: frames.decompress(body) if key.endswith(".zst") else body
        for key, body in cloud.bucket.objects.items()
    }
    assert objects
    return {"objects": objects, "published": cloud.published, **cloud.tables.items}


MESSAGES = {
    "plain": [*records(30)],
    "errors": [*records(20, level="ERROR"), *records(20, level="WARN", message="slow")],
    "late": records(5, ts=NOON - 2 * HOUR, level="ERROR"),
    "some late": [*records(5, ts=NOON - 2 * HOUR, level="ERROR"), *records(5, ts=NOON - MINUTE)],
    "flags": [replace(each, flags=("ts_derived",)) for each in records(5)],
    "ours": [replace(each, flags=("late",)) for each in records(5, level="ERROR")],
    "secret": records(5, message="password=hunter2 4111 1111 1111 1111"),
}


def consumed(
    messages: list[Any], *, short: bool, at_once: bool = False, redact: tuple[str, ...] = ()
) -> Cloud:
    """What is stored after a batch of messages, taken on one of the two paths."""
    config = replace(CONFIG, redact=redact)
    cloud = Cloud(lambda: NOON, {config.hot_table: ("app", "chunk"), config.alerts_table: ("pk", "sk")})
    clients: Any = Clients(cloud, lambda call: call.perform(), lambda: MINUTE)
    worker = Consumer(clients, config, clock=lambda: NOON, together=AtOnce() if at_once else InTurn())

    def one_path(body: str, **rest: Any) -> Unpacked:
        return unpack(body, short=short, **rest)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(consumer_module, "unpack", one_path)
        assert worker.process(event(*messages)) == NOTHING_FAILED
    return cloud


@pytest.mark.parametrize("redact", [(), ("all",)])
@pytest.mark.parametrize("name", MESSAGES)
def test_both_paths_store_the_same(name, redact):
    message = packed(MESSAGES[name], "ab" * 8)
    short, long = (stored(consumed([message], short=path, redact=redact)) for path in (True, False))
    assert short == long
    assert stored(consumed([message], short=True, redact=redact, at_once=True)) == short


def test_an_object_is_the_frame_of_the_message():
    message = packed(records(30), "ab" * 8)
    cloud = consumed([message], short=True)
    (body,) = cloud.bucket.objects.values()
    assert body == base64.b64decode(json.loads(message["body"])["data"])
