"""What `logctl --version` prints: the versions that a bug report needs."""

from __future__ import annotations

import sys

from logctl.cli.render import discard_output
from logctl.ops.health.versions import versions


def show_versions() -> None:
    """Write the versions of logctl, Python, the platform and packages to stdout, one in each line."""
    try:
        for name, version in versions().items():
            print(f"{name} {version or 'not installed'}")
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
