"""The rules of the sandbox's gate: what is signed gets in, and no part of it can be another one."""

from __future__ import annotations

import ast
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import assume, given
from hypothesis import strategies as st

from logctl.local import sigv4
from logctl.local.sigv4 import (
    LONGEST,
    SKEW,
    Refused,
    Request,
    Secret,
    check_origin,
    check_time,
    claim,
    verify,
)

KEY, SECRET = "LOGCTLEXAMPLE", "a-secret"
HOST = "127.0.0.1:4566"


def signed(
    service: str = "sqs",
    method: str = "POST",
    target: str = "/",
    body: bytes = b"{}",
    token: str | None = None,
    **headers: str,
) -> Request:
    """A request as an SDK sends it."""
    kind = S3SigV4Auth if service == "s3" else SigV4Auth
    made = AWSRequest(method, f"http://{HOST}{target}", {**headers, "Host": HOST}, body)
    kind(Credentials(KEY, SECRET, token), service, "us-east-1").add_auth(made)
    return Request(method, target, tuple((name.lower(), value) for name, value in made.headers.items()))


def presigned(service: str, method: str = "GET", target: str = "/b/k", expires: int = 60) -> Request:
    kind = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
    made = AWSRequest(method, f"http://{HOST}{target}")
    kind(Credentials(KEY, SECRET), service, "us-east-1", expires).add_auth(made)
    return Request(method, made.url.removeprefix(f"http://{HOST}"), (("host", HOST),))


def accept(request: Request, body: bytes, secret: Secret = Secret(SECRET)) -> None:
    claimed = claim(request)
    assert claimed is not None
    verify(claimed, request, secret, body)


def refused(request: Request, body: bytes = b"{}", secret: Secret = Secret(SECRET)) -> bool:
    """Refused as forged, or without anybody's name on it."""
    try:
        claimed = claim(request)
        if claimed is not None:
            verify(claimed, request, secret, body)
    except Refused:
        return True
    return claimed is None


UNRESERVED = st.text("abcXYZ019-._~", min_size=1, max_size=12)
PATHS = st.lists(UNRESERVED.filter(lambda part: part.strip(".")), max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)
QUERIES = st.lists(st.tuples(UNRESERVED, UNRESERVED), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)


@given(
    st.sampled_from(["sqs", "s3", "lambda"]), PATHS, QUERIES, st.binary(max_size=100), st.none() | UNRESERVED
)
def test_what_an_sdk_signs_is_accepted(service, path, query, body, token):
    target = path + (f"?{query}" if query else "")
    request = signed(service, "PUT", target, body, token, **{"x-amz-meta-a": "  b   c "})
    accept(request, body, Secret(SECRET, token))


@given(
    st.sampled_from(["sqs", "s3"]), PATHS, PATHS, st.binary(max_size=50), st.binary(max_size=50), UNRESERVED
)
def test_nothing_of_it_can_be_another(service, path, other_path, body, other_body, other):
    assume(path != other_path and body != other_body and other not in (SECRET, "PUT"))
    request = signed(service, "PUT", path, body)
    assert refused(replace(request, target=other_path), body)
    assert refused(replace(request, target=f"{path}?{other}"), body)
    assert refused(replace(request, method=other), body)
    assert refused(request, other_body)
    assert refused(request, body, Secret(other))
    assert refused(request, body, Secret(SECRET, other))
    for at, (name, value) in enumerate(request.headers):
        changed = (*request.headers[:at], (name, value + "x"), *request.headers[at + 1 :])
        assert refused(replace(request, headers=changed), body), name
        without = (*request.headers[:at], *request.headers[at + 1 :])
        assert refused(replace(request, headers=without), body), name


@pytest.mark.parametrize("name", ["x-amz-target", "x-amz-security-token", "x-amz-meta-a", "x-amz-acl"])
def test_a_header_that_decides_something_has_to_be_signed(name):
    request = signed("s3")
    assert refused(replace(request, headers=(*request.headers, (name, "x"))))


@pytest.mark.parametrize("path", ["/./", "/a/../b", "//", "/a//b", "/a/."])
def test_a_path_that_is_signed_in_another_form_is_refused(path):
    assert refused(signed("sqs", target=path))
    assert not refused(signed("s3", target=path))


