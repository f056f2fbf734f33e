"""Mutation testing: is there a test that fails when a line of the core or of a store is wrong?

`make mutants` changes one thing at a time, runs the tests that reach it, and counts the changes that no test
notices. What is mutated and which tests run is `[tool.mutmut]` in pyproject.toml; which survivors are accepted,
and why, is tests/mutants.toml. All of it takes hours; these take less:

    make mutants ONLY=logctl/core/debounce.py         # some files, whole
    make mutants ONLY=… TESTS=tests/unit/test_debounce.py
    make mutants SAMPLE=400                           # as many mutants of all files; the same each time
    make mutants SAMPLE=400 SEED=2                    # others

It works on a copy in a temporary directory. Exit code 1: fewer than 90 % were killed.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ENOUGH = 90
"""Percent of the mutants that have to be killed."""
STATES = {1: "killed", 3: "killed", 0: "survived", 5: "survived", 33: "survived", None: "not run"}
"""What mutmut's codes mean: 5 and 33 are mutants that no test reaches. Any other code is a timeout or a crash."""
_MUTMUT = """
from mutmut.workers.isolation import ForkRunner
ForkRunner.run_clean_tests = lambda self, tests: 0
from mutmut.__main__ import cli
cli()
"""
"""mutmut, but for its second run of all tests without a mutant: the first, which notes what they reach, fails when
one of them does."""
SHOWN = ("killed", "timeout", "survived", "accepted")


@dataclass(frozen=True)
class Mutant:
    """A change to one function, and what became of it."""

    path: str
    name: str
    state: str
    before: str = ""
    after: str = ""

    @property
    def function(self) -> str:
        """The function's name, with its class."""
        mangled = self.name.rpartition(".")[2].partition("__mutmut_")[0]
        return mangled[2:] if mangled.startswith("x_") else mangled[2:].replace("ǁ", ".")


@dataclass(frozen=True)
class Accepted:
    """Survivors that no test has to kill, and the reason."""

    path: str
    function: str
    after: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this one: the path and the function are globs, the changed line a regex."""
        return (
            fnmatch.fnmatchcase(mutant.path, self.path)
            and fnmatch.fnmatchcase(mutant.function, self.function)
            and re.search(self.after, mutant.after) is not None
        )


@dataclass(frozen=True)
class Survivors:
    """tests/mutants.toml: what the last runs found, and what is accepted."""

    measured: str
    accepted: tuple[Accepted, ...]

    @classmethod
    def read(cls, path: Path = Path(__file__).with_suffix(".toml")) -> Survivors:
        content = tomllib.loads(path.read_text("utf-8"))
        return cls(
            " ".join(content["measured"].split()),
            tuple(
                Accepted(one["path"], one.get("function", "*"), one["after"], one["reason"])
                for one in content["accepted"]
            ),
        )

    def cover(self, mutant: Mutant) -> bool:
        """Whether it survived and may."""
        return mutant.state == "survived" and any(one.covers(mutant) for one in self.accepted)


def judged(mutants: Iterable[Mutant], survivors: Survivors) -> dict[str, Counter[str]]:
    """How many of each file's mutants were killed, ran too long, survived, and are accepted survivors."""
    counts: dict[str, Counter[str]] = {}
    for mutant in mutants:
        state = "accepted" if survivors.cover(mutant) else mutant.state
        counts.setdefault(mutant.path, Counter())[state] += 1
    return counts


def score(counts: Counter[str]) -> float:
    """Percent killed of all that were run. A mutant that runs too long is noticed; an accepted one is not."""
    killed, run = counts["killed"] + counts["timeout"], counts.total() - counts["not run"]
    return 100 * killed / run if run else 100.0


def sampled(names: Sequence[str], size: int, seed: int) -> list[str]:
    """As many of them, always the same for one seed; all of them for size 0."""
    if not size or size >= len(names):
        return list(names)
    return sorted(random.Random(seed).sample(sorted(names), size))


# ── Running mutmut ──────────────────────────────────────────────────────────────────────────────────────


def mutable(only: Sequence[str]) -> list[Path]:
    """The files of the working directory that are mutated, or those of them that `only` names."""
    from mutmut.utils.file_utils import walk_mutatable_files

    found = sorted(walk_mutatable_files())
    if strange := set(only) - {path.as_posix() for path in found}:
        sys.exit(f"{', '.join(sorted(strange))}: not mutated; see only_mutate in pyproject.toml.")
    return [path for path in found if not only or path.as_posix() in only]


def narrow(paths: Sequence[Path], tests: Sequence[str]) -> None:
    """Mutate only these files of the working directory, and run only these tests if there are any.

    Mutated code is slow even without a mutant, and all tests are run once before the first mutant.
    """
    from mutmut.configuration import reset_config

    settings = Path("pyproject.toml")
    text = settings.read_text("utf-8")
    wanted = {"only_mutate": [path.as_posix() for path in paths]}
    wanted |= {"pytest_add_cli_args_test_selection": list(tests)} if tests else {}
    for name, values in wanted.items():
        text = re.sub(rf"(?ms)^{name} = \[.*?^\]", f"{name} = {json.dumps(values)}", text)
    settings.write_text(text, "utf-8")
    reset_config()


