"""What is left after something went wrong: the records in both stores, the counts, the alerts, the queues."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from dataclasses import dataclass

from logctl.core.debounce import Action, State
from logctl.core.hot_rows import HotRow
from logctl.core.records import Record
from logctl.core.rows import record_of
from logctl.core.times import DAY, TimeRange
from logctl.ops.alerts.queue_subscriber import Delivered
from logctl.ops.deployment import Deployment
from logctl.pipeline.alerting.alerter import alerter_for
from logctl.pipeline.alerting.sweep import Sweep
from logctl.pipeline.stores.alert_items import to_state
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.stored_objects import StoredObjects, rows_of
from tests.helpers.stored import lines_of, records_in


def by_hand(deployment: Deployment, *, visibility: int) -> None:
    """No Lambda takes part any more, and what failed comes again after `visibility` seconds."""
    aws, names = deployment.aws, deployment.names
    mappings = aws.functions.list_event_source_mappings(FunctionName=names.consumer)["EventSourceMappings"]
    for mapping in mappings:
        aws.functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    events = aws.session.client("events", endpoint_url=aws.endpoint_url)
    events.disable_rule(Name=names.sweeper)
    aws.sqs.set_queue_attributes(
        QueueUrl=deployment.queue_url(), Attributes={"VisibilityTimeout": str(visibility)}
    )


def sweep(deployment: Deployment, *, later: int) -> dict[Action, int]:
    """A sweep that is called `later` milliseconds from now."""
    clock = lambda: time.time_ns() // 1_000_000 + later  # noqa: E731
    return Sweep(alerter_for(deployment.aws, deployment.pipeline_config(), clock)).run(clock())


def waiting(deployment: Deployment, url: str) -> int:
    """How many messages a queue has, those in flight included."""
    found = deployment.aws.sqs.get_queue_attributes(
        QueueUrl=url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return sum(map(int, found.values()))


def hot(deployment: Deployment, app: str) -> list[str]:
    """The event ids of an app's hot rows, sorted."""
    now = time.time_ns() // 1_000_000
    store = HotStore(deployment.aws.dynamodb, deployment.names.hot_table)
    chunks = store.read(app, TimeRange(now - DAY, now + DAY), now=now)
    return sorted(record.event_id for chunk in chunks for record in records_behind(deployment, chunk))


def records_behind(deployment: Deployment, row: HotRow) -> list[Record]:
    """The records that a hot row stands for, from the row itself or from the object."""
    if row.whole:
        return records_in(row)
    body = StoredObjects(lambda: (deployment.aws.s3, deployment.bucket)).frame(row)
    assert body is not None, f"{row.object_key} is not there"
    return [record_of(each, row.appid) for each in rows_of(row, body) or []]


def cold(deployment: Deployment, app: str) -> list[str]:
    """The event ids of all of an app's rows in S3, sorted."""
    s3, bucket = deployment.aws.s3, deployment.bucket
    bodies = (
        (key, s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys(deployment, app, "logs/")
    )
    return sorted(line["event_id"] for key, body in bodies for line in lines_of(key, body))


def keys(deployment: Deployment, app: str, prefix: str) -> list[str]:
    pages = deployment.aws.s3.get_paginator("list_objects_v2").paginate(
        Bucket=deployment.bucket, Prefix=prefix
    )
    found = (item["Key"] for page in pages for item in page.get("Contents", []))
    return [key for key in found if f"appid={app}/" in key]


def set_aside(deployment: Deployment, app: str) -> int:
    """What of an app went to quarantine or to the dead-letter queue."""
    dead = waiting(deployment, deployment.dead_letter_queue_url())
    return dead + len(keys(deployment, app, "quarantine/"))


def states(deployment: Deployment, app: str) -> list[State]:
    """What is counted of an app, by key."""
    pages = deployment.aws.dynamodb.get_paginator("scan").paginate(
        TableName=deployment.names.alerts_table, ConsistentRead=True
    )
    items = [item for page in pages for item in page["Items"]]
    found = [to_state(item) for item in items if item["pk"]["S"].startswith(f"ALERT#{app}#")]
    return sorted(found, key=lambda state: state.key)


@dataclass(frozen=True)
class Told:
    """An alert: its kind, and how many events it reports."""

    kind: str
    count: int


def told(delivered: Iterable[Delivered], app: str) -> list[Told]:
    """An app's alerts, each once however many copies came. Copies have to say the same."""
    texts: dict[str, str] = {}
    for alert in delivered:
        (alert_id,) = re.findall(r"^alert id: +(.+)$", alert.body, re.M)
        text = f"{alert.subject}\n{alert.body}"
        assert texts.setdefault(alert_id, text) == text
    return sorted(
        (_read(text) for alert_id, text in texts.items() if alert_id.startswith(f"{app}#")),
        key=lambda alert: (alert.kind, alert.count),
    )


def _read(text: str) -> Told:
    (kind,) = re.findall(r"\A\[\S+\] [A-Z]+ ([a-z ]+): ", text)
    (count,) = re.findall(r"^events: +([\d,]+) in this alert", text, re.M)
    return Told(kind, int(count.replace(",", "")))
