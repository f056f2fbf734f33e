"""The debounce states and silences of a deployment: list, explain, silence, clear."""

from __future__ import annotations

from logctl.core.debounce import AlertKey
from logctl.core.errors import LogctlError, UsageError
from logctl.core.silence import LONGEST, Silence, check_target
from logctl.core.times import format_duration
from logctl.ops.alerts.explain import Explanation, Rules
from logctl.ops.alerts.explain import explain as explain_key
from logctl.ops.deployment import Deployment
from logctl.ops.operator_name import user_here
from logctl.pipeline.alerting.overview import Standing, Standings
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.silences import SilenceStore

_SEE_KEYS = "See the keys with: logctl debounce list"


def standings(deployment: Deployment, *, now: int) -> list[Standing]:
    """Return every key that is open or has events to report: open ones first, most suppressed first."""
    return _reader(deployment).all(now=now)


def standing(deployment: Deployment, text: str, *, now: int) -> Standing:
    """Return the standing of one key.

    Raises:
        UsageError: the text is not a key.
        LogctlError: nothing was ever counted for it.
    """
    key = _key(text)
    found = _reader(deployment).of(key, now=now)
    if found is None:
        raise LogctlError(f"Nothing was counted for {key}.", _SEE_KEYS)
    return found


def explain(deployment: Deployment, text: str, *, now: int) -> Explanation:
    """Explain the effect of the next event of a key, by the rules that are deployed now.

    Raises:
        UsageError: the text is not a key.
    """
    key = _key(text)
    config = deployment.pipeline_config()
    store = _alerts(deployment)
    return explain_key(
        key,
        store.get(key),
        now,
        Rules(config.alert_level, config.alert_window),
        silenced_until=_silences(deployment).until(key, now=now),
        kinds=store.kinds(key.appid, now=now, window=config.alert_window),
        overflow=store.get(key.overflow),
    )


def silences(deployment: Deployment, *, now: int) -> list[Silence]:
    """Return the silences that are active or ended in the last seven days."""
    return _silences(deployment).all(now=now)


def silence(deployment: Deployment, target: str, *, duration: int, comment: str, now: int) -> Silence:
    """Silence an app or a key for `duration` milliseconds; its events are still counted.

    Raises:
        UsageError: the target is neither an app nor a key, or the duration is too long.
    """
    if not 0 < duration <= LONGEST:
        raise UsageError(f"A silence lasts at most {format_duration(LONGEST)}.")
    made = Silence(_target(target), now + duration, now, _author(deployment), comment)
    _silences(deployment).put(made)
    return made


def clear(deployment: Deployment, target: str, *, now: int) -> Silence | None:
    """End a silence before its time, and return it; None when there was none.

    Raises:
        UsageError: the target is neither an app nor a key.
    """
    return _silences(deployment).end(_target(target), now=now)


def _key(text: str) -> AlertKey:
    try:
        return AlertKey.parse(text)
    except ValueError as problem:
        raise UsageError(f"{problem}.", _SEE_KEYS) from None


def _target(text: str) -> str:
    try:
        return check_target(text)
    except ValueError:
        raise UsageError(f"{text!r} is neither an app nor a debounce key.", _SEE_KEYS) from None


def _author(deployment: Deployment) -> str:
    """Return the caller's name in AWS; in the sandbox, where everybody is root, the local user's name."""
    name = deployment.aws.sts.get_caller_identity()["Arn"].split(":", 5)[-1]
    return user_here() if name == "root" else name


def _reader(deployment: Deployment) -> Standings:
    return Standings(
        _alerts(deployment),
        _silences(deployment),
        deployment.pipeline_config().alert_window,
    )


def _alerts(deployment: Deployment) -> AlertStore:
    return AlertStore(deployment.aws.dynamodb, deployment.names.alerts_table)


def _silences(deployment: Deployment) -> SilenceStore:
    return SilenceStore(deployment.aws.dynamodb, deployment.names.alerts_table)
