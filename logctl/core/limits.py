"""The limits on the content of one message.

A batch holds ten messages of up to ten apps, and the function has 60 seconds and 512 MB for all of them. A
message above a limit is set aside as a whole, in one quarantine object, before any of it is processed. What
`envelope.pack` makes is below these limits.
"""

from __future__ import annotations

import re

MAX_RECORDS = 5_000
"""Records in a message; `send` packs up to 4,000 into one."""
MAX_PLAIN = 4 * 1024 * 1024
"""Bytes of an envelope's decompressed data; `send` packs up to 2 MiB, unless one record is larger."""
MAX_VALUES = 100_000
"""JSON values in a message: each is an object in memory, and is searched for secrets."""
MAX_PARTITIONS = 32
"""Days that a message's records may span: each is an object in S3 and a partition in the catalog."""
MAX_HOURS = 100
"""Hours that a message's records may span: each is a hot row.

Where the records of an hour do not fit one item there are more, of which MAX_PLAIN allows two dozen.
"""
MAX_COMPARED = 2 * 1024 * 1024
"""Characters of a message's errors that are fingerprinted; what `pack` makes has no more.

The errors after them are counted together.
"""

# The text may be cut anywhere: a backslash may be its last character, and a string may have no end.
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.?)*+"?', re.DOTALL)


def count_values(text: str) -> int:
    """Return an upper bound of how many JSON values a text has.

    It is the number of commas and opening brackets outside of strings, plus one: every value but the first
    follows one of them.
    """
    most = _separators(text)
    return most if most <= MAX_VALUES else _separators(_STRINGS.sub("", text))


def _separators(text: str) -> int:
    return text.count(",") + text.count("[") + text.count("{") + 1
