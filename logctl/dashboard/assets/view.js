// The view: what the page shows. It is kept in the address after the #, so that a link restores it. Anybody can
// write such a link, so each value is checked and an invalid one is ignored.

import { LEVELS } from "./levels.js";

const TABS = ["logs", "alerts", "health"];
export const RANGES = ["5m", "15m", "1h", "6h", "24h"];
const MOST_APPS = 20;
const LONGEST_SEARCH = 200;
const APP = /^[a-z0-9*?](?:[a-z0-9_*?-]{0,62}[a-z0-9*?])?$/;
const EVENT = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * `from` and `to` are ISO times, exclusive at the end, if a range was selected; else empty, and `since` counts back
 * from now. `event` is the ID of the record whose details are open.
 * @typedef {{tab: string, apps: string[], since: string, from: string, to: string, level: string, search: string,
 *   event: string}} View
 */

/**
 * Return the view that the fragment of an address describes.
 * @param {string} fragment
 * @returns {View}
 */
export function fromAddress(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const text = (/** @type {string} */ name) => given.get(name) ?? "";
  const from = isoTime(text("from"));
  const to = isoTime(text("to"));
  const hasRange = Boolean(from && to && from < to);
  return {
    tab: TABS.includes(text("tab")) ? text("tab") : "logs",
    apps: text("app")
      .split(",")
      .filter((name) => APP.test(name))
      .slice(0, MOST_APPS),
    since: RANGES.includes(text("since")) ? text("since") : "15m",
    from: hasRange ? from : "",
    to: hasRange ? to : "",
    level: LEVELS.includes(text("level")) ? text("level") : "",
    search: text("q").slice(0, LONGEST_SEARCH),
    event: EVENT.test(text("event")) ? text("event") : "",
  };
}

/** @param {string} text */
function isoTime(text) {
  const time = Date.parse(text);
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
}

/**
 * Return a view as the fragment of an address; empty for the default view.
 * @param {View} view
 */
export function toAddress(view) {
  const given = new URLSearchParams();
  if (view.tab !== "logs") given.set("tab", view.tab);
  if (view.apps.length) given.set("app", view.apps.join(","));
  if (view.from) {
    given.set("from", view.from);
    given.set("to", view.to);
  } else if (view.since !== "15m") given.set("since", view.since);
  if (view.level) given.set("level", view.level);
  if (view.search) given.set("q", view.search);
  if (view.event) given.set("event", view.event);
  const text = given.toString();
  return text ? "#" + text : "";
}

/**
 * Return the filters of a view as parameters of the API.
 * @param {View} view
 */
export function filters(view) {
  return { app: view.apps.join(","), level: view.level, q: view.search };
}

/**
 * Return the time range of a view as parameters of the API.
 * @param {View} view
 * @returns {{since: string, until?: string}}
 */
export function range(view) {
  return view.from ? { since: view.from, until: view.to } : { since: view.since };
}

/**
 * Return whether two views need different answers of the API; opening a record does not.
 * @param {View} before
 * @param {View} after
 */
export function asksAnew(before, after) {
  return toAddress({ ...before, event: "" }) !== toAddress({ ...after, event: "" });
}

/**
 * Return a list of apps, sorted, after one was selected or deselected.
 * @param {string[]} apps
 * @param {string} name
 * @param {boolean} selected
 */
export function withApp(apps, name, selected) {
  const others = apps.filter((app) => app !== name);
  return selected ? [...others, name].sort().slice(0, MOST_APPS) : others;
}

/**
 * Return a view with the times of an answer, so that a link to it shows the same records later.
 * @param {View} view
 * @param {{since: string, until: string}} answer
 * @param {number} now milliseconds
 * @returns {View}
 */
export function withFixedTimes(view, answer, now) {
  if (view.from) return view;
  // The API's range ends in the future, to include records with a clock that is ahead.
  return { ...view, from: answer.since, to: new Date(Math.min(now, Date.parse(answer.until))).toISOString() };
}
