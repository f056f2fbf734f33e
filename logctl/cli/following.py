"""`logctl send --follow`: send what is appended to files, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from logctl.cli.commands.send import host_of, show_refusals
from logctl.cli.context import Context, now
from logctl.cli.render import say
from logctl.core.errors import UsageError
from logctl.core.safe_text import counted
from logctl.core.times import SECOND, parse_duration

if TYPE_CHECKING:
    from logctl.cli.commands.send import SendOptions
    from logctl.cli.reading_options import ReadingChoice


def follow(context: Context, paths: Sequence[str], options: SendOptions, choice: ReadingChoice) -> None:
    """Send the lines that are appended to files, until Ctrl-C."""
    from logctl.core.envelope import pack
    from logctl.ops.send.followed_file import FollowedFile, batches
    from logctl.ops.send.record_identity import Source, split
    from logctl.ops.send.sender import Outgoing, Sender

    if len(paths) != 1 or paths[0] == "-":
        raise UsageError("--follow follows one file.", "For several files, run logctl send -f once for each.")
    path = Path(paths[0])
    gather = _interval(options.every or "1s")
    app, source, host = options.app, options.source or "", host_of(options)
    if app is None:
        raise UsageError("--follow needs --app.")
    deployment = context.deployment
    url = deployment.queue_url()
    total = 0
    with FollowedFile(
        path,
        app=app,
        state_dir=context.state_home / "follow",
        form=choice.form,
        errors=options.errors,
        from_end=options.from_end,
    ) as followed:
        say(f"Following {path}; stop with Ctrl-C.")
        try:
            for batch in batches(followed, clock=now, sleep=time.sleep, on_notice=say, gather=gather):
                read_at = batch.read_at
                placed, refused = split(batch.entries, Source(app, read_at, read_at, source, host))
                show_refusals([(str(path), item) for item in refused])
                outgoing = [Outgoing(message, str(path)) for message in pack(placed, batch.source)]
                Sender(deployment.aws.sqs, url).send_until_accepted(outgoing, on_trouble=say)
                batch.commit()
                total += len(placed)
        except KeyboardInterrupt:
            say(f"{counted(total, 'record')} sent.")


def _interval(text: str) -> float:
    """Return a duration such as 1m in seconds."""
    try:
        return parse_duration(text) / SECOND
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
