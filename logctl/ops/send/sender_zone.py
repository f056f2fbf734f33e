"""The time zone of the machine whose logs are sent: for times in logs that do not say their zone."""

from __future__ import annotations

import io
import logging
import struct
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from logctl.core.errors import UsageError

_CHOOSE = "Choose the zone of the logs with --timezone, such as --timezone Europe/Berlin."
# What glibc applies to a zone with summer time but without its rules (glibc manual, TZ Variable).
_DEFAULT_RULES = ",M3.2.0,M11.1.0"


@dataclass(frozen=True)
class SenderZone:
    """A time zone, its name, and where it was configured, as in `--timezone`, `TZ` or `this machine`."""

    zone: tzinfo
    origin: str

    @property
    def name(self) -> str:
        """The zone's name, or its offset such as `+01:00`."""
        key = getattr(self.zone, "key", None)
        return str(key or datetime.now(UTC).astimezone(self.zone).isoformat()[-6:])

    def __str__(self) -> str:
        return f"{self.name} (from {self.origin})"


def sender_zone(environ: Mapping[str, str]) -> SenderZone:
    """Return the zone of `TZ`, in each of its forms, or else the zone of this machine.

    Programs write local times in this zone, unless they are configured otherwise.

    Raises:
        UsageError: the zone is unknown.
    """
    text = environ.get("TZ")
    if text is not None:
        try:
            return SenderZone(_zone_of_variable(text), "TZ")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(f"TZ is {text!r}, which is not a time zone.", _CHOOSE) from None
    return SenderZone(_machine_zone(), "this machine")


def _zone_of_variable(text: str) -> tzinfo:
    """Return the zone that a value of `TZ` means: a name, a path, or a rule such as `CET-1CEST`.

    An empty value means UTC. See POSIX.1-2017, 8.3, and the glibc manual, TZ Variable.
    """
    name = text.removeprefix(":")
    if not name:
        return ZoneInfo("UTC")
    if name.startswith("/"):
        with Path(name).open("rb") as file:
            return ZoneInfo.from_file(file, key=name.rpartition("zoneinfo/")[2])
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        try:
            return _zone_of_rule(name, name)
        except ValueError:
            return _zone_of_rule(name + _DEFAULT_RULES, name)


def _zone_of_rule(rule: str, name: str) -> ZoneInfo:
    """Return the zone of a POSIX rule. `ZoneInfo` reads rules only at the end of a file (RFC 8536, 3.3)."""
    counts = (0, 0, 0, 0, 1, 4)  # one type of time, and four bytes for its name
    header = b"TZif2" + bytes(15) + struct.pack(">6l", *counts)
    block = header + struct.pack(">lBB", 0, 0, 0) + b"UTC\0"
    return ZoneInfo.from_file(io.BytesIO(block + block + b"\n" + rule.encode("ascii") + b"\n"), key=name)


def _machine_zone() -> tzinfo:
    import tzlocal

    logging.getLogger("tzlocal").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a container without configuration is on UTC, which is right
            return tzlocal.reload_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError("This machine's time zone cannot be found.", _CHOOSE) from None
