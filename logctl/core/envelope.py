"""The envelope: how `logctl send` puts many records of one app into one SQS message.

FIFO queues hand over ten messages a batch and Lambda takes 6 MB an invocation, so that one record per message
would be slow and expensive. The records of one app and one UTC day are in one envelope::

    {"logctl": 2, "appid": "checkout", "batch_id": "5f…", "count": 812,
     "encoding": "zstd", "source": "9c…", "data": "<base64 of a frame of rows>"}

The data are canonical rows (`core.rows`), compressed as one frame (`core.frames`): the bytes that are stored.
Version 1, which senders before this version write, has NDJSON of another form (`records.from_wire`).

`batch_id` is a digest of the frame (in version 1, of its content), which holds the records' ids and
positions: a retried send, a redelivery and a redrive are the same batch. SQS's messageId would be another one
each time. `source` identifies the file that the records come from, by its first line: the consumer then
recognises records that came before in other messages (see `core.deduplication`). It is not part of the
content.

`core.unpacking` reads messages: envelopes, and what other producers send.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from logctl.core import limits, strictjson
from logctl.core.frames import BadFrame, compress, decompress
from logctl.core.records import Rejected

VERSION = 2
EARLIER = 1
"""The version of envelopes whose records are in the form of `records.from_wire`."""
SQS_LIMIT = 1_048_576
"""SQS: a message, and a batch request in all, is at most 1 MiB
(AWS, Amazon SQS Developer Guide, message quotas; raised from 256 KiB in August 2025)."""

_SHAPE: Mapping[str, type] = {
    "logctl": int,
    "appid": str,
    "batch_id": str,
    "count": int,
    "encoding": str,
    "data": str,
}


def seal(appid: str, plain: bytes, *, count: int, source: str = "") -> tuple[str, str]:
    """Return the batch id of rows, and the body of the message that holds them.

    Args:
        appid: the app of the rows.
        plain: the rows as `rows.encode_rows` writes them.
        count: how many there are.
        source: identifies the file that they come from; "" for rows of none.
    """
    frame = compress(plain)
    batch_id = batch_id_of(appid, frame)
    head = {"logctl": VERSION, "appid": appid, "batch_id": batch_id, "count": count, "encoding": "zstd"}
    if source:
        head["source"] = source
    body = json.dumps(head, separators=(",", ":"))
    return batch_id, f'{body[:-1]},"data":"{base64.b64encode(frame).decode()}"}}'


@dataclass(frozen=True, slots=True)
class Sealed:
    """An envelope of this version whose JSON is exactly as `seal` writes it."""

    appid: str
    batch_id: str
    count: int
    source: str
    frame: bytes


_HEAD = re.compile(
    r'{"logctl":2,"appid":"([^"\\]*+)","batch_id":"([0-9a-f]{32})","count":([1-9][0-9]{0,8}),"encoding":"zstd",'
    r'(?:"source":"([0-9a-f]{16})",)?"data":"'
)
_END = '"}'
_DATA = msgspec.json.Decoder(bytes)


def open_sealed(body: str) -> Sealed | None:
    """Return what a message that `seal` has written holds; None for any other.

    Whether the frame can be decompressed is not looked at, nor the number of its rows.
    """
    head = _HEAD.match(body)
    if head is None or not body.endswith(_END):
        return None
    appid, batch_id, count, source = head.groups()
    try:
        # From quote to quote: msgspec decodes base64 three times as fast as Python does.
        frame = _DATA.decode(body[head.end() - 1 : -1])
    except (msgspec.MsgspecError, UnicodeError):
        return None
    if batch_id_of(appid, frame) != batch_id:
        return None
    return Sealed(appid, batch_id, int(count), source or "", frame)


def is_envelope(value: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is an envelope of any version.

    A record of another producer may have a field named `logctl`, so that all members are looked at.
    """
    shape = {**_SHAPE, "source": str} if "source" in value else _SHAPE
    return value.keys() == shape.keys() and all(
        isinstance(value[name], kind) and not isinstance(value[name], bool) for name, kind in shape.items()
    )


def count_lines(plain: bytes) -> int:
    """Return the number of records of an envelope's NDJSON; the last line of version 1 has no end."""
    return plain.count(b"\n") + (not plain.endswith(b"\n"))


def batch_id_of(appid: str, content: bytes) -> str:
    """Return the id of a batch: 32 hexadecimal digits of the digest of its app and its content.

    `content`: its frame; in version 1 the NDJSON in the frame.
    """
    return hashlib.sha256(appid.encode() + b"\0" + content).hexdigest()[:32]


def decode_frame(data: str) -> bytes:
    """Return the frame of an envelope's data.

    Raises:
        Rejected: with `encoding`.
    """
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as problem:
        raise Rejected("encoding", f"the envelope's data cannot be decoded ({problem})") from None


def decode_data(data: str, *, most: int = limits.MAX_PLAIN) -> bytes:
    """Decompress an envelope's data, which is one zstd frame that declares its size, to NDJSON.

    `most`: how many bytes of NDJSON are allowed.

    Raises:
        Rejected: with `too_big` or `encoding`.
    """
    try:
        return decompress(decode_frame(data), most=most)
    except BadFrame as problem:
        raise Rejected(
            "too_big" if problem.too_big else "encoding", f"the envelope's data: {problem}"
        ) from None


def data_of(body: str) -> str | None:
    """Return the NDJSON that a message's envelope holds; None when the body is not a readable envelope."""
    try:
        envelope = strictjson.loads(body)
        if not isinstance(envelope, Mapping) or envelope.get("logctl") not in (VERSION, EARLIER):
            return None
        return decode_data(str(envelope.get("data"))).decode("utf-8", "replace")
    except (strictjson.Malformed, Rejected):
        return None


def encode_again(body: str) -> str:
    """Compress the data of an envelope again that was decompressed for redaction.

    If nothing was redacted, the result is the original envelope. Any other body is returned unchanged.
    """
    try:
        envelope = strictjson.loads(body)
    except strictjson.Malformed:
        return body
    if not isinstance(envelope, Mapping) or envelope.get("logctl") not in (VERSION, EARLIER):
        return body
    data = envelope.get("data")
    if envelope.get("encoding") != "zstd" or not isinstance(data, str) or not data.startswith("{"):
        return body
    plain = data.encode("utf-8", "replace")
    frame = compress(plain)
    content = plain if envelope["logctl"] == EARLIER else frame
    folded = {
        **envelope,
        "batch_id": batch_id_of(str(envelope.get("appid")), content),
        "count": count_lines(plain),
        "data": base64.b64encode(frame).decode(),
    }
    return json.dumps(folded, separators=(",", ":"))
