"""One frozen value from flags, variables and file."""

import pytest

from logctl.core.errors import UsageError
from logctl.core.names import Names, Place
from logctl.core.settings import Settings, Subscription
from logctl.core.times import DAY, MINUTE


def test_flag_before_variable_before_file_before_default():
    layers = [
        ("command line", {"alert_window": "1m"}),
        ("environment", {"alert_window": "10m", "hot_retention": "3d"}),
        ("logctl.toml", {"alert_window": "5m", "hot_retention": "4d", "env": "prod"}),
    ]
    settings = Settings.build(*layers)
    assert (settings.alert_window, settings.hot_retention, settings.env) == (MINUTE, 3 * DAY, "prod")
    assert Settings.build(*layers[1:]).alert_window == 10 * MINUTE
    assert Settings.build().alert_window == 15 * MINUTE


@pytest.mark.proves("B54")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("target", "moon"), ("env", "A_B"), ("env", "x" * 15), ("env", "a-"), ("prefix", "9x"),
        ("region", "mars-1"), ("hot_retention", "5m"), ("hot_retention", 48), ("cold_retention", "36h"),
        ("quarantine_retention", "0d"), ("alert_level", "LOUD"), ("alert_window", "1s"),
        ("alert_window", "forever"), ("late_after", "1s"), ("subscriptions", "http://plain.example"),
        ("subscriptions", ["nobody"]), ("subscriptions", 5), ("scan_limit", "1MB"), ("scan_limit", "lots"),
        ("scan_limit", True),
    ],
)  # fmt: skip
def test_a_bad_value_is_one_sentence_with_key_and_origin(key, value):
    with pytest.raises(UsageError) as refused:
        Settings.build(("logctl.toml", {key: value}))
    assert refused.value.message.startswith(f"logctl.toml: {key}: ")
    assert "\n" not in refused.value.message
    assert refused.value.exit_code == 2


def test_an_unknown_key_is_an_error_with_a_suggestion():
    with pytest.raises(UsageError) as refused:
        Settings.build(("logctl.toml", {"alert_windw": "1m"}))
    assert refused.value.hint == "Did you mean alert_window?"


def test_subscriptions_by_their_form():
    settings = Settings.build(
        ("f", {"subscriptions": "a@b.example, https://x.example/hook,arn:aws:sqs:eu-west-1:123456789012:q"})
    )
    assert [item.protocol for item in settings.subscriptions] == ["email", "https", "sqs"]
    assert settings.subscriptions[0] == Subscription("email", "a@b.example")


def test_the_longest_names_fit_their_services():
    names = Names("p" * 12, "e" * 14)
    region = "ap-northeast-1"
    assert len(names.bucket(Place("1" * 12, region))) <= 63
    assert len(names.deploy_bucket(Place("1" * 12, region))) <= 63
    assert len(names.dead_letter_queue) <= 80
    assert len(names.consumer) <= 64
