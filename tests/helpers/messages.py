"""SQS messages and Lambda events as the consumer gets them, and clients whose calls fail."""

from __future__ import annotations

import base64
import json
from typing import Any

import zstandard
from botocore.exceptions import ClientError

from logctl.core.envelope import batch_id_of
from logctl.core.records import Record, derive_id
from logctl.ops.send.packing import pack
from tests.helpers.pipeline import NOON, Pipeline
from tests.helpers.stored import plain_of


def records(
    count: int, *, app: str = "checkout", level: str = "INFO", message: str = "hello", ts: int = NOON
):
    return [
        Record(app, derive_id(app, message, ts, n), ts + n, level, f"{message} {n}", n) for n in range(count)
    ]


def sqs(
    body: str, *, name: str = "m1", group: str = "checkout", sent_at: int = NOON, receives: int = 1
) -> Any:
    return {
        "messageId": name,
        "body": body,
        "attributes": {
            "MessageGroupId": group,
            "MessageDeduplicationId": f"dedup-{name}",
            "SequenceNumber": f"{int.from_bytes(name.encode()):020d}",
            "SentTimestamp": str(sent_at),
            "ApproximateReceiveCount": str(receives),
        },
    }


def packed(items: list[Record], source: str = "", **attributes: Any) -> Any:
    (message,) = pack(items, source)
    return sqs(message.body, group=items[0].appid, **attributes)


def event(*messages: Any) -> Any:
    return {"Records": list(messages)}


NOTHING_FAILED = {"batchItemFailures": []}


def failed(*names: str) -> Any:
    return {"batchItemFailures": [{"itemIdentifier": name} for name in names]}


def break_(client: Any, operation: str, when=lambda params: True, error: Exception | None = None) -> None:
    """Make an operation fail before it is sent, as a service error or the given exception."""

    def refuse(params: Any, model: Any, **_: Any) -> None:
        if model.name == operation and when(params):
            raise error or ClientError({"Error": {"Code": "ServiceUnavailable", "Message": "no"}}, operation)

    client.meta.events.register(f"before-call.*.{operation}", refuse, unique_id=operation)


def mend(client: Any, operation: str) -> None:
    client.meta.events.unregister(f"before-call.*.{operation}", unique_id=operation)


def stored(pipeline: Pipeline) -> list[dict[str, Any]]:
    lines = [
        line for key in pipeline.keys("logs/") for line in plain_of(key, pipeline.read(key)).splitlines()
    ]
    return [json.loads(line) for line in lines]


def of_a_row(params: Any) -> bool:
    """Whether a PutItem writes records: the canary goes on."""
    return b'"counts"' in params["body"]


def again(message: Any, receives: int) -> Any:
    attributes = {**message["attributes"], "ApproximateReceiveCount": str(receives)}
    return {**message, "attributes": attributes}


def sealed(lines: list[bytes], appid: str = "checkout", **changes: Any) -> str:
    """An envelope whose claims about itself are right, whatever it holds."""
    plain = b"\n".join(lines)
    data = base64.b64encode(zstandard.compress(plain)).decode()
    envelope = {"logctl": 1, "appid": appid, "batch_id": batch_id_of(appid, plain), "count": len(lines)}
    return json.dumps({**envelope, "encoding": "zstd", "data": data, **changes})


WIRE = {"event_id": "01J8Z3K4M5N6P7Q8", "ts": NOON, "level": "ERROR", "message": "timed out", "seq": 3}
