"""SQL over everything: the catalog's database, tables and views, and a workgroup with a limit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from logctl.core import views
from logctl.core.names import Names
from logctl.core.partitions import COMPACTED, LOGS, RESULTS
from logctl.core.schema import PARTITION_KEYS, parquet_descriptor, storage_descriptor
from logctl.core.settings import Settings
from logctl.stack.policies import sub


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    logs = views.logs_sql(names.table, names.compacted_table)
    unique = views.unique_sql(names.view)
    return {
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": {"Name": names.database, "Description": "Logs, by logctl"},
            },
        },
        "Table": _table(
            names.table, "Records as the consumer writes them: JSON", storage_descriptor, LOGS, "json"
        ),
        "CompactedTable": _table(
            names.compacted_table,
            "Records of closed days, made by logctl athena compact: Parquet",
            parquet_descriptor,
            COMPACTED,
            "parquet",
        ),
        "View": _glue_table(
            views.table_input(names.view, names.database, logs, "One row a record, raw or compacted")
        ),
        "UniqueView": _glue_table(
            views.table_input(names.unique_view, names.database, unique, "Each event_id once")
        ),
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


def _table(
    name: str, description: str, descriptor: Callable[[str], dict[str, Any]], prefix: str, kind: str
) -> dict[str, Any]:
    stored = descriptor("")
    stored["Location"] = sub("s3://${Bucket}/" + prefix)
    return _glue_table(
        {
            "Name": name,
            "Description": description,
            "TableType": "EXTERNAL_TABLE",
            "Parameters": {"EXTERNAL": "TRUE", "classification": kind},
            "PartitionKeys": [{"Name": key, "Type": type_} for key, type_ in PARTITION_KEYS],
            "StorageDescriptor": stored,
        }
    )


def _glue_table(table_input: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Database"},
            "TableInput": table_input,
        },
    }
