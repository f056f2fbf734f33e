// The log: one page, then older ones as one scrolls, and what arrives.

import { ApiError } from "./api.js";
import { byId, duration, localTime, number } from "./dom.js";
import { showDetail } from "./detail.js";
import { Histogram } from "./histogram.js";
import { List, MOST } from "./list.js";
import { parameters, range } from "./view.js";

const PAGE = "200";
const POLL = 1_000;
const SLOWEST = 30_000;
const RECOUNT = 5_000;
const MOST_WAITING = 5_000;

export class Logs {
  /**
   * @param {import("./api.js").Api} api @param {() => import("./view.js").View} view
   * @param {() => string[]} mayRead names and globs of apps
   * @param {(changes: Partial<import("./view.js").View>) => void} onChange
   * @param {(text: string) => void} notice
   */
  constructor(api, view, mayRead, onChange, notice) {
    this.api = api;
    this.view = view;
    this.mayRead = mayRead;
    this.onChange = onChange;
    this.notice = notice;
    this.list = new List(byId("log"), byId("rows"), {
      onOpen: (entry) => this.#open(entry),
      onEnd: () => this.#older(),
    });
    this.histogram = new Histogram(byId("histogram"), byId("chart-label"), (from, to) => onChange({ from, to, event: "" }));
    this.round = 0; // what belongs to an earlier question is thrown away
    this.paused = false;
    this.waiting = [];
    this.next = null;
    this.live = null;
    this.loading = false;
    this.failures = 0;
    this.troubled = false;
    this.skipped = 0;
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#pollNow(); });
  }

  /** Ask for nothing more, and let go of what was read. */
  stop() {
    this.#drop();
    this.total = null;
    byId("detail").replaceChildren();
    byId("detail").hidden = true;
  }

