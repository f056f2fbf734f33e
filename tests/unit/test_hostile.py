"""Hostile content by the hundred thousand: the consumer, names of apps, and what reaches a terminal.

Seeded, so that a failure comes again. `make test` runs a share, `make soak` all of it: 1,000,000 bodies.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import random
import re
import unicodedata
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from logctl.cli import render
from logctl.cli.record_output import Printer
from logctl.cli.render import Output, RecordFormat
from logctl.core.appid import PATTERN, is_appid
from logctl.core.debounce import Action, Claim, State, Status, compose, tally
from logctl.core.frames import decompress
from logctl.core.hot_rows import from_item
from logctl.core.partitions import Partition
from logctl.core.records import Record, derive_id
from logctl.core.rows import read_stored, record_of
from logctl.core.safe_text import ascii_only, csv_cell, neutralise, neutralise_lines
from logctl.core.times import MINUTE, parse_time
from logctl.ops.send.packing import MAX_BODY, pack
from logctl.pipeline.consumer import Consumer
from tests.helpers import prefork
from tests.helpers.config import CONFIG
from tests.helpers.messages import WIRE, sealed
from tests.helpers.shelf import Shelf, unavailable
from tests.helpers.stored import plain_of

SOAK = bool(os.environ.get("LOGCTL_SOAK"))
NOON = parse_time("2026-01-31T12:00:00Z")
UNSAFE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

# ── Making hostile things ───────────────────────────────────────────────────────────────────────────

NASTY = (
    "\x00", "\x1b[2J", "\x1b]52;c;aGk=\x07", "\x9b31m", "\u202e", "\u2028", "\x85", "\u200b", "\ufeff", "\ud800",
    "\ufffe", "\U000e0001", "\U0010ffff", "\r", "\n", "\t", "[red]", "[/bold]", "[link=x]", ":smile:", "%s", "{0}",
    "=1+1", "'; DROP TABLE logs; --", "</script>", "../", "a/year=2020", "__proto__", "e\u0301" * 40, "\U0001f4a9",
)  # fmt: skip
TOKENS = (
    *NASTY, "{", "}", "[", "]", ",", ":", '"', "\\", "\\u0000", "\\ud800", "\\udc00\\ud800", "null", "true", "NaN",
    "-Infinity", "1e999", "-0", "9" * 50, "9" * 5000, "1" + "0" * 18, "{}", "[]", "[" * 40, '{"a":' * 40, " ", "",
    '"appid":"other",', '"logctl":1,', '"ts":-1,', '"level":"FATAL",', '"event_id":"../../x",', '"message":',
)  # fmt: skip
VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 2**63, 10**40, 1.5, float("nan"), float("inf"), "", "x" * 40_000, [], {}, [[[[]]]], {"a": {"b": []}},
    "critical", "ERR\u0000", 7, 60, "2026-02-30", "24:00", 1769847300, 1769847300250000000, -(10**13), 10**13, "1" * 19,
    *NASTY,
)  # fmt: skip
NAMES = (
    "message", "msg", "ts", "time", "timestamp", "level", "severity", "event_id", "appid", "fields", "flags", "seq", "pk",
    "ttl", "year", "logctl", "count", "data", "encoding", "batch_id", "log", "", "__proto__", "constructor", "MSG",
)  # fmt: skip


PLAIN = {
    "time": "2026-01-31T11:59:00Z",
    "level": "error",
    "msg": "timed out after 5013 ms",
    "order": {"id": [1, 2]},
}
SEEDS = (
    json.dumps(PLAIN),
    json.dumps([PLAIN, {"msg": "b"}, {"level": 3}]),
    "\n".join(json.dumps({**PLAIN, "seq": n}) for n in range(3)),
    sealed([json.dumps(WIRE).encode()] * 2),
    next(
        pack([Record("checkout", derive_id(n), NOON, "FATAL", "disk full", n, {"n": n}) for n in range(4)])
    ).body,
)


def hostile_text(random_: random.Random) -> str:
    """Anything from one plane of Unicode or all, with known tricks in between."""
    pieces: list[str] = []
    for _ in range(random_.randrange(6)):
        kind = random_.randrange(5)
        if kind == 0:
            pieces.append(random_.choice(NASTY))
        elif kind == 1:
            pieces.append("".join(map(chr, random_.choices(range(0x20), k=random_.randrange(9)))))
        else:
            top = (0x80, 0x3000, 0x110000)[kind - 2]
            pieces.append("".join(map(chr, random_.choices(range(top), k=random_.randrange(20)))))
    return "".join(pieces)


def mutated(random_: random.Random, text: str) -> str:
    """A few cuts, copies, swaps and insertions."""
    for _ in range(random_.choice((1, 1, 2, 4, 12))):
        at, to = sorted(random_.choices(range(len(text) + 1), k=2))
        kind = random_.randrange(5)
        if kind == 0:
            text = text[:at] + random_.choice(TOKENS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[to:]
        elif kind == 2:
            text = text[:at] + text[at:to] * 2 + text[to:]
        elif kind == 3:
            text = text[:at] + hostile_text(random_) + text[at + 1 :]
        else:
            text = text[:at] + random_.choice(SEEDS)[at:]
    return text[:MAX_BODY]


def reshaped(random_: random.Random, value: Any) -> Any:
    """The same JSON with members put in, taken out and replaced."""
    if random_.random() < 0.15:
        return random_.choice(VALUES)
    if isinstance(value, dict):
        made = {name: reshaped(random_, inner) for name, inner in value.items() if random_.random() > 0.05}
        if random_.random() < 0.5:
            made[random_.choice(NAMES)] = random_.choice(VALUES)
        return made
    if isinstance(value, list):
        return [reshaped(random_, inner) for inner in value] * random_.choice((1, 1, 1, 2))
    return value


def hostile_body(random_: random.Random) -> str:
    kind = random_.randrange(8)
    seed = random_.choice(SEEDS)
    if kind < 2:
        return mutated(random_, seed)
    if kind == 2:
        return hostile_text(random_)
    if kind < 5:
        shape = reshaped(random_, json.loads(random_.choice([SEEDS[0], SEEDS[1], SEEDS[3]])))
        return json.dumps(shape, ensure_ascii=random_.random() < 0.5)
    lines = [json.dumps(reshaped(random_, {**WIRE, "fields": PLAIN}), ensure_ascii=random_.random() < 0.5)]
    if kind == 5:
        lines.append(mutated(random_, lines[0]))
    return sealed([line.encode("utf-8", "replace") for line in lines] * random_.choice((1, 1, 3)))


# ── The consumer ────────────────────────────────────────────────────────────────────────────────────

GROUPS = ("checkout",) * 6 + ("checkout.3", "web", "../../etc", "", "A", "checkout\n")


def consumer(shelf: Shelf) -> Consumer:
    return Consumer(shelf, CONFIG, clock=lambda: NOON)  # type: ignore[arg-type]


def message(number: int, body: str, group: str) -> dict[str, Any]:
    attributes = {
        "MessageGroupId": group,
        "MessageDeduplicationId": f"d-{number}",
        "SentTimestamp": str(NOON),
    }
    return {"messageId": f"m-{number}", "body": body, "attributes": attributes}


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON for Athena")


def strict(line: bytes) -> Any:
    return json.loads(line.decode("utf-8"), parse_constant=refuse_constant)


def check_kept(shelf: Shelf, body: str) -> None:
    """What was written can be read: by Athena, by `tail`, and by whoever looks into the quarantine."""
    cold = 0
    for key, content in shelf.objects.items():
        if key.startswith("quarantine/"):
            assert strict(content)["reason"], key
            continue
        assert Partition.of_key(key), key
        for line in plain_of(key, content).splitlines():
            row = strict(line)
            fields = json.loads(row.get("fields", "{}"), parse_constant=refuse_constant)
            assert isinstance(fields, dict)
            cold += 1
    assert sum(from_item(row).count for row in shelf.rows) == cold
    for row in map(from_item, shelf.rows):
        stored = read_stored(decompress(shelf.objects[row.object_key], most=2**30))
        assert len(row.own(stored)) == row.count
        assert not row.whole or row.rows == row.own(stored)
        assert all(record_of(each, row.appid) for each in row.rows)
    assert all(len(row["chunk"]["S"].partition("#")[0]) == 13 for row in shelf.rows)
    assert shelf.objects, body


@pytest.mark.slow
@pytest.mark.proves("F8", "F10", "F13", "F15", "B2", "B6", "B8", "B12", "B13")
def test_every_body_is_stored_or_quarantined(capsys):
    shelf, random_ = Shelf(), random.Random(20260131)
    consume = consumer(shelf).process
    stored = quarantined = 0
    for number in range(1_000_000 if SOAK else 10_000):
        body = hostile_body(random_)
        shelf.clear()
        reply = consume({"Records": [message(number, body, random_.choice(GROUPS))]})
        assert reply == {"batchItemFailures": []}, (number, body, capsys.readouterr().err[-2000:])
        check_kept(shelf, body)
        stored += any(key.startswith("logs/") for key in shelf.objects)
        quarantined += any(key.startswith("quarantine/") for key in shelf.objects)
        if number % 1000 == 0:
            capsys.readouterr()
    # The fuzzer is worth nothing if it only makes what is refused at the door.
    assert stored > number / 10
    assert quarantined > number / 10


@pytest.mark.slow
@pytest.mark.proves("F6", "F7", "F8", "F10")
def test_the_reply_names_what_is_not_done_and_only_that(capsys):
    """Batches of hostile bodies while writes fail at random, with errors of the SDK and of our own."""
    shelf, random_ = Shelf(), random.Random(7)
    errors = (
        lambda operation: unavailable(operation),
        lambda operation: EndpointConnectionError(endpoint_url=operation),
        lambda operation: RuntimeError(operation),
        lambda operation: UnicodeDecodeError("utf-8", b"", 0, 1, operation),
    )

    def fails(operation: str) -> None:
        if random_.random() < 0.03:
            raise random_.choice(errors)(operation)

    shelf.fails = fails
    failed = 0
    for number in range(100_000 if SOAK else 1_500):
        batch = [
            message(number * 10 + n, hostile_body(random_), random_.choice(GROUPS))
            for n in range(random_.randrange(1, 11))
        ]
        groups = {item["messageId"]: item["attributes"]["MessageGroupId"] for item in batch}
        reply = consumer(shelf).process({"Records": batch})
        named = [item["itemIdentifier"] for item in reply["batchItemFailures"]]
        assert set(reply) == {"batchItemFailures"}
        assert set(named) <= set(groups)
        assert len(named) == len(set(named))
        # Once one of a group is named, so are all after it: the app's order holds.
        for group in set(groups.values()):
            states = [name in named for name in groups if groups[name] == group]
            assert states == sorted(states)
        failed += len(named)
        shelf.clear()
        capsys.readouterr()
    assert failed > number / 10


# ── Names of apps ───────────────────────────────────────────────────────────────────────────────────

KEY = re.compile(rf"logs/year=\d{{4}}/month=\d{{2}}/day=\d{{2}}/appid={PATTERN}/[0-9a-f]+\.json\.zst")


def hostile_appid(random_: random.Random) -> str:
    letters = "abcz019-_" if random_.random() < 0.7 else "abz09-_./=%'\" A\n\té\u0130\u0660\uff41\u2028\x00"
    name = "".join(random_.choices(letters, k=random_.choice((1, 2, 8, 63, 64, 65))))
    return name + random_.choice(("", "", "", "\n", "\u200b", hostile_text(random_)))


@pytest.mark.slow
@pytest.mark.proves("B21", "B22", "B23", "B24", "B25", "B26")
def test_every_accepted_appid_makes_a_key_of_its_partition():
    random_, accepted = random.Random(11), 0
    for _ in range(100_000):
        appid = hostile_appid(random_)
        if is_appid(appid):
            accepted += 1
            key = Partition.at(NOON, appid).object_key("0123abcd")
            assert KEY.fullmatch(key), appid
            assert Partition.of_key(key) == Partition("2026", "01", "31", appid)
            assert key.count("/") == 5
    assert 10_000 < accepted < 90_000


# ── Alerts ──────────────────────────────────────────────────────────────────────────────────────────

ALERT_PARTS = ("app:", "level:", "fingerprint:", "kind:", "sample:", "events:", "window:", "alert id:")


def alerted_state(random_: random.Random, text: str, action: Action) -> State:
    """What the stores hold of a message when its alert is claimed, with the longest of names."""
    app = random_.choice(("a", "checkout", "x" * 64))
    (counted,) = tally([Record(app, "id-123456", NOON, random_.choice(("ERROR", "FATAL")), text)], "ERROR")
    claim = None if action is Action.RECOVER else Claim(10**9, 10**12, NOON, 15 * MINUTE)
    return State(
        counted.key, Status.OPEN, 10**12, 1, NOON, NOON,
        claim=claim, template=counted.template, sample=counted.sample,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.proves("F36", "B53")
def test_no_message_makes_an_alert_that_sns_refuses():
    """SNS, Publish: a subject of less than 100 characters of ASCII that begins with a letter, a digit or
    punctuation and has no line break or control; a message of at most 256 KiB of UTF-8. Ours keeps to 32.
    """
    random_ = random.Random(17)
    for number in range(10_000):
        text = hostile_text(random_) * random_.choice((1, 1, 1, 100))
        if number % 100 == 0:
            text += random_.choice(NASTY) * 300_000
        action = random_.choice((Action.OPEN, Action.SUMMARISE, Action.RECOVER))
        stack, flags = f"{'p' * 12}-{'e' * 14}", f" --env {'e' * 14} --region ap-northeast-1"
        state = alerted_state(random_, text, action)
        alert = compose(state, action, stack=stack, flags=flags)
        assert re.fullmatch(r"[!-~][ -~]{0,98}", alert.subject), text
        assert not unsafe(alert.body, "\n"), text
        assert len(alert.body.encode("utf-8")) <= 32 * 1024
        lines = alert.body.split("\n")
        assert [line.split(" ")[0] for line in lines[2:10]] == [part.split(" ")[0] for part in ALERT_PARTS]
        assert len(lines) == 15, "a message forged a line"
        assert lines[12].startswith(f"  logctl tail {state.key.appid} --since ")
        assert lines[13] == f"  logctl debounce show '{state.key}'{flags}"


# ── What reaches a terminal ─────────────────────────────────────────────────────────────────────────


def unsafe(shown: str, allowed: str = "") -> set[str]:
    return {c for c in set(shown) - set(allowed) if unicodedata.category(c) in UNSAFE}


@pytest.mark.slow
@pytest.mark.proves("B37", "B38", "B40")
def test_no_control_or_format_character_survives():
    random_ = random.Random(13)
    for _ in range(100_000):
        text = hostile_text(random_)
        assert not unsafe(neutralise(text)), text
        assert not unsafe(neutralise_lines(text), "\n"), text
        assert ascii_only(text).isascii()
        assert csv_cell(text)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        text.encode("utf-8")  # as a real one would: a lone surrogate is an error
        return super().write(text)


def hostile_rows(random_: random.Random, count: int) -> list[dict[str, Any]]:
    return [{name: hostile_text(random_) for name in ("kind", "sample", "n")} for _ in range(count)]


def tail(form: RecordFormat, query: str | None = None) -> Callable[[list[dict[str, Any]]], None]:
    def show(rows: list[dict[str, Any]]) -> None:
        printer = Printer(
            form, query, utc=True, colored=False
        )  # it looks at stdout, which is the terminal now
        fields = ({row["sample"]: row["n"], "deep": [row]} for row in rows)
        printer.print(
            Record("checkout", "id-123456", NOON, "ERROR", row["kind"], 0, inner)
            for row, inner in zip(rows, fields, strict=True)
        )

    return show


def each(show: Callable[[dict[str, Any]], None]) -> Callable[[list[dict[str, Any]]], None]:
    def show_all(rows: list[dict[str, Any]]) -> None:
        for row in rows:
            show(row)

    return show_all


COLUMNS = ("kind", "sample", "n")
WAYS_OUT: dict[str, Callable[[list[dict[str, Any]]], None]] = {
    **{f"table as {form}": lambda rows, form=form: render.show(rows, COLUMNS, form) for form in Output},
    **{f"facts as {form}": each(lambda row, form=form: render.facts(row, form)) for form in Output},
    **{f"tail as {form}": tail(form) for form in RecordFormat},
    "tail of a part": tail(RecordFormat.TEXT, "message"),
    "tail of an object": tail(RecordFormat.TEXT, "fields"),
    "narration": each(lambda row: render.say(row["kind"])),
    "columns of theirs": lambda rows: render.table([rows[0]["kind"] or "x"], [], verbatim=True),
}


@pytest.mark.slow
@pytest.mark.proves("B37", "B38", "B39", "B40")
@pytest.mark.parametrize("way", WAYS_OUT)
def test_whatever_a_log_holds_a_terminal_gets_text(way, monkeypatch):
    """100,000 strings in all, through what the commands print with; no markup is understood or fails."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")
    random_ = random.Random(way)
    for _ in range(100_000 // len(WAYS_OUT) // 60):
        rows, shown = hostile_rows(random_, 20), Terminal()
        monkeypatch.setattr("sys.stdout", shown)
        with contextlib.redirect_stderr(shown):
            WAYS_OUT[way](rows)
        assert not unsafe(shown.getvalue(), "\n")


def test_markup_is_shown_as_it_is(monkeypatch):
    shown = Terminal()
    monkeypatch.setattr("sys.stdout", shown)
    render.show([{"kind": "[red]x[/bold] :smile: [link=y]"}], ("kind",), Output.TABLE)
    assert "[red]x[/bold] :smile: [link=y]" in shown.getvalue()


def test_a_pipe_gets_the_data_unchanged(monkeypatch):
    """CSV and JSON for programs: what was in the record, controls included."""
    rows = [{"kind": "a\x1b[2J\u202eb\nc"}]
    for form, read in (
        (Output.JSON, lambda text: json.loads(text)[0]["kind"]),
        (Output.CSV, lambda text: list(csv.reader(io.StringIO(text)))[1][0]),
    ):
        piped = io.StringIO()
        monkeypatch.setattr("sys.stdout", piped)
        render.show(rows, ("kind",), form)
        assert read(piped.getvalue()) == rows[0]["kind"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        ("--{}",),
        ("-{}",),
        ("{}",),
        ("athena", "{}"),
        ("dashboard", "user", "{}"),
        ("tail", "--{}"),
        ("tail", "-{}"),
        ("tail", "-n", "{}"),
        ("tail", "-o", "{}"),
        ("tail", "{}"),
        ("tail", "--since", "{}"),
        ("tail", "-g", "({}"),
        ("tail", "-q", "{}["),
        ("--target", "{}", "status"),
        ("status", "--target", "{}"),
        ("status", "--env", "{}"),
        ("status", "--region", "{}"),
        ("status", "--profile", "{}"),
        ("status", "{}"),
        ("status", "a", "{}"),
        ("--config", "{}", "status"),
        ("send", "{}", "--app", "a"),
        ("send", "--app", "{}"),
        ("send", "--every", "{}", "--follow", "x"),
        ("provision", "--template", "/nowhere/{}"),
        ("provision", "--alert-window", "{}"),
        ("provision", "--subscribe", "{}"),
        ("iam", "--for", "{}"),
        ("init", "{}"),
        ("cost", "--estimate", "{}", "{}"),
        ("debounce", "show", "{}"),
        ("debounce", "silence", "a", "--for", "{}"),
        ("debounce", "simulate", "{}"),
        ("athena", "query", "--saved", "{}"),
        ("athena", "query", "--bucket", "{}"),
        ("consume", "--event", "{}"),
        ("replay", "--app", "{}"),
        ("dashboard", "user", "add", "{}", "--app", "a"),
        ("dashboard", "user", "add", "anna", "--app", "{}"),
        ("local", "up", "--port", "{}"),
        ("demo", "{}"),
    ],
    ids=" ".join,
)
def test_what_somebody_typed_is_harmless_when_it_is_quoted(line, tmp_path):
    """Nothing is there that could answer: each command ends with a sentence of ours or of the framework."""
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_MAX_ATTEMPTS": "1",
        "LOGCTL_SANDBOX_HOME": str(tmp_path / "sandbox"),
    }
    for nasty in (
        "\u202e",
        "\x1b]0;x\x07",
        "x\x9b31m",
        "\u2028",
        "\u200b\ufeff",
        "x\nlogctl: all is well",
        "\r",
    ):
        done = prefork.run(*(word.format(nasty) for word in line), env=environ, cwd=tmp_path)
        shown = done.out + done.err
        assert done.returncode in (1, 2, 3, 4), shown
        assert "Traceback" not in shown
        assert unsafe(shown, allowed="\n") == set()
        assert "\nlogctl: all is well" not in f"\n{shown}"
        assert "\nError: all is well" not in shown
