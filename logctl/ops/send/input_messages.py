"""The inputs of one `logctl send` as messages for the queue, with the rejected parts."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import partial
from itertools import groupby
from pathlib import Path

from logctl.aws.clock import wall_clock
from logctl.core.formats.reading import NOT_UTF8, Format
from logctl.core.records import Record
from logctl.ops.send.app_names import names_of_file
from logctl.ops.send.block_packing import RecordMaker
from logctl.ops.send.entries import Rejection
from logctl.ops.send.format_catalogue import chosen_format
from logctl.ops.send.input_files import RecognisedInput, open_source, recognise_input
from logctl.ops.send.input_forms import Errors, Requested
from logctl.ops.send.input_packing import FileInput, packed_files
from logctl.ops.send.message_spool import MessageSpool
from logctl.ops.send.packing import Packer
from logctl.ops.send.record_identity import Placed, Source, records
from logctl.ops.send.record_selection import RecordSelection
from logctl.ops.send.sender import Outgoing
from logctl.ops.send.stream_pauses import with_pauses
from logctl.stack.format_settings import LogSource, source_of

STDIN = "-"
SMALL_INPUT = 4 * 1024 * 1024
"""Bytes of files that are read before AWS is asked for anything: what is wrong with them is said first."""
PAUSE_SECONDS = 1.0
"""How long a stream may be silent before its records are sent in a message that is not full."""


def is_stream(path: str) -> bool:
    """Return whether an input can be read only once: standard input, a named pipe, a process substitution."""
    return path == STDIN or (Path(path).exists() and not Path(path).is_file() and not Path(path).is_dir())


@dataclass
class Inputs:
    """The files and streams of one `send`.

    `where` and `name` are parts of the records' identity (see `record_identity.Source`). `refused` lists what
    was rejected in the messages or records read so far, with the path of its input. `zone`, `formats` and
    `only` are those of `formats.reading.Context`. `notice` is called with a sentence for people, once for
    each thing that they should know about an input, such as its encoding. `app_from` is the value of
    `--app-from` and `app_names` the table of app ids, for when there is no `app`. Records that do not name
    their app then get the app `otherwise`, or are rejected if that is None too. `selection` says which
    records are sent, `sources` are settings for the files that match.
    """

    paths: Sequence[str]
    app: str | None
    where: str
    name: str = ""
    form: Requested = Requested.AUTO
    errors: Errors = Errors.DETECT
    zone: tzinfo = UTC
    formats: tuple[Format, ...] = ()
    only: str | None = None
    otherwise: str | None = None
    app_from: str | None = None
    app_names: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[LogSource, ...] = ()
    selection: RecordSelection = field(default_factory=RecordSelection)
    refused: list[tuple[str, Rejection]] = field(default_factory=list)
    notice: Callable[[str], object] | None = None
    _noticed: set[str] = field(default_factory=set, init=False)
    _not_utf8: set[str] = field(default_factory=set, init=False)
    _spooled: dict[int, tuple[int, int]] = field(default_factory=dict, init=False)
    """By the index of a file, where its messages begin and end in the spool."""

    @property
    def are_small(self) -> bool:
        """Whether all inputs are files that are read in a moment, or that cannot be read."""
        size = 0
        for path in self.paths:
            if is_stream(path):
                return False
            with contextlib.suppress(OSError, ValueError):
                size += Path(path).stat().st_size
        return size <= SMALL_INPUT

    def spool_files(
        self, spool: MessageSpool, on_records: Callable[[int], object] = lambda records: None
    ) -> None:
        """Read every file, and keep its messages in `spool` for `messages`, before anything is sent.

        A stream can be read only once; its bad parts are rejected while it is sent. `on_records` is called
        with the number of records in each message.

        Raises:
            UsageError: a file cannot be read at all.
            LogctlError: there is no room for the messages.
        """
        numbers = [number for number, path in enumerate(self.paths) if not is_stream(path)]
        for number in numbers:
            self._spooled[number] = (spool.end, spool.end)
        for at, outgoing in self._of_files([self.paths[number] for number in numbers]):
            number = numbers[at]
            first, last = self._spooled[number]
            start = spool.end
            spool.add(outgoing)
            self._spooled[number] = (first if last > first else start, spool.end)
            on_records(outgoing.message.count)

    def messages(self, spool: MessageSpool | None = None) -> Iterator[Outgoing | None]:
        """Yield the messages of one input after the other, and None whenever a stream pauses.

        `spool`: what `spool_files` has filled; without, files are read now.
        """
        for streams, group in groupby(enumerate(self.paths), lambda item: is_stream(item[1])):
            if streams:
                for _, path in group:
                    yield from self._of_stream(path)
            elif spool is not None:
                for number, _ in group:
                    yield from spool.messages(*self._spooled[number])
            else:
                for _, outgoing in self._of_files([path for _, path in group]):
                    yield outgoing

    def _of_files(self, paths: Sequence[str]) -> Iterator[tuple[int, Outgoing]]:
        """Yield the messages of files, one file after the other, with the index of each file."""
        plain = replace(self, notice=None, refused=[])
        files = [FileInput(path, partial(plain.opened, path), partial(plain.maker, path)) for path in paths]
        for number, part in packed_files(files):
            path = paths[number]
            self.refused += ((path, item) for item in part.refused)
            for sentence in part.notices:
                self._notice(sentence)
            if part.not_utf8 is not None:
                self._tell_encoding(path, part.not_utf8)
            for message in part.messages:
                yield number, Outgoing(message, path)

    def _of_stream(self, path: str) -> Iterator[Outgoing | None]:
        packer = Packer()
        for item in with_pauses(self._read(path), PAUSE_SECONDS):
            if item is None:
                yield from (Outgoing(message, path) for message in packer.flush())
                yield None
            elif isinstance(item, Placed):
                packer.source = item.source
                for message in packer.add(item.record, item.line):
                    yield Outgoing(message, path)
            else:
                self.refused.append((path, item))
        for message in packer.flush():
            yield Outgoing(message, path)

    def records(self) -> Iterator[Record]:
        """Yield the records of one input after the other, without packing them into messages."""
        return (placed.record for placed in self.placed())

    def placed(self) -> Iterator[Placed]:
        """Yield the records of `records` with their places and how they were read."""
        for path in self.paths:
            for item in self._read(path):
                if isinstance(item, Placed):
                    yield item
                else:
                    self.refused.append((path, item))

    def of(self, path: str) -> Inputs:
        """Return these inputs with the settings for one of the files."""
        source = source_of(self.sources, path)
        if source is None:
            return self
        form, only = (self.form, self.only)
        if source.format:
            form, only = chosen_format(source.format, self.formats)
        return replace(
            self,
            app=self.app or (None if self.app_from else source.app),
            app_from=self.app_from or (None if self.app else source.app_from),
            zone=source.timezone or self.zone,
            form=form,
            only=only,
            sources=(),
        )

    @contextmanager
    def opened(self, path: str, notice: Callable[[str], object]) -> Iterator[RecognisedInput]:
        """Open an input, and recognise its form; `notice` is called with sentences for people."""
        chosen = self.of(path)
        source = chosen._source(path)
        with open_source(path, form=chosen.form, notice=notice) as stream:
            yield recognise_input(
                stream,
                form=chosen.form,
                errors=self.errors,
                reference=source.read_at,
                zone=chosen.zone,
                formats=self.formats,
                only=chosen.only,
                sample=not is_stream(path),
            )

    def maker(self, path: str) -> RecordMaker:
        """Return what is made of the entries of an input."""
        return RecordMaker(self.selection, self.of(path)._source(path))

    def _read(self, path: str) -> Iterator[Placed | Rejection]:
        with self.opened(path, self._notice) as found:
            maker = self.maker(path)
            for item in records(maker.selection.of(found.entries()), maker.source):
                if isinstance(item, Placed) and item.record.flags and NOT_UTF8 in item.record.flags:
                    self._tell_encoding(path, item.line)
                yield item

    def _tell_encoding(self, path: str, line: int) -> None:
        """Say once of an input that one of its lines is not UTF-8."""
        if path not in self._not_utf8:
            self._not_utf8.add(path)
            name = "Standard input" if path == STDIN else path
            self._notice(f"{name} is not UTF-8 in line {line}. Such lines were read as Windows-1252.")

    def _notice(self, sentence: str) -> None:
        if sentence not in self._noticed:
            self._noticed.add(sentence)
            if self.notice:
                self.notice(sentence)

    def _source(self, path: str) -> Source:
        """Return the source of an input's records.

        Records before the first time in a file get the file's time of modification; in a stream, the current
        time. A stream cannot be read again, so its records before the first time are new each time.
        """
        now = wall_clock()
        modified = _modified(path)
        if modified is None:
            source = Source(self.app, now, now, self.name, uuid.uuid4().hex)
        else:
            source = Source(self.app, min(modified, now), now, self.name, self.where)
        names, otherwise = names_of_file(self.app_from, self.app_names, path)
        return replace(source, names=names, otherwise=otherwise or self.otherwise)


def _modified(path: str) -> int | None:
    """Return when a file (or stdin, if it is one) was modified, in milliseconds; None for a stream."""
    try:
        status = os.fstat(sys.stdin.fileno()) if path == STDIN else Path(path).stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns // 1_000_000 if stat.S_ISREG(status.st_mode) else None
