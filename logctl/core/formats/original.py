"""The original text of a record: kept beside its message in as few bytes as possible, and reproduced exactly.

A record's message is without time and level, and a JSON line is divided into time, level, message and
fields. `keep` returns what is missing from these to write the line again: nothing, what is before and after
the message, or how a JSON object was written and which of its members are not among the fields. Where that
does not give the same text, it returns the whole text. It is kept in `Record.fields` under `RAW`, and
`restore` is the inverse.

`RAW` is a name that any producer can use. So what is found there is checked before it is used, and the
message is the answer if it is something else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from logctl.core import strictjson
from logctl.core.canonical_json import STYLES, style_of, written
from logctl.core.formats.reading import Taken
from logctl.core.records import RAW, Record

Raw = str | list[Any] | dict[str, Any]
"""What `keep` returns: the text before the message; texts before and after it; texts before each of its
lines, as `{"lines": […]}`; the whole text, as `{"text": …}`; or `{"json": style, "taken": members,
"before": text, "added": names}`.
"""


def keep_canonical(value: Mapping[str, Any], style: int, taken: Taken, record: Record) -> Raw:
    """Return what `keep` does for a text that `read_canonical` has read.

    `taken` are the members that became time, level and message; all others are the record's fields.
    """
    message = record.message
    members = [(index, name, value[name]) for index, name in taken]
    return {
        "json": style,
        "taken": [[at, name] if item == message else [at, name, item] for at, name, item in members],
    }


def keep(
    text: str, record: Record, value: Mapping[str, Any] | None = None, style: int | None = None
) -> Raw | None:
    """Return what `restore` needs beside a record to return `text`; None if the message is the text.

    `value` is the JSON object that the text is, if it is one, and `style` that in which `read_canonical` has
    read it from the text, if it has.
    """
    message = record.message
    if text == message:
        return None
    if message and text.endswith(message):
        return text[: -len(message)]
    begin = text.find("{") if value is None and text[-1:] == "}" else 0
    if (value is not None or 0 <= begin < 300) and (
        kept := _keep_object(text, begin, value, record, style=style)
    ) is not None:
        return kept
    if message:
        if (at := text.find(message)) >= 0:
            return [text[:at], text[at + len(message) :]]
        if (heads := _heads(text, message)) is not None:
            return {"lines": heads}
    return {"text": text}


def restore(record: Record) -> str:
    """Return the original text of a record; its message, if it was not kept."""
    match record.fields.get(RAW):
        case str(before):
            return before + record.message
        case [str(before), str(after)]:
            return before + record.message + after
        case {"text": str(text)}:
            return text
        case {"lines": list(heads)} if all(isinstance(head, str) for head in heads):
            lines = record.message.split("\n")
            if len(lines) == len(heads):
                return "\n".join(head + line for head, line in zip(heads, lines, strict=True))
        case {"json": int(style), "taken": list(taken), **rest}:
            whole = _restored_object(record, style, taken, rest.get("added", []))
            head = rest.get("before", "")
            if whole is not None and isinstance(head, str):
                return head + whole
    return record.message


def _heads(text: str, message: str) -> list[str] | None:
    """Return what is before the message in each line of a text; None if there is more."""
    lines, told = text.split("\n"), message.split("\n")
    if len(lines) != len(told):
        return None
    heads = []
    for line, part in zip(lines, told, strict=True):
        if not line.endswith(part):
            return None
        heads.append(line[: len(line) - len(part)])
    return heads


# ── JSON ────────────────────────────────────────────────────────────────────────────────────────────


def _keep_object(
    text: str, begin: int, value: Mapping[str, Any] | None, record: Record, *, style: int | None
) -> Raw | None:
    """Return how the object at index `begin` of a text was written; None if it is not written the same."""
    before = text[:begin]
    if value is None:
        try:
            value = strictjson.loads(text[begin:])
        except strictjson.Malformed:
            return None
        if not isinstance(value, Mapping):
            return None
    fields = record.fields
    taken: list[list[Any]] = []
    same = RAW not in fields
    for index, (key, member) in enumerate(value.items()):
        if key in fields:
            field = fields[key]
            if field is member:
                continue
            if type(field) is type(member) and field == member:
                same = False
                continue
        taken.append(
            [index, key] if member == record.message and isinstance(member, str) else [index, key, member]
        )
    literal = {item[1] for item in taken}
    added = [key for key in fields if key != RAW and (key not in value or key in literal)]
    # As a rule, the fields and what was taken away make the object itself.
    whole = same and not added and len(fields) + len(taken) == len(value) and _in_order(fields, value)
    if style is None or not whole:
        style = style_of(text)
        members = value if whole else _members(record, taken, added)
        if written(members, style) != (text[begin:] if begin else text):
            return None
    kept: dict[str, Any] = {"json": style, "taken": taken}
    if added:
        kept["added"] = added
    if before:
        kept["before"] = before
    return kept


def _restored_object(record: Record, style: int, taken: list[Any], added: object) -> str | None:
    if not isinstance(added, list) or style not in STYLES:
        return None
    for member in taken:
        if not isinstance(member, list) or len(member) not in (2, 3):
            return None
        if not isinstance(member[0], int) or not isinstance(member[1], str):
            return None
    return written(_members(record, taken, added), style)


def _members(record: Record, taken: list[list[Any]], added: list[Any]) -> dict[str, Any]:
    """Return the members of the object in their order: the fields, and between them what was taken away."""
    kept = [(key, value) for key, value in record.fields.items() if key != RAW and key not in added]
    for index, key, *value in taken:
        kept.insert(index, (key, value[0] if value else record.message))
    return dict(kept)


def _in_order(fields: Mapping[str, Any], value: Mapping[str, Any]) -> bool:
    """Return whether all fields are members of an object, and in its order."""
    names = iter(value)
    return all(name in names for name in fields)
