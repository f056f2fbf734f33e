"""Debounce states, silences, and simulation of the rules of alerting."""
