"""The elements of the dashboard that the tests read and use."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.helpers.web import Web


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
        """Return the messages of the visible rows, from the top."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll('[data-testid=row]')]
                .sort((a, b) => a.ariaPosInSet - b.ariaPosInSet)
                .map((row) => row.querySelector('[data-testid=row-message]').textContent)"""
        )
        return found

    def look_at(self, **view: str) -> None:
        """Open a view by its address, and wait for the API's answer."""
        fragment = "&".join(f"{name}={value}" for name, value in view.items())
        with self.page.expect_response(lambda reply: "/logs?" in reply.url):
            self.page.evaluate("fragment => { location.hash = fragment; }", fragment)
        self.settle()

    def settle(self) -> None:
        expect(self["live-state"]).not_to_have_text("loading…")


def open_dashboard(page: Page, web: Web) -> Dashboard:
    page.goto(web.cli.run("dashboard", "open", "--no-browser").out.strip())
    dashboard = Dashboard(page, web)
    expect(dashboard["sign-out"]).to_be_visible()
    dashboard.settle()
    return dashboard


def sign_in(page: Page, web: Web, name: str, password: str, *, view: str = "") -> None:
    """Sign in as a user does: with the page's button and the form of the sign-in service."""
    page.goto(web.url + view)
    page.get_by_test_id("sign-in").click()
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)
    page.locator("button[type=submit]").click()
