"""The versions of logctl, Python and packages on this machine, as a bug report needs them."""

from __future__ import annotations

import importlib.metadata
import platform

from logctl import __version__

NEEDED = ("boto3", "botocore", "pyathena", "typer", "rich", "zstandard", "sqlglot")
OPTIONAL = ("ministack", "cryptography", "duckdb", "pyarrow")


def versions() -> dict[str, str | None]:
    """Return the versions of logctl, Python, the platform and packages; None for a missing package."""
    return {
        "logctl": __version__,
        "python": f"{platform.python_version()} ({platform.python_implementation()})",
        "platform": platform.platform(),
        **packages(),
    }


def packages() -> dict[str, str | None]:
    """Return the version of each dependency, the optional ones last; None for a missing one."""
    return {package: _installed(package) for package in (*NEEDED, *OPTIONAL)}


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
