"""What `formats list` and docs/formats.md say about formats: every name is known, and every example is read as it says."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

import logctl.core.formats
from logctl.core.errors import UsageError
from logctl.core.formats.joining import Joiner
from logctl.core.formats.reader import read_line
from logctl.core.formats.reading import AMBIGUOUS_TIME, BAD_TIME, MALFORMED_JSON, NOT_UTF8, Context, Joins
from logctl.core.records import LATE, TS_DERIVED
from logctl.core.times import parse_time
from logctl.ops.send.format_catalogue import FormatKind, choosable_names, chosen_format, known_formats
from logctl.ops.send.input_forms import Requested
from logctl.stack.settings import Settings
from tests.formats_page import PAGE, page

CONTEXT = Context(parse_time("2026-11-27T12:00:00Z"))
KNOWN = known_formats()


# Layers come before formats, so that a line of these is read as a layer and the text within it.
WITHIN_LAYERS = {"apple syslog", "busybox syslog", "cisco", "dovecot"}


@pytest.mark.parametrize("known", KNOWN, ids=lambda item: f"{item.kind} {item.name}")
def test_an_example_is_read_as_its_format(known):
    if known.kind is FormatKind.COLUMNS:
        joiner: Joiner[int] = Joiner(CONTEXT)
        joined = [one for line in known.example.splitlines() for one in joiner.line(line, 0)] + joiner.end()
        found = joined[-1].reading
    else:
        found = read_line(known.example.splitlines()[0], CONTEXT)
    if known.name in WITHIN_LAYERS:
        assert found.layers or found.format == known.name
    else:
        assert known.name in (found.format, *found.layers)


def test_every_layer_that_is_made_is_listed():
    # A column of a CSV can hold a line of its own: then the row is a layer.
    listed = {known.name for known in KNOWN if known.kind in (FormatKind.LAYER, FormatKind.COLUMNS)}
    made = set()
    for path in Path(logctl.core.formats.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Layer", "_dated", "_in_pod"):
                made |= {item.value for item in node.args[:1] if isinstance(item, ast.Constant)}
    assert len(made) > 10
    assert made <= listed


def test_the_names_that_can_be_chosen_are_unique():
    names = choosable_names()
    assert len(names) == len(set(names))


def test_what_a_name_chooses():
    assert chosen_format("auto") == (Requested.AUTO, None)
    assert chosen_format("json") == (Requested.JSON, None)
    assert chosen_format("gelf") == (Requested.JSON, None)
    assert chosen_format("spring-boot") == (Requested.AUTO, "spring boot")
    with pytest.raises(UsageError, match="is a layer around lines"):
        chosen_format("docker-compose")
    with pytest.raises(UsageError) as refused:
        chosen_format("postgre")
    assert "'postgres'" in refused.value.hint


# ── docs/formats.md ─────────────────────────────────────────────────────────────────────────────────


def test_the_page_is_made_of_the_declarations():
    written = PAGE.read_text("utf-8")
    assert written == page(written), "write it anew: make formats"


def test_the_page_explains_every_flag_and_every_rule_for_joining():
    written = PAGE.read_text("utf-8")
    for flag in (BAD_TIME, AMBIGUOUS_TIME, MALFORMED_JSON, NOT_UTF8, TS_DERIVED, LATE):
        assert f"| `{flag}` |" in written
    for joins in Joins:
        assert f"`{joins.value}`" in written


def test_the_format_that_the_page_declares_is_read_as_it_says():
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    settings = Settings.build(("docs", {**tomllib.loads(blocks[0]), **tomllib.loads(blocks[1])}))
    (own,) = settings.formats
    found = read_line(
        tomllib.loads(blocks[0])["formats"][0]["example"], Context(CONTEXT.reference, formats=(own,))
    )
    assert (found.format, found.level, found.message) == ("shop", "ERROR", "cart is empty")
    assert found.fields == {"thread": "worker-1", "logger": "shop.cart"}
    assert settings.sources[0].matches("/var/log/legacy/a.log")
