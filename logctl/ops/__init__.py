"""Day 2 against a running pipeline. Functions return dataclasses and never print."""
