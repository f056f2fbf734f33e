// All fields of one record.

import { make, timeOf } from "./dom.js";
import { levelClass } from "./levels.js";
import { escaped, escapedLines } from "./text.js";

/**
 * @param {HTMLElement} place
 * @param {import("./records.js").LogRecord} entry
 * @param {() => void} onClose
 */
export function showDetail(place, entry, onClose) {
  const close = make("button", { "data-testid": "detail-close" }, "Close");
  close.addEventListener("click", onClose);
  const copy = make("button", {}, "Copy as JSON");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(JSON.stringify(entry, null, 2));
    copy.textContent = "Copied";
  });
  const facts = make("dl", {});
  const add = (/** @type {string} */ name, /** @type {unknown} */ value) => {
    facts.append(make("dt", {}, name), make("dd", {}, value));
  };
  add("time", timeOf(entry.ts));
  add("UTC", entry.ts);
  add("app", entry.appid);
  add("level", make("span", { class: "level level-" + levelClass(entry.level) }, entry.level));
  add("event_id", entry.event_id);
  if (entry.flags?.length) add("flags", entry.flags.join(", "));
  for (const [name, value] of Object.entries(entry.fields ?? {})) add(name, fieldValue(value));
  const bar = make("div", { class: "detail-bar" }, make("h2", {}, "Record"), copy, close);
  place.replaceChildren(bar, block(entry.message, "whole"), facts);
  place.hidden = false;
  place.scrollTop = 0;
}

/** @param {unknown} value */
function fieldValue(value) {
  if (value !== null && typeof value === "object") return block(JSON.stringify(value, null, 2));
  return escaped(typeof value === "string" ? value : JSON.stringify(value));
}

/**
 * Return text in an element that keeps its line breaks.
 * @param {string} text
 * @param {string} [className]
 */
function block(text, className = "") {
  const element = make("pre", className ? { class: className } : {});
  element.textContent = escapedLines(text);
  return element;
}
