"""Finding a log file again after rotation, and the files that were rotated after it.

`logrotate` and similar programs rename files: `app.log` becomes `app.log.1` and the numbers of the others
grow, or it becomes `app.log-20260131`. The inode tells which file is the one that was read, and the order of
the names tells which came after it. A file that was compressed, or copied and then truncated, has another
inode: it is recognised by its content.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from logctl.core.errors import UsageError
from logctl.ops.send.growing_file import GrowingFile, open_file, open_rotated
from logctl.ops.send.rotated_names import Rotated, rotated_name


@dataclass(frozen=True, slots=True)
class Following:
    """The file that follows another one, and the compressed files between them that cannot be read."""

    file: GrowingFile
    skipped: tuple[Path, ...]


def find(
    path: Path, device: int, inode: int, is_it: Callable[[GrowingFile], bool], *, read: bool
) -> GrowingFile | None:
    """Return the file with an inode, at `path` or in the same folder; None if there is none.

    An inode can be used again by another file, so `is_it` has to confirm the file. At `path` it is returned
    without: then it was truncated or written anew, which the caller looks into. If nothing of the file was
    `read`, there is no content to compare: then its name has to be that of a file rotated away from `path`.
    """
    for candidate in chain((path,), _siblings(path)):
        if not read and candidate != path and rotated_name(path.name, candidate.name) is None:
            continue
        try:
            status = candidate.stat()
        except OSError:
            continue
        if (status.st_dev, status.st_ino) != (device, inode) or not stat.S_ISREG(status.st_mode):
            continue
        at_path = candidate == path
        file = open_file(candidate) if at_path else open_rotated(candidate)
        if file is not None and file.inode == inode and (at_path or _confirmed(file, is_it)):
            return file
        if file is not None:
            file.close()
    return None


def find_copy(path: Path, is_it: Callable[[GrowingFile], bool]) -> GrowingFile | None:
    """Return the file that `is_it` confirms of those rotated away from `path`; None if there is none.

    Such a file was compressed, or copied before the original was truncated, and so has another inode.
    """
    for _, candidate in reversed(_rotated(path)):
        try:
            file = open_rotated(candidate)
        except PermissionError:
            continue  # archives may be closed to who reads the log; waiting for them would stop everything
        if file is not None and _confirmed(file, is_it):
            return file
        if file is not None:
            file.close()
    return None


def _confirmed(file: GrowingFile, is_it: Callable[[GrowingFile], bool]) -> bool:
    try:
        return is_it(file)
    except UsageError:
        return False  # damaged compressed data


def open_next(path: Path, file: GrowingFile) -> Following | None:
    """Return the file that was begun after `file`; None while `file` is at `path`, or nothing follows yet."""
    skipped: list[Path] = []
    while (chosen := _after(path, file, skipped)) is not None:
        opened = open_file(chosen) if chosen == path else open_rotated(chosen)
        if opened is None:
            continue  # it was rotated in this moment
        try:
            opened.size()  # reads all of a compressed file
        except UsageError:
            opened.close()
            skipped.append(chosen)
            continue
        if (again := _after(path, file, skipped)) is not None and opened.is_at(again):
            return Following(opened, tuple(skipped))
        opened.close()
    return None


def _after(path: Path, file: GrowingFile, skipped: Sequence[Path]) -> Path | None:
    """Return the path of the file after `file`, leaving out those in `skipped`."""
    if file.is_at(path):
        return None
    for rotated in _rotated_after(path, file):
        if rotated not in skipped:
            return rotated
    # While the new file is empty, the program may not have opened it yet and may still write to the old one.
    return path if _status(path, "st_size") > 0 else None


def _rotated_after(path: Path, file: GrowingFile) -> list[Path]:
    """Return the files rotated after `file`, oldest first."""
    rotated = [sibling for _, sibling in _rotated(path)]
    for index, sibling in enumerate(rotated):
        if file.is_at(sibling):
            return rotated[index + 1 :]
    # Its name does not tell, or it was deleted: files modified after it are later. gzip keeps that time.
    return [sibling for sibling in rotated if _status(sibling, "st_mtime_ns") > file.modified()]


def _rotated(path: Path) -> list[tuple[Rotated, Path]]:
    """Return the files rotated away from `path`, oldest first.

    While a file is being compressed, the compressed one is not complete, and only the other one is returned.
    """
    name = Path(os.path.realpath(path)).name
    found = [
        (rotated, sibling)
        for sibling in _siblings(path)
        if (rotated := rotated_name(name, sibling.name)) is not None
    ]
    whole = {sibling for rotated, sibling in found if not rotated.packed}
    return sorted(item for item in found if not item[0].packed or item[1].with_suffix("") not in whole)


def _status(path: Path, what: Literal["st_size", "st_mtime_ns"]) -> int:
    try:
        return int(getattr(path.stat(), what))
    except OSError:
        return 0  # gone since it was listed


def _siblings(path: Path) -> Iterator[Path]:
    """Yield all files in the folder of `path`; if that is a link, in the folder of the file it links to."""
    directory = Path(os.path.realpath(path)).parent
    try:
        with os.scandir(directory) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return
    for name in names:
        yield directory / name
