"""`logctl provision` and `logctl destroy`, step by step. Each step can be repeated after an interruption."""

from __future__ import annotations

import contextlib
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from botocore.exceptions import ClientError

from logctl import __version__
from logctl.aws.clients import Aws
from logctl.aws.error_codes import code_of
from logctl.aws.place import Place
from logctl.core.errors import LogctlError
from logctl.stack.bundle import Bundle, build
from logctl.stack.capacity import Concurrency, reservation, shortage
from logctl.stack.completeness import Shortfall, shortfall
from logctl.stack.deploy import StackDeployer
from logctl.stack.iam.policies import named
from logctl.stack.names import Names
from logctl.stack.ownership import Ownership
from logctl.stack.removal import Left, Removal
from logctl.stack.resource_types import RetainedKind, row_of
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.resources.storage import set_indexes
from logctl.stack.settings import Settings
from logctl.stack.stack_contents import resources_of
from logctl.stack.stack_events import Change, Plan, StackEvent, StackInfo
from logctl.stack.template import INLINE_LIMIT, TEMPLATES, bootstrap_template, build_template, to_json
from logctl.stack.upgrade import ALERTS_TABLE, HOT_TABLE, Indexes, steps

OnEvent = Callable[[StackEvent], None]


@dataclass(frozen=True)
class Destroyed:
    """The resources that `destroy` deleted, kept, or left because another environment may own them."""

    deleted: tuple[str, ...]
    retained: tuple[str, ...]
    left: tuple[Left, ...] = ()


