"""The quotas of AWS that bound the pipeline, with their sources, and what a load uses of each.

The figures are those of AWS's documentation as it was quoted by public copies and excerpts in November 2026;
nothing was read from an account. A quota without a figure was not found.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logctl.core.times import DAY, SECOND
from logctl.ops.cost import estimate
from logctl.ops.cost.bill import MONTH
from logctl.ops.cost.load import SQS_BATCH, Load
from logctl.stack.settings import Settings

MESSAGE_SECONDS = 0.10
"""How long a message of the model keeps a function busy: three round trips, its records, a part of its batch."""
KEPT_DAYS = 365


@dataclass(frozen=True)
class Shape:
    """A load with its shape.

    Attributes:
        load: the records; its `apps` are the sources, of which each sends by itself.
        apps: the apps of these sources, alike.
        groups: the message groups of each app.
        lanes: the setting `arrival_lanes`.
        consumer: records a second that one group's consumer stores, from the model.
    """

    title: str
    load: Load
    apps: int
    groups: int
    consumer: float
    lanes: int = Settings().arrival_lanes

    @property
    def records(self) -> float:
        """Records a second."""
        return self.load.records_per_second

    @property
    def messages(self) -> float:
        """Messages a second."""
        return self.load.messages / MONTH * SECOND

    @property
    def write_units(self) -> float:
        """Write units of a message in the hot table without its indexes."""
        sizes = self.load.traffic.sizes
        return sizes.row_units + sizes.mark_units


@dataclass(frozen=True)
class Quota:
    """A quota.

    Attributes:
        limit: its value in us-east-1 and in eu-central-1; None where it was not found.
        unit: of the value.
        used: what a shape uses of it, in the same unit; None where that does not depend on the load.
        raised: how it is raised, or what a person changes where AWS does not raise it.
        source: document, page and section.
    """

    name: str
    limit: tuple[float | None, float | None]
    unit: str
    used: Callable[[Shape], float] | None
    raised: str
    source: str


def _state_units(shape: Shape) -> float:
    """Return the write units that a message takes, on average, in the state of one kind of error."""
    kinds = shape.load.log.kinds
    return shape.load.traffic.sizes.kinds / kinds * estimate.COUNTED_UNITS if kinds else 0.0


_SQS = "Amazon SQS Developer Guide"
_LAMBDA = "AWS Lambda Developer Guide"
_DYNAMODB = "Amazon DynamoDB Developer Guide"
_S3 = "Amazon S3 User Guide"

ONE_CONSUMER = Quota(
    "SQS: one consumer for each message group",
    (None, None),
    "records/s",
    lambda shape: shape.records / (shape.apps * shape.groups),
    "the setting `shards`: more groups for an app",
    f"{_SQS}, FIFO queue delivery logic; the rate is that of the model below",
)
"""Its limit is not AWS's figure: it is how fast one consumer is (`Shape.consumer`)."""

