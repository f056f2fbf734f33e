"""The alarms of an environment, one row each: metric, text of the notification, command to run next.

From a row come the alarm in the template, the right to publish to the topic, the alarm's place on the
CloudWatch dashboard, and what `logctl status` says while it is on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from logctl.stack.names import Names
from logctl.stack.next_step import NextStep
from logctl.stack.resources.queueing import VISIBILITY_TIMEOUT
from logctl.stack.settings import Settings, cli_flags

QUARANTINED = "Quarantined"
"""The metric that counts what the consumer sets aside; its namespace is `log_namespace`."""
_STATUS = NextStep(("logctl", "status"))
_LIVE_CHECK = NextStep(("logctl", "doctor", "--live"))


@dataclass(frozen=True)
class Metric:
    """A CloudWatch metric; `dimension` is a name and its value, or None for a metric without dimensions."""

    namespace: str
    name: str
    dimension: tuple[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """One alarm.

    `name` is what `Names.alarm` makes the alarm's name of, `about` what a person reads when it goes off,
    and `log_of` the function whose log says more. `period` is in seconds.

    SQS and Lambda report once a minute, and report nothing where nothing happened. So missing data is not
    breaching, except for what should happen every minute.
    """

    name: str
    about: str
    next_step: NextStep
    log_of: Callable[[Names], str] | None = None
    metric: Callable[[Names], Metric]
    statistic: str
    comparison: str
    threshold: int
    period: int
    periods: int
    missing_data: str = "notBreaching"
    notifies_end: bool = True

    def description(self, settings: Settings, names: Names) -> str:
        """Return the text of the alarm's notification, with the command line for this environment."""
        text = f"{self.about} See: {self.next_step}{cli_flags(settings)}"
        return f"{text}, and the log group /aws/lambda/{self.log_of(names)}" if self.log_of else text

    @property
    def step_after_status(self) -> NextStep:
        """The next command for a person who has read `logctl status` already."""
        return _LIVE_CHECK if self.next_step == _STATUS else self.next_step


def log_namespace(names: Names) -> str:
    """Return the namespace of the metrics that are counted in the environment's logs.

    A metric filter can take dimensions only from the log line, which does not name the environment.
    """
    return f"logctl/{names.stack}"


def _dead_letters(names: Names) -> Metric:
    # Not NumberOfMessagesSent, which does not count what the redrive policy moves
    # (Amazon SQS Developer Guide, Creating alarms for dead-letter queues).
    dimension = ("QueueName", names.dead_letter_queue)
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimension)


def _oldest_message(names: Names) -> Metric:
    return Metric("AWS/SQS", "ApproximateAgeOfOldestMessage", ("QueueName", names.queue))


def _consumer(metric: str) -> Callable[[Names], Metric]:
    return lambda names: Metric("AWS/Lambda", metric, ("FunctionName", names.consumer))


def _sweeper(metric: str) -> Callable[[Names], Metric]:
    return lambda names: Metric("AWS/Lambda", metric, ("FunctionName", names.sweeper))


def _quarantined(names: Names) -> Metric:
    return Metric(log_namespace(names), QUARANTINED, None)


ALARMS = (
    Alarm(
        name="dead-letters",
        about="Messages could not be stored and are in the dead-letter queue.",
        next_step=NextStep(("logctl", "dlq", "list")),
        metric=_dead_letters,
        statistic="Maximum",
        comparison="GreaterThanThreshold",
        threshold=0,
        period=60,
        periods=1,
    ),
    Alarm(
        name="backlog",
        about="Records wait too long: the consumer is behind, failing or stopped.",
        next_step=_STATUS,
        metric=_oldest_message,
        statistic="Maximum",
        comparison="GreaterThanThreshold",
        # Longer than two tries of a message take: a failure that the next try repairs causes no notification.
        threshold=2 * VISIBILITY_TIMEOUT,
        period=60,
        periods=5,
    ),
    Alarm(
        name="consumer-errors",
        about="The consumer crashes or times out; messages are tried again, then set aside.",
        next_step=_STATUS,
        log_of=lambda names: names.consumer,
        metric=_consumer("Errors"),
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=3,
        period=300,
        periods=1,
        notifies_end=False,
    ),
    Alarm(
        name="consumer-throttles",
        about="Lambda throttles the consumer: the account's concurrency is used up.",
        next_step=NextStep(("logctl", "doctor")),
        metric=_consumer("Throttles"),
        statistic="Sum",
        comparison="GreaterThanThreshold",
        # A throttled try counts as a receive too (AWS Lambda Developer Guide, Creating and configuring an
        # Amazon SQS event source mapping), and a message has only so many of those.
        threshold=0,
        period=300,
        periods=2,
        notifies_end=False,
    ),
    Alarm(
        name="sweeper-stopped",
        about="The sweeper does not run, so suppressed events and failed alerts are not reported.",
        next_step=_STATUS,
        metric=_sweeper("Invocations"),
        statistic="Sum",
        comparison="LessThanThreshold",
        threshold=1,
        period=300,
        periods=2,
        # A function that is not called reports nothing. So a new stack may notify before its first minute
        # is over.
        missing_data="breaching",
    ),
    Alarm(
        name="sweeper-errors",
        about="The sweeper fails, so suppressed events and failed alerts may not be reported.",
        next_step=_STATUS,
        log_of=lambda names: names.sweeper,
        metric=_sweeper("Errors"),
        statistic="Sum",
        comparison="GreaterThanOrEqualToThreshold",
        threshold=3,
        period=300,
        periods=1,
    ),
    Alarm(
        name="quarantine",
        about="Messages or lines of them could not be read and were set aside, unstored.",
        next_step=NextStep(("logctl", "quarantine", "list")),
        metric=_quarantined,
        statistic="Sum",
        comparison="GreaterThanThreshold",
        threshold=0,
        period=300,
        periods=1,
        # That no more arrives does not mean that the cause is gone.
        notifies_end=False,
    ),
)
"""In the order of the CloudWatch dashboard. An account has ten alarms free; then one costs $0.10 a month
(Amazon CloudWatch pricing, 2026-11)."""
