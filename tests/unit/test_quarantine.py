"""The quarantine: reading both forms of its objects, and sending them through the consumer again."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from logctl.core.envelope import data_of, encode_again
from logctl.core.errors import LogctlError, UsageError
from logctl.core.hot_rows import from_item
from logctl.core.partitions import Partition
from logctl.core.quarantine import NotANote, Withheld, body_of, parse, picked, place_of
from logctl.core.redaction import UNREADABLE
from logctl.core.safe_text import shortened
from logctl.core.times import DAY, HOUR, TimeRange, iso
from logctl.ops.deployment import Deployment
from logctl.ops.recovery import message_editor, quarantine_retry, quarantined_messages
from logctl.ops.recovery.quarantine_retry import Correction, Retry
from logctl.ops.recovery.quarantined_messages import Wanted
from logctl.ops.send.packing import pack
from logctl.pipeline.stores.quarantine_reader import listed, recent
from tests.helpers.messages import event, packed, records, sqs
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import records_in


class Place:
    """Where the pipeline of the unit tests is, as a command sees it."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.aws = pipeline.aws
        self.bucket = pipeline.config.bucket

    def pipeline_config(self) -> Any:
        return self.pipeline.config


@pytest.fixture
def place(pipeline: Pipeline) -> Deployment:
    return cast(Deployment, Place(pipeline))


def note(**values: Any) -> bytes:
    """An object as the consumer writes it."""
    said = {
        "reason": "json",
        "detail": "it ends too early",
        "group": "checkout",
        "message_id": "m1",
        "deduplication_id": "dedup-m1",
        "sent_at": iso(NOON),
        "receives": 1,
        "stored": 0,
        "content": "{poison",
        "rejected": [],
    }
    return json.dumps(said | values).encode("ascii")


def line(position: int, content: str | None) -> dict[str, Any]:
    return {"position": position, "reason": "json", "detail": "no", "content": content}


def put(pipeline: Pipeline, digest: str, *, sent_at: int = NOON, app: str = "checkout", **values: Any) -> str:
    key = f"{Partition.at(sent_at, app).under('quarantine/')}{digest}.json"
    body = note(group=app, sent_at=iso(sent_at), **values)
    pipeline.aws.s3.put_object(Bucket=pipeline.config.bucket, Key=key, Body=body)
    return key


def messages(pipeline: Pipeline) -> list[str]:
    """What is in the hot store, in order."""
    chunks = sorted((from_item(row) for row in pipeline.hot_rows()), key=lambda chunk: chunk.sort_key)
    return [record.message for chunk in chunks for record in records_in(chunk)]


def retried(
    place: Deployment, changes: Correction = quarantine_retry.UNCHANGED
) -> list[quarantine_retry.Retried]:
    again = Retry(place)
    found = quarantined_messages.look(place, Wanted(), limit=100).held
    return [again.run(quarantined_messages.read_one(place, held.kept), changes) for held in found]


# ── Reading ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_whole_message_and_lines_of_one():
    whole = parse(note())
    assert (whole.app, whole.content, whole.rejected, whole.reasons) == ("checkout", "{poison", (), ("json",))
    assert whole.sent_at == NOON
    some = parse(note(content=None, rejected=[line(3, "{a"), line(9, "{b")], stored=7))
    assert (some.lines, some.stored, body_of(some)) == (2, 7, "{a\n{b")


def test_the_earlier_form_is_still_read():
    one = parse(note(position=4, content="{a", receives=None, stored=None, rejected=None))
    assert [(part.position, part.content) for part in one.rejected] == [(4, "{a")]
    assert (one.content, body_of(one)) == (None, "{a")
    assert parse(note(position=None)).content == "{poison"
    assert parse(note(position=0, content="{a")).lines == 1


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b"\xff", note(sent_at="soon"), note(rejected=[1])]
)
def test_what_the_consumer_did_not_write_is_said_to_be_so(data):
    with pytest.raises(NotANote):
        parse(data)


def test_withheld_content_cannot_be_sent_again():
    with pytest.raises(Withheld, match="content was withheld"):
        body_of(parse(note(content=None)))
    with pytest.raises(Withheld, match="content of 1 line was withheld"):
        body_of(parse(note(content=None, rejected=[line(1, "{"), line(2, None)])))
    with pytest.raises(Withheld, match="could not be checked"):
        body_of(parse(note(content=f'{{"logctl": 1, "data": "{UNREADABLE}"}}')))


def test_an_envelope_that_was_unfolded_for_redaction_is_the_same_when_it_is_folded_again():
    (message,) = pack(records(3))
    envelope = json.loads(message.body)
    plain = data_of(message.body)
    assert plain is not None
    kept = json.dumps({**envelope, "data": plain})
    assert json.loads(encode_again(kept))["batch_id"] == message.batch_id
    for untouched in (message.body, "{poison", "[]", '{"logctl": 2}', '{"msg": "x"}'):
        assert encode_again(untouched) == untouched
    assert data_of('{"msg": "x"}') is data_of("{") is data_of('{"logctl": 1, "data": "no"}') is None


def test_keys_and_the_beginnings_of_ids():
    assert place_of("quarantine/year=2026/month=01/day=31/appid=a/12ab.json") == (
        Partition.at(NOON, "a"),
        "12ab",
    )
    for other in (
        "quarantine/x",
        "logs/year=2026/month=01/day=31/appid=a/1.json.gz",
        "quarantine/year=2026/",
    ):
        assert place_of(other) is None
    ids = ["abc1", "abd2", "abd2345"]
    assert picked(ids, ["abc", "abd2"], where="here", see="x") == ["abc1", "abd2"], "a whole id wins"
    with pytest.raises(UsageError, match="There are 3 messages in here with an id that starts with 'ab'"):
        picked(ids, ["ab"], where="here", see="x")
    for nothing in ("z", ""):
        with pytest.raises(UsageError, match="id that starts"):
            picked(ids, [nothing], where="here", see="x")
    assert shortened(["aaaaaaaaaa1", "aaaaaaaaaa2", "b"])["aaaaaaaaaa2"] == "aaaaaaaaaa2"
    assert shortened(["1" * 32, "2" * 32])["1" * 32] == "11111111"


# ── Listing ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_are_listed_oldest_first_and_filtered(pipeline, place):
    put(pipeline, "a1", sent_at=NOON - 40 * DAY, app="web-1")
    put(pipeline, "b2", sent_at=NOON - DAY, reason="empty")
    put(pipeline, "c3", sent_at=NOON - HOUR, app="web-2")
    put(pipeline, "d4", sent_at=NOON)

    def ids(limit: int = 100, **wanted: Any) -> list[str]:
        return [held.kept.id for held in quarantined_messages.look(place, Wanted(**wanted), limit=limit).held]

    assert ids() == ["a1", "b2", "c3", "d4"]
    assert ids(2) == ["c3", "d4"]
    assert quarantined_messages.look(place, Wanted(), limit=2).more
    assert not quarantined_messages.look(place, Wanted(), limit=4).more
    assert ids(apps=("web-*",)) == ["a1", "c3"]
    assert ids(apps=("checkout",)) == ["b2", "d4"]
    assert ids(reason="empty") == ["b2"]
    assert ids(span=TimeRange(NOON - 2 * DAY, NOON)) == ["b2", "c3"]
    assert ids(apps=("nobody",)) == []


def test_an_object_that_is_none_of_ours_is_listed_with_the_problem(pipeline, place):
    key = put(pipeline, "a1")
    pipeline.aws.s3.put_object(Bucket=pipeline.config.bucket, Key=key, Body=b"x")
    (held,) = quarantined_messages.look(place, Wanted(), limit=9).held
    assert held.note is None
    with pytest.raises(LogctlError, match="cannot be sent again"):
        Retry(place).run(held)
    assert pipeline.keys("quarantine/") == [key]


def test_looking_is_bounded_and_says_so(pipeline, place, monkeypatch):
    for number in range(5):
        put(pipeline, f"a{number}", sent_at=NOON - number * DAY)
    monkeypatch.setattr(quarantined_messages, "KEYS_AT_MOST", 2)
    found, complete = quarantined_messages.keys(place, Wanted())
    assert ([kept.id for kept in found], complete) == (["a0", "a1"], False)
    assert quarantined_messages.look(place, Wanted(), limit=9).more


