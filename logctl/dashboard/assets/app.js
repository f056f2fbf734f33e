// The page: who is signed in, which view is shown, and what keys and controls do.

import { panelsOf } from "./panels.js";
import { Api } from "./api.js";
import { Auth } from "./auth.js";
import { byId, duration, make, nobody, settled } from "./dom.js";
import { Logs } from "./logs.js";
import { RANGES, fromAddress, toAddress } from "./view.js";

const THEME = "logctl.theme";
const APPS_EVERY = 10_000;

const config = JSON.parse(document.querySelector('meta[name="logctl-config"]').content);
const auth = new Auth(config);
const api = new Api(auth, () => welcome("Your session has ended. Sign in again."), readSessionAgain);
auth.onRenewed = readSessionAgain;
let view = fromAddress(location.hash);
let started = false;
let mayRead = []; // names and globs of apps; `*` is every app

const logs = new Logs(api, () => view, () => mayRead, change, notice);
const panels = panelsOf(api, () => mayRead, notice);

// ── Signing in ──

function welcome(text = "") {
  stop();
  byId("sign-out").hidden = true;
  byId("user").textContent = "";
  byId("welcome").hidden = false;
  byId("sign-in").focus();
  notice(text);
}

/** Show no view and ask for nothing more; what was read goes. */
function stop() {
  for (const id of ["welcome", "no-access", "tabs", "logs", "alerts", "health"]) byId(id).hidden = true;
  started = false;
  logs.stop();
  panels.stop();
  clearTimeout(listing);
  for (const id of ["app-options", "alerts", "health"]) byId(id).replaceChildren();
}

let reading = null;

/** Who is signed in, and what they may read: at the start, and again whenever that may have changed. */
function readSession() {
  reading ??= patiently(() => api.get("session")).then(admit).finally(() => { reading = null; });
  return reading;
}

function readSessionAgain() {
  readSession().catch(() => {}); // said by what is being looked at
}

/** @param {{user: string, apps: string[]}} session */
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
    const told = started ? "What you may read has changed: " + mayRead.join(", ") : "";
    byId("welcome").hidden = byId("no-access").hidden = true;
    byId("tabs").hidden = false;
    started = true;
    listApps();
    show();
    notice(told);
  }
}

async function lookAgain() {
  byId("look-again").disabled = true;
  try {
    await auth.renew(); // groups stand in the token: one that was made before does not name new ones
    await readSession();
    if (!mayRead.length) notice("You still may read no app.");
  } catch (problem) {
    notice(problem.message);
  } finally {
    byId("look-again").disabled = false;
  }
}

/** What the API answers once it has room. */
async function patiently(ask) {
  for (;;) {
    try {
      return await ask();
    } catch (problem) {
      if (!problem.wait) throw problem;
      notice(problem.busy);
      await new Promise((resolve) => setTimeout(resolve, problem.wait));
    }
  }
}

/** @param {string} text */
function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

// ── The view ──

/** Change the view, keep it in the address, and ask for what it needs. */
function change(changes) {
  const before = view;
  view = { ...view, search: byId("search").value, ...changes }; // what is still being typed counts too
  history.replaceState(null, "", location.pathname + toAddress(view));
  const other = ["tab", "since", "from", "to", "level", "search"].some((name) => view[name] !== before[name]);
  if (other || view.apps.join() !== before.apps.join()) show();
}

