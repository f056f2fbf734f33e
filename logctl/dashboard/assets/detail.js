// All of one record.

import { make, shown, shownLines, timeOf } from "./dom.js";
import { levelClass } from "./list.js";

/** @param {HTMLElement} place @param {import("./list.js").Entry} entry @param {() => void} onClose */
export function showDetail(place, entry, onClose) {
  const close = make("button", { "data-testid": "detail-close" }, "Close");
  close.addEventListener("click", onClose);
  const copy = make("button", {}, "Copy as JSON");
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(JSON.stringify(entry, null, 2));
    copy.textContent = "Copied";
  });
  const message = make("pre", { class: "whole" });
  message.textContent = shownLines(entry.message);
  const facts = make("dl", {});
  const fact = (name, value) => facts.append(make("dt", {}, name), make("dd", {}, value));
  fact("time", timeOf(entry.ts));
  fact("UTC", entry.ts);
  fact("app", entry.appid);
  fact("level", make("span", { class: "level level-" + levelClass(entry.level) }, entry.level));
  fact("event_id", entry.event_id);
  if (entry.flags?.length) fact("flags", entry.flags.join(", "));
  for (const [name, value] of Object.entries(entry.fields ?? {})) fact(name, fieldValue(value));
  place.replaceChildren(make("div", { class: "detail-bar" }, make("h2", {}, "Record"), copy, close), message, facts);
  place.hidden = false;
  place.scrollTop = 0;
}

function fieldValue(value) {
  if (value !== null && typeof value === "object") {
    const block = make("pre", {});
    block.textContent = shownLines(JSON.stringify(value, null, 2));
    return block;
  }
  return shown(typeof value === "string" ? value : JSON.stringify(value));
}
