"""The gate of the sandbox, from outside: who gets in, and that nobody else does or changes anything."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import h2.config
import h2.connection
import h2.events
import pytest
from botocore.auth import HmacV1Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from logctl.local import keys as own_keys
from logctl.local.sandbox import Running, find
from tests.helpers.forging import ACCOUNT, FORM, ROOT_OF_OLD, STRANGER, Door, Wire, json_call, make_queue
from tests.helpers.sandbox import Cli

BUCKET = "gate-tests"


@pytest.fixture(scope="module")
def running(pipeline: Cli) -> Running:
    found = find(pipeline.home / "sandbox")
    assert found is not None
    s3 = client(found, "s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"as it was")
    return found


@pytest.fixture(scope="module")
def door(running: Running) -> Door:
    return Door(running.port, running.keys)


@pytest.fixture(scope="module")
def athena(running: Running) -> Door:
    return Door(urlsplit(running.athena_endpoint).port or 0, running.keys)


def client(running: Running, service: str, **options: Any) -> Any:
    given = {
        "aws_access_key_id": running.keys.access_key,
        "aws_secret_access_key": running.keys.secret_key,
        "region_name": running.region,
        "endpoint_url": running.athena_endpoint if service == "athena" else running.endpoint,
    }
    return boto3.client(service, **{**given, **options})


def world(running: Running) -> dict[str, Any]:
    """Everything that a forged request here would change if it got through."""
    s3 = client(running, "s3")
    listed = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        "queues": client(running, "sqs").list_queues().get("QueueUrls", []),
        "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        "objects": [(item["Key"], item["ETag"]) for item in listed],
        "users": [user["UserName"] for user in client(running, "iam").list_users()["Users"]],
        "functions": [f["FunctionName"] for f in client(running, "lambda").list_functions()["Functions"]],
        "queries": client(running, "athena").list_query_executions()["QueryExecutionIds"],
    }


# ── Forged requests ─────────────────────────────────────────────────────────────────────────────────

Forge = Callable[[Door], "Wire | bytes"]
FORGED: dict[str, Forge] = {}
QUEUE = make_queue("forged")


def forged(make: Forge) -> Forge:
    FORGED[make.__name__] = make
    return make


def code() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): open('/tmp/forged', 'w').close()")
    return buffer.getvalue()


def unsigned(door: Door, wire: Wire = QUEUE) -> Wire:
    return replace(wire, headers=(("Host", door.name), *wire.headers))


def put(key: str, body: bytes = b"forged") -> Wire:
    return Wire(
        "PUT", f"/{BUCKET}/{key}", (("x-amz-content-sha256", hashlib.sha256(body).hexdigest()),), body
    )


def presigned(door: Door, method: str, key: str, *, expires: int = 60, keys: Any = None) -> str:
    own = keys or door.keys
    request = AWSRequest(method, f"http://{door.name}/{BUCKET}/{key}")
    S3SigV4QueryAuth(Credentials(own.access_key, own.secret_key), "s3", door.region, expires).add_auth(
        request
    )
    return request.url.removeprefix(f"http://{door.name}")


def made_up_query(access_key: str = "test", service: str = "lambda") -> str:
    return urlencode(
        {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{access_key}/20260101/us-east-1/{service}/aws4_request",
            "X-Amz-Date": "20260101T000000Z",
            "X-Amz-Expires": "60",
            "X-Amz-SignedHeaders": "host",
            "X-Amz-Signature": "0" * 64,
        }
    )


@forged
def a_page_that_makes_a_function_with_made_up_credentials(door: Door) -> Wire:
    """As a browser sends it without asking first: text/plain, a foreign Host and a foreign Origin."""
    function = {
        "FunctionName": "forged",
        "Runtime": "python3.11",
        "Handler": "f.handler",
        "Role": "arn:aws:iam::000000000000:role/any",
        "Code": {"ZipFile": base64.b64encode(code()).decode()},
    }
    return Wire(
        target="/2015-03-31/functions?" + made_up_query(),
        headers=(
            ("Host", "evil.example"),
            ("Origin", "https://evil.example"),
            ("Content-Type", "text/plain"),
        ),
        body=json.dumps(function).encode(),
    )


@forged
def the_same_with_the_right_host_and_no_origin(door: Door) -> Wire:
    made = a_page_that_makes_a_function_with_made_up_credentials(door)
    return made.without("origin").instead("host", door.name)


@forged
def lower_case_credentials_in_the_address(door: Door) -> Wire:
    return unsigned(door).with_(target="/?x-amz-credential=test/20260101/us-east-1/sqs/aws4_request")


@forged
def escaped_credentials_in_the_address(door: Door) -> Wire:
    return unsigned(door).with_(
        target="/?X%2DAmz%2DCredential=test%2F20260101%2Fus-east-1%2Fsqs%2Faws4_request"
    )


@forged
def no_signature(door: Door) -> Wire:
    return unsigned(door)


@forged
def an_action_in_the_address(door: Door) -> Wire:
    return unsigned(
        door, Wire(target="/?Action=CreateQueue&QueueName=forged", headers=(("Content-Type", FORM),))
    )


@forged
def an_action_in_a_form(door: Door) -> Wire:
    form = Wire(
        headers=(("Content-Type", FORM),), body=b"Action=CreateUser&UserName=forged&Version=2010-05-08"
    )
    return unsigned(door, form)


@forged
def an_anonymous_put(door: Door) -> Wire:
    return unsigned(door, put("kept"))


@forged
def an_unsigned_form_upload(door: Door) -> Wire:
    part = '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nforged\r\n'
    file = '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nforged\r\n--x--\r\n'
    kind = ("Content-Type", "multipart/form-data; boundary=x")
    return unsigned(door, Wire(target=f"/{BUCKET}", headers=(kind,), body=(part + file).encode()))


@forged
def the_well_known_root(door: Door) -> Wire:
    return door.sign(QUEUE, keys=ROOT_OF_OLD)


@forged
def an_account_as_access_key(door: Door) -> Wire:
    return door.sign(QUEUE, keys=ACCOUNT)


@forged
def an_account_with_the_right_secret(door: Door) -> Wire:
    return door.sign(QUEUE, keys=replace(ACCOUNT, secret_key=door.keys.secret_key))


@forged
def an_unknown_access_key(door: Door) -> Wire:
    return door.sign(QUEUE, keys=STRANGER)


@forged
def another_secret(door: Door) -> Wire:
    return door.sign(QUEUE, keys=replace(door.keys, secret_key=STRANGER.secret_key))


@forged
def a_signature_of_nothing(door: Door) -> Wire:
    signed = door.sign(QUEUE)
    authorization = dict(signed.headers)["Authorization"]
    return signed.instead("authorization", authorization.rpartition("=")[0] + "=")


@forged
def another_body(door: Door) -> Wire:
    return door.sign(make_queue("honest")).with_(body=QUEUE.body)


@forged
def another_body_in_chunks(door: Door) -> Wire:
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(QUEUE.body), QUEUE.body)
    signed = door.sign(make_queue("honest"))
    return signed.with_(("Transfer-Encoding", "chunked"), body=chunked)


@forged
def two_lengths(door: Door) -> Wire:
    """A second request inside the first one's body, for a server that believes the other length."""
    inner = unsigned(door).raw
    smuggled = b"0\r\n\r\n" + inner
    signed = door.sign(replace(QUEUE, body=b""))
    return signed.with_(
        ("Transfer-Encoding", "chunked"), ("Content-Length", str(len(smuggled))), body=smuggled
    )


