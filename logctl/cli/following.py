"""`logctl send --follow`: send what is appended to files, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from logctl.cli.context import CommandContext, now
from logctl.cli.refusals import show_refusals
from logctl.cli.render import say
from logctl.core.errors import UsageError
from logctl.core.safe_text import counted
from logctl.core.times import SECOND, parse_duration

if TYPE_CHECKING:
    from logctl.cli.send_options import SendOptions
    from logctl.ops.send.input_messages import Inputs


def follow(context: CommandContext, inputs: Inputs, options: SendOptions) -> None:
    """Send the lines that are appended to files, until Ctrl-C."""
    from logctl.ops.send.follow_paths import FollowPaths
    from logctl.ops.send.follow_rounds import rounds
    from logctl.ops.send.followed_file import FollowedFile
    from logctl.ops.send.followed_files import FollowedFiles
    from logctl.ops.send.followed_messages import FollowedInputs
    from logctl.ops.send.gathering import Gathering
    from logctl.ops.send.sender import Outgoing, Sender
    from logctl.ops.send.shards import Shards

    every = _interval(options.every) if options.every else None
    paths = FollowPaths.of(inputs.paths, options.exclude_files or ())
    followed = FollowedInputs(inputs)
    folder = context.state_home / "follow"
    try:
        followed.check_apps(paths.find().paths)
    except OSError as problem:
        raise UsageError(f"{problem.filename} cannot be read: {problem.strerror}.") from None
    deployment = context.deployment
    url = deployment.queue_url()
    total, shards = 0, Shards(context.settings.shards)

    def open_file(path: Path, from_end: bool) -> FollowedFile:
        app, content = followed.app(path), followed.content(path)
        return FollowedFile(path, app=app or "", state_dir=folder, content=content, from_end=from_end)

    with FollowedFiles(paths, open_file=open_file, from_end=options.from_end) as files:
        say(f"Following {_described(files.paths, inputs.paths)}; stop with Ctrl-C.")
        try:
            gathering = Gathering(level=context.settings.alert_level, every=every)
            for found in rounds(files, clock=now, sleep=time.sleep, on_notice=say, gathering=gathering):
                outgoing: list[Outgoing] = []
                count = 0
                for item in found.batches:
                    made = followed.messages(item)
                    show_refusals([(str(item.path), one) for one in made.refused])
                    for warning in made.warnings:
                        say(warning)
                    outgoing += made.outgoing
                    count += made.records
                sender = Sender(deployment.aws.sqs, url, shards=shards)
                sender.send_until_accepted(outgoing, on_trouble=say)
                found.commit()
                total += count
        except KeyboardInterrupt:
            say(f"{counted(total, 'record')} sent.")


def _described(paths: Sequence[Path], names: Sequence[str]) -> str:
    """Return the files in words: a single one by its name, others by what was given."""
    if len(paths) == 1 and len(names) == 1:
        return str(paths[0])
    return f"{counted(len(paths), 'file')} of {', '.join(names)}"


def _interval(text: str) -> float:
    """Return a duration such as 1m in seconds."""
    try:
        return parse_duration(text) / SECOND
    except ValueError as problem:
        raise UsageError(f"{problem}.") from None
