"""Our own rules for cfn-lint: the template breaks none, and each finds what is planted for it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cfnlint.rules import CloudFormationLintRule
from cfnlint.template import Template

from logctl.aws.place import Place
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import bootstrap_template, build_template, to_yaml
from tests.template_rules import access, queues

RULES = Path(__file__).parents[1] / "template_rules"
HERE = Place("123456789012", "eu-central-1")
CODE = Code("deploy-bucket", "code/x.zip", "python3.13", "arm64")
MODULES = {access.__name__, queues.__name__}


def rules() -> dict[str, CloudFormationLintRule]:
    found = [item for module in (access, queues) for item in vars(module).values() if isinstance(item, type)]
    made = [
        item() for item in found if issubclass(item, CloudFormationLintRule) and item.__module__ in MODULES
    ]
    return {rule.id: rule for rule in made}


def template(**settings: Any) -> dict[str, Any]:
    return build_template(Settings.build(("test", settings)), code=CODE, place=HERE)


def broken(made: dict[str, Any]) -> dict[str, list[str]]:
    """What each rule says, by its id."""
    cfn = Template("template.yaml", made, ["eu-central-1"])
    said = {name: [match.message for match in rule.match(cfn)] for name, rule in rules().items()}
    return {name: messages for name, messages in said.items() if messages}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"compact_after": "2d", "subscriptions": "a@example.com"},
        {"oidc_issuer": "https://id.example", "oidc_audience": "logs", "cors_origins": ["https://a.example"]},
    ],
)
def test_the_template_breaks_no_rule(settings):
    assert broken(template(**settings)) == {}
    assert broken(bootstrap_template(Settings.build(("test", settings)), HERE)) == {}


def without(path: str) -> Callable[[dict[str, Any]], None]:
    """Takes a property, or a resource, away."""
    *above, last = path.split(".")

    def plant(resources: dict[str, Any]) -> None:
        holder = resources
        for key in above:
            holder = holder[key]
        del holder[last]

    return plant


def setting(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    *above, last = path.split(".")

    def plant(resources: dict[str, Any]) -> None:
        holder = resources
        for key in above:
            holder = holder[key]
        holder[last] = value

    return plant


PLANTED: dict[str, list[tuple[Callable[[dict[str, Any]], None], str]]] = {
    "E9101": [
        (without("ConsumerSource.Properties.FunctionResponseTypes"), "partial batch"),
        (setting("ConsumerSource.Properties.BatchSize", 100), "more than 10"),
    ],
    "E9102": [
        (setting("Queue.Properties.VisibilityTimeout", 359), "less than 360 s"),
        (setting("Consumer.Properties.Timeout", 61), "less than 366 s"),
    ],
    "E9103": [
        (without("Queue.Properties.RedrivePolicy"), "no dead-letter queue"),
        (setting("Queue.Properties.RedrivePolicy.maxReceiveCount", 2), "before 5 tries"),
        (setting("DeadLetterQueue.Properties.FifoQueue", False), "not FIFO"),
        (setting("DeadLetterQueue.Properties.MessageRetentionPeriod", 86_400), "14 days"),
        (without("DeadLetterQueue.Properties.RedriveAllowPolicy"), "any queue"),
    ],
    "E9104": [
        (without("DeadLettersAlarm"), "no alarm watches DeadLetterQueue"),
        (setting("DeadLettersAlarm.Properties.MetricName", "NumberOfMessagesSent"), "no alarm"),
        (without("DeadLettersAlarm.Properties.AlarmActions"), "no alarm"),
    ],
    "E9105": [
        (setting("Queue.Properties.ContentBasedDeduplication", True), "by content"),
        (without("DeadLetterQueue.Properties.ContentBasedDeduplication"), "by content"),
    ],
    "E9111": [
        (without("BucketPolicy"), "Bucket can be reached"),
        (without("TopicPolicy"), "Topic can be reached"),
        (without("QueuePolicy"), "Queue can be reached"),
        (setting("BucketPolicy.Properties.PolicyDocument.Statement", []), "Bucket can be reached"),
    ],
    "E9112": [
        (setting("RouteLogs.Properties.AuthorizationType", "NONE"), "no token for GET /logs"),
        (without("RouteLogs.Properties.AuthorizerId"), "no token for GET /logs"),
        (setting("RoutePage.Properties.RouteKey", "$default"), "whatever is asked"),
    ],
    "E9113": [(setting("HttpApi.Properties.CorsConfiguration", {"AllowOrigins": ["*"]}), "any site")],
    "E9114": [
        (without("HotTable.Properties.TimeToLiveSpecification"), "HotTable never expire"),
        (setting("HotTable.Properties.TimeToLiveSpecification.Enabled", False), "HotTable never expire"),
    ],
}


@pytest.mark.parametrize(
    ("rule", "plant", "says"), [(rule, plant, says) for rule, some in PLANTED.items() for plant, says in some]
)
def test_a_planted_violation_is_found_by_its_rule_alone(rule, plant, says):
    made = template()
    plant(made["Resources"])
    assert set(broken(made)) == {rule}
    assert says in " ".join(broken(made)[rule])


def test_every_rule_has_a_planted_violation():
    assert set(rules()) == set(PLANTED)


@pytest.mark.slow
def test_cfn_lint_takes_the_rules(tmp_path):
    made = template()
    made["Resources"]["Queue"]["Properties"]["ContentBasedDeduplication"] = True
    (tmp_path / "template.yaml").write_text(to_yaml(made))
    lint = [
        Path(sys.executable).parent / "cfn-lint",
        "--append-rules",
        RULES,
        "--",
        tmp_path / "template.yaml",
    ]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    assert "E9105 Queue deduplicates by content" in done.stdout, done.stdout + done.stderr
