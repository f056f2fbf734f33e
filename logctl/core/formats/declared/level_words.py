"""A pattern for formats that have no level, so that they leave lines with a level to those that have one."""

# The first look-ahead, and the words by their first letters, are quicker than a list of words.
_WORD = (
    r"t(?:race)?|d(?:ebug|bg)?|i(?:nfo?)?|notice|w(?:arn(?:ing)?|rn)?|e(?:rr(?:or)?|merg)?|f(?:atal)?"
    r"|crit(?:ical)?|severe|panic|alert"
)
NO_LEVEL = (
    r"(?!\[?(?=[acdefinpstwACDEFINPSTW\u0080-\U0010ffff])"
    rf"(?i:{_WORD})(?:[\s:|\]]|$))"
)
"""Matches where no word for a level begins, with or without a bracket."""
