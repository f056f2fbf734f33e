"""The original text of a record: kept beside its message in as few bytes as possible, and reproduced exactly."""
