"""What `logctl provision` and `logctl destroy` do, in order; each step can be repeated after a kill."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

from botocore.exceptions import ClientError

from logctl import __version__
from logctl.core.completeness import Shortfall, shortfall
from logctl.core.names import Names, Place
from logctl.core.settings import Settings
from logctl.pipeline.clients import Aws
from logctl.pipeline.stacks import resources_of
from logctl.stack.bundle import Bundle, build
from logctl.stack.deploy import Plan, StackDeployer, StackEvent, StackInfo
from logctl.stack.functions import Code
from logctl.stack.policies import named
from logctl.stack.removal import Removal
from logctl.stack.template import INLINE_LIMIT, TEMPLATES, bootstrap_template, build_template, to_json

OnEvent = Callable[[StackEvent], None]


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
        # The sandbox answers at once; AWS throttles who asks too often.
        pace = 0.2 if local else 2.0
        self._stack, self._bootstrap = (
            StackDeployer(
                aws.cloudformation,
                name,
                sleep=sleep,
                poll_seconds=pace,
                # MiniStack 1.5.33 takes a bucket that is to be taken over for a conflict of names.
                options={"DisableValidation": True} if local else {},
            )
            for name in (self._names.stack, self._names.bootstrap_stack)
        )
        self._removal = Removal(aws, sleep=sleep, pace=pace)
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
                endpoint=self._aws.endpoint_url,
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
        key = f"{TEMPLATES}{hashlib.sha256(text.encode()).hexdigest()}.json"
        self._aws.s3.put_object(Bucket=self._deploy_bucket, Key=key, Body=text.encode())
        url = self._aws.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._deploy_bucket, "Key": key}, ExpiresIn=900
        )
        return self._stack.plan({"TemplateURL": url.split("?", maxsplit=1)[0]})

    def shortfall(self) -> Shortfall:
        """What the stack lacks of what these settings make, whatever CloudFormation says of it."""
        info = self.describe()
        return shortfall(
            json.loads(self.template()),
            resources_of(self._aws.cloudformation, self._names.stack) if info else (),
            info.outputs if info else {},
            __version__,
        )

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
        deleted += self._removal.bucket(self._deploy_bucket, on_emptied)
        names = self._names
        functions = (names.consumer, names.sweeper, names.compactor, names.api)
        deleted += self._removal.log_groups(f"/aws/lambda/{function}" for function in functions)
        bucket = self._names.bucket(self._aws.place)
        tables = (self._names.hot_table, self._names.alerts_table)
        if not delete_data:
            there = [f"bucket {bucket}"] if self._removal.has_bucket(bucket) else []
            there += [f"table {table}" for table in tables if self._removal.has_table(table)]
            return Destroyed(tuple(deleted), tuple(there))
        deleted += self._removal.bucket(bucket, on_emptied)
        deleted += self._removal.tables(tables)
        return Destroyed(tuple(deleted), ())


def code_for(settings: Settings, bundle: Bundle, place: Place | None = None) -> Code:
    """Where the template finds the bundle: in the deploy bucket of the place it is applied to."""
    bucket = Names.of(settings).deploy_bucket(place or Place())
    return Code(named(bucket), bundle.key, bundle.runtime, bundle.architecture)
