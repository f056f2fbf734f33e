"""`logctl` and `python -m logctl`."""

import gc
import sys


def main() -> None:
    # Imports allocate many objects and leave no garbage; by default they start a hundred collections.
    gc.set_threshold(100_000, 20, 20)
    if sys.argv[1:] == ["--version"]:  # the commands are not needed for it
        from logctl.cli.version_report import show_versions

        show_versions()
        return

    from logctl.cli.app import run

    run()


if __name__ == "__main__":
    main()