class Provisioner:
    """One environment's stack in one account and region."""

    def __init__(self, aws: Aws, settings: Settings, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._settings = settings
        self._names = Names.of(settings)
        local = settings.target == "local"
        # Seconds between two requests. The sandbox answers at once; AWS throttles frequent requests.
        pace = 0.2 if local else 2.0
        self._stack, self._bootstrap = (
            StackDeployer(
                aws.cloudformation,
                name,
                sleep=sleep,
                poll_seconds=pace,
                # MiniStack 1.5.33 reports a bucket that is to be taken over as a conflict of names.
                options={"DisableValidation": True} if local else {},
            )
            for name in (self._names.stack, self._names.bootstrap_stack)
        )
        self._removal = Removal(aws, self._names, sleep=sleep, pace=pace)
        self._ownership = Ownership(aws, self._names)
        self._steps: list[Indexes] = []

    @cached_property
    def bundle(self) -> Bundle:
        return build(self._settings.target)

    @cached_property
    def concurrency(self) -> Concurrency | None:
        """The account's concurrency; None when the caller may not read it, or Lambda does not say."""
        functions = self._aws.functions
        try:
            told = functions.get_account_settings()["AccountLimit"]
            own = functions.get_function_concurrency(FunctionName=self._names.api)
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                return None
            own = {}  # type: ignore[typeddict-item]  # the API is not deployed yet
        except KeyError:
            return None
        return Concurrency(
            told["ConcurrentExecutions"],
            told["UnreservedConcurrentExecutions"],
            own.get("ReservedConcurrentExecutions") or 0,
        )

    @cached_property
    def reserved(self) -> int:
        """Concurrent executions to reserve for the API.

        Raises:
            LogctlError: the account has no room for what the settings ask for; CloudFormation would fail.
        """
        asked = self._settings.api_concurrency
        if self.concurrency is None:
            return max(0, asked)
        return reservation(asked, self.concurrency)

    @property
    def shortage(self) -> str:
        """The shortage of concurrency that the API may cause, as a clause; empty if none is known."""
        chosen = self._settings
        if self.concurrency is None:
            return ""
        return shortage(
            chosen.api_rate, chosen.api_burst, chosen.api_timeout, self.reserved, self.concurrency
        )

    def template(self, indexes: Indexes | None = None) -> str:
        """Return the environment's template, as JSON.

        Args:
            indexes: the tables' indexes after one of several updates; None for this version's.
        """
        template = build_template(
            replace(self._settings, api_concurrency=self.reserved),
            code=code_for(self._settings, self.bundle, self._aws.place),
            place=self._aws.place,
            endpoint=self._aws.endpoint_url,
        )
        if indexes:
            set_indexes(template["Resources"], indexes)
        return to_json(template)

    def describe(self) -> StackInfo | None:
        """Return the stack; None when there is none."""
        return self._stack.describe()

    def plan(self) -> Plan:
        """Return the changes that `apply` would make. Pass a plan that is not applied to `discard`.

        When the stack is of an earlier version, the plan may be the first of several updates; `apply` carries
        out all of them.

        Raises:
            LogctlError: the stack, or something that would be taken over, is not this environment's.
        """
        for deployer in (self._stack, self._bootstrap):
            if reason := self._disowning(deployer):
                raise self._taken(f"The stack {deployer.stack}", reason)
        if self._settings.target == "local" and self._stack.describe() and self._bootstrap.describe():
            self._mend()  # the sandbox's bucket has no tags if `apply` was interrupted
        existing = {
            ALERTS_TABLE: self._indexes(self._names.alerts_table),
            HOT_TABLE: self._indexes(self._names.hot_table),
        }
        self._steps = steps(existing, in_stack=self.describe() is not None)
        return self._plan(self._steps.pop(0))

    def _indexes(self, name: str) -> list[str] | None:
        """Return the names of the indexes of a table; None when there is no such table."""
        try:
            table = self._aws.dynamodb.describe_table(TableName=name)["Table"]
        except ClientError as error:
            if code_of(error) != "ResourceNotFoundException":
                raise
            return None
        return [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])]

    def _plan(self, indexes: Indexes) -> Plan:
        text = self.template(indexes)
        if len(text.encode()) <= INLINE_LIMIT:
            return self._own(self._stack, self._stack.plan({"TemplateBody": text}))
        # Only a stack with very many subscriptions gets here. The bucket then has to exist before the stack.
        self._ensure_bootstrap(lambda event: None)
        key = f"{TEMPLATES}{hashlib.sha256(text.encode()).hexdigest()}.json"
        self._aws.s3.put_object(Bucket=self._deploy_bucket, Key=key, Body=text.encode())
        url = self._aws.s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._deploy_bucket, "Key": key}, ExpiresIn=900
        )
        plan = self._stack.plan({"TemplateURL": url.split("?", maxsplit=1)[0]})
        return self._own(self._stack, plan)

    def _disowning(self, deployer: StackDeployer) -> str:
        """Return why the stack is not this environment's; empty when it is, or when there is none."""
        return self._ownership.stack(deployer.stack) if deployer.describe() else ""

    def _own(self, deployer: StackDeployer, plan: Plan) -> Plan:
        """Return the plan if every resource that it would take over belongs to this environment.

        Raises:
            LogctlError: something is not. The plan is discarded.
        """
        try:
            for change in plan.changes:
                if change.action == "Import" and (reason := self._disowning_import(change)):
                    kind = row_of(change.type).kept or change.type
                    raise self._taken(f"The {kind} {change.physical_id}", reason)
        except BaseException:
            with contextlib.suppress(ClientError):
                deployer.discard(plan)
            raise
        return plan

    def _disowning_import(self, change: Change) -> str:
        """Return why a resource that CloudFormation would take over is not this environment's; else empty."""
        kind = row_of(change.type).kept
        if kind is None:
            return f"logctl keeps no {change.type} that it could take over"
        return self._ownership.kept(kind, change.physical_id)

    def _taken(self, what: str, reason: str) -> LogctlError:
        names = self._names
        tags = " and ".join(f"{key}={value}" for key, value in names.tags.items())
        return LogctlError(
            f"{what} exists already and does not belong to prefix {names.prefix} and environment "
            f"{names.env}: {reason}.",
            "Choose other names with --env or --prefix. If it does belong to this environment, tag it "
            f"{tags}.",
        )

    def shortfall(self) -> Shortfall:
        """Return the resources and outputs of the template that the stack lacks, whatever its status is."""
        info = self.describe()
        return shortfall(
            json.loads(self.template()),
            resources_of(self._aws.cloudformation, self._names.stack) if info else (),
            info.outputs if info else {},
            __version__,
        )

    def discard(self, plan: Plan) -> None:
        """Delete the change set of a plan that is not applied."""
        self._stack.discard(plan)

    def apply(self, plan: Plan, on_event: OnEvent) -> StackInfo:
        """Apply the plan: create the bucket for code, upload the code, then update the stack.

        Args:
            plan: from `plan`.
            on_event: called with each event of CloudFormation.

        Raises:
            LogctlError: a resource failed; the message names it and the reason.
        """
        self._ensure_bootstrap(on_event)
        self._upload_code()
        try:
            info = self._stack.apply(plan, on_event)
            while self._steps:
                following = self._plan(self._steps.pop(0))
                if following.changes:
                    info = self._stack.apply(following, on_event)
            return info
        finally:
            self._mend()

    def _mend(self) -> None:
        for bucket in (self._names.bucket(self._aws.place), self._deploy_bucket):
            self._ownership.mend_bucket(bucket)

    @property
    def _deploy_bucket(self) -> str:
        return self._names.deploy_bucket(self._aws.place)

    def _ensure_bootstrap(self, on_event: OnEvent) -> None:
        plan = self._bootstrap.plan(
            {"TemplateBody": to_json(bootstrap_template(self._settings, self._aws.place))}
        )
        if plan.changes:
            self._own(self._bootstrap, plan)
            try:
                self._bootstrap.apply(plan, on_event)
            finally:
                self._ownership.mend_bucket(self._deploy_bucket)

    def _upload_code(self) -> None:
        bundle = self.bundle
        try:
            self._aws.s3.head_object(Bucket=self._deploy_bucket, Key=bundle.key)
        except ClientError as error:
            if code_of(error) not in ("404", "NoSuchKey", "NotFound"):
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
        """Delete the stack and, on request, the data.

        What has the environment's names but not its tags is left as it is.

        Args:
            delete_data: whether to delete bucket and tables too, which the stack retains.
            on_event: called with each event of CloudFormation.
            on_emptied: called after each page of deletions with a bucket and the objects deleted so far.
        """
        names, removal = self._names, self._removal
        groups = log_groups(names)
        before = removal.owned_log_groups(groups)
        deleted: list[str] = []
        for deployer in (self._stack, self._bootstrap):
            if reason := self._disowning(deployer):
                removal.left.append(Left(f"stack {deployer.stack}", reason))
            elif deployer.delete(on_event):
                deleted.append(f"stack {deployer.stack}")
        deleted += removal.bucket(self._deploy_bucket, on_emptied)
        deleted += removal.log_groups(groups, anew=before)
        kept = kept_resources(names, self._aws.place)
        retained: list[str] = []
        if delete_data:
            for bucket in kept[RetainedKind.BUCKET]:
                deleted += removal.bucket(bucket, on_emptied)
            deleted += removal.tables(kept[RetainedKind.TABLE])
        else:
            retained = [
                f"{kind} {name}"
                for kind, listed in kept.items()
                for name in listed
                if removal.owns(kind, name)
            ]
        return Destroyed(tuple(deleted), tuple(retained), tuple(removal.left))


def kept_resources(names: Names, place: Place) -> dict[RetainedKind, tuple[str, ...]]:
    """Return the names of the resources that the environment's template retains, by kind.

    They are not taken from a template: `destroy` has to work with settings that no template can be made of.
    """
    return {
        RetainedKind.BUCKET: (names.bucket(place),),
        RetainedKind.TABLE: (names.hot_table, names.alerts_table),
    }


def log_groups(names: Names) -> tuple[str, ...]:
    """Return the log groups of all functions, also of one that the settings have turned off."""
    functions = (names.consumer, names.sweeper, names.compactor, names.api)
    return tuple(f"/aws/lambda/{function}" for function in functions)


def code_for(settings: Settings, bundle: Bundle, place: Place | None = None) -> Code:
    """Return where the functions' zip is: in the deploy bucket of the template's place."""
    bucket = Names.of(settings).deploy_bucket(place or Place())
    return Code(named(bucket), bundle.key, bundle.runtime, bundle.architecture)
