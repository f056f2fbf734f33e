"""Debounce states, silences, and what the rules of alerting would do with a log."""
