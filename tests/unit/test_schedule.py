"""The order of the test modules, and what one worker gets as a whole."""

from __future__ import annotations

from pathlib import Path

from tests.helpers import schedule

ROOT = Path(__file__).parents[2]


def test_every_listed_module_exists_and_is_listed_once():
    assert [path for path in schedule.SLOWEST_FIRST if not (ROOT / path).exists()] == []
    assert len(set(schedule.SLOWEST_FIRST)) == len(schedule.SLOWEST_FIRST)
    assert set(schedule.ONE_WORKER) <= set(schedule.SLOWEST_FIRST)


def test_listed_modules_come_first_in_their_order_and_the_others_stay_as_they_are():
    last, first = schedule.SLOWEST_FIRST[-1], schedule.SLOWEST_FIRST[0]
    found = ["tests/unit/test_b.py::b", f"{last}::a", "tests/unit/test_a.py::a", f"{first}::z[x::y]"]
    assert sorted(found, key=schedule.rank) == [found[3], found[1], found[0], found[2]]


def test_a_module_is_one_workers_and_so_are_all_modules_with_a_browser():
    assert schedule.scope("tests/unit/test_a.py::test_b[c::d]") == "tests/unit/test_a.py"
    browser = {schedule.scope(f"tests/browser/{name}.py::test_x") for name in ("test_logs", "test_sign_in")}
    assert browser == {"tests/browser"}