@forged
def another_path(door: Door) -> Wire:
    return door.sign(put("other"), "s3").with_(target=f"/{BUCKET}/kept")


@forged
def another_query(door: Door) -> Wire:
    return door.sign(put("kept"), "s3").with_(target=f"/{BUCKET}/kept?tagging")


@forged
def another_method(door: Door) -> Wire:
    empty = hashlib.sha256(b"").hexdigest()
    read = Wire("GET", f"/{BUCKET}/kept", (("x-amz-content-sha256", empty),))
    return door.sign(read, "s3").with_(method="DELETE")


@forged
def a_hash_that_is_not_the_bodys(door: Door) -> Wire:
    claimed = replace(put("kept"), body=b"something else")
    return door.sign(claimed, "s3")


@forged
def an_unsigned_body_for_a_service_that_has_none(door: Door) -> Wire:
    claimed = QUEUE.with_(("x-amz-content-sha256", "UNSIGNED-PAYLOAD"))
    return door.sign(claimed)


@forged
def forged_chunks(door: Door) -> Wire:
    return streamed(door, forge=True)


@forged
def a_chunk_more(door: Door) -> Wire:
    honest = streamed(door)
    extra = b"6;chunk-signature=%s\r\nforged\r\n" % (b"0" * 64)
    return replace(honest, body=extra + honest.body)


