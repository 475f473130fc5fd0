// The noise slider: frames that the kernel computed once, scrubbed here; the curve says how much of the picture is left.

import { begin, errorBox, follow, h, icon, say, setText } from "./face.js";
import { followPictures, isCalm, oncePerFrame, sized, two } from "./concept.js";

const CHART = { width: 320, height: 170, edge: 6 };
const PLAY_MS = 6000;
const TELL_MS = 150;

/**
 * A shape of the chart.
 * @param {string} tag
 * @param {Record<string, any>} attributes
 * @returns {SVGElement}
 */
function shape(tag, attributes) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/** Where a step and a weight lie in the chart.
 * @param {number} t
 * @param {number} weight
 */
function place(t, weight) {
  const { width, height, edge } = CHART;
  return [edge + (t / 999) * (width - 2 * edge), edge + (1 - weight) * (height - 2 * edge)];
}

/** The two curves, with a mark that moves. */
function chart() {
  const now = shape("line", { class: "nemo-noise-now", y1: CHART.edge, y2: CHART.height - CHART.edge });
  const dots = [shape("circle", { r: 5 }), shape("circle", { r: 5 })];
  const lines = ["signal", "other"].map((name) => shape("polyline", { class: `nemo-noise-${name}` }));
  const [left, bottom] = place(0, 0);
  const axis = shape("path", { class: "nemo-noise-axis", d: `M${left} ${CHART.edge}V${bottom}H${CHART.width - CHART.edge}` });
  const node = shape("svg", { class: "nemo-noise-chart", viewBox: `0 0 ${CHART.width} ${CHART.height}`, role: "img" });
  node.append(axis, now, ...lines, ...dots);
  return {
    node,
    plot: (/** @type {number[][]} */ points) => lines.forEach((line, which) =>
      line.setAttribute("points", points.map((point) => place(point[0], point[1 + which]).join()).join(" "))),
    mark: (/** @type {number} */ t, /** @type {number[]} */ weights) => {
      const [across] = place(t, 0);
      now.setAttribute("x1", `${across}`);
      now.setAttribute("x2", `${across}`);
      dots.forEach((dot, which) => {
        dot.setAttribute("cx", `${across}`);
        dot.setAttribute("cy", `${place(t, weights[which])[1]}`);
      });
    },
  };
}

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  const id = `nemo-noise-${Math.random().toString(36).slice(2, 9)}`;
  const title = h("h3", { class: "nemo-concept-title" });
  const name = h("span", { class: "nemo-muted nemo-concept-name" });
  const empty = h("p", { class: "nemo-concept-empty" });
  const canvas = h("canvas", { class: "nemo-noise-canvas", role: "img" });
  const badgeText = h("span");
  const badge = h("p", { class: "nemo-badge" }, icon("M12 8v5M12 16v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z"), badgeText);
  const drawn = chart();
  const ends = [h("span"), h("span")];
  const terms = [h("span", { class: "nemo-noise-term" }), h("span", { class: "nemo-noise-term" })];
  const numbers = [h("strong", { class: "nemo-noise-number" }), h("strong", { class: "nemo-noise-number" })];
  const says = h("p", { class: "nemo-noise-says" });
  const label = h("span");
  const step = h("span", { class: "nemo-noise-step nemo-muted", "aria-hidden": "true" });
  const slider = h("input", { id, type: "range", min: "0", step: "1", value: "0" });
  const spoil = h("button", { class: "nemo-button", type: "button" });
  const back = h("button", { class: "nemo-button", type: "button" });
  const body = h("div", {},
    h("div", { class: "nemo-noise-body" },
      h("div", { class: "nemo-noise-picture" }, canvas, badge),
      h("div", { class: "nemo-noise-side" },
        h("div", { class: "nemo-noise-weights" }, ...terms.map((term, which) =>
          h("div", { class: "nemo-noise-weight" }, term, numbers[which]))),
        h("div", {}, drawn.node, h("div", { class: "nemo-noise-ends nemo-muted", "aria-hidden": "true" }, ...ends)),
        says)),
    h("div", { class: "nemo-noise-tools" },
      h("div", { class: "nemo-noise-slider" }, h("div", { class: "nemo-noise-line" }, h("label", { for: id }, label), step), slider), spoil, back));
  const box = errorBox(model);
  begin(el, "noise");
  el.append(h("section", { class: "nemo-card nemo-concept" },
    h("div", { class: "nemo-concept-head" }, title, name), empty, body, box.node));

  /** @type {ImageBitmap | undefined} */
  let strip;
  let playing = 0; // +1 towards noise, -1 towards the picture
  let begun = { at: 0, from: 0 };
  let telling = 0;

  const draw = () => {
    const view = model.get("view");
    if (!view.key) return;
    if (playing) advance(view);
    const frame = Number(slider.value);
    const t = view.steps[frame];
    const weights = view.weights[frame];
    const facts = { t, last: 999, signal: two(weights[0]), noise: two(weights[1]), name: view.name };
    if (strip) {
      sized(canvas, view.width, view.height);
      const column = frame % view.columns;
      const row = Math.floor(frame / view.columns);
      canvas.getContext("2d").drawImage(strip, column * view.width, row * view.height, view.width, view.height,
        0, 0, view.width, view.height);
    }
    drawn.mark(t, weights);
    setText(numbers[0], `× ${facts.signal}`);
    setText(numbers[1], `× ${facts.noise}`);
    setText(step, say(model, "step", facts));
    setText(says, t === 0 ? say(model, "first") : t === 999 ? say(model, "last") : say(model, "middle", facts));
    slider.setAttribute("aria-valuetext", say(model, "value", facts));
    canvas.setAttribute("aria-label", say(model, "alt", facts));
    canvas.dataset.step = t;
    if (playing) frames.ask();
  };
  const frames = oncePerFrame(draw);

  const advance = (/** @type {any} */ view) => {
    const last = view.steps.length - 1;
    const moved = ((performance.now() - begun.at) / PLAY_MS) * last;
    const at = Math.max(0, Math.min(last, begun.from + playing * moved));
    slider.value = `${Math.round(at)}`;
    if (at === (playing > 0 ? last : 0)) play(0);
  };

  const tell = () => {
    clearTimeout(telling);
    telling = window.setTimeout(() => model.send({ kind: "step", t: model.get("view").steps[Number(slider.value)] }), TELL_MS);
  };

  const play = (/** @type {number} */ way) => {
    playing = way;
    setText(spoil, say(model, way > 0 ? "stop" : "spoil"));
    setText(back, say(model, way < 0 ? "stop" : "back"));
    if (!way) tell();
  };

  const start = (/** @type {number} */ way) => {
    const last = Number(slider.max);
    if (playing === way) play(0);
    else if (isCalm()) slider.value = `${way > 0 ? last : 0}`; // the end at once: nothing moves
    else {
      if (Number(slider.value) === (way > 0 ? last : 0)) slider.value = `${way > 0 ? 0 : last}`;
      begun = { at: performance.now(), from: Number(slider.value) };
      play(way);
    }
    if (!playing) tell();
    frames.ask();
  };
  spoil.addEventListener("click", () => start(1));
  back.addEventListener("click", () => start(-1));
  slider.addEventListener("input", () => {
    if (playing) play(0);
    tell();
    frames.ask();
  });

  const moveTo = (/** @type {number} */ t) => {
    const found = model.get("view").steps.indexOf(t);
    if (found >= 0) slider.value = `${found}`;
  };
  const lay = () => {
    const view = model.get("view");
    setText(title, say(model, "name"));
    setText(empty, view.empty ?? "");
    setText(name, view.name ?? "");
    empty.hidden = Boolean(view.key);
    body.hidden = !view.key;
    if (!view.key) return;
    setText(badgeText, say(model, "illustration"));
    setText(label, say(model, "slider"));
    setText(terms[0], say(model, "picture"));
    setText(terms[1], say(model, "noise"));
    setText(ends[0], say(model, "step", { t: 0, last: 999 }));
    setText(ends[1], "999");
    slider.max = `${view.steps.length - 1}`;
    drawn.plot(view.curve);
    drawn.node.setAttribute("aria-label", say(model, "chart"));
    moveTo(view.t);
    play(0);
    clearTimeout(telling);
    draw();
  };
  const end = follow(model, ["view", "words"], lay);
  const endPictures = followPictures(model, (pictures, content) => {
    strip = pictures.get("strip");
    moveTo(content.t);
    draw();
  });
  return () => {
    clearTimeout(telling);
    frames.end();
    end();
    endPictures();
    box.end();
  };
}

export default { render };
