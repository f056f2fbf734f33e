"""Removing terminal control codes from log lines: colours, hyperlinks, cursor movements.

Only the codes are removed. The text that a terminal would have overwritten (after a carriage return) stays.
"""

from __future__ import annotations

import re

# ECMA-48: control sequences (CSI), strings (OSC with hyperlinks and titles, DCS, SOS, PM, APC) and other
# escape sequences. A string without an end loses its introducer only. Each part ends at the next ESC, so that
# the time is linear.
_CODE = re.compile(
    "\x1b(?:"
    r"\[[0-?]*+[ -/]*+[@-~]"
    "|\\][^\x07\x1b]*+(?:\x07|\x1b\\\\)"
    "|[PX^_][^\x1b]*+\x1b\\\\"
    r"|[ -/]{0,2}[0-~])?"
)
# The same codes as text: rsyslog writes control characters in octal (#033), `cat -v` and less write ^[, and
# JSON that was encoded twice has \u001b.
_WRITTEN_CODE = re.compile(
    r"(?:\#033|\^\[|␛|(?<!\\)\\++(?:x1[bB]|u001[bB]|033|e))"
    r"\[[0-9;?]{0,24}[ABCDGHJKfhlmnsu]"
)
# Colours whose ESC was lost. `[5m]` is a duration in PromQL, so there has to be a reset as well.
_BARE_COLOUR = re.compile(r"\[(?:\d{1,3};){0,4}\d{1,3}m(?!\])")
_LEADING = "\x00\ufeff\r\x1e"


def strip_codes(text: str) -> str:
    """Return a line without terminal control codes, and without NULs, byte order marks and CRs around it."""
    if "\x1b" in text:
        text = _CODE.sub("", text)
    if "[" in text:
        if "#033[" in text or "^[[" in text or "\\" in text or "␛[" in text:
            text = _WRITTEN_CODE.sub("", text)
        if "[0m" in text or "[39m" in text:
            text = _BARE_COLOUR.sub("", text)
    if text and (text[0] in _LEADING or text[-1] in "\r\x00"):
        text = text.lstrip(_LEADING).rstrip("\r\x00")
    return text
