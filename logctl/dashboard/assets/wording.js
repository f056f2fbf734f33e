// Sentences of the page that depend on data.

import { number } from "./text.js";
import { duration } from "./times.js";

/** @typedef {import("./answers.d.ts").Alert} Alert */
/** @typedef {import("./view.js").View} View */

const EVERY_APP = "*"; // in a list of names and globs of apps

/**
 * Return "No app" as the subject of a sentence. A user who may not read all apps learns nothing of the others.
 * @param {string[]} mayRead names and globs of apps
 */
export const noApp = (mayRead) => (mayRead.includes(EVERY_APP) ? "No app" : `None of ${readable(mayRead)}`);

/**
 * Return " of the apps …" for a user who may not read all apps, else nothing.
 * @param {string[]} mayRead names and globs of apps
 */
export const ofReadableApps = (mayRead) => (mayRead.includes(EVERY_APP) ? "" : ` of ${readable(mayRead)}`);

/** @param {string[]} mayRead */
const readable = (mayRead) => `the apps that you may read (${mayRead.join(", ")})`;

/**
 * Return what the page says instead of records.
 * @param {View} view
 * @param {string[]} mayRead names and globs of apps
 */
export function noRecords(view, mayRead) {
  const anyApp = mayRead.includes(EVERY_APP) ? "any app" : readable(mayRead);
  const apps = view.apps.length ? view.apps.join(", ") : anyApp;
  const when = view.from ? "in the selected time range" : `in the last ${view.since}`;
  if (view.search || view.level) {
    return `Nothing that fits from ${apps} ${when}. Widen the range or remove a filter.`;
  }
  const command = `logctl send FILE --app ${view.apps[0] ?? "APPID"}`;
  return `Nothing from ${apps} ${when}. Widen the range or send records: ${command}`;
}

/**
 * Return how many records are loaded, of how many, and how to get more.
 * @param {{loaded: number, total: number | null, dropped: boolean, full: boolean, more: boolean}} list
 *   `dropped`: old records were removed to make room; `full`: no more are loaded; `more`: there are older ones
 * @param {number} [gone] records that were asked for and are no longer in S3
 */
export function recordCount({ loaded, total, dropped, full, more }, gone = 0) {
  const lost = gone ? `${number(gone)} records are no longer in S3` : "";
  if (!loaded) return lost;
  const all = total !== null && total > loaded ? ` of ${number(total)}` : "";
  const hint = dropped
    ? "; the oldest were removed to save memory"
    : full
      ? "; narrow the range to see others"
      : more
        ? "; scroll for older"
        : "";
  return `${number(loaded)}${all} records${hint}${lost && `; ${lost}`}`;
}

/**
 * Return what an alert does next.
 * @param {Alert} alert
 */
export function nextOf(alert) {
  switch (alert.next) {
    case "held back":
      return `suppressed for ${duration(alert.window_left_ms)} more`;
    case "quiet":
      return alert.window_left_ms
        ? `quiet; recovers in ${duration(alert.window_left_ms)} unless another event arrives`
        : "quiet";
    case "silenced":
      return "silenced";
    default:
      return `${alert.next} with the next sweep`;
  }
}

/**
 * Return the health of the pipeline as a sentence.
 * @param {import("./answers.d.ts").Answers["health"]["status"]} status
 */
export const healthOf = (status) =>
  ({ ok: "Everything works.", warning: "Something needs attention.", failing: "Something is broken." })[
    status
  ] ?? status;
