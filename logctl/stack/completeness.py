"""Whether a stack has everything that its template names.

CloudFormation's word is not enough: an emulator may say CREATE_COMPLETE and have skipped the resource types
that it does not know.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from logctl.core.safe_text import counted

VERSION = "Version"
"""The output that says which logctl deployed the stack."""


@dataclass(frozen=True)
class Shortfall:
    """What a stack lacks: resources with their types, outputs, and the right version.

    `version` is the deployed one where it is another than wanted; empty otherwise, as where there is none.
    `compared` is false where the resources could not be read, and only the outputs were.
    """

    resources: tuple[tuple[str, str], ...] = ()
    outputs: tuple[str, ...] = ()
    version: str = ""
    compared: bool = True

    def __bool__(self) -> bool:
        return bool(self.resources or self.outputs or self.version)

    def __str__(self) -> str:
        """In words, without a full stop."""
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
    """What is missing.

    Args:
        template: with `Resources` and `Outputs`, as CloudFormation has them.
        resources: the logical ids of the resources that are there; None when they could not be read.
        outputs: the stack's outputs.
        version: the one that `outputs` should name; empty for any.
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
