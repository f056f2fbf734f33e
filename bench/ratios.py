"""A measured ratio, its comparison with the recorded ones, and the page and the plot that are made of them.

Times differ from machine to machine; ratios to a peer in the same run hardly do. So a ratio is what is recorded
and compared, and the times of the run are told beside it.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from xml.sax.saxutils import escape

RECORDED = Path(__file__).with_name("recorded.json")
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
PLOT = PAGE.with_name("performance.svg")
_NOISE = 0.25
"""How much worse than the recorded ratio a new one may be: the part by which runs differ on a busy machine."""
_PACKAGES = ("boto3", "botocore", "msgspec", "rich", "typer", "zstandard")


@dataclass(frozen=True)
class Ratio:
    """A figure of ours divided by that of a peer in the same run, or a count.

    Attributes:
        topic: the bench that it is of, such as `consumer`.
        name: what was measured, such as `packed JSON`.
        peer: what it is divided by.
        value: the ratio.
        target: the value that it should have at least, or at most where `lower` says so.
        lower: a smaller value is better.
        figures: the absolute figures of this run, for people.
    """

    topic: str
    name: str
    peer: str
    value: float
    target: float
    lower: bool = False
    figures: str = ""

    @property
    def key(self) -> str:
        return f"{self.topic}: {self.name}"

    @property
    def met(self) -> bool:
        return self.value <= self.target if self.lower else self.value >= self.target

    def worse_than(self, before: float) -> bool:
        """Return whether the value is worse than an earlier one by more than runs differ."""
        return self.value > before * (1 + _NOISE) if self.lower else self.value < before * (1 - _NOISE)


def regressions(found: Iterable[Ratio], recorded: Mapping[str, float]) -> list[str]:
    """Return a sentence for each ratio that is worse than the recorded one."""
    return [
        f"{ratio.key}: {ratio.value:.2f}, recorded {recorded[ratio.key]:.2f}"
        for ratio in found
        if ratio.key in recorded and ratio.worse_than(recorded[ratio.key])
    ]


def read_recorded(path: Path = RECORDED) -> dict[str, float]:
    """Return the recorded value of each ratio; none before the first recording."""
    return {ratio.key: ratio.value for ratio in _read(path)}


def _read(path: Path) -> list[Ratio]:
    return [Ratio(**each) for each in json.loads(path.read_text())["ratios"]] if path.exists() else []


def machine() -> str:
    """Return the machine and the versions that a run was made with, on one line."""
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return f"{_cpu()}, {platform.system()}, Python {platform.python_version()}, {versions}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} x {names[0]}" if names else platform.machine()


def record(found: Sequence[Ratio], *, path: Path = RECORDED, page: Path = PAGE, plot: Path = PLOT) -> None:
    """Write the ratios of a run: as JSON for the next comparison, as a page, and as a plot.

    Topics that were not measured keep what was recorded of them.
    """
    topics = {ratio.topic: [each for each in found if each.topic == ratio.topic] for ratio in found}
    kept = list(dict.fromkeys(ratio.topic for ratio in _read(path)))
    old = {topic: [each for each in _read(path) if each.topic == topic] for topic in kept}
    listed = [ratio for group in (old | topics).values() for ratio in group]
    ratios = [asdict(replace(ratio, value=round(ratio.value, 3))) for ratio in listed]
    path.write_text(json.dumps({"machine": machine(), "ratios": ratios}, indent=2) + "\n")
    page.write_text(_page(listed))
    plot.write_text(svg(listed))


_INTRODUCTION = """# Performance

`make bench` measures what is on this page: whole programs, each beside a peer in the same run, in seconds of the
processor (user time). Times differ between machines, ratios hardly do, so ratios are recorded. `make bench` reports
those that are more than 25% worse than the recorded ones, and `python -m bench performance --record` writes this
page anew.

![Each figure in parts of its target](performance.svg)
"""


def _page(found: Sequence[Ratio]) -> str:
    parts = [_INTRODUCTION, f"Measured with: {machine()}."]
    for topic in dict.fromkeys(ratio.topic for ratio in found):
        parts += [f"## {topic}", _table([ratio for ratio in found if ratio.topic == topic])]
    missed = [ratio for ratio in found if not ratio.met]
    if missed:
        parts.append("## Targets that are not met")
        parts.append("\n".join(f"- {ratio.key}: {_value(ratio.value)} {_against(ratio)}" for ratio in missed))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _table(found: Iterable[Ratio]) -> str:
    lines = ["| what | compared with | ratio | target | in this run |", "|---|---|---|---|---|"]
    for ratio in found:
        sign = "at most" if ratio.lower else "at least"
        lines.append(
            f"| {ratio.name} | {ratio.peer} | {_value(ratio.value)} | {sign} {_value(ratio.target)} "
            f"| {ratio.figures} |"
        )
    return "\n".join(lines)


def _against(ratio: Ratio) -> str:
    return f"instead of at {'most' if ratio.lower else 'least'} {_value(ratio.target)} ({ratio.peer})"


def _value(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


# ── The plot ────────────────────────────────────────────────────────────────────────────────────────

_ROW, _LEFT, _WIDE, _TOP = 22, 330, 420, 30
_MOST = 2.5


def svg(found: Sequence[Ratio]) -> str:
    """Return a bar for each ratio, in parts of its target: one is what it should be, longer is better."""
    height = _TOP + _ROW * len(found) + 10
    one = _LEFT + _WIDE / _MOST
    rows = []
    for number, ratio in enumerate(found):
        share = _share(ratio)
        y = _TOP + _ROW * number
        color = "#2a7f62" if ratio.met else "#b8532f"
        rows.append(
            f'<text x="{_LEFT - 8}" y="{y + 14}" text-anchor="end">{escape(ratio.key)}</text>'
            f'<rect x="{_LEFT}" y="{y + 3}" width="{min(share, _MOST) / _MOST * _WIDE:.0f}" height="14" '
            f'fill="{color}"/><text x="{_LEFT + 4}" y="{y + 14}" fill="#fff">{share:.2f}</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDE + 20} {height}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="100%" height="100%" fill="#fff"/><text x="{one:.0f}" y="18" '
        f'text-anchor="middle">target</text><line x1="{one:.0f}" y1="24" x2="{one:.0f}" y2="{height - 8}" '
        'stroke="#555" stroke-dasharray="3 3"/>' + "".join(rows) + "</svg>\n"
    )


def _share(ratio: Ratio) -> float:
    if ratio.lower:
        return ratio.target / ratio.value if ratio.value else _MOST
    return ratio.value / ratio.target if ratio.target else _MOST
