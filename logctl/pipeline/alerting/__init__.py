"""Alerts: count and notify, close windows every minute, and list what is held back."""
