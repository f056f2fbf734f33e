"""What failed or is missing: dead letters, quarantined messages, and replay from cold storage."""
