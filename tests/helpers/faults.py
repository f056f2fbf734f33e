"""A proxy before the sandbox that does what networks and AWS do on bad days: microburst, as a child process.

What goes through it is the same code with another endpoint, as on AWS. What stands behind it is looked at
without it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import boto3
from botocore.awsrequest import AWSRequest

from logctl.aws.clients import Aws
from logctl.local.sandbox import Running
from logctl.ops.deployment import Deployment
from tests.helpers import prefork
from tests.helpers.prefork import as_from_a_shell
from tests.helpers.sandbox import Cli, eventually

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class Proxy:
    """A running microburst."""

    port: int
    upstream: Running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def signed_host(self) -> str:
        return f"127.0.0.1:{self.upstream.port}"

    def break_with(self, *rules: Rule) -> None:
        """These faults from now on, and no others."""
        self._ask("DELETE", "fired")
        self._ask("POST", "rules", list(rules))

    def fired(self) -> dict[str, int]:
        """How often each operation was hit since the last `break_with`."""
        hits: dict[str, int] = {}
        for hit in self._ask("GET", "fired?limit=100000"):
            hits[hit["operation"]] = hits.get(hit["operation"], 0) + 1
        return hits

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.url}/_microburst/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=10) as reply:
            return json.loads(reply.read() or b"null")

    def deployment(self, cli: Cli) -> Deployment:
        """The environment of `cli`, seen through the proxy."""
        keys = self.upstream.keys
        session = boto3.Session(keys.access_key, keys.secret_key, region_name="us-east-1")
        session.events.register("before-sign", lambda request, **_: _address(request, self.signed_host))
        return replace(cli.deployment, aws=Aws(session, self.url))

    def cli(self, cli: Cli) -> Cli:
        """`cli` as it would work on AWS: told by the SDK's own variables where that is."""
        variables = {
            "LOGCTL_TARGET": "aws",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.upstream.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": self.upstream.keys.secret_key,
            "AWS_REGION": "us-east-1",
            prefork.SIGNED_HOST: self.signed_host,
        }
        return replace(cli, variables={**cli.variables, **variables})


def _address(request: AWSRequest, host: str) -> None:
    """Sign a request as the proxy passes it on: under its upstream's name, and = in a path as it is."""
    del request.headers["Host"]
    request.headers["Host"] = host
    path, mark, query = request.url.partition("?")
    request.url = path.replace("%3D", "=") + mark + query


@contextmanager
def microburst(upstream: Running) -> Iterator[Proxy]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    child = subprocess.Popen(
        [sys.executable, "-m", "microburst", "--upstream", upstream.endpoint, "--port", str(port)],
        preexec_fn=as_from_a_shell,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        proxy = Proxy(port, upstream)
        eventually(lambda: _answers(proxy), what="microburst")
        yield proxy
    finally:
        child.terminate()
        child.wait()


def _answers(proxy: Proxy) -> bool:
    try:
        proxy._ask("GET", "health")
    except OSError:
        return False
    return True
