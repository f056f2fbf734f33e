"""Compaction from the command line: the same code as in Lambda, without its time limit."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from logctl.aws.athena import Runner
from logctl.aws.clock import wall_clock
from logctl.aws.s3_listing import objects
from logctl.core.batches import batched
from logctl.core.compaction_sql import SWITCHED, begun
from logctl.core.partition_ddl import add_partitions_ddl
from logctl.core.partitions import COMPACTED, Partition, Scope
from logctl.ops.deployment import Deployment
from logctl.ops.lake.partition_listing import days_in, registered
from logctl.pipeline.compaction import GRACE, Compactor, Tables


def compactor(
    deployment: Deployment,
    *,
    grace: int = GRACE,
    on_progress: Callable[[str], None] = lambda doing: None,
) -> Compactor:
    """Return the compactor of an environment. It uses this machine's clock."""
    aws, names = deployment.aws, deployment.names
    return Compactor(
        aws.s3,
        aws.glue,
        Runner(aws.athena, names.workgroup, names.database),
        Tables(names.database, names.compacted_table, names.view, deployment.bucket),
        clock=wall_clock,
        owner=f"{os.environ.get('USER', 'someone')} on {socket.gethostname()}, process {os.getpid()}",
        hot_retention=deployment.hot_retention(),
        grace=grace,
        on_progress=on_progress,
    )


_AT_ONCE = 10
_STATEMENT = 100


def lost(deployment: Deployment, scope: Scope) -> dict[Partition, str]:
    """Return compacted partitions that S3 has and the catalog lacks, with their locations.

    That happens when the tables were deleted and created again. Of each app's day it is the newest generation
    that readers have had, which has a mark.
    """
    known = registered(deployment, scope, deployment.names.compacted_table).locations
    found: dict[Partition, str] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        days = days_in(deployment, scope, pool, COMPACTED)
        for there in pool.map(lambda folder: _current(deployment, folder), days):
            found.update(
                {
                    partition: place
                    for partition, place in there.items()
                    if partition in scope and partition not in known
                }
            )
    return dict(sorted(found.items()))


def restore(deployment: Deployment, found: Mapping[Partition, str]) -> None:
    """Register compacted partitions at their locations.

    Raises:
        QueryFailed: Athena refused a statement.
    """
    names = deployment.names
    runner = Runner(deployment.aws.athena, names.workgroup, names.database)
    for batch in batched(found.items(), _STATEMENT):
        runner.run(add_partitions_ddl(names.compacted_table, batch))


def _current(deployment: Deployment, folder: str) -> dict[Partition, str]:
    """Return the apps of a day, with the location of the newest generation that readers have had."""
    listed = objects(deployment.aws.s3, deployment.bucket, folder)
    keys = [item["Key"][len(folder) :] for item in listed]
    marked = {key.partition("/")[0] for key in keys if key.endswith(f"/{SWITCHED}")}
    newest: dict[str, tuple[int, str]] = {}
    for key in keys:
        generation, _, rest = key.partition("/")
        start, app = begun(generation), rest.partition("/")[0]
        if start is not None and generation in marked and app.startswith("appid="):
            newest[app] = max(newest.get(app, (0, "")), (start, generation))
    found = {}
    for app, (_, generation) in newest.items():
        partition = Partition.of_key(f"{folder}{app}/", COMPACTED)
        if partition is not None:
            found[partition] = f"s3://{deployment.bucket}/{folder}{generation}/{app}/"
    return found
