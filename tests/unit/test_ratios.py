"""The record of measured ratios: comparison, page and plot."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from bench.ratios import Ratio, read_recorded, record, regressions

FAST = Ratio("consumer", "packed <JSON>", "the limit", 0.52, 0.5, figures="400,000 records/s")
SLOW = Ratio("start-up", "--version", "import typer", 1.8, 1.3, lower=True)


def test_a_ratio_is_compared_with_the_recorded_one_in_its_direction():
    assert regressions([FAST], {FAST.key: 0.53}) == []
    assert regressions([FAST], {FAST.key: 0.9}) == ["consumer: packed <JSON>: 0.52, recorded 0.90"]
    assert regressions([SLOW], {SLOW.key: 1.7}) == []
    assert regressions([SLOW], {SLOW.key: 1.2}) == ["start-up: --version: 1.80, recorded 1.20"]
    assert regressions([SLOW], {}) == []


def test_what_is_recorded_is_read_again_and_missed_targets_are_named(tmp_path: Path):
    path, page, plot = tmp_path / "recorded.json", tmp_path / "page.md", tmp_path / "plot.svg"
    assert read_recorded(path) == {}
    record([FAST, SLOW], path=path, page=page, plot=plot)
    assert read_recorded(path) == {FAST.key: 0.52, SLOW.key: 1.8}
    assert "Python" in json.loads(path.read_text())["machine"]
    text = page.read_text()
    assert "| packed <JSON> | the limit | 0.52 | at least 0.5 | 400,000 records/s |" in text
    missed = text.partition("not met")[2]
    assert "--version: 1.8 instead of at most 1.3" in missed
    assert "packed" not in missed
    better = replace(SLOW, value=1.1)
    record([better], path=path, page=page, plot=plot)
    assert read_recorded(path) == {FAST.key: 0.52, SLOW.key: 1.1}
    assert "not met" not in page.read_text()
    record([SLOW], path=path, page=page, plot=plot)
    bars = ElementTree.fromstring(plot.read_text()).findall(".//{http://www.w3.org/2000/svg}rect")
    assert [bar.get("fill") for bar in bars] == ["#fff", "#2a7f62", "#b8532f"]
