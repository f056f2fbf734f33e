"""What is deployed: found by name, so that a command needs no more permission than its own work."""

from __future__ import annotations

from dataclasses import dataclass

from logctl.core.names import Names
from logctl.core.settings import Settings
from logctl.pipeline.clients import Aws
from logctl.pipeline.config import PipelineConfig


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
