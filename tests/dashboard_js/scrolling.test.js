import assert from "node:assert/strict";
import { test } from "node:test";

import { scrollTopToShow, visibleRows } from "../../logctl/dashboard/assets/scrolling.js";

const HEIGHT = 20;
const viewport = (scrollTop) => ({ scrollTop, clientHeight: 100 });

test("only visible rows are drawn, and some beyond each edge", () => {
  assert.deepEqual(visibleRows(viewport(0), HEIGHT, 1000), { first: 0, end: 17 });
  assert.deepEqual(visibleRows(viewport(10_000), HEIGHT, 1000), { first: 488, end: 517 });
  assert.deepEqual(visibleRows(viewport(10_010), HEIGHT, 1000), { first: 488, end: 518 });
});

test("there are no rows beyond the ends of the list", () => {
  assert.deepEqual(visibleRows(viewport(0), HEIGHT, 3), { first: 0, end: 3 });
  assert.deepEqual(visibleRows(viewport(19_900), HEIGHT, 1000), { first: 983, end: 1000 });
  assert.deepEqual(visibleRows(viewport(0), HEIGHT, 0), { first: 0, end: 0 });
});

test("a row is scrolled into view with the least movement", () => {
  assert.equal(scrollTopToShow(viewport(200), HEIGHT, 9), 180);
  assert.equal(scrollTopToShow(viewport(200), HEIGHT, 10), 200);
  assert.equal(scrollTopToShow(viewport(200), HEIGHT, 14), 200);
  assert.equal(scrollTopToShow(viewport(200), HEIGHT, 15), 220);
  assert.equal(scrollTopToShow(viewport(0), HEIGHT, 0), 0);
  assert.equal(scrollTopToShow(viewport(210), HEIGHT, 10), 200); // rows that are partly visible
  assert.equal(scrollTopToShow(viewport(210), HEIGHT, 15), 220);
});
