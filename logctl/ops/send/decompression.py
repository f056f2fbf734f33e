"""Reading compressed sources as streams: gzip, zstd, bzip2 and xz, with bounded memory."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, assert_never

import zstandard

from logctl.core.errors import UsageError
from logctl.ops.send.byte_streams import CHUNK, Prepended, buffered
from logctl.ops.send.input_forms import Compression, compression

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ZSTD_INPUT = 1024
"""Compressed bytes that are decompressed at once: few, because four bytes of zstd can become 128 KiB."""
_XZ_MEMORY = 256 * 1024 * 1024
"""Bytes of memory that decompressing xz may take: `xz -9` needs 65 MiB, and larger dictionaries are rare."""


def decompressed(raw: BinaryIO, name: str, *, seekable: bool) -> BinaryIO:
    """Return the decompressed content of an open file or stream, which `name` names in errors.

    Closing the result closes `raw`. Reading it raises a UsageError when compressed data is damaged.
    """
    start = b""
    while len(start) < 4 and (more := raw.read(4 - len(start))):
        start += more
    if seekable:
        raw.seek(0)
    else:
        raw = buffered(Prepended(start, raw))
    found = compression(start)
    match found:
        case Compression.NONE:
            return raw
        case Compression.GZIP:
            read: Callable[[int], bytes] = gzip.GzipFile(fileobj=raw).read1
        case Compression.ZSTD:
            read = _zstd_reader(raw)
        case Compression.BZIP2:
            read = _bzip2_reader(raw)
        case Compression.XZ:
            read = _xz_reader(raw)
        case _:
            assert_never(found)
    return buffered(_Decompressed(read, raw, f"{name}: the {found} data"))


def _zstd_reader(raw: BinaryIO) -> Callable[[int], bytes]:
    """Return a `read1` function over any number of zstd frames.

    The stream reader of python-zstandard does not notice that the last frame is cut off.
    """
    frame = zstandard.ZstdDecompressor().decompressobj()
    begun, ready, waiting = False, b"", b""

    def read(size: int) -> bytes:
        nonlocal frame, begun, ready, waiting
        while not ready:
            waiting = waiting or raw.read(_ZSTD_INPUT)
            if not waiting:
                if begun:
                    raise EOFError
                return b""
            ready = frame.decompress(waiting)
            begun, waiting = True, b""
            if frame.eof:
                waiting = frame.unused_data
                frame, begun = zstandard.ZstdDecompressor().decompressobj(), False
        out, ready = ready[:size], ready[size:]
        return out

    return read


def _bzip2_reader(raw: BinaryIO) -> Callable[[int], bytes]:
    import bz2  # 2 ms, for few files

    return bz2.BZ2File(raw).read1


def _xz_reader(raw: BinaryIO) -> Callable[[int], bytes]:
    """Return a `read1` function over any number of xz streams and the zeros between them."""
    import lzma  # 2 ms, for few files

    def fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    stream = fresh()

    def read(size: int) -> bytes:
        nonlocal stream
        while True:
            data = b""
            if stream.eof:
                data = stream.unused_data.lstrip(b"\0")
                while not data:
                    more = raw.read(CHUNK)
                    if not more:
                        return b""
                    data = more.lstrip(b"\0")
                stream = fresh()
            elif stream.needs_input:
                data = raw.read(CHUNK)
                if not data:
                    raise EOFError
            try:
                out = stream.decompress(data, size)
            except lzma.LZMAError as problem:
                raise OSError(str(problem)) from None
            if out:
                return out

    return read


class _Decompressed(io.RawIOBase):
    """Decompressed data; damaged data raises a UsageError that names the file."""

    def __init__(self, read: Callable[[int], bytes], raw: BinaryIO, what: str) -> None:
        self._read = read
        self._raw = raw
        self._what = what

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._read(len(view))
        except EOFError:
            raise UsageError(f"{self._what} is cut off.", "Copy the file again.") from None
        except (OSError, zlib.error, zstandard.ZstdError) as problem:
            raise UsageError(f"{self._what} is damaged ({problem}).", "Copy the file again.") from None
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
