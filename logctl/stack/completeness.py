"""The difference between a stack and its template: which resources and outputs are missing.

The status of the stack is not enough: an emulator may report CREATE_COMPLETE after it has skipped the
resource types that it does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.safe_text import counted

VERSION = "Version"
"""The output that contains the version of the logctl that deployed the stack."""


@dataclass(frozen=True)
class Shortfall:
    """The missing parts of a stack: resources (logical id and type), outputs, and the wanted version.

    `version` is the deployed version if it is not the wanted one, and empty if it is or none is deployed.
    `compared` is false if the resources could not be read, so that only outputs were compared.
    """

    resources: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()
    version: str = ""
    compared: bool = True

    def __bool__(self) -> bool:
        return bool(self.resources or self.outputs or self.version)

    def __str__(self) -> str:
        """Return the shortfall as part of a sentence."""
        said = []
        if self.resources:
            kinds = Counter(kind for _, kind in self.resources)
            named = [f"{count} {kind}" if count > 1 else kind for kind, count in sorted(kinds.items())]
            said.append(f"{counted(len(self.resources), 'resource')} missing ({', '.join(named)})")
        if self.outputs:
            said.append(f"{counted(len(self.outputs), 'output')} missing ({', '.join(self.outputs)})")
        if self.version:
            said.append(f"it was deployed by logctl {self.version}")
        return "; ".join(said)


def shortfall(
    template: Mapping[str, Any],
    resources: Collection[str] | None,
    outputs: Mapping[str, str],
    version: str,
) -> Shortfall:
    """Return the parts of its template that a stack lacks.

    Args:
        template: a template of CloudFormation, with `Resources` and `Outputs`.
        resources: the logical ids of the resources that exist; None when they could not be read.
        outputs: the stack's outputs.
        version: the version that `outputs` should contain; empty for any.
    """
    wanted: Mapping[str, Any] = template.get("Resources", {})
    there = wanted if resources is None else resources
    missing = [(name, str(item.get("Type", ""))) for name, item in wanted.items() if name not in there]
    named = {*template.get("Outputs", {}), VERSION}
    deployed = outputs.get(VERSION, "")
    return Shortfall(
        tuple(missing),
        tuple(sorted(named - outputs.keys())),
        deployed if version and deployed != version else "",
        compared=resources is not None,
    )
