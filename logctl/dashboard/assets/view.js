// What is looked at, kept in the address after the #: a link is a view. What comes from there is anybody's,
// so each value is checked and what is odd is left out.

const TABS = ["logs", "alerts", "health"];
export const RANGES = ["5m", "15m", "1h", "6h", "24h"];
const LEVELS = ["FATAL", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG", "TRACE", "UNKNOWN"];
const APP = /^[a-z0-9*?](?:[a-z0-9_*?-]{0,62}[a-z0-9*?])?$/;
const EVENT = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * @typedef {{tab: string, apps: string[], since: string, from: string, to: string, level: string, search: string,
 *   event: string}} View  `from` and `to` are ISO times of a chosen range; `since` counts otherwise
 */

/** @returns {View} */
export function fromAddress(fragment) {
  const given = new URLSearchParams(fragment.replace(/^#/, ""));
  const one = (name, allowed, otherwise) => (allowed.includes(given.get(name)) ? given.get(name) : otherwise);
  const from = moment(given.get("from"));
  const to = moment(given.get("to"));
  const chosen = from && to && from < to;
  return {
    tab: one("tab", TABS, "logs"),
    apps: (given.get("app") ?? "").split(",").filter((name) => APP.test(name)).slice(0, 20),
    since: one("since", RANGES, "15m"),
    from: chosen ? from : "",
    to: chosen ? to : "",
    level: one("level", LEVELS, ""),
    search: (given.get("q") ?? "").slice(0, 200),
    event: EVENT.test(given.get("event") ?? "") ? given.get("event") : "",
  };
}

function moment(text) {
  const time = Date.parse(text ?? "");
  return Number.isNaN(time) ? "" : new Date(time).toISOString();
}

/** @param {View} view */
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

/** The parameters that `logs` and `counts` take for a view. */
export function parameters(view) {
  return { app: view.apps.join(","), level: view.level, q: view.search };
}

export function range(view) {
  return view.from ? { since: view.from, until: view.to } : { since: view.since };
}
