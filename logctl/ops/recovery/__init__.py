"""Recovery of what failed or is missing: dead letters, quarantined messages, replay from cold storage."""
