"""logctl: a complete serverless log pipeline, from one command line."""

__version__ = "0.2.0"
