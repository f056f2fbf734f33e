"""The responses of the routes that take a token: one method of `Answers` for each.

A method gets a checked request and returns a JSON object; `routes` says which route it is of, which
parameters it takes and what the object looks like.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from logctl.aws.clients import Aws
from logctl.core import histogram
from logctl.core.access import Access
from logctl.core.records import TRUNCATED, Record, shown_fields, to_public
from logctl.core.times import DAY, FUTURE_TOLERANCE, HOUR, MINUTE, SECOND, TimeRange, iso
from logctl.pipeline.alerting.overview import Standings, silence_row
from logctl.pipeline.config import ApiConfig
from logctl.pipeline.health import AppAge, Health, ages, depth
from logctl.pipeline.http import cursors
from logctl.pipeline.http.budget import Budget, BudgetExceeded
from logctl.pipeline.http.http_errors import BadRequest, Forbidden
from logctl.pipeline.http.params import Params, check_length
from logctl.pipeline.stores.alert_states import AlertStore
from logctl.pipeline.stores.hot import HotStore
from logctl.pipeline.stores.hot_contents import record_in
from logctl.pipeline.stores.hot_follower import OVERLAP, Follower, Mark
from logctl.pipeline.stores.hot_reader import Reader
from logctl.pipeline.stores.quarantine_reader import recent
from logctl.pipeline.stores.silences import SilenceStore
from logctl.pipeline.stores.stored_objects import Gone, StoredObjects

DEFAULT_SINCE = 15 * MINUTE
MOST_RECORDS = 500
MOST_LIVE = 1_000
MOST_LIVE_CHUNKS = 100
MOST_BUCKETS = 200
LIVE_KEPT = HOUR
"""How long a live cursor stays valid, in milliseconds."""
_MOST_BYTES = 4_000_000
"""Bytes of records in one answer. Lambda returns up to 6 MB (AWS Lambda Developer Guide, Quotas), and the
body is escaped once more, because it is a string in Lambda's own JSON."""
_LONGEST_MESSAGE = 262_144


@dataclass(frozen=True)
class ApiRequest:
    """One request: who sent it, its parameters, its time (milliseconds), and its limits."""

    access: Access
    params: Params
    now: int
    budget: Budget


