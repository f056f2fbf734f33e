"""Joining lines into records, by the rules of languages and runtimes and never because nothing else matches."""
