"""Files that are not logs in text: archives, databases, captures. Each is refused with what to do instead."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from logctl.core.errors import UsageError
from logctl.ops.send.input_forms import Compression, compression

_SEND = "| logctl send -"
_UNPACK = "Send what is in it: "

# What begins with these bytes, and what to do with it. `FILE` stands for the name of the file.
_KNOWN: tuple[tuple[re.Pattern[bytes], str, str], ...] = tuple(
    (re.compile(start, re.DOTALL), what, hint)
    for start, what, hint in (
        (rb"PK(?:\x03\x04|\x05\x06|\x07\x08)", "a zip archive", f"{_UNPACK}unzip -p FILE {_SEND}"),
        (rb".{257}ustar[\x00\x20]", "a tar archive", f"{_UNPACK}tar -xOf FILE {_SEND}"),
        (rb"7z\xbc\xaf\x27\x1c", "a 7z archive", f"{_UNPACK}7z x -so FILE {_SEND}"),
        (rb"Rar!\x1a\x07", "a rar archive", f"{_UNPACK}unrar p -inul FILE {_SEND}"),
        (
            rb"07070[127][0-9A-Fa-f]{104}|\xc7\x71|\x71\xc7",
            "a cpio archive",
            f"{_UNPACK}cpio -i --to-stdout < FILE {_SEND}",
        ),
        (rb"!<arch>\n", "an ar archive or a Debian package", "Unpack it, and send the files in it."),
        (rb"\xed\xab\xee\xdb", "an RPM package", "Unpack it, and send the files in it."),
        (rb"\x04\x22\x4d\x18", "compressed with lz4", f"Decompress it: lz4 -dc FILE {_SEND}"),
        (rb"\x1f\x9d", "compressed with compress", f"Decompress it: uncompress -c FILE {_SEND}"),
        (rb"\xff\x06\x00\x00sNaPpY", "compressed with Snappy", f"Decompress it: snzip -dc FILE {_SEND}"),
        (
            rb"LPKSHHRH",
            "a file of the systemd journal",
            f"Let journalctl read it: journalctl -o json --file FILE {_SEND}",
        ),
        (
            rb"ElfFile\x00|.{4}LfLe",
            "a Windows event log",
            "Export it as text: wevtutil qe FILE /lf:true /f:text > events.txt",
        ),
        (
            rb"PAR1",
            "a Parquet file",
            "Print its rows as JSON: duckdb -c \"copy (from 'FILE') to '/dev/stdout' (format json)\" "
            f"{_SEND}",
        ),
        (rb"SQLite format 3\x00", "an SQLite database", f"Print a table as text: sqlite3 FILE ... {_SEND}"),
        (
            rb"\xd4\xc3\xb2\xa1|\xa1\xb2\xc3\xd4|\x4d\x3c\xb2\xa1|\xa1\xb2\x3c\x4d"
            rb"|\x0a\x0d\x0d\x0a.{4}(?:\x1a\x2b\x3c\x4d|\x4d\x3c\x2b\x1a)",
            "a capture of network packets",
            f"Print the packets as text: tcpdump -tttt -r FILE {_SEND}",
        ),
        (rb"Obj\x01", "an Avro file", f"Print its records as JSON: avro-tools tojson FILE {_SEND}"),
        (rb"ORC[\x00-\x1f]", "an ORC file", "Print its rows as JSON, and send that."),
        (rb"ARROW1\x00\x00", "an Arrow file", "Print its rows as JSON, and send that."),
        (rb"%PDF-", "a PDF document", f"Print its text: pdftotext FILE - {_SEND}"),
        (rb"\x7fELF|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe", "a program", ""),
        (rb"\x89PNG\r\n|\xff\xd8\xff[\xdb\xe0\xe1\xee]|GIF8[79]a", "an image", ""),
        (rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff", "text in UTF-32", "Convert it: iconv -f UTF-32 -t UTF-8"),
    )
)
# Logs contain white space, colours, bells, backspaces, and separators such as the \x01 of FIX messages.
_CONTROLS = bytes([*range(0x02, 0x07), *range(0x0E, 0x1B), 0x7F])
_ENOUGH = 64
"""A shorter start does not show that it is not text."""


def refuse_binary(start: bytes, name: str) -> None:
    """Raise a UsageError if the first bytes of a source are those of a file that is not text.

    `start`: 512 bytes or more, if the source has as many. `name` names the source in the error; in the
    commands of the hint it is quoted, and standard input is a file that is yet to be named.
    """
    file = shlex.quote(name) if Path(name).exists() else "FILE"
    for pattern, what, hint in _KNOWN:
        if pattern.match(start):
            raise UsageError(f"{name} is {what}.", hint.replace("FILE", file))
    if _has_controls(start):
        raise UsageError(
            f"{name} is not a text file.", "To send its lines as text in spite of that: --format text"
        )


def is_binary(start: bytes) -> bool:
    """Return whether the first bytes of a source are those of a file that is not text."""
    if compression(start) is not Compression.NONE:
        return True
    return any(pattern.match(start) for pattern, _, _ in _KNOWN) or _has_controls(start)


def _has_controls(start: bytes) -> bool:
    """Return whether more than 4 % of some bytes are control characters that text does not contain.

    They are 8 % of random bytes.

    Zeros at the start of a line are no sign: a file that was being written in a crash has them.
    """
    content = start.replace(b"\n\0", b"\n").strip(b"\0")
    if len(content) < _ENOUGH:
        return False
    zeros = len(re.findall(rb"(?<!\x00)\x00", re.sub(rb"\n\x00+", b"\n", content)))
    controls = len(content) - len(content.translate(None, _CONTROLS)) + zeros
    return controls * 25 > len(content)