class Answers:
    """One method per route. Records are read from the hot store, and from the objects that it points to."""

    def __init__(self, aws: Aws, config: ApiConfig, *, clock: Callable[[], int]) -> None:
        self._config = config
        self._clock = clock
        self._sqs = aws.sqs
        self._s3 = aws.s3
        self._hot = HotStore(aws.dynamodb, config.hot_table)
        self._objects = StoredObjects(lambda: (aws.s3, config.bucket))
        self._silences = SilenceStore(aws.dynamodb, config.alerts_table)
        self._standings = Standings(
            AlertStore(aws.dynamodb, config.alerts_table), self._silences, config.alert_window
        )

    def session(self, request: ApiRequest) -> dict[str, Any]:
        """Return who the token identifies, and which apps it may read."""
        access = request.access
        return {"user": access.user, "apps": list(access.apps), "expires_at": iso(access.expires_at)}

    def apps(self, request: ApiRequest) -> dict[str, Any]:
        """Return the apps that the sender may read, with the age of each one's newest record."""
        return {"apps": [age.row(request.now) for age in self._ages(request)]}

    def logs(self, request: ApiRequest) -> dict[str, Any]:
        """Return one page of records, newest first, and cursors for the next page and for a live view.

        Raises:
            BadRequest: a parameter is invalid.
            Forbidden: the request names an app that the sender may not read.
        """
        params = request.params
        size = params.whole("limit", default=100, least=1, most=MOST_RECORDS)
        reader, patterns = self._reader(request)
        question = cursors.digest(*params.question())
        given = params.cursor()
        if given is None:
            # The follower notes which chunks this page contains, so that a live view continues after them.
            span, before = self._span(request), None
            follower = Follower(reader, patterns)
        else:
            # The range is that of the first page, because a relative one moves with the clock. It is checked
            # again, because a cursor can be forged, or can be older than what the hot store keeps.
            at = cursors.read_page(given, question)
            check_length(at.span, request.now, self._config.hot_retention)
            span, before, follower = at.span, at.before, None
        page = reader.page(reader.apps(patterns), span, size, before=before, stop=request.budget.over)
        if follower:
            follower.skip(page.chunks)
        records = _fitting(page.records)
        page = page.cut(len(records))
        return {
            "records": records,
            "since": iso(span.since),
            "until": iso(span.until),
            "covers_since": iso(request.now - self._config.hot_retention),
            "next": page.older and cursors.write_page(cursors.PageCursor(span, page.older), question),
            "live": follower and cursors.write_live(_mark(follower), question),
            "complete": page.complete,
            "gone": _gone(reader.gone),
        }

    def live(self, request: ApiRequest) -> dict[str, Any]:
        """Return the records that arrived after the cursor's answer, and the cursor for the next request.

        When there are more than an answer has room for, the oldest are left out and counted as `skipped`.

        Raises:
            BadRequest: a parameter is invalid, or the cursor is missing or too old.
            Forbidden: the request names an app that the sender may not read.
        """
        params = request.params
        given = params.cursor()
        if given is None:
            raise BadRequest("cursor: it is missing.", "Send the live cursor of an answer of logs.")
        reader, patterns = self._reader(request)
        question = cursors.digest(*params.question())
        mark = cursors.read_live(given, question)
        if not request.now - LIVE_KEPT <= mark.floor + OVERLAP <= request.now + MINUTE:
            raise BadRequest("The cursor is too old.", "Start again with the live cursor of logs.")
        follower = Follower(reader, patterns, mark)
        arrived = follower.poll(
            TimeRange(0, request.now + FUTURE_TOLERANCE + DAY),
            most=MOST_LIVE_CHUNKS,
            stop=request.budget.over,
        )
        newest = _fitting([record_in(entry) for entry in arrived[::-1][:MOST_LIVE]])
        return {
            "records": newest[::-1],
            "skipped": len(arrived) - len(newest),
            "live": cursors.write_live(follower.mark(), question),
            "gone": _gone(reader.gone),
        }

    def counts(self, request: ApiRequest) -> dict[str, Any]:
        """Return numbers of records by level, in buckets of equal length.

        Raises:
            BadRequest: a parameter is invalid.
            Forbidden: the request names an app that the sender may not read.
        """
        params = request.params
        most = params.whole("buckets", default=60, least=1, most=MOST_BUCKETS)
        reader, patterns = self._reader(request)
        span = self._span(request)
        # Counts end a second after now. A default range reaches further, for records with timestamps ahead of
        # the clock, and its last buckets would be almost empty.
        span = TimeRange(span.since, max(min(span.until, request.now + SECOND), span.since + 1))
        step = params.step(span, most=MOST_BUCKETS) or histogram.step_for(span, most)
        if step % MINUTE == 0:
            # Hot rows have counts by minute: for a part of one, the records would have to be read.
            span = TimeRange(span.since // MINUTE * MINUTE, -(-span.until // MINUTE) * MINUTE)
        counted = reader.counted(reader.apps(patterns), span, step, stop=request.budget.over)
        buckets = histogram.buckets(counted, step, span)
        return {
            "since": iso(span.since),
            "until": iso(span.until),
            "step_ms": step,
            "buckets": [{"at": iso(bucket.start), "counts": dict(bucket.levels)} for bucket in buckets],
            "total": sum(bucket.total for bucket in buckets),
            "complete": not request.budget.over(),
            "gone": _gone(reader.gone),
        }

    def alerts(self, request: ApiRequest) -> dict[str, Any]:
        """Return alert states and silences of the apps that the sender may read."""
        may_read, now = request.access.may_read, request.now
        return {
            "window_ms": self._config.alert_window,
            "alerts": [
                {**standing.row, "appid": standing.state.key.appid, "level": standing.state.key.severity}
                for standing in self._standings.all(now=now)
                if may_read(standing.state.key.appid)
            ],
            "silences": [
                silence_row(silence, now)
                for silence in self._silences.all(now=now)
                if may_read(silence.target.partition("#")[0])
            ],
        }

    def health(self, request: ApiRequest) -> dict[str, Any]:
        """Return the state of the pipeline, as far as it concerns the apps that the sender may read."""
        access, everything = request.access, request.access.every_app
        standings = self._standings.all(now=request.now)
        # Queues and quarantine contain messages of all apps, so they are only for who may read all.
        return Health(
            now=request.now,
            queue=depth(self._sqs, self._config.queue_url) if everything else None,
            dead_letters=depth(self._sqs, self._config.dead_letter_queue_url) if everything else None,
            standings=[item for item in standings if access.may_read(item.state.key.appid)],
            apps=self._ages(request),
            quarantine=recent(self._s3, self._config.bucket, now=request.now) if everything else None,
        ).row

    def _ages(self, request: ApiRequest) -> list[AppAge]:
        return ages(self._hot, request.access.readable(self._hot.apps()), stop=request.budget.over)

    def _span(self, request: ApiRequest) -> TimeRange:
        return request.params.span(request.now, default=DEFAULT_SINCE, longest=self._config.hot_retention)

    def _reader(self, request: ApiRequest) -> tuple[Reader, tuple[str, ...]]:
        """Return a reader of the requested records that the sender may read, and the patterns of apps.

        Raises:
            Forbidden: the request names an app or a glob of which the sender may read nothing. The answer
                is the same whether that app exists or not.
        """
        patterns = request.params.apps()
        for name in patterns:
            if not request.access.may_read_some_of(name):
                raise Forbidden(f"You may not read {name}.", f"Reading it needs the group app:{name}.")
        budget = request.budget
        reader = Reader(
            store=self._hot,
            objects=self._objects,
            clock=self._clock,
            keep=request.params.filter(),
            may_read=request.access.may_read,
            on_found=budget.found,
            on_fetched=budget.fetched,
            on_unpacked=budget.unpacked,
        )
        return reader, patterns


def _gone(gone: Gone) -> dict[str, int]:
    """Return how many records of how many messages were asked for, and are no longer in S3."""
    return {"records": gone.records, "messages": len(gone.messages)}


def _mark(follower: Follower) -> Mark:
    """Return the position of a follower, also if there is no time to look for the newest chunks.

    A page does not fail because there is no time to look for the newest chunks; the position is then older.
    """
    try:
        return follower.mark()
    except BudgetExceeded:
        return follower.mark(look=False)


def _fitting(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Return the first records, as many as an answer has room for, and at least one."""
    found: list[dict[str, Any]] = []
    room = _MOST_BYTES
    for record in records:
        public = to_public(_shortened(record))
        room -= len(json.dumps(public))
        if found and room < 0:
            break
        found.append(public)
    return found


def _shortened(record: Record) -> Record:
    """Return a record as an answer contains it: a very large one is cut and flagged. S3 has it whole."""
    fields = shown_fields(record)
    if len(record.message) <= _LONGEST_MESSAGE and len(json.dumps(fields)) <= 4 * _LONGEST_MESSAGE:
        return record
    return replace(record, message=record.message[:_LONGEST_MESSAGE], fields={}).flagged(TRUNCATED)
