"""AWS Signature Version 4: the checks by which the sandbox's servers find who has signed a request.

It also checks that a request comes from a program of this machine and not from a web page. Everything here is
a pure rule, without clock or network, and imports nothing of logctl. The canonical request is made by
botocore, from the request as it arrived. Sources: IAM User Guide, "Create a signed AWS API request"; Amazon
S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.utils import normalize_url_path

SKEW = 5 * 60
"""How far the time of a signature may be from the clock, in seconds. Both clocks are this machine's."""
LONGEST = 7 * 24 * 3600
"""The longest validity of a presigned URL, in seconds (S3 User Guide)."""

_ALGORITHM = "AWS4-HMAC-SHA256"
_S3 = frozenset({"s3", "s3express", "s3-outposts", "s3-object-lambda"})
_UNSIGNED = "UNSIGNED-PAYLOAD"
_CHUNKED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
_CHUNKED_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
_UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_EMPTY = hashlib.sha256(b"").hexdigest()
# The characters of a request target (RFC 3986). Parsers differ in how they read a # or a space.
_TARGET = re.compile(r"/[A-Za-z0-9\-._~!$&'()*+,;=:@/%?\[\]{}|^]*")
_ONCE = frozenset(
    {
        *("authorization", "content-encoding", "content-length", "content-type", "host", "origin"),
        *("sec-fetch-site", "transfer-encoding", "x-amz-content-sha256", "x-amz-date"),
        *("x-amz-security-token", "x-amz-target"),
    }
)
_FIELDS = frozenset({"Credential", "SignedHeaders", "Signature"})
_PARAMETERS = frozenset(
    f"X-Amz-{name}" for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
)
_CREDENTIALS = frozenset({*(name.lower() for name in _PARAMETERS), "x-amz-security-token", "awsaccesskeyid"})
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8});chunk-signature=([0-9a-f]{64})")

_TRAILER = re.compile(rb"((?:[a-z0-9-]+:[^\r\n]*\r\n)+)x-amz-trailer-signature:([0-9a-f]{64})(?:\r\n){1,2}")
_PROXIED = frozenset(
    {"forwarded", "x-original-url", "x-rewrite-url", "x-original-host", "x-http-method-override"}
)
_LOOPBACK = re.compile(r"(?:(?:[a-z0-9_-]+\.)*localhost|127\.0\.0\.1|\[::1\])", re.IGNORECASE)


