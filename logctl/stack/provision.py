"""What `logctl provision` and `logctl destroy` do, in order; each step can be repeated after a kill."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from botocore.exceptions import ClientError

from logctl.core.names import Names, Place
from logctl.core.settings import Settings
from logctl.pipeline.clients import Aws
from logctl.stack.bundle import Bundle, build
from logctl.stack.deploy import Plan, StackDeployer, StackEvent, StackInfo
from logctl.stack.functions import Code
from logctl.stack.policies import named
from logctl.stack.template import INLINE_LIMIT, bootstrap_template, build_template, to_json

OnEvent = Callable[[StackEvent], None]
_DELETE_LIMIT = 1_000


@dataclass(frozen=True)
class Destroyed:
    """What is gone and what was kept, by kind and name."""

    deleted: tuple[str, ...]
    retained: tuple[str, ...]


class Provisioner:
    """One environment's stack in one account and region."""

    def __init__(self, aws: Aws, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._settings = settings
        self._names = Names.of(settings)
        local = settings.target == "local"
        self._stack, self._bootstrap = (
            StackDeployer(
                aws.cloudformation,
                name,
                sleep=sleep,
                # The sandbox answers at once; AWS throttles who asks too often.
                poll_seconds=0.2 if local else 2.0,
                # MiniStack 1.5.33 takes a bucket that is to be taken over for a conflict of names.
                options={"DisableValidation": True} if local else {},
            )
            for name in (self._names.stack, self._names.bootstrap_stack)
        )
        self._bundle: Bundle | None = None

    @property
    def bundle(self) -> Bundle:
        if self._bundle is None:
            self._bundle = build(self._settings.target)
        return self._bundle

    def template(self) -> str:
        return to_json(
            build_template(
                self._settings,
                code=code_for(self._settings, self.bundle, self._aws.place),
                place=self._aws.place,
            )
        )

    def describe(self) -> StackInfo | None:
        return self._stack.describe()

    def plan(self) -> Plan:
        """What applying would change; nothing is changed by it. `discard` what is not applied."""
        text = self.template()
        if len(text.encode()) <= INLINE_LIMIT:
            return self._stack.plan({"TemplateBody": text})
        # Only a stack with very many subscriptions gets here; the bucket then has to be there first.
        self._ensure_bootstrap(lambda event: None)
        key = f"templates/{self.bundle.digest}.json"
        self._aws.s3.put_object(Bucket=self._deploy_bucket, Key=key, Body=text.encode())
        url = self._aws.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._deploy_bucket, "Key": key}, ExpiresIn=900
        )
        return self._stack.plan({"TemplateURL": url.split("?", maxsplit=1)[0]})

    def discard(self, plan: Plan) -> None:
        self._stack.discard(plan)

    def apply(self, plan: Plan, on_event: OnEvent) -> StackInfo:
        """Make the plan real: the bucket for code, the code, then the stack.

        Raises:
            LogctlError: a resource failed; says which and why.
        """
        self._ensure_bootstrap(on_event)
        self._upload_code()
        return self._stack.apply(plan, on_event)

    @property
    def _deploy_bucket(self) -> str:
        return self._names.deploy_bucket(self._aws.place)

    def _ensure_bootstrap(self, on_event: OnEvent) -> None:
        plan = self._bootstrap.plan(
            {"TemplateBody": to_json(bootstrap_template(self._settings, self._aws.place))}
        )
        if plan.changes:
            self._bootstrap.apply(plan, on_event)

    def _upload_code(self) -> None:
        bundle = self.bundle
        try:
            self._aws.s3.head_object(Bucket=self._deploy_bucket, Key=bundle.key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("404", "NoSuchKey", "NotFound"):
                raise
            self._aws.s3.put_object(Bucket=self._deploy_bucket, Key=bundle.key, Body=bundle.data)

    # ── Destroying ──────────────────────────────────────────────────────────────────────────────────

    def destroy(
        self,
        *,
        delete_data: bool,
        on_event: OnEvent,
        on_emptied: Callable[[str, int], None] = lambda bucket, objects: None,
    ) -> Destroyed:
        """Delete the stack and, when asked, the data: bucket and tables are retained otherwise.

        Args:
            on_emptied: told after each page of deletions how many objects of a bucket are gone.
        """
        deleted: list[str] = []
        if self._stack.delete(on_event):
            deleted.append(f"stack {self._names.stack}")
        if self._bootstrap.delete(on_event):
            deleted.append(f"stack {self._names.bootstrap_stack}")
        deleted += self._remove_bucket(self._deploy_bucket, on_emptied)
        deleted += [f"log group {group}" for group in self._sweep_logs()]
        bucket = self._names.bucket(self._aws.place)
        tables = (self._names.hot_table, self._names.alerts_table)
        if not delete_data:
            there = [f"bucket {bucket}"] if self._bucket_exists(bucket) else []
            there += [f"table {table}" for table in tables if self._table_exists(table)]
            return Destroyed(tuple(deleted), tuple(there))
        deleted += self._remove_bucket(bucket, on_emptied)
        for table in tables:
            if self._table_exists(table):
                self._aws.dynamodb.delete_table(TableName=table)
                deleted.append(f"table {table}")
        return Destroyed(tuple(deleted), ())

    def _bucket_exists(self, bucket: str) -> bool:
        try:
            self._aws.s3.head_bucket(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
                return False
            raise
        return True

    def _table_exists(self, table: str) -> bool:
        try:
            self._aws.dynamodb.describe_table(TableName=table)
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":
                return False
            raise
        return True

    def _remove_bucket(self, bucket: str, on_emptied: Callable[[str, int], None]) -> list[str]:
        """Delete every version and delete marker, then the bucket, if it is there."""
        if not self._bucket_exists(bucket):
            return []
        gone = 0
        for batch in self._versions(bucket):
            self._aws.s3.delete_objects(
                Bucket=bucket,
                Delete={"Objects": batch, "Quiet": True},  # type: ignore[typeddict-item]
            )
            gone += len(batch)
            on_emptied(bucket, gone)
        self._aws.s3.delete_bucket(Bucket=bucket)
        return [f"bucket {bucket}"]

    def _versions(self, bucket: str) -> Iterator[list[dict[str, str]]]:
        pages = self._aws.s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, PaginationConfig={"PageSize": _DELETE_LIMIT}
        )
        for page in pages:
            items = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if items:
                yield [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items]

    def _sweep_logs(self) -> Iterator[str]:
        """Log groups that a function's last words made anew after the stack had deleted them."""
        for function in (self._names.consumer, self._names.sweeper):
            group = f"/aws/lambda/{function}"
            try:
                self._aws.logs.delete_log_group(logGroupName=group)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
            else:
                yield group


def code_for(settings: Settings, bundle: Bundle, place: Place | None = None) -> Code:
    """Where the template finds the bundle: in the deploy bucket of the place it is applied to."""
    bucket = Names.of(settings).deploy_bucket(place or Place())
    return Code(named(bucket), bundle.key, bundle.runtime, bundle.architecture)
