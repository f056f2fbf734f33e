"""How much one message may ask of the consumer.

A batch holds ten messages of up to ten apps, and one function has 60 seconds and 512 MB for them all. What
is above these limits is set aside whole, as one quarantine object, before any of it is worked on. They lie
above what `logctl send` makes (`envelope.pack`), which refuses what would be refused here.
"""

from __future__ import annotations

MAX_RECORDS = 5_000
"""Records a message; `pack` puts 1,000 into one."""
MAX_PLAIN = 4 * 1024 * 1024
"""Bytes that an envelope's data may unfold to; `pack` stays below 512 KiB unless one record is larger."""
MAX_PARTITIONS = 32
"""Days that a message's records may be of: an object and a partition of the catalog each."""
MAX_ROWS = 100
"""Hot rows a message: one for each hour of its records, more where one would not fit an item."""
