"""The page as a person sees it: what the tests look at and press."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.sandbox.web import Web


@dataclass(frozen=True)
class Dashboard:
    page: Page
    web: Web

    def __getitem__(self, testid: str) -> Locator:
        return self.page.get_by_test_id(testid)

    @property
    def rows(self) -> Locator:
        return self["row"]

    def messages(self) -> list[str]:
        """What the drawn rows say, from the top."""
        return sorted_from_top(self.page)

    def look_at(self, **view: str) -> None:
        """Open a view by its address, and wait for its answer."""
        fragment = "&".join(f"{name}={value}" for name, value in view.items())
        with self.page.expect_response(lambda reply: "/logs?" in reply.url or "/logs/" not in reply.url):
            self.page.evaluate("fragment => { location.hash = fragment; }", fragment)
        self.settle()

    def settle(self) -> None:
        expect(self["live-state"]).not_to_have_text("loading…")


def sorted_from_top(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('[data-testid=row]')]
            .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
            .map((row) => row.querySelector('[data-testid=row-message]').textContent)"""
    )
    return found


def open_dashboard(page: Page, web: Web) -> Dashboard:
    page.goto(web.cli.run("dashboard", "open", "--no-browser").out.strip())
    dashboard = Dashboard(page, web)
    expect(dashboard["sign-out"]).to_be_visible()
    dashboard.settle()
    return dashboard


def sign_in(page: Page, web: Web, name: str, password: str) -> None:
    """As a person does: the page, its button, the sign-in service's form."""
    page.goto(web.url)
    page.get_by_test_id("sign-in").click()
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)
    page.locator("button[type=submit]").click()


def send(web: Web, app: str, *records: str | dict[str, Any], wait: bool = True) -> None:
    lines = "".join(
        json.dumps(record if isinstance(record, dict) else {"level": "INFO", "message": record}) + "\n"
        for record in records
    )
    web.cli.run("send", "-", "--app", app, *(["--wait"] if wait else []), stdin=lines)
