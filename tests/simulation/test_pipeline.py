"""Nothing lost, nothing doubled: random schedules of the whole pipeline in memory.

Whatever the schedule, what is acknowledged is stored and counted, in its app's order, and at the end every
record is in cold and hot store once or in quarantine, and G1 to G4 hold:

G1  every counted event is covered by a published alert
G2  two different alerts of one kind are at least a window apart; copies have the same id and the same text
G3  the counts of the different alerts add up to the number of different events
G4  a quiet window ends with exactly one recovery
"""

from __future__ import annotations

import pytest
from hypothesis.stateful import run_state_machine_as_test

from tests.simulation.machines import (
    DebouncePath,
    RecordPath,
    a_shorter_window,
    clocks_that_differ,
    one_fault_among_several_apps,
    one_fault_at_each_call,
    searching,
)


@pytest.mark.proves("F1", "F2", "F3", "F27", "F30", "F31", "F32")
def test_no_single_fault_at_any_call_breaks_anything():
    one_fault_at_each_call()
    one_fault_among_several_apps()


def test_a_window_that_is_made_shorter_ends_what_was_begun_with_the_longer_one():
    a_shorter_window()


@pytest.mark.proves("F51", "G2")
def test_clocks_that_differ_by_ten_minutes_change_nothing_of_when_alerts_come():
    clocks_that_differ()


@pytest.mark.proves(
    "F1", "F2", "F3", "F4", "F6", "F11", "F12", "F13", "F14", "F17", "F18", "F21", "F22", "F27", "F28"
)
def test_no_schedule_loses_or_doubles_a_record():
    run_state_machine_as_test(RecordPath, settings=searching(100, 20_000))


@pytest.mark.proves(
    "F29", "F30", "F31", "F32", "F33", "F34", "F35", "F37", "F38", "F39", "F40", "F43", "G1", "G2", "G3", "G4"
)
def test_no_schedule_loses_or_doubles_an_alert():
    run_state_machine_as_test(DebouncePath, settings=searching(60, 20_000))
