"""An adaptation of MiniStack, run in its process: the tags of buckets are kept on disk."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

_FILE = "bucket-tags.json"


def keep_bucket_tags() -> None:
    """Write the tags of buckets to disk when they change.

    MiniStack 1.5.33 writes objects to disk at once and everything else when it is stopped. After a kill, a
    bucket would have its objects and not its tags, which say to which stack it belongs.
    """
    from ministack.services import s3

    tags: dict[tuple[str, str], dict[str, str]] = s3._bucket_tags._data
    file = Path(s3.DATA_DIR) / _FILE
    tags.update(_read(file, buckets=s3._buckets._data))

    def keeping(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*args: Any, **options: Any) -> Any:
            reply = change(*args, **options)
            _write(file, tags)
            return reply

        return changed

    for name in ("_put_bucket_tagging", "_delete_bucket_tagging", "_create_bucket", "_delete_bucket"):
        setattr(s3, name, keeping(getattr(s3, name)))


def _read(file: Path, *, buckets: Any) -> dict[tuple[str, str], dict[str, str]]:
    """Return the tags of the buckets that still exist; none if the file is missing or damaged."""
    with suppress(OSError, ValueError, TypeError):
        rows = json.loads(file.read_text("utf-8"))
        return {(account, bucket): tags for account, bucket, tags in rows if (account, bucket) in buckets}
    return {}


def _write(file: Path, tags: dict[tuple[str, str], dict[str, str]]) -> None:
    rows = [[account, bucket, listed] for (account, bucket), listed in sorted(tags.items())]
    new = file.with_suffix(".new")
    file.parent.mkdir(parents=True, exist_ok=True)
    new.write_text(json.dumps(rows), "utf-8")
    new.replace(file)
