"""From the text of a statement to a dataclass (DDL) or a tree (queries)."""
