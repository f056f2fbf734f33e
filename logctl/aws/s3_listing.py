"""Listing of a bucket: objects under a prefix, and the folders directly below one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ObjectTypeDef


def objects(s3: S3Client, bucket: str, prefix: str) -> Iterator[ObjectTypeDef]:
    """Yield every object under a prefix in the order of keys; one request for a thousand objects."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return (item for page in pages for item in page.get("Contents", []))


def folders(s3: S3Client, bucket: str, prefix: str) -> Iterator[str]:
    """Yield the prefixes that end with the next `/` below a prefix; one request for a thousand of them."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return (entry["Prefix"] for page in pages for entry in page.get("CommonPrefixes", []))
