"""The time at which a message's content was sent first: a redrive or a retry changes SQS's own time.

Records without a time of their own get the time at which their content was sent first, so that a redrive
stores them in the same place. Only messages with such records are looked up here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from logctl.aws.error_codes import code_of
from logctl.core.attempts import KEPT
from logctl.core.times import SECOND
from logctl.pipeline.stores.attempt_ledger import PREFIX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

FIRST_SEEN = "first_seen"


class Sightings:
    """The times at which contents were sent first."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def first(self, content_id: str, sent_at: int, *, now: int) -> int:
        """Return when this content was sent first, in milliseconds: `sent_at` if it is not known."""
        item: dict[str, Any] = {
            "app": {"S": PREFIX + content_id},
            "chunk": {"S": FIRST_SEEN},
            "sent_at": {"N": str(sent_at)},
            "expires_at": {"N": str((now + KEPT) // SECOND)},
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(app) OR expires_at <= :now",
                ExpressionAttributeValues={":now": {"N": str(now // SECOND)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if code_of(error) != "ConditionalCheckFailedException":
                raise
            old: Any = error.response["Item"]  # type: ignore[typeddict-item]
            return int(old["sent_at"]["N"])
        return sent_at
