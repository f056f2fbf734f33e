"""Script injection: payloads in every part of a record go through the pipeline, and none of them runs."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.helpers.dashboard import Dashboard
from tests.helpers.web import Web, send

PAYLOADS = (
    "<script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<iframe src=javascript:parent.pwned=1>",
    "<a href=javascript:window.pwned=1 autofocus onfocus=window.pwned=1>x</a>",
    "javascript:window.pwned=1//",
    "<details open ontoggle=window.pwned=1>",
    "<input autofocus onfocus=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.pwned=1>",
    "<noscript><p title='</noscript><img src=x onerror=window.pwned=1>'>",
    '"><img src=x onerror=window.pwned=1>',
    "' onmouseover=window.pwned=1 x='",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "<style>@import'javascript:window.pwned=1';*{background:url(javascript:window.pwned=1)}</style>",
    "\u202e<b onclick=window.pwned=1>\u2028\x00\x1b]0;owned\x07",
    "<base href=//evil.example/><link rel=stylesheet href=//evil.example/x.css>",
)


def test_no_payload_runs_and_each_is_seen_as_text(dashboard: Dashboard, web: Web):
    assert len(PAYLOADS) >= 20
    asked: list[str] = []
    dashboard.page.on("request", lambda request: asked.append(request.url))
    records = [
        {"level": "ERROR", "message": f"{n:02d} {payload}", payload: payload, "__proto__": {"pwned": 1},
         "constructor": payload, "nested": {payload: [payload]}}
        for n, payload in enumerate(PAYLOADS)
    ]  # fmt: skip
    send(web, "hostile", *records)
    dashboard.look_at(app="hostile")
    expect(dashboard.rows).to_have_count(len(PAYLOADS))
    for n, said in enumerate(reversed(dashboard.messages())):
        assert said.startswith(f"{n:02d} ")
        assert not any(ord(character) < 32 or character in "\u202e\u2028" for character in said)
    assert f"00 {PAYLOADS[0]}" in dashboard.messages()
    for row in range(len(PAYLOADS)):
        dashboard.rows.nth(row).hover()
        dashboard.rows.nth(row).click()
        expect(dashboard["detail"]).to_contain_text("__proto__")
    dashboard["tab-alerts"].click()
    alerts = dashboard.page.locator("[data-key^='hostile#']")
    expect(alerts.first).to_be_visible()
    for details in alerts.locator("summary").all():
        details.click()
    dashboard["tab-health"].click()
    expect(dashboard["health-status"]).to_be_visible()
    dashboard.page.wait_for_timeout(500)  # time for a handler to fire
    assert dashboard.page.evaluate("[window.pwned, ({}).pwned, Object.prototype.pwned]") == [None, None, None]
    assert (
        dashboard.page.locator("main script, main iframe, main img, main style, main a, main video").count()
        == 0
    )
    assert {url.split("/")[2] for url in asked} == {web.endpoint.split("/")[2]}


def test_a_search_and_an_address_are_text_too(dashboard: Dashboard):
    dashboard.look_at(app="nobody")
    for payload in PAYLOADS[:6]:
        dashboard["search"].fill(payload)
        expect(dashboard.page.locator("#empty")).to_be_visible()
        dashboard.settle()
    assert dashboard.page.evaluate("window.pwned") is None
