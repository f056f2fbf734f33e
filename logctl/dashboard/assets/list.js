// A list of many rows of which only the visible ones exist. Newest first; what arrives on top moves nothing
// that somebody is reading.

import { localTime, make } from "./dom.js";

const OVERSCAN = 12;
export const MOST = 20_000;

/** @typedef {{ts: string, appid: string, level: string, message: string, event_id: string, fields?: object, flags?: string[]}} Entry */

export class List {
  /**
   * @param {HTMLElement} scroller @param {HTMLElement} canvas
   * @param {{onOpen: (entry: Entry) => void, onEnd: () => void}} handlers
   */
  constructor(scroller, canvas, handlers) {
    this.scroller = scroller;
    this.canvas = canvas;
    this.handlers = handlers;
    /** @type {Entry[]} */
    this.entries = [];
    this.known = new Set();
    this.dropped = false;
    this.chosen = "";
    this.rows = new Map();
    this.narrow = matchMedia("(max-width: 640px)");
    this.narrow.addEventListener("change", () => this.#redraw());
    scroller.addEventListener("scroll", () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.#soon()).observe(scroller);
    canvas.addEventListener("click", (event) => {
      const row = event.target.closest("[data-event-id]");
      if (row) this.open(this.entries.findIndex((entry) => entry.event_id === row.dataset.eventId));
    });
  }

  get height() {
    return this.narrow.matches ? 40 : 22;
  }

  clear() {
    this.entries = [];
    this.known.clear();
    this.dropped = false;
    this.scroller.scrollTop = 0;
    this.#redraw();
  }

  /** Older records, below. */
  append(entries) {
    for (const entry of this.#fresh(entries)) this.entries.push(entry);
    this.#soon();
  }

  /** Records that arrived, oldest first, each where its time belongs; most belong on top. */
  insert(entries) {
    const fresh = this.#fresh(entries).reverse().sort((a, b) => (a.ts < b.ts ? 1 : a.ts > b.ts ? -1 : 0));
    if (!fresh.length) return;
    const first = Math.floor(this.scroller.scrollTop / this.height);
    const reading = this.scroller.scrollTop > 0 ? this.entries[first] : undefined;
    const merged = [];
    let next = 0;
    for (const entry of this.entries) {
      while (next < fresh.length && fresh[next].ts >= entry.ts) merged.push(fresh[next++]);
      merged.push(entry);
    }
    while (next < fresh.length) merged.push(fresh[next++]);
    for (const gone of merged.splice(MOST)) {
      this.known.delete(gone.event_id);
      this.dropped = true;
    }
    this.entries = merged;
    this.#size();
    if (reading) {
      const moved = this.entries.indexOf(reading) - first;
      if (moved > 0) this.scroller.scrollTop += moved * this.height;
    }
    this.#soon();
  }

  #fresh(entries) {
    return entries.filter((entry) => {
      if (this.known.has(entry.event_id)) return false;
      this.known.add(entry.event_id);
      return true;
    });
  }

  /** Move the choice by some rows. */
  move(by) {
    const at = this.entries.findIndex((entry) => entry.event_id === this.chosen);
    const next = at < 0 ? 0 : Math.min(this.entries.length - 1, Math.max(0, at + by));
    this.choose(next);
    return next;
  }

  choose(index) {
    const entry = this.entries[index];
    if (!entry) return;
    this.chosen = entry.event_id;
    const top = index * this.height;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    else if (top + this.height > this.scroller.scrollTop + this.scroller.clientHeight) {
      this.scroller.scrollTop = top + this.height - this.scroller.clientHeight;
    }
    this.#redraw();
  }

  open(index) {
    if (!this.entries[index]) return;
    this.choose(index);
    this.handlers.onOpen(this.entries[index]);
  }

  openChosen() {
    this.open(this.entries.findIndex((entry) => entry.event_id === this.chosen));
  }

  unchoose() {
    this.chosen = "";
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

  #size() {
    this.canvas.style.height = this.entries.length * this.height + "px";
  }

  #draw() {
    this.#size();
    const { scrollTop, clientHeight } = this.scroller;
    const first = Math.max(0, Math.floor(scrollTop / this.height) - OVERSCAN);
    const last = Math.min(this.entries.length, Math.ceil((scrollTop + clientHeight) / this.height) + OVERSCAN);
    const wanted = new Map();
    for (let index = first; index < last; index++) wanted.set(this.entries[index].event_id, index);
    for (const [id, row] of this.rows) {
      if (!wanted.has(id)) {
        row.remove();
        this.rows.delete(id);
      }
    }
    for (const [id, index] of wanted) {
      let row = this.rows.get(id);
      if (!row) {
        row = this.#row(this.entries[index]);
        this.rows.set(id, row);
        this.canvas.append(row);
      }
      row.style.transform = `translateY(${index * this.height}px)`;
      row.setAttribute("aria-posinset", String(index + 1));
      row.setAttribute("aria-setsize", String(this.entries.length));
    }
    const active = this.rows.get(this.chosen);
    if (active) this.scroller.setAttribute("aria-activedescendant", active.id);
    else this.scroller.removeAttribute("aria-activedescendant");
    if (this.entries.length && last >= this.entries.length) this.handlers.onEnd();
  }

  /** @param {Entry} entry */
  #row(entry) {
    const chosen = entry.event_id === this.chosen;
    const row = make(
      "div",
      {
        class: "row level-" + levelClass(entry.level) + (chosen ? " chosen" : ""),
        role: "option", id: "row-" + entry.event_id, "aria-selected": String(chosen),
        "data-testid": "row", "data-event-id": entry.event_id,
      },
      make("time", { title: entry.ts }, localTime(entry.ts)),
      make("span", { class: "level" }, entry.level),
      make("span", { class: "app" }, entry.appid),
      make("span", { class: "message", "data-testid": "row-message" }, entry.message.slice(0, 2000)),
    );
    return row;
  }
}

const LEVELS = new Set(["FATAL", "ERROR", "WARN", "NOTICE", "INFO", "DEBUG", "TRACE"]);
export const levelClass = (level) => (LEVELS.has(level) ? level : "UNKNOWN");
