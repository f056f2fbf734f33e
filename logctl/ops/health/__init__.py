"""Whether the pipeline works: `status`, `doctor`, drift, metrics, and a test event that is followed."""
