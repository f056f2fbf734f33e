import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bars,
  bucketAt,
  continued,
  label,
  neighbour,
  timeRange,
  total,
} from "../../logctl/dashboard/assets/buckets.js";

const MINUTE = 60_000;
const AREA = { width: 1000, height: 100 };
const bucket = (minute, counts) => ({ at: `2026-01-31T08:0${minute}:00.000Z`, counts });
const BUCKETS = [
  bucket(0, { INFO: 60, ERROR: 40 }),
  bucket(1, {}),
  bucket(2, { WARN: 1 }),
  bucket(3, { INFO: 1000 }),
];

test("a bucket's total is the sum of its levels", () => {
  assert.deepEqual(BUCKETS.map(total), [100, 0, 1, 1000]);
});

test("a later answer replaces the last buckets, and the oldest leave the range", () => {
  const answer = (since, until, buckets) => ({
    since: `2026-01-31T08:0${since}:00.000Z`,
    until: `2026-01-31T08:0${until}:00.000Z`,
    step_ms: MINUTE,
    buckets,
    total: 0,
    complete: true,
    gone: { records: 0, messages: 0 },
  });
  const before = answer(0, 4, BUCKETS);
  const later = answer(3, 5, [bucket(3, { INFO: 1200 }), bucket(4, { WARN: 2 })]);
  const joined = continued(before, later);
  assert.deepEqual(joined.buckets, [...BUCKETS.slice(1, 3), ...later.buckets]);
  assert.deepEqual(
    [joined.total, joined.since, joined.until],
    [1203, "2026-01-31T08:01:00.000Z", later.until],
  );
  assert.deepEqual(continued(joined, later), joined);
});

test("bars are as high as their share of the largest, the most severe level on top", () => {
  const [first, second, third, fourth] = bars(BUCKETS, AREA);
  assert.deepEqual(
    first.parts.map(({ level, y, height }) => [level, y, height]),
    [
      ["INFO", 94, 6],
      ["ERROR", 90, 4],
    ],
  );
  assert.deepEqual([first.at, first.total], ["2026-01-31T08:00:00.000Z", 100]);
  assert.deepEqual(second.parts, []);
  assert.deepEqual(third.parts, [{ level: "WARN", x: 520, width: 210, y: 98.5, height: 1.5 }]);
  assert.deepEqual(fourth.parts, [{ level: "INFO", x: 770, width: 210, y: 0, height: 100 }]);
});

test("bars stay inside the area", () => {
  const counts = { FATAL: 1, ERROR: 1, WARN: 1, NOTICE: 1, INFO: 1_000_000, DEBUG: 1 };
  for (const { parts } of bars([bucket(0, counts)], AREA)) {
    assert.equal(parts.length, 6);
    for (const { x, width, y } of parts) assert.ok(x >= 0 && x + width <= 1000 && y >= 0);
  }
});

test("no buckets are no bars", () => {
  assert.deepEqual(bars([], AREA), []);
});

test("a position in the chart is a bucket", () => {
  assert.deepEqual(
    [0, 0.24, 0.25, 0.99, 1, 1.5, -0.5].map((at) => bucketAt(at, 4)),
    [0, 0, 1, 3, 3, 3, 0],
  );
});

test("the arrow keys go from one end, and stop at the other", () => {
  assert.equal(neighbour(null, 1, 4), 0);
  assert.equal(neighbour(null, -1, 4), 3);
  assert.deepEqual(
    [neighbour(1, 1, 4), neighbour(1, -1, 4), neighbour(3, 1, 4), neighbour(0, -1, 4)],
    [2, 0, 3, 0],
  );
});

test("a time range ends where the last bucket ends", () => {
  assert.deepEqual(timeRange(BUCKETS.slice(1, 3), MINUTE), {
    from: "2026-01-31T08:01:00.000Z",
    to: "2026-01-31T08:03:00.000Z",
  });
});

test("the label has the sums of the levels, the most severe first", () => {
  assert.match(label(BUCKETS, MINUTE), /^\S.* – \S.*: ERROR 40, WARN 1, INFO 1,060$/);
  assert.match(label([BUCKETS[1]], MINUTE), /: nothing$/);
});
