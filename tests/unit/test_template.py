"""The template under judges: cfn-lint, and the rules that no linter knows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from logctl.aws.place import Place
from logctl.core.attempts import MAX_STRIKES
from logctl.core.errors import UsageError
from logctl.pipeline.config import MAX_RECEIVES, ApiConfig, PipelineConfig
from logctl.pipeline.http.routes import ROUTES
from logctl.stack.iam import policies
from logctl.stack.names import Names
from logctl.stack.resources.lambda_functions import CONSUMER_TIMEOUT
from logctl.stack.settings import Settings
from logctl.stack.template import INLINE_LIMIT, bootstrap_template, build_template, to_json, to_yaml
from tests.helpers.template import CODE, HERE, VARIANTS, of_type, statements, template


@pytest.mark.slow
def test_cfn_lint_has_nothing_to_say(tmp_path):
    made = {
        "anywhere": build_template(Settings(), code=CODE),
        "bootstrap": bootstrap_template(Settings(), HERE),
        **{name: template(**settings) for name, settings in VARIANTS.items()},
    }
    for name, template_ in made.items():
        (tmp_path / f"{name}.yaml").write_text(to_yaml(template_))
    lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run(
        [lint, *map(str, tmp_path.glob("*.yaml"))], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_the_same_settings_make_the_same_template_and_yaml_says_the_same():
    assert to_json(template()) == to_json(template())
    assert yaml.safe_load(to_yaml(template())) == template()
    assert len(to_json(template()).encode()) < INLINE_LIMIT


def test_everything_carries_prefix_and_environment():
    text = to_json(template(prefix="acme", env="prod"))
    assert "logctl-dev" not in text
    assert "logctl_dev" not in text


@pytest.mark.proves("F22")
def test_queues():
    queues = of_type("AWS::SQS::Queue")
    for queue in queues.values():
        assert queue["FifoQueue"] is True
        assert queue["ContentBasedDeduplication"] is False
        assert (queue["DeduplicationScope"], queue["FifoThroughputLimit"]) == (
            "messageGroup",
            "perMessageGroupId",
        )
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == 14 * 86_400
    assert queues["Queue"]["VisibilityTimeout"] >= 6 * CONSUMER_TIMEOUT
    assert queues["Queue"]["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES
    # SQS allows 1 to 1,000; it is the last resort, far above the consumer's own decision.
    assert 100 * MAX_STRIKES < MAX_RECEIVES <= 1_000
    assert queues["DeadLetterQueue"]["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"


@pytest.mark.proves("F9")
def test_the_event_source_reports_partial_failures():
    (source,) = of_type("AWS::Lambda::EventSourceMapping").values()
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] <= 10
    assert "MaximumBatchingWindowInSeconds" not in source


def test_the_bucket_is_private_encrypted_versioned_and_kept():
    resource = template()["Resources"]["Bucket"]
    bucket = resource["Properties"]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"]["Status"] == "Enabled"
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert bucket["BucketName"] == "logctl-dev-logs-123456789012-eu-central-1"


def lifecycle(**settings: Any) -> dict[str, dict[str, Any]]:
    rules = of_type("AWS::S3::Bucket", **settings)["Bucket"]["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in rules}


def test_lifecycle_follows_the_retention():
    rules = lifecycle(cold_retention="400d", quarantine_retention="10d")
    assert rules["logs"]["ExpirationInDays"] == 400
    assert [t["StorageClass"] for t in rules["logs"]["Transitions"]] == ["STANDARD_IA", "GLACIER_IR"]
    assert rules["quarantine"]["ExpirationInDays"] == 10
    assert rules["housekeeping"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "Transitions" not in lifecycle(cold_retention="30d")["logs"]


def test_tables_expire_rows_and_are_kept():
    resources = template()["Resources"]
    for name in ("HotTable", "AlertsTable"):
        assert resources[name]["DeletionPolicy"] == "Retain"
        properties = resources[name]["Properties"]
        assert properties["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
        assert properties["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_nobody_gets_in_without_tls():
    resources = template()["Resources"]
    for name in ("BucketPolicy", "QueuePolicy", "DeadLetterQueuePolicy", "TopicPolicy"):
        statement = resources[name]["Properties"]["PolicyDocument"]["Statement"][0]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(resources["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Resource"]) == 2


def test_roles_hold_exact_actions_on_exact_resources():
    for statement in statements():
        for action in statement["Action"]:
            assert "*" not in action, statement
        for resource in statement["Resource"]:
            assert resource != "*", statement


def test_what_the_functions_must_never_be_able_to_do():
    granted = {action for statement in statements() for action in statement["Action"]}
    forbidden = (
        "s3:Delete",
        "s3:Get",
        "dynamodb:Scan",
        "dynamodb:DeleteTable",
        "sqs:Purge",
        "sqs:SendMessageBatch",
        "iam:",
        "kms:",
        "sts:",
    )
    # Only the API and the compactor read objects: see test_each_role_may_do_exactly_this.
    assert not [action for action in granted - {"s3:GetObject"} if action.startswith(forbidden)]
    # The consumer puts into the dead-letter queue what it can neither open nor keep unread.
    senders = [each for each in statements() if "sqs:SendMessage" in each["Action"]]
    assert [each["Resource"] for each in senders] == [[policies.arn_of("DeadLetterQueue")]]


def test_a_role_for_each_function():
    functions = of_type("AWS::Lambda::Function")
    roles = [json.dumps(function["Role"]) for function in functions.values()]
    assert len(set(roles)) == len(functions) == 3


def test_the_schedule_alone_may_call_the_sweeper():
    permission = of_type("AWS::Lambda::Permission")["SweeperPermission"]
    assert permission["SourceArn"] == {"Fn::GetAtt": ["SweeperSchedule", "Arn"]}
    assert permission["Principal"] == "events.amazonaws.com"


def test_log_groups_have_a_retention_and_come_before_their_functions():
    resources = template()["Resources"]
    for name in ("Consumer", "Sweeper", "Api"):
        assert resources[f"{name}Logs"]["Properties"]["RetentionInDays"] == 30
        assert resources[name]["DependsOn"] == [f"{name}Logs"]


def test_the_functions_are_told_what_they_read():
    for name, function in of_type("AWS::Lambda::Function", alert_window="5m").items():
        variables = {name: str(value) for name, value in function["Environment"]["Variables"].items()}
        variables |= dict.fromkeys(
            [name for name, value in variables.items() if value.startswith("{")], "resolved"
        )
        config = ApiConfig if name == "Api" else PipelineConfig
        assert config.from_env(variables).alert_window == 300_000


@pytest.mark.proves("B45")
def test_the_workgroup_enforces_its_limit_and_its_place_for_results():
    (group,) = of_type("AWS::Athena::WorkGroup", scan_limit="20GB").values()
    configuration = group["WorkGroupConfiguration"]
    assert configuration["EnforceWorkGroupConfiguration"] is True
    assert configuration["BytesScannedCutoffPerQuery"] == 20 * 10**9


def test_a_new_subscriber_touches_no_other():
    one = of_type("AWS::SNS::Subscription", subscriptions="a@example.com")
    two = of_type("AWS::SNS::Subscription", subscriptions="b@example.com,a@example.com")
    assert one.items() <= two.items()
    assert len(two) == 2


def test_the_deploy_bucket_is_as_private_as_the_other():
    resources = bootstrap_template(Settings(), HERE)["Resources"]
    assert resources["Bucket"]["Properties"]["BucketName"] == Names("logctl", "dev").deploy_bucket(HERE)
    assert set(resources["Bucket"]["Properties"]["PublicAccessBlockConfiguration"].values()) == {True}
    assert "BucketPolicy" in resources


def test_what_can_be_taken_over_has_a_plain_name_and_is_retained():
    resources = template()["Resources"] | bootstrap_template(Settings(), HERE)["Resources"]
    for resource in resources.values():
        if resource["Type"] in ("AWS::S3::Bucket", "AWS::DynamoDB::Table"):
            name = resource["Properties"].get("BucketName") or resource["Properties"].get("TableName")
            assert isinstance(name, str)
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


def test_without_a_place_the_template_fits_any_account_and_is_otherwise_the_same():
    anywhere = to_json(build_template(Settings(), code=CODE))
    assert HERE.account not in anywhere
    assert HERE.region not in anywhere
    said = '{"Fn::Sub":"logctl-dev-logs-${AWS::AccountId}-${AWS::Region}"}'
    assert anywhere.count(said) == 1
    assert anywhere.replace(said, f'"logctl-dev-logs-{HERE.account}-{HERE.region}"') == to_json(template())


@pytest.mark.parametrize(
    ("kept", "expected"),
    [(1, []), (30, []), (59, []), (60, [30]), (179, [30]), (180, [30, 90]), (36_500, [30, 90])],
)
def test_objects_move_only_where_they_stay_long_enough_to_be_worth_it(kept, expected):
    rule = lifecycle(cold_retention=f"{kept}d")["logs"]
    assert [item["TransitionInDays"] for item in rule.get("Transitions", [])] == expected
    assert all(days < rule["ExpirationInDays"] for days in expected)


def test_the_code_that_a_rollback_needs_never_expires():
    bucket = bootstrap_template(Settings(), HERE)["Resources"]["Bucket"]["Properties"]
    expiring = [
        rule["Prefix"] for rule in bucket["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule
    ]
    assert expiring == ["templates/"]


def test_indexes_and_keys_are_those_the_stores_use():
    tables = of_type("AWS::DynamoDB::Table")
    shape = {
        name: (
            [key["AttributeName"] for key in table["KeySchema"]],
            [
                (index["IndexName"], [key["AttributeName"] for key in index["KeySchema"]])
                for index in table["GlobalSecondaryIndexes"]
            ],
        )
        for name, table in tables.items()
    }
    assert shape == {
        "HotTable": (
            ["app", "chunk"],
            [("arrival", ["app", "arrived"]), ("arrivals", ["lane", "arrived_at"])],
        ),
        "AlertsTable": (["pk", "sk"], [("attention", ["due_shard", "notified_at"])]),
    }
    assert {table["BillingMode"] for table in tables.values()} == {"PAY_PER_REQUEST"}


EVERYTHING_ON = {
    "compact_after": "2d",
    "subscriptions": "a@example.com,https://example.com/hook",
    "cors_origins": ["https://a.example"],
}


@pytest.mark.parametrize("settings", [{}, EVERYTHING_ON])
def test_everything_that_takes_tags_is_tagged_and_no_tag_changes_with_the_version(settings):
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    built = Settings.build(("test", {"prefix": "acme", "env": "prod", **settings}))
    made = build_template(built, code=CODE, place=HERE)["Resources"]
    resources = [*made.values(), *bootstrap_template(built, HERE)["Resources"].values()]
    tagged = set()
    for resource in resources:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
        # `Tags`, and what Cognito and others call them: UserPoolTags.
        for name in (name for name in schema["properties"] if name.endswith("Tags")):
            tags = resource["Properties"][name]
            found = tags if isinstance(tags, dict) else {tag["Key"]: tag["Value"] for tag in tags}
            assert found == {"logctl:prefix": "acme", "logctl:env": "prod"}, resource["Type"]
            tagged.add(resource["Type"])
    assert {"AWS::Cognito::UserPool", "AWS::Athena::WorkGroup", "AWS::ApiGatewayV2::Api"} <= tagged
    assert {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SNS::Topic"} <= tagged


def test_the_sandbox_gets_the_same_without_what_refuses_plain_http():
    here, there = template(target="local")["Resources"], template()["Resources"]
    assert set(there) - set(here) == {
        "BucketPolicy", "QueuePolicy", "DeadLetterQueuePolicy", "TopicPolicy",
    }  # fmt: skip
    # An alert and an alarm name the command to run next, with the target they came from.
    assert to_json(here).count('" --target local"') == 2
    here = json.loads(to_json(here).replace(" --target local", ""))
    assert here == {name: there[name] for name in here}


def test_outputs_say_where_everything_is():
    assert set(template()["Outputs"]) == {
        "QueueUrl", "DeadLetterQueueUrl", "Bucket", "HotTable", "AlertsTable", "TopicArn", "Database",
        "Workgroup", "ConsumerFunction", "SweeperFunction", "AlertWindow", "HotRetention", "Version",
        "ApiUrl", "UserPoolId", "WebClientId", "MachineClientId", "Prefix", "Environment",
    }  # fmt: skip
    assert template(alert_window="5m")["Outputs"]["AlertWindow"] == {"Value": "300000"}


def test_statements_add_up():
    topic = {"Ref": "Topic"}
    assert policies.publish(topic) + policies.put_hot_rows("arn:t") == [
        {"Sid": "PublishAlerts", "Effect": "Allow", "Action": ["sns:Publish"], "Resource": [topic]},
        {"Sid": "PutHotRows", "Effect": "Allow", "Action": ["dynamodb:PutItem"], "Resource": ["arn:t"]},
        {
            "Sid": "KeepAttempts",
            "Effect": "Allow",
            "Action": ["dynamodb:BatchGetItem", "dynamodb:UpdateItem"],
            "Resource": ["arn:t"],
        },
    ]


def test_each_role_may_do_exactly_this():
    granted = {
        name: sorted(
            action
            for statement in role["Policies"][0]["PolicyDocument"]["Statement"]
            for action in statement["Action"]
        )
        for name, role in of_type("AWS::IAM::Role").items()
    }
    assert granted == {
        "ConsumerRole": [
            "dynamodb:BatchGetItem", "dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:PutItem",
            "dynamodb:Query", "dynamodb:Query", "dynamodb:UpdateItem",
            "dynamodb:UpdateItem", "glue:BatchCreatePartition", "logs:CreateLogStream", "logs:PutLogEvents", "s3:PutObject",
            "sns:Publish", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage",
        ],
        "ApiRole": [
            "dynamodb:BatchGetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Query",
            "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:ListBucket", "sqs:GetQueueAttributes",
        ],
        "SweeperRole": [
            "dynamodb:BatchGetItem", "dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
            "dynamodb:Query", "dynamodb:UpdateItem", "glue:BatchDeletePartition", "glue:GetPartitions",
            "logs:CreateLogStream", "logs:PutLogEvents", "s3:ListBucket", "sns:Publish",
        ],
    }  # fmt: skip


# ── The API ─────────────────────────────────────────────────────────────────────────────────────────


def test_every_route_but_the_page_and_the_document_takes_a_token():
    routes = of_type("AWS::ApiGatewayV2::Route")
    open_ones = {route["RouteKey"] for route in routes.values() if route["AuthorizationType"] == "NONE"}
    assert open_ones == {"GET /", "GET /assets/{file}", "GET /openapi.json"}
    for route in routes.values():
        assert route["RouteKey"].startswith("GET /")
        if route["RouteKey"] not in open_ones:
            assert (route["AuthorizationType"], route["AuthorizerId"]) == ("JWT", {"Ref": "Authorizer"})
    assert {route["RouteKey"] for route in routes.values()} == {route.key for route in ROUTES}


def test_the_authorizer_takes_tokens_of_both_clients_of_the_pool_only():
    (authorizer,) = of_type("AWS::ApiGatewayV2::Authorizer").values()
    assert authorizer["JwtConfiguration"] == {
        "Issuer": {"Fn::Sub": "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/${UserPool}"},
        "Audience": [{"Ref": "WebClient"}, {"Ref": "MachineClient"}],
    }
    environment = of_type("AWS::Lambda::Function")["Api"]["Environment"]["Variables"]
    assert environment["LOGCTL_ISSUER"] == authorizer["JwtConfiguration"]["Issuer"]
    assert environment["LOGCTL_AUDIENCE"] == {"Fn::Join": [",", authorizer["JwtConfiguration"]["Audience"]]}


def test_nobody_signs_themselves_up_and_the_page_has_no_secret():
    (pool,) = of_type("AWS::Cognito::UserPool").values()
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    clients = of_type("AWS::Cognito::UserPoolClient")
    web, machine = clients["WebClient"], clients["MachineClient"]
    assert (web["GenerateSecret"], web["AllowedOAuthFlows"]) == (False, ["code"])
    assert web["CallbackURLs"] == [
        {"Fn::Sub": "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/"}
    ]
    assert (machine["GenerateSecret"], machine["AllowedOAuthFlows"]) == (True, ["client_credentials"])
    assert machine["AllowedOAuthScopes"] == ["logctl/app:*"]


def test_what_machines_may_read_is_what_the_settings_name():
    machine = of_type("AWS::Cognito::UserPoolClient", machine_apps=["checkout", "web-*"])["MachineClient"]
    assert machine["AllowedOAuthScopes"] == ["logctl/app:checkout", "logctl/app:web-*"]
    assert set(of_type("AWS::Cognito::UserPoolClient", machine_apps=[])) == {"WebClient"}
    assert of_type("AWS::Cognito::UserPoolResourceServer", machine_apps=[]) == {}


def test_an_issuer_of_ones_own_takes_the_place_of_the_pool():
    mine = {"oidc_issuer": "https://id.example/realm", "oidc_audience": "logs", "oidc_client_id": "page"}
    kinds = {item["Type"] for item in template(**mine)["Resources"].values()}
    assert not [kind for kind in kinds if "Cognito" in kind]
    (authorizer,) = of_type("AWS::ApiGatewayV2::Authorizer", **mine).values()
    assert authorizer["JwtConfiguration"] == {"Issuer": "https://id.example/realm", "Audience": ["logs"]}
    environment = of_type("AWS::Lambda::Function", **mine)["Api"]["Environment"]["Variables"]
    assert (environment["LOGCTL_GROUPS_CLAIM"], environment["LOGCTL_CLIENT_ID"]) == ("groups", "page")
    assert environment["LOGCTL_TOKEN_URL"] == ""


def test_the_stage_is_throttled_and_its_log_holds_no_token_and_no_search():
    (stage,) = of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 10, "ThrottlingBurstLimit": 20}
    logged = json.loads(stage["AccessLogSettings"]["Format"])
    assert set(logged.values()) & {"$context.path", "$request.header.Authorization"} == set()
    assert all(value.startswith("$context.") and "query" not in value.lower() for value in logged.values())


def test_other_origins_are_exact_or_none():
    assert "CorsConfiguration" not in of_type("AWS::ApiGatewayV2::Api")["HttpApi"]
    cors = of_type("AWS::ApiGatewayV2::Api", cors_origins=["https://tools.example.com"])["HttpApi"][
        "CorsConfiguration"
    ]
    assert (cors["AllowOrigins"], cors["AllowMethods"]) == (["https://tools.example.com"], ["GET"])
    for origin in ("*", "https://*", "tools.example.com", "https://x.example/", "http://x.example", "null"):
        with pytest.raises(UsageError):
            template(cors_origins=[origin])


def test_an_issuer_needs_an_audience():
    with pytest.raises(UsageError, match="any token of that issuer"):
        template(oidc_issuer="https://id.example")
    with pytest.raises(UsageError, match="https"):
        template(oidc_issuer="http://id.example", oidc_audience="x")


def test_only_this_api_may_call_its_function():
    permission = of_type("AWS::Lambda::Permission")["ApiPermission"]
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"] == {
        "Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*/*"
    }


# ── Other partitions ────────────────────────────────────────────────────────────────────────────────

MINE = {"oidc_issuer": "https://id.example", "oidc_audience": "logs"}
CHINA, GOVCLOUD = Place("123456789012", "cn-north-1"), Place("123456789012", "us-gov-west-1")


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(("place", "settings"), [(CHINA, MINE), (GOVCLOUD, {}), (HERE, EVERYTHING_ON)])
def test_no_arn_and_no_address_names_a_partition(place, settings):
    built = Settings.build(("test", settings))
    made = [build_template(built, code=CODE, place=place), bootstrap_template(built, place)]
    principals = {"lambda", "events", "apigateway", "sns", "cloudwatch"}
    for text in texts(made):
        assert text.count("arn:") == text.count("arn:${AWS::Partition}:"), text
        if "amazonaws" in text:
            # A service's name as a principal is the same everywhere; an address is not.
            assert text.removesuffix(".amazonaws.com") in principals, text


def test_no_source_writes_a_partition_into_an_arn():
    sources = Path(__file__).parents[2] / "logctl"
    for path in sources.rglob("*.py"):
        # The sandbox's emulator knows one partition, and examples of log lines are as they are.
        if not {sources / "local", sources / "core" / "formats" / "declared"} & {*path.parents}:
            assert "arn:aws:" not in path.read_text("utf-8"), path


@pytest.mark.slow
@pytest.mark.parametrize(("place", "settings"), [(CHINA, MINE), (GOVCLOUD, {})])
def test_cfn_lint_knows_every_resource_in_the_other_partitions(tmp_path, place, settings):
    template_ = tmp_path / "stack.yaml"
    template_.write_text(to_yaml(build_template(Settings.build(("t", settings)), code=CODE, place=place)))
    lint = Path(sys.executable).parent / "cfn-lint"
    done = subprocess.run(
        [lint, "--regions", place.region, "--", template_], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.mark.parametrize("where", [{"place": CHINA}, {"place": None}])
def test_in_china_somebody_else_has_to_sign_people_in(where):
    settings = Settings.build(("test", {"region": "cn-north-1"}))
    with pytest.raises(UsageError, match="no user pools in cn-north-1") as refused:
        build_template(settings, code=CODE, **where)
    assert "oidc_issuer" in refused.value.hint


def test_govcloud_signs_in_at_its_own_host():
    def token_url(place: Place) -> Any:
        made = build_template(Settings(), code=CODE, place=place)["Resources"]
        return made["Api"]["Properties"]["Environment"]["Variables"]["LOGCTL_TOKEN_URL"]

    assert token_url(GOVCLOUD) == {
        "Fn::Sub": "https://logctl-dev-${AWS::AccountId}.auth-fips.us-gov-west-1.amazoncognito.com/oauth2/token"
    }
    assert token_url(HERE) == {
        "Fn::Sub": "https://logctl-dev-${AWS::AccountId}.auth.${AWS::Region}.amazoncognito.com/oauth2/token"
    }
    names = Names("logctl", "dev")
    assert names.sign_in_host(GOVCLOUD) == "logctl-dev-123456789012.auth-fips.us-gov-west-1.amazoncognito.com"
    assert names.sign_in_host(HERE) == "logctl-dev-123456789012.auth.eu-central-1.amazoncognito.com"
