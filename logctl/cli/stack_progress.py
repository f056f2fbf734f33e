"""The progress of a CloudFormation operation, shown on stderr."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from logctl.cli.render import console, say
from logctl.core.safe_text import neutralise

if TYPE_CHECKING:
    from logctl.stack.stack_events import StackEvent

_DONE = {"CREATE": "created", "UPDATE": "updated", "DELETE": "deleted", "IMPORT": "taken over"}


class StackProgress:
    """A callback for stack events: on a terminal a live line and each resource, in a pipe only failures."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._ready: set[str] = set()
        self._status: Any = None

    def __enter__(self) -> StackProgress:
        if sys.stderr.isatty():
            self._status = console(stderr=True).status("Starting…")
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def __call__(self, event: StackEvent) -> None:
        if event.status.endswith("_FAILED"):
            say(f"  {event.logical_id} ({event.type}) {event.status}: {event.reason}")
        elif event.status.endswith("_COMPLETE") and event.type != "AWS::CloudFormation::Stack":
            self._ready.add(event.logical_id)
            if self._status:
                done = _DONE.get(event.status.removesuffix("_COMPLETE"), event.status)
                say(f"  {done} {event.logical_id} ({event.type})")
        if self._status:
            self._status.update(
                f"{len(self._ready)} of {self._expected} ready; {neutralise(event.logical_id)} {event.status}"
            )
