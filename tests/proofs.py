"""docs/proofs.md, generated from `tests/proofs.toml` and the `proves` marks of the tests.

`make proofs` writes the page, `make prove ROWS="F6 B21"` runs the tests of some rows. The test files are parsed and not
imported, which is fast and needs none of their dependencies.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.mutants import Survivors

TESTS = Path(__file__).parent
PAGE = TESTS.parent / "docs" / "proofs.md"
SECTIONS = {
    "failures": "Failures",
    "inputs": "Bad inputs",
    "guarantees": "Guarantees of alerting",
}


@dataclass(frozen=True)
class Proof:
    """A test and the rows that it proves."""

    test: str
    rows: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """The rows by section with their titles, and the reasons of rows without a test."""

    sections: Mapping[str, Mapping[str, str]]
    none: Mapping[str, str]

    @classmethod
    def read(cls) -> Table:
        content = tomllib.loads((TESTS / "proofs.toml").read_text("utf-8"))
        return cls({name: content[name] for name in SECTIONS}, content["none"])

    @property
    def titles(self) -> dict[str, str]:
        return {row: title for section in self.sections.values() for row, title in section.items()}


def proofs() -> list[Proof]:
    """Return the marked tests of all test files, in the order of the files."""
    return [proof for path in sorted(TESTS.rglob("test_*.py")) for proof in marked(path)]


def marked(path: Path) -> Iterator[Proof]:
    """Yield the marked tests of a file. A mark is on a test, on one of its parameters, or on its class."""
    root = path.relative_to(TESTS.parent)

    def walk(nodes: Iterable[ast.stmt], outer: str, inherited: tuple[str, ...]) -> Iterator[Proof]:
        for node in nodes:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                continue
            rows = (*inherited, *(row for mark in node.decorator_list for row in _rows(mark)))
            name = f"{outer}::{node.name}"
            if isinstance(node, ast.ClassDef):
                yield from walk(node.body, name, rows)
            elif rows:
                yield Proof(name, tuple(dict.fromkeys(rows)))

    yield from walk(ast.parse(path.read_text("utf-8")).body, root.as_posix(), ())


def _rows(decorator: ast.expr) -> Iterator[str]:
    for node in ast.walk(decorator):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "proves":
            yield from (str(ast.literal_eval(argument)) for argument in node.args)


def by_row(found: Iterable[Proof]) -> dict[str, list[str]]:
    """Return the tests of each row."""
    tests: dict[str, list[str]] = {}
    for proof in found:
        for row in proof.rows:
            tests.setdefault(row, []).append(proof.test)
    return tests


def problems(table: Table, found: Iterable[Proof]) -> list[str]:
    """Return one sentence for each inconsistency between rows and marks."""
    tests, titles = by_row(found), table.titles
    said = [f"{row} has neither a test nor a reason" for row in titles if row not in {*tests, *table.none}]
    said += [f"{row} has a test and a reason for having none" for row in table.none if row in tests]
    said += [f"{row} is a reason without a row" for row in table.none if row not in titles]
    said += [f"{', '.join(tests[row])} proves {row}, which is no row" for row in tests if row not in titles]
    return said


def page(table: Table, found: Iterable[Proof], survivors: Survivors) -> str:
    """Return the text of docs/proofs.md."""
    tests = by_row(found)
    lines = [
        "# Proofs",
        "",
        "Failures, bad inputs and the guarantees of alerting, each with the tests that prove its handling.",
        '`make prove ROWS="F6 B21"` runs the tests of some rows. [guarantees.md](guarantees.md) summarizes what they',
        "prove. `make proofs` generates this page.",
    ]
    for section, heading in SECTIONS.items():
        lines += ["", f"## {heading}", "", "| row | case | proved by |", "|-|-|-|"]
        for row, title in table.sections[section].items():
            proof = "<br>".join(f"`{test}`" for test in tests.get(row, ())) or table.none.get(row, "")
            lines.append(f"| {row} | {title} | {proof} |")
    return "\n".join([*lines, "", *_of_mutants(survivors)]) + "\n"


def _of_mutants(survivors: Survivors) -> Iterator[str]:
    """Return the section on mutation tests: the last result and the accepted survivors."""
    yield from ("## Mutation tests", "")
    yield "`make mutants` makes one change at a time in `logctl/core` and in the stores of the functions, and runs the"
    yield "tests that reach the changed line. It fails if the tests detect fewer than 90 % of the changes. The accepted"
    yield "survivors are described in `tests/mutants.toml`."
    yield from ("", survivors.measured, "", "| place | why a surviving change is accepted |", "|-|-|")
    for one in survivors.accepted:
        where = one.path if one.function == "*" else f"{one.path} {one.function}"
        yield f"| `{where}` | {one.reason} |"


def main(rows: list[str]) -> None:
    """Write the page or, if rows are given, print their tests."""
    tests = by_row(proofs())
    if not rows:
        PAGE.write_text(page(Table.read(), proofs(), Survivors.read()), "utf-8")
    elif missing := [row for row in rows if row not in tests]:
        sys.exit(f"No test proves {', '.join(missing)}: see docs/proofs.md.")
    else:
        print(*dict.fromkeys(test for row in rows for test in tests[row]), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
