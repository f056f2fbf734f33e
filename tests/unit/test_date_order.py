"""Dates such as 03/04/2026: the other dates of a file say which number is the day, and a stream cannot."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from logctl.core.times import iso
from logctl.ops.send.date_order import day_first
from logctl.ops.send.entries import Entry
from logctl.ops.send.followed_content import SETTLE
from logctl.ops.send.followed_file import FollowedFile
from logctl.ops.send.input_files import read_entries
from logctl.ops.send.input_messages import Inputs

US = "03/04/2026 10:15:30 INFO a\n03/27/2026 10:15:30 INFO b\n"
EUROPE = "03/04/2026 10:15:30 INFO a\n27/04/2026 10:15:30 INFO b\n"
UNCLEAR = "03/04/2026 10:15:30 INFO a\n"


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        (US, False),
        (EUROPE, True),
        (UNCLEAR, False),
        (US + EUROPE, False),
        ("[27/04/2026, 10:15:30] x\n", True),
        ("GET /27/04/2026/x\n", False),
        ("10:15:30 ratio 27/04/2026.5\n", False),
        ("", False),
    ],
)
def test_the_order_of_a_file(sample: str, expected: bool) -> None:
    assert day_first(sample.encode()) is expected


@pytest.mark.parametrize(
    ("text", "first"), [(US, "2026-03-04"), (EUROPE, "2026-04-03"), (UNCLEAR, "2026-03-04")]
)
def test_a_file_sent_and_followed(tmp_path: Path, text: str, first: str) -> None:
    path = tmp_path / "app.log"
    path.write_text(text)
    sent = [record.ts for record in Inputs([str(path)], "shop", where="").records()]
    assert iso(sent[0])[:10] == first
    followed = FollowedFile(path, app="shop", state_dir=tmp_path / "state")
    now = sent[-1]
    found: list[int | None] = []
    for step in range(20):
        if step == 10:  # what was read before decides: the file is not looked at again
            with path.open("a") as file:
                file.write("05/06/2026 10:15:30 INFO c\n")
        now += SETTLE
        if batch := followed.poll(now):
            found += [item.ts for item in batch.entries if isinstance(item, Entry)]
            batch.commit()
    followed.close()
    assert found[:-1] == sent
    assert iso(found[-1] or 0)[:10] == ("2026-06-05" if first == "2026-04-03" else "2026-05-06")


def test_a_stream_is_read_line_by_line() -> None:
    (first, _) = read_entries(io.BytesIO(EUROPE.encode()), reference=1_795_780_800_000)
    assert iso(first.ts)[:10] == "2026-03-04"  # type: ignore[union-attr, arg-type]