  #drop() {
    this.round += 1;
    clearTimeout(this.timer);
    clearTimeout(this.counting);
    this.waiting = [];
    this.skipped = 0;
    this.next = this.live = null;
    this.list.clear();
  }

  /** Ask anew: the view has changed. */
  async load() {
    this.#drop();
    const round = this.round;
    this.#state("loading…");
    byId("brush-clear").hidden = !this.view().from;
    byId("empty").hidden = true;
    this.#count(round);
    this.loading = true;
    try {
      const page = await this.api.get("logs", { ...parameters(this.view()), ...range(this.view()), limit: PAGE });
      if (round !== this.round) return;
      this.answered = page;
      this.next = page.next;
      this.live = this.view().from ? null : page.live;
      this.list.append(page.records);
      byId("covers").textContent = "Older than " + localTime(page.covers_since) + ": logctl tail --since, or Athena";
      this.#tellEmpty(page);
      this.#reopen();
    } catch (problem) {
      if (round === this.round) this.#failed(problem);
      if (round === this.round && problem.wait) this.timer = setTimeout(() => this.load(), problem.wait);
      return;
    } finally {
      if (round === this.round) this.loading = false;
    }
    this.failures = 0;
    this.#tell();
    if (this.next && !this.list.entries.length) this.#older(); // time ran out before anything was found
    this.#schedule();
  }

  #reopen() {
    const at = this.list.entries.findIndex((entry) => entry.event_id === this.view().event);
    if (at >= 0) this.list.open(at);
    else this.close();
  }

  async #older() {
    if (this.loading || !this.next) return;
    if (this.list.entries.length >= MOST || this.list.dropped) return;
    const round = this.round;
    this.loading = true;
    this.#tell();
    try {
      const page = await this.api.get("logs", { ...parameters(this.view()), cursor: this.next, limit: "500" });
      if (round !== this.round) return;
      const stuck = page.next === this.next && !page.records.length;
      this.next = stuck ? null : page.next;
      this.list.append(page.records);
      this.#tellEmpty(page);
    } catch (problem) {
      if (round !== this.round) return;
      this.notice(problem.busy || problem.message);
      this.troubled = true;
      if (problem.wait) setTimeout(() => { if (round === this.round) this.#older(); }, problem.wait);
      return;
    } finally {
      if (round === this.round) this.loading = false;
    }
    if (this.troubled) this.notice("");
    this.troubled = false;
    this.#tell();
    if (!this.list.entries.length) this.#older();
  }

  // ── What arrives ──

  #schedule(after = POLL) {
    clearTimeout(this.timer);
    if (this.live) this.timer = setTimeout(() => this.#pollNow(), after);
  }

  async #pollNow() {
    // A hidden page asks nothing; its cursor is good for an hour, and it catches up when it is seen again.
    if (!this.live || document.hidden || this.polling) return;
    clearTimeout(this.timer);
    const round = this.round;
    this.polling = true;
    let wait = POLL;
    try {
      const answer = await this.api.get("logs/live", { ...parameters(this.view()), cursor: this.live });
      if (round !== this.round) return;
      this.live = answer.live;
      this.failures = 0;
      this.skipped += answer.skipped;
      this.#arrived(answer.records);
    } catch (problem) {
      if (round !== this.round || problem.status === 401) return;
      if (problem instanceof ApiError && (problem.status === 400 || problem.status === 403)) {
        this.load(); // the cursor is too old, or what is looked at is no longer allowed
        return;
      }
      this.failures += 1;
      wait = problem.wait || Math.min(SLOWEST, POLL * 2 ** this.failures);
      const said = problem.busy || `${problem.message} Trying again in ${duration(wait)}.`;
      this.#state(`interrupted: ${said}`, "trouble");
    } finally {
      this.polling = false;
      if (round === this.round) this.#schedule(wait);
    }
  }

  #arrived(records) {
    if (this.paused) {
      this.waiting.push(...records);
      this.skipped += this.waiting.splice(0, Math.max(0, this.waiting.length - MOST_WAITING)).length;
    } else this.list.insert(records);
    if (records.length) byId("empty").hidden = true;
    this.#tell();
  }

  togglePause() {
    this.paused = !this.paused;
    byId("pause").setAttribute("aria-pressed", String(this.paused));
    if (!this.paused) {
      this.list.insert(this.waiting);
      this.waiting = [];
    }
    this.#tell();
  }

  // ── Counts ──

  async #count(round) {
    clearTimeout(this.counting);
    let wait = this.view().from ? 0 : RECOUNT;
    if (!document.hidden) {
      try {
        const answer = await this.api.get("counts", { ...parameters(this.view()), ...range(this.view()), buckets: "80" });
        if (round !== this.round) return;
        this.histogram.show(answer);
        byId("chart-from").textContent = localTime(answer.since);
        byId("chart-to").textContent = localTime(answer.until);
        this.total = answer.complete ? answer.total : null;
        this.#tell();
      } catch (problem) {
        if (round !== this.round) return; // the page itself says what is wrong
        wait = Math.max(wait, problem.wait ?? 0);
      }
    }
    if (wait) this.counting = setTimeout(() => this.#count(round), wait);
  }

  // ── What is said ──

  #tell() {
    const loaded = this.list.entries.length;
    const of = this.total != null && this.total > loaded ? ` of ${number(this.total)}` : "";
    const more = this.list.dropped ? "; the oldest were let go" : loaded >= MOST ? "; narrow the range to see more" : this.next ? "; scroll for older" : "";
    byId("count").textContent = loaded ? `${number(loaded)}${of} records${more}` : "";
    const pause = byId("pause");
    pause.textContent = this.paused ? (this.waiting.length ? `Go on (${number(this.waiting.length)} new)` : "Go on") : "Pause";
    pause.disabled = !this.live;
    if (this.loading) this.#state("loading…");
    else if (this.failures) return;
    else if (!this.live) this.#state(this.view().from ? "a chosen time" : "");
    else if (this.paused) this.#state(`paused, ${number(this.waiting.length)} new`);
    else this.#state(this.skipped ? `live; ${number(this.skipped)} came too fast to show` : "live", "live");
  }

  #state(text, kind = "") {
    byId("live-state").textContent = text;
    byId("live-state").className = kind;
  }

  #tellEmpty(page) {
    const empty = byId("empty");
    empty.hidden = this.list.entries.length > 0 || Boolean(page.next);
    if (empty.hidden) return;
    const apps = this.view().apps;
    const every = this.mayRead().includes("*") ? "any app" : `the apps that you may read (${this.mayRead().join(", ")})`;
    const who = apps.length ? apps.join(", ") : every;
    const when = this.view().from ? "in the chosen time" : `in the last ${this.view().since}`;
    const filtered = this.view().search || this.view().level;
    empty.textContent = filtered
      ? `Nothing that fits from ${who} ${when}. Widen the range, or take a filter away.`
      : `Nothing from ${who} ${when}. Widen the range, or send something: logctl send FILE --app ${apps[0] ?? "APPID"}`;
  }

  #failed(problem) {
    this.failures = 1;
    if (problem.status === 401) return;
    const forbidden = problem.status === 403;
    this.#state(forbidden ? "not allowed" : problem.busy, forbidden || problem.busy ? "trouble" : "");
    if (!problem.busy) this.notice(problem.message);
    if (!forbidden) return;
    clearTimeout(this.counting);
    this.histogram.clear();
    byId("count").textContent = "";
    byId("empty").textContent = `${problem.message} Whether there are records is not shown to you.`;
    byId("empty").hidden = false;
  }

  // ── One record ──

  #open(entry) {
    showDetail(byId("detail"), entry, () => this.close());
    this.onChange({ event: entry.event_id });
  }

  close() {
    if (byId("detail").hidden) return false;
    byId("detail").hidden = true;
    this.list.unchoose();
    this.onChange({ event: "" });
    byId("log").focus({ preventScroll: true });
    return true;
  }
}
