"""The encodings of log files: UTF-8, UTF-16, and lines of Latin-1 or Windows-1252 among those of UTF-8."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable
from enum import StrEnum, unique
from typing import TYPE_CHECKING, BinaryIO

from logctl.ops.send.byte_streams import CHUNK, buffered

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SHORTEST = 8
"""Bytes of UTF-16 without a byte order mark that are enough to recognise it."""
_WINDOWS = "logctl-windows-1252"


@unique
class Wide(StrEnum):
    """UTF-16 in its two byte orders; the values are Python's names."""

    LITTLE = "utf-16-le"
    BIG = "utf-16-be"


def wide_encoding(start: bytes) -> Wide | None:
    """Return the byte order of a source in UTF-16 that begins with `start`; None for any other encoding.

    Without a byte order mark, UTF-16 is recognised if every second byte of the beginning is zero and hardly
    one of the others, as it is in the languages of Europe.
    """
    if start.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return None  # UTF-32
    if start.startswith(codecs.BOM_UTF16_LE):
        return Wide.LITTLE
    if start.startswith(codecs.BOM_UTF16_BE):
        return Wide.BIG
    sample = start[: min(len(start), 1024) & ~1]
    if len(sample) < _SHORTEST:
        return None
    half = len(sample) // 2
    low, high = sample[::2].count(0), sample[1::2].count(0)
    if high * 10 >= half * 9 and low * 50 <= half:
        return Wide.LITTLE
    if low * 10 >= half * 9 and high * 50 <= half:
        return Wide.BIG
    return None


def transcoded(raw: BinaryIO, encoding: Wide) -> BinaryIO:
    """Return a stream of UTF-16 as a stream of UTF-8, without a byte order mark. Closing it closes `raw`."""
    return buffered(_Transcoded(raw, encoding))


class _Transcoded(io.RawIOBase):
    """UTF-8 made of another encoding; what is not text in it becomes U+FFFD."""

    def __init__(self, raw: BinaryIO, encoding: Wide) -> None:
        self._raw = raw
        self._read: Callable[[int], bytes] = getattr(raw, "read1", raw.read)
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._ready = b""
        self._first = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        final = False
        while not self._ready and not final:
            data = self._read(CHUNK)
            final = not data
            text = self._decoder.decode(data, final)
            if self._first and text:
                text, self._first = text.removeprefix("\ufeff"), False
            self._ready = text.encode("utf-8", "replace")
        out, self._ready = self._ready[: len(view)], self._ready[len(view) :]
        view[: len(out)] = out
        return len(out)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def decode_mixed(data: bytes) -> tuple[str, bool]:
    """Return the text of some bytes, and whether they are UTF-8.

    Bytes that are not UTF-8 are read as Windows-1252, which has the characters of Latin-1: programs write
    file names and names of people as they got them, in the middle of a line of UTF-8. A character of UTF-8
    that is cut off becomes U+FFFD.
    """
    try:
        return data.decode(), True
    except UnicodeDecodeError:
        return data.decode("utf-8", _WINDOWS), False


def _as_windows(problem: UnicodeError) -> tuple[str, int]:
    if not isinstance(problem, UnicodeDecodeError):
        raise problem
    wrong = problem.object[problem.start : problem.end]
    if len(wrong) > 1:
        return "\ufffd", problem.end
    # Windows-1252 leaves five bytes without a meaning; in Latin-1 they are control characters.
    return wrong.decode("cp1252", "ignore") or "\ufffd", problem.end


codecs.register_error(_WINDOWS, _as_windows)
