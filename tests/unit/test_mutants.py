"""What `make mutants` tells, without running it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import ROOT, Accepted, Mutant, Survivors, judged, report, sampled, score

EQUIVALENT = Accepted("logctl/core/*.py", "Ledger.*", r"<= MOST\b", "the next line says the same")
SURVIVORS = Survivors("", (EQUIVALENT,))


def mutant(
    state: str, *, path: str = "logctl/core/a.py", name: str = "xǁLedgerǁkills__mutmut_1", after: str = ""
) -> Mutant:
    return Mutant(path, f"logctl.core.a.{name}", state, "count < MOST", after or "count <= MOST")


def test_a_mutant_is_named_by_its_function_and_class():
    assert mutant("killed").function == "Ledger.kills"
    assert mutant("killed", name="x_kills__mutmut_12").function == "kills"


@pytest.mark.parametrize(
    "other",
    [
        mutant("survived", path="logctl/pipeline/a.py"),
        mutant("survived", name="x_kills__mutmut_1"),
        mutant("survived", after="count <= MOST_OF_ALL"),
        mutant("killed"),
        mutant("timeout"),
    ],
)
def test_only_what_survives_as_described_is_accepted(other):
    assert SURVIVORS.cover(mutant("survived"))
    assert not SURVIVORS.cover(other)


def test_what_is_accepted_is_counted_apart_and_never_as_killed():
    mutants = [mutant(state) for state in ("killed",) * 6 + ("timeout", "survived", "not run")]
    mutants += [mutant("survived", after="count == MOST"), mutant("killed", path="logctl/core/b.py")]
    counts = judged(mutants, SURVIVORS)
    assert counts["logctl/core/a.py"] == {
        "killed": 6,
        "timeout": 1,
        "accepted": 1,
        "survived": 1,
        "not run": 1,
    }
    assert counts["logctl/core/b.py"] == {"killed": 1}
    assert score(counts["logctl/core/a.py"]) == pytest.approx(100 * 7 / 9)
    assert score(Counter()) == 100


def test_survivors_without_a_reason_are_shown_and_then_the_sums():
    *shown, _, of_file, total = report(
        [mutant("killed"), mutant("survived"), mutant("survived", after="no")], SURVIVORS
    )
    assert shown == ["logctl/core/a.py Ledger.kills", "  - count < MOST", "  + no"]
    assert of_file.split() == ["logctl/core/a.py", "3", "1", "0", "1", "1", "33.3"]
    assert total.split() == ["all", *of_file.split()[1:]]


def test_a_sample_is_the_same_each_time_whatever_the_order():
    names = [f"m{number}" for number in range(100)]
    assert sampled(names, 10, 1) == sampled(names[::-1], 10, 1) != sampled(names, 10, 2)
    assert len(set(sampled(names, 10, 1))) == 10
    assert sampled(names, 0, 1) == names == sampled(names, 200, 1)


def test_every_reason_speaks_of_files_that_are_there():
    for one in Survivors.read().accepted:
        assert list(ROOT.glob(one.path)), one.path
        assert one.reason and Path(one.path).parts[0] == "logctl"
