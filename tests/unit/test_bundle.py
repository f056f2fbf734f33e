"""The zip: the same bytes every time, everything the handlers need, and nothing else."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from logctl.core.errors import LogctlError
from logctl.stack import bundle

# What Lambda's Python runtime has, besides the standard library.
RUNTIME = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")
BLOCKED = ("typer", "rich", "pyathena", "yaml", "logctl.cli", "logctl.ops", "logctl.stack", "logctl.local")


@pytest.fixture(scope="module")
def local() -> bundle.Bundle:
    return bundle.build("local")


def names_in(made: bundle.Bundle) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(made.data)).namelist()


@pytest.mark.slow
def test_the_bytes_are_the_same_every_time(local):
    again = bundle.build("local")
    assert (again.data, again.digest, again.key) == (local.data, local.digest, f"code/{local.digest}.zip")
    entries = zipfile.ZipFile(io.BytesIO(local.data)).infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(entry.date_time, entry.external_attr >> 16) for entry in entries} == {
        ((1980, 1, 1, 0, 0, 0), 0o644)
    }


def test_it_holds_core_aws_pipeline_dashboard_and_the_wheels_only(local):
    names = names_in(local)
    package = Path(bundle.__file__).parent.parent
    ours = {
        f"logctl/{path.relative_to(package).as_posix()}"
        for folder in ("core", "aws", "pipeline")
        for path in (package / folder).rglob("*.py")
    }
    page = {f"logctl/dashboard/{name}" for name in ("index.html", "assets/app.js", "assets/style.css")}
    assert ours | page | {"logctl/__init__.py", "msgspec/__init__.py", "zstandard/__init__.py"} <= set(names)
    parts = ("__init__.py", "core/", "aws/", "pipeline/", "dashboard/")
    allowed = (*(f"logctl/{part}" for part in parts), "msgspec/", "zstandard/")
    assert [name for name in names if not name.startswith(allowed)] == []
    assert [name for name in names if name.endswith((".pyc", ".pyi", "py.typed"))] == []
    assert [name for name in names if "cffi" in name] == []
    assert len(local.data) < 7 * 2**20


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("core/times.py", True),
        ("dashboard/page.html", True),
        ("dashboard/app.js", True),
        ("core/times.py.orig", False),
        ("core/.times.py.swp", False),
        ("core/__pycache__/times.cpython-313.pyc", False),
        ("core/notes.html", False),
        ("dashboard/.DS_Store", False),
        ("dashboard/node_modules.tgz", False),
    ],
)
def test_what_editors_leave_lying_about_is_no_new_deployment(path, expected):
    assert bundle._is_source(Path(path)) is expected


def test_every_module_runs_from_the_zip_with_lambdas_packages_alone(local, tmp_path):
    task, runtime = tmp_path / "task", tmp_path / "runtime"
    zipfile.ZipFile(io.BytesIO(local.data)).extractall(task)
    runtime.mkdir()
    site = Path(str(importlib.metadata.distribution("boto3").locate_file("")))
    for name in RUNTIME:
        (runtime / name).symlink_to(site / name)
    modules = [
        path.relative_to(task).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for path in sorted(task.glob("logctl/**/*.py"))
    ]
    assert {f"logctl.pipeline.{name}" for name in ("consumer", "sweeper", "compactor")} <= set(modules)
    program = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.startswith({BLOCKED!r}):
            raise ImportError(f"{{name}} is not in Lambda")
sys.meta_path.insert(0, Refuse())
sys.path += [{str(task)!r}, {str(runtime)!r}]
import importlib
for name in {modules!r}:
    module = importlib.import_module(name)
    assert module.__file__.startswith({str(task)!r}), module.__file__
for name in ("consumer", "sweeper", "compactor"):
    assert callable(importlib.import_module(f"logctl.pipeline.{{name}}").handler)
import msgspec, zstandard
assert msgspec.__file__.startswith({str(task)!r})
assert zstandard.backend == "cext"
assert zstandard.__file__.startswith({str(task)!r})
assert zstandard.decompress(zstandard.compress(b"log")) == b"log"
"""
    # -I and -S: neither this repository nor its site-packages are on the path.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_bundle_for_aws_has_lambdas_wheels(tmp_path):
    try:
        made = bundle.build("aws", cache=tmp_path)
    except LogctlError as error:
        pytest.skip(error.message)
    compiled = [name for name in names_in(made) if name.endswith(".so")]
    assert compiled
    assert all("cpython-313-aarch64-linux-gnu" in name for name in compiled)
    assert (made.runtime, made.architecture) == ("python3.13", "arm64")
    assert {name.partition("/")[0] for name in compiled} == {"msgspec", "zstandard"}
    assert [path.suffix for path in tmp_path.iterdir()] == [".whl"] * 2
    assert len(made.data) < 4 * 2**20


