"""Several environments in one account, and an environment that is brought up to date while logs come in."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from logctl.core.records import Record, derive_id
from logctl.core.times import HOUR, TimeRange
from logctl.ops.alerts.queue_subscriber import Inbox
from logctl.ops.deployment import Deployment
from logctl.ops.send.packing import pack
from logctl.ops.send.sender import Outgoing, Sender
from logctl.pipeline.stores.attention_index import DUE, OLD_DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS, HotStore
from logctl.stack.bundle import Bundle
from logctl.stack.provision import Provisioner
from logctl.stack.resources.storage import set_indexes
from logctl.stack.settings import Settings
from logctl.stack.upgrade import ALERTS_TABLE, HOT_TABLE, Indexes
from tests.helpers.aftermath import records_behind
from tests.helpers.environment import Environment
from tests.helpers.sandbox import eventually
from tests.helpers.stored import lines_of

APP = "shop"
EMPTY = [0, 0, 0, 0]


def now() -> int:
    return time.time_ns() // 1_000_000


class Inhabited(Environment):
    """An environment with logs in it."""

    @property
    def settings(self) -> Settings:
        return Settings.build(("test", {"target": "local", "env": self.env, "region": self.aws.region}))

    @property
    def deployment(self) -> Deployment:
        return Deployment(self.aws, self.settings)

    def send(self, start: int, count: int, *, level: str = "INFO") -> None:
        """So many records in one message, numbered from `start`."""
        records = [
            Record(APP, derive_id(self.env, number), now(), level, f"{self.env} says {number}", number)
            for number in range(start, start + count)
        ]
        sender = Sender(self.aws.sqs, self.deployment.queue_url())
        assert sender.send(Outgoing(message, "test") for message in pack(records)).records == count

    def hot(self) -> Counter[str]:
        """What the hot store holds: messages, and how often each is there."""
        span = TimeRange(now() - HOUR, now() + HOUR)
        chunks = HotStore(self.aws.dynamodb, self.names.hot_table).read(APP, span, now=now())
        return Counter(
            record.message for chunk in chunks for record in records_behind(self.deployment, chunk)
        )

    def cold(self) -> Counter[str]:
        """What the bucket holds, likewise."""
        listed = self.aws.s3.list_objects_v2(Bucket=self.bucket, Prefix="logs/").get("Contents", [])
        bodies = [
            (item["Key"], self.aws.s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read())
            for item in listed
        ]
        return Counter(line["message"] for key, body in bodies for line in lines_of(key, body))

    def partitions(self) -> list[str]:
        """Where the catalog says that logs lie."""
        found = self.aws.glue.get_partitions(DatabaseName=self.names.database, TableName=self.names.table)
        return [item["StorageDescriptor"]["Location"] for item in found["Partitions"]]

    def waiting(self) -> list[int]:
        """Messages in the queue, under way, and in the dead-letter queue."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = []
        for url in (self.deployment.queue_url(), self.deployment.dead_letter_queue_url()):
            reply = self.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)  # type: ignore[arg-type]
            counts += [int(reply["Attributes"][name]) for name in names]
        return counts

    def policies(self) -> str:
        """Everything that its roles may do."""
        iam = self.aws.session.client("iam", endpoint_url=self.aws.endpoint_url)
        told = []
        for name in (self.names.consumer, self.names.sweeper, self.names.api):
            role = f"{name}-{self.aws.region}"
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                told.append(iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"])
        return json.dumps(told)


@pytest.fixture
def three(sandbox) -> Iterator[list[Inhabited]]:
    """Names that begin alike are the hardest to tell apart."""
    aws = sandbox.deployment.aws
    made = [Inhabited(aws, env) for env in ("iso", "iso-x", "isox")]
    yield made
    for environment in made:
        environment.destroy(delete_data=True)


def test_three_environments_in_one_account_never_touch_each_other(three):
    first, *others = three
    inboxes = []
    for environment in three:
        environment.provision()
        inboxes.append(Inbox(environment.deployment))
    for environment in three:
        environment.send(0, 3, level="ERROR")
    for environment, inbox in zip(three, inboxes, strict=True):
        own = Counter(f"{environment.env} says {number}" for number in range(3))
        eventually(lambda environment=environment, own=own: environment.hot() == own, what="its own records")
        assert environment.cold() == own
        (location,) = environment.partitions()
        assert location.startswith(f"s3://{environment.bucket}/logs/")
        alerts = inbox.take(seconds=10)
        assert [f"{environment.env} says" in alert.body for alert in alerts] == [True]
        eventually(lambda environment=environment: environment.waiting() == EMPTY, what="an empty queue")
        policies = environment.policies()
        for other in set(three) - {environment}:
            for name in (other.names.queue, other.bucket, other.names.hot_table, other.names.topic):
                assert name not in policies

    before = [(other.left(), other.hot(), other.cold()) for other in others]
    first.destroy(delete_data=True)
    assert [(other.left(), other.hot(), other.cold()) for other in others] == before
    for other in others:
        other.send(3, 1)
        eventually(lambda other=other: len(other.hot()) == 4, what="the pipeline that is left")


class Quick(Provisioner):
    """The sandbox kills what runs when the code changes, where AWS lets it end: the messages that it held come
    back when their time is over, and six minutes would be long for a test."""

    def template(self, indexes: Indexes | None = None) -> str:
        built = json.loads(super().template(indexes))
        built["Resources"]["Queue"]["Properties"]["VisibilityTimeout"] = 6
        return json.dumps(built)


class Older(Quick):
    """What an earlier logctl deployed: other code, and not yet everything that there is now."""

    LATER = ("UniqueView", "RouteHealth")

    @property
    def bundle(self) -> Bundle:
        new = super().bundle
        init = {"logctl/__init__.py": b'__version__ = "0.0.1"\n'}
        return Bundle({**new.files, **init}, new.runtime, new.architecture)

    def template(self, indexes: Indexes | None = None) -> str:
        built: dict[str, Any] = json.loads(super().template(indexes))
        set_indexes(built["Resources"], {ALERTS_TABLE: (OLD_DUE,), HOT_TABLE: (ARRIVAL,)})
        for name in self.LATER:
            del built["Resources"][name]
        for function in ("Consumer", "Sweeper"):
            del built["Resources"][function]["Properties"]["Environment"]["Variables"]["LOGCTL_REDACT"]
        built["Outputs"]["Version"]["Value"] = "0.0.1"
        return json.dumps(built)


@pytest.fixture
def upgraded(sandbox) -> Iterator[Inhabited]:
    made = Inhabited(sandbox.deployment.aws, "older")
    yield made
    made.destroy(delete_data=True)


def test_an_older_stack_is_brought_up_to_date_while_logs_come_in_and_none_is_lost(upgraded):
    older = Older(upgraded.aws, upgraded.settings)
    assert older.apply(older.plan(), upgraded.events.append).outputs["Version"] == "0.0.1"
    sent, stop = [0], threading.Event()

    def keep_sending() -> None:
        while not stop.is_set():
            upgraded.send(sent[0], 5)
            sent[0] += 5
            time.sleep(0.1)

    producer = threading.Thread(target=keep_sending)
    producer.start()
    try:
        eventually(upgraded.hot, what="the older pipeline at work")
        before = sent[0]
        newer = Quick(upgraded.aws, upgraded.settings)
        plan = newer.plan()
        newer.apply(plan, upgraded.events.append)
        during = sent[0]
        time.sleep(0.5)
    finally:
        stop.set()
        producer.join()

    assert during > before, "nothing was sent during the update"
    changed = {change.logical_id: change.action for change in plan.changes if change.certain}
    assert changed.items() >= {**dict.fromkeys(Older.LATER, "Add"), "Consumer": "Modify"}.items()
    assert not any(change.loses for change in plan.changes)
    assert {"Queue", "Bucket"}.isdisjoint(changed)
    # CloudFormation changes one index of a table in an update: there were two updates.
    for name, indexes in (
        (upgraded.names.alerts_table, [DUE]),
        (upgraded.names.hot_table, [ARRIVAL, ARRIVALS]),
    ):
        table = upgraded.aws.dynamodb.describe_table(TableName=name)["Table"]
        assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == indexes
    assert upgraded.provisioner().describe().outputs["Version"] != "0.0.1"
    everything = Counter(f"older says {number}" for number in range(sent[0]))
    eventually(lambda: upgraded.hot() == everything, seconds=40, what="every record, once")
    assert upgraded.cold() == everything
    eventually(lambda: upgraded.waiting() == EMPTY, what="an empty queue")
