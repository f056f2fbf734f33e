"""The way out for alerts: one topic, who may publish to it, and who subscribes to it."""

from __future__ import annotations

import hashlib
from typing import Any

from logctl.stack.iam.policies import deny_plain_http, document
from logctl.stack.names import Names
from logctl.stack.resources.monitoring import let_alarms_publish
from logctl.stack.setting_parsers import Subscription
from logctl.stack.settings import Settings


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    topic = {
        "Topic": {
            "Type": "AWS::SNS::Topic",
            # Not encrypted with a KMS key: the AWS managed key would do for our Lambda, but not for
            # CloudWatch alarms, whose permission it cannot carry (Amazon SNS Developer Guide, Key
            # management), and a key of our own costs a dollar a month. Alerts hold one sample line.
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
    # From the endpoint, so that adding one touches no other.
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