def test_what_is_recent_is_counted_up_to_a_limit(pipeline):
    s3, bucket = pipeline.aws.s3, pipeline.config.bucket
    for number in range(3):
        put(pipeline, f"a{number}")
    now = max(kept.set_aside_at for kept in listed(s3, bucket, "quarantine/", 9)[0])
    day = now - NOON  # moto's clock is today's, and the messages are of a day in January
    for number in range(3):
        put(pipeline, f"b{number}", sent_at=NOON + day)
    counted = recent(s3, bucket, now=now)
    assert (counted.objects, counted.complete) == (3, True)
    few = recent(s3, bucket, now=now, at_most=2)
    assert (few.objects, few.complete) == (2, False)
    assert recent(s3, bucket, now=now + 2 * DAY).objects == 0


def test_ids_are_found_by_their_beginning_or_their_key(pipeline, place):
    first, second = put(pipeline, "abc1"), put(pipeline, "abd2", app="web")
    assert [kept.key for kept in quarantined_messages.find(place, ["abd", first])] == [first, second]
    with pytest.raises(UsageError, match="There are 2 messages in the quarantine"):
        quarantined_messages.find(place, ["ab"])
    with pytest.raises(UsageError, match="There is no message in the quarantine"):
        quarantined_messages.find(place, ["x"])
    with pytest.raises(UsageError, match="There is no message"):
        quarantined_messages.find(place, [first.replace("abc1", "abc9")])


# ── Again ───────────────────────────────────────────────────────────────────────────────────────────


def set_aside(pipeline: Pipeline, *bodies: str) -> None:
    pipeline.consumer.process(event(*(sqs(body, name=f"m{n}") for n, body in enumerate(bodies))))


def test_what_can_be_stored_now_is_stored_once_and_leaves(pipeline, place):
    put(pipeline, "a1", content='{"msg": "now it can"}')
    assert [done.again for done in retried(place)] == [()]
    assert pipeline.keys("quarantine/") == []
    assert messages(pipeline) == ["now it can"]


def test_sending_again_after_a_part_was_stored_doubles_nothing(pipeline, place):
    """The same message was stored, or half of it, by the consumer: with no id or time of its own."""
    body = '{"msg": "bare", "level": "error"}'
    pipeline.consumer.process(event(sqs(body, name="m1")))
    before = (pipeline.keys("logs/"), messages(pipeline))
    counts = pipeline.aws.dynamodb.scan(TableName=pipeline.config.alerts_table)["Items"]
    pipeline.clock.advance(2 * DAY)
    for _ in range(2):
        put(pipeline, "a1", content=body)
        assert retried(place)[0].again == ()
    assert (pipeline.keys("logs/"), messages(pipeline)) == before
    after = pipeline.aws.dynamodb.scan(TableName=pipeline.config.alerts_table)["Items"]
    assert [item.get("count") for item in after] == [item.get("count") for item in counts]
    assert pipeline.keys("quarantine/") == []


def test_a_retry_that_was_killed_before_its_object_went_is_repeated_without_harm(
    pipeline, place, monkeypatch
):
    put(pipeline, "a1", content='{"msg": "twice"}')
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.aws.s3, "delete_object", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            retried(place)
    assert len(pipeline.keys("quarantine/")) == 1
    retried(place)
    assert (messages(pipeline), pipeline.keys("quarantine/")) == (["twice"], [])


def test_what_is_rejected_again_stays_with_the_reason(pipeline, place):
    set_aside(pipeline, '{"logctl": 1, "appid": poison')
    (key,) = pipeline.keys("quarantine/")
    for _ in range(2):
        (done,) = retried(place)
        assert done.reasons.startswith("json: ")
        assert pipeline.keys("quarantine/") == [key]
    assert messages(pipeline) == []


def test_a_mended_body_is_stored_and_the_old_one_leaves(pipeline, place):
    set_aside(pipeline, '{"logctl": 1, "appid": poison')
    assert retried(place, Correction(body='{"msg": "mended"}'))[0].again == ()
    assert (messages(pipeline), pipeline.keys("quarantine/")) == (["mended"], [])