@pytest.mark.parametrize("target", ["http://evil.example/", "*", "", "/a#b", "/a b", "/a\x00", "/é", "/a\\b"])
def test_an_address_that_is_none_is_refused(target):
    with pytest.raises(Refused):
        Request("GET", target, (("host", HOST),))


@pytest.mark.parametrize("service", ["s3", "sts"])
def test_a_presigned_address_holds_for_itself_only(service):
    request = presigned(service)
    accept(request, b"")
    assert refused(replace(request, method="PUT"), b"")
    assert refused(replace(request, target=request.target.replace("/b/k", "/b/l")), b"")
    assert refused(replace(request, target=request.target + "&x=y"), b"")
    assert refused(replace(request, target=request.target.replace("Expires=60", "Expires=61")), b"")
    assert refused(replace(request, target=request.target + "&X-Amz-Signature=" + "0" * 64), b"")
    assert refused(replace(request, headers=(("host", "127.0.0.1:80"),)), b"")
    assert refused(request, b"a body") is (service != "s3")  # S3 does not sign the body of an address


@pytest.mark.parametrize("expires", ["0", "-1", str(LONGEST + 1), "x", "9999999", ""])
def test_a_presigned_address_counts_for_a_week_at_most(expires):
    target = presigned("s3").target.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    with pytest.raises(Refused):
        claim(Request("GET", target, (("host", HOST),)))


