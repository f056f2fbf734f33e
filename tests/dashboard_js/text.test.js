import assert from "node:assert/strict";
import { test } from "node:test";

import { LEVELS, levelClass } from "../../logctl/dashboard/assets/levels.js";
import { escaped, escapedLines, number } from "../../logctl/dashboard/assets/text.js";

test("invisible characters are escaped", () => {
  const cases = {
    "\x00\x1b[31m\n\t\x7f\x9b": "\\x00\\x1b[31m\\x0a\\x09\\x7f\\x9b",
    "\u202eabc\u2066\u200b\ufeff": "\\u202eabc\\u2066\\u200b\\ufeff",
    "\u2028\u2029": "\\u2028\\u2029",
    "\ud800x\udfff": "\\ud800x\\udfff",
    "\ue000\u0378": "\\ue000\\u0378",
    "\u{e0041}": "\\U000e0041",
  };
  for (const [text, expected] of Object.entries(cases)) assert.equal(escaped(text), expected);
});

test("visible text stays as it is", () => {
  for (const text of ["", "<b>&amp;\"'", "Grüße, 世界 🙂", "a\u0301", "\\x1b"])
    assert.equal(escaped(text), text);
});

test("values that are no text are shown as text", () => {
  assert.equal(escaped(7), "7");
  assert.equal(escaped(null), "null");
});

test("line breaks are kept where a text may have several lines", () => {
  assert.equal(escapedLines("one\ntwo\r\n\x1bthree"), "one\ntwo\\x0d\n\\x1bthree");
});

test("numbers have thousands separators in every locale", () => {
  assert.equal(number(1234567), "1,234,567");
  assert.equal(number(0), "0");
});

test("only levels become class names", () => {
  for (const level of LEVELS) assert.equal(levelClass(level), level);
  for (const level of ["", "error", "ERROR x", "__proto__"]) assert.equal(levelClass(level), "UNKNOWN");
});
