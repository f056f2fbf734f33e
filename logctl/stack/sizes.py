"""Sizes in bytes as people write them, like `10GB`, in powers of 1000 as AWS counts them."""

from __future__ import annotations

import re

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12, "PB": 10**15}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGTP]?B?)\Z", re.IGNORECASE)


def parse_size(text: str) -> int:
    """Return the bytes that a text like `10GB`, `500 MB` or `1.5TB` means.

    Raises:
        ValueError: the text is not a size.
    """
    found = _SIZE.match(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a size; write 500MB, 10GB or 1TB")
    unit = found[2].upper()
    return int(float(found[1]) * _UNITS[unit if unit in _UNITS else unit + "B"])


def format_size(size: int) -> str:
    """Write a number of bytes like `999 B`, `1.5 kB` or `12.3 GB`."""
    if size < 1000:
        return f"{size} B"
    value = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.95 or unit == "TB":
            return f"{value:.1f} {unit}"
    raise AssertionError("the loop returns at TB")
