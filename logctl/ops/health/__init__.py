"""Whether the pipeline works: `status`, `doctor`, drift, metrics, and a traced test event."""
