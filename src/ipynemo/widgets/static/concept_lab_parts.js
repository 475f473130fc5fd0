// Pieces of the tiny-model lab: fields, the curve of the error, a picture with what is known of it.

import { h, icon, say, setText } from "./face.js";

/** A label with its field; the field must have an id.
 * @param {HTMLElement} label
 * @param {HTMLElement} input
 * @param {string} [kind]
 */
export function field(label, input, kind) {
  const target = input.id ? input : input.querySelector("[id]");
  return h("div", { class: kind ? `nemo-lab-field ${kind}` : "nemo-lab-field" }, h("label", { for: target?.id }, label), input);
}

/** One choice of a list.
 * @param {string} value
 * @param {string} text
 */
export function option(value, text) {
  return h("option", { value }, text);
}

/** The error of the training, as a line that falls. */
export function lossChart() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  svg.setAttribute("viewBox", "0 0 200 40");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.append(line);
  const words = h("span", { class: "nemo-muted" });
  return {
    node: h("div", { class: "nemo-lab-loss" }, svg, words),
    words,
    plot: (/** @type {number[]} */ losses) => {
      const most = Math.max(...losses, 1e-9);
      const points = losses.map((loss, place) => `${(place / Math.max(1, losses.length - 1)) * 200},${38 - (loss / most) * 36}`);
      line.setAttribute("points", points.join(" "));
    },
  };
}

/**
 * A picture that was drawn, with its facts; `node`, `canvas` of the picture, `near` of the nearest training picture.
 * @param {import("./face.js").Model} model
 * @param {any} facts
 * @param {() => void} save
 */
export function card(model, facts, save) {
  const canvas = h("canvas", { class: "nemo-lab-picture", role: "img" });
  const near = h("canvas", { class: "nemo-lab-near", role: "img", "aria-label": say(model, "alt_nearest", facts.near) });
  const looks = facts.looks ? say(model, "looks", { what: facts.looks }) : say(model, "looks_none");
  const verdict = facts.near.closer ? say(model, "copied", facts.near) : say(model, "new", facts.near);
  const button = h("button", { class: "nemo-button", type: "button", "aria-label": say(model, "save_one", facts), onclick: save },
    icon("M12 4v11m0 0l-5-5m5 5l5-5M5 20h14"));
  const text = h("span");
  setText(text, say(model, "save"));
  button.append(text);
  const node = h("article", { class: "nemo-lab-card" },
    canvas,
    h("h5", {}, facts.prompt),
    h("p", { class: "nemo-muted" }, say(model, "facts", facts)),
    facts.held_out ? h("p", { class: "nemo-lab-held" }, say(model, "held_out")) : null,
    h("p", {}, looks),
    h("div", { class: "nemo-lab-nearest" }, near,
      h("div", {}, h("p", {}, say(model, "nearest", facts.near)),
        h("p", { class: facts.near.closer ? "nemo-lab-copied" : "nemo-muted" }, verdict))),
    button);
  return { node, canvas, near, facts };
}