def test_a_body_that_is_mended_in_part_leaves_the_rest_in_quarantine(pipeline, place):
    set_aside(pipeline, '{"logctl": 1, "appid": poison')
    (done,) = retried(place, Correction(body='{"msg": "good"}\n{"appid": "Bad"}'))
    assert messages(pipeline) == ["good"]
    left = pipeline.keys("quarantine/")
    assert [held.kept.key for held in done.again] == left
    assert done.held.kept.key not in left
    # And again: the good line is not doubled.
    retried(place)
    assert messages(pipeline) == ["good"]


def test_lines_that_read_the_same_are_both_stored(pipeline, place):
    """As two objects in the earlier form, and as one."""
    put(pipeline, "a1", content='{"msg": "same"}', position=1)
    put(pipeline, "a2", content='{"msg": "same"}', position=2)
    put(pipeline, "a3", content=None, rejected=[line(5, '{"msg": "one"}'), line(6, '{"msg": "one"}')])
    assert [done.again for done in retried(place)] == [(), (), ()]
    assert sorted(messages(pipeline)) == ["one", "one", "same", "same"]


def test_an_envelope_is_known_by_its_content(pipeline, place):
    message = packed(records(3))
    pipeline.consumer.process(event(message))
    before = messages(pipeline)
    put(pipeline, "a1", content=message["body"], reason="internal")
    retried(place)
    assert (messages(pipeline), pipeline.keys("quarantine/")) == (before, [])


def test_a_group_that_names_no_app_can_be_given_one(pipeline, place):
    pipeline.consumer.process(event(sqs('{"msg": "whose"}', group="../x")))
    assert retried(place)[0].reasons.startswith("appid: ")
    assert retried(place, Correction(app="checkout"))[0].again == ()
    assert [row["app"]["S"] for row in pipeline.hot_rows()] == ["checkout"]


def test_while_nothing_can_be_stored_the_object_stays_and_the_error_is_the_stores(
    pipeline, place, monkeypatch
):
    key = put(pipeline, "a1", content='{"msg": "x"}')

    def refused(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].startswith("logs/"):
            params["Bucket"] = "somebody-elses"

    pipeline.aws.s3.meta.events.register("before-parameter-build.s3.PutObject", refused)
    with pytest.raises(ClientError, match="NoSuchBucket"):
        retried(place)
    assert pipeline.keys("quarantine/") == [key]
    pipeline.aws.s3.meta.events.unregister("before-parameter-build.s3.PutObject", refused)
    assert retried(place)[0].again == ()


def test_redaction_applies_to_what_is_sent_again(pipeline, place):
    pipeline.config = replace(pipeline.config, redact=("passwords",))
    put(pipeline, "a1")
    retried(place, Correction(body='{"msg": "password=hunter2"}'))
    assert messages(pipeline) == ["password=[redacted:passwords]"]


# ── Mending in an editor ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def editor(tmp_path, monkeypatch):
    """Replaces a word in the file that it is given."""

    def use(script: str) -> None:
        path = tmp_path / "editor"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.delenv("VISUAL", raising=False)
        monkeypatch.setenv("EDITOR", str(path))

    return use


def test_the_text_as_the_editor_leaves_it(editor):
    editor("sed -i s/poison/cured/ $1; echo >> $1")
    assert message_editor.edited("{poison") == "{cured"


def test_an_envelope_is_edited_as_its_lines(editor):
    (message,) = pack(records(2))
    editor("sed -i s/hello/goodbye/ $1")
    changed = data_of(message_editor.edited(message.body))
    assert changed is not None
    assert (changed.count("goodbye"), changed.count("hello")) == (2, 0)


@pytest.mark.parametrize(
    ("script", "said"), [("true", "unchanged"), ("exit 3", "ended with 3"), ("sed -i s/x/x/ $1", "unchanged")]
)
def test_nothing_is_sent_when_nothing_was_changed_or_the_editor_failed(editor, script, said):
    editor(script)
    with pytest.raises(LogctlError, match=said):
        message_editor.edited("{poison")


def test_an_editor_that_is_not_there(monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "/no/such/editor")
    with pytest.raises(LogctlError, match="cannot be run"):
        message_editor.edited("x")
