"""Generated logs of a small shop: several apps, ordinary traffic, and one burst of errors."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from logctl.core.records import Record, derive_id
from logctl.core.times import MINUTE, iso
from logctl.ops.send.object_records import from_mapping

APPS = ("checkout", "inventory", "web")
BURST_APP = "checkout"
_SPAN = 5 * MINUTE


def sample_records(count: int, *, now: int, seed: int, app: str | None = None) -> Iterator[Record]:
    """Yield `count` records of the last five minutes, oldest first; one in eight belongs to the burst.

    All records are of `app`, or without it of three apps. The same `seed` and `now` (milliseconds) give the
    same records.
    """
    random_ = random.Random(seed)  # noqa: S311 - sample logs, not secrets
    burst = range(count * 3 // 4, count * 3 // 4 + max(1, count // 8))
    for index in range(count):
        ts = now - _SPAN + _SPAN * index // count
        chosen = BURST_APP if index in burst else random_.choice(APPS)
        event = _timeout(random_) if index in burst else _ordinary(random_, chosen)
        yield from_mapping(
            {"timestamp": iso(ts), **event},
            appid=app or chosen,
            seq=index,
            sent_at=now,
            fallback_id=derive_id("sample", seed, now, index),
        )


def _timeout(random_: random.Random) -> dict[str, Any]:
    order, took = random_.randrange(10_000, 99_999), random_.randrange(5_000, 9_000)
    return {
        "level": "error",
        "message": f"payment gateway timed out after {took} ms for order {order}",
        "order": order,
        "gateway": "10.0.3.17:8443",
    }


def _ordinary(random_: random.Random, app: str) -> dict[str, Any]:
    user, took = random_.randrange(1_000, 9_999), random_.randrange(3, 400)
    if random_.random() < 0.04:
        return {
            "level": "warn",
            "message": f"slow query took {took * 20} ms on replica-{random_.randrange(1, 4)}",
            "duration_ms": took * 20,
        }
    messages = {
        "checkout": f"order {random_.randrange(10_000, 99_999)} placed by user {user} in {took} ms",
        "inventory": f"reserved {random_.randrange(1, 9)} of sku-{random_.randrange(100, 999)} in {took} ms",
        "web": f"GET /products/{random_.randrange(100, 999)} 200 {took} ms",
    }
    return {"level": "info", "message": messages[app], "user": user, "duration_ms": took}
