"""Drift: changes that were made to resources outside CloudFormation, which takes minutes to detect them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from logctl.core.errors import LogctlError
from logctl.ops.deployment import Deployment

_TIMEOUT = 15 * 60.0
"""Seconds; detection "can take up to several minutes" (CloudFormation API Reference, DetectStackDrift)."""


@dataclass(frozen=True)
class Drifted:
    """A resource that differs from the template; `properties` is empty for one that was deleted."""

    resource: str
    type: str
    properties: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drift:
    """The drift status of the stack (`IN_SYNC`, `DRIFTED`), and the resources that differ."""

    status: str
    drifted: tuple[Drifted, ...]


def detect(deployment: Deployment, *, sleep: Callable[[float], None] = time.sleep) -> Drift:
    """Compare every resource with the template; CloudFormation reads them with the caller's permissions.

    Raises:
        LogctlError: the detection failed, or did not end within 15 minutes.
    """
    cloudformation, stack = deployment.aws.cloudformation, deployment.names.stack
    detection = cloudformation.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    pause, waited = 0.2, 0.0
    while True:
        reply = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if reply["DetectionStatus"] == "DETECTION_COMPLETE":
            return Drift(reply.get("StackDriftStatus", "UNKNOWN"), tuple(_drifted(deployment)))
        if reply["DetectionStatus"] == "DETECTION_FAILED":
            reason = reply.get("DetectionStatusReason", "no reason given").rstrip(".")
            raise LogctlError(f"CloudFormation could not detect drift: {reason}.")
        if waited > _TIMEOUT:
            raise LogctlError(f"CloudFormation's drift detection did not end within {_TIMEOUT / 60:.0f} min.")
        sleep(pause)
        waited += pause
        pause = min(2 * pause, 5.0)


def _drifted(deployment: Deployment) -> list[Drifted]:
    request: dict[str, Any] = {
        "StackName": deployment.names.stack,
        "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
    }
    found: list[Drifted] = []
    while True:
        reply = deployment.aws.cloudformation.describe_stack_resource_drifts(**request)
        for item in reply["StackResourceDrifts"]:
            paths = {difference["PropertyPath"] for difference in item.get("PropertyDifferences", [])}
            properties = {path.strip("/").partition("/")[0] for path in paths}
            found.append(Drifted(item["LogicalResourceId"], item["ResourceType"], tuple(sorted(properties))))
        if not reply.get("NextToken"):
            return found
        request["NextToken"] = reply["NextToken"]
