// The view of records: a page of the newest ones, older ones while scrolling, and those that arrive.

import { asApiError } from "./api.js";
import { continued } from "./buckets.js";
import { showDetail } from "./detail.js";
import { byId } from "./dom.js";
import { Histogram } from "./histogram.js";
import { List } from "./list.js";
import { MOST_RECORDS } from "./records.js";
import { number } from "./text.js";
import { duration, localTime } from "./times.js";
import { filters, range } from "./view.js";
import { noRecords, recordCount } from "./wording.js";

/** @typedef {import("./answers.d.ts").Answers} Answers */
/** @typedef {import("./records.js").LogRecord} LogRecord */

const FIRST_PAGE = "200";
const NEXT_PAGE = "500";
const BUCKETS = "80";
const MOST_WAITING = 5_000; // records that arrive while the list is paused
// Milliseconds:
const POLL_INTERVAL = 1_000;
const LONGEST_POLL_INTERVAL = 30_000; // while the API fails
const COUNT_INTERVAL = 5_000;
const COUNT_ALL_INTERVAL = 60_000; // meanwhile only the last bucket is counted again, where most records arrive

export class Logs {
  /**
   * @param {import("./api.js").Api} api
   * @param {() => import("./view.js").View} view
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
      onEnd: () => this.#loadOlder(),
    });
    this.histogram = new Histogram(byId("histogram"), byId("chart-label"), (from, to) =>
      onChange({ from, to, event: "" }),
    );
    this.round = 0; // an answer to a request of an earlier round is ignored
    this.paused = false;
    /** @type {LogRecord[]} what arrived while the list was paused */
    this.waiting = [];
    /** @type {string | null} the cursor of the next older page */
    this.next = null;
    /** @type {string | null} the cursor of what arrives */
    this.live = null;
    /** @type {Answers["logs"] | undefined} the first page */
    this.answered = undefined;
    /** @type {number | null} */
    this.total = null;
    this.loading = false;
    this.polling = false;
    this.failures = 0; // in a row
    this.noticed = false; // whether a notice tells of a failure to load older records
    this.skipped = 0;
    /** @type {Answers["counts"] | null} the counts of the range */
    this.counted = null;
    this.countedAllAt = 0; // when all of them were requested
    this.gone = 0; // records that were asked for and are no longer in S3
    this.pollTimer = 0;
    this.countTimer = 0;
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#poll();
    });
  }

  /** Stop all requests and remove all records. */
  stop() {
    this.#clear();
    this.total = null;
    byId("detail").replaceChildren();
    byId("detail").hidden = true;
  }

  #clear() {
    this.round += 1;
    clearTimeout(this.pollTimer);
    clearTimeout(this.countTimer);
    this.waiting = [];
    this.skipped = this.gone = 0;
    this.next = this.live = null;
    this.counted = null;
    this.list.clear();
  }

  /** Load the first page of the current view. */
  async load() {
    this.#clear();
    const round = this.round;
    this.#showState("loading…");
    byId("brush-clear").hidden = !this.view().from;
    byId("empty").hidden = true;
    this.#count(round);
    this.loading = true;
    try {
      const page = await this.api.get("logs", {
        ...filters(this.view()),
        ...range(this.view()),
        limit: FIRST_PAGE,
      });
      if (round !== this.round) return;
      this.answered = page;
      this.next = page.next;
      this.live = this.view().from ? null : page.live;
      this.gone = page.gone.records;
      this.list.append(page.records);
      byId("covers").textContent =
        `For records older than ${localTime(page.covers_since)} use: logctl tail --since, or Athena`;
      this.#showEmpty(page);
      this.#reopen();
    } catch (error) {
      if (round !== this.round) return;
      const problem = asApiError(error);
      this.#showFailure(problem);
      if (problem.wait) this.pollTimer = setTimeout(() => this.load(), problem.wait);
      return;
    } finally {
      if (round === this.round) this.loading = false;
    }
    this.failures = 0;
    this.#show();
    // A page may be empty because the API's time ran out before it found a record.
    if (this.next && !this.list.records.entries.length) this.#loadOlder();
    this.#schedule();
  }

  /** Open the details of the record that the address names. */
  #reopen() {
    const at = this.list.records.indexOf(this.view().event);
    if (at >= 0) this.list.open(at);
    else this.close();
  }

  async #loadOlder() {
    if (this.loading || !this.next) return;
    const { records } = this.list;
    if (records.entries.length >= MOST_RECORDS || records.dropped) return;
    const round = this.round;
    this.loading = true;
    this.#show();
    try {
      const page = await this.api.get("logs", {
        ...filters(this.view()),
        cursor: this.next,
        limit: NEXT_PAGE,
      });
      if (round !== this.round) return;
      const stuck = page.next === this.next && !page.records.length;
      this.next = stuck ? null : page.next;
      this.gone += page.gone.records;
      this.list.append(page.records);
      this.#showEmpty(page);
    } catch (error) {
      if (round !== this.round) return;
      const problem = asApiError(error);
      this.notice(problem.busy || problem.message);
      this.noticed = true;
      if (problem.wait)
        setTimeout(() => {
          if (round === this.round) this.#loadOlder();
        }, problem.wait);
      return;
    } finally {
      if (round === this.round) this.loading = false;
    }
    if (this.noticed) this.notice("");
    this.noticed = false;
    this.#show();
    if (!records.entries.length) this.#loadOlder();
  }

  // ── What arrives ──

  #schedule(after = POLL_INTERVAL) {
    clearTimeout(this.pollTimer);
    if (this.live) this.pollTimer = setTimeout(() => this.#poll(), after);
  }

  async #poll() {
    // A hidden page sends no requests. Its cursor is valid for an hour; it catches up when the page is visible again.
    if (!this.live || document.hidden || this.polling) return;
    clearTimeout(this.pollTimer);
    const round = this.round;
    this.polling = true;
    let wait = POLL_INTERVAL;
    try {
      const answer = await this.api.get("logs/live", { ...filters(this.view()), cursor: this.live });
      if (round !== this.round) return;
      this.live = answer.live;
      this.failures = 0;
      this.skipped += answer.skipped;
      this.gone += answer.gone.records;
      this.#receive(answer.records);
    } catch (error) {
      const problem = asApiError(error);
      if (round !== this.round || problem.status === 401) return;
      if (problem.status === 400 || problem.status === 403) {
        this.load(); // the cursor is too old, or the user may no longer read these apps
        return;
      }
      this.failures += 1;
      wait = problem.wait || Math.min(LONGEST_POLL_INTERVAL, POLL_INTERVAL * 2 ** this.failures);
      const reason = problem.busy || `${problem.message} Trying again in ${duration(wait)}.`;
      this.#showState(`interrupted: ${reason}`, "trouble");
    } finally {
      this.polling = false;
      if (round === this.round) this.#schedule(wait);
    }
  }

  /** @param {LogRecord[]} records */
  #receive(records) {
    if (this.paused) {
      this.waiting.push(...records);
      this.skipped += this.waiting.splice(0, Math.max(0, this.waiting.length - MOST_WAITING)).length;
    } else this.list.insert(records);
    if (records.length) byId("empty").hidden = true;
    this.#show();
  }

  togglePause() {
    this.paused = !this.paused;
    byId("pause").setAttribute("aria-pressed", String(this.paused));
    if (!this.paused) {
      this.list.insert(this.waiting);
      this.waiting = [];
    }
    this.#show();
  }

  // ── Counts ──

  /** Return the counts of the range; but for once a minute, only the last bucket is requested. */
  async #counts() {
    const before = this.counted;
    const last = before?.buckets.at(-1);
    if (before?.complete && last && Date.now() - this.countedAllAt < COUNT_ALL_INTERVAL) {
      const step = `${before.step_ms / 1_000}s`;
      const later = await this.api.get("counts", { ...filters(this.view()), since: last.at, step });
      return continued(before, later);
    }
    const asked = Date.now();
    const answer = await this.api.get("counts", {
      ...filters(this.view()),
      ...range(this.view()),
      buckets: BUCKETS,
    });
    this.countedAllAt = asked;
    return answer;
  }

  /** @param {number} round */
  async #count(round) {
    clearTimeout(this.countTimer);
    let wait = this.view().from ? 0 : COUNT_INTERVAL; // a selected range does not change
    if (!document.hidden) {
      try {
        const answer = await this.#counts();
        if (round !== this.round) return;
        this.counted = answer;
        this.histogram.show(answer);
        byId("chart-from").textContent = localTime(answer.since);
        byId("chart-to").textContent = localTime(answer.until);
        this.total = answer.complete ? answer.total : null;
        this.#show();
      } catch (error) {
        if (round !== this.round) return; // the request for records shows the failure
        wait = Math.max(wait, asApiError(error).wait);
      }
    }
    if (wait) this.countTimer = setTimeout(() => this.#count(round), wait);
  }

  // ── Messages ──

  #show() {
    const { entries, dropped } = this.list.records;
    const list = {
      loaded: entries.length,
      total: this.total,
      dropped,
      full: entries.length >= MOST_RECORDS,
      more: Boolean(this.next),
    };
    byId("count").textContent = recordCount(list, this.gone);
    const pause = byId("pause");
    const waiting = number(this.waiting.length);
    pause.textContent = !this.paused ? "Pause" : this.waiting.length ? `Resume (${waiting} new)` : "Resume";
    pause.disabled = !this.live;
    if (this.loading) this.#showState("loading…");
    else if (this.failures) return;
    else if (!this.live) this.#showState(this.view().from ? "selected time range" : "");
    else if (this.paused) this.#showState(`paused, ${waiting} new`);
    else if (this.skipped)
      this.#showState(`live; ${number(this.skipped)} arrived too fast to be shown`, "live");
    else this.#showState("live", "live");
  }

  /**
   * @param {string} text
   * @param {"" | "live" | "trouble"} [className]
   */
  #showState(text, className = "") {
    byId("live-state").textContent = text;
    byId("live-state").className = className;
  }

  /** @param {Answers["logs"]} page */
  #showEmpty(page) {
    const empty = byId("empty");
    empty.hidden = this.list.records.entries.length > 0 || Boolean(page.next);
    if (!empty.hidden) empty.textContent = noRecords(this.view(), this.mayRead());
  }

  /** @param {import("./api.js").ApiError} problem */
  #showFailure(problem) {
    this.failures = 1;
    if (problem.status === 401) return;
    const forbidden = problem.status === 403;
    this.#showState(forbidden ? "not allowed" : problem.busy, forbidden || problem.busy ? "trouble" : "");
    if (!problem.busy) this.notice(problem.message);
    if (!forbidden) return;
    clearTimeout(this.countTimer);
    this.histogram.clear();
    byId("count").textContent = "";
    byId("empty").textContent = `${problem.message} This page does not show whether there are records.`;
    byId("empty").hidden = false;
  }

  // ── Details ──

  /** @param {LogRecord} entry */
  #open(entry) {
    showDetail(byId("detail"), entry, () => this.close());
    this.onChange({ event: entry.event_id });
  }

  /** Close the details; return whether they were open. */
  close() {
    if (byId("detail").hidden) return false;
    byId("detail").hidden = true;
    this.list.deselect();
    this.onChange({ event: "" });
    byId("log").focus({ preventScroll: true });
    return true;
  }
}
