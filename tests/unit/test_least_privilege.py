"""What a function's role grants is what its code calls, no more. (That it is enough, the sandbox shows:
there the same policies are enforced.)"""

from __future__ import annotations

from typing import Any

import pytest

from logctl.core.settings import Settings
from logctl.core.times import DAY, MINUTE
from logctl.pipeline.alerts import alerter_for
from logctl.pipeline.expiry import Expiry
from logctl.stack.functions import Code
from logctl.stack.template import build_template
from tests.unit.conftest import NOON, Pipeline
from tests.unit.test_api import send, site  # noqa: F401 - a fixture
from tests.unit.test_consumer import event, packed, records, sqs

# A transaction is allowed by the actions of what it holds.
TRANSACTION = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
NAMED_OTHERWISE = {"ListObjectsV2": "s3:ListBucket"}
# These are called by Lambda itself with the function's role, not by our code.
BY_LAMBDA = {
    "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes",
    "logs:CreateLogStream", "logs:PutLogEvents",
}  # fmt: skip


def granted(role: str) -> set[str]:
    template = build_template(Settings(), code=Code("b", "k", "python3.13", "arm64"))
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    return {action for statement in policy["PolicyDocument"]["Statement"] for action in statement["Action"]}


@pytest.fixture
def used(pipeline: Pipeline) -> set[str]:
    """The IAM actions behind every call made through the pipeline's clients."""
    actions: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        service = model.service_model.signing_name
        if model.name == "TransactWriteItems":
            actions.update(TRANSACTION)
        else:
            actions.add(NAMED_OTHERWISE.get(model.name, f"{service}:{model.name}"))

    for client in (pipeline.aws.s3, pipeline.aws.dynamodb, pipeline.aws.sns, pipeline.aws.glue):
        client.meta.events.register("before-call", note)
    return actions


def test_the_consumer_uses_everything_it_is_granted(pipeline, used):
    pipeline.consumer.process(event(packed(records(3, level="ERROR")), sqs("{poison", name="bad")))
    assert used == granted("ConsumerRole") - BY_LAMBDA


def test_the_api_uses_everything_it_is_granted(site, used):  # noqa: F811
    for client in (site.pipeline.aws.sqs,):
        client.meta.events.register("before-call", lambda model, **_: used.add(f"sqs:{model.name}"))
    send(site, level="ERROR")
    used.clear()
    page = site.get("/logs")
    site.pipeline.clock.advance(1_000)
    send(site, name="m2")
    used -= {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "s3:PutObject", "sns:Publish"}
    used.discard("glue:BatchCreatePartition")
    for path in ("/session", "/apps", "/counts", "/alerts", "/health"):
        site.get(path)
    assert site.get("/logs/live", cursor=page["live"])["records"]
    assert used == granted("ApiRole") - (BY_LAMBDA - {"sqs:GetQueueAttributes"})


def empty(pipeline: Pipeline) -> None:
    """What lifecycle does in its time."""
    for key in pipeline.keys("logs/"):
        pipeline.aws.s3.delete_object(Bucket=pipeline.config.bucket, Key=key)


def test_the_sweeper_uses_everything_it_is_granted(pipeline, used):
    pipeline.consumer.process(event(packed(records(3, level="ERROR"))))
    used.clear()
    pipeline.clock.now = NOON + 15 * MINUTE
    alerter_for(pipeline.aws, pipeline.config, pipeline.clock).sweep()
    pipeline.clock.advance(15 * MINUTE)
    alerter_for(pipeline.aws, pipeline.config, pipeline.clock).sweep()
    pipeline.clock.advance(pipeline.config.cold_retention + 2 * DAY)
    empty(pipeline)
    used -= {"s3:DeleteObject", "s3:ListBucket"}  # the test's own
    assert Expiry(pipeline.aws.s3, pipeline.aws.glue, pipeline.config, pipeline.clock).run() == (1, [])
    assert used == granted("SweeperRole") - BY_LAMBDA
