"""Resources of the HTTP API: API Gateway with a JWT authorizer, and the function behind it.

API Gateway's routes are those of `pipeline.http.routes`.
"""

from __future__ import annotations

import json
from typing import Any

from logctl.core.partitions import LOGS, QUARANTINE
from logctl.core.times import SECOND
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.http.responses import RETRY_AFTER
from logctl.pipeline.http.routes import ROUTES, PublicRoute, Route
from logctl.pipeline.stores.attention_index import DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS
from logctl.stack.iam import policies
from logctl.stack.iam.policies import arn_of, sub
from logctl.stack.names import Names
from logctl.stack.resources import signin
from logctl.stack.resources.lambda_functions import LOG_RETENTION_DAYS, Code, function
from logctl.stack.settings import Settings

_BUSY = {
    "ResponseParameters": [
        {"Destination": "overwrite:statuscode", "Source": "429"},
        {"Destination": "overwrite:header.Retry-After", "Source": str(RETRY_AFTER)},
    ]
}
"""The response to a throttled function, for which an HTTP API would send 503 (Amazon API Gateway Developer
Guide, Transform API requests and responses for HTTP APIs). The 429 of the stage's own limit cannot be given a
header: HTTP APIs have no gateway responses."""

_ACCESS_LOG = {
    # No path parameters, query strings or headers: a search can be as confidential as the records it finds.
    "time": "$context.requestTimeEpoch",
    "request": "$context.requestId",
    "ip": "$context.identity.sourceIp",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "ms": "$context.responseLatency",
    "user": "$context.authorizer.claims.sub",
    "refused": "$context.authorizer.error",
}


def page_url(endpoint: str | None) -> dict[str, str]:
    """Return the URL of the dashboard's page: the API's root.

    In the sandbox (with an endpoint) it has a path: names under `localhost` do not resolve everywhere.
    """
    if endpoint:
        return sub(f"{endpoint}/_aws/execute-api/${{HttpApi}}/")
    return sub("https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/")


def resources(
    settings: Settings, names: Names, code: Code, endpoint: str | None, region: str | None
) -> dict[str, Any]:
    """Return the function, API Gateway with its routes, and the user pool.

    Args:
        settings: the environment's.
        names: the environment's.
        code: the zip that the function runs.
        endpoint: the sandbox's URL; None on AWS.
        region: the region that the template is for, if that is known.
    """
    who = signin.sign_in(settings, names, endpoint, region)
    may = (
        policies.read_hot_rows("HotTable", ARRIVAL, ARRIVALS)
        + policies.read_objects("Bucket", LOGS)
        + policies.read_alerts("AlertsTable", DUE)
        + policies.see_queues(arn_of("Queue"), arn_of("DeadLetterQueue"))
        + policies.list_objects("Bucket", LOGS, QUARANTINE)
        + policies.write_logs("ApiLogs")
    )
    environment = ApiConfig.to_env(
        settings,
        stack=names.stack,
        bucket={"Ref": "Bucket"},
        hot_table={"Ref": "HotTable"},
        alerts_table={"Ref": "AlertsTable"},
        queue_url={"Ref": "Queue"},
        dead_letter_queue_url={"Ref": "DeadLetterQueue"},
        issuer=who.issuer,
        audience=_joined(who.audience),
        groups_claim=who.groups_claim,
        client_id=who.client_id,
        resource_server=who.resource_server,
        authorize_url=who.authorize_url,
        token_url=who.token_url,
        logout_url=who.logout_url,
    )
    return {
        **function(
            "Api",
            names.api,
            code,
            may=may,
            environment=environment,
            timeout=_seconds(settings),
            memory=512,
            # `auto` is negative here: how much it is depends on the account, and `provision` asks for that.
            reserved=max(0, settings.api_concurrency),
        ),
        **_gateway(settings, names),
        **{f"Route{_logical(route)}": _route(route) for route in ROUTES},
        "Authorizer": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": "HttpApi"},
                "Name": "token",
                "AuthorizerType": "JWT",
                "IdentitySource": ["$request.header.Authorization"],
                "JwtConfiguration": {"Issuer": who.issuer, "Audience": who.audience},
            },
        },
        **signin.resources(settings, names, page_url(endpoint)),
    }


def sign_in_outputs(settings: Settings) -> dict[str, Any]:
    """Return the outputs that `logctl dashboard` needs where users are in the environment's own pool."""
    if settings.oidc_issuer:
        return {}
    machine = {"MachineClientId": {"Ref": "MachineClient"}} if settings.machine_apps else {}
    return {"UserPoolId": {"Ref": "UserPool"}, "WebClientId": {"Ref": "WebClient"}, **machine}


def _seconds(settings: Settings) -> int:
    return -(-settings.api_timeout // SECOND)


def _joined(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else {"Fn::Join": [",", values]}


def _gateway(settings: Settings, names: Names) -> dict[str, Any]:
    cors = {
        "CorsConfiguration": {
            "AllowOrigins": list(settings.cors_origins),
            "AllowMethods": ["GET"],
            "AllowHeaders": ["authorization"],
            "MaxAge": 3600,
        }
    }
    return {
        "HttpApi": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "Name": names.api,
                "Description": f"Logs, counts, alerts and health of {names.stack}, read-only.",
                "ProtocolType": "HTTP",
                **(cors if settings.cors_origins else {}),
            },
        },
        "Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "HttpApi"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": arn_of("Api"),
                "PayloadFormatVersion": "2.0",
                # A second more than the function has; API Gateway's own limit is 30 (Quotas for HTTP APIs).
                "TimeoutInMillis": (_seconds(settings) + 1) * SECOND,
                "ResponseParameters": {"429": _BUSY, "503": _BUSY},
            },
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {
                "ApiId": {"Ref": "HttpApi"},
                "StageName": "$default",
                "AutoDeploy": True,
                # Each dashboard that follows sends a request per second.
                "DefaultRouteSettings": {
                    "ThrottlingBurstLimit": settings.api_burst,
                    "ThrottlingRateLimit": settings.api_rate,
                },
                "AccessLogSettings": {
                    "DestinationArn": arn_of("AccessLogs"),
                    "Format": json.dumps(_ACCESS_LOG),
                },
            },
        },
        "AccessLogs": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                # With this prefix, one resource policy of the account covers all of API Gateway's log groups.
                # Otherwise each gets its own, up to a limit of ten (Amazon CloudWatch Logs User Guide, Enable
                # logging from AWS services).
                "LogGroupName": f"/aws/vendedlogs/{names.api}",
                "RetentionInDays": LOG_RETENTION_DAYS,
            },
        },
        "ApiPermission": {
            "Type": "AWS::Lambda::Permission",
            "Properties": {
                "FunctionName": {"Ref": "Api"},
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": sub(
                    "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*/*"
                ),
            },
        },
    }


def _route(route: Route) -> dict[str, Any]:
    authorized = {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": "Authorizer"}}
    return {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": {"Ref": "HttpApi"},
            "RouteKey": route.key,
            "Target": sub("integrations/${Integration}"),
            **({"AuthorizationType": "NONE"} if isinstance(route, PublicRoute) else authorized),
        },
    }


def _logical(route: Route) -> str:
    words = "".join(character if character.isalnum() else " " for character in route.path).split()
    return "".join(word.capitalize() for word in words) or "Page"
