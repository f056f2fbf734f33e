"""One environment's resources as ARNs: a policy for a person cannot contain intrinsic functions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from logctl.aws.place import Place
from logctl.stack.iam.policies import Statement
from logctl.stack.names import Names
from logctl.stack.settings import Settings

ANY = "*"
_VARIABLE = re.compile(r"\$\{([^}]+)\}")


@dataclass(frozen=True)
class PolicyScope:
    """One environment in one account and region.

    A `place` that is not known is written with pseudo parameters (`${AWS::AccountId}`). `pool` is the id of
    the user pool, or `*` before it is known, because Cognito chooses it.
    """

    settings: Settings
    place: Place = Place()  # noqa: RUF009 - frozen
    partition: str = "${AWS::Partition}"
    pool: str = ANY

    @property
    def names(self) -> Names:
        return Names.of(self.settings)

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.place.region}:{self.place.account}:{rest}"

    def bucket_arn(self, bucket: str) -> str:
        return f"arn:{self.partition}:s3:::{bucket}"

    def mine(self, service: str, before: str = "") -> str:
        """Return the ARN of all resources of a kind whose names begin as this environment's do."""
        return self.arn(service, f"{before}{self.names.stack}-*")

    @property
    def tagged(self) -> dict[str, Any]:
        """A condition for resources that have an id instead of a name: they have this environment's tags."""
        return {"StringEquals": {f"aws:ResourceTag/{key}": value for key, value in self.names.tags.items()}}

    def resolve(self, statements: list[Statement]) -> list[Statement]:
        """Return the statements with ARNs in place of the template's intrinsic functions."""
        return [{key: self._plain(value) for key, value in item.items()} for item in statements]

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._plain(item) for item in value]
        if isinstance(value, Mapping):
            if "Fn::GetAtt" in value:
                return self._arns[value["Fn::GetAtt"][0]]
            if "Ref" in value:
                return self._arns[value["Ref"]]
            if "Fn::Sub" in value:
                return _VARIABLE.sub(lambda found: self._known[found[1]], value["Fn::Sub"])
            return {key: self._plain(item) for key, item in value.items()}
        return value

    @property
    def _arns(self) -> dict[str, str]:
        names = self.names
        return {
            "Queue": self.arn("sqs", names.queue),
            "DeadLetterQueue": self.arn("sqs", names.dead_letter_queue),
            "Bucket": self.bucket_arn(names.bucket(self.place)),
            "HotTable": self.arn("dynamodb", f"table/{names.hot_table}"),
            "AlertsTable": self.arn("dynamodb", f"table/{names.alerts_table}"),
            "Topic": self.arn("sns", names.topic),
            "Consumer": self.arn("lambda", f"function:{names.consumer}"),
        }

    @property
    def _known(self) -> dict[str, str]:
        return {
            "AWS::Partition": self.partition,
            "AWS::Region": self.place.region,
            "AWS::AccountId": self.place.account,
            **{f"{name}.Arn": arn for name, arn in self._arns.items()},
        }
