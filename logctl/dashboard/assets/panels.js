// The views of alerts and health: requested when they are opened, then every ten seconds.

import { showAlerts } from "./alerts.js";
import { asApiError } from "./api.js";
import { byId } from "./dom.js";
import { showHealth } from "./health.js";

const INTERVAL = 10_000;

/**
 * @param {import("./api.js").Api} api
 * @param {() => string[]} mayRead names and globs of apps
 * @param {(text: string) => void} notice
 */
export function panelsOf(api, mayRead, notice) {
  let timer = 0;
  let round = 0; // an answer to a request of an earlier round is ignored
  let failing = false;

  /** @type {{[tab: string]: () => Promise<(place: HTMLElement) => void>}} */
  const panels = {
    async alerts() {
      const answer = await api.get("alerts");
      return (place) => showAlerts(place, answer, mayRead());
    },
    async health() {
      const answer = await api.get("health");
      return (place) => showHealth(place, answer, mayRead());
    },
  };

  /**
   * @param {string} tab
   * @param {number} mine
   */
  async function refresh(tab, mine) {
    clearTimeout(timer);
    let wait = INTERVAL;
    if (!document.hidden) {
      try {
        const show = await panels[tab]();
        if (mine !== round) return;
        if (failing) notice("");
        failing = false;
        keepOpen(byId(tab), show);
      } catch (error) {
        if (mine !== round) return;
        const problem = asApiError(error);
        if (problem.status !== 401) notice(problem.busy || problem.message);
        wait = problem.wait || INTERVAL; // until then the last answer stays visible
        failing = true;
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
      if (Object.hasOwn(panels, tab)) refresh(tab, round);
    },
  };
}

/**
 * Replace the content of a place; its details that were open stay open.
 * @param {HTMLElement} place
 * @param {(place: HTMLElement) => void} show
 */
function keepOpen(place, show) {
  const open = [...place.querySelectorAll("details")].map((details) => details.open);
  show(place);
  place.querySelectorAll("details").forEach((details, index) => {
    details.open = open[index] ?? false;
  });
}
