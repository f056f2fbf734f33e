"""MiniStack's process, as the sandbox starts it: MiniStack, with what we adapt in it."""

from __future__ import annotations

from logctl.local.cognito import keep_groups_on_renewal


def main() -> None:
    from ministack import app

    keep_groups_on_renewal()
    app.main()


if __name__ == "__main__":
    main()
