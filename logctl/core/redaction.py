"""Redaction: secrets are removed from records before anything of them is stored or published.

A rule is a pattern for text, and names of fields whose whole value is a secret. A secret is replaced by
`[redacted:RULE]`, so that redacting twice changes nothing; the record's flag `redacted=N` has the number of
them.

A rule sees one record at a time and recognises secrets by their form or by the text before them. A password
in the middle of a sentence has neither, and is not found. Every pattern takes linear time: what it repeats is
bounded or possessive, because anybody can write a log and the consumer waits for the pattern. There are no
custom rules for the same reason: a regular expression of Python's can take exponential time, and one bad rule
would stop ingest.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

from logctl.core.envelope import decode_data
from logctl.core.limits import MAX_PLAIN
from logctl.core.records import ID_DERIVED, RAW, REDACTED, Record, Rejected, derive_id, shown_fields
from logctl.core.redaction_names import ALL, check_names
from logctl.core.secret_signs import LONGEST_CARD, SHORTEST_CARD, SecretSearch, Signs, outline_of

_MARKED = re.compile(r"\[redacted:[a-z-]+\][)\]}.:]*")
_COUNTED = re.compile(r"redacted=(\d{1,9})")
UNREADABLE = "[redacted:unreadable]"
"""The replacement of data that could not be decompressed, and so not checked."""
_MAX_FRAMES = 100
"""How many envelopes are decompressed in one body; a regular message has one."""


@dataclass(frozen=True)
class Rule:
    """A redaction rule.

    Attributes:
        replace: returns a text without its secrets, and their number.
        signs: without one of these, a row has nothing that the rule finds.
        names: suffixes of field names, lowercase and without punctuation: the whole value of such a field is
            a secret.
    """

    name: str
    about: str
    replace: Callable[[str], tuple[str, int]]
    signs: Signs
    names: tuple[str, ...] = ()

    @property
    def mark(self) -> str:
        return f"[redacted:{self.name}]"


# ── The rules ───────────────────────────────────────────────────────────────────────────────────────


_LIKE_ASCII = ("\u017f", "\u212a", "\u0130", "\u0131")
"""What (?i:...) takes for s, k and i, although `lower` does not make these of it."""


def _patterns(name: str, *patterns: str, hints: Sequence[str]) -> Callable[[str], tuple[str, int]]:
    """Return a function that replaces the group `secret` of every match.

    `hints`: a text in which a pattern matches has one of these in lowercase; other texts are not searched.
    """
    compiled = [re.compile(pattern) for pattern in patterns]

    def apply(text: str) -> tuple[str, int]:
        count = 0

        def mark(match: re.Match[str]) -> str:
            nonlocal count
            if _MARKED.fullmatch(match["secret"]):
                return match[0]
            count += 1
            start, end = match.start("secret") - match.start(), match.end("secret") - match.start()
            return f"{match[0][:start]}[redacted:{name}]{match[0][end:]}"

        lower = text.lower()
        if not any(hint in lower for hint in hints) and (
            text.isascii() or not any(letter in text for letter in _LIKE_ASCII)
        ):
            return text, 0
        for pattern in compiled:
            text = pattern.sub(mark, text)
        return text, count

    return apply


# `name=value`, `name: value`, `"name": "value"`, `<name>value`, with escaped quotes where JSON contains JSON
# as text: the quote that ends a value has as many backslashes before it as the one that begins it.
_IS = r"[\\\"']{0,16}\s{0,8}(?:=>|[:=>])\s{0,8}"
_QUOTED = r"(?P<quote>\\{0,15}+[\"'])(?P<secret>(?:(?!(?P=quote))\\*+.){1,4096})"
_BARE = r"(?P<secret>[^\s\"'\\,;&<>]++)"
_BASE64 = r"(?:[A-Za-z0-9/+=]|\\/)"
_NAMES = (
    r"(?i:password|passwd|passphrase|pwd|secret|api[_-]?key|private[_-]?key"
    r"|(?:access|refresh|auth|id)[_-]?token)"
)

# Card numbers are not written in groups of one or two digits, and a megabyte of such groups must cost little.
_DIGITS = re.compile(r"(?<![0-9])[0-9]{3,}+(?:(?=[ -][0-9][0-9][0-9])[ -][0-9]{3,}+)*+")
_GROUP = re.compile(r"[0-9]+")
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]*")
_HEXADECIMAL_END = re.compile(r"[0-9A-Fa-f]*\Z")
_LONGEST_ID = 128
"""Digits of the longest hexadecimal word that is looked at: of SHA-512."""
# The major networks' first digits and lengths (ISO/IEC 7812 issuer numbers). Times in milliseconds and
# nanoseconds begin with 1 until 2033, and no card does.
_CARD = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15}|[0-9]{18})|(?:5[0-9]|2[2-7])[0-9]{14}|3[47][0-9]{13}|3[0689][0-9]{12}"
    r"|(?:35|6[0-9])[0-9]{14,17}"
)
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _cards(text: str) -> tuple[str, int]:
    parts: list[str] = []
    done = count = 0
    for run in _DIGITS.finditer(text):
        if run.end() - run.start() < SHORTEST_CARD:
            continue
        for start, end in _cards_in(run[0]):
            if _is_within_id(text, run.start() + start, run.start() + end):
                continue
            parts += (text[done : run.start() + start], "[redacted:cards]")
            done = run.start() + end
            count += 1
    return "".join((*parts, text[done:])), count


def _is_within_id(text: str, start: int, end: int) -> bool:
    """Return whether digits are part of a hexadecimal id, such as a trace id, and no number by themselves.

    One hexadecimal id of 32 digits in 2,500 has digits that look like a card's number. An id has letters on
    either side of the digits, and no other letters.
    """
    before = _HEXADECIMAL_END.search(text, max(0, start - _LONGEST_ID), start)
    after = _HEXADECIMAL.match(text, end, end + _LONGEST_ID)
    if before is None or after is None or not (before[0] + after[0]):
        return False
    outside = text[max(0, before.start() - 1) : before.start()] + text[after.end() : after.end() + 1]
    return not any(character.isascii() and character.isalnum() for character in outside)


def _cards_in(run: str) -> Iterator[tuple[int, int]]:
    """Yield where card numbers begin and end among groups of digits; a number consists of whole groups."""
    groups = list(_GROUP.finditer(run))
    digits = "".join(group[0] for group in groups)
    starts = [0, *accumulate(len(group[0]) for group in groups)]
    first = 0
    while first < len(groups) and starts[first] + SHORTEST_CARD <= len(digits):
        start, found = starts[first], None
        if digits[start] in "23456":
            low = bisect_left(starts, start + SHORTEST_CARD)
            for last in range(low, bisect_right(starts, start + LONGEST_CARD)):
                candidate = digits[start : starts[last]]
                if _is_card(candidate):
                    found = last
        if found is not None:
            yield groups[first].start(), groups[found - 1].end()
        first = first + 1 if found is None else found


def _is_card(digits: str) -> bool:
    return _CARD.fullmatch(digits) is not None and _passes_luhn(digits)


def _has_card(text: str) -> bool:
    return _cards(text)[1] > 0


def _passes_luhn(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(_DOUBLED[value] for value in values[1::2])) % 10 == 0


_AWS_NAMES = ("secretaccesskey", "awssecretkey", "awssecret", "sessiontoken", "securitytoken")
_PASSWORD_NAMES = (
    *("password", "passwd", "passphrase", "pwd", "secret", "apikey", "privatekey"),
    *("accesstoken", "refreshtoken", "authtoken", "idtoken"),
)
# The parameters of `url-passwords` in an outline.
_LONG = "|".join(map(outline_of, ("password", "passwd", "secret", "token", "signature")))
_SHORT = "|".join(map(outline_of, ("pwd", "pass", "apikey", "key", "auth", "sig")))

_RULES = (
    Rule(
        "pem",
        "PEM blocks, keys and certificates",
        _patterns(
            "pem",
            r"(?P<secret>-----BEGIN [A-Z0-9 ]{1,64}-----[\s\S]*?(?=-----END |\Z)"
            r"(?:-----END [A-Z0-9 ]{1,64}-----)?)",
            hints=("-----begin ",),
        ),
        Signs(marks=(("BEGIN", "-----BEGIN "),)),
    ),
    Rule(
        "aws-keys",
        "AWS access key ids, secret keys and session tokens",
        _patterns(
            "aws-keys",
            r"(?P<secret>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16,}+)",
            r"(?i:secret[_-]?access[_-]?key|aws[_-]?secret(?:[_-]?key)?|(?:session|security)[_-]?token)"
            rf"{_IS}[\\\"']{{0,16}}(?P<secret>{_BASE64}{{16,}}+)",
            hints=("akia", "asia", "abia", "acca", "secret", "token"),
        ),
        Signs(
            names=_AWS_NAMES,
            marks=tuple((mark, f"{mark}[A-Z0-9]{{16}}") for mark in ("AKIA", "ASIA", "ABIA", "ACCA")),
        ),
        _AWS_NAMES,
    ),
    Rule(
        "bearer-tokens",
        "bearer tokens, JWTs and Authorization headers",
        _patterns(
            "bearer-tokens",
            r"(?i:\bbearer)\s{1,8}(?P<secret>(?:[A-Za-z0-9._~+/=-]|\\/){8,}+)",
            rf"(?i:authorization){_IS}[\\\"']{{0,16}}(?:[A-Za-z0-9-]{{1,20}}\s{{1,8}})?"
            r"(?P<secret>[^\s\"'\\,;<>]{4,}+)",
            r"(?<![A-Za-z0-9_-])(?P<secret>eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]*+)",
            hints=("bearer", "authorization", "eyj"),
        ),
        Signs(names=("authorization", "bearer"), marks=(("eyJ", "eyJ"),), words=("bearer",)),
        ("authorization", "bearer"),
    ),
    Rule(
        "url-passwords",
        "passwords in URLs: user:password@, and parameters like ?token=",
        _patterns(
            "url-passwords",
            r":\\?/\\?/[^\s/?#@:\"'<>\\]{0,256}+:(?P<secret>[^\s/?#\"'<>\\]{1,1024})@",
            r"(?i:[?&;](?:[a-z0-9_-]{0,32}(?:password|passwd|secret|token|signature)"
            r"|pwd|pass|api_?key|key|auth|sig)=)(?P<secret>[^\s&#\"'<>\\]++)",
            hints=(
                "@",
                *(f"{name}=" for name in ("word", "passwd", "secret", "token", "signature")),
                *(f"{name}=" for name in ("pwd", "pass", "key", "auth", "sig")),
            ),
        ),
        Signs(outlines=(r":\\*/\\*/[^/?@:\"\\]*:[^/?\"\\]*@", rf"[?&;](?:[a-z]*(?:{_LONG})|{_SHORT})=")),
    ),
    Rule(
        "passwords",
        "what follows password=, secret:, api_key= and the like",
        _patterns(
            "passwords",
            rf"{_NAMES}{_IS}{_QUOTED}",
            rf"{_NAMES}{_IS}{_BARE}",
            hints=("passw", "passphrase", "pwd", "secret", "key", "token"),
        ),
        Signs(names=_PASSWORD_NAMES),
        _PASSWORD_NAMES,
    ),
    Rule("cards", "card numbers that pass Luhn's check", _cards, Signs(cards=True)),
)
RULES: Mapping[str, Rule] = {rule.name: rule for rule in _RULES}
"""In the order in which they are applied."""


# ── Applying them ───────────────────────────────────────────────────────────────────────────────────


class Redactor:
    """The redaction by the chosen rules; without rules it changes nothing."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Choose rules by name; `all` stands for every rule.

        Raises:
            ValueError: there is no such rule.
        """
        chosen = set(names)
        check_names(chosen)
        self._rules = [rule for rule in _RULES if rule.name in chosen or ALL in chosen]
        signs = [rule.signs for rule in self._rules]
        self._search = SecretSearch(signs, is_card=_is_card, has_card=_has_card)

    def suspects(self, block: bytes) -> set[int]:
        """Return the places of the rows in which a rule may find something, the first being 0.

        In the other rows no rule finds anything.

        `block`: rows as NDJSON (`core.rows`).
        """
        return self._search.rows(block) if self._rules else set()

    def __bool__(self) -> bool:
        return bool(self._rules)

    def text(self, text: str) -> tuple[str, int]:
        """Return a text without its secrets, and how many there were."""
        found = 0
        for rule in self._rules:
            text, more = rule.replace(text)
            found += more
        return text, found

    def body(self, body: str) -> tuple[str, int]:
        """Return the body of a message that could not be read, or a part of it, without its secrets.

        The data of an envelope is decompressed first, because no pattern matches in compressed data. Data
        that cannot be decompressed cannot be checked, and is omitted; so is what exceeds the limits of one
        message.
        """
        if not self._rules:
            return body, 0
        found = frames = 0
        left = MAX_PLAIN

        def open_(match: re.Match[str]) -> str:
            nonlocal found, frames, left
            frames += 1
            try:
                if frames > _MAX_FRAMES:
                    raise Rejected("too_big", "there are too many envelopes in it")
                decoded = decode_data(match[0].replace("\\", ""), most=left)
            except Rejected:
                found += 1
                return UNREADABLE
            left -= len(decoded)
            plain, more = self.text(decoded.decode("utf-8", "replace"))
            found += more
            return json.dumps(plain, ensure_ascii=False)[1:-1]

        opened = _FOLDED.sub(open_, body)
        text, more = self.text(opened)
        return text, found + more

    def record(self, record: Record, *, batch_id: str) -> Record:
        """Return a record without secrets in its message, its id, its fields and their names.

        Where it is stored does not change: that depends on its batch, its app and its time.
        """
        if not self._rules:
            return record
        message, found = self.text(record.message)
        fields, more = self._mapping(shown_fields(record))
        found += more
        raw = record.fields.get(RAW)
        if raw is not None:
            # The original text repeats what the record has. A secret that is recognised by the name of its
            # field might not be recognised there, so the text is kept only in records that have no secret.
            in_raw = self._value(raw)[1]
            if found + in_raw == 0:
                fields[RAW] = raw
            found = found or in_raw
        flags, more = self._each(record.flags)
        found += more
        event_id, in_id = self.text(record.event_id)
        if in_id:
            # The new id is not a hash of the old one: there are few enough card numbers to try them all.
            event_id = derive_id(batch_id, record.seq, record.ts)
            flags = tuple(dict.fromkeys((*flags, ID_DERIVED)))
        if not found + in_id:
            return record
        return replace(
            record,
            event_id=event_id,
            message=message,
            fields=fields,
            flags=_counted(flags, found + in_id),
        )

    def _each(self, texts: Iterable[str]) -> tuple[tuple[str, ...], int]:
        done = [self.text(text) for text in texts]
        return tuple(text for text, _ in done), sum(found for _, found in done)

    def _value(self, value: Any) -> tuple[Any, int]:
        # The recursion is not deep: `strictjson` has rejected values that are nested deeper than it allows.
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._mapping(value)
        if isinstance(value, list):
            done = [self._value(item) for item in value]
            return [item for item, _ in done], sum(found for _, found in done)
        if not isinstance(value, int) or isinstance(value, bool):
            return value, 0  # a number with a fraction or an exponent is not the number of a card
        text, found = self.text(str(value))
        return (text, found) if found else (value, 0)

    def _mapping(self, value: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        made: dict[str, Any] = {}
        total = 0
        for key, item in value.items():
            name, found = self.text(key)
            rule = self._rule_of(key)
            if rule and not (item is None or isinstance(item, bool) or item in ("", rule.mark)):
                shown, more = rule.mark, 1
            else:
                shown, more = self._value(item)
            total += found + more
            made[_free(name, made)] = shown
        return made, total

    def _rule_of(self, key: str) -> Rule | None:
        """Return the rule by which the whole value of a field with this name is a secret."""
        name = re.sub(r"[^a-z0-9]", "", key[-64:].lower())
        return next((rule for rule in self._rules if rule.names and name.endswith(rule.names)), None)


# Base64 of a zstd frame, which begins with its magic number; JSON may have / as \/.
_FOLDED = re.compile(r"KLUv\\?/[A-Za-z0-9+/=\\]*+")


def _free(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name that is not taken: two names may be equal after redaction, and both values are kept."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name} {number}"
    return free


def _counted(flags: Iterable[str], found: int) -> tuple[str, ...]:
    before = [int(counted[1]) for flag in flags if (counted := _COUNTED.fullmatch(flag))]
    kept = [flag for flag in flags if not _COUNTED.fullmatch(flag)]
    return (*kept, f"{REDACTED}{sum(before) + found}")
