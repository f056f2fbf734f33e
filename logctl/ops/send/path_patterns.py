"""Patterns for the paths of files: `*` and `?` within a name, `[…]`, and `**` for any number of folders."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path

_TOKEN = re.compile(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]/]*\]|\{app\}|.", re.DOTALL)
_MEANINGS = {
    "**/": r"(?:[^/]+/)*",
    "**": r".*",
    "*": r"[^/]*",
    "?": r"[^/]",
    "{app}": r"(?P<app>[^/]+?)",
}


def is_path_pattern(text: str) -> bool:
    """Return whether a path holds characters that stand for others."""
    return glob.has_magic(text)


def path_regex(pattern: str) -> re.Pattern[str]:
    """Return a regular expression that matches the whole paths that a pattern stands for.

    A relative pattern may begin at any folder. `{app}` stands for a part of a name, as short as possible,
    which becomes the group `app`.
    """
    text = pattern if pattern.startswith("/") else f"/**/{pattern}"
    return re.compile("".join(map(_regex_of, _TOKEN.findall(text))), re.DOTALL)


def _regex_of(token: str) -> str:
    if token in _MEANINGS:
        return _MEANINGS[token]
    if len(token) > 1:
        # fnmatch wraps what it translates into `(?s:…)\Z`.
        return "(?!/)" + fnmatch.translate(token).removeprefix("(?s:")[:-3]
    return re.escape(token)


def matching_files(pattern: str) -> Iterator[Path]:
    """Yield the files that an absolute pattern stands for; those whose names begin with a dot are hidden.

    `**` does not follow links to folders, which could lead back.
    """
    if "**" not in pattern:
        found = map(Path, glob.iglob(pattern))  # noqa: PTH207 - Path.glob also finds hidden files
        yield from (path for path in found if path.is_file())
        return
    regex = path_regex(pattern)
    for folder, folders, names in os.walk(_fixed_part(pattern)):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            if not name.startswith(".") and regex.fullmatch(str(path)) and path.is_file():
                yield path


def _fixed_part(pattern: str) -> Path:
    """Return the folder above the first name with a character that stands for others."""
    fixed = Path("/")
    for part in Path(pattern).parts[1:-1]:
        if is_path_pattern(part):
            break
        fixed /= part
    return fixed