class Refused(Exception):
    """A request that is refused: AWS's error code and a message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True)
class Request:
    """A request as it arrived, without its body. Names of headers are in lowercase.

    Raises:
        Refused: the target is not a path, or a header that may occur once occurs several times.
    """

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        if not _TARGET.fullmatch(self.target):
            raise Refused("InvalidRequest", "The request's target is not a path on this server.")
        names = [name for name, _ in self.headers if name in _ONCE]
        if len(names) != len(set(names)):
            raise Refused("InvalidRequest", "A header that may occur once occurs several times.")

    @cached_property
    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.target.partition("?")[0]

    @cached_property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    @cached_property
    def _first(self) -> dict[str, str]:
        return dict(reversed(self.headers))

    def header(self, name: str) -> str | None:
        return self._first.get(name)


@dataclass(frozen=True)
class Secret:
    """The secret of an access key. Temporary credentials have a `token` too."""

    key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SignatureClaim:
    """The signer and the method of signing that a request claims; nothing of it is verified."""

    access_key: str
    timestamp: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    token: str | None
    presigned_for: int | None = None
    """The validity of a presigned URL in seconds; None for a signature in the header."""

    @property
    def day(self) -> str:
        return self.timestamp[:8]


# ── Origin ─────────────────────────────────────────────────────────────────────────────


def check_origin(request: Request, port: int) -> None:
    """Check that a request was not sent by a web page of another site, and not passed on by a proxy.

    The host has to be a name of this machine: any DNS server can let its names point to 127.0.0.1. Browsers
    say in Origin and Sec-Fetch-Site (Fetch Metadata Request Headers, W3C) which site has caused a request.
    `port` is the port on which the server listens.

    Raises:
        Refused: it comes from elsewhere.
    """
    host = request.header("host") or ""
    name, _, given = host.rpartition(":")
    if given != str(port) or not _LOOPBACK.fullmatch(name):
        raise Refused("AccessDenied", f"The sandbox's address is 127.0.0.1:{port} or localhost:{port}.")
    origin = request.header("origin")
    if origin is not None and origin.lower() != f"http://{host}".lower():
        raise Refused("AccessDenied", "The sandbox accepts no requests from pages of other sites.")
    if request.header("sec-fetch-site") not in (None, "same-origin", "none"):
        raise Refused(
            "AccessDenied", "The sandbox accepts no links from other sites; open its address in a new tab."
        )
    if request.method == "OPTIONS" or request.header("access-control-request-method") is not None:
        raise Refused("AccessDenied", "The sandbox accepts no requests from pages of other sites.")
    if any(name in _PROXIED or name.startswith("x-forwarded-") for name, _ in request.headers):
        raise Refused("AccessDenied", "The sandbox accepts no requests through a proxy.")


# ── Claims ───────────────────────────────────────────────────────────────────────────


def claim(request: Request) -> SignatureClaim | None:
    """Return the claim of who has signed a request, unverified; None if it has no credentials.

    Raises:
        Refused: it is signed in another way, or twice, or incompletely.
    """
    authorization = request.header("authorization") or ""
    by_header = authorization.startswith("AWS")
    by_query = any(name.lower() in _CREDENTIALS for name, _ in request.parameters)
    if by_header and by_query:
        raise Refused("InvalidRequest", "The request is signed both in its header and in its URL.")
    if by_header:
        return _header_claim(request, authorization)
    if by_query:
        if authorization:
            raise Refused("InvalidRequest", "The request has credentials of two kinds.")
        return _query_claim(request)
    return None


def _header_claim(request: Request, authorization: str) -> SignatureClaim:
    algorithm, _, rest = authorization.partition(" ")
    parts = [part.strip().partition("=") for part in rest.split(",")]
    fields = {name: value for name, _, value in parts}
    if algorithm != _ALGORITHM or set(fields) != _FIELDS or len(parts) != len(_FIELDS):
        raise _unsupported()
    return _claim(
        credential=fields["Credential"],
        timestamp=request.header("x-amz-date") or "",
        signed=fields["SignedHeaders"],
        signature=fields["Signature"],
        token=request.header("x-amz-security-token"),
    )


def _query_claim(request: Request) -> SignatureClaim:
    given = [(name, value) for name, value in request.parameters if name.lower() in _CREDENTIALS]
    fields = dict(given)
    known = _PARAMETERS | {"X-Amz-Security-Token"}
    if len(given) != len(fields) or not _PARAMETERS <= set(fields) <= known:
        raise _unsupported()
    expires = fields["X-Amz-Expires"]
    if fields["X-Amz-Algorithm"] != _ALGORITHM or not re.fullmatch(r"[0-9]{1,6}", expires):
        raise _unsupported()
    if not 1 <= int(expires) <= LONGEST:
        raise Refused("AuthorizationQueryParametersError", "A presigned URL is valid for a week at most.")
    return _claim(
        credential=fields["X-Amz-Credential"],
        timestamp=fields["X-Amz-Date"],
        signed=fields["X-Amz-SignedHeaders"],
        signature=fields["X-Amz-Signature"],
        token=fields.get("X-Amz-Security-Token"),
        presigned_for=int(expires),
    )


def _unsupported() -> Refused:
    """Return AWS's error, which S3 gives for signature version 2 too."""
    return Refused(
        "InvalidRequest",
        f"The authorization mechanism you have provided is not supported. Please use {_ALGORITHM}.",
    )