function show() {
  if (!started) return;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    tab.setAttribute("aria-selected", String(tab.dataset.tab === view.tab));
    byId(tab.dataset.tab).hidden = tab.dataset.tab !== view.tab;
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

let listing = 0;

async function listApps() {
  clearTimeout(listing);
  let wait = APPS_EVERY;
  if (!document.hidden) {
    try {
      const { apps } = await api.get("apps");
      const names = new Set([...apps.map((app) => app.appid), ...view.apps]);
      const ages = new Map(apps.map((app) => [app.appid, app.lag_ms]));
      const focused = document.activeElement?.dataset?.app;
      byId("app-options").replaceChildren(...[...names].sort().map((name) => option(name, ages.get(name))));
      if (focused) document.querySelector(`[data-app="${CSS.escape(focused)}"]`)?.focus();
      if (!names.size) byId("app-options").replaceChildren(make("p", { class: "quiet" }, `${nobody(mayRead)} has sent yet.`));
    } catch (problem) {
      // Said where it matters: by what is being looked at.
      wait = problem.wait || APPS_EVERY;
    }
  }
  if (started) listing = setTimeout(listApps, wait);
}

function option(name, lag) {
  const box = make("input", { type: "checkbox", "data-testid": "app-option", "data-app": name });
  box.checked = view.apps.includes(name);
  box.addEventListener("change", () => {
    const apps = view.apps.filter((app) => app !== name);
    change({ apps: box.checked ? [...apps, name].sort().slice(0, 20) : apps, event: "" });
  });
  const age = make("span", { class: "quiet" }, lag == null ? "" : duration(lag) + " ago");
  return make("label", {}, box, " ", name, " ", age);
}

/** The view with its times fixed, so that the link shows the same tomorrow. */
function link() {
  const answered = logs.answered;
  const fixed = view.from || !answered
    ? view
    : { ...view, from: answered.since, to: new Date(Math.min(Date.now(), Date.parse(answered.until))).toISOString() };
  return location.origin + location.pathname + toAddress(fixed);
}

// ── Controls ──

byId("environment").textContent = config.environment;
document.title = config.environment + " · logctl";
byId("sign-in").addEventListener("click", () => auth.begin());
byId("look-again").addEventListener("click", lookAgain);
byId("sign-out").addEventListener("click", () => auth.leave());
byId("since").addEventListener("change", (event) => {
  if (RANGES.includes(event.target.value)) change({ since: event.target.value, from: "", to: "", event: "" });
});
byId("level").addEventListener("change", (event) => change({ level: event.target.value, event: "" }));
byId("search").addEventListener("input", settled(300, () => change({ search: byId("search").value, event: "" })));
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
for (const tab of document.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => change({ tab: tab.dataset.tab, event: "" }));
}
byId("tabs").addEventListener("keydown", (event) => {
  const tabs = [...document.querySelectorAll("[data-tab]")];
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (step) tabs[(tabs.indexOf(document.activeElement) + step + tabs.length) % tabs.length].focus();
});
document.addEventListener("click", (event) => {
  if (!byId("app-picker").contains(event.target)) byId("app-picker").open = false;
});
window.addEventListener("hashchange", () => {
  view = fromAddress(location.hash);
  show();
});

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = { light: "Light", dark: "Dark" }[theme] ?? "Theme";
}
setTheme(localStorage.getItem(THEME) ?? "");
byId("theme").addEventListener("click", () => {
  const now = document.documentElement.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  localStorage.setItem(THEME, next);
  setTheme(next);
});

const help = byId("help");
byId("keys").addEventListener("click", () => help.showModal());
byId("help-close").addEventListener("click", () => help.close());

const KEYS = {
  "1": () => change({ tab: "logs", event: "" }),
  "2": () => change({ tab: "alerts", event: "" }),
  "3": () => change({ tab: "health", event: "" }),
  "?": () => help.showModal(),
  "/": () => { if (view.tab === "logs") byId("search").focus(); },
  p: () => { if (view.tab === "logs" && !byId("pause").disabled) logs.togglePause(); },
  j: () => logs.list.move(1),
  k: () => logs.list.move(-1),
  ArrowDown: () => logs.list.move(1),
  ArrowUp: () => logs.list.move(-1),
  Enter: () => logs.list.openChosen(),
};
const IN_THE_LIST = new Set(["ArrowDown", "ArrowUp", "Enter"]);

document.addEventListener("keydown", (event) => {
  if (!started || event.ctrlKey || event.metaKey || event.altKey || help.open) return;
  if (event.key === "Escape") {
    if (byId("app-picker").open) byId("app-picker").open = false;
    else if (!logs.close()) document.activeElement?.blur();
    return;
  }
  if (event.target.matches("input, select, textarea")) return;
  if (IN_THE_LIST.has(event.key) && event.target !== byId("log") && event.target !== document.body) return;
  const act = Object.hasOwn(KEYS, event.key) ? KEYS[event.key] : null;
  if (act && (view.tab === "logs" || /^[123?]$/.test(event.key))) {
    event.preventDefault();
    act();
  }
});

// ── Go ──

try {
  await auth.finish();
  view = fromAddress(location.hash);
  if (auth.signedIn) await readSession();
  else welcome();
} catch (problem) {
  if (!auth.signedIn) welcome(problem.status === 401 ? "Your session has ended. Sign in again." : problem.message);
  else notice(problem.message);
}
