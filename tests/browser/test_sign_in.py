"""Signing in and out, sessions that end, and permissions that change."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.helpers.dashboard import Dashboard, open_dashboard, sign_in
from tests.helpers.web import Web, send

TOKENS = "JSON.parse(sessionStorage.getItem('logctl.tokens'))"


def test_a_person_signs_in_with_name_and_password_and_comes_back_to_their_view(page: Page, web: Web):
    send(web, "sign-in", "hello")
    sign_in(page, web, *web.user("dora", "sign-in"), view="#app=sign-in&since=1h&level=INFO")
    dashboard = Dashboard(page, web)
    expect(dashboard.rows).to_have_count(1)
    expect(dashboard["user"]).to_have_text("dora")
    assert page.url == web.url + "#app=sign-in&since=1h&level=INFO"
    assert "code=" not in page.evaluate("location.href")
    # Tokens are stored for this tab only.
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
    expect(page.get_by_test_id("notice")).to_contain_text("not started in this tab")


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


def renew(page: Page) -> None:
    """Make the token expire, so that the page renews it with its next request."""
    before = page.evaluate(f"{TOKENS}.access")
    page.evaluate(
        f"() => {{ const t = {TOKENS}; t.until = Date.now() - 1;"
        " sessionStorage.setItem('logctl.tokens', JSON.stringify(t)); }"
    )
    page.wait_for_function(f"before => {TOKENS}.access !== before", arg=before)


def polled(page: Page, path: str, status: int = 200) -> None:
    """Wait for the answer to a request that is sent from now on."""
    with page.expect_response(lambda reply: f"/{path}" in reply.url and reply.status == status):
        pass


def test_after_a_renewal_everything_goes_on(page: Page, web: Web):
    name, password = web.user("rene", "renewed", "renewed-too")
    sign_in(page, web, name, password, view="#app=renewed")
    dashboard = Dashboard(page, web)
    expect(dashboard["live-state"]).to_have_text("live")
    with page.expect_response(lambda reply: reply.url.endswith("/session")) as asked:
        renew(page)
    assert asked.value.json()["apps"] == ["renewed", "renewed-too"]
    for number in range(3):  # the first answer may belong to a request from before the renewal
        polled(page, "logs/live")
        send(web, "renewed", f"after the renewal {number}")
        expect(dashboard.rows).to_have_count(number + 1)
    expect(dashboard["live-state"]).to_have_text("live")
    expect(dashboard["notice"]).to_be_hidden()
    page.reload()
    expect(dashboard.rows).to_have_count(3)


def test_nobody_takes_no_permission_for_no_data(page: Page, web: Web):
    send(web, "somebodys", "not for everybody")
    name, password = web.user("nora", "somebodys")
    leave(web, name, "somebodys")
    sign_in(page, web, name, password)
    dashboard = Dashboard(page, web)
    no_access_is_told(dashboard)
    # Nor with a link to a view: an empty view would look as if there were no records.
    for view in ("#tab=alerts", "#tab=health", "#app=somebodys&since=24h"):
        page.goto("about:blank")
        page.goto(web.url + view)
        no_access_is_told(dashboard)
    # After a group was added, the button is enough.
    web.cli.deployment.aws.cognito.admin_add_user_to_group(
        UserPoolId=web.pool, Username=name, GroupName="app:somebodys"
    )
    dashboard["look-again"].click()
    expect(dashboard.rows).to_have_count(1)
    expect(dashboard["no-access"]).to_be_hidden()


def test_who_loses_all_groups_is_told_with_the_next_token(page: Page, web: Web):
    send(web, "once-mine", "read in time")
    name, password = web.user("lena", "once-mine")
    sign_in(page, web, name, password)
    dashboard = Dashboard(page, web)
    expect(dashboard.rows).to_have_count(1)
    leave(web, name, "once-mine")
    renew(page)
    no_access_is_told(dashboard)
    assert "read in time" not in page.content()
    page.wait_for_timeout(1_500)  # longer than the interval between polls
    no_access_is_told(dashboard)


def test_who_loses_one_group_sees_the_others(page: Page, web: Web):
    send(web, "kept", "still mine")
    send(web, "lost", "no longer mine")
    name, password = web.user("olga", "kept", "lost")
    sign_in(page, web, name, password)
    dashboard = Dashboard(page, web)
    expect(dashboard.rows).to_have_count(2)
    leave(web, name, "lost")
    renew(page)
    expect(dashboard["notice"]).to_have_text("What you may read has changed: kept")
    expect(dashboard.rows).to_have_count(1)
    assert dashboard.messages() == ["still mine"]


def leave(web: Web, name: str, app: str) -> None:
    web.cli.deployment.aws.cognito.admin_remove_user_from_group(
        UserPoolId=web.pool, Username=name, GroupName=f"app:{app}"
    )


def no_access_is_told(dashboard: Dashboard) -> None:
    expect(dashboard["no-access"]).to_be_visible()
    expect(dashboard["no-access"]).to_contain_text("You may read no app")
    for testid in ("log", "live-state", "tab-logs", "tab-alerts", "app-picker"):
        expect(dashboard[testid]).to_be_hidden()
    for text in ("has sent yet", "No alert", "Nothing from", "Nothing is silenced"):
        for place in dashboard.page.get_by_text(text).all():
            expect(place).to_be_hidden()
    expect(dashboard["sign-out"]).to_be_visible()


def test_an_expired_token_that_cannot_be_renewed_ends_the_session(dashboard: Dashboard):
    # tests/sandbox/test_api.py tests expired tokens; this one is forged, which the authorizer refuses likewise.
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
    expect(dashboard["live-state"]).to_have_text("not allowed")
    expect(dashboard["empty"]).to_contain_text("You may not read theirs-b")
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
