"""What CloudFormation's handlers call in the name of who provisions, resource type by resource type.

The actions are those that each type's schema in the CloudFormation registry lists under `handlers`, without
those for features that the template does not use; a test compares them. Where a type has no name before it
is made, `resources` is wider, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from logctl.core.partitions import RESULTS
from logctl.stack.bundle import CODE
from logctl.stack.permissions.scope import ANY, Scope
from logctl.stack.policies import Statement, allow


@dataclass(frozen=True)
class Handlers:
    """Actions of one service: to make, read and change a resource, and to delete it.

    `deletes` is empty for what the template retains.
    """

    sid: str
    service: str
    makes: str
    deletes: str
    resources: Callable[[Scope], list[str]]
    condition: Callable[[Scope], dict[str, Any]] = lambda scope: {}

    def statements(self, scope: Scope, *, only_delete: bool) -> list[Statement]:
        actions = self.deletes.split() if only_delete else [*self.makes.split(), *self.deletes.split()]
        if not actions:
            return []
        named = [f"{self.service}:{action}" for action in dict.fromkeys(actions)]
        (statement,) = allow(self.sid, named, self.resources(scope))
        condition = self.condition(scope)
        return [{**statement, "Condition": condition} if condition else statement]


def _named(service: str, before: str = "") -> Callable[[Scope], list[str]]:
    return lambda scope: [scope.mine(service, before)]


def _anything(_: Scope) -> list[str]:
    return [ANY]


def _buckets(scope: Scope) -> list[str]:
    names = scope.names
    return [scope.bucket_arn(bucket(scope.place)) for bucket in (names.bucket, names.deploy_bucket)]


def _results(scope: Scope) -> list[str]:
    return [f"{scope.bucket_arn(scope.names.bucket(scope.place))}/{RESULTS}*"]


def _code(scope: Scope) -> list[str]:
    return [f"{scope.bucket_arn(scope.names.deploy_bucket(scope.place))}/{CODE}*"]


def _catalog(scope: Scope) -> list[str]:
    database = scope.names.database
    return [
        scope.arn("glue", rest)
        for rest in (
            "catalog",
            f"database/{database}",
            f"table/{database}/*",
            f"userDefinedFunction/{database}/*",
        )
    ]


def _apis(scope: Scope) -> list[str]:
    """An API's ARN is its id, and has no account in it (Amazon API Gateway Developer Guide, ARN format)."""
    root = f"arn:{scope.partition}:apigateway:{scope.place.region}::"
    return [f"{root}/apis", f"{root}/apis/*", f"{root}/tags/*"]


def _pools(scope: Scope) -> list[str]:
    return [scope.arn("cognito-idp", "userpool/*")]


def _log_groups(scope: Scope) -> list[str]:
    return [scope.mine("logs", f"log-group:/aws/{kind}/") for kind in ("lambda", "vendedlogs")]


def _workgroup(scope: Scope) -> list[str]:
    return [scope.arn("athena", f"workgroup/{scope.names.workgroup}")]


def _roles(scope: Scope) -> list[str]:
    return [f"arn:{scope.partition}:iam::{scope.place.account}:role/{scope.names.stack}-*"]


def _mappings(scope: Scope) -> list[str]:
    return [scope.arn("lambda", "event-source-mapping:*")]


def all_alarms(scope: Scope) -> list[str]:
    """Who describes alarms by a filter asks for all of them."""
    return [scope.arn("cloudwatch", "alarm:*")]


def _of_the_consumer(scope: Scope) -> dict[str, Any]:
    function = scope.arn("lambda", f"function:{scope.names.consumer}")
    return {"ArnLike": {"lambda:FunctionArn": function}}


def _for_lambda(_: Scope) -> dict[str, Any]:
    return {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}


def _new_tags(scope: Scope) -> dict[str, Any]:
    tags = {"prefix": scope.settings.prefix, "env": scope.settings.env}
    return {"StringEquals": {f"aws:RequestTag/logctl:{key}": value for key, value in tags.items()}}


_API = Handlers("Api", "apigateway", "GET PATCH POST PUT", "DELETE GET", _apis)

