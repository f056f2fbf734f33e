"""TypeScript types of the API's answers, from the OpenAPI document.

The dashboard's JSDoc comments refer to these types. `make golden` writes the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from logctl.pipeline.http.openapi import document
from logctl.pipeline.http.routes import ROUTES, ApiRoute

FILE = Path(__file__).parent.parent / "logctl" / "dashboard" / "assets" / "answers.d.ts"
_HEAD = """\
// Types of the API's answers, for the type checker only: no page loads this file.
// Written by `make golden` from logctl/pipeline/http/openapi.py.
"""


def declarations() -> str:
    """Return one interface per named schema, and `Answers`: the type of each route's answer by its path."""
    schemas = document()["components"]["schemas"]
    parts = [f"export interface {name} {_members(schema, {})}\n" for name, schema in schemas.items()]
    answers = {route.path.removeprefix("/"): route.answer for route in ROUTES if isinstance(route, ApiRoute)}
    parts.append(
        "/** The answer of each route, by its path relative to the page. */\n"
        f"export interface Answers {_members({'properties': answers, 'required': list(answers)}, schemas)}\n"
    )
    return "\n".join([_HEAD, *parts])


def _type(schema: Mapping[str, Any], named: Mapping[str, Any], indent: str) -> str:
    for name, other in named.items():
        if schema == other:
            return name
    if "anyOf" in schema:
        return " | ".join(_type(part, named, indent) for part in schema["anyOf"])
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    match schema["type"]:
        case "object" if "properties" in schema:
            return _members(schema, named, indent)
        case "object":
            values = schema.get("additionalProperties")
            return f"{{ [name: string]: {_type(values, named, indent) if values else 'unknown'} }}"
        case "array":
            items = _type(schema["items"], named, indent)
            return f"({items})[]" if " | " in items and not items.startswith("{") else f"{items}[]"
        case "integer":
            return "number"
        case "string" | "boolean" | "null" as name:
            return str(name)
    raise ValueError(f"there is no TypeScript type for the schema {schema}")


def _members(schema: Mapping[str, Any], named: Mapping[str, Any], indent: str = "") -> str:
    inner = indent + "  "
    lines = []
    for name, member in schema["properties"].items():
        key = name if name.isidentifier() else json.dumps(name)
        optional = "" if name in schema["required"] else "?"
        lines.append(f"{inner}{key}{optional}: {_type(member, named, inner)};")
    return "\n".join(["{", *lines, indent + "}"])


if __name__ == "__main__":
    FILE.write_text(declarations(), "utf-8")
