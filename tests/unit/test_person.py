"""Who runs logctl."""

from __future__ import annotations

import pytest

from logctl.ops.operator_name import NAMELESS, user_here


def test_the_machine_says_who(monkeypatch):
    monkeypatch.setenv("LOGNAME", "anna")
    assert user_here() == "anna"


@pytest.mark.parametrize("problem", [KeyError("uid 4711"), OSError("no name")])
def test_a_containers_user_may_have_no_name(monkeypatch, problem):
    def nobody() -> str:
        raise problem

    monkeypatch.setattr("getpass.getuser", nobody)
    assert user_here() == NAMELESS
