// How the pipeline is.

import { duration, make, nobody, number, timeOf } from "./dom.js";

/** @param {HTMLElement} place @param {string[]} mayRead */
export function showHealth(place, answer, mayRead) {
  const said = { ok: "Everything works.", warning: "Something wants a look.", failing: "Something is broken." }[answer.status];
  const facts = make("dl", { class: "numbers" });
  const fact = (name, value) => facts.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  if (answer.queue) { // all apps' messages are in there: only who may read all is told
    fact("messages waiting", number(answer.queue.waiting));
    fact("in flight", number(answer.queue.in_flight));
    fact("dead letters", number(answer.dead_letter_queue.waiting));
  }
  if (answer.quarantine) {
    fact("set aside, 24 h", (answer.quarantine.complete ? "" : "more than ") + number(answer.quarantine.last_24h));
  }
  fact("open alerts", number(answer.alerts.open));
  fact("events held back", number(answer.alerts.held_back));
  fact("alerts overdue", number(answer.alerts.overdue));
  const body = make("tbody", {});
  for (const app of answer.apps) {
    body.append(make("tr", {}, make("td", {}, app.appid), make("td", {}, timeOf(app.newest_at)),
      make("td", { class: "right" }, app.lag_ms === null ? "" : duration(app.lag_ms) + " ago")));
  }
  place.replaceChildren(
    make("h2", { class: "health health-" + answer.status, "data-testid": "health-status" }, said ?? answer.status),
    ...answer.problems.map((problem) => make("p", { class: "problem", "data-testid": "health-problem" }, problem)),
    facts,
    make("h2", {}, "Newest record of each app"),
    answer.apps.length
      ? make("table", {}, make("thead", {}, make("tr", {}, make("th", {}, "app"), make("th", {}, "newest"), make("th", { class: "right" }, "lag"))), body)
      : make("p", { class: "nothing" }, `${nobody(mayRead)} has sent yet: logctl send FILE --app APPID`),
    make("p", { class: "quiet" }, "As of ", timeOf(answer.checked_at)),
  );
}
