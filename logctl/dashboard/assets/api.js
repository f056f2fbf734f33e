// Asking the API. Every answer is JSON; every failure becomes an ApiError with a sentence.

export class ApiError extends Error {
  constructor(status, message, hint = "") {
    super(hint ? message + " " + hint : message);
    this.status = status;
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
    if (reply.ok) return body;
    if (reply.status === 403) this.onForbidden();
    throw new ApiError(reply.status, body.error ?? said(reply.status), body.hint ?? "");
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
  if (status === 429) return "Too many requests; going slower.";
  if (status === 403) return "You may not see this.";
  return "The API answered " + status + ".";
}
