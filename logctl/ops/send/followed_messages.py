"""The messages of followed files: records with their apps, packed by app, and what is noticed about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from logctl.core.errors import UsageError
from logctl.core.formats.reading import NOT_UTF8
from logctl.ops.send.app_names import AppNames, names_of_file
from logctl.ops.send.entries import Rejection
from logctl.ops.send.followed_content import FollowedContent
from logctl.ops.send.followed_files import FileBatch
from logctl.ops.send.input_messages import Inputs
from logctl.ops.send.packing import pack
from logctl.ops.send.record_identity import Placed, Source, records
from logctl.ops.send.sender import Outgoing
from logctl.ops.send.zone_watch import ZoneWatch, zone_warning

_FIRST_BYTES = 16 * 1024
"""Bytes of a file that are looked at to see whether its lines name apps."""


@dataclass(frozen=True)
class FollowedMessages:
    """The messages of a batch, the number of their records, what was rejected, and warnings."""

    outgoing: tuple[Outgoing, ...]
    records: int
    refused: tuple[Rejection, ...]
    warnings: tuple[str, ...]


class FollowedInputs:
    """Makes messages of the batches of followed files. `inputs` has what was chosen for all of them."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._named: set[Path] = set()
        """The files in which a record has named its app."""
        self._not_utf8: set[Path] = set()
        self._zones: dict[Path, ZoneWatch] = {}

    def app(self, path: Path) -> str | None:
        """Return the app of all records of a file; None if each record names its own."""
        return self._inputs.of(str(path)).app

    def content(self, path: Path) -> FollowedContent:
        """Return how the content of a file is read."""
        chosen = self._inputs.of(str(path))
        return FollowedContent(
            chosen.form, chosen.errors, zone=chosen.zone, formats=chosen.formats, only=chosen.only
        )

    def check_apps(self, paths: Iterable[Path]) -> None:
        """Look at the first lines of files, before anything is sent.

        Raises:
            UsageError: no app was chosen, and none of these lines of a file names one.
        """
        for path in paths:
            chosen = self._inputs.of(str(path))
            if chosen.app is not None or chosen.app_from:
                continue
            try:
                with path.open("rb") as file:
                    start = file.read(_FIRST_BYTES)
            except OSError:
                continue  # it may not be there yet
            if b"\0" in start:
                continue  # it is compressed, or not text, and will not be followed
            entries = self.content(path).entries(start[: start.rfind(b"\n") + 1])
            made = list(records(entries, Source(None, 0, 0, names=AppNames(mapping=chosen.app_names))))
            if made and not any(isinstance(one, Placed) for one in made):
                raise _needs_app(path)

    def messages(self, item: FileBatch) -> FollowedMessages:
        """Return the messages of a batch. They depend on the batch and on what was chosen alone.

        Raises:
            UsageError: no app was chosen, and no record of the file has named one yet.
        """
        chosen = self._inputs.of(str(item.path))
        read_at = item.batch.read_at
        names, otherwise = names_of_file(chosen.app_from, chosen.app_names, str(item.path))
        source = Source(
            chosen.app, read_at, read_at, chosen.name, chosen.where, otherwise=otherwise, names=names
        )
        made = list(records(chosen.selection.of(item.batch.entries), source))
        if chosen.app is None and otherwise is None and any(map(_has_no_app, made)):
            made = self._with_apps(item, made, source)
        placed = [one for one in made if isinstance(one, Placed)]
        self._named.update([item.path] if placed else [])
        return FollowedMessages(
            tuple(
                Outgoing(message, str(item.path))
                for message in pack([one.record for one in placed], item.batch.source)
            ),
            records=len(placed),
            refused=tuple(one for one in made if isinstance(one, Rejection)),
            warnings=self._encoding_warnings(item, placed) + self._zone_warnings(item, placed),
        )

    def _with_apps(
        self, item: FileBatch, made: list[Placed | Rejection], source: Source
    ) -> list[Placed | Rejection]:
        """Return the records of a file of which some name an app; its name names that of the others."""
        if item.path not in self._named and not any(isinstance(one, Placed) for one in made):
            raise _needs_app(item.path)
        otherwise = AppNames(by_path=True, mapping=source.names.mapping).of_path(item.path)
        entries = self._inputs.selection.of(item.batch.entries)
        return list(records(entries, replace(source, otherwise=otherwise or None)))

    def _encoding_warnings(self, item: FileBatch, placed: Iterable[Placed]) -> tuple[str, ...]:
        if item.path in self._not_utf8:
            return ()
        line = next((one.line for one in placed if NOT_UTF8 in one.record.flags), None)
        if line is None:
            return ()
        self._not_utf8.add(item.path)
        return (f"{item.path} is not UTF-8 in line {line}. Such lines were read as Windows-1252.",)

    def _zone_warnings(self, item: FileBatch, placed: Iterable[Placed]) -> tuple[str, ...]:
        """Compare the newest time without a zone with the time at which it was written, if that is known."""
        if item.batch.written_at is None:
            return ()
        times = [one.record.ts for one in placed if one.recognised is not None and one.recognised.zone == ""]
        if not times:
            return ()
        gap = self._zones.setdefault(item.path, ZoneWatch()).saw(times[-1], item.batch.written_at)
        if gap is None:
            return ()
        zone = self._inputs.of(str(item.path)).zone
        return (zone_warning(str(item.path), gap, zone, item.batch.read_at),)


def _needs_app(path: Path) -> UsageError:
    return UsageError(
        f"{path} does not say which app its records belong to, so it needs --app.",
        "Or take the app from the names of the files with --app-from path.",
    )


def _has_no_app(one: Placed | Rejection) -> bool:
    return isinstance(one, Rejection) and one.reason == "appid"
