"""The zip: the same bytes every time, everything the handlers need, and nothing else."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest

from logctl.stack import bundle

BLOCKED = ("typer", "rich", "pyathena", "yaml", "logctl.cli", "logctl.ops", "logctl.stack", "logctl.local")


@pytest.fixture(scope="module")
def local() -> bundle.Bundle:
    return bundle.build("local")


def test_the_bytes_are_the_same_every_time(local):
    again = bundle.build("local")
    assert (again.data, again.digest) == (local.data, local.digest)
    for info in zipfile.ZipFile(io.BytesIO(local.data)).infolist():
        assert info.date_time == (1980, 1, 1, 0, 0, 0)


def test_it_holds_core_pipeline_and_zstandard_only(local):
    names = zipfile.ZipFile(io.BytesIO(local.data)).namelist()
    assert {"logctl/pipeline/consumer.py", "logctl/pipeline/sweeper.py", "zstandard/__init__.py"} <= set(
        names
    )
    allowed = ("logctl/__init__.py", "logctl/core/", "logctl/pipeline/", "logctl/dashboard/", "zstandard/")
    assert [name for name in names if not name.startswith(allowed)] == []
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]
    assert len(local.data) < 10 * 2**20


@pytest.mark.parametrize("handler", ["logctl.pipeline.consumer", "logctl.pipeline.sweeper"])
def test_a_handler_runs_from_the_zip_with_the_cli_out_of_reach(local, tmp_path, handler):
    zipfile.ZipFile(io.BytesIO(local.data)).extractall(tmp_path)
    program = f"""
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.startswith({BLOCKED!r}):
            raise ImportError(f"{{name}} is not in Lambda")
sys.meta_path.insert(0, Refuse())
sys.path.insert(0, {str(tmp_path)!r})
import importlib
module = importlib.import_module({handler!r})
assert module.__file__.startswith({str(tmp_path)!r}), module.__file__
assert callable(module.handler)
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path)


def test_the_bundle_for_aws_has_lambdas_wheel(tmp_path):
    try:
        made = bundle.build("aws", cache=tmp_path)
    except Exception as error:
        pytest.skip(f"the package index cannot be reached: {error}")
    names = zipfile.ZipFile(io.BytesIO(made.data)).namelist()
    assert [name for name in names if name.endswith(".so") and "cpython-313-aarch64" in name]
    assert not [name for name in names if "x86_64" in name]
    assert (made.runtime, made.architecture) == ("python3.13", "arm64")
    assert bundle.build("aws", cache=tmp_path).digest == made.digest
