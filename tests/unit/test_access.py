"""Who may read what: claims checked again, groups and scopes turned into apps."""

from __future__ import annotations

import math
import re
from fnmatch import translate
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logctl.core.access import Access, Issuer, NotAuthentic, access_of, is_pattern, overlap, same_token
from tests.helpers.pipeline import NOON

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
        ({"cognito:groups": None, "scp": ["logctl/app:web-*"]}, ("web-*",)),
        ({"cognito:groups": ["app:a"], "scope": "logctl/app:b"}, ("a", "b")),
        # As API Gateway writes lists, and as JSON text.
        ({"cognito:groups": "[app:a app:b]"}, ("a", "b")),
        ({"cognito:groups": '["app:a","app:b"]'}, ("a", "b")),
        # One group's name, whatever is in it.
        ({"cognito:groups": ["x app:*", "app:a app:*", "[app:*]", "x,app:*", ["app:*"]]}, ()),
        # Scopes of other APIs.
        ({"cognito:groups": None, "scope": "app:* other/app:* logctl2/app:* x/logctl/app:* /app:*"}, ()),
        ({"cognito:groups": None, "scp": ["api://x/app:*", "app:*", "LOGCTL/app:*", "logctl/x/app:*"]}, ()),
        ({"cognito:groups": None, "scope": ["logctl/app:a logctl/app:b"], "scp": {"logctl/app:a": 1}}, ()),
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
        {"nbf": math.nan},
        {"iat": [1]},
        {"exp": math.nan},
        {"exp": math.inf},
        {"exp": -math.inf},
        {"exp": 10**400},
        {"exp": 1e300},
        {"exp": 10**12},  # milliseconds: a date that cannot be written
        {"exp": [NOON // 1000 + 60]},
        {"exp": {"$numberLong": NOON // 1000 + 60}},
        {"iss": [OURS.issuer]},
        {"aud": "web x"},  # one audience with a space in its name
        {"aud": [["web"]]},
        {"client_id": {"web": 1}},
        {"token_use": ["access"]},
        {"token_use": True},
        {"iat": NOON // 1000 + 120},
    ],
)
def test_what_is_no_token_for_us(changes):
    with pytest.raises(NotAuthentic):
        access_of(claims(**changes), OURS, NOON)


def test_other_issuers_say_aud_and_need_not_say_what_use():
    access = access_of(claims(aud=["web", "x"], client_id=None, token_use=None), OURS, NOON)
    assert access.apps == ("checkout", "web-*")


@pytest.mark.proves("B51")
@pytest.mark.parametrize(
    ("changes", "apps"),
    [
        ({"scope": "api://logs/app:a"}, ("a",)),
        ({"scp": "app:a app:b"}, ("a", "b")),
        ({"scp": ["app:a", "api://other/app:*", "logctl/app:*", "api://logs/v2/app:*"]}, ("a",)),
        # Whose scope it is, is not said.
        ({"aud": ["api://logs", "api://other"], "scp": ["app:*", "api://logs/app:a"]}, ("a",)),
        ({"aud": None, "client_id": "api://logs", "scope": "app:* api://logs/app:a"}, ("a",)),
    ],
)
def test_with_an_issuer_of_ones_own_the_audience_is_the_resource_server(changes, apps):
    issuer = Issuer(OURS.issuer, ("api://logs",), "groups", "api://logs")
    given = claims(**{"aud": "api://logs", "client_id": None, "token_use": None, **changes})
    assert access_of(given, issuer, NOON).apps == apps


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from([10**400, "app:*", "web", "access", OURS.issuer]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
)


@pytest.mark.proves("B49")
@given(st.dictionaries(st.sampled_from([*claims(), "aud", "scope", "scp", "nbf", "sub"]), VALUES))
def test_no_claim_is_more_than_refused(changes):
    try:
        access = access_of({**claims(), **changes}, OURS, NOON)
    except NotAuthentic:
        return
    assert all(map(is_pattern, access.apps)) and 0 < access.expires_at < 10**15


@pytest.mark.proves("B49")
@pytest.mark.parametrize(
    "text", [str, lambda value: f"[{' '.join(value)}]" if isinstance(value, list) else str(value)]
)
def test_a_token_is_the_one_that_was_checked_however_lists_are_written(text):
    vouched = {name: text(value) for name, value in claims(aud=["web", "x"]).items()}
    assert same_token(claims(aud=["web", "x"]), vouched, OURS)
    for changes in (
        {"cognito:groups": ["app:*"]},
        {"cognito:groups": None},
        {"scope": "logctl/app:*"},
        {"scp": ["logctl/app:*"]},
        {"exp": NOON // 1000 + 61},
        {"sub": "2"},
        {"sub": None},
        {"iss": "x"},
        {"aud": ["web"]},
        {"client_id": "machine"},
    ):
        assert not same_token(claims(**{"aud": ["web", "x"], **changes}), vouched, OURS), changes


@pytest.mark.parametrize(("text", "yes"), [("a", True), ("web-*", True), ("*", True), ("?", True), ("a-", False), ("", False), ("a\n", False), ("[a]", False), ("a" * 65, False), (None, False)])  # fmt: skip
def test_patterns(text, yes):
    assert is_pattern(text) is yes


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "x"}, "the token was issued by another issuer"),
        ({"aud": ["x"], "client_id": "x"}, "the token is for another audience"),
    ],
)
def test_a_token_that_is_not_for_this_api_is_refused_with_the_reason(changes, said):
    with pytest.raises(NotAuthentic) as refused:
        access_of(claims(**changes), OURS, NOON)
    assert str(refused.value) == said
