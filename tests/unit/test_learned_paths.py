"""Lines that go the way of many lines before them are read by one pattern, and as by the whole tree."""

import random

import pytest

from logctl.core.formats import format_tree, learned_paths
from logctl.core.formats.format_tree import FormatTree
from logctl.core.formats.reading import Context
from logctl.core.formats.registry import FORMATS
from logctl.core.formats.time_forms import scan_time
from logctl.core.times import parse_time

CONTEXT = Context(parse_time("2026-11-28T00:00:00Z"))
LINES = [
    line for declared in FORMATS for example in declared.examples for line in example.text.split("\n") if line
]
USUAL = {
    "log4j": "2026-11-27 10:15:{:02},123 INFO [main] com.acme.shop.OrderService - placed order {}",
    "python": "2026-11-27 10:15:{:02},123 - shop.orders - WARNING - placed order {}",
    "access": '10.0.0.{} - - [27/Nov/2026:10:15:30 +0000] "GET /orders/{} HTTP/1.1" 200 512 "-" "curl/8"',
    "spring": "2026-11-27 10:15:{:02}.123  INFO 812 --- [main] c.a.shop.Orders : placed order {}",
    "no format": "2026-11-27 10:15:{:02} ERROR placed order {}",
}


@pytest.fixture
def never(monkeypatch):
    """A tree that learns nothing."""
    tree = FormatTree(FORMATS)
    monkeypatch.setattr(tree._learned, "note", lambda *_: None)
    return tree


def damaged(line, chance):
    at = chance.randrange(len(line))
    piece = chance.choice(
        ('"', " ", "  ", "[", "]", "(", ":", "-", "0", "99", "Z", "x", "ERROR", "é", "\t", "")
    )
    return line[:at] + piece + line[at + chance.randrange(3) :]


def test_a_tree_that_learns_every_way_at_once_reads_all_lines_as_one_that_learns_nothing(monkeypatch, never):
    monkeypatch.setattr(learned_paths, "_LEARNED_AFTER", 1)
    monkeypatch.setattr(learned_paths, "_MOST_PATHS", 150)
    monkeypatch.setattr(learned_paths, "_MOST_OF_A_CHARACTER", 100)
    tree, chance = FormatTree(FORMATS), random.Random(7)
    lines = chance.sample(LINES, 120)
    taken = 0
    for line in [*lines, *lines, *(damaged(line, chance) for line in lines for _ in range(4))]:
        answer = tree._learned.read(line, CONTEXT, scan_time)
        expected = never.read(line, 0, CONTEXT, scan_time)
        if answer is not learned_paths.UNLEARNED and len(line) <= format_tree.FRONT:
            taken += 1
            assert answer == expected, line
        assert tree.read(line, 0, CONTEXT, scan_time) == expected, line
    assert taken > 100


@pytest.mark.parametrize("form", USUAL.values(), ids=USUAL)
def test_after_some_lines_the_tree_is_not_walked_any_more(monkeypatch, never, form):
    tree = FormatTree(FORMATS)
    for number in range(learned_paths._LEARNED_AFTER):
        tree.read(form.format(number % 60, number), 0, CONTEXT, scan_time)
    last = form.format(59, "again")
    expected = never.read(last, 0, CONTEXT, scan_time)

    def refuse(*_):
        raise AssertionError("the tree was walked")

    monkeypatch.setattr(format_tree._Walk, "descend", refuse)
    assert tree.read(last, 0, CONTEXT, scan_time) == expected


def test_a_line_that_an_earlier_format_matches_does_not_go_the_way_of_the_lines_before(never):
    tree = FormatTree(FORMATS)
    for number in range(2 * learned_paths._LEARNED_AFTER):
        tree.read(USUAL["log4j"].format(number % 60, number), 0, CONTEXT, scan_time)
    for line in LINES:
        assert tree.read(line, 0, CONTEXT, scan_time) == never.read(line, 0, CONTEXT, scan_time), line


def test_few_ways_are_kept(monkeypatch):
    monkeypatch.setattr(learned_paths, "_LEARNED_AFTER", 1)
    tree = FormatTree(FORMATS)
    for line in LINES[:400]:
        tree.read(line, 0, CONTEXT, scan_time)
    paths = tree._learned._paths.values()
    assert sum(map(len, paths)) <= learned_paths._MOST_PATHS
    assert max(map(len, paths)) <= learned_paths._MOST_OF_A_CHARACTER
    assert len(tree._learned._counts) <= learned_paths._MOST_COUNTED + 1


def test_words_that_are_no_level_do_not_hinder_and_levels_go_another_way(monkeypatch, never):
    tree = FormatTree(FORMATS)
    for number in range(learned_paths._LEARNED_AFTER):
        assert tree.read(f"order {number} of customer 7", 0, CONTEXT, scan_time) is None
    assert tree._learned.read("order 99 of customer 8", CONTEXT, scan_time) is None
    for text in ("on 5 of customer 7", "ok: it is done", "odd", "o"):
        answer = tree._learned.read(text, CONTEXT, scan_time)
        assert answer in (never.read(text, 0, CONTEXT, scan_time), learned_paths.UNLEARNED)
    for number in range(learned_paths._LEARNED_AFTER):
        tree.read(f"error {number} of customer 7", 0, CONTEXT, scan_time)
    assert tree._learned.read("error 99 of customer 8", CONTEXT, scan_time) is learned_paths.UNLEARNED
