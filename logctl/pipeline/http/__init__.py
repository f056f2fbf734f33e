"""The parts of the HTTP API: what `pipeline.api` routes to."""
