"""Requests byte by byte: signed as an SDK would, and then tampered with as somebody else would."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from logctl.local.keys import Keys

STRANGER = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
ROOT_OF_OLD = Keys("test", "test")
ACCOUNT = Keys("000000000000", "test")
JSON = "application/x-amz-json-1.0"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Wire:
    """A request as it goes over the wire; headers in their order, so that one may be there twice."""

    method: str = "POST"
    target: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: str = "HTTP/1.1"

    def with_(self, *headers: tuple[str, str], **changes: Any) -> Wire:
        """The same with more headers, and with other parts."""
        return replace(self, headers=self.headers + headers, **changes)

    def instead(self, name: str, value: str) -> Wire:
        return replace(self, headers=tuple((n, value if n.lower() == name else v) for n, v in self.headers))

    def without(self, name: str) -> Wire:
        return replace(self, headers=tuple(pair for pair in self.headers if pair[0].lower() != name))

    @property
    def raw(self) -> bytes:
        named = {name.lower() for name, _ in self.headers}
        length = (
            ()
            if named & {"content-length", "transfer-encoding"}
            else (("Content-Length", str(len(self.body))),)
        )
        lines = [f"{self.method} {self.target} {self.version}"]
        lines += [f"{name}: {value}" for name, value in self.headers + length]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


@dataclass(frozen=True)
class Door:
    """A port of the sandbox, and what its owner knows."""

    port: int
    keys: Keys
    region: str = "us-east-1"
    host: str = field(default="")

    @property
    def name(self) -> str:
        return self.host or f"127.0.0.1:{self.port}"

    def sign(
        self,
        wire: Wire,
        service: str = "sqs",
        *,
        keys: Keys | None = None,
        token: str | None = None,
        host: str | None = None,
        late: timedelta = timedelta(0),
    ) -> Wire:
        """The request with the signature that an SDK makes for it, `late` after its time."""
        host = host or self.name
        signer = self.signer(service, keys, token)
        request = AWSRequest(wire.method, f"http://{host}{wire.target}", dict(wire.headers), wire.body)
        request.context["timestamp"] = (datetime.now(UTC) + late).strftime("%Y%m%dT%H%M%SZ")
        request.headers["Host"] = host
        signer._modify_request_before_signing(request)
        for name, value in wire.headers:  # S3's signer puts the body's own hash over what is claimed
            if name == "x-amz-content-sha256":
                del request.headers[name]
                request.headers[name] = value
        to_sign = signer.string_to_sign(request, signer.canonical_request(request))
        signer._inject_signature_to_request(request, signer.signature(to_sign, request))
        return replace(wire, headers=tuple(request.headers.items()))

    def signer(self, service: str, keys: Keys | None = None, token: str | None = None) -> SigV4Auth:
        own = keys or self.keys
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        return kind(Credentials(own.access_key, own.secret_key, token), service, self.region)

    def send(self, wire: Wire | bytes) -> tuple[int, bytes]:
        """Status and everything else of the first reply; 0 when the connection ends without one."""
        raw = wire if isinstance(wire, bytes) else wire.raw
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(raw)
            connection.settimeout(3)
            reply = b""
            try:
                while chunk := connection.recv(65536):
                    reply += chunk
                    head, end, body = reply.partition(b"\r\n\r\n")
                    if end and len(body) >= _length(head):
                        break
            except TimeoutError:
                pass
            except ConnectionResetError:
                pass
        return (int(reply.split()[1]) if reply.startswith(b"HTTP/1.1 ") else 0), reply


def _length(head: bytes) -> int:
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 1 << 62


def json_call(target: str, given: Mapping[str, Any], kind: str = JSON) -> Wire:
    return Wire(headers=(("X-Amz-Target", target), ("Content-Type", kind)), body=json.dumps(given).encode())


def make_queue(name: str) -> Wire:
    return json_call("AmazonSQS.CreateQueue", {"QueueName": name})
