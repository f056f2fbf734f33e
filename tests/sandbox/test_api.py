"""The API through the real authorizer: who gets in, what they see, and that the document says the truth."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
import schemathesis
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from logctl.pipeline.http import openapi
from tests.helpers.sandbox import Cli, eventually
from tests.helpers.web import Web, fetch, send


@pytest.fixture(scope="module")
def web(pipeline: Cli) -> Web:
    return Web.of(pipeline)


@pytest.fixture(scope="module")
def token(web: Web) -> str:
    return web.machine_token()


# ── What there is ───────────────────────────────────────────────────────────────────────────────────


def test_what_is_sent_is_read_paged_counted_and_followed(web, token):
    send(web, "api-read", *(f"line {n}" for n in range(30)))
    pages, cursor = [], {}
    while True:
        reply = web.get("logs", token=token, app="api-read", limit=7, **cursor)
        assert reply.status == 200
        pages += [record["message"] for record in reply.json["records"]]
        if not cursor:
            live = reply.json["live"]
        if not reply.json["next"]:
            break
        cursor = {"cursor": reply.json["next"]}
    assert pages == [f"line {n}" for n in range(29, -1, -1)]
    assert web.get("counts", token=token, app="api-read", since="10m").json["total"] == 30

    begun = time.monotonic()
    web.cli.run("send", "-", "--app", "api-read", stdin='{"message": "live one", "level": "WARN"}\n')

    def arrived() -> Any:
        nonlocal live
        reply = web.get("logs/live", token=token, app="api-read", cursor=live).json
        live = reply["live"]
        return [record["message"] for record in reply["records"]]

    assert eventually(arrived, what="the live row") == ["live one"]
    assert time.monotonic() - begun < 15
    assert arrived() == []


def test_alerts_silences_and_health(web, token):
    send(web, "api-alerts", *["it broke"] * 5, level="ERROR")
    web.cli.run("debounce", "silence", "api-alerts", "--for", "1h", "--comment", "<i>deploying</i>")
    answer = web.get("alerts", token=token).json
    (alert,) = [alert for alert in answer["alerts"] if alert["appid"] == "api-alerts"]
    assert (alert["counted"], alert["reported"], alert["held_back"]) == (5, 1, 4)
    assert alert["silenced_until"]
    (silence,) = [item for item in answer["silences"] if item["target"] == "api-alerts"]
    assert (silence["comment"], silence["active"]) == ("<i>deploying</i>", True)
    assert [row["target"] for row in web.cli.run("debounce", "silences", "-o", "json").json if row["active"]]
    web.cli.run("debounce", "clear", "api-alerts")
    assert web.cli.run("debounce", "clear", "api-alerts", code=1).err
    health = web.get("health", token=token).json
    assert health["alerts"]["open"] >= 1
    assert "api-alerts" in {app["appid"] for app in health["apps"]}


# ── Who gets in ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.proves("B51")
def test_users_read_their_apps_and_no_others(web):
    send(web, "api-a", "only for a")
    send(web, "api-b", "only for b")
    alice, bob = web.token_of("alice", "api-a"), web.token_of("bob", "api-b")
    for mine, others, bearer in (("api-a", "api-b", alice), ("api-b", "api-a", bob)):
        assert web.get("session", token=bearer).json["apps"] == [mine]
        assert [app["appid"] for app in web.get("apps", token=bearer).json["apps"]] == [mine]
        for path in ("logs", "counts"):
            refused = web.get(path, token=bearer, app=others)
            assert (refused.status, "only for" in refused.body) == (403, False)
        everything = web.get("logs", token=bearer, app="*").json["records"]
        assert {record["appid"] for record in everything} == {mine}
        assert {app["appid"] for app in web.get("health", token=bearer).json["apps"]} == {mine}
    removed = web.cli.run("dashboard", "user", "remove", "bob", "--yes")
    assert "bob" in removed.err
    assert "bob" not in {user["user"] for user in web.cli.run("dashboard", "user", "list", "-o", "json").json}


def test_a_one_time_sign_in_works_once(web):
    given = web.one_time()
    token = web.exchange(given["code"], given["verifier"])["access_token"]
    assert web.get("session", token=token).json["apps"] == ["*"]
    with pytest.raises(AssertionError, match="invalid_grant"):
        web.exchange(given["code"], given["verifier"])
    again = web.one_time()
    with pytest.raises(AssertionError, match="invalid_grant"):
        web.exchange(again["code"], given["verifier"])  # somebody else's verifier


def _part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _decoded(part: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def bad_tokens(web: Web, good: str) -> dict[str, str | None]:
    """What an attacker has: forged, altered, borrowed, expired."""
    head, body, signature = good.split(".")
    header, claims = _decoded(head), _decoded(body)
    own_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(fetch(f"{web.endpoint}/{web.pool}/.well-known/jwks.json").body)["keys"][0]

    def signed(header: Any, claims: Any) -> str:
        text = f"{_part(header)}.{_part(claims)}"
        made = own_key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{base64.urlsafe_b64encode(made).decode().rstrip('=')}"

    def hs256(key: bytes) -> str:
        text = f"{_part({**header, 'alg': 'HS256'})}.{body}"
        mac = hmac.HMAC(key, hashes.SHA256())
        mac.update(text.encode())
        return f"{text}.{base64.urlsafe_b64encode(mac.finalize()).decode().rstrip('=')}"

    cognito = web.cli.deployment.aws.cognito
    other = cognito.create_user_pool(PoolName="other")["UserPool"]["Id"]
    stranger = cognito.create_user_pool_client(
        UserPoolId=web.pool,
        ClientName="stranger",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["logctl/app:*"],
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    basic = base64.b64encode(f"{stranger['ClientId']}:{stranger['ClientSecret']}".encode()).decode()
    borrowed = fetch(
        f"{web.endpoint}/oauth2/token",
        data=b"grant_type=client_credentials",
        content_type="application/x-www-form-urlencoded",
        authorization=f"Basic {basic}",
    ).json["access_token"]
    carol = web.tokens(*web.user("carol", "*"))
    elsewhere = f"https://cognito-idp.us-east-1.amazonaws.com/{other}"
    return {
        "none at all": None,
        "empty": "",
        "a word": "letmein",
        "two parts": f"{head}.{body}",
        "four parts": f"{good}.x",
        "empty parts": "..",
        "no signature": f"{head}.{body}.",
        "another signature": f"{head}.{body}.{signature[:-6]}AAAAAA",
        "alg none": f"{_part({'alg': 'none', 'typ': 'JWT'})}.{body}.",
        "alg NoNe with our kid": f"{_part({**header, 'alg': 'NoNe'})}.{body}.{signature}",
        "HS256 with the modulus": hs256(public["n"].encode()),
        "HS256 with the key set": hs256(json.dumps(public).encode()),
        "HS256 with nothing": hs256(b""),
        "our own key, their kid": signed(header, claims),
        "our own key, our kid": signed({**header, "kid": "mine"}, claims),
        "our own key in the header": signed({**header, "jwk": {"kty": "RSA"}}, claims),
        "a key set of ours": signed({**header, "jku": "http://127.0.0.1:9/keys"}, claims),
        "a path for a kid": signed({**header, "kid": "../../../../dev/null"}, claims),
        "more apps": f"{head}.{_part({**claims, 'scope': 'logctl/app:* x'})}.{signature}",
        "a later end": f"{head}.{_part({**claims, 'exp': claims['exp'] + 9999})}.{signature}",
        "expired": signed(header, {**claims, "exp": 1}),
        "of another pool": signed(header, {**claims, "iss": elsewhere}),
        "of another client of our pool": borrowed,
        "an ID token": carol["id_token"],
        "a refresh token": carol["refresh_token"],
        "the header of 9 KB": "x" * 9_000,
    }


@pytest.mark.proves("B49")
def test_25_bad_tokens_learn_nothing(web, token):
    send(web, "api-secret", "the treasure is under the oak")
    tokens = bad_tokens(web, token)
    assert len(tokens) >= 25
    told = {}
    for name, bad in tokens.items():
        for path in ("logs", "session"):
            reply = web.get(path, token=bad, **({"app": "api-secret"} if path == "logs" else {}))
            told[name] = reply.status
            assert reply.status in (401, 403), (name, reply)
            assert "treasure" not in reply.body and "records" not in reply.body, name
            assert set(reply.json) <= {"message", "error", "hint"}, name
    assert set(told.values()) == {401}
    assert "treasure" in web.get("logs", token=token, app="api-secret").body


@pytest.mark.parametrize("how", ["Basic", "bearer:", "Token"])
def test_a_good_token_in_a_bad_place_does_not_count(web, token, how):
    assert fetch(f"{web.url}session", authorization=f"{how} {token}").status == 401
    assert fetch(f"{web.url}session?access_token={token}").status == 401
    assert fetch(f"{web.url}session", cookie=f"token={token}").status == 401


def test_what_is_not_a_route_is_not_there(web, token):
    for path in ("nothing", "logs/../../etc/passwd", "assets/..%2f__init__.py", "Logs", "logs/live/x"):
        assert web.get(path, token=token).status in (400, 403, 404), path
    assert fetch(f"{web.url}logs", token=token, data=b"{}").status in (403, 404, 405)


# ── The document ────────────────────────────────────────────────────────────────────────────────────

schema = schemathesis.openapi.from_dict(openapi.document())


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_the_api_is_as_its_document_says(case, web, token):
    response = case.call(base_url=web.url.rstrip("/"), headers={"authorization": f"Bearer {token}"})
    case.validate_response(
        response,
        checks=[
            not_a_server_error,
            status_code_conformance,
            content_type_conformance,
            response_schema_conformance,
        ],
        excluded_checks=[ignored_auth],
    )


def test_the_document_is_served_to_everybody(web):
    assert web.get("openapi.json").json == openapi.document()