HANDLERS: dict[str, tuple[Handlers, ...]] = {
    "AWS::ApiGatewayV2::Api": (_API,),
    "AWS::ApiGatewayV2::Authorizer": (_API,),
    "AWS::ApiGatewayV2::Integration": (_API,),
    "AWS::ApiGatewayV2::Route": (_API,),
    "AWS::ApiGatewayV2::Stage": (
        Handlers("Api", "apigateway", "GET PATCH POST TagResource UntagResource", "DELETE", _apis),
        # Amazon API Gateway Developer Guide, Configure logging for HTTP APIs; none of them has resources.
        Handlers(
            "AccessLogs",
            "logs",
            "CreateLogDelivery DescribeResourcePolicies GetLogDelivery ListLogDeliveries PutResourcePolicy "
            "UpdateLogDelivery",
            "DeleteLogDelivery GetLogDelivery ListLogDeliveries",
            _anything,
        ),
    ),
    "AWS::Athena::WorkGroup": (
        Handlers(
            "Workgroup",
            "athena",
            "CreateWorkGroup GetWorkGroup ListTagsForResource TagResource UntagResource UpdateWorkGroup",
            "DeleteWorkGroup GetWorkGroup UntagResource",
            _workgroup,
        ),
        Handlers(
            "ResultsBucket", "s3", "GetBucketLocation ListBucket ListBucketMultipartUploads", "", _buckets
        ),
        Handlers(
            "Results", "s3", "AbortMultipartUpload GetObject ListMultipartUploadParts PutObject", "", _results
        ),
    ),
    "AWS::CloudWatch::Alarm": (
        Handlers(
            "Alarms",
            "cloudwatch",
            "ListTagsForResource PutMetricAlarm TagResource UntagResource",
            "DeleteAlarms",
            _named("cloudwatch", "alarm:"),
        ),
        Handlers("SeeAlarms", "cloudwatch", "DescribeAlarms", "DescribeAlarms", all_alarms),
    ),
    "AWS::CloudWatch::Dashboard": (
        Handlers(
            "Dashboard",
            "cloudwatch",
            "GetDashboard ListTagsForResource PutDashboard TagResource UntagResource",
            "DeleteDashboards GetDashboard",
            # Dashboards are of all regions.
            lambda scope: [
                f"arn:{scope.partition}:cloudwatch::{scope.place.account}:dashboard/{scope.names.stack}*"
            ],
        ),
    ),
    "AWS::Cognito::UserPool": (
        Handlers("MakePool", "cognito-idp", "CreateUserPool", "", _anything, _new_tags),
        Handlers(
            "Pool",
            "cognito-idp",
            "DescribeUserPool GetUserPoolMfaConfig ListTagsForResource SetUserPoolMfaConfig TagResource "
            "UntagResource UpdateUserPool",
            "DeleteUserPool",
            _pools,
            lambda scope: scope.tagged,
        ),
    ),
    "AWS::Cognito::UserPoolClient": (
        Handlers(
            "Pool",
            "cognito-idp",
            "CreateUserPoolClient DescribeUserPoolClient ListUserPoolClientSecrets UpdateUserPoolClient",
            "DeleteUserPoolClient",
            _pools,
            lambda scope: scope.tagged,
        ),
    ),
    "AWS::Cognito::UserPoolDomain": (
        Handlers(
            "Pool",
            "cognito-idp",
            "CreateUserPoolDomain UpdateUserPoolDomain",
            "DeleteUserPoolDomain",
            _pools,
            lambda scope: scope.tagged,
        ),
        # Asked by the domain's name: it has no resource.
        Handlers("Domain", "cognito-idp", "DescribeUserPoolDomain", "DescribeUserPoolDomain", _anything),
    ),
    "AWS::Cognito::UserPoolResourceServer": (
        Handlers(
            "Pool",
            "cognito-idp",
            "CreateResourceServer DescribeResourceServer UpdateResourceServer",
            "DeleteResourceServer",
            _pools,
            lambda scope: scope.tagged,
        ),
    ),
    "AWS::DynamoDB::Table": (
        Handlers(
            "Tables",
            "dynamodb",
            "CreateTable DescribeContinuousBackups DescribeContributorInsights "
            "DescribeKinesisStreamingDestination DescribeTable DescribeTimeToLive GetResourcePolicy "
            "ListTagsOfResource TagResource UntagResource UpdateContinuousBackups UpdateTable "
            "UpdateTimeToLive",
            "",
            _named("dynamodb", "table/"),
        ),
    ),
    "AWS::Events::Rule": (
        Handlers(
            "Rules",
            "events",
            "DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets TagResource "
            "UntagResource",
            "DeleteRule DescribeRule ListTargetsByRule RemoveTargets",
            _named("events", "rule/"),
        ),
    ),
    "AWS::Glue::Database": (
        Handlers(
            "Catalog",
            "glue",
            "CreateDatabase GetDatabase UpdateDatabase",
            "DeleteDatabase GetDatabase",
            _catalog,
        ),
    ),
    "AWS::Glue::Table": (
        Handlers(
            "Catalog",
            "glue",
            "CreateTable GetDatabase GetTable UpdateTable",
            "CreateTable DeleteTable GetDatabase GetTable",
            _catalog,
        ),
    ),
    "AWS::IAM::Role": (
        Handlers(
            "Roles",
            "iam",
            "CreateRole GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies PutRolePolicy "
            "TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
            "DeleteRole DeleteRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies TagRole UntagRole",
            _roles,
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (
        # Made without an id, so without a resource: the function is the condition.
        Handlers("MakeMapping", "lambda", "CreateEventSourceMapping", "", _anything, _of_the_consumer),
        Handlers(
            "Mapping",
            "lambda",
            "GetEventSourceMapping UpdateEventSourceMapping",
            "DeleteEventSourceMapping GetEventSourceMapping",
            _mappings,
            _of_the_consumer,
        ),
        Handlers("TagMapping", "lambda", "ListTags TagResource UntagResource", "", _mappings),
    ),
    "AWS::Lambda::Function": (
        Handlers(
            "Functions",
            "lambda",
            "CreateFunction GetFunction GetFunctionCodeSigningConfig GetFunctionRecursionConfig "
            "GetFunctionScalingConfig GetRuntimeManagementConfig ListTags TagResource UntagResource "
            "UpdateFunctionCode UpdateFunctionConfiguration",
            "DeleteFunction GetFunction",
            _named("lambda", "function:"),
        ),
        Handlers("PassRoles", "iam", "PassRole", "", _roles, _for_lambda),
        Handlers("Code", "s3", "GetObject GetObjectVersion", "", _code),
    ),
    "AWS::Lambda::Permission": (
        Handlers(
            "Functions",
            "lambda",
            "AddPermission GetPolicy",
            "RemovePermission",
            _named("lambda", "function:"),
        ),
    ),
    "AWS::Logs::LogGroup": (
        Handlers(
            "LogGroups",
            "logs",
            "CreateLogGroup DeleteRetentionPolicy GetDataProtectionPolicy ListTagsForResource "
            "PutRetentionPolicy TagResource UntagResource",
            "DeleteDataProtectionPolicy DeleteLogGroup",
            _log_groups,
        ),
        # They are of the account, or look through all groups.
        Handlers(
            "SeeLogGroups",
            "logs",
            "DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies",
            "DescribeLogGroups",
            _anything,
        ),
    ),
    "AWS::S3::Bucket": (
        Handlers(
            "Buckets",
            "s3",
            "CreateBucket GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketAcl "
            "GetBucketCORS GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification "
            "GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPublicAccessBlock "
            "GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration "
            "GetIntelligentTieringConfiguration GetInventoryConfiguration GetLifecycleConfiguration "
            "GetMetricsConfiguration GetReplicationConfiguration ListBucket PutBucketOwnershipControls "
            "PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration "
            "PutLifecycleConfiguration",
            "",
            _buckets,
        ),
    ),
    "AWS::S3::BucketPolicy": (
        Handlers(
            "Buckets", "s3", "GetBucketPolicy PutBucketPolicy", "DeleteBucketPolicy GetBucketPolicy", _buckets
        ),
    ),
    "AWS::SNS::Subscription": (
        Handlers("Topic", "sns", "Subscribe", "", _named("sns")),
        # These have no resource (Service Authorization Reference, Amazon SNS).
        Handlers(
            "Subscriptions",
            "sns",
            "GetSubscriptionAttributes SetSubscriptionAttributes",
            "GetSubscriptionAttributes Unsubscribe",
            _anything,
        ),
    ),
    "AWS::SNS::Topic": (
        Handlers(
            "Topic",
            "sns",
            "CreateTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic "
            "ListTagsForResource SetTopicAttributes TagResource UntagResource",
            "DeleteTopic GetTopicAttributes",
            _named("sns"),
        ),
    ),
    "AWS::SNS::TopicPolicy": (
        Handlers("Topic", "sns", "SetTopicAttributes", "SetTopicAttributes", _named("sns")),
    ),
    "AWS::SQS::Queue": (
        Handlers(
            "Queues",
            "sqs",
            "CreateQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue UntagQueue",
            "DeleteQueue GetQueueAttributes",
            _named("sqs"),
        ),
    ),
    "AWS::SQS::QueuePolicy": (
        Handlers("Queues", "sqs", "SetQueueAttributes", "SetQueueAttributes", _named("sqs")),
    ),
}


def statements(kinds: Iterable[str], scope: Scope, *, only_delete: bool = False) -> list[Statement]:
    """What the handlers of these resource types need.

    Raises:
        KeyError: nobody has said yet what a type needs.
    """
    return [
        statement
        for kind in sorted(set(kinds))
        for handlers in HANDLERS[kind]
        for statement in handlers.statements(scope, only_delete=only_delete)
    ]
