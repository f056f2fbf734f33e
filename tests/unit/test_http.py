"""Requests to a busy server: pauses, notification of the caller, and the number of attempts."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from logctl.ops.dashboard import http_client


class Service(HTTPServer):
    """A server that gives the responses in `answers`, in order, and then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.asked = 0

    @property
    def request_to(self) -> urllib.request.Request:
        return urllib.request.Request(f"http://127.0.0.1:{self.server_port}/")


class _Handler(BaseHTTPRequestHandler):
    server: Service

    def do_GET(self) -> None:
        self.server.asked += 1
        status, headers = self.server.answers.pop(0) if self.server.answers else (200, {})
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_pauses_follow_retry_after_or_grow(service):
    service.answers = [(429, {}), (503, {"Retry-After": "7"}), (429, {"Retry-After": "soon"}), (503, {})]
    waited: list[float] = []
    told: list[int] = []
    assert http_client.ask(service.request_to, timeout=5, sleep=waited.append, on_busy=told.append) == b"said"
    assert waited == told == [1, 7, 4, 8]


def test_it_ends_after_five_attempts_and_at_once_for_other_errors(service):
    service.answers = [(429, {})] * 9
    with pytest.raises(urllib.error.HTTPError, match="429"):
        http_client.ask(service.request_to, timeout=5, sleep=lambda seconds: None)
    assert service.asked == http_client.ATTEMPTS
    service.answers = [(400, {"Retry-After": "1"})]
    with pytest.raises(urllib.error.HTTPError, match="400"):
        http_client.ask(service.request_to, timeout=5, sleep=lambda seconds: pytest.fail("it waited"))


@pytest.mark.parametrize(
    ("told", "seconds"), [("99999", 30), ("-1", 1), ("", 1), (None, 1), ("9" * 400, 1), ("٣", 1)]
)
def test_retry_after_is_limited(told, seconds):
    assert http_client.pause(told, 0) == seconds
