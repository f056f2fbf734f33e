"""The files that `logctl send -f` follows: named ones, those in folders, and those that match patterns."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum, unique
from pathlib import Path

from logctl.core.errors import UsageError
from logctl.ops.send.path_patterns import is_path_pattern, matching_files, path_regex
from logctl.ops.send.rotated_names import rotated_among

_PACKED = {".gz", ".zst", ".bz2", ".xz", ".lz4", ".z", ".zip", ".7z", ".tgz", ".tar", ".lzma"}


@unique
class LeftOut(StrEnum):
    """Why a file that was found is not followed."""

    COMPRESSED = "compressed"
    ROTATED = "rotated files of others that are followed"


@dataclass(frozen=True)
class FoundPaths:
    """The files to follow, sorted, and those that are left out, with the reason."""

    paths: tuple[Path, ...]
    left_out: dict[Path, LeftOut] = field(default_factory=dict)


@dataclass(frozen=True)
class FollowPaths:
    """What a person named to be followed, as absolute paths.

    `certain`: files that were named themselves; they are waited for if they do not exist. `sets`: folders and
    patterns. `exclude`: patterns of files not to follow.
    """

    certain: tuple[Path, ...]
    sets: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @classmethod
    def of(cls, names: Sequence[str], exclude: Sequence[str] = ()) -> FollowPaths:
        """Return the names as files, folders and patterns.

        Raises:
            UsageError: standard input is among them, which cannot be followed.
        """
        if "-" in names:
            raise UsageError(
                "--follow follows files, not standard input.", "Leave out --follow to read a pipe."
            )
        absolute = dict.fromkeys(map(_absolute, names))
        return cls(
            certain=tuple(Path(name) for name in absolute if not _is_set(name)),
            sets=tuple(name for name in absolute if _is_set(name)),
            exclude=tuple(exclude),
        )

    def find(self) -> FoundPaths:
        """Return the files that there are now, and the certain ones.

        Of what is found in folders and by patterns, left out are compressed files, files rotated away from
        others that were found, links to others that were found, and what `exclude` names.

        Raises:
            OSError: a folder cannot be read.
        """
        excluded = [path_regex(pattern) for pattern in self.exclude]
        found = {
            path: None
            for name in self.sets
            for path in _files_of(name)
            if path not in self.certain and not any(regex.fullmatch(str(path)) for regex in excluded)
        }
        left_out: dict[Path, LeftOut] = {path: LeftOut.COMPRESSED for path in found if _is_packed(path)}
        for path in _rotated({*found, *self.certain}):
            if path in found:
                left_out.setdefault(path, LeftOut.ROTATED)
        kept = [path for path in found if path not in left_out]
        return FoundPaths(tuple(sorted({*self.certain, *_without_links(kept, self.certain)})), left_out)


def _absolute(name: str) -> str:
    """Return a name as an absolute path; the shell does not replace the `~` of a pattern in quotes."""
    expanded = name if Path(name).exists() else os.path.expanduser(name)  # noqa: PTH111 - allows any `~name`
    return os.path.abspath(expanded)  # noqa: PTH100 - keeps links


def _is_set(name: str) -> bool:
    """Return whether a name stands for several files; the name of an existing file never does."""
    return Path(name).is_dir() or (is_path_pattern(name) and not Path(name).is_file())


def _files_of(name: str) -> Iterable[Path]:
    if not Path(name).is_dir():
        return matching_files(name)
    with os.scandir(name) as entries:
        return [Path(entry.path) for entry in entries if not entry.name.startswith(".") and entry.is_file()]


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() in _PACKED


def _rotated(paths: Iterable[Path]) -> Iterable[Path]:
    """Return the files whose names say that they were rotated away from others of `paths`."""
    folders: dict[Path, list[str]] = defaultdict(list)
    for path in paths:
        folders[path.parent].append(path.name)
    return [folder / name for folder, names in folders.items() for name in rotated_among(names)]


def _without_links(paths: Sequence[Path], certain: Sequence[Path]) -> Iterable[Path]:
    """Return the paths without links to files that have another name among them, or that are certain."""
    targets = {path: Path(os.path.realpath(path)) for path in [*paths, *certain] if path.is_symlink()}
    taken = {path for path in [*paths, *certain] if path not in targets}
    certain_targets = {targets[path] for path in certain if path in targets}
    taken |= certain_targets
    kept = []
    for path in sorted(paths):
        if path in certain_targets:
            continue
        if path in targets:
            if targets[path] in taken:
                continue
            taken.add(targets[path])
        kept.append(path)
    return kept
