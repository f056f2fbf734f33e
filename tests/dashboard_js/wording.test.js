import assert from "node:assert/strict";
import { test } from "node:test";

import {
  healthOf,
  nextOf,
  noApp,
  noRecords,
  ofReadableApps,
  recordCount,
} from "../../logctl/dashboard/assets/wording.js";

const VIEW = { tab: "logs", apps: [], since: "15m", from: "", to: "", level: "", search: "", event: "" };

test("a user who may not read all apps is not told about the others", () => {
  assert.equal(noApp(["*"]), "No app");
  assert.equal(noApp(["a", "b"]), "None of the apps that you may read (a, b)");
  assert.equal(ofReadableApps(["*"]), "");
  assert.equal(ofReadableApps(["a"]), " of the apps that you may read (a)");
  assert.match(
    noRecords(VIEW, ["a", "b"]),
    /^Nothing from the apps that you may read \(a, b\) in the last 15m\./,
  );
  assert.match(
    noRecords(VIEW, ["*"]),
    /^Nothing from any app in the last 15m\. .* logctl send FILE --app APPID$/,
  );
});

test("an empty list says which apps, which time and what to do", () => {
  assert.match(noRecords({ ...VIEW, apps: ["a", "b"] }, ["*"]), /^Nothing from a, b .* --app a$/);
  assert.match(noRecords({ ...VIEW, from: "x", to: "y" }, ["*"]), /in the selected time range\./);
  for (const filter of [{ search: "x" }, { level: "WARN" }]) {
    assert.match(
      noRecords({ ...VIEW, ...filter }, ["*"]),
      /^Nothing that fits from any app .* remove a filter\.$/,
    );
  }
});

test("the count says how many are loaded, of how many, and how to see others", () => {
  const list = { loaded: 1200, total: null, dropped: false, full: false, more: false };
  assert.equal(recordCount(list), "1,200 records");
  assert.equal(recordCount({ ...list, loaded: 0, total: 5, more: true }), "");
  assert.equal(recordCount({ ...list, total: 1200 }), "1,200 records");
  assert.equal(recordCount({ ...list, total: 3000, more: true }), "1,200 of 3,000 records; scroll for older");
  assert.equal(
    recordCount({ ...list, full: true, more: true }),
    "1,200 records; narrow the range to see others",
  );
  assert.equal(recordCount(list, 40), "1,200 records; 40 records are no longer in S3");
  assert.equal(recordCount({ ...list, loaded: 0 }, 40), "40 records are no longer in S3");
  assert.match(recordCount({ ...list, dropped: true, full: true, more: true }), /; the oldest were removed/);
});

test("an alert says what it does next", () => {
  const next = (text, left) => nextOf({ next: text, window_left_ms: left });
  assert.equal(next("held back", 61_000), "suppressed for 1m 1s more");
  assert.equal(next("quiet", 0), "quiet");
  assert.equal(next("quiet", 5_000), "quiet; recovers in 5s unless another event arrives");
  assert.equal(next("silenced", 5_000), "silenced");
  assert.equal(next("still firing", 0), "still firing with the next sweep");
});

test("each state of health is a sentence", () => {
  for (const status of ["ok", "warning", "failing"]) assert.match(healthOf(status), /^[A-Z].*\.$/);
});
