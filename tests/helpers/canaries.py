"""Texts with secrets, by the redaction rule that has to remove them."""

from __future__ import annotations

PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34GkxFhD9\n-----END RSA PRIVATE KEY-----"

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLWNhbmFyeQ"

CANARIES = [
    # (the rule, a text with the secret, what may be found nowhere)
    ("aws-keys", "using AKIAIOSFODNN7CANARYX now", "AKIAIOSFODNN7CANARYX"),
    ("aws-keys", "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCANARYKEY", "bPxRfiCANARYKEY"),
    ("aws-keys", "AWS_SESSION_TOKEN=FwoGZXIvYXdzEBYaDCANARYTOKEN//", "EBYaDCANARYTOKEN"),
    ("bearer-tokens", "Authorization: Bearer canary-token.abc_123", "canary-token.abc_123"),
    ("bearer-tokens", "Authorization: Basic Y2FuYXJ5OnNlY3JldA==", "Y2FuYXJ5OnNlY3JldA"),
    ("bearer-tokens", f"signed in with {JWT}", "c2lnbmF0dXJlLWNhbmFyeQ"),
    ("url-passwords", "connect postgres://app:c4nary!p@ss@db.internal/x", "c4nary!p"),
    ("url-passwords", "GET /login?user=x&access_token=canary.in.a.query&y=1", "canary.in.a.query"),
    ("passwords", "login failed: password=canary-hunter2", "canary-hunter2"),
    ("passwords", 'config {"api_key": "canary of two words"}', "canary of two words"),
    ("pem", f"loaded {PEM}", "MIIBOgIBAAJBAKj34GkxFhD9"),
    ("cards", "paid with 4111 1111 1111 1111 today", "4111 1111 1111 1111"),
]