QUOTAS = (
    ONE_CONSUMER,
    Quota(
        "SQS: calls of one action, FIFO in high throughput mode",
        (70_000, 19_000),
        "calls/s",
        lambda shape: shape.messages,
        "Service Quotas; larger messages (`send -f` gathers longer)",
        f"{_SQS}, Amazon SQS message quotas (other regions: 2,400 to 9,000)",
    ),
    Quota(
        "SQS: one partition of a FIFO queue, with batches",
        (3_000, 3_000),
        "messages/s",
        lambda shape: shape.messages / (shape.apps * shape.groups),
        "the setting `shards`; SQS adds partitions by itself",
        f"{_SQS}, Partitions and data distribution for high throughput for SQS FIFO queues",
    ),
    Quota(
        "SQS: messages in flight, FIFO",
        (120_000, 120_000),
        "messages",
        lambda shape: shape.messages * MESSAGE_SECONDS * SQS_BATCH,
        "AWS Support",
        f"{_SQS}, Amazon SQS FIFO queue quotas",
    ),
    Quota(
        "Lambda: concurrent executions of the account",
        (1_000, 1_000),
        "executions",
        lambda shape: shape.messages * MESSAGE_SECONDS,
        "Service Quotas; beyond 1,250 for one queue, AWS Support",
        f"{_LAMBDA}, Lambda quotas; Configuring scaling behavior for SQS event source mappings",
    ),
    Quota(
        "Lambda: payload of one invocation",
        (6e6, 6e6),
        "bytes",
        None,
        "fixed; ten full messages fit",
        f"{_LAMBDA}, How Lambda processes records from event source mappings, Batching behavior",
    ),
    Quota(
        "DynamoDB: writes of one on-demand table",
        (40_000, 40_000),
        "units/s",
        lambda shape: shape.messages * shape.write_units,
        "Service Quotas (L-AB614373)",
        f"{_DYNAMODB}, Quotas in Amazon DynamoDB",
    ),
    Quota(
        "DynamoDB: writes of one partition, the rows of one app",
        (1_000, 1_000),
        "units/s",
        lambda shape: shape.messages / shape.apps * shape.load.traffic.sizes.row_units,
        'fixed; `hot_rows = "index"`, larger messages, fewer records of WARN and above',
        f"{_DYNAMODB}, Best practices for designing and using partition keys; Key range throughput exceeded",
    ),
    Quota(
        "DynamoDB: writes of one partition, the state of one kind of error",
        (1_000, 1_000),
        "units/s",
        lambda shape: shape.messages / shape.apps * _state_units(shape),
        "fixed; larger messages",
        f"{_DYNAMODB}, Best practices for designing and using partition keys; Transactions",
    ),
    Quota(
        "DynamoDB: writes of one lane of the index over all apps",
        (1_000, 1_000),
        "units/s",
        lambda shape: shape.messages / shape.lanes,
        "`arrival_lanes`, up to 64; larger messages",
        f"{_DYNAMODB}, Understanding Global Secondary Index write throttling and back pressure",
    ),
    Quota(
        "S3: PUT requests of one partitioned prefix",
        (3_500, 3_500),
        "requests/s",
        lambda shape: shape.messages,
        "S3 splits prefixes by itself; AWS Support splits them beforehand; larger messages",
        f"{_S3}, Best practices design patterns: optimizing Amazon S3 performance",
    ),
    Quota(
        "Glue: partitions of one table",
        (10_000_000, 10_000_000),
        "partitions",
        lambda shape: shape.apps * KEPT_DAYS,
        "Service Quotas (L-2C3F5401); a shorter `cold_retention`",
        "AWS General Reference, AWS Glue endpoints and quotas",
    ),
    Quota(
        "Glue: calls of BatchCreatePartition",
        (None, None),
        "calls/s",
        lambda shape: shape.apps / 100 / (DAY / SECOND),
        "not found; a failed registration is made up for by `logctl athena repair`",
        "AWS General Reference, AWS Glue endpoints and quotas (figure unchecked)",
    ),
    Quota(
        "SNS: messages published",
        (30_000, 1_500),
        "messages/s",
        lambda shape: shape.apps * shape.load.log.kinds / 900,
        "Service Quotas; a longer `alert_window`",
        "AWS General Reference, Amazon SNS endpoints and quotas, Soft (smallest regions: 300)",
    ),
    Quota(
        "Athena: DML queries that run or wait",
        (200, None),
        "queries",
        None,
        "Service Quotas; depends on the people who query",
        "Amazon Athena User Guide, Service Quotas; AWS General Reference, Athena (eu-central-1 unchecked)",
    ),
)


def share(quota: Quota, shape: Shape, region: int = 0) -> float | None:
    """Return the part of a quota that a shape uses; None where one of both is not known.

    `region`: the place of the region in `Quota.limit`.
    """
    limit = shape.consumer if quota is ONE_CONSUMER else quota.limit[region]
    return None if limit is None or quota.used is None else quota.used(shape) / limit
