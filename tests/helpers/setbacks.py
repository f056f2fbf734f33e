"""What the consumer does only when something goes wrong: a message that is buried, and one that fails."""

from __future__ import annotations

import time
from dataclasses import replace

from logctl.aws.clients import Aws
from logctl.core.attempts import MAX_SILENT
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.consumer import Consumer
from logctl.pipeline.stores.attempt_ledger import Attempts
from tests.helpers.messages import break_, event, mend, packed, records, sqs


def set_back(aws: Aws, root: Aws, config: PipelineConfig, app: str) -> None:
    """Both, with the permissions of `aws`; what there has to be before is made by `root`."""
    moment = time.time_ns() // 1_000_000
    killer = f"killer-of-{app}"
    for _ in range(MAX_SILENT):
        Attempts(root.dynamodb, config.hot_table).begin(killer, now=moment)
    consumer = Consumer(aws, replace(config, redact=("all",)), clock=lambda: time.time_ns() // 1_000_000)
    consumer.process(event(sqs("{}", name=killer, group=app, receives=9)))
    fails = packed(records(1, app=app, message="fails", ts=moment), name="fails", sent_at=moment)
    break_(aws.s3, "PutObject", lambda params: "/logs/" in params["url_path"])
    consumer.process(event(fails))
    mend(aws.s3, "PutObject")
