"""Who gets in, who doesn't, and what is left when they leave."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.dashboard import Dashboard, open_dashboard, send, sign_in
from tests.sandbox.web import Web

TOKENS = "JSON.parse(sessionStorage.getItem('logctl.tokens'))"


def test_a_person_signs_in_with_name_and_password_and_comes_back_to_their_view(page: Page, web: Web):
    send(web, "sign-in", "hello")
    name, password = web.user("dora", "sign-in")
    page.goto(web.url + "#app=sign-in&since=1h&level=INFO")
    page.get_by_test_id("sign-in").click()
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)
    page.locator("button[type=submit]").click()
    dashboard = Dashboard(page, web)
    expect(dashboard.rows).to_have_count(1)
    expect(dashboard["user"]).to_have_text("dora")
    assert page.url == web.url + "#app=sign-in&since=1h&level=INFO"
    assert "code=" not in page.evaluate("location.href")
    # Tokens are this tab's and nobody else's.
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("Object.values(localStorage).join()") == ""
    dashboard["sign-out"].click()
    page.wait_for_url(web.url + "**")
    page.goto(web.url)
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    assert page.evaluate("sessionStorage.getItem('logctl.tokens')") is None


def test_a_wrong_password_gets_nobody_in(page: Page, web: Web):
    name, _ = web.user("erik", "sign-in")
    sign_in(page, web, name, "Wrong-pass-word-123")
    expect(page.locator(".error")).to_be_visible()
    page.goto(web.url)
    expect(page.get_by_test_id("sign-in")).to_be_visible()
    expect(page.get_by_test_id("row")).to_have_count(0)


def test_a_denied_sign_in_is_told_in_a_sentence_that_is_only_text(page: Page, web: Web):
    page.goto(web.url + "?error=access_denied&error_description=%3Cimg%20src=x%20onerror=alert(1)%3E")
    expect(page.get_by_test_id("notice")).to_contain_text("Signing in failed: <img src=x")
    assert page.url == web.url
    page.goto(web.url + "?code=stolen&state=theirs")
    expect(page.get_by_test_id("notice")).to_contain_text("not begun here")


def test_a_one_time_link_works_once(page: Page, web: Web):
    link = web.cli.run("dashboard", "open", "--no-browser").out.strip()
    page.goto(link)
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    assert "verifier" not in page.url and "code" not in page.url
    again = page.context.browser.new_page()  # type: ignore[union-attr]
    again.goto(link)
    expect(again.get_by_test_id("notice")).to_contain_text("logctl dashboard open")
    expect(again.get_by_test_id("row")).to_have_count(0)
    again.close()


def test_an_expired_token_is_renewed_without_a_word(dashboard: Dashboard):
    before = dashboard.page.evaluate(f"{TOKENS}.access")
    dashboard.page.evaluate(
        f"() => {{ const t = {TOKENS}; t.until = Date.now() - 1;"
        " sessionStorage.setItem('logctl.tokens', JSON.stringify(t)); }"
    )
    dashboard.page.wait_for_function(f"before => {TOKENS}.access !== before", arg=before)
    expect(dashboard["live-state"]).to_have_text("live")


def test_an_expired_token_that_cannot_be_renewed_ends_the_session(dashboard: Dashboard):
    # What an expired token gets from the authorizer is in tests/sandbox/test_api.py; here it is a forged one.
    dashboard.page.evaluate(
        "() => sessionStorage.setItem('logctl.tokens', JSON.stringify("
        "{ access: 'a.b.c', refresh: 'no', until: Date.now() + 1e6 }))"
    )
    expect(dashboard["notice"]).to_have_text("Your session has ended. Sign in again.")
    expect(dashboard["sign-in"]).to_be_visible()
    expect(dashboard["log"]).to_be_hidden()


def test_somebody_reads_their_own_app_and_no_other(page: Page, web: Web):
    send(web, "mine-a", "what A may see")
    send(web, "theirs-b", "what only B may see")
    page.goto(web.url)
    sign_in(page, web, *web.user("anna", "mine-a"))
    dashboard = Dashboard(page, web)
    expect(dashboard.rows).to_have_count(1)
    assert dashboard.messages() == ["what A may see"]
    dashboard["app-picker"].click()
    expect(dashboard["app-option"]).to_have_count(1)
    with page.expect_response(lambda reply: "/logs?" in reply.url) as asked:
        page.evaluate("() => { location.hash = 'app=theirs-b'; }")
    assert asked.value.status == 403
    expect(dashboard["notice"]).to_contain_text("theirs-b")
    expect(dashboard.rows).to_have_count(0)
    assert "only B" not in page.content()


def test_two_tabs_of_one_browser_are_two_sessions(page: Page, web: Web):
    open_dashboard(page, web)
    other = page.context.new_page()
    other.goto(web.url)
    expect(other.get_by_test_id("sign-in")).to_be_visible()


def test_the_page_asks_no_other_host_and_allows_no_foreign_script(page: Page, web: Web):
    asked: set[str] = set()
    page.on("request", lambda request: asked.add("/".join(request.url.split("/")[:3])))
    reply = page.goto(web.cli.run("dashboard", "open", "--no-browser").out.strip())
    assert reply is not None
    expect(page.get_by_test_id("sign-out")).to_be_visible()
    assert asked == {web.endpoint}
    policy = dict(part.strip().split(" ", 1) for part in reply.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    ran = page.evaluate(
        """() => { window.ran = 0; const s = document.createElement('script');
            s.textContent = 'window.ran = 1'; document.body.append(s); return window.ran; }"""
    )
    assert ran == 0
    assert json.loads(page.locator('meta[name="logctl-config"]').get_attribute("content") or "")["client_id"]