def names(path: Path) -> list[str]:
    """The mutants of a file, by mutmut's names."""
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    mutated = mutate_file_contents(path.as_posix(), path.read_text("utf-8"))
    return [get_mutant_name(path, name) for name in mutated.mutant_names]


def run(chosen: Mapping[Path, Sequence[str]], children: int) -> list[Mutant]:
    """Run the tests against these mutants of the working directory's files.

    Raises:
        SystemExit: the tests fail without any mutant.
    """
    command = [sys.executable, "-c", _MUTMUT, "run", "--max-children", str(children)]
    # Hypothesis is deterministic in CI, and has no time limit of its own.
    ended = subprocess.run(
        [*command, *(name for some in chosen.values() for name in some)],
        env={**os.environ, "CI": "1"},
        stdout=subprocess.PIPE if not sys.stdout.isatty() else None,
        text=True,
        check=False,
    )
    if ended.returncode:
        sys.exit(f"{(ended.stdout or '')[-4000:]}\nmutmut ended with {ended.returncode}.")
    return [mutant for path, some in chosen.items() for mutant in outcome(path, set(some))]


def outcome(path: Path, chosen: set[str]) -> Iterator[Mutant]:
    """What became of some mutants of a file."""
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    codes: dict[str, Any] = json.loads(Path("mutants", f"{path}.meta").read_text("utf-8"))["exit_code_by_key"]
    for name in (name for name in codes if name in chosen):
        state = STATES.get(codes[name], "timeout")
        changed = get_diff_for_mutant(name, path=path).splitlines()[2:] if state == "survived" else []
        before, after = (
            " ".join(line[1:].strip() for line in changed if line.startswith(sign)) for sign in "-+"
        )
        yield Mutant(path.as_posix(), name, state, before, after)


@contextmanager
def copied(kept: str | None) -> Iterator[None]:
    """Work in a copy of the repository, without what git ignores; it is removed unless it has a place."""
    directory = Path(kept or tempfile.mkdtemp(prefix="logctl-mutants-"))
    shutil.rmtree(directory / "mutants", ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    if listed.returncode:
        sys.exit(f"{ROOT} is no git repository, so that it is not known which files to copy: clone it first.")
    try:
        for name in filter(None, listed.stdout.decode().split("\0")):
            source, target = ROOT / name, directory / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        os.chdir(directory)
        yield
    finally:
        os.chdir(ROOT)
        if not kept:
            shutil.rmtree(directory, ignore_errors=True)


# ── Telling ─────────────────────────────────────────────────────────────────────────────────────────────


def report(mutants: Sequence[Mutant], survivors: Survivors) -> Iterator[str]:
    """The survivors that nobody has explained, then a line per file and one for all."""
    for mutant in mutants:
        if mutant.state == "survived" and not survivors.cover(mutant):
            yield f"{mutant.path} {mutant.function}"
            yield f"  - {mutant.before}"
            yield f"  + {mutant.after}"
    counts = judged(mutants, survivors)
    yield f"{'':42}{'mutants':>9}" + "".join(f"{state:>10}" for state in SHOWN) + f"{'%':>7}"
    for path, one in [*sorted(counts.items()), ("all", sum(counts.values(), Counter[str]()))]:
        states = "".join(f"{one[state]:>10}" for state in SHOWN)
        yield f"{path:42}{one.total():>9}{states}{score(one):>7.1f}"


def main(arguments: Sequence[str]) -> int:
    """Mutate, run, tell; 1 when too many survived."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--only", nargs="*", default=[], help="files to mutate, whole")
    parser.add_argument("--tests", nargs="*", default=[], help="test files to run, instead of all")
    parser.add_argument("--sample", type=int, default=0, help="how many mutants, of all files together")
    parser.add_argument("--seed", type=int, default=1, help="which sample")
    parser.add_argument("--children", type=int, default=2, help="how many processes at a time")
    parser.add_argument("--keep", help="work in this directory and leave it")
    options = parser.parse_args(arguments)
    with copied(options.keep):
        paths = mutable(options.only)
        narrow(paths, options.tests)
        of_file = {path: names(path) for path in paths}
        chosen = set(
            sampled([name for some in of_file.values() for name in some], options.sample, options.seed)
        )
        picked = {path: [name for name in some if name in chosen] for path, some in of_file.items()}
        mutants = run({path: some for path, some in picked.items() if some}, options.children)
    survivors = Survivors.read()
    print(*report(mutants, survivors), sep="\n")
    total = sum(judged(mutants, survivors).values(), Counter[str]())
    return 1 if score(total) < ENOUGH else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
