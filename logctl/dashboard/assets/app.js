// The page: the session, the current view, and what keys and controls do.

import { Api, asApiError } from "./api.js";
import { Auth } from "./auth.js";
import { byId, debounced, make } from "./dom.js";
import { Logs } from "./logs.js";
import { panelsOf } from "./panels.js";
import { duration } from "./times.js";
import { asksAnew, fromAddress, RANGES, toAddress, withApp, withFixedTimes } from "./view.js";
import { noApp } from "./wording.js";

/** @typedef {import("./view.js").View} View */

const THEME = "logctl.theme";
const APPS_INTERVAL = 10_000;

/** @type {HTMLMetaElement | null} */
const configuration = document.querySelector('meta[name="logctl-config"]');
/** @type {import("./auth.js").AuthConfig & {environment: string}} */
const config = JSON.parse(configuration?.content ?? "");
/** @type {HTMLElement[]} */
const tabs = [...document.querySelectorAll("[data-tab]")].filter((tab) => tab instanceof HTMLElement);
const auth = new Auth(config);
const api = new Api(auth, () => welcome("Your session has ended. Sign in again."), readSessionAgain);
auth.onRenewed = readSessionAgain;
let view = fromAddress(location.hash);
let started = false;
/** @type {string[]} names and globs of apps; `*` is every app */
let mayRead = [];

const logs = new Logs(
  api,
  () => view,
  () => mayRead,
  change,
  notice,
);
const panels = panelsOf(api, () => mayRead, notice);

// ── The session ──

/** Show the button to sign in. */
function welcome(text = "") {
  stop();
  byId("sign-out").hidden = true;
  byId("user").textContent = "";
  byId("welcome").hidden = false;
  byId("sign-in").focus();
  notice(text);
}

/** Hide all views, stop all requests and remove what was read. */
function stop() {
  for (const id of ["welcome", "no-access", "tabs", "logs", "alerts", "health"]) byId(id).hidden = true;
  started = false;
  logs.stop();
  panels.stop();
  clearTimeout(appsTimer);
  for (const id of ["app-options", "alerts", "health"]) byId(id).replaceChildren();
}

/** @type {Promise<void> | null} */
let reading = null;

/** Request who is signed in and what they may read: at the start, and whenever that may have changed. */
function readSession() {
  reading ??= whenNotBusy(() => api.get("session"))
    .then(admit)
    .finally(() => {
      reading = null;
    });
  return reading;
}

function readSessionAgain() {
  readSession().catch(() => {}); // the current view's own requests show the failure
}

/** @param {import("./answers.d.ts").Answers["session"]} session */
function admit(session) {
  const changed = session.apps.join() !== mayRead.join();
  mayRead = session.apps;
  byId("sign-out").hidden = false;
  byId("user").textContent = session.user;
  byId("user").title = "may read: " + (mayRead.join(", ") || "no app");
  if (!mayRead.length) {
    stop();
    byId("no-access-user").textContent = session.user;
    byId("no-access").hidden = false;
    notice("");
  } else if (!started || changed) {
    const text = started ? "What you may read has changed: " + mayRead.join(", ") : "";
    byId("welcome").hidden = byId("no-access").hidden = true;
    byId("tabs").hidden = false;
    started = true;
    listApps();
    show();
    notice(text);
  }
}

async function lookAgain() {
  byId("look-again").disabled = true;
  try {
    await auth.renew(); // the token names the user's groups as they were when it was issued
    await readSession();
    if (!mayRead.length) notice("You still have no permission to read any app.");
  } catch (error) {
    notice(asApiError(error).message);
  } finally {
    byId("look-again").disabled = false;
  }
}

/**
 * Return the answer of a request, repeated as long as the API is busy.
 * @template Answer
 * @param {() => Promise<Answer>} request
 */
async function whenNotBusy(request) {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      const problem = asApiError(error);
      if (!problem.wait) throw error;
      notice(problem.busy);
      await new Promise((resolve) => setTimeout(resolve, problem.wait));
    }
  }
}

/** @param {string} text empty to hide the notice */
function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

// ── The view ──

/**
 * Change the view and the address, and request what the view needs.
 * @param {Partial<View>} changes
 */
function change(changes) {
  const before = view;
  view = { ...view, search: byId("search").value, ...changes }; // includes what is being typed
  history.replaceState(null, "", location.pathname + toAddress(view));
  if (asksAnew(before, view)) show();
}

function show() {
  if (!started) return;
  for (const tab of tabs) {
    const name = tab.dataset.tab ?? "";
    tab.setAttribute("aria-selected", String(name === view.tab));
    byId(name).hidden = name !== view.tab;
  }
  byId("since").value = view.from ? "custom" : view.since;
  byId("level").value = view.level;
  if (byId("search").value !== view.search) byId("search").value = view.search;
  byId("picked").textContent = view.apps.length ? view.apps.join(", ") : "All apps";
  byId("link-line").hidden = true;
  notice("");
  panels.show(view.tab);
  if (view.tab === "logs") logs.load();
}

let appsTimer = 0;

/** Show the apps to select from, and repeat it every ten seconds. */
async function listApps() {
  clearTimeout(appsTimer);
  let wait = APPS_INTERVAL;
  if (!document.hidden) {
    try {
      showApps((await api.get("apps")).apps);
    } catch (error) {
      wait = asApiError(error).wait || APPS_INTERVAL; // the current view's own requests show the failure
    }
  }
  if (started) appsTimer = setTimeout(listApps, wait);
}

