"""The process that runs MiniStack, adapted and behind the gate.

Run as `python -m logctl.local.ministack --keys FILE`; MiniStack itself is configured by its environment
variables, which `sandbox.py` sets.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from logctl.local import keys
from logctl.local.gate import Gate
from logctl.local.ministack_backend import MiniStack, make_role_credentials_secret
from logctl.local.ministack_bucket_tags import keep_bucket_tags
from logctl.local.ministack_token_groups import keep_groups_on_renewal

ADAPTATIONS: tuple[Callable[[], None], ...] = (
    make_role_credentials_secret,
    keep_groups_on_renewal,
    keep_bucket_tags,
)
"""The changes made in MiniStack before it serves requests. Each function imports what it changes."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="logctl.local.ministack", description="The sandbox's AWS.")
    parser.add_argument("--keys", type=Path, required=True, help="The file with the sandbox's credentials.")
    given = parser.parse_args(arguments)
    own = keys.read(given.keys)
    if own is None:
        print(f"{given.keys} has no credentials that only you can read.", file=sys.stderr)  # noqa: T201
        return 1
    # MiniStack takes its root's credentials from here, and each function replaces them by its role's.
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = own.access_key, own.secret_key

    import ministack.app

    for adapt in ADAPTATIONS:
        adapt()
    port = int(ministack.app._resolve_port())
    ministack.app.app = Gate(ministack.app.app, MiniStack(), own, port)
    sys.argv = ["ministack"]  # its main reads them
    ministack.app.main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
