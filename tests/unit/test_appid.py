"""App ids that are made of the names of services, containers and units."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.appid import appid_from, is_appid


@pytest.mark.parametrize(
    ("name", "app"),
    [
        ("checkout", "checkout"),
        ("my_app-2", "my_app-2"),
        ("Checkout Service", "checkout-service"),
        ("com.example.Orders", "com-example-orders"),
        ("/web-1", "web-1"),
        ("nginx.service", "nginx"),
        ("getty@tty1.service", "getty-tty1"),
        ("session-4.scope", "session-4"),
        ("registry.example.com:5000/team/api", "registry-example-com-5000-team-api"),
        ("Café", "cafe"),
        ("  spaces  ", "spaces"),
        ("a -- b", "a-b"),
        ("__init__", "init"),
        ("", ""),
        ("...", ""),
        ("ログ", ""),
        ("service", "service"),
    ],
)
def test_a_name_becomes_an_app_id(name: str, app: str) -> None:
    assert appid_from(name) == app


def test_names_that_lose_letters_stay_different() -> None:
    long = ["payments-" * 10 + end for end in ("blue", "green")]
    foreign = ["logs-日本", "logs-中国"]
    apps = [appid_from(name) for name in (*long, *foreign)]
    assert len(set(apps)) == 4
    assert all(is_appid(app) for app in apps)
    assert apps[2].startswith("logs-")


def test_a_mapping_goes_first() -> None:
    mapping = {"Checkout Service": "checkout", "api": "public-api"}
    assert appid_from("Checkout Service", mapping) == "checkout"
    assert appid_from("api", mapping) == "public-api"
    assert appid_from("other", mapping) == "other"


@given(st.text() | st.text(alphabet="aB-_. é日\ud800", max_size=200))
def test_every_name_gives_an_app_id_or_nothing(name: str) -> None:
    app = appid_from(name)
    assert app == "" or is_appid(app)
    assert appid_from(app) == app
