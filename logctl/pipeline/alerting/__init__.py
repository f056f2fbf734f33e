"""Alerts: count events, publish alerts, end windows every minute, and list suppressed events."""
