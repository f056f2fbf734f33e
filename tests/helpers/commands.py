"""What tests of the command line share when there is no AWS."""

from __future__ import annotations

NOWHERE = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
}


def told(done) -> str:
    """The one sentence, after checking that there is one and no data."""
    assert done.out == ""
    first = done.err.splitlines()[0]
    assert first.startswith("logctl: ")
    assert first.endswith(".")
    return first