@pytest.mark.parametrize(
    ("seconds", "in_time"),
    [(0, True), (SKEW - 2, True), (SKEW + 2, False), (2 - SKEW, True), (-SKEW - 2, False)],
)
def test_a_signature_counts_for_five_minutes_around_its_time(seconds, in_time):
    claimed = claim(signed())
    signed_at = datetime.strptime(claimed.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    if in_time:
        check_time(claimed, signed_at + seconds)
    else:
        with pytest.raises(Refused, match="expired" if seconds > 0 else "future"):
            check_time(claimed, signed_at + seconds)


def test_a_presigned_address_counts_until_it_ends():
    claimed = claim(presigned("s3", expires=3600))
    signed_at = datetime.strptime(claimed.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    check_time(claimed, signed_at + 3599)
    for at in (signed_at + 3601, signed_at - SKEW - 1):
        with pytest.raises(Refused):
            check_time(claimed, at)


@pytest.mark.parametrize(
    "authorization",
    [
        "AWS KEY:signature",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request, SignedHeaders=host, Signature=x, Signature=y",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=/20260101/r/s/aws4_request, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=K/20260102/r/s/aws4_request, SignedHeaders=host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request, SignedHeaders=host;host, Signature=x",
        "AWS4-HMAC-SHA256 Credential=K/20260101/r/s/aws4_request, SignedHeaders=Host, Signature=x",
        "AWS4-ECDSA-P256-SHA256 Credential=K/20260101/s/aws4_request, SignedHeaders=host, Signature=x",
    ],
)
def test_other_signatures_are_refused(authorization):
    headers = (("host", HOST), ("x-amz-date", "20260101T000000Z"), ("authorization", authorization))
    with pytest.raises(Refused):
        claim(Request("GET", "/", headers))


@pytest.mark.parametrize("authorization", ["Bearer x", "Basic eDp5", ""])
def test_other_authorizations_claim_nothing_and_do_not_go_with_a_signed_address(authorization):
    headers = (("host", HOST), ("authorization", authorization))
    assert claim(Request("GET", "/", headers)) is None
    if authorization:
        with pytest.raises(Refused):
            claim(Request("GET", presigned("s3").target, headers))


def test_the_body_of_other_services_than_s3_is_always_signed():
    for payload in (
        "UNSIGNED-PAYLOAD",
        "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    ):
        assert refused(signed("sqs", **{"x-amz-content-sha256": payload}))


# ── Chunks ──


def chunked(chunks: list[bytes], trailer: bytes = b"") -> tuple[Request, bytes]:
    """A PUT that is signed chunk by chunk, and its body."""
    payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD" + ("-TRAILER" if trailer else "")
    made = AWSRequest("PUT", f"http://{HOST}/b/k", {"Host": HOST}, b"")
    signer = S3SigV4Auth(Credentials(KEY, SECRET), "s3", "us-east-1")
    made.context["timestamp"] = at = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    signer._modify_request_before_signing(made)
    del made.headers["X-Amz-Content-SHA256"]
    made.headers["X-Amz-Content-SHA256"] = payload
    previous = signer.signature(signer.string_to_sign(made, signer.canonical_request(made)), made)
    signer._inject_signature_to_request(made, previous)
    key = f"AWS4{SECRET}".encode()
    for part in (at[:8], "us-east-1", "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()

    def sign(kind: str, *hashes: str) -> str:
        scope = f"{at}\n{at[:8]}/us-east-1/s3/aws4_request"
        told = "\n".join((f"AWS4-HMAC-SHA256-{kind}", scope, previous, *hashes))
        return hmac.new(key, told.encode(), hashlib.sha256).hexdigest()

    body = b""
    for chunk in [*chunks, b""]:
        previous = sign("PAYLOAD", hashlib.sha256(b"").hexdigest(), hashlib.sha256(chunk).hexdigest())
        body += b"%x;chunk-signature=%s\r\n" % (len(chunk), previous.encode()) + chunk + b"\r\n" * bool(chunk)
    if trailer:
        previous = sign("TRAILER", hashlib.sha256(trailer + b"\n").hexdigest())
        body += trailer + b"\r\nx-amz-trailer-signature:" + previous.encode() + b"\r\n\r\n"
    else:
        body += b"\r\n"
    return Request("PUT", "/b/k", tuple((n.lower(), v) for n, v in made.headers.items())), body


@pytest.mark.parametrize("trailer", [b"", b"x-amz-checksum-crc32:AAAAAA=="], ids=["plain", "trailer"])
def test_every_byte_of_a_body_in_chunks_is_signed(trailer):
    request, body = chunked([b"first", b"second\r\n0;"], trailer)
    accept(request, body)
    for at in range(len(body)):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        assert refused(request, changed), (at, changed)
    for cut in range(len(body) - 4):
        assert refused(request, body[:cut]), cut
    assert refused(request, body + b"more")


# ── Where it comes from ──


def from_page(**headers: str) -> Request:
    return Request("POST", "/", tuple((name.replace("_", "-"), value) for name, value in headers.items()))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]", "bucket.localhost", "a.b-c.localhost"]
)
def test_names_of_this_machine_are_taken(host):
    check_origin(from_page(host=f"{host}:4566"), 4566)
    check_origin(
        from_page(host=f"{host}:4566", origin=f"http://{host}:4566", sec_fetch_site="same-origin"), 4566
    )


@pytest.mark.parametrize(
    "host",
    [
        "", "127.0.0.1", "127.0.0.1:80", "localhost", ":4566", "evil.example:4566", "127.0.0.1.nip.io:4566",
        "localhost.evil.example:4566", "evillocalhost:4566", "0.0.0.0:4566", "127.1:4566", "2130706433:4566",
        "127.0.0.1:4566:4566", "127.0.0.1:4566@evil.example", "evil@127.0.0.1:4566", "[::]:4566", "localhost.:4566",
        " 127.0.0.1:4566", "127.0.0.1:04566", "x/.localhost:4566", "127.0.0.1:4566,evil.example",
    ],
)  # fmt: skip
def test_other_names_are_refused(host):
    with pytest.raises(Refused):
        check_origin(from_page(host=host), 4566)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "null"},
        {"origin": ""},
        {"origin": "https://127.0.0.1:4566"},
        {"origin": "http://localhost:4566"},
        {"origin": "http://127.0.0.1:80"},
        {"origin": "http://127.0.0.1:4566.evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "anything"},
        {"access_control_request_method": "GET"},
        {"x_forwarded_host": HOST},
        {"x_forwarded_for": "127.0.0.1"},
        {"forwarded": "host=x"},
    ],
    ids=str,
)
def test_pages_of_other_sites_and_proxies_are_refused(headers):
    with pytest.raises(Refused):
        check_origin(from_page(host=HOST, **headers), 4566)


def test_a_preflight_is_refused():
    with pytest.raises(Refused):
        check_origin(Request("OPTIONS", "/", (("host", HOST),)), 4566)


def test_the_rules_need_nothing_of_logctl():
    """So that each server of the sandbox can use them, wherever it moves."""
    tree = ast.parse(Path(sigv4.__file__).read_text())
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    assert not [name for name in imported if not name or name.startswith("logctl")]
