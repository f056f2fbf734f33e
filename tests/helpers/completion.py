"""Completion in bash, without a terminal."""

from __future__ import annotations

import sys

PROGRAM = f"{sys.executable} -m logctl"


def pressing_tab(*words: str) -> str:
    """What bash does at the Tab after these words."""
    quoted = " ".join(f"'{word}'" for word in words)
    return (
        'eval "$(_LOGCTL_COMPLETE=source_bash logctl)"\n'
        f"COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}\n"
        '_logctl_completion logctl; printf "%s\\n" "${COMPREPLY[@]}"'
    )
