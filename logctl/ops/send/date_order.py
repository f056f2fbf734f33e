"""Whether the day or the month comes first in the dates of a file, such as 03/04/2026.

One such date does not say it. The other dates of the file do, once a number above 12 is among them.
"""

from __future__ import annotations

import re

_DATE = re.compile(rb"(?m)^[^\n]{0,80}?(?<![\d/])(\d{1,2})/(\d{1,2})/\d{4}(?=[ ,T])")


def day_first(sample: bytes) -> bool:
    """Return whether the dates in the first bytes of a file begin with the day.

    Only the first date of each line counts. If both numbers of some dates are above 12, or none, the month is
    first, as in the formats of the C library and of Java in the United States.
    """
    found = [(int(first), int(second)) for first, second in _DATE.findall(sample)]
    return any(first > 12 for first, _ in found) and not any(second > 12 for _, second in found)
