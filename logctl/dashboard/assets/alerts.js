// What alerts are open, what they hold back, and what is silenced.

import { duration, make, number, timeOf } from "./dom.js";
import { levelClass } from "./list.js";

/** @param {HTMLElement} place @param {string[]} mayRead */
export function showAlerts(place, answer, mayRead) {
  const of = mayRead.includes("*") ? "" : ` of the apps that you may read (${mayRead.join(", ")})`;
  place.replaceChildren(
    make("h2", {}, "Open alerts"),
    make("p", { class: "quiet" }, `At most one alert per kind of error in ${duration(answer.window_ms)}; what comes meanwhile is counted and told together.`),
    ...(answer.alerts.length ? answer.alerts.map(alertCard) : [make("p", { class: "nothing" }, `No alert${of} is open.`)]),
    make("h2", {}, "Silences"),
    ...(answer.silences.length ? answer.silences.map(silenceCard) : [make("p", { class: "nothing" }, `Nothing${of} is silenced.`)]),
  );
}

function alertCard(alert) {
  const next = {
    "held back": `held back for ${duration(alert.window_left_ms)} more`,
    "quiet": alert.window_left_ms ? `quiet; recovered in ${duration(alert.window_left_ms)} if it stays so` : "quiet",
    "silenced": "silenced",
  }[alert.next] ?? alert.next + " with the next sweep";
  const facts = make("dl", { class: "numbers" });
  const fact = (name, value) => facts.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  fact("counted", number(alert.counted));
  fact("reported", number(alert.reported));
  fact("held back", number(alert.held_back));
  fact("last alert", timeOf(alert.last_alert_at));
  fact("last event", timeOf(alert.last_event_at));
  if (alert.silenced_until) fact("silenced until", timeOf(alert.silenced_until));
  return make(
    "article",
    { class: "card level-" + levelClass(alert.level), "data-testid": "alert", "data-key": alert.key },
    make("h3", {}, make("span", { class: "level" }, alert.level), " ", make("b", {}, alert.appid), ` ${alert.state.toLowerCase()}, ${next}`),
    make("p", { class: "mono" }, alert.kind),
    ...(alert.sample ? [make("p", { class: "mono quiet" }, "for example: " + alert.sample)] : []),
    facts,
    commands(`logctl tail ${alert.appid} --level ${alert.level}`, `logctl debounce show '${alert.key}'`,
      `logctl debounce silence '${alert.key}' --for 2h --comment …`),
  );
}

function silenceCard(silence) {
  return make(
    "article",
    { class: "card", "data-testid": "silence", "data-target": silence.target },
    make("h3", {}, make("b", {}, silence.target), silence.active ? " until " : " ended ", timeOf(silence.until)),
    make("p", {}, `by ${silence.author}, made `, timeOf(silence.created_at), silence.comment ? `: ${silence.comment}` : ""),
    ...(silence.active ? [commands(`logctl debounce clear '${silence.target}'`)] : []),
  );
}

function commands(...lines) {
  return make("details", {}, make("summary", {}, "What to run"), ...lines.map((line) => make("code", {}, line)));
}