/** @param {import("./answers.d.ts").Answers["apps"]["apps"]} apps */
function showApps(apps) {
  const names = new Set([...apps.map((app) => app.appid), ...view.apps]);
  const lags = new Map(apps.map((app) => [app.appid, app.lag_ms]));
  const focused =
    document.activeElement instanceof HTMLElement ? document.activeElement.dataset.app : undefined;
  const options = [...names].sort().map((name) => appOption(name, lags.get(name) ?? null));
  const none = make("p", { class: "quiet" }, `${noApp(mayRead)} has sent yet.`);
  byId("app-options").replaceChildren(...(options.length ? options : [none]));
  [...byId("app-options").querySelectorAll("input")].find((box) => box.dataset.app === focused)?.focus();
}

/**
 * @param {string} name
 * @param {number | null} lag milliseconds since the app's newest record
 */
function appOption(name, lag) {
  const box = make("input", { type: "checkbox", "data-testid": "app-option", "data-app": name });
  box.checked = view.apps.includes(name);
  box.addEventListener("change", () => change({ apps: withApp(view.apps, name, box.checked), event: "" }));
  const age = make("span", { class: "quiet" }, lag === null ? "" : duration(lag) + " ago");
  return make("label", {}, box, " ", name, " ", age);
}

/** Return a link to the current view that shows the same records later. */
function link() {
  const fixed = logs.answered ? withFixedTimes(view, logs.answered, Date.now()) : view;
  return location.origin + location.pathname + toAddress(fixed);
}

// ── Controls ──

byId("environment").textContent = config.environment;
document.title = config.environment + " · logctl";
byId("sign-in").addEventListener("click", () => auth.begin());
byId("look-again").addEventListener("click", lookAgain);
byId("sign-out").addEventListener("click", () => auth.leave());
byId("since").addEventListener("change", () => {
  const since = byId("since").value;
  if (RANGES.includes(since)) change({ since, from: "", to: "", event: "" });
});
byId("level").addEventListener("change", () => change({ level: byId("level").value, event: "" }));
byId("search").addEventListener(
  "input",
  debounced(300, () => change({ search: byId("search").value, event: "" })),
);
byId("pause").addEventListener("click", () => logs.togglePause());
byId("brush-clear").addEventListener("click", () => change({ from: "", to: "", event: "" }));
byId("link").addEventListener("click", async () => {
  byId("link-line").hidden = false;
  byId("link-value").value = link();
  byId("link-value").select();
  try {
    await navigator.clipboard.writeText(byId("link-value").value);
    notice("The link is copied.");
  } catch {
    notice("Copy the link from the field.");
  }
});
for (const tab of tabs) {
  tab.addEventListener("click", () => change({ tab: tab.dataset.tab, event: "" }));
}
byId("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const focused = /** @type {HTMLElement} */ (document.activeElement);
  if (step) tabs[(tabs.indexOf(focused) + step + tabs.length) % tabs.length].focus();
});
document.addEventListener("click", (event) => {
  if (!byId("app-picker").contains(/** @type {Node} */ (event.target))) byId("app-picker").open = false;
});
window.addEventListener("hashchange", () => {
  view = fromAddress(location.hash);
  show();
});

/** @param {string} theme `light`, `dark`, or empty for the system's */
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = { light: "Light", dark: "Dark" }[theme] ?? "Theme";
}
setTheme(localStorage.getItem(THEME) ?? "");
byId("theme").addEventListener("click", () => {
  const now =
    document.documentElement.dataset.theme ||
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  localStorage.setItem(THEME, next);
  setTheme(next);
});

const help = byId("help");
byId("keys").addEventListener("click", () => help.showModal());
byId("help-close").addEventListener("click", () => help.close());

/** @type {{[key: string]: () => void}} */
const KEYS = {
  1: () => change({ tab: "logs", event: "" }),
  2: () => change({ tab: "alerts", event: "" }),
  3: () => change({ tab: "health", event: "" }),
  "?": () => help.showModal(),
  "/": () => {
    if (view.tab === "logs") byId("search").focus();
  },
  p: () => {
    if (view.tab === "logs" && !byId("pause").disabled) logs.togglePause();
  },
  j: () => logs.list.move(1),
  k: () => logs.list.move(-1),
  ArrowDown: () => logs.list.move(1),
  ArrowUp: () => logs.list.move(-1),
  Enter: () => logs.list.openSelected(),
};
const LIST_KEYS = new Set(["ArrowDown", "ArrowUp", "Enter"]);

document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (!started || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === "Escape") {
    if (byId("app-picker").open) byId("app-picker").open = false;
    else if (!logs.close() && document.activeElement instanceof HTMLElement) document.activeElement.blur();
    return;
  }
  if (target.matches("input, select, textarea")) return;
  if (LIST_KEYS.has(event.key) && target !== byId("log") && target !== document.body) return;
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (act && (view.tab === "logs" || /^[123?]$/.test(event.key))) {
    event.preventDefault();
    act();
  }
});

// ── Start ──

try {
  await auth.finish();
  view = fromAddress(location.hash);
  if (auth.signedIn) await readSession();
  else welcome();
} catch (error) {
  const problem = asApiError(error);
  if (!auth.signedIn)
    welcome(problem.status === 401 ? "Your session has ended. Sign in again." : problem.message);
  else notice(problem.message);
}
