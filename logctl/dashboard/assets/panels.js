// The views besides the log: asked for while they are looked at, every ten seconds.

import { showAlerts } from "./alerts.js";
import { byId } from "./dom.js";
import { showHealth } from "./health.js";

const EVERY = 10_000;
const PANELS = { alerts: showAlerts, health: showHealth };

/**
 * @param {import("./api.js").Api} api @param {() => string[]} mayRead names and globs of apps
 * @param {(text: string) => void} notice
 */
export function panelsOf(api, mayRead, notice) {
  let timer = 0;
  let round = 0;
  let troubled = false;

  async function refresh(tab, mine) {
    clearTimeout(timer);
    let wait = EVERY;
    if (!document.hidden) {
      try {
        const answer = await api.get(tab);
        if (mine !== round) return;
        if (troubled) notice("");
        troubled = false;
        const open = [...byId(tab).querySelectorAll("details")].map((item) => item.open);
        PANELS[tab](byId(tab), answer, mayRead());
        byId(tab).querySelectorAll("details").forEach((item, place) => { item.open = open[place] ?? false; });
      } catch (problem) {
        if (mine !== round) return;
        if (problem.status !== 401) notice(problem.busy || problem.message);
        wait = problem.wait || EVERY; // what was shown before stays
        troubled = true;
      }
    }
    if (mine === round) timer = setTimeout(() => refresh(tab, mine), wait);
  }

  return {
    stop() {
      round += 1;
      clearTimeout(timer);
    },
    /** @param {string} tab */
    show(tab) {
      this.stop();
      if (Object.hasOwn(PANELS, tab)) refresh(tab, round);
    },
  };
}
