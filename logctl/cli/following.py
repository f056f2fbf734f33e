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


def follow(context: Context, names: Sequence[str], options: SendOptions, choice: ReadingChoice) -> None:
    """Send the lines that are appended to files, until Ctrl-C."""
    from logctl.core.envelope import pack
    from logctl.ops.send.follow_paths import FollowPaths
    from logctl.ops.send.followed_content import FollowedContent
    from logctl.ops.send.followed_file import FollowedFile
    from logctl.ops.send.followed_files import FollowedFiles, rounds
    from logctl.ops.send.record_identity import Source, split
    from logctl.ops.send.sender import Outgoing, Sender

    gather = _interval(options.every or "1s")
    app, source, host = options.app, options.source or "", host_of(options)
    if app is None:
        raise UsageError("--follow needs --app.")
    paths = FollowPaths.of(names, options.exclude_files or ())
    content = FollowedContent(
        choice.form, options.errors, zone=choice.zone.zone, formats=choice.formats, only=choice.only
    )
    deployment = context.deployment
    url = deployment.queue_url()
    total = 0

    def open_file(path: Path, from_end: bool) -> FollowedFile:
        folder = context.state_home / "follow"
        return FollowedFile(path, app=app, state_dir=folder, content=content, from_end=from_end)

    with FollowedFiles(paths, open_file=open_file, from_end=options.from_end) as files:
        say(f"Following {_described(files.paths, names)}; stop with Ctrl-C.")
        try:
            for found in rounds(files, clock=now, sleep=time.sleep, on_notice=say, gather=gather):
                outgoing = []
                count = 0
                for item in found.batches:
                    read_at = item.batch.read_at
                    placed, refused = split(item.batch.entries, Source(app, read_at, read_at, source, host))
                    show_refusals([(str(item.path), one) for one in refused])
                    messages = pack(placed, item.batch.source)
                    outgoing += [Outgoing(message, str(item.path)) for message in messages]
                    count += len(placed)
                Sender(deployment.aws.sqs, url).send_until_accepted(outgoing, on_trouble=say)
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
