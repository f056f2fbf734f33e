"""The zip that Lambda runs: `core`, `aws`, `pipeline`, `dashboard`, msgspec and zstandard.

Lambda's runtime has boto3.

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


@dataclass(frozen=True)
class Wheel:
    """A wheel and its digest: a package index, a mirror or a cache may contain something else."""

    package: str
    version: str
    name: str
    sha256: str

    def is_in(self, data: bytes) -> bool:
        """Return whether the bytes are this wheel."""
        return hashlib.sha256(data).hexdigest() == self.sha256


WHEELS = {
    ("python3.13", "arm64"): (
        Wheel(
            "msgspec",
            "0.22.0",
            "msgspec-0.22.0-cp313-cp313-manylinux2014_aarch64.manylinux_2_17_aarch64"
            ".manylinux_2_28_aarch64.whl",
            "627bfdfe5a4b3d916b3360b30f4cddeee3a084f56593e33527c6872fa8322ff9",
        ),
        Wheel(
            "zstandard",
            "0.25.0",
            "zstandard-0.25.0-cp313-cp313-manylinux2014_aarch64.manylinux_2_17_aarch64.whl",
            "bfc4e20784722098822e3eee42b8e576b379ed72cca4a7cb856ae733e62192ea",
        ),
    ),
}
"""The compiled wheels for each of Lambda's runtimes and architectures, as published on PyPI."""
_UNUSED = ("zstandard/_cffi.", "zstandard/backend_cffi.")
"""Files of the wheels that CPython never imports: zstandard's code for PyPy is as large as the rest."""
_AWS_WHEELS = WHEELS[AWS_RUNTIME, AWS_ARCHITECTURE]
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
        LogctlError: a wheel for Lambda could not be fetched, or has another digest than it should.
    """
    files = dict(_own_files())
    if target == "local":
        for wheel in _AWS_WHEELS:
            files.update(_installed_files(wheel.package))
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        architecture = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
    else:
        for wheel in _AWS_WHEELS:
            files.update(_wheel_files(wheel.package, _fetch_wheel(cache or _default_cache(), wheel)))
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


def _wanted(package: str, name: str) -> bool:
    """Return whether a file of a wheel belongs to its package itself, and is imported in Lambda.

    Its metadata is left out, because installers write files of their own there.
    """
    if not (name.startswith(f"{package}/") and name.endswith((".py", ".so", ".pyd"))):
        return False
    return not name.startswith(_UNUSED)


def _installed_files(package: str) -> Iterator[tuple[str, bytes]]:
    found = importlib.metadata.files(package) or ()
    files = [path for path in found if _wanted(package, path.as_posix())]
    if not files:
        raise LogctlError(
            f"The files of {package} cannot be found in this Python.",
            f"Install it again with: {sys.executable} -m pip install --force-reinstall {package}",
        )
    for path in files:
        yield path.as_posix(), path.read_binary()


def _wheel_files(package: str, wheel: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            if _wanted(package, name) and not name.endswith("/"):
                yield name, archive.read(name)


def _default_cache() -> Path:
    from platformdirs import user_cache_path

    return user_cache_path("logctl") / "wheels"


def _fetch_wheel(cache: Path, wheel: Wheel) -> bytes:
    """Return a wheel for Lambda's platform: from the cache, or fetched if the cache has not this file."""
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
            f"--dest={landing}", f"{wheel.package}=={wheel.version}",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        fetched = Path(landing) / wheel.name
        if done.returncode or not fetched.is_file():
            raise _no_wheel(wheel, done.stderr)
        data = fetched.read_bytes()
        if not wheel.is_in(data):
            name = f"{wheel.package} {wheel.version}"
            raise LogctlError(
                f"The wheel of {name} for Lambda is not the one that PyPI published.",
                "Check which index pip uses: pip config list",
            )
        fetched.replace(kept)
        return data


def _no_wheel(wheel: Wheel, said: str) -> LogctlError:
    reason = (said.strip().splitlines() or ["no reason given"])[-1]
    if "No module named pip" in reason:
        return LogctlError(
            f"The Python that runs logctl has no pip, which fetches Lambda's build of {wheel.package}.",
            f"Install it with: {sys.executable} -m ensurepip",
        )
    return LogctlError(
        f"The wheel of {wheel.package} {wheel.version} for Lambda could not be fetched: {reason}",
        f"pip must work here: try {sys.executable} -m pip download {wheel.package}=={wheel.version}",
    )
