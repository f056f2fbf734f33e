"""Asks the judges, and compares what they find with what is accepted: `python verdicts.py FOLDER`.

Runs in the judges' own environment, so it knows nothing of logctl; the folder is made by
`tests.judges.documents`. Ends with 1 when something is found that is not accepted, or accepted that is not
found.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

Finding = tuple[str, str, str]
"""The judge, its name for the problem, and what it is about."""

ACCEPTED = Path(__file__).with_name("accepted.toml")


def checkov(template: Path) -> Iterator[Finding]:
    command = [Path(sys.executable).with_name("checkov"), "-f", template, "--framework", "cloudformation"]
    options = ["--skip-download", "--quiet", "--compact", "--output", "json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    summary = report["summary"]
    assert summary["parsing_errors"] == 0 and summary["resource_count"] > 0, summary
    for failed in report["results"]["failed_checks"]:
        yield "checkov", failed["check_id"], failed["resource"]


def parliament(policies: Iterable[Path]) -> Iterator[Finding]:
    from parliament import analyze_policy_string

    for path in policies:
        for finding in analyze_policy_string(path.read_text("utf-8")).findings:
            for about in subjects(finding.detail, finding.location):
                yield "parliament", finding.issue, about


def subjects(detail: Any, location: Mapping[str, Any]) -> list[str]:
    """What a finding of parliament's is about: actions, where it names some."""
    if isinstance(detail, list):
        return sorted({str(item["action"] if isinstance(item, Mapping) else item) for item in detail})
    return [str(location.get("string") or detail)]


def problems(found: Iterable[Finding], accepted: Mapping[str, Any]) -> list[str]:
    """What is found and not accepted, and what is accepted and not found."""
    told, used = [], set()
    excuses = list(_excuses(accepted))
    for judge, name, about in sorted(set(found)):
        fitting = [item for item in excuses if item[:2] == (judge, name) and fnmatchcase(about, item[2])]
        used.update(fitting)
        if not fitting:
            told.append(f"{judge} finds {name} at {about}")
    return told + [f"accepted, but not found: {' '.join(item)}" for item in excuses if item not in used]


def _excuses(accepted: Mapping[str, Any]) -> Iterator[Finding]:
    for name, item in accepted.get("checkov", {}).items():
        assert item["reason"], name
        yield from (("checkov", name, resource) for resource in item["resources"])
    for name, item in accepted.get("parliament", {}).items():
        for about, reason in item.items():
            assert reason, about
            yield "parliament", name, about


def main(folder: Path) -> int:
    policies = sorted((folder / "policies").glob("*.json"))
    assert policies, "there is no policy to judge"
    found = [*checkov(folder / "template.yaml"), *parliament(policies)]
    told = problems(found, tomllib.loads(ACCEPTED.read_text("utf-8")))
    for line in told:
        print(line)
    print(f"{len(policies)} policies and the template judged: {len(found)} findings, {len(told)} problems.")
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
