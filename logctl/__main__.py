"""`logctl` and `python -m logctl`."""


def main() -> None:
    from logctl.cli.app import app

    app(prog_name="logctl")


if __name__ == "__main__":
    main()
