"""The template as it is meant to be, whole: `make golden` writes it anew, and its changes are read in review."""

from __future__ import annotations

from pathlib import Path

from logctl.aws.place import Place
from logctl.stack.resources.lambda_functions import Code
from logctl.stack.settings import Settings
from logctl.stack.template import build_template, to_yaml

FILE = Path(__file__).parent / "unit" / "golden" / "template.yaml"


def template() -> str:
    """Of everything that settings can turn on, for a fixed account and code."""
    settings = Settings.build(
        (
            "golden",
            {
                "compact_after": "2d",
                "subscriptions": "oncall@example.com,https://example.com/hook",
                "cors_origins": ["https://tools.example.com"],
                "redact": "all",
            },
        )
    )
    code = Code("logctl-dev-deploy-123456789012-eu-central-1", "code/0.zip", "python3.13", "arm64")
    return to_yaml(build_template(settings, code=code, place=Place("123456789012", "eu-central-1")))


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(template(), "utf-8")
