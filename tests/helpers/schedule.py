"""The order in which the test modules begin: the slowest first, so that no worker ends with a long one alone.

The modules that are not listed take less than about ten seconds. CONTRIBUTING.md says how to measure it.
"""

from __future__ import annotations

from typing import Any

import pytest

ONE_WORKER = ("tests/browser",)
"""Folders whose modules run in one worker each: they share a Chromium and a sandbox."""
SLOWEST_FIRST = (
    "tests/sandbox/test_install.py",
    "tests/sandbox/test_readme.py",
    "tests/browser",
    "tests/simulation/test_production.py",
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
    "tests/simulation/test_planted_bugs.py",
    "tests/unit/test_redaction.py",
    "tests/unit/test_api.py",
    "tests/unit/test_sweep.py",
    "tests/simulation/test_pipeline.py",
    "tests/unit/test_sources.py",
    "tests/unit/test_scale.py",
    "tests/unit/test_identity.py",
    "tests/unit/test_hostile.py",
    "tests/simulation/test_debounce.py",
    "tests/unit/test_alerts.py",
)


def scope(nodeid: str) -> str:
    """Return what is given to one worker as a whole: the test's module, or its folder."""
    module = nodeid.partition("::")[0]
    return next((folder for folder in ONE_WORKER if module.startswith(f"{folder}/")), module)


def rank(nodeid: str) -> int:
    """Return the place of a test: those of the listed modules in their order, then all others."""
    return _RANKS.get(scope(nodeid), len(_RANKS))


def scheduler(config: pytest.Config, log: Any) -> Any:
    """Return xdist's scheduler by module, with the order and the scopes of this one."""
    from xdist.scheduler import LoadFileScheduling

    class InOrder(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return scope(nodeid)

    config.option.loadscopereorder = False
    return InOrder(config, log)


_RANKS = {path: place for place, path in enumerate(SLOWEST_FIRST)}
