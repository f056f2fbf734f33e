"""What is deployed: found by name, so that a command needs no more permission than its own work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from logctl import __version__
from logctl.core.completeness import Shortfall, shortfall
from logctl.core.names import Names
from logctl.core.replies import Trouble
from logctl.core.settings import Settings
from logctl.pipeline.clients import Aws, trouble_of
from logctl.pipeline.config import PipelineConfig
from logctl.pipeline.stacks import resources_of, template_of


@dataclass(frozen=True)
class Deployment:
    """One environment in one account and region."""

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

    def outputs(self) -> dict[str, str]:
        """What the stack says of itself, by name."""
        (stack,) = self.aws.cloudformation.describe_stacks(StackName=self.names.stack)["Stacks"]
        return {item["OutputKey"]: item["OutputValue"] for item in stack.get("Outputs", [])}

    def pipeline_config(self) -> PipelineConfig:
        """What the deployed consumer is told, so that `consume` and `debounce` go by the rules in force."""
        reply = self.aws.functions.get_function_configuration(FunctionName=self.names.consumer)
        return PipelineConfig.from_env(reply["Environment"]["Variables"])


def lacking(deployment: Deployment, outputs: Mapping[str, str]) -> Shortfall:
    """What the stack lacks of what it was deployed with, and whether another logctl has deployed it.

    Who may not read template and resources is told of the outputs only.
    """
    cloudformation, stack = deployment.aws.cloudformation, deployment.names.stack
    try:
        template, resources = template_of(cloudformation, stack), resources_of(cloudformation, stack)
    except ClientError as error:
        if trouble_of(error) is Trouble.DENIED:
            return shortfall({}, None, outputs, __version__)
        raise
    return shortfall(template, resources, outputs, __version__)
