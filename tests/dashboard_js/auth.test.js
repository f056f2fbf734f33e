import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Auth, SignInError } from "../../logctl/dashboard/assets/auth.js";

const CONFIG = {
  authorize_url: "https://id.example/authorize",
  token_url: "https://id.example/token",
  logout_url: "https://id.example/logout",
  client_id: "web",
  scope: "openid",
};

/** What the page's surroundings are, and what it did with them. */
let browser;

beforeEach(() => {
  browser = { storage: new Map(), went: [], replaced: [], forms: [], answers: [] };
  const define = (name, value) =>
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  define("sessionStorage", {
    getItem: (key) => browser.storage.get(key) ?? null,
    setItem: (key, value) => browser.storage.set(key, value),
    removeItem: (key) => browser.storage.delete(key),
  });
  define("history", { replaceState: (_state, _title, address) => browser.replaced.push(address) });
  define("fetch", async (_address, { body }) => {
    browser.forms.push(Object.fromEntries(body));
    const answer = browser.answers.shift();
    return new Response(JSON.stringify(answer ?? {}), { status: answer ? 200 : 400 });
  });
  define("location", null);
  goTo("https://logs.example/page/");
});

function goTo(address) {
  const { origin, hostname, pathname, search, hash } = new URL(address);
  globalThis.location = {
    origin,
    hostname,
    pathname,
    search,
    hash,
    assign: (target) => browser.went.push(new URL(target)),
    reload: () => browser.went.push("reload"),
  };
}

const keep = (tokens) => browser.storage.set("logctl.tokens", JSON.stringify(tokens));
const kept = () => JSON.parse(browser.storage.get("logctl.tokens") ?? "null");
const pending = () => JSON.parse(browser.storage.get("logctl.signing-in"));

test("a sign-in asks for a code with the digest of a verifier that stays here", async () => {
  goTo("https://logs.example/page/#level=WARN");
  await new Auth(CONFIG).begin();
  const [{ origin, pathname, searchParams: query }] = browser.went;
  assert.equal(origin + pathname, CONFIG.authorize_url);
  const { verifier, state, view } = pending();
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  assert.deepEqual(Object.fromEntries(query), {
    response_type: "code",
    client_id: "web",
    redirect_uri: "https://logs.example/page/",
    scope: "openid",
    state,
    code_challenge: Buffer.from(digest).toString("base64url"),
    code_challenge_method: "S256",
  });
  assert.match(verifier, /^[A-Za-z0-9_-]{43}$/);
  assert.notEqual(verifier, state);
  assert.equal(view, "#level=WARN");
});

test("a completed sign-in stores the tokens and restores the view", async () => {
  goTo("https://logs.example/page/#level=WARN");
  const auth = new Auth(CONFIG);
  await auth.begin();
  const { verifier, state } = pending();
  goTo(`https://logs.example/page/?code=abc&state=${state}`);
  browser.answers.push({ access_token: "a", refresh_token: "r", expires_in: 60 });
  await auth.finish();
  assert.deepEqual(browser.forms, [
    {
      grant_type: "authorization_code",
      code: "abc",
      client_id: "web",
      redirect_uri: "https://logs.example/page/",
      code_verifier: verifier,
    },
  ]);
  assert.deepEqual(browser.replaced, ["/page/#level=WARN"]);
  assert.equal(auth.signedIn, true);
  assert.equal(browser.storage.has("logctl.signing-in"), false);
});

test("a code that was not asked for here is refused", async () => {
  const auth = new Auth(CONFIG);
  const strangers = [
    "https://logs.example/?code=stolen&state=theirs",
    "https://logs.example/?code=stolen",
    "https://logs.example/?code=stolen&state=cli#verifier=theirs", // one-time links are for the sandbox only
    "http://127.0.0.1:8080/?code=stolen&state=cli",
  ];
  for (const address of strangers) {
    goTo(address);
    await assert.rejects(auth.finish(), SignInError, address);
  }
  await auth.begin();
  goTo("http://127.0.0.1:8080/?code=stolen&state=cli#verifier=theirs");
  await assert.rejects(auth.finish(), SignInError);
  assert.deepEqual(browser.forms, []);
});

test("a one-time link of the sandbox signs in", async () => {
  goTo("http://127.0.0.1:8080/?code=once&state=cli#verifier=v");
  browser.answers.push({ access_token: "a" });
  await new Auth(CONFIG).finish();
  assert.equal(browser.forms[0].code_verifier, "v");
  assert.deepEqual(browser.replaced, ["/"]);
  await assert.rejects(new Auth(CONFIG).finish(), /already used or has expired.*logctl dashboard open/);
});

test("a sign-in that was denied says so", async () => {
  goTo("https://logs.example/?error=access_denied&error_description=No%20entry");
  await assert.rejects(new Auth(CONFIG).finish(), { message: "Signing in failed: No entry" });
});

test("an address without a sign-in changes nothing", async () => {
  await new Auth(CONFIG).finish();
  assert.deepEqual([browser.replaced, browser.forms], [[], []]);
});

test("a token is renewed shortly before its end", async () => {
  const auth = new Auth(CONFIG);
  keep({ access: "old", refresh: "r", until: Date.now() + 3_600_000 });
  assert.equal(await auth.token(), "old");
  keep({ access: "old", refresh: "r", until: Date.now() + 30_000 });
  browser.answers.push({ access_token: "new" });
  assert.equal(await auth.token(), "new");
  assert.deepEqual(browser.forms, [{ grant_type: "refresh_token", refresh_token: "r", client_id: "web" }]);
  assert.equal(kept().refresh, "r"); // the service did not replace it
  assert.ok(kept().until > Date.now() + 3_500_000);
});

test("a renewal happens once for all who wait for it", async () => {
  const auth = new Auth(CONFIG);
  let renewed = 0;
  auth.onRenewed = () => {
    renewed += 1;
  };
  keep({ access: "old", refresh: "r", until: 0 });
  browser.answers.push({ access_token: "new", refresh_token: "r2", expires_in: 3600 });
  assert.deepEqual(await Promise.all([auth.renew(), auth.renew(), auth.token()]), [true, true, "new"]);
  assert.deepEqual([browser.forms.length, renewed, kept().refresh], [1, 1, "r2"]);
});

test("a renewal that is refused can be tried again", async () => {
  const auth = new Auth(CONFIG);
  assert.equal(await auth.renew(), false); // nothing to renew with
  keep({ access: "old", refresh: "r", until: 0 });
  assert.equal(await auth.renew(), false);
  browser.answers.push({ access_token: "new" });
  assert.equal(await auth.renew(), true);
});

test("storage that holds something else is no session", () => {
  browser.storage.set("logctl.tokens", "{not json");
  assert.equal(new Auth(CONFIG).signedIn, false);
});

test("signing out forgets the tokens and leaves the sign-in service too", () => {
  keep({ access: "a", refresh: "r", until: 0 });
  new Auth(CONFIG).leave();
  new Auth({ ...CONFIG, logout_url: "" }).leave();
  assert.equal(kept(), null);
  assert.equal(
    browser.went[0].href,
    "https://id.example/logout?client_id=web&logout_uri=https%3A%2F%2Flogs.example%2Fpage%2F",
  );
  assert.equal(browser.went[1], "reload");
});
