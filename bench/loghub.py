"""Where the real logs of loghub are, with their ground truth: https://github.com/logpai/loghub"""

from __future__ import annotations

import os
from pathlib import Path

_USUAL = (Path(__file__).parents[2] / "shared/data/loghub", Path("/work/shared/data/loghub"))


def loghub() -> Path | None:
    """The folder that LOGCTL_LOGHUB names, or ../shared/data/loghub; None where neither has ground truth."""
    named = os.environ.get("LOGCTL_LOGHUB")
    folders = (Path(named),) if named else _USUAL
    return next((folder for folder in folders if any(folder.glob("*.truth.csv"))), None)
