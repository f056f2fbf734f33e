// Times and durations as text.

import { escaped } from "./text.js";

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });

/**
 * Return an ISO time in the browser's time zone: only the time of day if it is today, else with the date.
 * @param {string} text
 * @param {Date} [now]
 */
export function localTime(text, now = new Date()) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return escaped(text);
  const today = moment.toDateString() === now.toDateString();
  return today ? clock.format(moment) : day.format(moment) + " " + clock.format(moment);
}

/**
 * Return milliseconds as text in the two largest units, such as `1h 30m`.
 * @param {number} milliseconds
 */
export function duration(milliseconds) {
  const found = [];
  let left = Math.max(0, Math.round(milliseconds / 1000));
  /** @type {[string, number][]} */
  const units = [
    ["d", 86400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ];
  for (const [unit, length] of units) {
    if (left >= length && found.length < 2) {
      found.push(Math.floor(left / length) + unit);
      left %= length;
    }
  }
  return found.join(" ") || "0s";
}
