"""The whole pipeline in a sandbox of its own: MiniStack on a free port, IAM enforced, one for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from logctl.stack.bundle import Bundle
from tests.helpers import prefork
from tests.helpers.sandbox import Cli

_ZIPPED_ONCE = prefork.zipped_once()


@pytest.fixture(scope="module", autouse=True)
def code_is_zipped_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bundle, "data", _ZIPPED_ONCE)
        yield


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """A sandbox that is up; nothing is provisioned."""
    cli = Cli(tmp_path_factory.mktemp("home"))
    cli.run("local", "up")
    yield cli
    cli.run("local", "down")


@pytest.fixture(scope="session")
def pipeline(sandbox: Cli) -> Cli:
    """The pipeline, provisioned once for all tests; each test uses apps of its own."""
    sandbox.run("provision", "--yes")
    return sandbox
