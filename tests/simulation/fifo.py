"""An SQS FIFO queue with its dead-letter queue, by the rules of the SQS Developer Guide.

Groups are in order, and nothing of a group is handed out while some of it is in flight. A message that
is not deleted within the visibility timeout comes again; after `most_receives` it goes to the dead-letter
queue with its own message id as deduplication id. A redriven message is a new one: new id, new time.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from logctl.core.times import MINUTE
from logctl.pipeline.config import MAX_RECEIVES
from logctl.stack.resources.queueing import VISIBILITY_TIMEOUT

VISIBILITY = VISIBILITY_TIMEOUT * 1000
DEDUPLICATION = 5 * MINUTE


@dataclass
class QueueMessage:
    """Times are milliseconds. `origin` is the test's own: which send this comes from."""

    message_id: str
    group: str
    deduplication_id: str
    body: str
    sequence: int
    sent_at: int
    origin: int
    receives: int = 0
    invisible_until: int = 0
    receipt: str = ""


@dataclass
class Fifo:
    messages: list[QueueMessage] = field(default_factory=list)
    dead: list[QueueMessage] = field(default_factory=list)
    most_receives: int = MAX_RECEIVES
    _sent: dict[str, int] = field(default_factory=dict)
    _numbers: int = 0

    def send(self, group: str, deduplication_id: str, body: str, *, now: int, origin: int) -> bool:
        """Take a message; False when it is a duplicate of the last five minutes."""
        if now - self._sent.get(deduplication_id, -DEDUPLICATION) < DEDUPLICATION:
            return False
        self._sent[deduplication_id] = now
        number = self._number()
        self.messages.append(
            QueueMessage(f"message-{number}", group, deduplication_id, body, number, now, origin)
        )
        return True

    def receive(self, most: int, *, now: int, first_group: str = "") -> list[QueueMessage]:
        """Up to `most` messages, those of one group in order; snapshots, as the receiver sees them."""
        self._bury(now)
        blocked = self._in_flight(now)
        free = [message for message in self.messages if message.group not in blocked]
        free.sort(key=lambda message: message.group != first_group)  # stable: order within groups stays
        taken = []
        for message in free[:most]:
            message.receives += 1
            message.invisible_until = now + VISIBILITY
            message.receipt = f"{message.message_id}-{message.receives}"
            taken.append(replace(message))
        return taken

    def delete(self, receipt: str, *, now: int) -> bool:
        """Acknowledge; False when the receipt is stale, and then nothing happens."""
        found = self._held(receipt, now)
        if found:
            self.messages.remove(found)
        return found is not None

    def release(self, receipt: str, *, now: int) -> None:
        """Make a message visible again at once."""
        if found := self._held(receipt, now):
            found.invisible_until = now

    def redrive(self, *, now: int) -> int:
        """Send what is in the dead-letter queue round again; how many messages that were."""
        for message in self.dead:
            number = self._number()
            self.messages.append(
                replace(
                    message,
                    message_id=f"message-{number}",
                    sequence=number,
                    sent_at=now,
                    receives=0,
                    invisible_until=0,
                )
            )
        moved, self.dead = len(self.dead), []
        return moved

    def bury(self, group: str, deduplication_id: str, body: str, *, now: int, origin: int) -> None:
        """Take a message into the dead-letter queue that was sent to it."""
        number = self._number()
        self.dead.append(
            QueueMessage(f"message-{number}", group, deduplication_id, body, number, now, origin)
        )

    def _bury(self, now: int) -> None:
        for message in [each for each in self.messages if each.receives >= self.most_receives]:
            if message.invisible_until <= now:
                self.messages.remove(message)
                self.dead.append(replace(message, deduplication_id=message.message_id))

    def _in_flight(self, now: int) -> set[str]:
        return {message.group for message in self.messages if message.invisible_until > now}

    def _held(self, receipt: str, now: int) -> QueueMessage | None:
        for message in self.messages:
            if message.receipt == receipt and message.invisible_until > now:
                return message
        return None

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers
