import assert from "node:assert/strict";
import { test } from "node:test";

import { duration, localTime } from "../../logctl/dashboard/assets/times.js";

const NOON = new Date(2026, 0, 31, 12, 0, 0);

test("a time of today is shown without its date", () => {
  assert.match(localTime(new Date(2026, 0, 31, 8, 5, 9, 70).toISOString(), NOON), /^08:05:09[.,]070$/);
  assert.match(localTime(new Date(2026, 0, 31, 0, 0, 0).toISOString(), NOON), /^00:00:00[.,]000$/);
});

test("a time of another day is shown with its date", () => {
  const text = localTime(new Date(2026, 0, 30, 23, 59, 59, 999).toISOString(), NOON);
  assert.match(text, /^\S*2026\S* 23:59:59[.,]999$/);
  assert.match(text, /30/);
});

test("a text that is no time is shown escaped", () => {
  assert.equal(localTime("no\x1btime", NOON), "no\\x1btime");
});

test("durations have their two largest units", () => {
  const cases = [
    [0, "0s"],
    [499, "0s"],
    [500, "1s"],
    [59_000, "59s"],
    [60_000, "1m"],
    [61_000, "1m 1s"],
    [3_600_000, "1h"],
    [3_601_000, "1h 1s"],
    [5_430_000, "1h 30m"],
    [86_400_000, "1d"],
    [90_061_000, "1d 1h"],
    [-5000, "0s"],
  ];
  for (const [milliseconds, expected] of cases) assert.equal(duration(milliseconds), expected);
});
