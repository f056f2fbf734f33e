"""How much one message may ask of the consumer.

A batch holds ten messages of up to ten apps, and one function has 60 seconds and 512 MB for them all. What
is above these limits is set aside whole, as one quarantine object, before any of it is worked on. They lie
above what `envelope.pack` makes, which refuses what would be refused here.
"""

from __future__ import annotations

import re

MAX_RECORDS = 5_000
"""Records a message; `pack` puts 1,000 into one."""
MAX_PLAIN = 4 * 1024 * 1024
"""Bytes that an envelope's data may unfold to; `pack` stays below 512 KiB unless one record is larger."""
MAX_VALUES = 100_000
"""JSON values a message: each is an object in memory, and is looked through for secrets."""
MAX_PARTITIONS = 32
"""Days that a message's records may be of: each is an object and a partition of the catalog."""
MAX_HOURS = 100
"""Hours that a message's records may be of: each is a hot row. Where one does not fit an item there are
more, of which MAX_PLAIN allows two dozen."""
MAX_COMPARED = 1_000_000
"""Characters of a message's errors that are compared to tell their kinds apart; what `pack` makes has fewer.
Errors beyond them are counted together."""

# A backslash that ends the text has nothing after it; an open string goes on to the end.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)


def count_values(text: str) -> int:
    """At most so many JSON values are in a text, and exactly so many separators and brackets outside of
    strings: every value but the first follows one of them."""
    most = _separators(text)
    return most if most <= MAX_VALUES else _separators(_STRINGS.sub("", text))


def _separators(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{") + 1
