// Sign-in with OpenID Connect: authorization code with PKCE (RFC 7636). The page is a public client without a
// secret. Tokens are kept in the sessionStorage of this tab only.

const TOKENS = "logctl.tokens";
const PENDING = "logctl.signing-in";
const EARLY = 60_000; // milliseconds before its end that a token is renewed
const DEFAULT_LIFETIME = 3600; // seconds, if the sign-in service names none

/** @typedef {{authorize_url: string, token_url: string, logout_url: string, client_id: string, scope: string}} AuthConfig */

const here = () => location.origin + location.pathname;

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, "-")
    .replace(/\//g, "_")
    .replace(/=+$/, "");
}

const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

/** @param {string} key */
function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

/** @returns {{access: string, refresh: string, until: number} | null} `until` in milliseconds */
const storedTokens = () => stored(TOKENS);

/** @returns {{verifier: string, state: string, view: string} | null} a sign-in that was started in this tab */
const storedSignIn = () => stored(PENDING);

export class SignInError extends Error {}

export class Auth {
  /** @param {AuthConfig} config */
  constructor(config) {
    this.config = config;
    /** @type {Promise<boolean> | null} */
    this.renewing = null;
    /** @type {() => void} called after each renewal: the new token may allow other apps */
    this.onRenewed = () => {};
  }

  get signedIn() {
    return Boolean(storedTokens()?.access);
  }

  /** Open the sign-in page. The current view is restored afterwards. */
  async begin() {
    const verifier = randomText();
    const state = randomText();
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    sessionStorage.setItem(PENDING, JSON.stringify({ verifier, state, view: location.hash }));
    const query = new URLSearchParams({
      response_type: "code",
      client_id: this.config.client_id,
      redirect_uri: here(),
      scope: this.config.scope,
      state,
      code_challenge: base64url(new Uint8Array(digest)),
      code_challenge_method: "S256",
    });
    location.assign(this.config.authorize_url + "?" + query);
  }

  /**
   * Complete a sign-in whose result is in the address; do nothing if there is none.
   * @throws {SignInError}
   */
  async finish() {
    const query = new URLSearchParams(location.search);
    const code = query.get("code");
    if (code === null && !query.has("error")) return;
    const pending = storedSignIn();
    const verifier = new URLSearchParams(location.hash.slice(1)).get("verifier");
    sessionStorage.removeItem(PENDING);
    history.replaceState(null, "", location.pathname + (pending?.view ?? ""));
    if (query.has("error") || code === null) {
      throw new SignInError("Signing in failed: " + (query.get("error_description") || query.get("error")));
    }
    if (pending && pending.state === query.get("state")) {
      await this.#exchange(code, pending.verifier);
    } else if (!pending && query.get("state") === "cli" && isLoopback() && verifier) {
      await this.#useLink(code, verifier);
    } else {
      throw new SignInError("This sign-in was not started in this tab. Sign in again.");
    }
  }

  /**
   * Sign in with a link of `logctl dashboard open`, which works once, for the sandbox on this machine.
   * @param {string} code
   * @param {string} verifier
   */
  async #useLink(code, verifier) {
    try {
      await this.#exchange(code, verifier);
    } catch {
      throw new SignInError(
        "This sign-in link was already used or has expired. Create another with: logctl dashboard open",
      );
    }
  }

  /**
   * @param {string} code
   * @param {string} verifier
   */
  #exchange(code, verifier) {
    return this.#requestTokens({
      grant_type: "authorization_code",
      code,
      client_id: this.config.client_id,
      redirect_uri: here(),
      code_verifier: verifier,
    });
  }

  /** @param {Record<string, string>} form */
  async #requestTokens(form) {
    const reply = await fetch(this.config.token_url, {
      method: "POST",
      body: new URLSearchParams(form),
      credentials: "omit",
      referrerPolicy: "no-referrer",
    });
    if (!reply.ok) throw new SignInError("The sign-in was not accepted. Sign in again.");
    const given = await reply.json();
    sessionStorage.setItem(
      TOKENS,
      JSON.stringify({
        access: given.access_token,
        refresh: given.refresh_token ?? storedTokens()?.refresh ?? "",
        until: Date.now() + Number(given.expires_in ?? DEFAULT_LIFETIME) * 1000,
      }),
    );
  }

  /** Return the access token, renewed if it ends soon; empty if there is none. */
  async token() {
    const tokens = storedTokens();
    if (tokens?.refresh && tokens.until - EARLY < Date.now()) await this.renew();
    return storedTokens()?.access ?? "";
  }

  /**
   * Renew the token, once for all callers that wait for it.
   * @returns {Promise<boolean>} whether there is a new token
   */
  renew() {
    const refresh = storedTokens()?.refresh;
    if (!refresh) return Promise.resolve(false);
    this.renewing ??= this.#renew(refresh).finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  /** @param {string} refresh */
  async #renew(refresh) {
    try {
      await this.#requestTokens({
        grant_type: "refresh_token",
        refresh_token: refresh,
        client_id: this.config.client_id,
      });
    } catch {
      return false;
    }
    this.onRenewed();
    return true;
  }

  forget() {
    sessionStorage.removeItem(TOKENS);
  }

  /** Sign out of this tab, and of the sign-in service if it has an address for that. */
  leave() {
    this.forget();
    const { logout_url: address, client_id } = this.config;
    if (address) location.assign(address + "?" + new URLSearchParams({ client_id, logout_uri: here() }));
    else location.reload();
  }
}

const isLoopback = () => location.hostname === "127.0.0.1" || location.hostname === "localhost";
