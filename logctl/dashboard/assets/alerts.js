// The view of open alerts, the suppressed events, and silences.

import { make, numberList, timeOf } from "./dom.js";
import { levelClass } from "./levels.js";
import { number } from "./text.js";
import { duration } from "./times.js";
import { nextOf, ofReadableApps } from "./wording.js";

/**
 * @param {HTMLElement} place
 * @param {import("./answers.d.ts").Answers["alerts"]} answer
 * @param {string[]} mayRead names and globs of apps
 */
export function showAlerts(place, answer, mayRead) {
  const apps = ofReadableApps(mayRead);
  const window = duration(answer.window_ms);
  place.replaceChildren(
    make("h2", {}, "Open alerts"),
    make(
      "p",
      { class: "quiet" },
      `At most one alert per kind of error every ${window}. ` +
        "Events in between are counted and reported with the next one.",
    ),
    ...(answer.alerts.length
      ? answer.alerts.map(alertCard)
      : [make("p", { class: "nothing" }, `No alert${apps} is open.`)]),
    make("h2", {}, "Silences"),
    ...(answer.silences.length
      ? answer.silences.map(silenceCard)
      : [make("p", { class: "nothing" }, `Nothing${apps} is silenced.`)]),
  );
}

/** @param {import("./answers.d.ts").Alert} alert */
function alertCard(alert) {
  const { list, add } = numberList();
  add("counted", number(alert.counted));
  add("reported", number(alert.reported));
  add("suppressed", number(alert.held_back));
  add("last alert", timeOf(alert.last_alert_at));
  add("last event", timeOf(alert.last_event_at));
  if (alert.silenced_until) add("silenced until", timeOf(alert.silenced_until));
  return make(
    "article",
    { class: "card level-" + levelClass(alert.level), "data-testid": "alert", "data-key": alert.key },
    make(
      "h3",
      {},
      make("span", { class: "level" }, alert.level),
      " ",
      make("b", {}, alert.appid),
      ` ${alert.state.toLowerCase()}, ${nextOf(alert)}`,
    ),
    make("p", { class: "mono" }, alert.kind),
    ...(alert.sample ? [make("p", { class: "mono quiet" }, "sample: " + alert.sample)] : []),
    list,
    commands(
      `logctl tail ${alert.appid} --level ${alert.level}`,
      `logctl debounce show '${alert.key}'`,
      `logctl debounce silence '${alert.key}' --for 2h --comment …`,
    ),
  );
}

/** @param {import("./answers.d.ts").Silence} silence */
function silenceCard(silence) {
  return make(
    "article",
    { class: "card", "data-testid": "silence", "data-target": silence.target },
    make(
      "h3",
      {},
      make("b", {}, silence.target),
      silence.active ? " until " : " ended ",
      timeOf(silence.until),
    ),
    make(
      "p",
      {},
      `by ${silence.author}, created `,
      timeOf(silence.created_at),
      silence.comment ? `: ${silence.comment}` : "",
    ),
    ...(silence.active ? [commands(`logctl debounce clear '${silence.target}'`)] : []),
  );
}

/** @param {string[]} lines */
function commands(...lines) {
  return make("details", {}, make("summary", {}, "Commands"), ...lines.map((line) => make("code", {}, line)));
}
