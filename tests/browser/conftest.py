"""Fixtures of the browser tests: Chromium, driven by Playwright, and a sandbox with a pipeline."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.helpers.dashboard import Dashboard, open_dashboard
from tests.helpers.sandbox import Cli
from tests.helpers.web import Web
from tests.sandbox.conftest import pipeline, sandbox

__all__ = ["pipeline", "sandbox"]

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not _CHROMIUM:
        # In CI a missing browser is a failure; elsewhere the tests are skipped.
        missing = "there is no Chromium; install it (Debian: apt-get install chromium) or set CHROMIUM"
        if os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def web(pipeline: Cli) -> Web:
    return Web.of(pipeline)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return an empty tab without cookies and storage. An uncaught error in the page fails the test."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, locale="en-GB", timezone_id="UTC", color_scheme="light"
    )
    context.set_default_timeout(10_000)
    context.set_default_navigation_timeout(60_000)  # the first page waits for the browser to start
    problems: list[Any] = []
    page = context.new_page()
    page.on("pageerror", lambda problem: problems.append(problem))
    yield page
    context.close()
    assert not problems


@pytest.fixture
def dashboard(page: Page, web: Web) -> Dashboard:
    """Return the page, signed in by the one-time link of `logctl dashboard open`."""
    return open_dashboard(page, web)
