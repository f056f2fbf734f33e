"""The zip that Lambda runs: `core`, `aws`, `pipeline`, `dashboard` and zstandard; boto3 is in the runtime.

Its bytes depend on the sources only (sorted names, one date, fixed permissions), so that provisioning twice
uploads and changes nothing.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import platform
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from logctl.core.errors import LogctlError

CODE = "code/"
"""Prefix of the zips in the deploy bucket."""
AWS_RUNTIME = "python3.13"
AWS_ARCHITECTURE = "arm64"
_WHEEL = "zstandard"


@dataclass(frozen=True)
class Wheel:
    """A wheel and its digest: a package index, a mirror or a cache may contain something else."""

    version: str
    name: str
    sha256: str

    def is_in(self, data: bytes) -> bool:
        """Return whether the bytes are this wheel."""
        return hashlib.sha256(data).hexdigest() == self.sha256


WHEELS = {
    ("python3.13", "arm64"): Wheel(
        "0.25.0",
        "zstandard-0.25.0-cp313-cp313-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
        "bfc4e20784722098822e3eee42b8e576b379ed72cca4a7cb856ae733e62192ea",
    ),
}
"""The compiled wheel for each of Lambda's runtimes and architectures, as published on PyPI."""
_PACKAGES = ("core", "aws", "pipeline", "dashboard")
_PAGE_PARTS = frozenset({".css", ".html", ".ico", ".js", ".json", ".png", ".svg", ".woff2"})
# The earliest date of the zip format.
_DATE = (1980, 1, 1, 0, 0, 0)
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Bundle:
    """The files that Lambda runs, by path in the zip, and the runtime and architecture that they are for."""

    files: Mapping[str, bytes]
    runtime: str
    architecture: str

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of names and contents. The zip is named after it, so it is known before compressing."""
        digest = hashlib.sha256()
        for name in sorted(self.files):
            digest.update(f"{name}\0{len(self.files[name])}\0".encode())
            digest.update(self.files[name])
        return digest.hexdigest()

    @property
    def key(self) -> str:
        """The key of the zip in the deploy bucket."""
        return f"{CODE}{self.digest}.zip"

    @cached_property
    def data(self) -> bytes:
        """The zip as bytes."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name in sorted(self.files):
                info = zipfile.ZipInfo(name, _DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.create_system = 3  # Unix, on whatever machine it is built
                info.external_attr = 0o644 << 16
                archive.writestr(info, self.files[name])
        return buffer.getvalue()


def build(target: str, *, cache: Path | None = None) -> Bundle:
    """Return the bundle for a target: `aws` (arm64, Lambda's Python) or `local` (this machine).

    Args:
        target: of the settings.
        cache: the folder for wheels; by default the user's.

    Raises:
        LogctlError: the wheel for Lambda could not be fetched, or has another digest than it should.
    """
    files = dict(_own_files())
    if target == "local":
        files.update(_installed_files())
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    else:
        files.update(_wheel_files(_fetch_wheel(cache or _default_cache())))
        version, architecture = AWS_RUNTIME, AWS_ARCHITECTURE
    return Bundle(files, version, architecture)


def _own_files() -> Iterator[tuple[str, bytes]]:
    yield "logctl/__init__.py", (_ROOT / "__init__.py").read_bytes()
    for package in _PACKAGES:
        for path in (_ROOT / package).rglob("*"):
            if path.is_file() and _is_source(path.relative_to(_ROOT)):
                yield f"logctl/{path.relative_to(_ROOT).as_posix()}", path.read_bytes()


def _is_source(path: Path) -> bool:
    """Return whether a file is code, or part of the dashboard's page.

    Files of editors and interpreters would give the same code another digest, and so another deployment.
    """
    if "__pycache__" in path.parts or any(part.startswith(".") for part in path.parts):
        return False
    return path.suffix == ".py" or (path.parts[0] == "dashboard" and path.suffix in _PAGE_PARTS)


def _wanted(name: str) -> bool:
    """Return whether a file of the wheel belongs to the package itself.

    Its metadata is left out, because installers write files of their own there.
    """
    return name.startswith(f"{_WHEEL}/") and name.endswith((".py", ".so", ".pyd"))


def _installed_files() -> Iterator[tuple[str, bytes]]:
    files = [path for path in importlib.metadata.files(_WHEEL) or () if _wanted(path.as_posix())]
    if not files:
        raise LogctlError(
            f"The files of {_WHEEL} cannot be found in this Python.",
            f"Install it again with: {sys.executable} -m pip install --force-reinstall {_WHEEL}",
        )
    for path in files:
        yield path.as_posix(), path.read_binary()


def _wheel_files(wheel: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            if _wanted(name) and not name.endswith("/"):
                yield name, archive.read(name)


def _default_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("logctl") / "wheels"


def _fetch_wheel(cache: Path, wheel: Wheel = WHEELS[AWS_RUNTIME, AWS_ARCHITECTURE]) -> bytes:
    """Return the wheel for Lambda's platform: from the cache, or fetched if the cache has not this file."""
    kept = cache / wheel.name
    if kept.is_file() and wheel.is_in(data := kept.read_bytes()):
        return data
    cache.mkdir(parents=True, exist_ok=True)
    python = AWS_RUNTIME.removeprefix("python")
    # The file gets into the cache by one rename, so that an interrupted download never looks like a wheel.
    with tempfile.TemporaryDirectory(dir=cache) as landing:
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary=:all:", "--implementation=cp", f"--python-version={python}",
            "--platform=manylinux2014_aarch64", "--platform=manylinux_2_28_aarch64",
            f"--dest={landing}", f"{_WHEEL}=={wheel.version}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        fetched = Path(landing) / wheel.name
        if done.returncode or not fetched.is_file():
            raise _no_wheel(wheel.version, done.stderr)
        data = fetched.read_bytes()
        if not wheel.is_in(data):
            raise LogctlError(
                f"The wheel of {_WHEEL} {wheel.version} for Lambda is not the one that PyPI published.",
                "Check which index pip uses: pip config list",
            )
        fetched.replace(kept)
        return data


def _no_wheel(version: str, said: str) -> LogctlError:
    reason = (said.strip().splitlines() or ["no reason given"])[-1]
    if "No module named pip" in reason:
        return LogctlError(
            "The Python that runs logctl has no pip, which fetches Lambda's build of zstandard.",
            f"Install it with: {sys.executable} -m ensurepip",
        )
    return LogctlError(
        f"The wheel of {_WHEEL} {version} for Lambda could not be fetched: {reason}",
        f"pip must work here: try {sys.executable} -m pip download {_WHEEL}=={version}",
    )
