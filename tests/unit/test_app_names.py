"""Where the app of a record comes from."""

from __future__ import annotations

import time
from pathlib import PurePath

import pytest

from logctl.core.errors import UsageError
from logctl.core.formats.reading import Reading
from logctl.ops.send.app_names import AppNames, name_in_path


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/var/log/checkout.log", "checkout"),
        ("/var/log/checkout.log.1", "checkout"),
        ("/var/log/checkout.log-20261127.gz", "checkout"),
        ("/var/log/checkout-20261127.log", "checkout"),
        ("/var/log/checkout-2026-11-27.0.log", "checkout"),
        ("/var/log/postgresql/postgresql-2026-11-27_000000.log", "postgresql"),
        ("/opt/tomcat/logs/localhost_access_log.2026-11-27.txt", "localhost_access_log"),
        ("/inetpub/logs/W3SVC1/u_ex261127.log", "u_ex"),
        ("/var/log/worker-3.log", "worker"),
        ("/var/log/app1.log", "app1"),
        ("/var/log/my.app.log", "my.app"),
        ("/var/log/checkout/2026-11-27.log", "checkout"),
        ("/srv/checkout/logs/2026-11-27.log", "checkout"),
        ("/var/log/pods/shop_web-1_uid/web/0.log", "web"),
        (f"/var/log/containers/web-5d4f_shop_nginx-proxy-{'ab' * 32}.log", "nginx-proxy"),
        ("/var/log/syslog", "syslog"),
        ("app-11-27-2026-1.log", "app"),
        ("/1/2/3.log", ""),
        ("/", ""),
    ],
)
def test_the_name_in_a_path(path: str, name: str) -> None:
    assert name_in_path(PurePath(path)) == name


def test_names_in_hostile_paths_take_no_time() -> None:
    started = time.perf_counter()
    for name in ("1-" * 120, "2026-" * 50, ".1" * 120, "a" * 250, "20260131" * 30):
        name_in_path(PurePath("/" + name))
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("given", "path", "app"),
    [
        ("path", "/var/log/Checkout Service.log", "mapped"),
        ("path", "/var/log/Web.log", "web"),
        ("path:/var/log/containers/{app}_*.log", "/var/log/containers/web-1_shop_x.log", "web-1"),
        ("path:/srv/{app}/**/*.log", "/srv/pay/a/b/c.log", "pay"),
        ("path:{app}-*.log", "/any/where/pay-eu-1.log", "pay"),
        ("path:/srv/{app}/x.log", "/srv/a/b/x.log", ""),
        ("field", "/var/log/web.log", "web"),
    ],
)
def test_apps_of_paths(given: str, path: str, app: str) -> None:
    assert AppNames.of(given, {"Checkout Service": "mapped"}).of_path(path) == app


@pytest.mark.parametrize(
    ("given", "app"),
    [
        ("field", "web"),
        ("path", ""),
        ("field:kubernetes.container_name", "api"),
        ("field:labels.app", "shop-web"),
        ("field:pid", ""),
        ("field:none.at.all", ""),
        ("field:team", "mapped"),
    ],
)
def test_apps_of_records(given: str, app: str) -> None:
    reading = Reading(
        "x",
        app="Web",
        fields={
            "kubernetes": {"container_name": "api"},
            "labels.app": "Shop Web",
            "pid": 7,
            "team": "The Team",
        },
    )
    assert AppNames.of(given, {"The Team": "mapped"}).of_reading(reading) == app


@pytest.mark.parametrize(
    "text", ["", "file", "path:", "path:/var/log/*.log", "path:{app}{app}", "field:", "Path"]
)
def test_values_that_say_nothing_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="does not say where the app is named"):
        AppNames.of(text, {})


@pytest.mark.parametrize(
    ("text", "app"),
    [
        ('{"kubernetes":{"container_name":"api"},"log":"x"}', "api"),
        ('{"kubernetes":"x"}', ""),
        ('{"kubernetes":{"container_name":"api"}', ""),
        ("[1]", ""),
    ],
)
def test_a_field_of_the_object_around_a_line(text: str, app: str) -> None:
    names = AppNames.of("field:kubernetes.container_name", {})
    assert names.of_reading(Reading("x", fields={"container": "other"}), text) == app
