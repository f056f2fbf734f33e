// The view of the pipeline's health.

import { make, numberList, timeOf } from "./dom.js";
import { number } from "./text.js";
import { duration } from "./times.js";
import { healthOf, noApp } from "./wording.js";

/**
 * @param {HTMLElement} place
 * @param {import("./answers.d.ts").Answers["health"]} answer
 * @param {string[]} mayRead names and globs of apps
 */
export function showHealth(place, answer, mayRead) {
  const { list, add } = numberList();
  // Queues and quarantine hold messages of all apps: the API omits them for a user who may not read all apps.
  if (answer.queue) {
    add("messages waiting", number(answer.queue.waiting));
    add("in flight", number(answer.queue.in_flight));
  }
  if (answer.dead_letter_queue) add("dead letters", number(answer.dead_letter_queue.waiting));
  if (answer.quarantine) {
    add(
      "quarantined, 24 h",
      (answer.quarantine.complete ? "" : "more than ") + number(answer.quarantine.last_24h),
    );
  }
  add("open alerts", number(answer.alerts.open));
  add("events suppressed", number(answer.alerts.held_back));
  add("alerts overdue", number(answer.alerts.overdue));
  place.replaceChildren(
    make(
      "h2",
      { class: "health health-" + answer.status, "data-testid": "health-status" },
      healthOf(answer.status),
    ),
    ...answer.problems.map((problem) =>
      make("p", { class: "problem", "data-testid": "health-problem" }, problem),
    ),
    list,
    make("h2", {}, "Newest record of each app"),
    answer.apps.length
      ? appTable(answer.apps)
      : make("p", { class: "nothing" }, `${noApp(mayRead)} has sent yet: logctl send FILE --app APPID`),
    make("p", { class: "quiet" }, "As of ", timeOf(answer.checked_at)),
  );
}

/** @param {import("./answers.d.ts").Answers["health"]["apps"]} apps */
function appTable(apps) {
  const head = make(
    "tr",
    {},
    make("th", {}, "app"),
    make("th", {}, "newest"),
    make("th", { class: "right" }, "lag"),
  );
  const rows = apps.map((app) =>
    make(
      "tr",
      {},
      make("td", {}, app.appid),
      make("td", {}, timeOf(app.newest_at)),
      make("td", { class: "right" }, app.lag_ms === null ? "" : duration(app.lag_ms) + " ago"),
    ),
  );
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}
