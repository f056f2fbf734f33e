// Counts by level over time, to look at and to choose a range from: by mouse, by finger, or by keyboard.

import { localTime, makeSvg, number } from "./dom.js";

const ORDER = ["UNKNOWN", "TRACE", "DEBUG", "INFO", "NOTICE", "WARN", "ERROR", "FATAL"]; // from below upwards
const HEIGHT = 100;
const WIDTH = 1000;

export class Histogram {
  /** @param {HTMLElement} place @param {HTMLElement} label @param {(from: string, to: string) => void} onChoose */
  constructor(place, label, onChoose) {
    this.place = place;
    this.label = label;
    this.onChoose = onChoose;
    this.buckets = [];
    this.step = 0;
    this.anchor = null; // where a choice was begun, as a bucket's number
    this.head = null;
    this.dragging = false;
    this.svg = makeSvg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    this.bars = makeSvg("g");
    this.choice = makeSvg("rect", { class: "choice", y: 0, height: HEIGHT, width: 0 });
    this.svg.append(this.bars, this.choice);
    place.append(this.svg);
    place.addEventListener("pointerdown", (event) => this.#down(event));
    place.addEventListener("pointermove", (event) => this.#move(event));
    place.addEventListener("pointerup", () => this.#up());
    place.addEventListener("pointercancel", () => this.#cancel());
    place.addEventListener("pointerleave", () => { if (!this.dragging) this.label.textContent = ""; });
    place.addEventListener("keydown", (event) => this.#key(event));
  }

  clear() {
    this.show({ step_ms: 0, buckets: [] });
  }

  /** @param {{step_ms: number, buckets: {at: string, counts: Record<string, number>}[]}} answer */
  show(answer) {
    if (this.dragging) return; // what is being chosen from must not move
    this.buckets = answer.buckets.map((bucket) => ({ at: bucket.at, counts: new Map(Object.entries(bucket.counts)) }));
    this.step = answer.step_ms;
    const totals = this.buckets.map((bucket) => total(bucket));
    const most = Math.max(1, ...totals);
    const width = WIDTH / Math.max(1, this.buckets.length);
    const drawn = document.createDocumentFragment();
    this.buckets.forEach((bucket, place) => {
      const group = makeSvg("g", { "data-testid": "histogram-bar", "data-at": bucket.at, "data-total": totals[place] });
      let top = HEIGHT;
      for (const level of ORDER) {
        const count = bucket.counts.get(level) ?? 0;
        if (!count) continue;
        const height = Math.max((count / most) * HEIGHT, 1.5);
        top -= height;
        group.append(makeSvg("rect", {
          class: "level-" + level, x: place * width + width * 0.08, width: width * 0.84, y: Math.max(0, top), height,
        }));
      }
      drawn.append(group);
    });
    this.bars.replaceChildren(drawn);
    if (this.head !== null && this.head >= this.buckets.length) this.#cancel();
    this.#draw();
  }

  #at(event) {
    const box = this.place.getBoundingClientRect();
    const place = Math.floor(((event.clientX - box.left) / box.width) * this.buckets.length);
    return Math.min(this.buckets.length - 1, Math.max(0, place));
  }

  #down(event) {
    if (!this.buckets.length || event.button) return;
    this.place.setPointerCapture(event.pointerId);
    this.dragging = true;
    this.anchor = this.head = this.#at(event);
    this.#draw();
  }

  #move(event) {
    if (!this.buckets.length) return;
    if (this.dragging) {
      this.head = this.#at(event);
      this.#draw();
    } else this.#tell(this.#at(event), this.#at(event));
  }

  #up() {
    if (!this.dragging) return;
    this.dragging = false;
    this.#choose();
  }

  #cancel() {
    this.dragging = false;
    this.anchor = this.head = null;
    this.#draw();
  }

  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step && this.buckets.length) {
      const last = this.buckets.length - 1;
      const next = this.head === null ? (step > 0 ? 0 : last) : Math.min(last, Math.max(0, this.head + step));
      this.head = next;
      if (!event.shiftKey || this.anchor === null) this.anchor = next;
      this.#draw();
    } else if (event.key === "Enter" && this.head !== null) this.#choose();
    else if (event.key === "Escape" && this.head !== null) this.#cancel();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #choose() {
    const [first, last] = [Math.min(this.anchor, this.head), Math.max(this.anchor, this.head)];
    const from = this.buckets[first].at;
    const to = new Date(Date.parse(this.buckets[last].at) + this.step).toISOString();
    this.#cancel();
    this.onChoose(from, to);
  }

  #draw() {
    if (this.head === null) {
      this.choice.setAttribute("width", "0");
      this.label.textContent = "";
      return;
    }
    const width = WIDTH / this.buckets.length;
    const [first, last] = [Math.min(this.anchor, this.head), Math.max(this.anchor, this.head)];
    this.choice.setAttribute("x", String(first * width));
    this.choice.setAttribute("width", String((last - first + 1) * width));
    this.#tell(first, last);
  }

  #tell(first, last) {
    const inside = this.buckets.slice(first, last + 1);
    const sums = new Map();
    for (const bucket of inside) {
      for (const [level, count] of bucket.counts) sums.set(level, (sums.get(level) ?? 0) + count);
    }
    const parts = ORDER.toReversed().filter((level) => sums.get(level)).map((level) => `${level} ${number(sums.get(level))}`);
    const end = new Date(Date.parse(this.buckets[last].at) + this.step).toISOString();
    this.label.textContent = `${localTime(this.buckets[first].at)} – ${localTime(end)}: ${parts.join(", ") || "nothing"}`;
  }
}

const total = (bucket) => [...bucket.counts.values()].reduce((sum, count) => sum + count, 0);
