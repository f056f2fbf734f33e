// The records that the page holds: newest first, each once, and a limited number.

/** @typedef {import("./answers.d.ts").Record} LogRecord */

export const MOST_RECORDS = 20_000;

export class Records {
  /** @param {number} [most] how many records to keep */
  constructor(most = MOST_RECORDS) {
    this.most = most;
    /** @type {LogRecord[]} */
    this.entries = [];
    /** Whether old records were removed to make room. */
    this.dropped = false;
    /** @type {Set<string>} */
    this.known = new Set();
  }

  clear() {
    this.entries = [];
    this.dropped = false;
    this.known.clear();
  }

  /**
   * Add older records at the end.
   * @param {LogRecord[]} older newest first
   */
  append(older) {
    for (const entry of this.#unknown(older)) this.entries.push(entry);
  }

  /**
   * Add records that arrived, each at its time; of equal times the latest arrival comes first.
   * @param {LogRecord[]} arrived in the order of arrival
   * @returns {boolean} whether any was new
   */
  insert(arrived) {
    const fresh = this.#unknown(arrived)
      .reverse()
      .sort((a, b) => (a.ts < b.ts ? 1 : a.ts > b.ts ? -1 : 0));
    if (!fresh.length) return false;
    const merged = [];
    let next = 0;
    for (const entry of this.entries) {
      while (next < fresh.length && fresh[next].ts >= entry.ts) merged.push(fresh[next++]);
      merged.push(entry);
    }
    while (next < fresh.length) merged.push(fresh[next++]);
    for (const removed of merged.splice(this.most)) {
      this.known.delete(removed.event_id);
      this.dropped = true;
    }
    this.entries = merged;
    return true;
  }

  /**
   * Return the position of a record; -1 if it is not held.
   * @param {string} eventId
   */
  indexOf(eventId) {
    return this.entries.findIndex((entry) => entry.event_id === eventId);
  }

  /**
   * Return the records that were not held yet, and remember them.
   * @param {LogRecord[]} entries
   */
  #unknown(entries) {
    return entries.filter((entry) => {
      if (this.known.has(entry.event_id)) return false;
      this.known.add(entry.event_id);
      return true;
    });
  }
}
