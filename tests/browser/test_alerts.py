"""The views of alerts, silences and health."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.helpers.dashboard import Dashboard
from tests.helpers.web import Web, send


def test_an_open_alert_and_a_silence_are_seen(dashboard: Dashboard, web: Web):
    send(web, "alerting", *({"level": "ERROR", "message": f"disk {n} is full"} for n in range(25)))
    dashboard["tab-alerts"].click()
    alert = dashboard.page.locator("[data-testid=alert][data-key^='alerting#ERROR#']")
    # An alert is published after its events were stored and counted, and the page asks every ten seconds.
    expect(alert).to_contain_text("suppressed for", timeout=25_000)
    expect(alert).to_contain_text("disk <*> is full")
    numbers = dict(
        pair.split("\n") for pair in alert.locator("dl.numbers > div").all_inner_texts() if "\n" in pair
    )
    assert (numbers["counted"], numbers["reported"], numbers["suppressed"]) == ("25", "1", "24")
    key = alert.get_attribute("data-key")
    assert key
    web.cli.run("debounce", "silence", key, "--for", "2h", "--comment", "<b>we know</b>")
    silence = dashboard.page.locator(f"[data-testid=silence][data-target='{key}']")
    expect(silence).to_contain_text("<b>we know</b>", timeout=15_000)
    expect(alert).to_contain_text("silenced until")
    alert.locator("summary").click()
    expect(alert.locator("code").first).to_contain_text("logctl tail alerting --level ERROR")
    web.cli.run("debounce", "clear", key)
    expect(silence).to_be_hidden(timeout=15_000)


def test_health_says_how_it_is_and_when_each_app_was_heard(dashboard: Dashboard, web: Web):
    send(web, "heard", "hello")
    dashboard["tab-health"].click()
    expect(dashboard["health-status"]).to_have_text("Everything works.")
    row = dashboard.page.get_by_role("row", name="heard")
    expect(row).to_contain_text(re.compile(r"\d\d:\d\d:\d\d.*\d+s ago"))
