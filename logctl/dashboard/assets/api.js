// Requests to the API. Every answer is JSON; every failure becomes an ApiError with a sentence for the user.

import { duration } from "./times.js";

/** @typedef {import("./answers.d.ts").Answers} Answers */

const BUSY = new Set([429, 503]);
const FIRST_DELAY = 1_000;
const LONGEST_DELAY = 30_000;

export class ApiError extends Error {
  /**
   * @param {number} status 0 if there was no answer
   * @param {string} message
   * @param {string} [hint]
   * @param {number} [wait] milliseconds after which to try again if the API is busy; else 0
   */
  constructor(status, message, hint = "", wait = 0) {
    super(hint ? message + " " + hint : message);
    this.status = status;
    this.wait = wait;
  }

  /** Why there is no answer yet. A busy API must not look like an empty answer. */
  get busy() {
    return this.wait ? `Busy, trying again in ${duration(this.wait)}.` : "";
  }
}

/**
 * Return what was caught as an ApiError. Anything else is a defect of the page; its message is shown too.
 * @param {unknown} error
 */
export function asApiError(error) {
  if (error instanceof ApiError) return error;
  return new ApiError(0, error instanceof Error ? error.message : String(error));
}

export class Api {
  /**
   * @param {Pick<import("./auth.js").Auth, "token" | "renew" | "forget">} auth
   * @param {() => void} onSessionEnd
   * @param {() => void} onForbidden called when a request is refused: what the user may read may have changed
   */
  constructor(auth, onSessionEnd, onForbidden) {
    this.auth = auth;
    this.onSessionEnd = onSessionEnd;
    this.onForbidden = onForbidden;
    this.refusals = 0; // in a row, because the API was busy
  }

  /**
   * Return the answer of a route.
   * @template {keyof Answers} Path
   * @param {Path} path relative to the page
   * @param {Record<string, string | null | undefined>} [query] empty values are omitted
   * @returns {Promise<Answers[Path]>}
   * @throws {ApiError}
   */
  async get(path, query = {}) {
    const address = addressOf(path, query);
    let reply = await this.#request(address);
    if (reply.status === 401 && (await this.auth.renew())) reply = await this.#request(address);
    if (reply.status === 401) {
      this.auth.forget();
      this.onSessionEnd();
      throw new ApiError(401, "Your session has ended.");
    }
    let body;
    try {
      body = await reply.json();
    } catch {
      if (reply.ok) throw new ApiError(reply.status, "The API's answer is not valid JSON.");
    }
    if (reply.ok) {
      this.refusals = 0;
      return body;
    }
    if (reply.status === 403) this.onForbidden();
    const wait = BUSY.has(reply.status) ? retryDelay(reply.headers.get("retry-after"), this.refusals++) : 0;
    throw new ApiError(reply.status, body?.error ?? refusal(reply.status), body?.hint ?? "", wait);
  }

  /** @param {string} address */
  async #request(address) {
    const token = await this.auth.token();
    try {
      return await fetch(address, {
        headers: { authorization: "Bearer " + token },
        credentials: "omit",
        cache: "no-store",
      });
    } catch {
      throw new ApiError(0, "The API cannot be reached.");
    }
  }
}

/**
 * Return a path with a query string of the values that are not empty.
 * @param {string} path
 * @param {Record<string, string | null | undefined>} query
 */
export function addressOf(path, query) {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value) given.set(name, value);
  const text = given.toString();
  return text ? path + "?" + text : path;
}

/**
 * Return the milliseconds to wait before the next attempt, in whole seconds: the API's Retry-After, and at least
 * twice as long with each refusal. A random part keeps many pages from trying at the same moment.
 * @param {string | null} retryAfter
 * @param {number} refusals so far, in a row
 * @param {number} [random] from 0 to 1
 */
export function retryDelay(retryAfter, refusals, random = Math.random()) {
  const backOff = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** refusals);
  const asked = /^[0-9]{1,5}$/.test(retryAfter ?? "") ? Number(retryAfter) * 1000 : 0;
  return Math.round((Math.max(asked, backOff) * (1 + random / 4)) / 1000) * 1000;
}

/** @param {number} status */
function refusal(status) {
  if (BUSY.has(status)) return "The API is overloaded.";
  if (status === 403) return "You may not read this.";
  return `The API answered with status ${status}.`;
}
