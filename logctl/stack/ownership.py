"""Which environment a stack, bucket, table or log group belongs to, by its tags.

A name is not enough: different prefixes and environments can make the same name (`a-b` and `c`, `a` and
`b-c`), and anybody can give something such a name. logctl changes nothing that does not have exactly this
environment's tags.

The methods return why something does not belong to the environment, as part of a sentence, or an empty
string when it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

import yaml
from botocore.exceptions import ClientError

from logctl.aws.clients import Aws
from logctl.aws.error_codes import code_of
from logctl.stack.names import Names
from logctl.stack.resource_types import TAG_PROPERTIES, RetainedKind

UNTAGGED = "it carries no tags of logctl"
_NO_TAGS = ("NoSuchTagSet", "NoSuchTagSetError")


def disowning(names: Names, tags: Mapping[str, str]) -> str:
    """Return why a resource with these tags is not this environment's; empty when it is."""
    owner = {key: tags[key] for key in names.tags if key in tags}
    if owner == names.tags:
        return ""
    if not owner:
        return UNTAGGED
    return f"it carries {', '.join(f'{key}={value}' for key, value in owner.items())}"


class Ownership:
    """The comparison of tags in AWS with those of one environment."""

    def __init__(self, aws: Aws, names: Names) -> None:
        self._aws = aws
        self._names = names

    def kept(self, kind: RetainedKind, name: str) -> str:
        """Return why a retained resource does not belong to this environment; empty when it does."""
        match kind:
            case RetainedKind.BUCKET:
                return self.bucket(name)
            case RetainedKind.TABLE:
                return self.table(self._aws.dynamodb.describe_table(TableName=name)["Table"]["TableArn"])
            case _:
                assert_never(kind)

    def bucket(self, bucket: str) -> str:
        """Return why an existing bucket does not belong to this environment; empty when it does."""
        return disowning(self._names, self._bucket_tags(bucket))

    def _bucket_tags(self, bucket: str) -> dict[str, str]:
        try:
            return _listed(self._aws.s3.get_bucket_tagging(Bucket=bucket)["TagSet"])
        except ClientError as error:
            if code_of(error) not in _NO_TAGS:
                raise
            return {}

    def mend_bucket(self, bucket: str) -> None:
        """Tag a bucket of the stack that has lost its tags; do nothing if the bucket does not exist.

        CloudFormation does not restore tags that somebody removed, and MiniStack 1.5.33 sets none on
        buckets. A bucket with tags of another environment is left as it is.
        """
        try:
            tags = self._bucket_tags(bucket)
        except ClientError as error:
            if code_of(error) == "NoSuchBucket":
                return
            raise
        if disowning(self._names, tags) == UNTAGGED:
            wanted = [{"Key": key, "Value": value} for key, value in {**tags, **self._names.tags}.items()]
            self._aws.s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": wanted})  # type: ignore[typeddict-item]

    def table(self, arn: str) -> str:
        """Return why an existing table does not belong to this environment; empty when it does."""
        found: list[Any] = []
        request = {"ResourceArn": arn}
        while True:
            reply = self._aws.dynamodb.list_tags_of_resource(**request)
            found += reply.get("Tags", [])
            if not reply.get("NextToken"):
                return disowning(self._names, _listed(found))
            request["NextToken"] = reply["NextToken"]

    def log_group(self, group: str) -> str | None:
        """Return why a log group is not this environment's; empty when it is, None when it does not exist."""
        aws = self._aws
        arn = f"arn:{aws.partition}:logs:{aws.region}:{aws.account}:log-group:{group}"
        try:
            found = aws.logs.list_tags_for_resource(resourceArn=arn)["tags"]
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return None
            raise
        return disowning(self._names, found)

    def stack(self, stack: str) -> str:
        """Return why a stack is not this environment's, by the tags in its template; empty when it is."""
        body: Any = self._aws.cloudformation.get_template(StackName=stack, TemplateStage="Original")
        owners = {disowning(self._names, tags) for tags in _tags_in(_parsed(body.get("TemplateBody")))}
        if owners == {""}:
            return ""
        # A stack with resources of two owners belongs to neither of them.
        foreign = sorted(owners - {""})
        return foreign[0] if foreign else UNTAGGED


def _listed(tags: Iterable[Any]) -> dict[str, str]:
    return {str(item.get("Key")): str(item.get("Value")) for item in tags if isinstance(item, Mapping)}


def _parsed(body: Any) -> Any:
    """Return a template as a value; None when it cannot be parsed.

    boto3 parses JSON only, and somebody may have deployed the YAML of `provision --template`.
    """
    try:
        return yaml.safe_load(body) if isinstance(body, str) else body
    except yaml.YAMLError:
        return None


def _tags_in(template: Any) -> list[dict[str, str]]:
    """Return the tags of each resource that has any tag of logctl."""
    resources = template.get("Resources") if isinstance(template, Mapping) else None
    found = []
    for resource in resources.values() if isinstance(resources, Mapping) else ():
        properties = resource.get("Properties") if isinstance(resource, Mapping) else None
        for name in TAG_PROPERTIES:
            tags = properties.get(name) if isinstance(properties, Mapping) else None
            plain = (
                _listed(tags) if isinstance(tags, list) else dict(tags) if isinstance(tags, Mapping) else {}
            )
            if any(key.startswith("logctl:") for key in map(str, plain)):
                found.append(plain)
    return found