@forged
def a_name_that_points_here(door: Door) -> Wire:
    """DNS rebinding: the attacker's own name, and even a right signature for it."""
    return door.sign(QUEUE, host=f"rebound.example:{door.port}")


@forged
def a_name_that_only_looks_like_loopback(door: Door) -> Wire:
    return door.sign(QUEUE, host=f"127.0.0.1.nip.io:{door.port}")


@forged
def a_name_that_begins_like_loopback(door: Door) -> Wire:
    return door.sign(QUEUE, host=f"localhost.evil.example:{door.port}")


@forged
def all_addresses(door: Door) -> Wire:
    return door.sign(QUEUE, host=f"0.0.0.0:{door.port}")


@forged
def another_port(door: Door) -> Wire:
    return door.sign(QUEUE, host="127.0.0.1:80")


@forged
def no_port(door: Door) -> Wire:
    return door.sign(QUEUE, host="127.0.0.1")


@forged
def no_host(door: Door) -> Wire:
    return door.sign(QUEUE).without("host").with_(version="HTTP/1.0")


@forged
def two_hosts(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Host", "evil.example"))


@forged
def two_hosts_the_other_first(door: Door) -> Wire:
    signed = door.sign(QUEUE)
    return replace(signed, headers=(("Host", "evil.example"), *signed.headers))


@forged
def a_forwarded_host(door: Door) -> Wire:
    signed = door.sign(QUEUE, host="evil.example")
    return signed.with_(("X-Forwarded-Host", door.name))


@forged
def a_forwarded_request(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("X-Forwarded-Host", "evil.example"))


@forged
def a_whole_address_in_the_first_line(door: Door) -> Wire:
    return door.sign(QUEUE).with_(target="http://evil.example/")


@forged
def a_foreign_origin(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Origin", "https://evil.example"))


@forged
def no_origin_at_all(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Origin", "null"))


@forged
def the_origin_of_another_port(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Origin", f"http://127.0.0.1:{door.port + 1}"))


@forged
def a_request_across_sites(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Sec-Fetch-Site", "cross-site"))


@forged
def a_request_of_the_same_site(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Sec-Fetch-Site", "same-site"))


@forged
def two_fetch_sites(door: Door) -> Wire:
    return door.sign(QUEUE).with_(("Sec-Fetch-Site", "none"), ("Sec-Fetch-Site", "cross-site"))


@forged
def a_preflight(door: Door) -> Wire:
    asked = (("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST"))
    return Wire("OPTIONS", headers=(("Host", door.name), *asked))


@forged
def a_preflight_without_an_origin(door: Door) -> Wire:
    return Wire("OPTIONS", headers=(("Host", door.name), ("Access-Control-Request-Method", "POST")))


@forged
def a_signature_of_yesterday(door: Door) -> Wire:
    return door.sign(QUEUE, late=-timedelta(days=1))


@forged
def a_signature_of_a_quarter_of_an_hour_ago(door: Door) -> Wire:
    return door.sign(QUEUE, late=-timedelta(minutes=16))


@forged
def a_signature_of_tomorrow(door: Door) -> Wire:
    return door.sign(QUEUE, late=timedelta(minutes=16))


@forged
def a_later_time_than_was_signed(door: Door) -> Wire:
    signed = door.sign(QUEUE, late=-timedelta(hours=1))
    return signed.instead("x-amz-date", dict(door.sign(QUEUE).headers)["X-Amz-Date"])


@forged
def another_service(door: Door) -> Wire:
    return door.sign(QUEUE, "dynamodb")


@forged
def another_region_than_was_signed(door: Door) -> Wire:
    signed = door.sign(QUEUE)
    return signed.instead(
        "authorization", dict(signed.headers)["Authorization"].replace("us-east-1", "eu-west-1")
    )


@forged
def a_target_that_was_not_signed(door: Door) -> Wire:
    """A captured listing of buckets, led to another service."""
    empty = hashlib.sha256(b"").hexdigest()
    signed = door.sign(Wire("GET", headers=(("x-amz-content-sha256", empty),)), "s3")
    return signed.with_(*QUEUE.headers)


@forged
def signed_headers_that_are_not_there(door: Door) -> Wire:
    return door.sign(QUEUE.with_(("X-Amz-Meta", "x"))).without("x-amz-meta")


@forged
def the_old_signature(door: Door) -> Wire:
    request = AWSRequest("PUT", f"http://{door.name}/{BUCKET}/kept", data=b"forged")
    HmacV1Auth(Credentials(door.keys.access_key, door.keys.secret_key)).add_auth(request)
    return Wire("PUT", f"/{BUCKET}/kept", (("Host", door.name), *request.headers.items()), b"forged")


@forged
def the_old_signature_in_the_address(door: Door) -> Wire:
    query = urlencode({"AWSAccessKeyId": "test", "Signature": "x", "Expires": "4102444800"})
    return unsigned(door, Wire("PUT", f"/{BUCKET}/kept?{query}", body=b"forged"))


@forged
def a_signature_of_another_kind(door: Door) -> Wire:
    signed = door.sign(QUEUE)
    changed = dict(signed.headers)["Authorization"].replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")
    return signed.instead("authorization", changed)


@forged
def two_signatures(door: Door) -> Wire:
    return door.sign(QUEUE).with_(target="/?" + made_up_query(service="sqs"))


@forged
def two_authorizations(door: Door) -> Wire:
    return door.sign(QUEUE).with_(
        ("Authorization", dict(door.sign(QUEUE, keys=ROOT_OF_OLD).headers)["Authorization"])
    )


@forged
def a_presigned_read_that_writes(door: Door) -> Wire:
    return unsigned(door, Wire("PUT", presigned(door, "GET", "kept"), body=b"forged"))


@forged
def a_presigned_read_with_a_form(door: Door) -> Wire:
    form = b"Action=CreateUser&UserName=forged&Version=2010-05-08"
    return unsigned(door, Wire("GET", presigned(door, "GET", "kept"), (("Content-Type", FORM),), form))


@forged
def a_presigned_write_with_a_form(door: Door) -> Wire:
    form = b"Action=CreateUser&UserName=forged&Version=2010-05-08"
    return unsigned(door, Wire("PUT", presigned(door, "PUT", "x"), (("Content-Type", FORM),), form))


@forged
def a_presigned_read_with_a_target(door: Door) -> Wire:
    return unsigned(door, replace(QUEUE, method="GET", target=presigned(door, "GET", "kept")))


@forged
def a_presigned_write_of_a_stranger(door: Door) -> Wire:
    return unsigned(door, Wire("PUT", presigned(door, "PUT", "kept", keys=STRANGER), body=b"forged"))


@forged
def a_presigned_write_of_the_well_known_root(door: Door) -> Wire:
    return unsigned(door, Wire("PUT", presigned(door, "PUT", "kept", keys=ROOT_OF_OLD), body=b"forged"))


@forged
def a_presigned_write_for_longer(door: Door) -> Wire:
    changed = presigned(door, "PUT", "kept").replace("X-Amz-Expires=60", "X-Amz-Expires=600000")
    return unsigned(door, Wire("PUT", changed, body=b"forged"))


@forged
def a_presigned_write_of_another_key(door: Door) -> Wire:
    return unsigned(
        door, Wire("PUT", presigned(door, "PUT", "other").replace("/other", "/kept"), body=b"forged")
    )


@forged
def a_reset(door: Door) -> Wire:
    return unsigned(door, Wire(target="/_ministack/reset"))


@forged
def a_signed_reset(door: Door) -> Wire:
    return door.sign(Wire(target="/_ministack/reset"))


@forged
def an_escaped_reset(door: Door) -> Wire:
    return unsigned(door, Wire(target="/%5fministack/reset"))


@forged
def an_escaped_signed_reset(door: Door) -> Wire:
    return door.sign(Wire(target="/%5Fministack/%72eset"), "s3")


@forged
def a_reset_of_a_bucket(door: Door) -> Wire:
    return door.sign(Wire(target="/_ministack/reset"), "s3", host=f"{BUCKET}.localhost:{door.port}")


@forged
def a_change_of_configuration(door: Door) -> Wire:
    given = b'{"lambda_svc.LAMBDA_EXECUTOR": "docker"}'
    return unsigned(
        door, Wire(target="/_ministack/config", headers=(("Content-Type", "text/plain"),), body=given)
    )


@forged
def somebodys_code(door: Door) -> Wire:
    return unsigned(door, Wire("GET", "/_ministack/lambda-code/logctl-test-consumer"))


@forged
def the_address_of_an_api_and_a_target(door: Door) -> Wire:
    return unsigned(door, replace(QUEUE, target="/_aws/execute-api/x"))


@forged
def the_address_of_an_api_and_dots(door: Door) -> Wire:
    return unsigned(door, Wire(target="/_aws/execute-api/../../_ministack/reset"))


@forged
def the_address_of_an_api_at_a_bucket(door: Door) -> Wire:
    host = f"{BUCKET}.localhost:{door.port}"
    return Wire("PUT", "/_aws/execute-api/x/y/z", (("Host", host),), b"forged")


@forged
def somebody_who_signs_up(door: Door) -> Wire:
    return unsigned(door, json_call("AWSCognitoIdentityProviderService.SignUp", {"Username": "forged"}))


@forged
def a_websocket(door: Door) -> Wire:
    upgrade = (
        ("Host", door.name),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Origin", "https://evil.example"),
    )
    return Wire("GET", "/_aws/execute-api/x/y", upgrade)


@forged
def the_secret_of_a_role(door: Door) -> Wire:
    return unsigned(door, Wire("GET", "/_logctl/credentials/ASIA"))


@forged
def an_address_with_a_fragment(door: Door) -> Wire:
    """The # hides the rest from who parses it as an address, not from the server."""
    signed = door.sign(put("other"), "s3")
    return signed.with_(target=f"/{BUCKET}/other#/../kept")


@forged
def a_control_character(door: Door) -> bytes:
    return door.sign(QUEUE).raw.replace(b"POST / ", b"POST /\x00 ", 1)


def streamed(door: Door, *, forge: bool = False) -> Wire:
    """A PUT that is signed chunk by chunk (S3 API Reference, Transferring Payload in Multiple Chunks)."""
    chunks = [b"as " * 30000, b"it was", b""]
    length = str(sum(map(len, chunks)))
    wire = Wire(
        "PUT",
        f"/{BUCKET}/streamed",
        (
            ("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            ("x-amz-decoded-content-length", length),
            ("Content-Encoding", "aws-chunked"),
        ),
    )
    signed = door.sign(wire, "s3")
    at, previous = dict(signed.headers)["X-Amz-Date"], dict(signed.headers)["Authorization"][-64:]
    key = f"AWS4{door.keys.secret_key}".encode()
    for part in (at[:8], door.region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    body = b""
    for chunk in chunks:
        told = (
            f"AWS4-HMAC-SHA256-PAYLOAD\n{at}\n{at[:8]}/{door.region}/s3/aws4_request\n{previous}\n"
            f"{hashlib.sha256(b'').hexdigest()}\n{hashlib.sha256(chunk).hexdigest()}"
        )
        previous = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
        sent = chunk.replace(b"was", b"is!") if forge else chunk
        body += b"%x;chunk-signature=%s\r\n%s\r\n" % (len(sent), previous.encode(), sent)
    return replace(signed, body=body)


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_request_is_refused_and_changes_nothing(running, door, name):
    before = world(running)
    status, reply = door.send(FORGED[name](door))
    assert status in (0, 400, 403), reply
    assert b"access-control-allow" not in reply.lower()
    assert world(running) == before


START = json_call(
    "AmazonAthena.StartQueryExecution",
    {"QueryString": "SELECT 1", "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/results/"}},
    "application/x-amz-json-1.1",
)
AT_ATHENA: dict[str, Forge] = {
    "no_signature": lambda door: unsigned(door, START),
    "a_signature_in_name_only": lambda door: unsigned(door, START).with_(
        ("Authorization", "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/athena/aws4_request")
    ),
    "the_well_known_root": lambda door: door.sign(START, "athena", keys=ROOT_OF_OLD),
    "an_unknown_access_key": lambda door: door.sign(START, "athena", keys=STRANGER),
    "another_secret": lambda door: door.sign(
        START, "athena", keys=replace(STRANGER, access_key=door.keys.access_key)
    ),
    "another_body": lambda door: door.sign(replace(START, body=b"{}"), "athena").with_(body=START.body),
    "another_service": lambda door: door.sign(START, "sqs"),
    "another_path": lambda door: door.sign(START, "athena").with_(target="/x"),
    "a_signature_of_yesterday": lambda door: door.sign(START, "athena", late=-timedelta(days=1)),
    "a_name_that_points_here": lambda door: door.sign(START, "athena", host=f"rebound.example:{door.port}"),
    "another_port": lambda door: door.sign(START, "athena", host="127.0.0.1:80"),
    "two_hosts": lambda door: door.sign(START, "athena").with_(("Host", "evil.example")),
    "a_forwarded_host": lambda door: door.sign(START, "athena").with_(("X-Forwarded-Host", "evil.example")),
    "a_whole_address": lambda door: door.sign(START, "athena").with_(target="http://evil.example/"),
    "a_foreign_origin": lambda door: door.sign(START, "athena").with_(("Origin", "https://evil.example")),
    "a_request_across_sites": lambda door: door.sign(START, "athena").with_(("Sec-Fetch-Site", "cross-site")),
    "a_preflight": lambda door: Wire(
        "OPTIONS", headers=(("Host", door.name), ("Access-Control-Request-Method", "POST"))
    ),
    "chunks": lambda door: door.sign(START, "athena").with_(
        ("Transfer-Encoding", "chunked"), body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(START.body), START.body)
    ),
    "a_request_in_a_refused_one": lambda door: unsigned(
        door, replace(START, body=door.sign(START, "athena").raw)
    ),
    "no_length": lambda door: door.sign(START, "athena").with_(("Content-Length", "-1")),
}


@pytest.mark.parametrize("name", AT_ATHENA)
def test_a_forged_query_is_refused_and_runs_nothing(running, athena, name):
    before = world(running)
    status, reply = athena.send(AT_ATHENA[name](athena))
    assert status in (0, 400, 403), reply
    assert b"access-control-allow" not in reply.lower()
    assert world(running) == before


def test_the_honest_ones_of_the_same_make_are_let_through(running, door, athena):
    """What the forged ones differ from: without this they would prove nothing."""
    assert door.send(door.sign(make_queue("honest")))[0] == 200
    assert door.send(door.sign(put("honest"), "s3"))[0] == 200
    assert door.send(streamed(door))[0] == 200
    assert door.send(unsigned(door, Wire("PUT", presigned(door, "PUT", "given"), body=b"x")))[0] == 200
    assert door.send(door.sign(make_queue("honest"), late=-timedelta(minutes=4)))[0] == 200
    assert door.send(door.sign(make_queue("honest"), host=f"localhost:{door.port}"))[0] == 200
    own = ("Origin", f"http://{door.name}"), ("Sec-Fetch-Site", "same-origin")
    assert door.send(door.sign(make_queue("honest")).with_(*own))[0] == 200
    assert athena.send(athena.sign(START, "athena"))[0] == 200
    s3 = client(running, "s3")
    assert s3.get_object(Bucket=BUCKET, Key="streamed")["Body"].read() == b"as " * 30000 + b"it was"
    assert s3.get_object(Bucket=BUCKET, Key="given")["Body"].read() == b"x"


def test_http_2_is_not_spoken(running, door):
    signed = door.sign(QUEUE)
    before = world(running)
    connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
    connection.initiate_connection()
    head = [(":method", "POST"), (":path", "/"), (":scheme", "http"), (":authority", door.name)]
    head += [(name.lower(), value) for name, value in signed.headers if name.lower() != "host"]
    connection.send_headers(1, head)
    connection.send_data(1, QUEUE.body, end_stream=True)
    status, reply = door.send(connection.data_to_send())
    told = connection.receive_data(reply)
    answered = {
        dict(event.headers)[":status"] for event in told if isinstance(event, h2.events.ResponseReceived)
    }
    assert status == 0
    assert answered <= {"400", "403"}
    assert world(running) == before


def test_a_secret_cannot_be_worked_out_from_names(pipeline, running, door):
    """MiniStack makes a function's credentials of the names of the function and its role."""
    pipeline.run(
        "send", "-", "--app", "gate", "--wait", stdin='{"message": "so that the function has run"}\n'
    )
    function = client(running, "lambda").get_function(FunctionName="logctl-test-consumer")["Configuration"]
    digest = hashlib.sha256(f"{function['FunctionArn']}:{function['Role']}".encode()).hexdigest()
    derived = own_keys.Keys(
        f"ASIA{digest[:16].upper()}", hashlib.sha256(f"secret:{digest}".encode()).hexdigest()
    )
    token = hashlib.sha256(f"token:{digest}".encode()).hexdigest()
    form = Wire(headers=(("Content-Type", FORM),), body=b"Action=GetCallerIdentity&Version=2011-06-15")
    assert door.send(door.sign(form, "sts"))[0] == 200
    status, reply = door.send(door.sign(form, "sts", keys=derived, token=token))
    assert status == 403, reply


# ── The keys themselves ─────────────────────────────────────────────────────────────────────────────


def test_the_keys_are_the_owners_only(pipeline, running):
    home = pipeline.home / "sandbox"
    file = own_keys.path(home)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert own_keys.read(file) == running.keys
    shown = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert str(file) in shown
    assert running.keys.secret_key not in shown
    for path in [*home.glob("*.json"), *home.glob("*.log")]:
        assert running.keys.secret_key not in path.read_text(), path
    assert running.keys.secret_key not in repr(running)


def test_health_says_nothing(door, athena):
    for each in (door, athena):
        status, reply = each.send(Wire("GET", "/_logctl/health", (("Host", each.name),)))
        assert status == 200
        assert reply.partition(b"\r\n\r\n")[2] in (b"", b"{}")
        assert each.send(Wire("GET", "/_logctl/health", (("Host", f"evil.example:{each.port}"),)))[0] == 403


# ── Who gets in ─────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def role(running: Running) -> str:
    iam = client(running, "iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::000000000000:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    may = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["sqs:ListQueues", "athena:*"], "Resource": "*"}],
    }
    made = iam.create_role(RoleName="gate", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="gate", PolicyName="may", PolicyDocument=json.dumps(may))
    return str(made["Role"]["Arn"])


def test_a_role_gets_in_with_its_token_and_not_without(running, door, athena, role):
    given = client(running, "sts").assume_role(RoleArn=role, RoleSessionName="gate")["Credentials"]
    taken = {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
    assert client(running, "sqs", **taken).list_queues()
    assert client(running, "athena", **taken).list_query_executions()
    with pytest.raises(ClientError, match="not authorized"):
        client(running, "sqs", **taken).create_queue(QueueName="not-allowed")
    own = own_keys.Keys(given["AccessKeyId"], given["SecretAccessKey"])
    listing, queries = (
        json_call("AmazonSQS.ListQueues", {}),
        json_call("AmazonAthena.ListQueryExecutions", {}),
    )
    for token in (None, "", "x", given["SessionToken"] + "x"):
        assert door.send(door.sign(listing, keys=own, token=token))[0] == 403
        assert athena.send(athena.sign(queries, "athena", keys=own, token=token))[0] == 403
    # What the emulator tells its neighbours it tells nobody else.
    asked = Wire("GET", f"/_logctl/credentials/{own.access_key}")
    assert door.send(door.sign(asked, "logctl", keys=own, token=given["SessionToken"]))[0] == 403
    assert door.send(door.sign(asked, "sqs"))[0] == 403
    assert door.send(door.sign(asked, "logctl"))[0] == 200


def test_a_user_gets_in_until_the_key_is_taken_back(running, door):
    iam = client(running, "iam")
    iam.create_user(UserName="gate")
    given = iam.create_access_key(UserName="gate")["AccessKey"]
    own = own_keys.Keys(given["AccessKeyId"], given["SecretAccessKey"])
    form = Wire(headers=(("Content-Type", FORM),), body=b"Action=GetCallerIdentity&Version=2011-06-15")
    assert door.send(door.sign(form, "sts", keys=own))[0] == 200
    assert door.send(door.sign(form, "sts", keys=replace(own, secret_key=door.keys.secret_key)))[0] == 403
    iam.delete_access_key(UserName="gate", AccessKeyId=own.access_key)
    assert door.send(door.sign(form, "sts", keys=own))[0] == 403


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"s3": {"addressing_style": "virtual"}},
        {"s3": {"payload_signing_enabled": False}},
        {"request_checksum_calculation": "when_required"},
    ],
    ids=str,
)
def test_s3_as_sdks_use_it(running, options):
    endpoint = f"http://localhost:{running.port}"
    s3 = client(running, "s3", endpoint_url=endpoint, config=Config(**options))
    if "addressing_style" in str(options):
        resolves_subdomains()
    key = "a key/with ünicode + & = ? # %20 ~*'().txt"
    s3.upload_fileobj(io.BytesIO(b"x" * (9 * 2**20)), BUCKET, key)  # in parts
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == 9 * 2**20
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET, Prefix=key[:8])["Contents"]] == [key]
    s3.put_object(Bucket=BUCKET, Key="meta", Body=b"", Metadata={"a": "  b   c  "}, ContentEncoding="gzip")
    s3.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": key})
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}, {"Key": "copy"}, {"Key": "meta"}]})


