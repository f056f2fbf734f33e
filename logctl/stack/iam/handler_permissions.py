"""What CloudFormation's handlers call in the name of who provisions, resource type by resource type.

The actions are those that each type's schema in the CloudFormation registry lists under `handlers`, without
those for features that the template does not use; a test compares them. Where a type has no name before it
is made, `resources` is wider, and says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from logctl.stack.iam import targets
from logctl.stack.iam.policies import Statement, allow
from logctl.stack.iam.scope import Scope

_READS = re.compile(r"(Get|List|Describe)[A-Z]|GET\b")


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
    looks: bool = True
    """Whether what it reads is the resource itself."""

    def statements(self, scope: Scope, only: str = "") -> list[Statement]:
        """All of it, or only what it needs to `delete` a resource, or to `read` it."""
        actions = [*self.makes.split(), *self.deletes.split()]
        if only == "delete":
            actions = self.deletes.split()
        elif only == "read":
            actions = [action for action in actions if self.looks and _READS.match(action)]
        if not actions:
            return []
        named = [f"{self.service}:{action}" for action in dict.fromkeys(actions)]
        (statement,) = allow(self.sid, named, self.resources(scope))
        condition = self.condition(scope)
        return [{**statement, "Condition": condition} if condition else statement]


_API = Handlers("Api", "apigateway", "GET PATCH POST PUT", "DELETE GET", targets.apis)

HANDLERS: dict[str, tuple[Handlers, ...]] = {
    "AWS::ApiGatewayV2::Api": (_API,),
    "AWS::ApiGatewayV2::Authorizer": (_API,),
    "AWS::ApiGatewayV2::Integration": (_API,),
    "AWS::ApiGatewayV2::Route": (_API,),
    "AWS::ApiGatewayV2::Stage": (
        Handlers("Api", "apigateway", "GET PATCH POST TagResource UntagResource", "DELETE", targets.apis),
        # Amazon API Gateway Developer Guide, Configure logging for HTTP APIs; none of them has resources.
        Handlers(
            "AccessLogs",
            "logs",
            "CreateLogDelivery DescribeResourcePolicies GetLogDelivery ListLogDeliveries PutResourcePolicy "
            "UpdateLogDelivery",
            "DeleteLogDelivery GetLogDelivery ListLogDeliveries",
            targets.anything,
            looks=False,
        ),
    ),
    "AWS::Athena::WorkGroup": (
        Handlers(
            "Workgroup",
            "athena",
            "CreateWorkGroup GetWorkGroup ListTagsForResource TagResource UntagResource UpdateWorkGroup",
            "DeleteWorkGroup GetWorkGroup UntagResource",
            targets.workgroup,
        ),
        Handlers(
            "ResultsBucket",
            "s3",
            "GetBucketLocation ListBucket ListBucketMultipartUploads",
            "",
            targets.buckets,
            looks=False,
        ),
        Handlers(
            "Results",
            "s3",
            "AbortMultipartUpload GetObject ListMultipartUploadParts PutObject",
            "",
            targets.results,
            looks=False,
        ),
    ),
    "AWS::CloudWatch::Alarm": (
        Handlers(
            "Alarms",
            "cloudwatch",
            "ListTagsForResource PutMetricAlarm TagResource UntagResource",
            "DeleteAlarms",
            targets.named("cloudwatch", "alarm:"),
        ),
        Handlers("SeeAlarms", "cloudwatch", "DescribeAlarms", "DescribeAlarms", targets.all_alarms),
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
        Handlers("MakePool", "cognito-idp", "CreateUserPool", "", targets.anything, targets.new_tags),
        Handlers(
            "Pool",
            "cognito-idp",
            "DescribeUserPool GetUserPoolMfaConfig ListTagsForResource SetUserPoolMfaConfig TagResource "
            "UntagResource UpdateUserPool",
            "DeleteUserPool",
            targets.pools,
            lambda scope: scope.tagged,
        ),
    ),
    "AWS::Cognito::UserPoolClient": (
        Handlers(
            "Pool",
            "cognito-idp",
            "CreateUserPoolClient DescribeUserPoolClient ListUserPoolClientSecrets UpdateUserPoolClient",
            "DeleteUserPoolClient",
            targets.pools,
            lambda scope: scope.tagged,
        ),
    ),
    "AWS::Cognito::UserPoolDomain": (
        Handlers(
            "Pool",
            "cognito-idp",
            "CreateUserPoolDomain UpdateUserPoolDomain",
            "DeleteUserPoolDomain",
            targets.pools,
            lambda scope: scope.tagged,
        ),
        # Asked by the domain's name: it has no resource.
        Handlers(
            "Domain", "cognito-idp", "DescribeUserPoolDomain", "DescribeUserPoolDomain", targets.anything
        ),
    ),
    "AWS::Cognito::UserPoolResourceServer": (
        Handlers(
            "Pool",
            "cognito-idp",
            "CreateResourceServer DescribeResourceServer UpdateResourceServer",
            "DeleteResourceServer",
            targets.pools,
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
            targets.named("dynamodb", "table/"),
        ),
    ),
    "AWS::Events::Rule": (
        Handlers(
            "Rules",
            "events",
            "DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets TagResource "
            "UntagResource",
            "DeleteRule DescribeRule ListTargetsByRule RemoveTargets",
            targets.named("events", "rule/"),
        ),
    ),
    "AWS::Glue::Database": (
        Handlers(
            "Catalog",
            "glue",
            "CreateDatabase GetDatabase UpdateDatabase",
            "DeleteDatabase GetDatabase",
            targets.catalog,
        ),
    ),
    "AWS::Glue::Table": (
        Handlers(
            "Catalog",
            "glue",
            "CreateTable GetDatabase GetTable UpdateTable",
            "CreateTable DeleteTable GetDatabase GetTable",
            targets.catalog,
        ),
    ),
    "AWS::IAM::Role": (
        Handlers(
            "Roles",
            "iam",
            "CreateRole GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies PutRolePolicy "
            "TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
            "DeleteRole DeleteRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies TagRole UntagRole",
            targets.roles,
        ),
    ),
    "AWS::Lambda::EventInvokeConfig": (
        Handlers(
            "Calls",
            "lambda",
            "GetFunctionEventInvokeConfig PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
            "DeleteFunctionEventInvokeConfig GetFunctionEventInvokeConfig",
            targets.named("lambda", "function:"),
        ),
    ),
    "AWS::Lambda::EventSourceMapping": (
        # Made without an id, so without a resource: the function is the condition.
        Handlers(
            "MakeMapping", "lambda", "CreateEventSourceMapping", "", targets.anything, targets.of_the_consumer
        ),
        Handlers(
            "Mapping",
            "lambda",
            "GetEventSourceMapping UpdateEventSourceMapping",
            "DeleteEventSourceMapping GetEventSourceMapping",
            targets.mappings,
            targets.of_the_consumer,
        ),
        Handlers("TagMapping", "lambda", "ListTags TagResource UntagResource", "", targets.mappings),
    ),
    "AWS::Lambda::Function": (
        Handlers(
            "Functions",
            "lambda",
            "CreateFunction DeleteFunctionConcurrency GetFunction GetFunctionCodeSigningConfig "
            "GetFunctionRecursionConfig GetFunctionScalingConfig GetRuntimeManagementConfig ListTags "
            "PutFunctionConcurrency TagResource UntagResource UpdateFunctionCode UpdateFunctionConfiguration",
            "DeleteFunction GetFunction",
            targets.named("lambda", "function:"),
        ),
        Handlers("PassRoles", "iam", "PassRole", "", targets.roles, targets.for_lambda),
        Handlers("Code", "s3", "GetObject GetObjectVersion", "", targets.code, looks=False),
    ),
    "AWS::Lambda::Permission": (
        Handlers(
            "Functions",
            "lambda",
            "AddPermission GetPolicy",
            "RemovePermission",
            targets.named("lambda", "function:"),
        ),
    ),
    "AWS::Logs::LogGroup": (
        Handlers(
            "LogGroups",
            "logs",
            "CreateLogGroup DeleteRetentionPolicy GetDataProtectionPolicy ListTagsForResource "
            "PutRetentionPolicy TagResource UntagResource",
            "DeleteDataProtectionPolicy DeleteLogGroup",
            targets.log_groups,
        ),
        # They are of the account, or look through all groups.
        Handlers(
            "SeeLogGroups",
            "logs",
            "DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies",
            "DescribeLogGroups",
            targets.anything,
        ),
    ),
    "AWS::Logs::MetricFilter": (
        Handlers(
            "LogGroups",
            "logs",
            "DescribeMetricFilters PutMetricFilter",
            "DeleteMetricFilter",
            targets.log_groups,
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
            targets.buckets,
        ),
    ),
    "AWS::S3::BucketPolicy": (
        Handlers(
            "Buckets",
            "s3",
            "GetBucketPolicy PutBucketPolicy",
            "DeleteBucketPolicy GetBucketPolicy",
            targets.buckets,
        ),
    ),
    "AWS::SNS::Subscription": (
        Handlers("Topic", "sns", "Subscribe", "", targets.named("sns")),
        # These have no resource (Service Authorization Reference, Amazon SNS).
        Handlers(
            "Subscriptions",
            "sns",
            "GetSubscriptionAttributes SetSubscriptionAttributes",
            "GetSubscriptionAttributes Unsubscribe",
            targets.anything,
        ),
    ),
    "AWS::SNS::Topic": (
        Handlers(
            "Topic",
            "sns",
            "CreateTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic "
            "ListTagsForResource SetTopicAttributes TagResource UntagResource",
            "DeleteTopic GetTopicAttributes",
            targets.named("sns"),
        ),
    ),
    "AWS::SNS::TopicPolicy": (
        Handlers("Topic", "sns", "SetTopicAttributes", "SetTopicAttributes", targets.named("sns")),
    ),
    "AWS::SQS::Queue": (
        Handlers(
            "Queues",
            "sqs",
            "CreateQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue UntagQueue",
            "DeleteQueue GetQueueAttributes",
            targets.named("sqs"),
        ),
    ),
    "AWS::SQS::QueuePolicy": (
        Handlers("Queues", "sqs", "SetQueueAttributes", "SetQueueAttributes", targets.named("sqs")),
    ),
}


def statements(kinds: Iterable[str], scope: Scope, only: str = "") -> list[Statement]:
    """What the handlers of these resource types need: all, or only to `delete` or to `read` them.

    Raises:
        KeyError: nobody has said yet what a type needs.
    """
    return [
        statement
        for kind in sorted(set(kinds))
        for handlers in HANDLERS[kind]
        for statement in handlers.statements(scope, only)
    ]
