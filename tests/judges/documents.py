"""Writes what is judged into a folder: `python -m tests.judges.documents FOLDER`.

`template.yaml`, and under `policies` every policy of the templates (of roles and on resources) and every one that `logctl iam` prints, with ARNs in place of intrinsic functions.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from logctl.aws.place import Place
from logctl.stack.iam.command_permissions import COMMANDS, needed
from logctl.stack.iam.documents import documents
from logctl.stack.iam.scope import PolicyScope
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import bootstrap_template, build_template, to_yaml
from tests.helpers import iam
from tests.helpers.iam import Where

WHERE = Where("123456789012", "eu-central-1")
PLACE = Place(WHERE.account, WHERE.region)
SETTINGS = Settings.build(("judges", {"compact_after": "2d", "subscriptions": "oncall@example.com"}))
CODE = Code("logctl-dev-deploy-123456789012-eu-central-1", "code/0.zip", "python3.13", "arm64")


def policies() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each policy with a name for it."""
    templates = {
        "stack": build_template(SETTINGS, code=CODE, place=PLACE),
        "bootstrap": bootstrap_template(SETTINGS, PLACE),
    }
    for stack, template in templates.items():
        for name, resource in template["Resources"].items():
            properties = resource["Properties"]
            found = [*properties.get("Policies", ()), properties]
            for number, holder in enumerate(found):
                if "PolicyDocument" in holder:
                    yield f"{stack} {name} {number}", iam.resolved(holder["PolicyDocument"], template, WHERE)
    scope = PolicyScope(SETTINGS, PLACE, WHERE.partition)
    for command in COMMANDS:
        for number, policy in enumerate(documents(needed(command, scope))):
            yield f"iam {command} {number}", policy


def main(folder: Path) -> None:
    (folder / "policies").mkdir(parents=True, exist_ok=True)
    for old in folder.rglob("*.json"):
        old.unlink()
    (folder / "template.yaml").write_text(to_yaml(build_template(SETTINGS, code=CODE, place=PLACE)), "utf-8")
    for name, policy in policies():
        (folder / "policies" / f"{name}.json").write_text(json.dumps(policy, indent=1), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
