"""Who may read what: claims checked again, groups and scopes turned into apps."""

from __future__ import annotations

import re
from fnmatch import translate
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.access import Access, Issuer, NotAuthentic, access_of, is_pattern, overlap
from tests.unit.conftest import NOON

OURS = Issuer("https://issuer.example/pool", ("web", "machine"), "cognito:groups")


def claims(**changes: Any) -> dict[str, Any]:
    made = {
        "iss": OURS.issuer,
        "client_id": "web",
        "token_use": "access",
        "exp": NOON // 1000 + 60,
        "iat": NOON // 1000 - 60,
        "sub": "1",
        "username": "anna",
        "cognito:groups": ["app:checkout", "app:web-*", "admins"],
        **changes,
    }
    return {name: value for name, value in made.items() if value is not None}


def test_groups_are_apps():
    access = access_of(claims(), OURS, NOON)
    assert access == Access("anna", ("checkout", "web-*"), NOON + 60_000)
    assert access.may_read("checkout") and access.may_read("web-1") and not access.may_read("billing")
    assert access.readable(["billing", "checkout", "web", "web-2"]) == ["checkout", "web-2"]


@pytest.mark.parametrize(
    ("asked", "allowed", "some"),
    [
        ("checkout", ("checkout",), True),
        ("billing", ("checkout",), False),
        ("checkout", ("billing", "c*"), True),
        ("c*", ("checkout",), True),
        ("b*", ("checkout",), False),
        ("*-eu", ("web-*",), True),
        ("web-?", ("web-1*", "x"), True),
        ("web-??", ("web-1",), False),
        ("a*c", ("b*",), False),
        ("a*c", ("*b",), False),
        ("a*c", ("*b?",), True),
        ("?", ("?*",), True),
        ("?", ("??*",), False),
        ("*", (), False),
    ],
)
def test_a_question_for_which_something_may_be_read(asked, allowed, some):
    assert Access("anna", allowed, NOON).may_read_some_of(asked) is some


@given(st.text("ab*?", min_size=1, max_size=5), st.text("ab*?", min_size=1, max_size=5))
def test_two_globs_overlap_when_a_text_fits_both(one, other):
    longest = len(one) + len(other)
    fits = re.compile(f"(?={translate(one)}){translate(other)}")
    texts = ("".join(letters) for n in range(longest + 1) for letters in product("ab", repeat=n))
    assert overlap(one, other) is any(fits.match(text) for text in texts)


@pytest.mark.proves("B51")
@pytest.mark.parametrize(
    ("changes", "apps"),
    [
        ({"cognito:groups": None}, ()),
        ({"cognito:groups": []}, ()),
        ({"cognito:groups": "app:a app:b"}, ("a", "b")),
        ({"cognito:groups": "app:a, app:b"}, ("a", "b")),
        ({"cognito:groups": ["app:*"]}, ("*",)),
        # Nothing that is no name or glob: it would match what nobody meant.
        ({"cognito:groups": ["app:", "app:[a-z]*", "app:A", "app:a/b", "app:../x", "application:x", 5]}, ()),
        ({"cognito:groups": {"app:a": 1}}, ()),
        ({"cognito:groups": None, "scope": "openid logctl/app:checkout"}, ("checkout",)),
        ({"cognito:groups": None, "scp": ["api://x/app:web-*"]}, ("web-*",)),
        ({"cognito:groups": ["app:a"], "scope": "logctl/app:b"}, ("a", "b")),
    ],
)
def test_what_may_be_read(changes, apps):
    assert access_of(claims(**changes), OURS, NOON).apps == apps


@pytest.mark.proves("B49")
@pytest.mark.parametrize(
    "changes",
    [
        {"iss": None},
        {"iss": OURS.issuer + "/"},
        {"iss": "https://issuer.example/other"},
        {"client_id": "another"},
        {"client_id": None},
        {"aud": "another"},  # an aud that is there counts, whatever the client is
        {"aud": ["another"]},
        {"aud": {"web": 1}},
        {"token_use": "id"},
        {"token_use": "refresh"},
        {"exp": None},
        {"exp": NOON // 1000},
        {"exp": "soon"},
        {"exp": True},
        {"nbf": NOON // 1000 + 120},
        {"nbf": "later"},
        {"iat": NOON // 1000 + 120},
    ],
)
def test_what_is_no_token_for_us(changes):
    with pytest.raises(NotAuthentic):
        access_of(claims(**changes), OURS, NOON)


def test_other_issuers_say_aud_and_need_not_say_what_use():
    access = access_of(claims(aud=["web", "x"], client_id=None, token_use=None), OURS, NOON)
    assert access.apps == ("checkout", "web-*")


@pytest.mark.parametrize(("text", "yes"), [("a", True), ("web-*", True), ("*", True), ("?", True), ("a-", False), ("", False), ("a\n", False), ("[a]", False), ("a" * 65, False), (None, False)])  # fmt: skip
def test_patterns(text, yes):
    assert is_pattern(text) is yes
