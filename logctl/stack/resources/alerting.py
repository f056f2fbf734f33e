"""Resources that deliver alerts: one SNS topic, who may publish to it, and who subscribes to it."""

from __future__ import annotations

import hashlib
from typing import Any

from logctl.stack.iam.policies import deny_plain_http, document
from logctl.stack.names import Names
from logctl.stack.resources.monitoring import let_alarms_publish
from logctl.stack.setting_parsers import Subscription
from logctl.stack.settings import Settings


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    """Return the topic, its policy, and a subscription for each subscriber in the settings."""
    topic = {
        "Topic": {
            "Type": "AWS::SNS::Topic",
            # Not encrypted with a KMS key. Alarms cannot publish to a topic with the AWS managed key, whose
            # policy does not allow CloudWatch (Amazon SNS Developer Guide, Key management), and a customer
            # managed key costs a dollar a month. An alert contains one sample line.
            "Properties": {"TopicName": names.topic},
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {
                "Topics": [{"Ref": "Topic"}],
                "PolicyDocument": document(
                    [
                        {**deny_plain_http("sns", [{"Ref": "Topic"}]), "Action": "sns:Publish"},
                        let_alarms_publish(names),
                    ]
                ),
            },
        },
    }
    return topic | {_logical_id(item): _subscription(item) for item in settings.subscriptions}


def _logical_id(subscription: Subscription) -> str:
    # Made of the endpoint, so that another subscription does not change the ids of those that exist.
    digest = hashlib.sha256(f"{subscription.protocol} {subscription.endpoint}".encode()).hexdigest()
    return f"Subscription{digest[:8]}"


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "Type": "AWS::SNS::Subscription",
        "Properties": {
            "TopicArn": {"Ref": "Topic"},
            "Protocol": subscription.protocol,
            "Endpoint": subscription.endpoint,
        },
    }
