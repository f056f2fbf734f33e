"""docs/proofs.md tells the truth: every row has a test or a reason, and the page is what the tests say."""

from __future__ import annotations

import re

from tests.mutants import Survivors
from tests.proofs import PAGE, Proof, Table, marked, page, problems, proofs

TABLE = Table(
    {"failures": {"F1": "a", "F2": "b"}, "inputs": {"B1": "c"}, "guarantees": {"G1": "d"}},
    {"B1": "because"},
)


def test_every_row_has_a_test_or_a_reason_and_never_both():
    assert problems(Table.read(), proofs()) == []


def test_the_table_is_complete():
    rows = [f"F{n}" for n in range(1, 52)] + [f"B{n}" for n in range(1, 59)] + [f"G{n}" for n in range(1, 5)]
    assert list(Table.read().titles) == rows


def test_the_page_is_up_to_date():
    assert PAGE.read_text("utf-8") == page(Table.read(), proofs(), Survivors.read()), "run: make proofs"


def test_the_guarantees_name_every_row_that_can_be_proved():
    text = PAGE.with_name("guarantees.md").read_text("utf-8")
    named = {row for command in re.findall(r'make prove ROWS="([^"]*)"', text) for row in command.split()}
    table = Table.read()
    assert named == set(table.titles) - set(table.none)


def test_what_would_make_the_page_untrue_is_said():
    found = [Proof("t::a", ("F1", "B1")), Proof("t::b", ("F9",)), Proof("t::c", ("G1",))]
    assert problems(TABLE, found) == [
        "F2 has neither a test nor a reason",
        "B1 has a test and a reason for having none",
        "t::b proves F9, which is no row",
    ]


def test_marks_are_found_on_tests_parameters_and_classes(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.proofs.TESTS", tmp_path / "tests")
    path = tmp_path / "tests" / "test_x.py"
    path.parent.mkdir()
    path.write_text(
        "@mark.proves('F1', 'F2')\n"
        "def test_a(): ...\n"
        "@mark.parametrize('x', [param(1, marks=[mark.proves('B1')]), param(2, marks=mark.proves('B1'))])\n"
        "def test_b(x): ...\n"
        "@mark.proves('G1')\n"
        "class TestC:\n"
        "    @mark.proves('F1')\n"
        "    async def test_d(self): ...\n"
        "def test_e(): ...\n"
    )
    assert list(marked(path)) == [
        Proof("tests/test_x.py::test_a", ("F1", "F2")),
        Proof("tests/test_x.py::test_b", ("B1",)),
        Proof("tests/test_x.py::TestC::test_d", ("G1", "F1")),
    ]
