// Building the page. Everything a log can hold is hostile: it goes in as text, with what cannot be seen made
// visible, and never as markup, address or property name.

/** @param {string} id */
export const byId = (id) => /** @type {any} */ (document.getElementById(id));

const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

/** Text as one harmless line: controls, bidi overrides and the like as \x1b or \u202e, as in the terminal. */
export function shown(value) {
  return String(value).replace(UNSEEN, (character) => {
    const code = character.codePointAt(0);
    if (code < 0x100) return "\\x" + code.toString(16).padStart(2, "0");
    if (code < 0x10000) return "\\u" + code.toString(16).padStart(4, "0");
    return "\\U" + code.toString(16).padStart(8, "0");
  });
}

/** The same for text that may keep its line breaks. */
export const shownLines = (value) => String(value).split("\n").map(shown).join("\n");

/**
 * An element. Attributes are names of ours; children are elements or text, which is made harmless.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  for (const child of children) {
    element.append(child instanceof Node ? child : document.createTextNode(shown(child)));
  }
  return element;
}

/** An SVG element; see `make`. */
export function makeSvg(tag, attributes = {}) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/** Run a function when calls have ceased for a while. */
export function settled(milliseconds, run) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), milliseconds);
  };
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hourCycle: "h23",
});
const day = new Intl.DateTimeFormat(undefined, { year: "numeric", month: "2-digit", day: "2-digit" });

/** A time for people, in their zone: the clock alone today, with the day before it otherwise. */
export function localTime(text) {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return shown(text);
  const today = moment.toDateString() === new Date().toDateString();
  return today ? clock.format(moment) : day.format(moment) + " " + clock.format(moment);
}

/** A time element: local, with UTC as its title. */
export const timeOf = (text) => (text ? make("time", { title: String(text) }, localTime(text)) : make("span", {}, "never"));

/** Milliseconds as people say them. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const parts = [["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
  const found = [];
  let left = seconds;
  for (const [unit, length] of parts) {
    if (left >= length && found.length < 2) {
      found.push(Math.floor(left / length) + unit);
      left %= length;
    }
  }
  return found.join(" ") || "0s";
}

export const number = (value) => Number(value).toLocaleString("en");

/** Of no app, in words: without the right to read all of them, nobody knows of the others. @param {string[]} mayRead */
export const nobody = (mayRead) =>
  mayRead.includes("*") ? "No app" : `None of the apps that you may read (${mayRead.join(", ")})`;
