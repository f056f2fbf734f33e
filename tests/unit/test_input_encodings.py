"""What `send` does with files that are not plain UTF-8: other encodings, compression, archives, binary files."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import random
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.errors import UsageError
from logctl.core.formats.reading import NOT_UTF8
from logctl.core.records import Record
from logctl.core.times import parse_time
from logctl.ops.send import decompression
from logctl.ops.send.encodings import Wide, decode_mixed, wide_encoding
from logctl.ops.send.input_files import open_source
from logctl.ops.send.input_forms import Errors, Requested
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.message_spool import MessageSpool

TEXT = "2026-11-27 10:15:30,123 ERROR Zahlung ungültig\n2026-11-27 10:15:31,000 INFO ok\n"
LINES = TEXT.encode()


class Sent:
    """The records of one file, and what people are told about it."""

    def __init__(
        self, path: Path, *, errors: Errors = Errors.DETECT, form: Requested = Requested.AUTO
    ) -> None:
        self.notices: list[str] = []
        self.inputs = Inputs([str(path)], "shop", "", errors=errors, form=form, notice=self.notices.append)
        with MessageSpool() as spool:
            self.inputs.spool_files(spool)
            self.inputs.refused.clear()  # the same are found again when the records are read
        self.records: list[Record] = list(self.inputs.records())

    @property
    def messages(self) -> list[str]:
        return [record.message for record in self.records]

    @property
    def ids(self) -> list[str]:
        return [record.event_id for record in self.records]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def written(path: Path, content: bytes, **options) -> Sent:
    path.write_bytes(content)
    return Sent(path, **options)


# ── Encodings ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("bom", [True, False])
@pytest.mark.parametrize(
    ("name", "mark"), [("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE)]
)
def test_utf16_is_read_and_said_once(path: Path, name: str, mark: bytes, bom: bool) -> None:
    plain = written(path, LINES)
    wide = written(path, mark * bom + TEXT.encode(name))
    assert wide.notices == [f"{path} is UTF-16; it was read as such."]
    assert (wide.messages, wide.ids) == (plain.messages, plain.ids)
    assert not plain.notices


def test_what_is_no_text_in_utf16_is_replaced(path: Path) -> None:
    sent = written(
        path, codecs.BOM_UTF16_LE + "a\n".encode("utf-16-le") + b"\x00\xd8" + "b\n".encode("utf-16-le") + b"x"
    )
    assert sent.messages == ["a", "\ufffdb", "\ufffd"]


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"a",
        b"\0" * 100,
        b"a\0b",
        b"2026-11-27 10:15:30\n" + b"\0" * 500,
        LINES,
        b"\0\x01\x02\0\0\x05\x06\0" * 20,
    ],
)
def test_other_sources_are_not_utf16(start: bytes) -> None:
    assert wide_encoding(start) is None


def test_utf16_is_recognised_by_its_zeros() -> None:
    assert wide_encoding("ERROR x".encode("utf-16-le")) is Wide.LITTLE
    assert wide_encoding("ERROR x".encode("utf-16-be")) is Wide.BIG


def test_latin1_is_read_line_by_line_and_said_once(path: Path) -> None:
    sent = written(path, TEXT.encode("latin-1") + LINES + b"caf\xe9\n")
    assert sent.messages == ["Zahlung ungültig", "ok", "Zahlung ungültig", "ok", "café"]
    assert [NOT_UTF8 in record.flags for record in sent.records] == [True, False, False, False, True]
    assert sent.notices == [f"{path} is not UTF-8 in line 1. Such lines were read as Windows-1252."]


def test_json_in_latin1_is_read(path: Path) -> None:
    sent = written(path, b'{"level":"error","msg":"Zahlung ung\xfcltig"}\n{"msg":"ok"}\n')
    assert sent.messages == ["Zahlung ungültig", "ok"]
    assert NOT_UTF8 in sent.records[0].flags


def test_strict_and_replace_are_a_choice(path: Path) -> None:
    strict = written(path, TEXT.encode("latin-1"), errors=Errors.STRICT)
    assert strict.messages == ["ok"]
    assert [item.reason for _, item in strict.inputs.refused] == ["encoding"]
    assert written(path, TEXT.encode("latin-1"), errors=Errors.REPLACE).messages[0] == "Zahlung ung\ufffdltig"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("grün".encode(), "grün"),
        (b"gr\xfcn", "grün"),
        (b"gr\xfcn gr\xc3\xbcn", "grün grün"),
        (b"\x93quoted\x94 \x80 5", "“quoted” € 5"),
        (b"caf\xe9", "café"),
        ("cut €".encode()[:-1], "cut \ufffd"),
        (b"\x81", "\ufffd"),
    ],
)
def test_bytes_that_are_not_utf8(data: bytes, text: str) -> None:
    assert decode_mixed(data)[0] == text


@given(st.binary())
def test_any_bytes_are_text(data: bytes) -> None:
    text, valid = decode_mixed(data)
    assert valid == (
        text.encode() == data and "\ufffd" not in text.replace(data.decode("utf-8", "ignore"), "")
    )
    text.encode()


@pytest.mark.parametrize("size", [1, 64, 3 * 1024 * 1024])
def test_zeros_at_the_start_of_a_line_are_skipped(path: Path, size: int) -> None:
    """A hole in a file that was truncated while a program wrote at its old place, or in a crash."""
    plain = written(path, LINES)
    first, second = LINES.splitlines(keepends=True)
    for content in (first + b"\0" * size + second, b"\0" * size + LINES, LINES + b"\0" * size):
        holed = written(path, content)
        assert (holed.messages, holed.ids) == (plain.messages, plain.ids)
        assert not holed.inputs.refused


# ── Compression ─────────────────────────────────────────────────────────────────────────────────────

COMPRESSORS = {"gz": gzip.compress, "zst": zstandard.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_compressed_files_are_the_files(path: Path, suffix: str) -> None:
    compress = COMPRESSORS[suffix]
    plain = written(path, LINES)
    first, second = LINES.splitlines(keepends=True)
    for content in (compress(LINES), compress(first) + compress(second)):
        assert written(path, content).ids == plain.ids
    assert written(path, compress(b"")).ids == []


def test_xz_may_be_padded(path: Path) -> None:
    assert written(path, lzma.compress(LINES) + b"\0" * 8).messages == ["Zahlung ungültig", "ok"]
    assert len(written(path, lzma.compress(LINES) + b"\0" * 8 + lzma.compress(LINES)).messages) == 4


@pytest.mark.parametrize("suffix", COMPRESSORS)
def test_damaged_files_are_named(path: Path, suffix: str) -> None:
    whole = COMPRESSORS[suffix](LINES * 1000)
    middle = len(whole) // 2
    # zstd has no checksum unless it is asked for: a changed byte can be another text.
    changed = [] if suffix == "zst" else [whole[:middle] + b"????????" + whole[middle + 8 :]]
    for broken in (whole[:-5], *changed):
        with pytest.raises(UsageError, match=r"app\.log: the \w+ data is "):
            written(path, broken)


def test_xz_that_needs_much_memory_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decompression, "_XZ_MEMORY", 1024 * 1024)
    with pytest.raises(UsageError, match="xz data is damaged .Memory usage limit"):
        written(path, lzma.compress(LINES, preset=6))


@pytest.mark.parametrize("suffix", ["bz2", "xz"])
def test_a_bomb_does_not_fill_the_memory(path: Path, suffix: str) -> None:
    path.write_bytes(COMPRESSORS[suffix](b"x" * 30_000_000))
    tracemalloc.start()
    with open_source(path) as stream:
        while stream.read(1 << 16):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16_000_000  # the dictionary of xz takes 8 MiB


# ── Binary files ────────────────────────────────────────────────────────────────────────────────────


def tar_of(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return made.getvalue()


def zip_of(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(name, content)
    return made.getvalue()


TAR = tar_of("app.log", LINES)
BINARIES = [
    (TAR, "a tar archive", "tar -xOf {} | logctl send -"),
    (gzip.compress(TAR), "a tar archive", "tar -xOf {} | logctl send -"),
    (lzma.compress(TAR), "a tar archive", "tar -xOf {} | logctl send -"),
    (zip_of("app.log", LINES), "a zip archive", "unzip -p {} | logctl send -"),
    (b"7z\xbc\xaf\x27\x1c" + b"x" * 100, "a 7z archive", "7z x -so {}"),
    (b"Rar!\x1a\x07\x00" + b"x" * 100, "a rar archive", "unrar p -inul {}"),
    (b"070701" + b"0" * 104 + b"x", "a cpio archive", "cpio"),
    (b"!<arch>\ndebian-binary", "an ar archive or a Debian package", ""),
    (
        b"LPKSHHRH" + b"\0" * 100,
        "a file of the systemd journal",
        "journalctl -o json --file {} | logctl send -",
    ),
    (b"ElfFile\x00" + b"\0" * 100, "a Windows event log", "wevtutil"),
    (b"PAR1" + b"\x15\x04" * 50, "a Parquet file", "duckdb"),
    (b"SQLite format 3\x00" + b"\x10" * 100, "an SQLite database", "sqlite3 {}"),
    (b"\xd4\xc3\xb2\xa1\x02\x00\x04\x00" + b"\0" * 16, "a capture of network packets", "tcpdump"),
    (
        b"\x0a\x0d\x0d\x0a\x1c\x00\x00\x00\x4d\x3c\x2b\x1a" + b"\1" * 9,
        "a capture of network packets",
        "tcpdump",
    ),
    (b"\x04\x22\x4d\x18" + b"x" * 20, "compressed with lz4", "lz4 -dc {}"),
    (b"\x7fELF\x02\x01\x01" + b"\0" * 100, "a program", ""),
    ("hello\n".encode("utf-32"), "text in UTF-32", "iconv -f UTF-32"),
    (bytes(range(256)) * 4, "not a text file", "--format text"),
    (random.Random(1).randbytes(2000), "not a text file", "--format text"),
]


@pytest.mark.parametrize(("content", "what", "hint"), BINARIES, ids=[what for _, what, _ in BINARIES])
def test_binary_files_are_refused_with_what_to_do(path: Path, content: bytes, what: str, hint: str) -> None:
    with pytest.raises(UsageError) as refused:
        written(path, content)
    assert refused.value.message == f"{path} is {what}."
    assert hint.format(path) in refused.value.hint


def test_a_file_that_does_not_look_like_text_is_sent_when_asked(path: Path) -> None:
    assert written(path, bytes(range(1, 256)) * 4, form=Requested.TEXT).records


@pytest.mark.parametrize(
    "content",
    [
        b"070701 10:15:30 mysqld started\n",
        b"PARITY error\n",
        b"BZh is no number\n",
        b"Rare\n",
        b"\x1b[31mERROR\x1b[0m failed\n" * 20,
        b"\x07\n",
        b"a\0b\0c\n",
        b"8=FIX.4.2\x019=178\x0135=8\x0149=X\x0156=Y\x01\n" * 20,
        b"\n\r\r\nx\n",
        "日本語のログ\n".encode() * 20,
        "日本語のログ\n".encode("shift-jis") * 20,
        "Журнал\n".encode("koi8-r") * 20,
    ],
)
def test_text_is_not_taken_for_something_else(path: Path, content: bytes) -> None:
    sent = written(path, content)
    assert sent.records
    assert not sent.inputs.refused


def test_times_are_known_in_utf16(path: Path) -> None:
    (record, _) = written(path, TEXT.encode("utf-16")).records
    assert record.ts == parse_time("2026-11-27T10:15:30.123Z")
