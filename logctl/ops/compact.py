"""Compaction from the command line: the same code as in Lambda, with no end of time."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

from logctl.ops.deployment import Deployment
from logctl.pipeline.athena import Runner
from logctl.pipeline.compaction import GRACE, Compactor, Tables


def compactor(
    deployment: Deployment,
    *,
    grace: int = GRACE,
    on_progress: Callable[[str], None] = lambda doing: None,
) -> Compactor:
    """A compactor for an environment. Its clock is this machine's."""
    aws, names = deployment.aws, deployment.names
    return Compactor(
        aws.s3,
        aws.glue,
        Runner(aws.athena, names.workgroup, names.database),
        Tables(names.database, names.compacted_table, names.view, deployment.bucket),
        clock=lambda: time.time_ns() // 1_000_000,
        owner=f"{os.environ.get('USER', 'someone')} on {socket.gethostname()}, process {os.getpid()}",
        grace=grace,
        on_progress=on_progress,
    )
