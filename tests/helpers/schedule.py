"""The order in which the test modules begin: the slowest first, so that no worker ends with a long one alone.

The modules that are not listed take less than about five seconds. CONTRIBUTING.md says how to measure it.
"""

from __future__ import annotations

SLOWEST_FIRST = (
    "tests/sandbox/test_install.py",
    "tests/sandbox/test_operations.py",
    "tests/sandbox/test_pipeline.py",
    "tests/sandbox/test_quarantine.py",
    "tests/sandbox/test_ownership.py",
    "tests/sandbox/test_local.py",
    "tests/sandbox/test_faults.py",
    "tests/sandbox/test_least_privilege.py",
    "tests/sandbox/test_stack.py",
    "tests/sandbox/test_compaction.py",
    "tests/sandbox/test_limits.py",
    "tests/sandbox/test_secrets_and_replay.py",
    "tests/sandbox/test_alerts.py",
    "tests/sandbox/test_partitions.py",
    "tests/sandbox/test_tail.py",
    "tests/sandbox/test_kills.py",
    "tests/sandbox/test_status.py",
    "tests/sandbox/test_iam.py",
    "tests/sandbox/test_identity.py",
    "tests/sandbox/test_gate.py",
    "tests/sandbox/test_lost_tables.py",
    "tests/sandbox/test_query.py",
    "tests/sandbox/test_api.py",
    "tests/sandbox/test_environments.py",
    "tests/sandbox/test_athena_engine.py",
)


def rank(path: str) -> int:
    """Return the place of a test module: listed ones in their order, then all others."""
    return _RANKS.get(path, len(_RANKS))


_RANKS = {path: place for place, path in enumerate(SLOWEST_FIRST)}
