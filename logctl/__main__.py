"""`logctl` and `python -m logctl`."""


def main() -> None:
    from logctl.cli.app import run

    run()


if __name__ == "__main__":
    main()
