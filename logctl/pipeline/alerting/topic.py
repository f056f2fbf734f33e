"""The SNS topic that alerts are published to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from logctl.core.debounce import Alert

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient


class AlertTopic:
    """A publisher of alerts, with attributes by which a subscription can filter them."""

    def __init__(self, sns: SNSClient, topic_arn: str) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    @property
    def stack(self) -> str:
        """The name of the stack that the topic belongs to."""
        return self._topic_arn.rsplit(":", 1)[-1].removesuffix("-alerts")

    def publish(self, alert: Alert) -> None:
        """Publish an alert.

        Raises:
            TROUBLE: SNS did not take it, or its reply was lost.
        """
        attributes = {
            "alert_id": alert.alert_id,
            "kind": alert.kind.name,
            "key": str(alert.key),
            "appid": alert.key.appid,
            "severity": alert.key.severity,
            "count": str(alert.count),
        }
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=alert.subject,
            Message=alert.body,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
            },
        )
