// A chart of records over time, by level. A time range is selected in it by mouse, touch or keyboard.

import { bars, bucketAt, label, neighbour, timeRange } from "./buckets.js";
import { makeSvg } from "./dom.js";

/** @typedef {import("./buckets.js").Bucket} Bucket */

// The chart's own units, which SVG scales to the element's size.
const HEIGHT = 100;
const WIDTH = 1000;

export class Histogram {
  /**
   * @param {HTMLElement} place
   * @param {HTMLElement} label
   * @param {(from: string, to: string) => void} onSelect
   */
  constructor(place, label, onSelect) {
    this.place = place;
    this.label = label;
    this.onSelect = onSelect;
    /** @type {Bucket[]} */
    this.buckets = [];
    this.step = 0;
    /** @type {number | null} the bucket where the selection started */
    this.anchor = null;
    /** @type {number | null} the bucket where it ends; null if nothing is selected */
    this.head = null;
    this.dragging = false;
    this.bars = makeSvg("g");
    this.selection = makeSvg("rect", { class: "choice", y: 0, height: HEIGHT, width: 0 });
    const svg = makeSvg("svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      "aria-hidden": "true",
    });
    svg.append(this.bars, this.selection);
    place.append(svg);
    place.addEventListener("pointerdown", (event) => this.#down(event));
    place.addEventListener("pointermove", (event) => this.#move(event));
    place.addEventListener("pointerup", () => this.#up());
    place.addEventListener("pointercancel", () => this.#cancel());
    place.addEventListener("pointerleave", () => {
      if (!this.dragging) this.label.textContent = "";
    });
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  clear() {
    this.show({ step_ms: 0, buckets: [] });
  }

  /** @param {{step_ms: number, buckets: Bucket[]}} answer */
  show(answer) {
    if (this.dragging) return; // the bars must not move under the pointer
    this.buckets = answer.buckets;
    this.step = answer.step_ms;
    this.bars.replaceChildren(
      ...bars(this.buckets, { width: WIDTH, height: HEIGHT }).map((bar) => {
        const group = makeSvg("g", {
          "data-testid": "histogram-bar",
          "data-at": bar.at,
          "data-total": bar.total,
        });
        group.append(
          ...bar.parts.map(({ level, ...box }) => makeSvg("rect", { class: "level-" + level, ...box })),
        );
        return group;
      }),
    );
    if (this.#selected && this.#selected.end > this.buckets.length) this.#cancel();
    else this.#draw();
  }

  /** @param {PointerEvent} event */
  #at(event) {
    const box = this.place.getBoundingClientRect();
    return bucketAt((event.clientX - box.left) / box.width, this.buckets.length);
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (!this.buckets.length || event.button) return;
    this.place.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.anchor = this.head = this.#at(event);
    this.#draw();
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.buckets.length) return;
    const at = this.#at(event);
    if (this.dragging) {
      this.head = at;
      this.#draw();
    } else this.label.textContent = label([this.buckets[at]], this.step);
  }

  #up() {
    if (!this.dragging) return;
    this.dragging = false;
    this.#select();
  }

  #cancel() {
    this.dragging = false;
    this.anchor = this.head = null;
    this.#draw();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && this.buckets.length) {
      this.head = neighbour(this.head, step, this.buckets.length);
      if (!event.shiftKey || this.anchor === null) this.anchor = this.head;
      this.#draw();
    } else if (event.key === "Enter" && this.head !== null) this.#select();
    else if (event.key === "Escape" && this.head !== null) this.#cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** The selected buckets, as the first index and the index after the last; null if there are none. */
  get #selected() {
    if (this.anchor === null || this.head === null) return null;
    return { first: Math.min(this.anchor, this.head), end: Math.max(this.anchor, this.head) + 1 };
  }

  #select() {
    const selected = this.#selected;
    if (!selected) return;
    const { from, to } = timeRange(this.buckets.slice(selected.first, selected.end), this.step);
    this.#cancel();
    this.onSelect(from, to);
  }

  #draw() {
    const selected = this.#selected;
    if (!selected) {
      this.selection.setAttribute("width", "0");
      this.label.textContent = "";
      return;
    }
    const width = WIDTH / this.buckets.length;
    this.selection.setAttribute("x", String(selected.first * width));
    this.selection.setAttribute("width", String((selected.end - selected.first) * width));
    this.label.textContent = label(this.buckets.slice(selected.first, selected.end), this.step);
  }
}
