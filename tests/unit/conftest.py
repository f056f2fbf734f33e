"""Single-threaded AWS for unit tests: moto, with the pipeline's resources made by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from logctl.aws.clients import Aws
from logctl.core.schema import PARTITION_KEYS, storage_descriptor
from logctl.core.times import HOUR, MINUTE
from logctl.pipeline.alerting.alerter import Alerter
from logctl.pipeline.api import Api
from logctl.pipeline.config import ApiConfig, PipelineConfig
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.silences import SilenceStore
from tests.helpers import prefork
from tests.helpers.alerts import make
from tests.helpers.api import ISSUER, Site
from tests.helpers.config import CONFIG
from tests.helpers.mocked_aws import Prepared
from tests.helpers.pipeline import SESSION, Clock, Pipeline, make_tables


@dataclass(frozen=True)
class Resources:
    """What every test finds: the tables, buckets and topic of `config`, and two queues."""

    config: PipelineConfig
    inbox: str
    dead: str


def _make() -> Resources:
    aws = Aws(SESSION)
    topic = aws.sns.create_topic(Name="logctl-test-alerts")["TopicArn"]
    inbox = aws.sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    aws.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    dead = aws.sqs.create_queue(QueueName="logctl-test-dlq.fifo", Attributes={"FifoQueue": "true"})[
        "QueueUrl"
    ]
    config = replace(CONFIG, topic_arn=topic, dead_letter_queue_url=dead)
    aws.s3.create_bucket(
        Bucket=config.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    make_tables(aws, config)
    aws.glue.create_database(DatabaseInput={"Name": config.database})
    for table in (config.table, config.compacted_table):
        aws.glue.create_table(
            DatabaseName=config.database,
            TableInput={
                "Name": table,
                "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in PARTITION_KEYS],
                "StorageDescriptor": storage_descriptor(f"s3://{config.bucket}/logs/"),
            },
        )
    return Resources(config, inbox, aws.sqs.create_queue(QueueName="dead")["QueueUrl"])


_RESOURCES = Prepared(_make)


@pytest.fixture
def resources(monkeypatch: pytest.MonkeyPatch) -> Iterator[Resources]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with _RESOURCES.started() as made:
        yield made


@pytest.fixture
def pipeline(resources: Resources) -> Pipeline:
    return Pipeline(Aws(SESSION), resources.config, Clock(), resources.inbox)


@pytest.fixture
def site(pipeline: Pipeline, resources: Resources) -> Site:
    config = ApiConfig(
        stack="logctl-test",
        bucket=pipeline.config.bucket,
        hot_table=pipeline.config.hot_table,
        alerts_table=pipeline.config.alerts_table,
        queue_url=pipeline.inbox,
        dead_letter_queue_url=resources.dead,
        hot_retention=48 * HOUR,
        alert_window=15 * MINUTE,
        issuer=ISSUER,
        audience=("web",),
        groups_claim="cognito:groups",
        client_id="web",
        authorize_url="https://login.example/oauth2/authorize",
        token_url="https://login.example/oauth2/token",
    )

    def nowhere(url: str) -> bytes:
        raise AssertionError(f"nobody is asked, but {url} was")

    return Site(Api(pipeline.aws, config, clock=pipeline.clock, fetch=nowhere), pipeline, config)


@pytest.fixture
def logctl(tmp_path):
    def run(*args: str, stdin: str | bytes | None = "", **variables: str):
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "COLUMNS": "120",
            "TZ": "UTC",
            "AWS_EC2_METADATA_DISABLED": "true",
            **variables,
        }
        given = stdin.encode() if isinstance(stdin, str) else stdin
        done = prefork.run(*args, env=environ, cwd=tmp_path, stdin=given, timeout=60)
        assert "Traceback" not in done.err, done.err
        return done

    return run


@pytest.fixture
def store(pipeline: Pipeline) -> AlertStore:
    return AlertStore(pipeline.aws.dynamodb, pipeline.config.alerts_table)


@pytest.fixture
def silences(pipeline: Pipeline) -> SilenceStore:
    return SilenceStore(pipeline.aws.dynamodb, pipeline.config.alerts_table)


@pytest.fixture
def alerter(pipeline: Pipeline, store: AlertStore) -> Alerter:
    return make(pipeline, store)
