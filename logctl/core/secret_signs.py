r"""A quick look for secrets: which rows of a block of NDJSON a redaction rule may find anything in.

Looking closely costs more than everything else that is done with a record, and most blocks have no secret. A
rule declares signs beside its patterns. They are looked for in two reductions of the whole block, which
`bytes.translate` makes at more than a gigabyte a second:

- An outline for each row: the letters that are no hexadecimal digits, and some punctuation. Rows that were
  written by the same statement mostly have the same outline, so that each outline is judged once.
- The numbers: a zero for each digit, what ends a number, and the letters of hexadecimal digits.

This look misses nothing that a rule finds. Only letters and digits count in the name of a field, so that
punctuation between letters is allowed for here. Rows have JSON within JSON as text, where a letter may be
written as `\\u0061`, and where a line break within a name is `\\n`: a row with one of these is looked at
closely, and so is one with a character outside ASCII that equals a letter of ASCII where case is ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

SHORTEST_CARD, LONGEST_CARD = 13, 19

_LETTERS = bytes(range(ord("a"), ord("z") + 1))
_HEX = b"abcdef"
_PUNCTUATION = b'\\=?&;@/>:"'
_LOWER = bytes(range(256)).lower()


def _all_but(kept: bytes) -> bytes:
    return bytes(byte for byte in range(256) if byte not in kept)


_NOT_OUTLINE = _all_but(_LETTERS.translate(None, _HEX) + _LETTERS.upper() + _PUNCTUATION + b"\n")
_NOT_NAME = _all_but(_LETTERS + _LETTERS.upper() + b"0123456789")
_BETWEEN = b"[" + re.escape(_PUNCTUATION) + b"]*+"
# Between a name and its colon, a line break outside JSON within JSON may leave a letter.
_BEFORE_COLON = rb"(?:\\[nrtu]?|[=?&;@/>:\"])*"
# What leaves a letter of an escape in an outline, in JSON within JSON.
_ESCAPE = re.compile(rb"\\\\[nrtu]")
_HIDDEN = re.compile(rb"\\\\u(?:00[2-7]|017[fF]|212[aA]|013[01])")
"""An escape of a letter or digit, or of what (?i:...) takes for s, k or i."""
# An outline with these does not tell: the escape may hide a letter, or the backslashes before the quotation
# mark may be what is left of `\\b`.
_UNCLEAR = (b"\\\\u", b'\\\\\\"')
# A text in JSON within JSON, and the colon after it if it is a name.
_INNER = re.compile(rb'\\"((?:[^"\\]|\\\\(?:\\["\\]|[^"\\]))*)\\"(?:(?:\s|\\[nrt])*(:))?')
_LIKE_ASCII = tuple(letter.encode() for letter in "\u017f\u212a\u0130\u0131")

# Spaces and hyphens may be between the digits of a card, other letters than these seldom are. Without
# them the block is half as long.
_NUMBERS = bytes(ord("0") if byte in b"0123456789" else lower for byte, lower in enumerate(_LOWER))
_NOT_NUMBERS = _all_but(b"0123456789:,.\nabcdefrABCDEFR")
_DIGITS = bytes(
    ord("0") if byte in b"0123456789" else ord("-") if byte in b" -" else ord(".") for byte in range(256)
)
_RUN = b"0" * SHORTEST_CARD
_GROUPS = b"000-000"
_ESCAPED = b"\\u"
"""Before digits of an escape, which are not digits of the number after them."""

_FEW = 4
"""If fewer than one row in so many has a long number, each of these rows is looked at, and else the block."""
_REMEMBERED = 20_000
"""How many outlines without a sign are remembered; each takes two hundred bytes or so."""


@dataclass(frozen=True)
class Signs:
    """What a row has in which a rule finds something; at least one of these.

    Attributes:
        names: words of lowercase letters before `:`, `=` or `>`, in a text or as a field's name.
        marks: texts of ASCII letters whose case matters, each with a pattern for the row that has it.
        outlines: patterns for an outline in lowercase; `outline_of` says what a word leaves there.
        words: words anywhere, of the letters a to f and r.
        cards: whether it may be the number of a card.
    """

    names: tuple[str, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    outlines: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cards: bool = False


def outline_of(word: str) -> str:
    """Return what a word leaves in an outline in lowercase."""
    return word.lower().encode().translate(None, _HEX).decode()


class SecretSearch:
    """The search for signs. It remembers outlines that have none."""

    def __init__(
        self,
        signs: Iterable[Signs],
        *,
        is_card: Callable[[str], bool],
        has_card: Callable[[str], bool],
    ) -> None:
        """Prepare a search.

        - `is_card`: whether digits are the number of a card.
        - `has_card`: whether a text has the number of a card, with or without separators.
        """
        listed = list(signs)
        self._names = tuple(dict.fromkeys(name.encode() for each in listed for name in each.names))
        codes = list(dict.fromkeys(outline_of(name.decode()) for name in self._names))
        self._codes = tuple(code.encode() for code in codes)
        spaced = b"|".join(_BETWEEN.join(re.escape(bytes([byte])) for byte in code) for code in self._codes)
        self._named = re.compile(b"(?:" + spaced + b")" + _BEFORE_COLON + b"(?<=[:=>])") if codes else None
        self._marks = tuple(
            (mark.encode().translate(None, _HEX), re.compile(pattern.encode()))
            for each in listed
            for mark, pattern in each.marks
        )
        outlines = [f"(?:{outline})".encode() for each in listed for outline in each.outlines]
        self._outlines = re.compile(b"|".join(outlines)) if outlines else None
        self._words = tuple(word.encode() for each in listed for word in each.words)
        self._cards = any(each.cards for each in listed)
        self._is_card = is_card
        self._has_card = has_card
        self._clean: set[bytes] = set()

    def rows(self, block: bytes) -> set[int]:
        """Return the places of the rows that may have a secret; the first row of the block is 0."""
        found = set(self._by_outline(block))
        if self._words or self._cards:
            found.update(self._by_numbers(block))
        if not block.isascii() and any(letter in block for letter in _LIKE_ASCII):
            found.update(_places(block.split(b"\n"), _LIKE_ASCII))
        return found

    # ── By outline ──────────────────────────────────────────────────────────────────────────────────

    def _by_outline(self, block: bytes) -> Iterator[int]:
        outlines = block.translate(None, _NOT_OUTLINE).split(b"\n")
        unknown = set(outlines).difference(self._clean)
        if not unknown:
            return
        signed = {outline for outline in unknown if self._may(outline)}
        if len(self._clean) + len(unknown) > _REMEMBERED:
            self._clean.clear()
        self._clean |= unknown - signed
        if signed:
            for place, (outline, row) in enumerate(zip(outlines, block.split(b"\n"), strict=True)):
                if outline in signed and self._confirmed(outline, row):
                    yield place

    def _may(self, outline: bytes) -> bool:
        """Return whether a row with this outline may have a sign, whatever the outline omits."""
        if any(mark in outline for mark, _ in self._marks):
            return True
        if _ESCAPE.search(outline) and (
            any(text in outline for text in _UNCLEAR) or _has_escape_in_name(outline)
        ):
            return True
        lower = outline.translate(_LOWER, _HEX.upper())
        return self._has_name(lower) or self._has_outline(lower)

    def _has_name(self, lower: bytes) -> bool:
        letters = lower.translate(None, _PUNCTUATION)
        if not any(code in letters for code in self._codes):
            return False
        return self._named is not None and self._named.search(lower) is not None

    def _has_outline(self, lower: bytes) -> bool:
        return self._outlines is not None and self._outlines.search(lower) is not None

    def _confirmed(self, outline: bytes, row: bytes) -> bool:
        """Return whether the row has a sign that its outline may have."""
        lower = outline.translate(_LOWER, _HEX.upper())
        if self._has_outline(lower) or (_ESCAPE.search(outline) and _escapes_matter(row)):
            return True
        if any(mark in outline and pattern.search(row) for mark, pattern in self._marks):
            return True
        if not self._has_name(lower):
            return False
        name = row.translate(_LOWER, _NOT_NAME)
        return b"\\\\" in row or any(each in name for each in self._names)

    # ── By numbers ──────────────────────────────────────────────────────────────────────────────────

    def _by_numbers(self, block: bytes) -> Iterator[int]:
        numbers = block.translate(_NUMBERS, _NOT_NUMBERS)
        if any(word in numbers for word in self._words):
            yield from _places(numbers.split(b"\n"), self._words)
        if not self._cards or _RUN not in numbers:
            return
        rows = block.split(b"\n")
        # An eighth of the block stands for all of it.
        if numbers.count(_RUN, 0, len(numbers) // 8) > len(rows) // (8 * _FEW):
            yield from _places_of(sorted(self._card_begins(block)), block)
            return
        begin, place, at = numbers.find(_RUN), 0, 0
        while begin >= 0:
            place += numbers.count(b"\n", at, begin)
            if any(self._card_begins(rows[place])):
                yield place
            at = numbers.find(b"\n", begin)
            begin = numbers.find(_RUN, at) if at >= 0 else -1

    def _card_begins(self, text: bytes) -> Iterator[int]:
        """Yield one more than where numbers of cards begin, or groups of digits among which there is one."""
        digits = text.translate(_DIGITS)
        begin = digits.find(_RUN)
        while begin >= 0:
            end = begin + SHORTEST_CARD
            while digits[end : end + 1] == b"0":
                end += 1
            # Most long numbers are times, which begin with 1; no card does.
            card = text[begin] in b"23456" and self._is_card(text[begin:end].decode())
            if card or text[begin - 2 : begin] == _ESCAPED:
                yield begin + 1
            begin = digits.find(_RUN, end)
        begin = digits.find(_GROUPS)
        while begin >= 0:
            first = digits.rfind(b".", 0, begin) + 1
            end = digits.find(b".", begin) % (len(digits) + 1)  # -1 is the end
            if end - first > SHORTEST_CARD:
                escaped = text[first - 2 : first] == _ESCAPED
                if escaped or self._has_card(text[first:end].decode()):
                    yield first + 1
            begin = digits.find(_GROUPS, end)


def _escapes_matter(row: bytes) -> bool:
    """Return whether an escape hides a letter, or stands between the letters of a name."""
    if b"\\\\u" in row and _HIDDEN.search(row):
        return True
    return _has_escape_in_name(row)


def _has_escape_in_name(row: bytes) -> bool:
    """Return whether there is an escape in a name in JSON within JSON; a row or an outline tells it."""
    return any(found[2] and b"\\\\" in found[1] for found in _INNER.finditer(row))


def _places_of(begins: Iterable[int], block: bytes) -> Iterator[int]:
    """Yield in which rows places of a block are; both in rising order."""
    row = at = 0
    for begin in begins:
        row += block.count(b"\n", at, begin)
        at = begin
        yield row


def _places(rows: Iterable[bytes], texts: Iterable[bytes]) -> list[int]:
    """Return the places of the rows that have one of the texts."""
    return [place for place, row in enumerate(rows) if any(text in row for text in texts)]
