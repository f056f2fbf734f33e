"""Parsers of the settings `formats` and `sources`: a user's own formats of log lines, and settings by path.

Both are arrays of tables in logctl.toml, `[[formats]]` and `[[sources]]`.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path, PurePath
from typing import Any

from logctl.core import levels
from logctl.core.appid import RULE, is_appid
from logctl.core.formats.reading import BAD_TIME, Context, Example, Format, Joins
from logctl.stack.setting_parsers import time_zone

# The readers of formats are imported where they are needed: every command imports this module.

_FORMAT_KEYS = ("name", "pattern", "time", "levels", "multiline", "example")
_SOURCE_KEYS = ("path", "timezone", "format", "app", "app_from")
_GENERAL = ("auto", "text", "json")
APP_FROM = ("path", "field")
"""What a file's app can be taken from."""
_MOST = 100
_SLOW_SECONDS = 0.1
"""What a match may take of a line of at most `FRONT` characters; patterns that are not catastrophic take
microseconds."""
_PROBES = ("a", "1", " ", "a ", "1 ", "a:", "[a]", "[a] ", "a.", "-", "=", '"a" ', "a=b ", "aA1", "(")


@dataclass(frozen=True)
class LogSource:
    """Settings for the files whose path matches a glob; None where it sets nothing."""

    path: str
    timezone: tzinfo | None = None
    format: str | None = None
    app: str | None = None
    app_from: str | None = None

    def matches(self, path: str) -> bool:
        """Return whether a file's path matches; `*` stands for any characters of one name.

        A relative glob is compared with the end of the path: `nginx/*.log` matches `/var/log/nginx/a.log`.
        """
        return PurePath(Path(path).absolute()).match(str(Path(self.path).expanduser()))


def source_of(sources: Sequence[LogSource], path: str) -> LogSource | None:
    """Return the first of the sources that matches a file's path."""
    return next((source for source in sources if source.matches(path)), None)


def log_formats(value: Any) -> tuple[Format, ...]:
    """Parse a list of formats: tables with name, pattern, and perhaps time, levels, multiline, example."""
    found = tuple(_format(given, number) for number, given in enumerate(_tables(value, "formats"), 1))
    names = [item.name for item in found]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise ValueError(f"two formats are named {twice!r}")
    return found


def log_sources(value: Any) -> tuple[LogSource, ...]:
    """Parse a list of sources: tables with path, and perhaps timezone, format, app and app_from."""
    return tuple(_source(given, number) for number, given in enumerate(_tables(value, "sources"), 1))


def _tables(value: Any, name: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, Mapping) for item in value):
        raise ValueError(f"it must be tables in logctl.toml, each begun with [[{name}]]")
    if len(value) > _MOST:
        raise ValueError(f"there are more than {_MOST}")
    return value


def _known(given: Mapping[str, Any], keys: Sequence[str], what: str) -> None:
    for key in given:
        if key not in keys:
            close = difflib.get_close_matches(key, keys, n=1)
            meant = f"did you mean {close[0]}?" if close else f"it takes {', '.join(keys)}"
            raise ValueError(f"{what} has no {key!r}; {meant}")


def _text(given: Mapping[str, Any], key: str, what: str) -> str:
    value = given.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{what}: {key} must be text in quotes")
    return value


# ── Formats ─────────────────────────────────────────────────────────────────────────────────────────────


def _format(given: Mapping[str, Any], number: int) -> Format:
    from logctl.core.formats.own_formats import check_own
    from logctl.core.formats.registry import FORMATS

    name = given.get("name")
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or len(name) > 64:
        raise ValueError(f"number {number} needs a name of up to 64 characters")
    _known(given, _FORMAT_KEYS, name)
    if name in _GENERAL or any(name == known.name for known in FORMATS):
        raise ValueError(f"{name!r} is the name of a known format; choose another")
    pattern = _text(given, "pattern", name)
    if not pattern:
        raise ValueError(f"{name} needs a pattern")
    example = _text(given, "example", name)
    declared = Format(
        name,
        "declared in logctl.toml",
        pattern,
        levels=_levels(given.get("levels", {}), name),
        joins=_joins(given, name),
        examples=(Example(example, ()),) if example else (),
        time=_text(given, "time", name),
    )
    try:
        check_own(declared)
    except ValueError as problem:
        raise ValueError(f"{name}: {problem}") from None
    _check_speed(declared, example)
    if example:
        _check_example(declared, example)
    return declared


def _levels(given: Any, name: str) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise ValueError(f'{name}: levels must be a table such as {{ E = "ERROR" }}')
    found = {}
    for word, meaning in given.items():
        found[word] = levels.parse_level(meaning)
        if found[word] == levels.UNKNOWN and meaning != levels.UNKNOWN:
            raise ValueError(f"{name}: levels: {meaning!r} is not one of {', '.join(levels.ORDER)}")
    return found


def _joins(given: Mapping[str, Any], name: str) -> Joins:
    value = given.get("multiline", Joins.TRACES.value)
    try:
        return Joins(value)
    except ValueError:
        words = ", ".join(item.value for item in Joins)
        raise ValueError(f"{name}: multiline: {value!r} is not one of {words}") from None


def _check_speed(declared: Format, example: str) -> None:
    """Refuse a pattern with which a line could take minutes.

    Lines are tried that grow by a third each time, because the time of a catastrophic pattern multiplies with
    each character: it is noticed while it is still short.
    """
    from logctl.core.formats.own_formats import FRONT, read_own

    context = Context(reference=0)
    for unit in (*_PROBES, *([example] if example else [])):
        length = 8.0
        while length < FRONT * 1.4:
            line = (unit * (int(length) // len(unit) + 1))[: int(length)] + "\0"
            started = time.thread_time()
            read_own((declared,), line, context)
            if time.thread_time() - started > _SLOW_SECONDS:
                raise ValueError(
                    f"{declared.name}: pattern is too slow, on a line of {len(line)} characters already; "
                    "do not repeat a group that repeats, and write [^ ]* or [^]]* in place of .*"
                )
            length = max(length + 2, length * 1.15)


def _check_example(declared: Format, example: str) -> None:
    from logctl.core.formats.own_formats import read_own

    line = example.partition("\n")[0]
    found = read_own((declared,), line, Context(reference=0))
    if found is None:
        raise ValueError(f"{declared.name}: pattern does not match the example {line[:80]!r}")
    if BAD_TIME in found.flags:
        raise ValueError(f"{declared.name}: no time is found in the example {line[:80]!r}")


# ── Sources ─────────────────────────────────────────────────────────────────────────────────────────────


def _source(given: Mapping[str, Any], number: int) -> LogSource:
    path = given.get("path")
    if not isinstance(path, str) or not path:
        raise ValueError(f"number {number} needs a path, such as /var/log/app/*.log")
    _known(given, _SOURCE_KEYS, path)
    app, app_from = _text(given, "app", path), _text(given, "app_from", path)
    if app and not is_appid(app):
        raise ValueError(f"{path}: {app!r} cannot name an app: {RULE}")
    if app_from and app_from.partition(":")[0] not in APP_FROM:
        raise ValueError(f"{path}: app_from: {app_from!r} is not one of {', '.join(APP_FROM)}")
    if app and app_from:
        raise ValueError(f"{path}: app and app_from exclude each other")
    zone = None
    if "timezone" in given:
        try:
            zone = time_zone(given["timezone"])
        except ValueError as problem:
            raise ValueError(f"{path}: timezone: {problem}") from None
    return LogSource(path, zone, _text(given, "format", path) or None, app or None, app_from or None)
