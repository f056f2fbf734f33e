"""The CloudFormation resource types of the templates, one row each: all that logctl has to know of a type.

From a row come the tags that the template gives a resource, whether the template retains it, what `provision`
says is lost with it, and the permissions that `logctl iam` lists for provisioning, destroying and detecting
drift. A template with a type that has no row cannot be built.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique
from typing import Any

from logctl.stack.iam import targets
from logctl.stack.iam.handler_permissions import Handlers


@unique
class RetainedKind(StrEnum):
    """A kind of resource that `destroy` keeps, and that the next `provision` takes over."""

    BUCKET = "bucket"
    TABLE = "table"


@dataclass(frozen=True)
class TagProperty:
    """The property of a type that takes tags: a map, or else a list of objects with `Key` and `Value`."""

    name: str
    is_map: bool

    def of(self, tags: Mapping[str, str]) -> dict[str, Any]:
        """Return the property with these tags."""
        listed = [{"Key": key, "Value": value} for key, value in tags.items()]
        return {self.name: dict(tags) if self.is_map else listed}


LISTED_TAGS = TagProperty("Tags", is_map=False)
MAPPED_TAGS = TagProperty("Tags", is_map=True)
USER_POOL_TAGS = TagProperty("UserPoolTags", is_map=True)


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type.

    `tags` is None for a type that takes none. `holds` says in words what is lost with a deleted resource, and
    is empty where nothing is. `handlers` is what CloudFormation calls for it. `kept` is set for a type that
    outlives its stack. A policy that `requires_tls` refuses plain HTTP, and so is left out in the sandbox,
    which supports nothing else.
    """

    name: str
    tags: TagProperty | None
    holds: str
    handlers: tuple[Handlers, ...]
    kept: RetainedKind | None = None
    requires_tls: bool = False


_API = Handlers("Api", "apigateway", "GET PATCH POST PUT", "DELETE GET", targets.apis)

