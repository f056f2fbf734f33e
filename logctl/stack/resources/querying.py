"""Resources for SQL: the catalog's database, tables and views, and an Athena workgroup with a scan limit."""

from __future__ import annotations

from typing import Any

from logctl.core.partitions import RESULTS
from logctl.stack.catalog_tables import database_input, table_inputs
from logctl.stack.iam.policies import sub
from logctl.stack.names import Names
from logctl.stack.settings import Settings


def resources(settings: Settings, names: Names) -> dict[str, Any]:
    """Return the database with its tables and views, and the workgroup."""
    tables = table_inputs(names, lambda prefix: sub("s3://${Bucket}/" + prefix))
    return {
        "Database": {
            "Type": "AWS::Glue::Database",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": database_input(names),
            },
        },
        "Table": _glue_table(tables[names.table]),
        "CompactedTable": _glue_table(tables[names.compacted_table]),
        "View": _glue_table(tables[names.view]),
        "UniqueView": _glue_table(tables[names.unique_view]),
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


def _glue_table(table_input: dict[str, Any]) -> dict[str, Any]:
    return {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": {"Ref": "AWS::AccountId"},
            "DatabaseName": {"Ref": "Database"},
            "TableInput": table_input,
        },
    }