@pytest.mark.slow
def test_the_wheels_are_fetched_once(tmp_path, monkeypatch):
    try:
        first = bundle.build("aws", cache=tmp_path)
    except LogctlError as error:
        pytest.skip(error.message)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert bundle.build("aws", cache=tmp_path) == first


def test_a_wheel_that_cannot_be_fetched_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(LogctlError, match=r"wheel of msgspec .* could not be fetched") as failure:
        bundle.build("aws", cache=tmp_path)
    assert "\n" not in failure.value.message
    assert "pip download" in failure.value.hint
    assert list(tmp_path.iterdir()) == []


WHEEL = bundle.WHEELS[bundle.AWS_RUNTIME, bundle.AWS_ARCHITECTURE][0]


def test_every_platform_that_is_deployed_to_has_its_wheel_pinned():
    assert (bundle.AWS_RUNTIME, bundle.AWS_ARCHITECTURE) in bundle.WHEELS
    for wheels in bundle.WHEELS.values():
        for wheel in wheels:
            assert re.fullmatch(r"[0-9a-f]{64}", wheel.sha256)
            assert wheel.name.startswith(f"{wheel.package}-{wheel.version}-")
            assert importlib.metadata.version(wheel.package) == wheel.version


def an_index_with(tmp_path: Path, data: bytes) -> Path:
    """A folder that pip takes for an index, with this file under the wheel's name."""
    index = tmp_path / "index"
    index.mkdir()
    (index / WHEEL.name).write_bytes(data)
    return index


def a_wheel(inside: bytes = b"somebody else's code") -> bytes:
    """A wheel that pip would install."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("msgspec/__init__.py", inside)
        about = f"msgspec-{WHEEL.version}.dist-info"
        archive.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: msgspec\nVersion: {WHEEL.version}\n"
        )
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nTag: cp313-cp313-manylinux2014_aarch64\n")
        archive.writestr(f"{about}/RECORD", "")
    return buffer.getvalue()


def test_a_wheel_of_an_index_that_is_another_file_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(an_index_with(tmp_path, a_wheel())))
    with pytest.raises(LogctlError, match="is not the one that PyPI published") as failure:
        bundle.build("aws", cache=tmp_path / "cache")
    assert "\n" not in failure.value.message
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_wheel_in_the_cache_that_is_another_file_is_not_used(tmp_path, monkeypatch):
    (tmp_path / WHEEL.name).write_bytes(a_wheel())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(LogctlError, match="could not be fetched"):
        bundle.build("aws", cache=tmp_path)


def test_a_wheel_in_the_cache_that_is_another_file_is_fetched_anew(tmp_path, monkeypatch):
    right = a_wheel(b"as published")
    pinned = replace(WHEEL, sha256=hashlib.sha256(right).hexdigest())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(an_index_with(tmp_path, right)))
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / WHEEL.name).write_bytes(a_wheel())
    assert bundle._fetch_wheel(cache, pinned) == right
    assert (cache / WHEEL.name).read_bytes() == right


def test_a_python_without_pip_says_how_to_get_it():
    failure = bundle._no_wheel(WHEEL, "/usr/bin/python3: No module named pip\n")
    assert "no pip" in failure.message
    assert "ensurepip" in failure.hint