_ROWS = (
    ResourceType(
        name="AWS::ApiGatewayV2::Api",
        tags=MAPPED_TAGS,
        holds="its address",
        handlers=(_API,),
    ),
    ResourceType(name="AWS::ApiGatewayV2::Authorizer", tags=None, holds="", handlers=(_API,)),
    ResourceType(name="AWS::ApiGatewayV2::Integration", tags=None, holds="", handlers=(_API,)),
    ResourceType(name="AWS::ApiGatewayV2::Route", tags=None, holds="", handlers=(_API,)),
    ResourceType(
        name="AWS::ApiGatewayV2::Stage",
        tags=MAPPED_TAGS,
        holds="",
        handlers=(
            Handlers("Api", "apigateway", "GET PATCH POST TagResource UntagResource", "DELETE", targets.apis),
            # Amazon API Gateway Developer Guide, Configure logging for HTTP APIs; none of them has resources.
            Handlers(
                "AccessLogs",
                "logs",
                "CreateLogDelivery DescribeResourcePolicies GetLogDelivery ListLogDeliveries "
                "PutResourcePolicy UpdateLogDelivery",
                "DeleteLogDelivery GetLogDelivery ListLogDeliveries",
                targets.anything,
                reads_itself=False,
            ),
        ),
    ),
    ResourceType(
        name="AWS::Athena::WorkGroup",
        tags=LISTED_TAGS,
        holds="its history of queries",
        handlers=(
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
                reads_itself=False,
            ),
            Handlers(
                "Results",
                "s3",
                "AbortMultipartUpload GetObject ListMultipartUploadParts PutObject",
                "",
                targets.results,
                reads_itself=False,
            ),
        ),
    ),
    ResourceType(
        name="AWS::CloudWatch::Alarm",
        tags=LISTED_TAGS,
        holds="",
        handlers=(
            Handlers(
                "Alarms",
                "cloudwatch",
                "ListTagsForResource PutMetricAlarm TagResource UntagResource",
                "DeleteAlarms",
                targets.named("cloudwatch", "alarm:"),
            ),
            Handlers("SeeAlarms", "cloudwatch", "DescribeAlarms", "DescribeAlarms", targets.all_alarms),
        ),
    ),
    ResourceType(
        name="AWS::CloudWatch::Dashboard",
        tags=LISTED_TAGS,
        holds="",
        handlers=(
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
    ),
    ResourceType(
        name="AWS::Cognito::UserPool",
        tags=USER_POOL_TAGS,
        holds="its users and their passwords",
        handlers=(
            Handlers(
                "MakePool", "cognito-idp", "CreateUserPool", "", targets.anything, condition=targets.new_tags
            ),
            Handlers(
                "Pool",
                "cognito-idp",
                "DescribeUserPool GetUserPoolMfaConfig ListTagsForResource SetUserPoolMfaConfig "
                "TagResource UntagResource UpdateUserPool",
                "DeleteUserPool",
                targets.pools,
                condition=targets.tagged,
            ),
        ),
    ),
    ResourceType(
        name="AWS::Cognito::UserPoolClient",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "Pool",
                "cognito-idp",
                "CreateUserPoolClient DescribeUserPoolClient ListUserPoolClientSecrets UpdateUserPoolClient",
                "DeleteUserPoolClient",
                targets.pools,
                condition=targets.tagged,
            ),
        ),
    ),
    ResourceType(
        name="AWS::Cognito::UserPoolDomain",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "Pool",
                "cognito-idp",
                "CreateUserPoolDomain UpdateUserPoolDomain",
                "DeleteUserPoolDomain",
                targets.pools,
                condition=targets.tagged,
            ),
            # Asked by the domain's name: it has no resource.
            Handlers(
                "Domain", "cognito-idp", "DescribeUserPoolDomain", "DescribeUserPoolDomain", targets.anything
            ),
        ),
    ),
    ResourceType(
        name="AWS::Cognito::UserPoolResourceServer",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "Pool",
                "cognito-idp",
                "CreateResourceServer DescribeResourceServer UpdateResourceServer",
                "DeleteResourceServer",
                targets.pools,
                condition=targets.tagged,
            ),
        ),
    ),
    ResourceType(
        name="AWS::DynamoDB::Table",
        tags=LISTED_TAGS,
        holds="the rows in it",
        kept=RetainedKind.TABLE,
        handlers=(
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
    ),
    ResourceType(
        name="AWS::Events::Rule",
        tags=LISTED_TAGS,
        holds="",
        handlers=(
            Handlers(
                "Rules",
                "events",
                "DescribeRule ListTagsForResource ListTargetsByRule PutRule PutTargets RemoveTargets "
                "TagResource UntagResource",
                "DeleteRule DescribeRule ListTargetsByRule RemoveTargets",
                targets.named("events", "rule/"),
            ),
        ),
    ),
    ResourceType(
        name="AWS::Glue::Database",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "Catalog",
                "glue",
                "CreateDatabase GetDatabase UpdateDatabase",
                "DeleteDatabase GetDatabase",
                targets.catalog,
            ),
        ),
    ),
    ResourceType(
        name="AWS::Glue::Table",
        tags=None,
        holds="its partitions, until the next `logctl athena repair`",
        handlers=(
            Handlers(
                "Catalog",
                "glue",
                "CreateTable GetDatabase GetTable UpdateTable",
                "CreateTable DeleteTable GetDatabase GetTable",
                targets.catalog,
            ),
        ),
    ),
    ResourceType(
        name="AWS::IAM::Role",
        tags=LISTED_TAGS,
        holds="",
        handlers=(
            Handlers(
                "Roles",
                "iam",
                "CreateRole GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies PutRolePolicy "
                "TagRole UntagRole UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription",
                "DeleteRole DeleteRolePolicy GetRole ListAttachedRolePolicies ListRolePolicies TagRole "
                "UntagRole",
                targets.roles,
            ),
        ),
    ),
    ResourceType(
        name="AWS::Lambda::EventInvokeConfig",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "Calls",
                "lambda",
                "GetFunctionEventInvokeConfig PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig",
                "DeleteFunctionEventInvokeConfig GetFunctionEventInvokeConfig",
                targets.named("lambda", "function:"),
            ),
        ),
    ),
    ResourceType(
        name="AWS::Lambda::EventSourceMapping",
        tags=LISTED_TAGS,
        holds="",
        handlers=(
            # Made without an id, so without a resource: the function is the condition.
            Handlers(
                "MakeMapping",
                "lambda",
                "CreateEventSourceMapping",
                "",
                targets.anything,
                condition=targets.of_the_consumer,
            ),
            Handlers(
                "Mapping",
                "lambda",
                "GetEventSourceMapping UpdateEventSourceMapping",
                "DeleteEventSourceMapping GetEventSourceMapping",
                targets.mappings,
                condition=targets.of_the_consumer,
            ),
            Handlers("TagMapping", "lambda", "ListTags TagResource UntagResource", "", targets.mappings),
        ),
    ),
    ResourceType(
        name="AWS::Lambda::Function",
        tags=LISTED_TAGS,
        holds="",
        handlers=(
            Handlers(
                "Functions",
                "lambda",
                "CreateFunction DeleteFunctionConcurrency GetFunction GetFunctionCodeSigningConfig "
                "GetFunctionRecursionConfig GetFunctionScalingConfig GetRuntimeManagementConfig ListTags "
                "PutFunctionConcurrency TagResource UntagResource UpdateFunctionCode "
                "UpdateFunctionConfiguration",
                "DeleteFunction GetFunction",
                targets.named("lambda", "function:"),
            ),
            Handlers("PassRoles", "iam", "PassRole", "", targets.roles, condition=targets.for_lambda),
            Handlers("Code", "s3", "GetObject GetObjectVersion", "", targets.code, reads_itself=False),
        ),
    ),
    ResourceType(
        name="AWS::Lambda::Permission",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "Functions",
                "lambda",
                "AddPermission GetPolicy",
                "RemovePermission",
                targets.named("lambda", "function:"),
            ),
        ),
    ),
    ResourceType(
        name="AWS::Logs::LogGroup",
        tags=LISTED_TAGS,
        holds="what the function has logged",
        handlers=(
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
    ),
    ResourceType(
        name="AWS::Logs::MetricFilter",
        tags=None,
        holds="",
        handlers=(
            Handlers(
                "LogGroups",
                "logs",
                "DescribeMetricFilters PutMetricFilter",
                "DeleteMetricFilter",
                targets.log_groups,
            ),
        ),
    ),
    ResourceType(
        name="AWS::S3::Bucket",
        tags=LISTED_TAGS,
        holds="the objects in it",
        kept=RetainedKind.BUCKET,
        handlers=(
            Handlers(
                "Buckets",
                "s3",
                "CreateBucket GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac "
                "GetBucketAcl GetBucketCORS GetBucketLogging GetBucketMetadataTableConfiguration "
                "GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls "
                "GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite "
                "GetEncryptionConfiguration GetIntelligentTieringConfiguration GetInventoryConfiguration "
                "GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration ListBucket "
                "PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketTagging "
                "PutBucketVersioning PutEncryptionConfiguration PutLifecycleConfiguration",
                "",
                targets.buckets,
            ),
        ),
    ),
    ResourceType(
        name="AWS::S3::BucketPolicy",
        tags=None,
        holds="",
        requires_tls=True,
        handlers=(
            Handlers(
                "Buckets",
                "s3",
                "GetBucketPolicy PutBucketPolicy",
                "DeleteBucketPolicy GetBucketPolicy",
                targets.buckets,
            ),
        ),
    ),
    ResourceType(
        name="AWS::SNS::Subscription",
        tags=None,
        holds="the delivery of alerts to it, until it is confirmed again",
        handlers=(
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
    ),
    ResourceType(
        name="AWS::SNS::Topic",
        tags=LISTED_TAGS,
        holds="its subscriptions",
        handlers=(
            Handlers(
                "Topic",
                "sns",
                "CreateTopic GetDataProtectionPolicy GetTopicAttributes ListSubscriptionsByTopic "
                "ListTagsForResource SetTopicAttributes TagResource UntagResource",
                "DeleteTopic GetTopicAttributes",
                targets.named("sns"),
            ),
        ),
    ),
    ResourceType(
        name="AWS::SNS::TopicPolicy",
        tags=None,
        holds="",
        requires_tls=True,
        handlers=(
            Handlers("Topic", "sns", "SetTopicAttributes", "SetTopicAttributes", targets.named("sns")),
        ),
    ),
    ResourceType(
        name="AWS::SQS::Queue",
        tags=LISTED_TAGS,
        holds="the messages in it",
        handlers=(
            Handlers(
                "Queues",
                "sqs",
                "CreateQueue GetQueueAttributes GetQueueUrl ListQueueTags SetQueueAttributes TagQueue "
                "UntagQueue",
                "DeleteQueue GetQueueAttributes",
                targets.named("sqs"),
            ),
        ),
    ),
    ResourceType(
        name="AWS::SQS::QueuePolicy",
        tags=None,
        holds="",
        requires_tls=True,
        handlers=(
            Handlers("Queues", "sqs", "SetQueueAttributes", "SetQueueAttributes", targets.named("sqs")),
        ),
    ),
)

RESOURCE_TYPES = {row.name: row for row in _ROWS}
"""The resource types by CloudFormation's name."""
TAG_PROPERTIES = frozenset(row.tags.name for row in _ROWS if row.tags)
"""The names of the properties that take tags."""


def row_of(name: str) -> ResourceType:
    """Return the row of a type that a template uses.

    Raises:
        LookupError: it has none yet.
    """
    try:
        return RESOURCE_TYPES[name]
    except KeyError:
        raise LookupError(f"{name} has no row in logctl/stack/resource_types.py") from None
