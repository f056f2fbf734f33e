// A list of many records of which only the visible rows exist as elements. It does not move while somebody reads:
// records that arrive above the first visible row change the scroll position with them.

import { make } from "./dom.js";
import { levelClass } from "./levels.js";
import { Records } from "./records.js";
import { scrollTopToShow, visibleRows } from "./scrolling.js";
import { localTime } from "./times.js";

/** @typedef {import("./records.js").LogRecord} LogRecord */

const LONGEST_MESSAGE = 2000; // a row shows less; all of it is in the details

export class List {
  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} canvas
   * @param {{onOpen: (entry: LogRecord) => void, onEnd: () => void}} handlers
   */
  constructor(scroller, canvas, handlers) {
    this.scroller = scroller;
    this.canvas = canvas;
    this.handlers = handlers;
    this.records = new Records();
    this.selected = ""; // an event ID
    /** @type {Map<string, HTMLElement>} the rows that exist, by event ID */
    this.rows = new Map();
    /** @type {number | undefined} */
    this.frame = undefined;
    this.narrow = matchMedia("(max-width: 640px)");
    this.narrow.addEventListener("change", () => this.#redraw());
    scroller.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(scroller);
    canvas.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[data-event-id]");
      if (row instanceof HTMLElement) this.open(this.records.indexOf(row.dataset.eventId ?? ""));
    });
  }

  /** The height of a row, as in style.css. */
  get rowHeight() {
    return this.narrow.matches ? 40 : 22;
  }

  clear() {
    this.records.clear();
    this.scroller.scrollTop = 0;
    this.#redraw();
  }

  /** @param {LogRecord[]} older newest first */
  append(older) {
    this.records.append(older);
    this.#soon();
  }

  /** @param {LogRecord[]} arrived in the order of arrival */
  insert(arrived) {
    const first = Math.floor(this.scroller.scrollTop / this.rowHeight);
    const read = this.scroller.scrollTop > 0 ? this.records.entries[first] : undefined;
    if (!this.records.insert(arrived)) return;
    this.#resize();
    if (read) {
      const moved = this.records.entries.indexOf(read) - first;
      if (moved > 0) this.scroller.scrollTop += moved * this.rowHeight;
    }
    this.#soon();
  }

  /**
   * Move the selection; without one, select the first row.
   * @param {number} by
   */
  move(by) {
    const at = this.records.indexOf(this.selected);
    this.select(at < 0 ? 0 : Math.min(this.records.entries.length - 1, Math.max(0, at + by)));
  }

  /** @param {number} index */
  select(index) {
    const entry = this.records.entries[index];
    if (!entry) return;
    this.selected = entry.event_id;
    const scrollTop = scrollTopToShow(this.scroller, this.rowHeight, index);
    if (scrollTop !== this.scroller.scrollTop) this.scroller.scrollTop = scrollTop;
    this.#redraw();
  }

  /** @param {number} index */
  open(index) {
    if (!this.records.entries[index]) return;
    this.select(index);
    this.handlers.onOpen(this.records.entries[index]);
  }

  openSelected() {
    this.open(this.records.indexOf(this.selected));
  }

  deselect() {
    this.selected = "";
    this.#redraw();
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.#draw();
    });
  }

  #redraw() {
    for (const row of this.rows.values()) row.remove();
    this.rows.clear();
    this.#draw();
  }

  #resize() {
    this.canvas.style.height = this.records.entries.length * this.rowHeight + "px";
  }

  #draw() {
    this.#resize();
    const { entries } = this.records;
    const { first, end } = visibleRows(this.scroller, this.rowHeight, entries.length);
    /** @type {Map<string, number>} */
    const wanted = new Map();
    for (let index = first; index < end; index++) wanted.set(entries[index].event_id, index);
    for (const [id, row] of this.rows) {
      if (!wanted.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    for (const [id, index] of wanted) {
      const row = this.rows.get(id) ?? this.#add(entries[index]);
      row.style.transform = `translateY(${index * this.rowHeight}px)`;
      row.setAttribute("aria-posinset", String(index + 1));
      row.setAttribute("aria-setsize", String(entries.length));
    }
    const active = this.rows.get(this.selected);
    if (active) this.scroller.setAttribute("aria-activedescendant", active.id);
    else this.scroller.removeAttribute("aria-activedescendant");
    if (entries.length && end >= entries.length) this.handlers.onEnd();
  }

  /** @param {LogRecord} entry */
  #add(entry) {
    const selected = entry.event_id === this.selected;
    const row = make(
      "div",
      {
        class: "row level-" + levelClass(entry.level) + (selected ? " chosen" : ""),
        role: "option",
        id: "row-" + entry.event_id,
        "aria-selected": String(selected),
        "data-testid": "row",
        "data-event-id": entry.event_id,
      },
      make("time", { title: entry.ts }, localTime(entry.ts)),
      make("span", { class: "level" }, entry.level),
      make("span", { class: "app" }, entry.appid),
      make(
        "span",
        { class: "message", "data-testid": "row-message" },
        entry.message.slice(0, LONGEST_MESSAGE),
      ),
    );
    this.rows.set(entry.event_id, row);
    this.canvas.append(row);
    return row;
  }
}
