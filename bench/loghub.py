"""Where the real logs of loghub are, with their ground truth: https://github.com/logpai/loghub"""

from __future__ import annotations

import os
from pathlib import Path

_USUAL = Path(__file__).parents[2] / "shared/data/loghub"


def loghub() -> Path | None:
    """Return the folder that LOGCTL_LOGHUB names, or ../shared/data/loghub; None where it has no ground truth."""
    folder = Path(os.environ.get("LOGCTL_LOGHUB") or _USUAL)
    return folder if any(folder.glob("*.truth.csv")) else None
