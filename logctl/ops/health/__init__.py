"""The health of the pipeline: `status`, `doctor`, drift, metrics, and a test event that is followed."""
