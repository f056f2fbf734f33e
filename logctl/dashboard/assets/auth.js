// Signing in: OpenID Connect, authorization code with PKCE. The page is a public client and has no secret;
// tokens live in this tab's sessionStorage and nowhere else.

const TOKENS = "logctl.tokens";
const PENDING = "logctl.signing-in";
const EARLY = 60_000; // tokens are renewed this long before they end

const here = () => location.origin + location.pathname;

function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

const randomText = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "null");
  } catch {
    return null;
  }
}

export class SignInError extends Error {}

export class Auth {
  /** @param {{authorize_url: string, token_url: string, logout_url: string, client_id: string, scope: string}} config */
  constructor(config) {
    this.config = config;
    this.renewing = null;
    /** @type {() => void} called with each renewed token: it may allow something else than the one before */
    this.onRenewed = () => {};
  }

  get signedIn() {
    return Boolean(stored(TOKENS)?.access);
  }

  /** Leave for the sign-in page; the view comes back with us. */
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

  /** Take what a sign-in has left in the address. @throws {SignInError} */
  async finish() {
    const query = new URLSearchParams(location.search);
    if (!query.has("code") && !query.has("error")) return;
    const pending = stored(PENDING);
    const fragment = new URLSearchParams(location.hash.slice(1));
    sessionStorage.removeItem(PENDING);
    history.replaceState(null, "", location.pathname + (pending?.view ?? ""));
    if (query.has("error")) {
      throw new SignInError("Signing in failed: " + (query.get("error_description") || query.get("error")));
    }
    if (pending && pending.state === query.get("state")) {
      await this.#exchange(query.get("code"), pending.verifier);
    } else if (!pending && query.get("state") === "cli" && isLoopback() && fragment.get("verifier")) {
      await this.#oneTime(query.get("code"), fragment.get("verifier"));
    } else {
      throw new SignInError("That sign-in was not begun here. Sign in again.");
    }
  }

  /** A link made by `logctl dashboard open`, for the sandbox on this machine. */
  async #oneTime(code, verifier) {
    try {
      await this.#exchange(code, verifier);
    } catch {
      throw new SignInError(
        "This sign-in link was used already or is too old. Make another with: logctl dashboard open",
      );
    }
  }

  #exchange(code, verifier) {
    return this.#ask({
      grant_type: "authorization_code", code, client_id: this.config.client_id, redirect_uri: here(),
      code_verifier: verifier,
    });
  }

  async #ask(form) {
    const reply = await fetch(this.config.token_url, {
      method: "POST", body: new URLSearchParams(form), credentials: "omit", referrerPolicy: "no-referrer",
    });
    if (!reply.ok) throw new SignInError("The sign-in was not accepted. Sign in again.");
    const given = await reply.json();
    sessionStorage.setItem(TOKENS, JSON.stringify({
      access: given.access_token,
      refresh: given.refresh_token ?? stored(TOKENS)?.refresh ?? "",
      until: Date.now() + Number(given.expires_in ?? 3600) * 1000,
    }));
  }

  /** A token to send, renewed when it is about to end. */
  async token() {
    const tokens = stored(TOKENS);
    if (tokens?.refresh && tokens.until - EARLY < Date.now()) await this.renew();
    return stored(TOKENS)?.access ?? "";
  }

  /** Renew once, however many ask. Says whether there is a new token. */
  renew() {
    const refresh = stored(TOKENS)?.refresh;
    if (!refresh) return Promise.resolve(false);
    this.renewing ??= this.#ask({
      grant_type: "refresh_token", refresh_token: refresh, client_id: this.config.client_id,
    }).then(() => { this.onRenewed(); return true; }, () => false).finally(() => { this.renewing = null; });
    return this.renewing;
  }

  forget() {
    sessionStorage.removeItem(TOKENS);
  }

  /** Sign out here, and at the sign-in service where it has an address for that. */
  leave() {
    this.forget();
    const { logout_url: address, client_id } = this.config;
    if (address) location.assign(address + "?" + new URLSearchParams({ client_id, logout_uri: here() }));
    else location.reload();
  }
}

const isLoopback = () => location.hostname === "127.0.0.1" || location.hostname === "localhost";