def resolves_subdomains() -> None:
    try:
        socket.getaddrinfo(f"{BUCKET}.localhost", 80)
    except OSError:
        pytest.skip("names under localhost do not resolve here")


def test_a_presigned_address_works_until_it_ends(running):
    s3 = client(running, "s3", config=Config(signature_version="s3v4"))
    url = s3.generate_presigned_url("put_object", {"Bucket": BUCKET, "Key": "shared"}, ExpiresIn=60)
    urllib.request.urlopen(
        urllib.request.Request(url, b"shared", {"Content-Type": "x/y"}, method="PUT")
    ).close()
    url = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "shared"}, ExpiresIn=60)
    with urllib.request.urlopen(url) as reply:
        assert reply.read() == b"shared"
    late = s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "shared"}, ExpiresIn=1)
    time.sleep(2.1)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(late)
    assert refused.value.code == 403


@pytest.mark.parametrize(
    "service",
    [
        "sqs",
        "sns",
        "s3",
        "dynamodb",
        "lambda",
        "iam",
        "sts",
        "glue",
        "logs",
        "events",
        "cloudformation",
        "cloudwatch",
        "cognito-idp",
        "athena",
        "apigatewayv2",
    ],
)
def test_an_sdk_understands_the_refusal(running, service):
    calls = {
        "sqs": "list_queues", "sns": "list_topics", "s3": "list_buckets", "dynamodb": "list_tables",
        "lambda": "list_functions", "iam": "list_users", "sts": "get_caller_identity", "glue": "get_databases",
        "logs": "describe_log_groups", "events": "list_rules", "cloudformation": "list_stacks",
        "cloudwatch": "list_metrics", "athena": "list_work_groups", "apigatewayv2": "get_apis",
    }  # fmt: skip
    wrong = {"aws_secret_access_key": "wrong"}
    for keys, told in ((wrong, "Signature"), ({**wrong, "aws_access_key_id": "AKIAIOSFODNN7EXAMPLE"}, "")):
        called = client(running, service, **keys)
        with pytest.raises(ClientError) as refused:
            if service == "cognito-idp":
                called.list_user_pools(MaxResults=1)
            else:
                getattr(called, calls[service])()
        assert told in refused.value.response["Error"]["Code"]
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)
