"""One deployed environment. Resources are found by name, so that a command needs no further permissions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from logctl import __version__
from logctl.aws.clients import Aws
from logctl.aws.error_codes import Trouble, trouble_of
from logctl.core.errors import UnreachableError
from logctl.pipeline.config import PipelineConfig
from logctl.stack.completeness import Shortfall, shortfall
from logctl.stack.names import Names
from logctl.stack.settings import Settings
from logctl.stack.stack_contents import resources_of, template_of

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef


@dataclass(frozen=True)
class Deployment:
    """One environment in one account and region, with the clients that reach it."""

    aws: Aws
    settings: Settings

    @property
    def names(self) -> Names:
        return Names.of(self.settings)

    @property
    def bucket(self) -> str:
        return self.names.bucket(self.aws.place)

    def queue_url(self) -> str:
        return self.aws.sqs.get_queue_url(QueueName=self.names.queue)["QueueUrl"]

    def dead_letter_queue_url(self) -> str:
        return self.aws.sqs.get_queue_url(QueueName=self.names.dead_letter_queue)["QueueUrl"]

    def stack(self) -> StackTypeDef:
        """Return the stack as CloudFormation describes it.

        Raises:
            UnreachableError: the stack of this name belongs to another environment: prefix `a-b` with
                environment `c` has the same stack name as prefix `a` with environment `b-c`.
        """
        names = self.names
        (stack,) = self.aws.cloudformation.describe_stacks(StackName=names.stack)["Stacks"]
        outputs = outputs_of(stack)
        owner = (outputs.get("Prefix", names.prefix), outputs.get("Environment", names.env))
        if owner != (names.prefix, names.env):
            raise UnreachableError(
                f"The stack {names.stack} belongs to prefix {owner[0]} and environment {owner[1]}, not to "
                f"prefix {names.prefix} and environment {names.env}.",
                f"To use that environment: --env {owner[1]}, with LOGCTL_PREFIX={owner[0]}.",
            )
        return stack

    def outputs(self) -> dict[str, str]:
        """Return the stack's outputs, by name."""
        return outputs_of(self.stack())

    def pipeline_config(self) -> PipelineConfig:
        """Return the deployed consumer's configuration, so that `consume` and `debounce` use the same."""
        reply = self.aws.functions.get_function_configuration(FunctionName=self.names.consumer)
        return PipelineConfig.from_env(reply["Environment"]["Variables"])

    def hot_retention(self) -> int:
        """Return how long hot rows exist, in milliseconds.

        Where the functions were deleted and the data kept, it comes from the settings.
        """
        try:
            return self.pipeline_config().hot_retention
        except ClientError as error:
            if trouble_of(error) is not Trouble.MISSING:
                raise
            return self.settings.hot_retention


def outputs_of(stack: StackTypeDef) -> dict[str, str]:
    """Return the outputs of a stack, by name."""
    return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}


def shortfall_of(deployment: Deployment, outputs: Mapping[str, str]) -> Shortfall:
    """Compare the stack with the template that it was deployed with, and its version with this logctl's.

    Without permission to read template and resources, only the outputs are compared.
    """
    cloudformation, stack = deployment.aws.cloudformation, deployment.names.stack
    try:
        template, resources = template_of(cloudformation, stack), resources_of(cloudformation, stack)
    except ClientError as error:
        if trouble_of(error) is Trouble.DENIED:
            return shortfall({}, None, outputs, __version__)
        raise
    return shortfall(template, resources, outputs, __version__)
