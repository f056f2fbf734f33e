import assert from "node:assert/strict";
import { test } from "node:test";

import {
  asksAnew,
  filters,
  fromAddress,
  RANGES,
  range,
  toAddress,
  withApp,
  withFixedTimes,
} from "../../logctl/dashboard/assets/view.js";

const DEFAULT = {
  tab: "logs",
  apps: [],
  since: "15m",
  from: "",
  to: "",
  level: "",
  search: "",
  event: "",
};
const FROM = "2026-01-31T08:00:00.000Z";
const TO = "2026-01-31T09:00:00.000Z";

test("an empty address is the default view, and the other way round", () => {
  assert.deepEqual(fromAddress(""), DEFAULT);
  assert.deepEqual(fromAddress("#"), DEFAULT);
  assert.equal(toAddress(DEFAULT), "");
});

test("an address restores its view", () => {
  const views = [
    { ...DEFAULT, tab: "alerts" },
    { ...DEFAULT, apps: ["checkout", "web-*"], since: "6h", level: "UNKNOWN" },
    { ...DEFAULT, from: FROM, to: TO, search: "50% & more #1 + é\u2028<b>", event: "0123abcd-_" },
    ...RANGES.map((since) => ({ ...DEFAULT, since })),
  ];
  for (const view of views) assert.deepEqual(fromAddress(toAddress(view)), view);
});

test("invalid values of an address are ignored", () => {
  assert.deepEqual(fromAddress("#tab=nowhere&since=forever&level=<b>&event=%27&app=../x,%00,UPPER"), DEFAULT);
  assert.deepEqual(fromAddress("#tab=constructor&since=__proto__&level=toString"), DEFAULT);
  assert.deepEqual(fromAddress("#app=ok,-no,no-,a*").apps, ["ok", "a*"]);
});

test("long values of an address are cut", () => {
  const many = Array.from({ length: 30 }, (_, n) => `app-${n}`);
  assert.deepEqual(fromAddress(`#app=${many}`).apps, many.slice(0, 20));
  assert.equal(fromAddress("#q=" + "x".repeat(999)).search.length, 200);
  assert.deepEqual(fromAddress("#app=" + "a".repeat(64)).apps, ["a".repeat(64)]);
  assert.deepEqual(fromAddress("#app=" + "a".repeat(65)).apps, []);
});

test("a time range needs two times in order", () => {
  assert.deepEqual(fromAddress(`#from=2026-01-31T09:00:00%2B01:00&to=${TO}`), {
    ...DEFAULT,
    from: FROM,
    to: TO,
  });
  for (const fragment of [
    `from=${FROM}`,
    `to=${TO}`,
    `from=${TO}&to=${FROM}`,
    `from=${FROM}&to=${FROM}`,
    `from=x&to=${TO}`,
  ]) {
    assert.deepEqual(fromAddress(fragment), DEFAULT, fragment);
  }
});

test("a view becomes parameters of the API", () => {
  const view = { ...DEFAULT, apps: ["a", "b"], level: "WARN", search: "x" };
  assert.deepEqual(filters(view), { app: "a,b", level: "WARN", q: "x" });
  assert.deepEqual(range(view), { since: "15m" });
  assert.deepEqual(range({ ...view, from: FROM, to: TO }), { since: FROM, until: TO });
});

test("every change but that of the open record is a new question", () => {
  assert.equal(asksAnew(DEFAULT, { ...DEFAULT }), false);
  assert.equal(asksAnew(DEFAULT, { ...DEFAULT, event: "0123abcd" }), false);
  const changes = [
    { tab: "health" },
    { apps: ["a"] },
    { since: "1h" },
    { from: FROM, to: TO },
    { level: "INFO" },
    { search: "x" },
  ];
  for (const change of changes)
    assert.equal(asksAnew(DEFAULT, { ...DEFAULT, ...change }), true, JSON.stringify(change));
});

test("selected apps are sorted, each once, and at most twenty", () => {
  assert.deepEqual(withApp(["b"], "a", true), ["a", "b"]);
  assert.deepEqual(withApp(["a", "b"], "a", true), ["a", "b"]);
  assert.deepEqual(withApp(["a", "b"], "a", false), ["b"]);
  const twenty = Array.from({ length: 20 }, (_, n) => `app-${n}`);
  assert.equal(withApp(twenty, "zebra", true).length, 20);
});

test("a link has the times of the answer, but none in the future", () => {
  const answer = { since: FROM, until: TO };
  const later = Date.parse(TO) + 1000;
  const before = Date.parse(TO) - 1000;
  assert.deepEqual(withFixedTimes(DEFAULT, answer, later), { ...DEFAULT, from: FROM, to: TO });
  assert.equal(withFixedTimes(DEFAULT, answer, before).to, "2026-01-31T08:59:59.000Z");
  const selected = { ...DEFAULT, from: "2026-01-01T00:00:00.000Z", to: FROM };
  assert.deepEqual(withFixedTimes(selected, answer, later), selected);
});
