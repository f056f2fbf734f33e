"""Resources that store: the bucket, the hot table and the alerts table.

The bucket keeps records for years and the hot table keeps them for hours. The alerts table has the states of
alert windows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from logctl.aws.place import Place
from logctl.core.partitions import CANARIES, COMPACTED, LOGS, QUARANTINE, RESULTS
from logctl.core.times import DAY
from logctl.pipeline.stores.attention_index import DUE, OLD_DUE
from logctl.pipeline.stores.hot import ARRIVAL, ARRIVALS
from logctl.stack.iam.policies import arn_of, deny_plain_http, document, named, sub
from logctl.stack.names import Names
from logctl.stack.settings import Settings

# Days. S3 bills at least 30 days of STANDARD_IA and 90 of GLACIER_IR, and by default keeps objects under
# 128 KB in STANDARD (Amazon S3 User Guide, Transitioning objects).
_INFREQUENT_AFTER = 30
_ARCHIVE_AFTER = 90
_DUE_KEYS = ("due_shard", "notified_at")


def resources(settings: Settings, names: Names, place: Place) -> dict[str, Any]:
    """Return the bucket with its policy, and the two tables."""
    return {
        "Bucket": {"Type": "AWS::S3::Bucket", "Properties": _bucket(settings, names.bucket(place))},
        "BucketPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Bucket"},
                "PolicyDocument": document(
                    [deny_plain_http("s3", [arn_of("Bucket"), sub("${Bucket.Arn}/*")])]
                ),
            },
        },
        "HotTable": _table(names.hot_table, ("app", "chunk"), hot_indexes()),
        "AlertsTable": _table(names.alerts_table, ("pk", "sk"), alerts_indexes()),
    }


def private_bucket() -> dict[str, Any]:
    """Return the properties of every bucket: private, encrypted, owned by the account, versioned."""
    return {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    }


def lifecycle_rule(name: str, prefix: str, **properties: Any) -> dict[str, Any]:
    """Return a lifecycle rule of S3 for the keys under a prefix."""
    return {"Id": name, "Status": "Enabled", "Prefix": prefix, **properties}


def housekeeping() -> dict[str, Any]:
    """Return the rule of every bucket: delete unfinished uploads and replaced versions after a week."""
    return lifecycle_rule(
        "housekeeping",
        "",
        AbortIncompleteMultipartUpload={"DaysAfterInitiation": 7},
        NoncurrentVersionExpiration={"NoncurrentDays": 7},
    )


def _bucket(settings: Settings, name: str) -> dict[str, Any]:
    kept = settings.cold_retention // DAY
    # An object moves only if it stays long enough in the new class to be worth what S3 bills at least.
    transitions = [
        {"StorageClass": storage_class, "TransitionInDays": after}
        for storage_class, after, least in (
            ("STANDARD_IA", _INFREQUENT_AFTER, _INFREQUENT_AFTER + 30),
            ("GLACIER_IR", _ARCHIVE_AFTER, _ARCHIVE_AFTER + 90),
        )
        if kept >= least
    ]
    moved = {"Transitions": transitions} if transitions else {}
    rules = [
        lifecycle_rule("logs", LOGS, ExpirationInDays=kept, **moved),
        lifecycle_rule("compacted", COMPACTED, ExpirationInDays=kept, **moved),
        lifecycle_rule("quarantine", QUARANTINE, ExpirationInDays=settings.quarantine_retention // DAY),
        lifecycle_rule("athena-results", RESULTS, ExpirationInDays=7),
        lifecycle_rule("canary", CANARIES, ExpirationInDays=1),
        housekeeping(),
    ]
    return {
        "BucketName": named(name),
        **private_bucket(),
        "LifecycleConfiguration": {"Rules": rules},
    }


def hot_indexes(steps: Sequence[str] = (ARRIVAL, ARRIVALS)) -> list[dict[str, Any]]:
    """Return indexes of the hot table, by name.

    `ARRIVAL` has the rows of earlier versions only, and is empty when they have expired. It is still in the
    template because an update of a stack creates or removes one index of a table, not both.
    """
    keys = {ARRIVAL: ("app", "arrived"), ARRIVALS: ("lane", "arrived_at")}
    return [_index(name, keys[name], "KEYS_ONLY") for name in steps]


def alerts_indexes(steps: Sequence[str] = (DUE,)) -> list[dict[str, Any]]:
    """Return indexes of the alerts table, by name; also the old one, for `upgrade`."""
    kinds = {DUE: "KEYS_ONLY", OLD_DUE: "ALL"}
    return [_index(name, _DUE_KEYS, kinds[name]) for name in steps]


def set_indexes(resources: dict[str, Any], indexes: Mapping[str, tuple[str, ...]]) -> None:
    """Change the indexes of tables in a template, for one of several updates (`stack.upgrade`).

    `indexes`: their names, by the table's name in the template.
    """
    for name, make in (("HotTable", hot_indexes), ("AlertsTable", alerts_indexes)):
        properties = resources[name]["Properties"]
        made = make(indexes[name])
        keys = [key["AttributeName"] for key in properties["KeySchema"]]
        properties["GlobalSecondaryIndexes"] = made
        properties["AttributeDefinitions"] = _definitions(keys, made)


def _table(name: str, keys: tuple[str, str], indexes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": _definitions(keys, indexes),
            "KeySchema": _key_schema(keys),
            "GlobalSecondaryIndexes": list(indexes),
            "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        },
    }


def _definitions(keys: Sequence[str], indexes: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Return the types of all key attributes: range keys of indexes are numbers, all others are text."""
    kinds = dict.fromkeys(keys, "S")
    for index in indexes:
        hashed, ranged = index["KeySchema"]
        kinds.setdefault(hashed["AttributeName"], "S")
        kinds.setdefault(ranged["AttributeName"], "N")
    return [{"AttributeName": attribute, "AttributeType": kind} for attribute, kind in kinds.items()]


def _index(name: str, keys: tuple[str, str], projection: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": _key_schema(keys),
        "Projection": {"ProjectionType": projection},
    }


def _key_schema(keys: tuple[str, str]) -> list[dict[str, str]]:
    return [
        {"AttributeName": keys[0], "KeyType": "HASH"},
        {"AttributeName": keys[1], "KeyType": "RANGE"},
    ]
