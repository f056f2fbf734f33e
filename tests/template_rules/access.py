"""Who gets in: by TLS only, with a token, from no site that was not named; and rows that do not stay for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch
from cfnlint.template import Template

_PUBLIC = frozenset({"GET /", "GET /assets/{file}", "GET /openapi.json"})
"""The page with its parts and its sign-in configuration, and the API's description of itself."""

_POLICIES = {
    "AWS::S3::Bucket": ("AWS::S3::BucketPolicy", "Bucket"),
    "AWS::SQS::Queue": ("AWS::SQS::QueuePolicy", "Queues"),
    "AWS::SNS::Topic": ("AWS::SNS::TopicPolicy", "Topics"),
}


class TlsOnly(CloudFormationLintRule):
    id = "E9111"
    shortdesc = "Buckets, queues and topics refuse whoever comes without TLS"
    description = "A Deny for everybody where aws:SecureTransport is false"
    source_url = "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"
    tags = ["s3", "sqs", "sns"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        for kind, (policy_kind, holder) in _POLICIES.items():
            closed = set()
            for policy in cfn.get_resources(resource_type=[policy_kind]).values():
                properties = policy["Properties"]
                if any(self._denies(item, kind) for item in properties["PolicyDocument"]["Statement"]):
                    held = properties[holder]
                    closed |= {item["Ref"] for item in (held if isinstance(held, list) else [held])}
            for name in cfn.get_resources(resource_type=[kind]):
                if name not in closed:
                    yield RuleMatch(["Resources", name], f"{name} can be reached without TLS")

    @staticmethod
    def _denies(statement: dict[str, Any], kind: str) -> bool:
        condition = statement.get("Condition", {}).get("Bool", {}).get("aws:SecureTransport")
        resources = statement.get("Resource", [])
        # Of a bucket the objects too, which are resources of their own.
        enough = len(resources) >= 2 if kind == "AWS::S3::Bucket" else bool(resources)
        is_deny = statement.get("Effect") == "Deny" and statement.get("Principal") == "*"
        return is_deny and condition == "false" and enough


class Authorised(CloudFormationLintRule):
    id = "E9112"
    shortdesc = "Every route takes a token, but for the page and the API's description"
    description = "And there is no route for whatever else is asked"
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html"
    tags = ["apigateway"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        for name, resource in cfn.get_resources(resource_type=["AWS::ApiGatewayV2::Route"]).items():
            route = resource["Properties"]
            path = ["Resources", name, "Properties"]
            if route["RouteKey"] == "$default":
                yield RuleMatch(path, f"{name} answers whatever is asked")
            elif route["RouteKey"] not in _PUBLIC and not (
                route.get("AuthorizationType") == "JWT" and route.get("AuthorizerId")
            ):
                yield RuleMatch(path, f"{name} takes no token for {route['RouteKey']}")


class Origins(CloudFormationLintRule):
    id = "E9113"
    shortdesc = "Other sites are named, if any may call the API"
    description = "No * in AllowOrigins"
    source_url = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html"
    tags = ["apigateway"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        for name, resource in cfn.get_resources(resource_type=["AWS::ApiGatewayV2::Api"]).items():
            cors = resource["Properties"].get("CorsConfiguration", {})
            if any("*" in str(origin) for origin in cors.get("AllowOrigins", [])):
                yield RuleMatch(
                    ["Resources", name, "Properties"], f"{name} may be called by pages of any site"
                )


class TimeToLive(CloudFormationLintRule):
    id = "E9114"
    shortdesc = "Rows of every table expire"
    description = "A hot store without a time to live grows for ever"
    source_url = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html"
    tags = ["dynamodb"]

    def match(self, cfn: Template) -> Iterator[RuleMatch]:
        for name, resource in cfn.get_resources(resource_type=["AWS::DynamoDB::Table"]).items():
            if not resource["Properties"].get("TimeToLiveSpecification", {}).get("Enabled"):
                yield RuleMatch(["Resources", name, "Properties"], f"rows of {name} never expire")
