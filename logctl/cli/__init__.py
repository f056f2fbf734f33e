"""The command line: the only place that knows Typer and rich. Parse, call, render."""
