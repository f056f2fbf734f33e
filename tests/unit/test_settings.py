"""One frozen value from flags, variables and file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest
import typer

from logctl.aws.place import Place
from logctl.cli.context import CommandContext
from logctl.cli.setting_options import with_setting_options
from logctl.core.errors import UsageError
from logctl.core.times import DAY, MINUTE
from logctl.pipeline.config import (
    ApiConfig,
    CompactorConfig,
    FunctionConfig,
    Milliseconds,
    PipelineConfig,
)
from logctl.stack.names import Names
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.setting_parsers import Subscription
from logctl.stack.settings import Declaration, Settings, declarations
from logctl.stack.template import build_template


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


# For each setting three values: as a flag or a variable brings it, twice, and as TOML.
VALUES: dict[str, tuple[str, str, str]] = {
    "target": ("local", "aws", '"local"'),
    "env": ("one", "two", '"three"'),
    "prefix": ("one", "two", '"three"'),
    "region": ("eu-west-1", "us-east-1", '"eu-central-1"'),
    "profile": ("one", "two", '"three"'),
    "timezone": ("Asia/Kolkata", "-03:30", '"Europe/Berlin"'),
    "hot_retention": ("1d", "3d", '"4d"'),
    "cold_retention": ("10d", "20d", '"30d"'),
    "quarantine_retention": ("10d", "20d", '"30d"'),
    "alert_level": ("WARN", "FATAL", '"INFO"'),
    "alert_window": ("1m", "10m", '"5m"'),
    "shards": ("2", "auto", "8"),
    "late_after": ("2h", "3h", '"4h"'),
    "subscriptions": ("a@b.example", "c@d.example,https://e.example/", '["f@g.example"]'),
    "redact": ("cards", "pem,cards", '["all"]'),
    "scan_limit": ("1GB", "2GB", '"3GB"'),
    "compact_after": ("2d", "off", '"3d"'),
    "oidc_issuer": ("https://one.example", "https://two.example", '"https://three.example"'),
    "oidc_audience": ("one", "two", '"three"'),
    "oidc_client_id": ("one", "two", '"three"'),
    "groups_claim": ("one", "two", '"three"'),
    "machine_apps": ("one", "two,web-*", '["three"]'),
    "cors_origins": ("https://one.example", "https://two.example", '["https://three.example"]'),
    "api_rate": ("5", "6", "7"),
    "api_burst": ("5", "6", "7"),
    "hot_rows": ("full", "index", '"full"'),
    "arrival_lanes": ("2", "4", "8"),
    "api_timeout": ("5s", "6s", '"7s"'),
    "api_concurrency": ("auto", "off", "7"),
}


def test_the_levels_are_tried_for_every_setting():
    # These are tables of the file: nothing else can hold them.
    settings = declarations().keys() - {"queries", "apps", "formats", "sources"}
    assert set(VALUES) == settings, f"VALUES needs three values of {', '.join(settings - set(VALUES))}"


@pytest.mark.parametrize("name", declarations())
def test_every_setting_has_a_default_or_an_example_to_show(name):
    setting = declarations()[name]
    shown = setting.default if setting.has_default else setting.example
    assert setting.has_default != bool(setting.example)
    assert setting.parse(shown) is not None
    if setting.has_default:
        assert setting.parse(shown) == getattr(Settings(), name)


def test_the_table_in_the_readme_is_made_of_the_declarations():
    def shown(setting: Declaration) -> str:
        if not setting.has_default:
            return "none"
        default = setting.default
        return f"`{','.join(default) if isinstance(default, list) else default}`"

    rows = ["| setting | default | meaning |", "|---|---|---|"]
    rows += [f"| `{name}` | {shown(item)} | {item.about} |" for name, item in declarations().items()]
    table = "\n".join(rows)
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    assert f"\n\n{table}\n\n" in readme, f"README.md needs this table:\n{table}"


def test_an_option_is_made_of_each_declaration_that_names_one():
    declared = {name: item.option for name, item in declarations().items() if item.option}
    given: dict[str, Any] = {}
    app = typer.Typer()
    app.command()(with_setting_options(lambda **chosen: given.update(chosen)))
    app(
        [word for name, option in declared.items() for word in (option, VALUES[name][0])],
        standalone_mode=False,
    )
    values = {name: VALUES[name][0] for name in declared}
    assert Settings.build(("test", given)) == Settings.build(("test", values)) != Settings()
    app([], standalone_mode=False)
    assert given == dict.fromkeys(declared)


CONFIGURED = [
    (config, item.name)
    for config in (PipelineConfig, CompactorConfig, ApiConfig)
    for item in fields(config)
    if item.name in declarations()
]
# The fields that the first version had. A later one needs a default: code is updated before its variables.
ALWAYS_THERE = {
    (PipelineConfig, "hot_retention"), (PipelineConfig, "cold_retention"), (PipelineConfig, "alert_level"),
    (PipelineConfig, "alert_window"), (PipelineConfig, "late_after"), (CompactorConfig, "compact_after"),
    (ApiConfig, "hot_retention"), (ApiConfig, "alert_window"), (ApiConfig, "groups_claim"),
}  # fmt: skip
RESOLVED_BY_THE_STACK = {(ApiConfig, "groups_claim")}


def test_a_field_for_a_new_setting_has_a_default():
    required = {(config, name) for config, name in CONFIGURED if name in config._required()}
    assert required - ALWAYS_THERE == set(), "give the field a default: code is updated before its variables"


def test_a_field_that_is_no_setting_and_that_the_stack_does_not_know_is_refused():
    known = {item.name: "x" for item in fields(CompactorConfig) if item.name not in declarations()}
    known.pop("view")
    with pytest.raises(TypeError, match=r"CompactorConfig\.view is neither a setting nor known to the stack"):
        CompactorConfig.to_env(Settings(), **known)

    @dataclass(frozen=True)
    class Misspelt(FunctionConfig):
        hot_retentoin: Milliseconds = 1

    with pytest.raises(TypeError, match="hot_retentoin is neither"):
        Misspelt.to_env(Settings())


@pytest.mark.parametrize(("config", "name"), CONFIGURED)
def test_a_function_reads_the_value_of_each_setting_that_it_has_a_field_for(config, name):
    chosen = _only(name, VALUES[name][0])
    known = {item.name: f"the {item.name}" for item in fields(config) if item.name not in declarations()}
    if (config, name) in RESOLVED_BY_THE_STACK:
        known[name] = VALUES[name][0]
    assert getattr(config.from_env(config.to_env(chosen, **known)), name) == getattr(chosen, name)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({}, "CompactorConfig.bucket is neither a setting nor known to the stack"),
        ({"buckte": "x"}, "CompactorConfig has no field buckte"),
    ],
)
def test_a_field_that_nobody_gives_a_value_is_reported(known, message):
    with pytest.raises(TypeError, match=message):
        CompactorConfig.to_env(Settings(), **known)


@pytest.mark.parametrize("name", VALUES)
def test_every_setting_is_taken_from_flag_variable_file_default_in_this_order(name, tmp_path):
    flag, variable, toml = VALUES[name]
    (tmp_path / "logctl.toml").write_text(f"{name} = {toml}\n" + _with_audience(name))

    def value(
        *, flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, file: bool
    ) -> Any:
        config = str(tmp_path / "logctl.toml") if file else None
        return getattr(CommandContext(flags or {}, config, environ or {}).settings, name)

    flags, environ = {name: flag}, {f"LOGCTL_{name.upper()}": variable}
    at_each_level = [
        value(flags=flags, environ=environ, file=True),
        value(environ=environ, file=True),
        value(file=True),
    ]
    expected = [getattr(_only(name, text), name) for text in (flag, variable, _untoml(toml))]
    assert at_each_level == expected
    assert getattr(CommandContext({}, None, {}).settings, name) == getattr(Settings(), name)


def _with_audience(name: str) -> str:
    return 'oidc_audience = "x"\n' if name == "oidc_issuer" else ""


def _untoml(text: str) -> Any:
    import tomllib

    return tomllib.loads(f"value = {text}")["value"]


def _only(name: str, value: Any) -> Settings:
    more = {"oidc_audience": "x"} if name == "oidc_issuer" else {}
    return Settings.build(("test", {name: value, **more}))


@pytest.mark.proves("B54")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("target", "moon"), ("env", "A_B"), ("env", "x" * 15), ("env", "a-"), ("env", "a-bootstrap"), ("prefix", "9x"),
        ("region", "mars-1"), ("timezone", "Europe/Berln"), ("timezone", "+15:00"), ("timezone", "../etc/passwd"),
        ("timezone", 1), ("timezone", ""), ("timezone", "America"), ("hot_retention", "5m"), ("hot_retention", 48), ("cold_retention", "36h"),
        ("quarantine_retention", "0d"), ("alert_level", "LOUD"), ("alert_window", "1s"),
        ("alert_window", "forever"), ("late_after", "1s"), ("subscriptions", "http://plain.example"),
        ("subscriptions", ["nobody"]), ("subscriptions", 5), ("scan_limit", "1MB"), ("scan_limit", "lots"),
        ("scan_limit", True),
        ("api_rate", 0), ("api_rate", "1e3"), ("api_rate", True), ("api_rate", 1.5), ("api_rate", "٣"),
        ("api_burst", -1), ("api_burst", "many"), ("api_timeout", "30s"), ("api_timeout", "1s"),
        ("api_timeout", 10), ("api_concurrency", "some"), ("api_concurrency", -1), ("api_concurrency", 0),
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
    limits = {
        "QueueName": 80,
        "FunctionName": 64,
        "TopicName": 256,
        "TableName": 255,
        "AlarmName": 255,
        "UserPoolName": 128,
    }
    settings = Settings.build(("test", {"prefix": names.prefix, "env": names.env, "compact_after": "1d"}))
    template = build_template(settings, code=Code("b", "k", "r", "a"), place=Place("1" * 12, region))
    named = [
        (key, name)
        for resource in template["Resources"].values()
        for key, name in resource["Properties"].items()
        if key in limits
    ]
    assert {key for key, _ in named} == limits.keys()
    assert [(key, name) for key, name in named if len(name) > limits[key]] == []


def test_app_names_are_a_table_of_app_ids():
    parse = declarations()["apps"].parse
    assert parse({"Checkout Service": "checkout"}) == (("Checkout Service", "checkout"),)
    with pytest.raises(ValueError, match="cannot name an app"):
        parse({"Checkout Service": "Checkout Service"})
    with pytest.raises(ValueError, match="must be a table"):
        parse("checkout")
