"""Edges of small rules of the core and the stores, each found untested by changing it (`make mutants`)."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from logctl.aws.place import Place
from logctl.core import limits, quarantine, strictjson
from logctl.core.access import overlap
from logctl.core.envelope import data_of
from logctl.core.errors import UsageError
from logctl.core.formats.reader import read_value
from logctl.core.formats.reading import Context
from logctl.core.histogram import buckets
from logctl.core.partitions import LOGS, Partition, Scope
from logctl.core.records import Record, Rejected, from_cold, from_wire
from logctl.core.redaction import UNREADABLE, Redactor
from logctl.core.rows import encode_row, row_of
from logctl.core.safe_text import json_text, neutralise
from logctl.core.schema import COLUMNS, parquet_descriptor, storage_descriptor
from logctl.core.times import DAY, EARLIEST, HOUR, LATEST, SECOND, TimeRange, iso, parse_time
from logctl.core.unpacking import unpack
from logctl.ops.send.packing import TooBig, check_fits, pack
from logctl.pipeline.delivery.canary import Canary
from logctl.pipeline.stores.catalog import _failures
from logctl.pipeline.stores.hot import Arrival, HotStore
from logctl.pipeline.stores.record_filter import Filter
from logctl.stack.names import Names
from logctl.stack.settings import Settings
from logctl.stack.sizes import format_size, parse_size
from tests.helpers.config import CONFIG
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import cold_of_version_1, hot_rows_of

# ── Text and numbers ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (999_949, "999.9 kB"), (999_950, "1.0 MB"),
        (12_345_678_901, "12.3 GB"), (5 * 10**12, "5.0 TB"), (5 * 10**15, "5000.0 TB"),
    ],
)  # fmt: skip
def test_sizes_are_shown_in_powers_of_a_thousand(size, shown):
    assert format_size(size) == shown


@pytest.mark.parametrize(
    ("text", "size"),
    [("1.5TB", 15 * 10**11), ("2 pb", 2 * 10**15), ("7", 7), ("3k", 3000), (" 10GB ", 10**10)],
)
def test_sizes_are_read_with_and_without_a_unit(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "1,5GB", "-1GB", "1GiB", "1GB\nx"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="is not a size"):
        parse_size(text)


def test_json_is_shown_as_it_is_unless_it_hides_something():
    assert json_text({"name": "Zoë"}) == '{"name": "Zoë"}'
    assert json_text({"at": datetime(2026, 1, 2, tzinfo=UTC)}) == '{"at": "2026-01-02 00:00:00+00:00"}'
    hidden = json_text({"x": "a\u202eb", "at": datetime(2026, 1, 2, tzinfo=UTC)}, indent=1)
    assert hidden == '{\n "x": "a\\u202eb",\n "at": "2026-01-02 00:00:00+00:00"\n}'


def test_too_many_buckets_are_counted_exactly():
    with pytest.raises(ValueError, match=r"that would be 2,592,001 buckets;"):
        buckets([(0, "INFO", 1), (DAY * 30, "INFO", 1)], SECOND)


def test_more_keys_than_allowed_are_said_with_the_number():
    with pytest.raises(strictjson.Malformed, match="more than 2 keys"):
        strictjson.loads(json.dumps({"a": 1, "b": 2, "c": 3}), keys=2)
    assert strictjson.loads(json.dumps({"a": 1, "b": 2}), keys=2) == {"a": 1, "b": 2}


# ── Apps, days and settings ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("one", "other", "do"),
    [("a*", "*b", True), ("a?", "?b", True), ("a*c", "b*", False), ("*", "?", True), ("web-*", "web", False), ("a*", "a*b?", True)],
)  # fmt: skip
def test_globs_overlap(one, other, do):
    assert overlap(one, other) is overlap(other, one) is do


def test_days_without_a_beginning_or_an_end_are_looked_for():
    assert Scope(first="2026-01-01").day_prefixes() is None
    assert Scope(last="2026-01-01").day_prefixes() is None
    assert Scope("2026-01-01", "2026-01-01").day_prefixes() == [f"{LOGS}year=2026/month=01/day=01/"]


def test_a_scope_of_a_range_has_its_days_and_apps():
    noon = parse_time("2026-01-31T12:00:00Z")
    assert Scope.of(TimeRange(noon - DAY, noon), ["a"]) == Scope("2026-01-30", "2026-01-31", ("a",))
    assert Partition.at(noon, "a") in Scope.of(TimeRange(noon, noon + 1), ["a"])


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"api_rate": 1000, "api_burst": 1, "api_concurrency": 1000}, ""),
        ({"api_rate": 1001}, "api_rate"), ({"api_rate": 0}, "api_rate"), ({"api_rate": True}, "api_rate"),
        ({"api_concurrency": 1001}, "api_concurrency"), ({"api_concurrency": 0}, "api_concurrency"),
        ({"redact": 3}, "redaction rules"),
        ({"oidc_issuer": "https://issuer.example"}, "oidc_audience"),
        ({"oidc_issuer": "https://issuer.example", "oidc_audience": "logs"}, ""),
    ],
)  # fmt: skip
def test_the_edges_of_settings(values, what):
    if not what:
        built = Settings.build(("file", values))
        assert all(getattr(built, name) == value for name, value in values.items())
        return
    with pytest.raises(UsageError, match=what):
        Settings.build(("file", values))


def test_parquet_is_described_as_hive_reads_it():
    kind = "org.apache.hadoop.hive.ql.io.parquet"
    assert parquet_descriptor("s3://b/compacted/") == {
        "Columns": [{"Name": name, "Type": hive} for name, hive in COLUMNS],
        "Location": "s3://b/compacted/",
        "InputFormat": f"{kind}.MapredParquetInputFormat",
        "OutputFormat": f"{kind}.MapredParquetOutputFormat",
        "SerdeInfo": {"SerializationLibrary": f"{kind}.serde.ParquetHiveSerDe"},
    }
    assert storage_descriptor("s3://b/logs/")["SerdeInfo"] == {
        "SerializationLibrary": "org.openx.data.jsonserde.JsonSerDe"
    }


# ── Messages ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "body", ["[1]", "7", '"text"', '{"msg": "bare"}', '{"logctl": 99, "data": "x"}', "{"]
)
def test_what_is_no_envelope_is_not_unfolded(body):
    assert data_of(body) is None


def test_a_bad_element_of_an_array_is_kept_as_it_came():
    bad = [{"msg": "w", "ts": NOON, "appid": "A"}, {"x": "é", "level": "info", "appid": "other"}]
    body = json.dumps([{"msg": "ü", "level": "info"}, *bad], ensure_ascii=False)
    unpacked = unpack(body, group="web", deduplication_id="d", sent_at=NOON)
    assert [(one.position, json.loads(one.content or "")) for one in unpacked.rejected] == [
        (1, bad[0]),
        (2, bad[1]),
    ]
    assert "é" in (unpacked.rejected[1].content or "")


def test_without_an_app_a_record_is_refused_with_the_reason():
    with pytest.raises(Rejected) as refused:
        unpack('{"msg": "x"}', group="", deduplication_id="d", sent_at=NOON)
    assert refused.value.reason == "appid"


def test_a_note_of_the_quarantine_is_read_whole():
    note = quarantine.parse(
        json.dumps(
            {
                "reason": "json", "detail": "bad", "group": "web", "message_id": "m", "deduplication_id": "d",
                "sent_at": "2026-01-31T12:00:00.000Z", "receives": 3, "stored": 7, "redacted": 2, "content": None,
                "rejected": [{"position": 9, "reason": "json", "detail": "at 3", "content": "{a"}, {}],
            }
        ).encode()
    )  # fmt: skip
    assert (note.receives, note.stored, note.redacted, note.content) == (3, 7, 2, None)
    assert (note.message_id, note.deduplication_id, note.sent_at) == ("m", "d", NOON)
    assert note.rejected == (
        quarantine.RejectedLine(9, "json", "at 3", "{a"),
        quarantine.RejectedLine(0, "", "", None),
    )


# ── Redaction ───────────────────────────────────────────────────────────────────────────────────────────


def test_groups_of_digits_before_a_card_number_do_not_hide_it():
    cards = Redactor(("cards",))
    assert cards.text("0 0 4111 1111 1111 1111 0") == ("0 0 [redacted:cards] 0", 1)
    assert cards.text("1111 4111 1111 1111 1111") == ("1111 [redacted:cards]", 1)
    assert cards.text("9111 1111 1111 1111") == ("9111 1111 1111 1111", 0)


@pytest.mark.parametrize(
    "name", ["aws_secret_key", "AWS-Secret-Key", "my.aws secret key", "x" * 90 + "AwsSecretKey"]
)
def test_a_field_is_known_by_its_name_however_it_is_written(name):
    found, count = Redactor(("aws-keys",))._mapping({name: "hunter2"})
    assert (list(found.values()), count) == (["[redacted:aws-keys]"], 1)


def test_the_hundred_and_first_envelope_in_a_body_is_left_out():
    import base64

    import zstandard

    one = base64.b64encode(zstandard.ZstdCompressor().compress(b'{"msg": "x"}')).decode()
    text, count = Redactor(("cards",)).body("\n".join([one] * 101))
    lines = text.split("\n")
    assert lines[:100] == ['{\\"msg\\": \\"x\\"}'] * 100
    assert (lines[100], count) == (UNREADABLE, 1)


# ── Storage ─────────────────────────────────────────────────────────────────────────────────────────────


class Storage:
    """DynamoDB and S3 that note what is written; `fails` names a call that does not work."""

    def __init__(self, fails=""):
        self.fails, self.written = fails, {}

    def _write(self, name, given):
        if name == self.fails:
            raise ClientError({"Error": {"Code": "InternalError", "Message": "m"}}, name)
        self.written[name] = given

    def put_item(self, **given):
        self._write("put_item", given)

    def put_object(self, **given):
        self._write("put_object", given)


@pytest.mark.parametrize("fails", ["", "put_item", "put_object"])
def test_a_canary_writes_a_row_and_an_object_of_its_app(fails, capsys):
    storage = Storage(fails)
    assert Canary(storage, "bucket", storage, "hot", clock=lambda: NOON).passes("web") is (not fails)
    if fails:
        said = json.loads(capsys.readouterr().err)
        assert (said["event"], said["appid"]) == ("storage_unavailable", "web")
        return
    row, thing = storage.written["put_item"], storage.written["put_object"]
    assert row["TableName"] == "hot" and row["Item"]["app"] == {"S": "web"}
    assert row["Item"]["expires_at"] == {"N": str((NOON + 3_600_000) // 1000)}
    assert (thing["Bucket"], thing["Key"]) == ("bucket", "canary/appid=web")
    assert (thing["Body"], thing["ContentType"]) == (b"2026-01-31T12:00:00.000Z", "text/plain")


# ── Records, filters and names ──────────────────────────────────────────────────────────────────────────


def test_the_earliest_time_is_a_time_and_what_is_before_it_is_none():
    def time_of(value):
        return read_value({"time": value}, Context(reference=0)).ts

    assert time_of(iso(EARLIEST)) == EARLIEST
    assert time_of(LATEST) is None
    assert time_of("1969-12-31T23:59:59Z") is None


def test_a_stored_record_comes_back_with_its_fields():
    record = Record("web", "event-0001", NOON, "ERROR", "m", 3, {"user": 7, "tags": ["a"]}, ("late",))
    assert from_cold(cold_of_version_1(record, "b"), "web") == record
    assert from_cold(cold_of_version_1(replace(record, fields={}), "b"), "web") == replace(record, fields={})


@pytest.mark.parametrize(
    ("pattern", "keeps"),
    [("boom", True), ('"user": 7', True), ("ü", True), ("u00fc", False), ("nothing", False)],
)
def test_a_pattern_is_looked_for_in_message_and_fields(pattern, keeps):
    record = Record("web", "e", NOON, "ERROR", "boom", 0, {"user": 7, "name": "ü"})
    assert Filter(grep=(re.compile(pattern),))(record) is keeps
    assert Filter(exclude=(re.compile(pattern),))(record) is not keeps


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "auth.eu-central-1.amazoncognito.com"),
        ("us-gov-west-1", "auth-fips.us-gov-west-1.amazoncognito.com"),
    ],
)
def test_the_host_of_the_sign_in_pages(region, host):
    names = Names.of(Settings())
    assert names.sign_in_host(Place("123456789012", region)).endswith(f".{host}")


def test_a_scope_without_a_range_keeps_its_apps():
    assert Scope.of(None, ["a", "b*"]) == Scope(apps=("a", "b*"))


def test_lines_of_json_may_be_shown_each_by_itself():
    assert json_text({"a": "é", "b": 1}, indent=2) == '{\n  "a": "é",\n  "b": 1\n}'


def test_a_hidden_character_beyond_the_basic_plane_is_shown_with_eight_digits():
    assert neutralise("a\U000e0001b") == "a\\U000e0001b"


def test_a_record_from_the_wire_without_a_position_is_the_first():
    wire = {"event_id": "event-0001", "ts": NOON, "level": "INFO", "message": "m"}
    assert from_wire(wire, "web") == Record("web", "event-0001", NOON, "INFO", "m", 0)


# ── Messages of the queue ───────────────────────────────────────────────────────────────────────────────


def test_a_record_that_fits_no_message_is_said_with_its_size():
    record = Record("checkout", "event-1", NOON, "INFO", "x" * limits.MAX_PLAIN)
    with pytest.raises(TooBig, match=r"the record is 4,194,\d+ bytes long; a message may hold 4,194,304"):
        check_fits(record)
    others = len(encode_row(row_of(replace(record, message=""))))
    check_fits(replace(record, message="x" * (limits.MAX_PLAIN - others)))
    with pytest.raises(TooBig):
        check_fits(replace(record, message="x" * (limits.MAX_PLAIN - others + 1)))


def test_the_halves_of_a_message_name_the_same_file():
    noise = "".join(hashlib.sha256(str(number).encode()).hexdigest() for number in range(2_000))
    made = [
        Record("checkout", f"event-{number}", NOON, "INFO", noise[number * 600 :][:600], number)
        for number in range(200)
    ]
    assert {message.source for message in pack(made, "f" * 16)} == {"f" * 16}


def test_a_count_that_is_wrong_is_said():
    body = json.loads(next(iter(pack([Record("checkout", "event-1", NOON, "INFO", "x")]))).body)
    with pytest.raises(Rejected) as refused:
        unpack(json.dumps({**body, "count": 2}), group="checkout", deduplication_id="d", sent_at=NOON)
    assert (refused.value.reason, refused.value.detail) == (
        "count",
        "the envelope does not hold as many records as it says",
    )


def test_half_of_a_pair_of_surrogates_is_replaced_in_either_spelling():
    assert strictjson.loads('{"a": "\\ud800"}') == strictjson.loads('{"a": "\\uD800"}') == {"a": "\ufffd"}


# ── The catalog and the hot store ───────────────────────────────────────────────────────────────────────


def test_a_partition_that_exists_is_no_failure_and_any_other_error_is():
    there = {
        "PartitionValues": ["2026", "01", "31", "a"],
        "ErrorDetail": {"ErrorCode": "AlreadyExistsException"},
    }
    other = {
        "PartitionValues": ["2026", "01", "31", "b"],
        "ErrorDetail": {"ErrorCode": "InternalServiceException", "ErrorMessage": "try again"},
    }
    found = _failures({"Errors": [there, other]}, "PartitionValues", unless="AlreadyExistsException")
    assert [(failure.partition, failure.reason) for failure in found] == [
        (Partition("2026", "01", "31", "b"), "try again")
    ]
    bare = _failures({"Errors": [{}]}, "PartitionValues")
    assert [(failure.partition, failure.reason) for failure in bare] == [
        (Partition("", "", "", ""), "unknown")
    ]


def test_the_newest_chunk_and_the_one_that_arrived_last(pipeline: Pipeline):
    store = HotStore(pipeline.aws.dynamodb, CONFIG.hot_table)
    for arrived, ts in enumerate((NOON, NOON + 2 * HOUR, NOON + HOUR)):
        record = Record("checkout", f"event-{arrived}", ts, "INFO", str(arrived))
        for chunk in hot_rows_of("checkout", f"batch{arrived}", [record]):
            store.put(chunk, now=NOON, retention=DAY, arrived=NOON + arrived)
    newest = store.newest("checkout", now=NOON)
    assert newest is not None and newest.batch_id == "batch1"
    # Where no arrival is noted, as by earlier versions, the newest row stands for the last one.
    assert store.latest("checkout") == Arrival(NOON + 2 * HOUR, "batch1", NOON + 1)
    store.note_app("checkout", now=NOON + 2, newest=NOON + HOUR, batch_id="batch2")
    assert store.latest("checkout") == Arrival(NOON + HOUR, "batch2", NOON + 2)
