"""The lists in docs/formats.md, made of the declarations of the formats: `make formats` writes them anew."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

from logctl.core.formats import declared
from logctl.core.formats.reading import Answer, Example, Format, Joins
from logctl.core.formats.registry import FORMATS
from logctl.ops.send.format_catalogue import FormatKind, KnownFormat, known_formats

PAGE = Path(__file__).parents[1] / "docs" / "formats.md"
MARK = "<!-- What follows is written by `make formats`, from the declarations. -->\n"
JOINED = {
    Joins.UNTIL_HEAD: " Every line until the next head belongs to the record.",
    Joins.NONE: " Each line is a record.",
    Joins.TRACES: "",
}
"""What a format's rule for joining lines means; the last is the rule of most formats."""


def page(before: str) -> str:
    """The page whose hand-written part is `before`."""
    written = before.partition(MARK)[0]
    return f"{written}{MARK}\n" + "\n".join(_lists()) + "\n"


def _lists() -> Iterator[str]:
    known = known_formats()
    yield f"## Known formats: {len(known)}"
    yield ""
    yield "Each with a line as it is written, and what it becomes. Times without a zone are in UTC here."
    for title, formats in _families():
        yield f"\n### {title}"
        for item in formats:
            yield from _format(item)
    for title, kind in (
        ("What most formats share", FormatKind.GENERAL),
        ("JSON", FormatKind.JSON),
        ("Columns that a header line names", FormatKind.COLUMNS),
        ("Layers around lines", FormatKind.LAYER),
    ):
        yield f"\n### {title}\n"
        yield from (_row(item) for item in known if item.kind is kind)


def _families() -> Iterator[tuple[str, list[Format]]]:
    """Yield the formats of each module, with its title; every format of the registry is in one."""
    left = {item.name for item in FORMATS}
    for module in sorted(pkgutil.iter_modules(declared.__path__), key=lambda item: item.name):
        loaded = importlib.import_module(f"{declared.__name__}.{module.name}")
        formats = [item for item in getattr(loaded, "FORMATS", ()) if item.name in left]
        left -= {item.name for item in formats}
        if formats:
            yield str(loaded.__doc__).partition("\n")[0].rstrip("."), formats
    assert not left, f"not in logctl.core.formats.declared: {left}"


def _format(item: Format) -> Iterator[str]:
    described = item.describes.rstrip(".")
    yield f"\n**{item.name}**: {described}.{JOINED[item.joins]}"
    if item.examples:
        yield from _example(item.examples[0])


def _example(example: Example) -> Iterator[str]:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", example.text)), default=0))
    yield f"\n{fence}text\n{_shown(example.text)}\n{fence}\n"
    for answer in example.answers:
        yield f"- {_answer(answer)}"


def _answer(answer: Answer) -> str:
    parts = [_code(answer.time) if answer.time else "no time", answer.level, _code(answer.message)]
    return " ".join(parts + [_code(f"{name}={value}") for name, value in answer.fields.items()])


def _row(item: KnownFormat) -> str:
    return f"- **{item.name}**: {item.describes}. {_code(item.example)}"


def _code(text: str) -> str:
    """A text as Markdown code on one line."""
    shown = _shown(text.replace("\n", "⏎"))
    if not shown:
        return "(empty)"
    ticks = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    pad = " " if "`" in shown or shown != shown.strip() else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _shown(text: str) -> str:
    """A text with its control characters escaped, but for ends of lines."""
    return "".join(
        character if character.isprintable() or character == "\n" else repr(character)[1:-1]
        for character in text
    )


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
