"""A pattern for formats that have no level, so that they leave lines with a level to those that have one."""

NO_LEVEL = r"(?!\[?(?i:trace|debug|info|notice|warn|warning|error|err|fatal|critical|severe|panic|crit|emerg|alert|wrn|inf|dbg|[TDIWEF])(?:[\s:|\]]|$))"
"""Matches where no word for a level begins, with or without a bracket."""
