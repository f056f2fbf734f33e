import assert from "node:assert/strict";
import { test } from "node:test";

import { Records } from "../../logctl/dashboard/assets/records.js";

/** A record whose time is a second of one minute. */
const record = (second, id = `at-${second}`) => ({
  ts: `2026-01-31T08:00:${String(second).padStart(2, "0")}.000Z`,
  appid: "app",
  level: "INFO",
  message: id,
  event_id: id,
});
const ids = (records) => records.entries.map((entry) => entry.event_id);

test("older records are added at the end, each once", () => {
  const records = new Records();
  records.append([record(9), record(8)]);
  records.append([record(8), record(7)]);
  assert.deepEqual(ids(records), ["at-9", "at-8", "at-7"]);
});

test("what arrives is put at its time", () => {
  const records = new Records();
  records.append([record(8), record(6), record(4)]);
  assert.equal(records.insert([record(5), record(9), record(3), record(7)]), true);
  assert.deepEqual(ids(records), ["at-9", "at-8", "at-7", "at-6", "at-5", "at-4", "at-3"]);
});

test("of equal times the last to arrive comes first", () => {
  const records = new Records();
  records.insert([record(5, "first"), record(5, "second")]);
  records.insert([record(5, "third")]);
  assert.deepEqual(ids(records), ["third", "second", "first"]);
});

test("what arrives again changes nothing", () => {
  const records = new Records();
  records.insert([record(5)]);
  const before = records.entries;
  assert.equal(records.insert([record(5)]), false);
  assert.equal(records.insert([]), false);
  assert.equal(records.entries, before);
});

test("the oldest are removed to make room, and may come back", () => {
  const records = new Records(3);
  records.append([record(3), record(2), record(1)]);
  assert.equal(records.dropped, false);
  records.insert([record(4), record(5)]);
  assert.deepEqual(ids(records), ["at-5", "at-4", "at-3"]);
  assert.equal(records.dropped, true);
  records.append([record(2)]);
  assert.deepEqual(ids(records), ["at-5", "at-4", "at-3", "at-2"]);
});

test("a cleared list takes the same records again", () => {
  const records = new Records(1);
  records.insert([record(1), record(2)]);
  records.clear();
  assert.deepEqual([ids(records), records.dropped], [[], false]);
  records.append([record(2)]);
  assert.deepEqual(ids(records), ["at-2"]);
});

test("a record is found by its ID", () => {
  const records = new Records();
  records.append([record(2), record(1)]);
  assert.equal(records.indexOf("at-1"), 1);
  assert.equal(records.indexOf(""), -1);
});

test("any order of arrival gives the same list", () => {
  const seconds = [3, 1, 4, 15, 9, 2, 6, 53, 58, 7, 93 % 60, 23];
  const expected = [...seconds].sort((a, b) => b - a).map((second) => `at-${second}`);
  for (let turn = 0; turn < seconds.length; turn++) {
    const arrived = [...seconds.slice(turn), ...seconds.slice(0, turn)].map((second) => record(second));
    const records = new Records();
    records.insert(arrived.slice(0, 5));
    records.insert(arrived.slice(4, 8));
    records.insert(arrived.slice(8));
    assert.deepEqual(ids(records), expected);
  }
});
