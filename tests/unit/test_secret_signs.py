"""The quick look for secrets misses nothing that a rule finds, and says no to ordinary logs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.loghub import loghub
from logctl.core.records import Record
from logctl.core.redaction import RULES, Redactor
from logctl.core.redaction_names import ALL
from logctl.core.rows import Row, encode_rows, fields_text, record_of, row_of

REDACTORS = {name: Redactor([name]) for name in (*RULES, ALL)}
CARDS = ("4111111111111111", "378282246310005", "30569309025904", "6011000990139424", "4222222222222")
TS = "2026-01-31T12:00:00.000Z"


def row(message: str = "", fields: str | None = None, *, event_id: str = "e" * 24, flags: Any = ()) -> Row:
    return Row(event_id, TS, "INFO", message, list(flags), 7, fields)


def check(one: Row) -> None:
    """Whatever a rule finds in a row, its signs are in the row as it is stored."""
    block = encode_rows([row("nothing"), one, row("nothing either")])
    record = record_of(one, "checkout")
    for name, redactor in REDACTORS.items():
        if redactor.record(record, batch_id="b") != record:
            assert redactor.suspects(block) == {1}, name


# ── Made of what the rules look for, in pieces ──────────────────────────────────────────────────────

WORDS = (
    *(
        "password",
        "passwd",
        "passphrase",
        "pwd",
        "secret",
        "api_key",
        "apiKey",
        "private-key",
        "access_token",
    ),
    *("refreshToken", "auth_token", "idtoken", "secret_access_key", "aws_secret", "AwsSecretKey"),
    *("session-token", "security_token", "Authorization", "bearer", "Bearer", "pass", "key", "sig", "auth"),
    *("signature", "token", "AKIA", "ASIA", "eyJ", "-----BEGIN ", "-----END ", "http://", ":\\/\\/"),
)
SECRETS = (
    "hunter2hunter2hunter2",
    "AKIAIOSFODNN7EXAMPLE",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    "bearer abcdefghijkl",
    "://user:pa55@host",
    "?token=abc",
    "&amp;sig=x",
    *CARDS,
    "4111 1111 1111 1111",
    "3782-822463-10005",
    "4111111111111 111",
    "411 1111111111111",
    "1769860800000 4111 1111 1111 1111",
)
PUNCTUATION = (
    "=",
    ": ",
    '": "',
    '\\":\\"',
    " => ",
    ">",
    "=\n",
    "\n= ",
    "\t:",
    "@",
    "?",
    "&",
    ";",
    "/",
    "://",
)
ODD = (
    "\n",
    "\t",
    "\f",
    "\b",
    "\r",
    "\x00",
    "\x10",
    "\x1b",
    "\u017f",
    "\u212a",
    "\u0130",
    "\u0131",
    "é",
    "日",
    "\\",
    '"',
)
PIECE = st.one_of(
    st.sampled_from(WORDS).flatmap(
        lambda word: st.sampled_from((word, word.upper(), word.lower(), word.swapcase(), word.title()))
    ),
    st.sampled_from(SECRETS),
    st.sampled_from(PUNCTUATION),
    st.sampled_from(ODD),
    st.text(max_size=4),
    st.integers(0, 10**19).map(str),
)
TEXT = st.lists(PIECE, max_size=6).map("".join)


@st.composite
def broken_words(draw: Any) -> str:
    """A name with something between its letters, or with letters that only (?i:...) takes for its own."""
    word = draw(st.sampled_from(WORDS))
    between = draw(st.sampled_from(("", "", "-", "_", ".", " ", ",", ":", "=", "/", "@", *ODD)))
    at = draw(st.integers(0, len(word)))
    word = word[:at] + between + word[at:]
    return draw(st.sampled_from((word, word.replace("s", "\u017f"), word.replace("k", "\u212a").upper())))


NAME = st.one_of(
    TEXT, broken_words(), st.tuples(TEXT, broken_words(), st.sampled_from(("", "_", ".", "\n"))).map("".join)
)
VALUE = st.recursive(
    st.one_of(
        TEXT,
        st.integers(),
        st.sampled_from([int(card) for card in CARDS]),
        st.floats(allow_nan=False),
        st.none(),
    ),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAME, inner, max_size=2),
    max_leaves=4,
)
FIELDS = st.dictionaries(NAME, VALUE, max_size=3)


def plain(fields: Any) -> str:
    return fields_text(fields)


def ascii_only(fields: Any) -> str:
    return json.dumps(fields, indent=1)


def escaped(fields: Any) -> str:
    """Letters and digits of names and texts as escapes, as any producer may write them."""
    text = json.dumps(fields, separators=(" , ", " : "))
    return re.sub(
        r'"((?:[^"\\]|\\.)*)"',
        lambda found: (
            '"'
            + re.sub(
                r"(?<!\\)(?<!\\u)(?<!\\u.)(?<!\\u..)(?<!\\u...)[a-zA-Z0-9](?=[^\\]|$)", _escape, found[1]
            )
            + '"'
        ),
        text,
    )


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}" if ord(found[0]) % 3 == 0 else found[0]


def inside(fields: Any) -> str:
    """JSON in a text of JSON."""
    return fields_text({"body": fields_text(fields)})


WRITERS = st.sampled_from((plain, ascii_only, escaped, inside))


@settings(max_examples=1_500, derandomize=True, deadline=None)
@given(message=TEXT, fields=FIELDS, write=WRITERS, event_id=st.sampled_from(("e" * 24, *CARDS)))
@example(message="", fields={"pass\nword": "x"}, write=plain, event_id="e" * 24)
@example(message="", fields={"pass\fword": "x"}, write=plain, event_id="e" * 24)
@example(message="", fields={"b-e.a:r,e r": "x"}, write=plain, event_id="e" * 24)
@example(message="\x104111111111111111", fields={}, write=plain, event_id="e" * 24)
@example(message="\x104111 1111 1111 1111", fields={"a": "x" * 9}, write=plain, event_id="e" * 24)
@example(message="to\u212aen", fields={"id_to\u212aen": "x"}, write=ascii_only, event_id="e" * 24)
@example(message="", fields={"password": "x"}, write=escaped, event_id="e" * 24)
@example(message="", fields={"password": "x"}, write=inside, event_id="e" * 24)
def test_whatever_a_rule_finds_has_a_sign(message, fields, write, event_id):
    try:
        text = write(fields)
        one = row(message, text, event_id=event_id)
        encode_rows([one])
    except (UnicodeError, ValueError):
        return
    check(one)


@settings(max_examples=700, derandomize=True, deadline=None)
@given(text=TEXT, message=TEXT)
def test_so_it_is_where_fields_are_no_json(text, message):
    try:
        one = row(message, text, flags=(text[:20],))
        encode_rows([one])
    except UnicodeError:
        return
    check(one)


def test_the_strategies_reach_every_rule():
    """Else the tests above would say nothing."""
    for name in RULES:
        hit = [
            secret
            for secret in (*SECRETS, "password=x", "aws_secret=" + "x" * 20)
            if REDACTORS[name].text(secret)[1]
        ]
        assert hit, name


# ── Rows among others ───────────────────────────────────────────────────────────────────────────────


def test_the_rows_with_a_sign_are_told_by_their_places():
    rows = [row(f"request {number} done", fields_text({"user": number})) for number in range(300)]
    for place, message in (
        (0, "password=x"),
        (17, "Bearer abcdefghijk"),
        (18, CARDS[0]),
        (299, "AKIAIOSFODNN7EXAMPLE"),
    ):
        rows[place] = row(message)
    for _ in range(2):  # the second time, outlines are remembered
        assert REDACTORS[ALL].suspects(encode_rows(rows)) == {0, 17, 18, 299}
    assert REDACTORS["cards"].suspects(encode_rows(rows)) == {18}
    assert not Redactor().suspects(encode_rows(rows))


def test_an_outline_that_was_clean_is_not_clean_for_another_row_with_a_secret():
    """The outline omits digits and the letters a to f, of which these differ."""
    redactor = Redactor([ALL])
    assert redactor.suspects(encode_rows([row("carrier: ready")])) == set()
    assert redactor.suspects(encode_rows([row("", fields_text({"error": 1}))])) == set()
    assert redactor.suspects(encode_rows([row("", fields_text({"bearer": "x"}))])) == {0}
    assert redactor.suspects(encode_rows([row("", fields_text({"ar_r": "x"}))])) == set()


def test_outlines_are_remembered_up_to_a_limit(monkeypatch):
    monkeypatch.setattr("logctl.core.secret_signs._REMEMBERED", 50)
    redactor = Redactor([ALL])
    for number in range(500):
        word = "".join(chr(ord("g") + int(digit)) for digit in str(number))
        assert redactor.suspects(encode_rows([row(f"say {word}")])) == set()
        assert len(redactor._search._clean) <= 52


@pytest.mark.parametrize(
    "hostile",
    [
        "pwd" + "\\n" * 50_000,
        "\\t" * 100_000,
        "?" * 100_000,
        "://" * 50_000,
        "p:" * 80_000,
        "4-" * 80_000,
        "411 " * 60_000,
        "4" * 200_000,
    ],
    ids=lambda text: text[:6],
)
def test_a_hostile_row_takes_as_many_steps_as_it_is_long(hostile):
    """No test measures time; one that takes quadratic time here takes hours."""
    REDACTORS[ALL].suspects(encode_rows([row(hostile), row("", fields_text({hostile[:60]: hostile}))]))


# ── Ordinary logs ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(loghub() is None, reason="no loghub: set LOGCTL_LOGHUB")
def test_in_ordinary_logs_no_row_is_looked_at_closely_for_nothing():
    """Eight systems; some numbers of HDFS's blocks pass for the numbers of cards, by the rule too."""
    redactor, looked_at = REDACTORS[ALL], 0
    for path in sorted(loghub().glob("*.log")):
        lines = path.read_text(errors="replace").splitlines()
        rows = [
            row_of(Record("app", f"{number:024x}", 0, "INFO", line, number))
            for number, line in enumerate(lines)
        ]
        suspects = redactor.suspects(encode_rows(rows))
        assert suspects == {place for place, one in enumerate(rows) if redactor.text(one.message)[1]}, (
            path.stem
        )
        looked_at += len(suspects)
    assert 0 < looked_at < 100