def _claim(
    *,
    credential: str,
    timestamp: str,
    signed: str,
    signature: str,
    token: str | None,
    presigned_for: int | None = None,
) -> SignatureClaim:
    scope = re.fullmatch(r"([\w.-]+)/(\d{8})/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request", credential, re.ASCII)
    if not scope:
        raise Refused(
            "IncompleteSignature", "The credential's scope is not KEY/DATE/REGION/SERVICE/aws4_request."
        )
    if not re.fullmatch(r"\d{8}T\d{6}Z", timestamp, re.ASCII) or timestamp[:8] != scope[2]:
        raise Refused(
            "IncompleteSignature", "The request's time is missing, or differs from that of the scope."
        )
    names = tuple(signed.split(";"))
    if names != tuple(sorted(set(names))) or signed != signed.lower():
        raise Refused("IncompleteSignature", "The list of signed headers is not sorted, or has duplicates.")
    return SignatureClaim(
        access_key=scope[1],
        timestamp=timestamp,
        region=scope[3],
        service=scope[4],
        signed_headers=names,
        signature=signature,
        token=token,
        presigned_for=presigned_for,
    )


# ── Verification ──────────────────────────────────────────────────────────────────────────────


def check_time(claimed: SignatureClaim, now: float) -> None:
    """Check that a signature is neither too old nor from the future. `now` is in seconds since 1970.

    Raises:
        Refused: its time is not a time, or too far from now.
    """
    try:
        signed_at = datetime.strptime(claimed.timestamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Refused("IncompleteSignature", "The request's time is not a time.") from None
    if signed_at - SKEW > now:
        raise Refused("RequestTimeTooSkewed", "The signature is not yet valid: its time is in the future.")
    if claimed.presigned_for is not None:
        if signed_at + claimed.presigned_for < now:
            raise Refused("ExpiredToken", "The presigned URL has expired.")
    elif signed_at + SKEW < now:
        raise Refused("RequestTimeTooSkewed", "The signature has expired.")


def verify(claimed: SignatureClaim, request: Request, secret: Secret, body: bytes) -> None:
    """Check that the owner of a secret has signed exactly this request, with its body.

    Raises:
        Refused: a part of the request is not what was signed.
    """
    _check_token(claimed, secret)
    _check_signed_headers(claimed, request)
    payload = _payload(claimed, request, body)
    signer, unsigned = _signer(claimed, secret), _unsigned(claimed, request, payload)
    to_sign = signer.string_to_sign(unsigned, signer.canonical_request(unsigned))
    expected: str = signer.signature(to_sign, unsigned)
    if not hmac.compare_digest(expected.encode(), claimed.signature.encode()):
        raise Refused(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided.",
        )
    if payload in (_CHUNKED, _CHUNKED_TRAILER):
        _check_chunks(claimed, secret, body, trailers=payload == _CHUNKED_TRAILER)


def _check_token(claimed: SignatureClaim, secret: Secret) -> None:
    given, expected = claimed.token or "", secret.token or ""
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused("InvalidToken", "The security token included in the request is invalid.")


def _check_signed_headers(claimed: SignatureClaim, request: Request) -> None:
    """Check that every header that decides about a request's target and action is signed, as AWS does."""
    present = {name for name, _ in request.headers}
    needed = {"host"} | {name for name in present if name.startswith("x-amz-")}
    if "aws-chunked" in (request.header("content-encoding") or ""):
        needed.add("content-encoding")
    if not needed <= set(claimed.signed_headers):
        raise Refused("AccessDenied", "There were headers present in the request which were not signed.")
    if not set(claimed.signed_headers) <= present:
        raise Refused("SignatureDoesNotMatch", "A header in the list of signed headers is missing.")
    # botocore resolves dots and doubled slashes before it signs; the server behind may not.
    if claimed.service not in _S3 and normalize_url_path(request.path) != request.path:
        raise Refused("InvalidRequest", "The request's path contains dots or doubled slashes to be resolved.")


def _payload(claimed: SignatureClaim, request: Request, body: bytes) -> str:
    """Return the payload of the canonical request: a hash that matches the body, or one of S3's constants."""
    given, s3 = request.header("x-amz-content-sha256"), claimed.service in _S3
    if given is None and claimed.presigned_for is not None and s3:
        return _UNSIGNED
    if given in (_UNSIGNED, _CHUNKED, _CHUNKED_TRAILER, _UNSIGNED_TRAILER) and s3:
        return given
    actual = hashlib.sha256(body).hexdigest()
    if given is not None and not hmac.compare_digest(given.encode(), actual.encode()):
        raise Refused("XAmzContentSHA256Mismatch", "The signed hash is not that of the request's body.")
    return actual


class _AsSigned:
    """A signer of the headers that the client has chosen; botocore would choose them itself."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers

    def payload(self, request: AWSRequest) -> str:
        found: str = request.context["payload"]
        return found


class _Signer(_AsSigned, SigV4Auth): ...


class _S3Signer(_AsSigned, S3SigV4Auth): ...


def _signer(claimed: SignatureClaim, secret: Secret) -> SigV4Auth:
    kind = _S3Signer if claimed.service in _S3 else _Signer
    return kind(Credentials(claimed.access_key, secret.key), claimed.service, claimed.region)


def _unsigned(claimed: SignatureClaim, request: Request, payload: str) -> AWSRequest:
    """Return the request as botocore has it before signing: without headers that are not signed."""
    query = request.query
    if claimed.presigned_for is not None:
        query = "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
    made = AWSRequest(request.method, f"http://host{request.path}" + (f"?{query}" if query else ""))
    for name, value in request.headers:
        if name in claimed.signed_headers:
            made.headers.add_header(name, value)
    made.context = {"timestamp": claimed.timestamp, "payload": payload}
    return made


# ── Bodies that are signed in chunks ────────────────────────────────────────────────────────────────


def _check_chunks(claimed: SignatureClaim, secret: Secret, body: bytes, *, trailers: bool) -> None:
    """Check the signature of each chunk, which includes that of the chunk before or of the request.

    Source: Amazon S3 API Reference, "Signature Calculations: Transferring Payload in Multiple Chunks".
    """
    key = _signing_key(secret.key, claimed.day, claimed.region, claimed.service)
    scope = f"{claimed.timestamp}\n{claimed.day}/{claimed.region}/{claimed.service}/aws4_request"
    previous = claimed.signature.encode()

    def check(kind: str, given: bytes, *hashes: str) -> None:
        nonlocal previous
        signed = "\n".join((f"AWS4-HMAC-SHA256-{kind}", scope, previous.decode(), *hashes))
        expected = hmac.new(key, signed.encode(), hashlib.sha256).hexdigest().encode()
        if not hmac.compare_digest(expected, given):
            raise Refused("SignatureDoesNotMatch", "A chunk of the body is not the one that was signed.")
        previous = expected

    rest = 0
    for signature, chunk, end in _chunks(body):
        rest = end
        check("PAYLOAD", signature, _EMPTY, hashlib.sha256(chunk).hexdigest())
    if not trailers:
        if body[rest:] not in (b"", b"\r\n"):
            raise _malformed()
        return
    signed = _TRAILER.fullmatch(body, rest)
    if not signed:
        raise _malformed()
    check("TRAILER", signed[2], hashlib.sha256(signed[1].replace(b"\r\n", b"\n")).hexdigest())


def _chunks(body: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Yield each chunk's signature and bytes, and the position after it; the last chunk is empty."""
    at, size = 0, -1
    while size:
        end = body.find(b"\r\n", at)
        head = _CHUNK.fullmatch(body, at, end) if end >= 0 else None
        if not head:
            raise _malformed()
        size = int(head[1], 16)
        data = body[end + 2 : end + 2 + size]
        at = end + 2 + size
        if size:
            if len(data) < size or body[at : at + 2] != b"\r\n":
                raise _malformed()
            at += 2
        yield head[2], data, at


def _malformed() -> Refused:
    return Refused("IncompleteBody", "The chunks of the body cannot be read.")


@lru_cache(maxsize=64)
def _signing_key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
