"""Editing the body of a message in the editor that VISUAL or EDITOR names."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from logctl.core.envelope import data_of, encode_again
from logctl.core.errors import LogctlError


def edited(body: str, *, suffix: str = ".txt") -> str:
    """Return a message's body after a person has edited it; an envelope is edited as the lines that it holds.

    Raises:
        LogctlError: the editor failed, or the text is unchanged.
    """
    plain = data_of(body)
    before = body if plain is None else plain
    after = _in_editor(before, suffix)
    if after.removesuffix("\n") == before.removesuffix("\n"):
        raise LogctlError(
            "Nothing was sent: the text is unchanged.", "To send it unchanged, leave out --edit."
        )
    after = after.removesuffix("\n")
    return after if plain is None else encode_again(json.dumps({**json.loads(body), "data": after}))


def _in_editor(text: str, suffix: str) -> str:
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="logctl-") as place:
        path = Path(place) / f"message{suffix}"
        path.write_bytes(text.encode("utf-8", "replace"))
        try:
            code = subprocess.run([*words, str(path)], check=False).returncode
        except OSError as problem:
            raise LogctlError(f"The editor {words[0]} cannot be run: {problem}.", "Set EDITOR.") from None
        if code:
            raise LogctlError(f"Nothing was sent: the editor {words[0]} ended with {code}.")
        return path.read_bytes().decode("utf-8", "replace")
