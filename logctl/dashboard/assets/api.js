// Asking the API. Every answer is JSON; every failure becomes an ApiError with a sentence.

import { duration } from "./dom.js";

const BUSY = new Set([429, 503]);
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

export class ApiError extends Error {
  /** @param {number} wait milliseconds after which to try again, where the API has no room just now; else 0 */
  constructor(status, message, hint = "", wait = 0) {
    super(hint ? message + " " + hint : message);
    this.status = status;
    this.wait = wait;
  }

  /** Why there is no answer yet, for who has asked; never to be taken for an empty answer. */
  get busy() {
    return this.wait ? `Busy, trying again in ${duration(this.wait)}.` : "";
  }
}

export class Api {
  /**
   * @param {import("./auth.js").Auth} auth @param {() => void} onSessionEnd
   * @param {() => void} onForbidden something is not allowed that was asked for: what is allowed may have changed
   */
  constructor(auth, onSessionEnd, onForbidden) {
    this.auth = auth;
    this.onSessionEnd = onSessionEnd;
    this.refusals = 0; // in a row
    this.onForbidden = onForbidden;
  }

  /** @param {string} path relative to the page @param {Record<string, string>} [query] empty values are left out */
  async get(path, query = {}, signal = undefined) {
    const given = Object.entries(query).filter(([, value]) => value !== "" && value != null);
    const address = path + (given.length ? "?" + new URLSearchParams(given) : "");
    let reply = await this.#ask(address, signal);
    if (reply.status === 401 && (await this.auth.renew())) reply = await this.#ask(address, signal);
    if (reply.status === 401) {
      this.auth.forget();
      this.onSessionEnd();
      throw new ApiError(401, "Your session has ended.");
    }
    let body = {};
    try {
      body = await reply.json();
    } catch {
      if (reply.ok) throw new ApiError(reply.status, "The answer cannot be read.");
    }
    if (reply.ok) {
      this.refusals = 0;
      return body;
    }
    if (reply.status === 403) this.onForbidden();
    const wait = BUSY.has(reply.status) ? this.#wait(reply.headers.get("retry-after")) : 0;
    throw new ApiError(reply.status, body.error ?? said(reply.status), body.hint ?? "", wait);
  }

  /** As long as the API says, else twice as long with each refusal; not all pages at one moment. */
  #wait(told) {
    const backOff = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** this.refusals++);
    const asked = /^[0-9]{1,5}$/.test(told ?? "") ? Number(told) * 1000 : 0;
    return Math.round(Math.max(asked, backOff) * (1 + Math.random() / 4) / 1000) * 1000;
  }

  async #ask(address, signal) {
    const token = await this.auth.token();
    try {
      return await fetch(address, {
        headers: { authorization: "Bearer " + token }, credentials: "omit", cache: "no-store", signal,
      });
    } catch (problem) {
      if (problem.name === "AbortError") throw problem;
      throw new ApiError(0, "The API cannot be reached.");
    }
  }
}

function said(status) {
  if (BUSY.has(status)) return "The API has no room just now.";
  if (status === 403) return "You may not see this.";
  return "The API answered " + status + ".";
}
