"""SQL over everything: the catalog's database and table, and a workgroup with a limit."""

from __future__ import annotations

from typing import Any

from logctl.core.names import Names
from logctl.core.partitions import LOGS
from logctl.core.schema import PARTITION_KEYS, storage_descriptor
from logctl.core.settings import Settings
from logctl.stack.policies import sub
from logctl.stack.storage import RESULTS


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    table = storage_descriptor("s3://${Bucket}/" + LOGS)
    table["Location"] = sub(table["Location"])
    return {
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": {"Name": names.database, "Description": "Logs, by logctl"},
            },
        },
        "Table": {
            "Type": "AWS::Glue::Table",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseName": {"Ref": "Database"},
                "TableInput": {
                    "Name": names.table,
                    "Description": "One row a log record",
                    "TableType": "EXTERNAL_TABLE",
                    "Parameters": {"EXTERNAL": "TRUE", "classification": "json"},
                    "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in PARTITION_KEYS],
                    "StorageDescriptor": table,
                },
            },
        },
        "Workgroup": {
            "Type": "AWS::Athena::WorkGroup",
            "Properties": {
                "Name": names.workgroup,
                "Description": "Queries over logs, by logctl",
                "RecursiveDeleteOption": True,
                "WorkGroupConfiguration": {
                    "EnforceWorkGroupConfiguration": True,
                    "PublishCloudWatchMetricsEnabled": True,
                    "BytesScannedCutoffPerQuery": settings.scan_limit,
                    "ResultConfiguration": {
                        "OutputLocation": sub("s3://${Bucket}/" + RESULTS),
                        "EncryptionConfiguration": {"EncryptionOption": "SSE_S3"},
                    },
                },
            },
        },
    }
