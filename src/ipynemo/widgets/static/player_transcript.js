// The transcript below a player: scene by scene what is shown, written and said; each time leads there.

import { h, say } from "./face.js";

/**
 * @param {import("./face.js").Model} model
 * @param {any} list
 * @param {(seconds: number) => void} jump
 * @returns {boolean} whether there is one
 */
export function drawTranscript(model, list, jump) {
  const told = /** @type {any[]} */ (model.get("view").transcript ?? []);
  const state = JSON.stringify([told, model.get("words")?.said]);
  if (list.nemoShown === state) return told.length > 0; // a reader's place in it stays
  list.nemoShown = state;
  list.tabIndex = told.length ? 0 : -1; // it scrolls, so the keyboard must reach it
  list.setAttribute("aria-label", say(model, "transcript"));
  list.replaceChildren(...told.map((moment) => h("li", {},
    h("button", { class: "nemo-player-when", type: "button", "aria-label": say(model, "from_here", { at: moment.when }),
      onclick: () => jump(moment.at) }, moment.when),
    h("p", { class: "nemo-player-shown" }, moment.shown),
    ...moment.lines.map((/** @type {any} */ line) =>
      h("p", {}, h("strong", {}, `${say(model, line.said ? "said" : "written")}: `), line.text)))));
  return told.length > 0;
}
