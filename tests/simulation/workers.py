"""Containers that run call by call, so that a schedule can put anything between two calls.

A worker is a greenlet that stops before each external call. The schedule says how the call goes, and
what other workers and the clock do before this one goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet

from tests.simulation.cloud import Call, refusal

FAULTS = ("error", "lost reply", "crash before", "crash after", "slow", "damaged", "conflict")
"""What can go wrong with a call: refused; done, but the caller is told that it failed; the process is gone
before or after it; time passes between deed and answer; the answer is no answer; a transaction is in the
way (where that can be)."""
CRASHES = ("crash before", "crash after")


class Crash(BaseException):
    """The process is gone: nothing of ours may catch this."""


class Worker(greenlet):
    """Work that pauses at `pending`, its next call, until `step` says how that goes."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(self._guarded)
        self._work = work
        self.pending: Call | None = None
        self.result: Any = None
        self.error: BaseException | None = None
        self.faults: list[tuple[str, Call]] = []
        self.pending = self.switch()

    def _guarded(self) -> None:
        try:
            self.result = self._work()
        except (Crash, Exception) as error:  # the container's runtime reports it; the test looks at it
            self.error = error

    @property
    def done(self) -> bool:
        return self.dead

    def step(self, fault: str = "") -> None:
        """Carry out the pending call with this fault, and go on to the next."""
        if not self.dead:
            self.pending = self.switch(fault)

    def finish(self, plan: dict[int, str] | None = None) -> int:
        """Run to the end; `plan` says what goes wrong with which call. How many calls that were."""
        calls = 0
        while not self.dead:
            self.step((plan or {}).get(calls, ""))
            calls += 1
        return calls

    def kill(self) -> None:
        if not self.dead:
            self.step("crash before")


def gate(call: Call) -> Any:
    """Where every client's calls go through."""
    worker = getcurrent()
    assert isinstance(worker, Worker), f"{call} outside a worker"
    fault = _sensible(worker.parent.switch(call), call)
    if fault and fault != "slow":
        worker.faults.append((fault, call))
    if fault == "error":
        raise refusal("InternalServerError", call.operation)
    if fault == "conflict":
        raise _conflict(call)
    if fault == "crash before":
        raise Crash
    reply = call.perform()
    if fault == "slow" and (then := worker.parent.switch(call)) in CRASHES:
        worker.faults.append((then, call))
        raise Crash
    if fault == "lost reply":
        raise refusal("RequestTimeout", call.operation)
    if fault == "damaged":
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "the reply is damaged")
    if fault == "crash after":
        raise Crash
    return reply


def _sensible(fault: str, call: Call) -> str:
    conflicts = call.operation in ("transact_write_items", "update_item")
    return "" if fault == "conflict" and not conflicts else fault


def _conflict(call: Call) -> Exception:
    if call.operation == "update_item":
        return refusal("TransactionConflictException", call.operation)
    reasons = [{"Code": "TransactionConflict"} for _ in call.params["TransactItems"]]
    return refusal("TransactionCanceledException", call.operation, CancellationReasons=reasons)
