"""The sandbox's Athena: the engine's server, in front of MiniStack and for the sandbox's callers only.

`AWS_ENDPOINT_URL_ATHENA` points every SDK at it. The catalog and the data are MiniStack's Glue and S3.

Run as `python -m logctl.local.athena_server --port PORT --backend URL --keys FILE`.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from logctl.local import keys
from logctl.local.athena.server.api_actions import AthenaApi
from logctl.local.athena.server.http_server import AthenaHandler, CallForbidden, server_on
from logctl.local.callers import Callers, seen
from logctl.local.keys import Keys
from logctl.local.sigv4 import Refused

HEALTH = "/_logctl/health"


class _Handler(AthenaHandler):
    callers: Callers

    def admit(self) -> tuple[str, bytes]:
        try:
            caller, body = self.callers.admit(self, "athena")
        except Refused as refused:
            raise CallForbidden(refused.code, refused.message) from None
        return caller.region, body

    def do_GET(self) -> None:
        """Answer the health check, and nothing else."""
        try:
            known = self.path == HEALTH and seen(self).method == "GET"
        except Refused as refused:
            known = False
            self.log_error("refused: %s", refused.message)
        self.close_connection = True
        self.reply(200 if known else 403, {})

    do_DELETE = do_HEAD = do_OPTIONS = do_PATCH = do_PUT = do_GET


def serve(port: int, backend: str, own: Keys) -> ThreadingHTTPServer:
    """Return a server on the loopback address that is ready to be run.

    Args:
        port: the port to listen on.
        backend: the URL of MiniStack.
        own: the sandbox's root credentials.
    """

    def connect(service: str, region: str) -> Any:
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=backend,
            region_name=region,
            aws_access_key_id=own.access_key,
            aws_secret_access_key=own.secret_key,
            config=Config(max_pool_connections=32, retries={"max_attempts": 2}),
        )

    handler = type("Handler", (_Handler,), {"api": AthenaApi(connect), "callers": Callers(own, backend)})
    return server_on(port, handler)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="logctl.local.athena_server", description="The sandbox's Athena.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--backend", required=True, help="The URL of MiniStack: S3, Glue and the workgroups.")
    parser.add_argument("--keys", type=Path, required=True, help="The file with the sandbox's credentials.")
    given = parser.parse_args(arguments)
    own = keys.read(given.keys)
    if own is None:
        print(f"{given.keys} has no credentials that only you can read.", file=sys.stderr)  # noqa: T201
        return 1
    server = serve(given.port, given.backend, own)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
