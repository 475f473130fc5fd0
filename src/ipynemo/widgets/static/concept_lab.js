// The tiny-model lab: train with progress and a way to stop, ask, and scrub all pictures at once from noise to picture.

import { begin, errorBox, follow, h, say, sendControl, setText } from "./face.js";
import { followPictures, oncePerFrame, sized } from "./concept.js";
import { card, field, lossChart, option } from "./concept_lab_parts.js";

const POSITIONS = 100;
const SHOWN_PX = 128; // on a side, before the page scales it

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  const id = `nemo-lab-${Math.random().toString(36).slice(2, 9)}`;
  const heading = (/** @type {string} */ tag) => h(tag, { class: tag === "h3" ? "nemo-concept-title" : "nemo-lab-part-title" });
  const title = heading("h3");
  const intro = h("p", { class: "nemo-muted" });

  // 1. Training
  const trainTitle = heading("h4");
  const kind = h("select", { id: `${id}-kind` });
  const amount = h("select", { id: `${id}-amount` });
  const trainingSeed = h("input", { id: `${id}-tseed`, type: "number", min: "0", step: "1" });
  const train = h("button", { class: "nemo-button nemo-primary", type: "button" });
  const stop = h("button", { class: "nemo-button", type: "button" });
  const labels = Object.fromEntries(["subject", "training_pictures", "training_seed", "prompt", "seed", "steps", "guidance"]
    .map((key) => [key, h("span")]));
  const status = h("p", { role: "status", class: "nemo-lab-status" });
  const bar = h("progress", { class: "nemo-lab-bar", max: "1", value: "0" });
  const loss = lossChart();
  const running = h("div", { class: "nemo-lab-running" }, bar, loss.node);
  const trainForm = h("div", { class: "nemo-lab-form" },
    field(labels.subject, kind), field(labels.training_pictures, amount),
    field(labels.training_seed, trainingSeed, "nemo-lab-short"), train, stop);

  // 2. Drawing
  const drawTitle = heading("h4");
  const list = h("datalist", { id: `${id}-list` });
  const prompt = h("input", { id: `${id}-prompt`, type: "text", list: `${id}-list`, autocomplete: "off", maxlength: "80",
    "aria-describedby": `${id}-hint` });
  const seed = h("input", { id: `${id}-seed`, type: "number", min: "0", step: "1", value: "0" });
  const steps = h("input", { id: `${id}-steps`, type: "number", min: "1", max: "200", step: "1", value: "40" });
  const guidance = h("input", { id: `${id}-guidance`, type: "number", min: "0", max: "20", step: "0.5", value: "1.5" });
  const hint = h("p", { id: `${id}-hint`, class: "nemo-muted nemo-lab-hint" });
  const draw = h("button", { class: "nemo-button nemo-primary", type: "button" });
  const nextSeeds = h("button", { class: "nemo-button", type: "button" });
  const sameSeed = h("button", { class: "nemo-button", type: "button" });
  const never = h("div", { class: "nemo-lab-never" });
  const drawPart = h("section", { class: "nemo-lab-part" }, drawTitle,
    h("div", { class: "nemo-lab-form" },
      field(labels.prompt, h("span", { class: "nemo-lab-prompt" }, prompt, list)),
      field(labels.seed, seed, "nemo-lab-short"), field(labels.steps, steps, "nemo-lab-short"),
      field(labels.guidance, guidance, "nemo-lab-short")),
    hint, never, h("div", { class: "nemo-lab-buttons" }, draw, nextSeeds, sameSeed));

  // 3. Looking
  const lookTitle = heading("h4");
  const slider = h("input", { id: `${id}-scrub`, type: "range", min: "0", max: `${POSITIONS}`, step: "1", value: `${POSITIONS}` });
  const sliderLabel = h("label", { for: `${id}-scrub` });
  const at = h("span", { class: "nemo-lab-at nemo-muted", "aria-hidden": "true" });
  const stateButton = h("button", { class: "nemo-button", type: "button" });
  const guessButton = h("button", { class: "nemo-button", type: "button" });
  const clear = h("button", { class: "nemo-button", type: "button" });
  const cards = h("div", { class: "nemo-lab-cards" });
  const law = h("p", { class: "nemo-muted nemo-lab-hint" });
  const lookPart = h("section", { class: "nemo-lab-part" }, lookTitle,
    h("div", { class: "nemo-lab-scrub" }, h("div", { class: "nemo-lab-scrub-head" }, sliderLabel, at), slider),
    h("div", { class: "nemo-lab-buttons" }, stateButton, guessButton, clear), cards, law);

  const box = errorBox(model);
  begin(el, "lab");
  el.append(h("section", { class: "nemo-card nemo-concept" },
    h("div", { class: "nemo-concept-head" }, title, intro),
    h("section", { class: "nemo-lab-part" }, trainTitle, trainForm, status, running), drawPart, lookPart, box.node));

  /** @type {Map<string, ImageBitmap>} */
  let pictures = new Map();
  /** @type {any[]} */
  let shown = [];
  let guesses = false;
  let known = "";

  const paint = () => {
    const part = Number(slider.value) / POSITIONS;
    let longest = 0;
    for (const [number, one] of shown.entries()) {
      const { side, steps: last } = one.facts;
      const step = Math.round(part * last);
      longest = Math.max(longest, last);
      const way = pictures.get(`way${number}`);
      const near = pictures.get(`near${number}`);
      sized(one.canvas, SHOWN_PX, SHOWN_PX);
      sized(one.near, SHOWN_PX / 2, SHOWN_PX / 2);
      const context = one.canvas.getContext("2d");
      context.imageSmoothingEnabled = false;
      if (way) context.drawImage(way, step * side, guesses ? side : 0, side, side, 0, 0, SHOWN_PX, SHOWN_PX);
      const beside = one.near.getContext("2d");
      beside.imageSmoothingEnabled = false;
      if (near) beside.drawImage(near, 0, 0, side, side, 0, 0, SHOWN_PX / 2, SHOWN_PX / 2);
      one.canvas.setAttribute("aria-label", say(model, "alt", { ...one.facts, step }));
      one.canvas.dataset.step = `${step}`;
    }
    const said = say(model, "at", { step: Math.round(part * longest), steps: longest });
    setText(at, said);
    slider.setAttribute("aria-valuetext", said);
  };
  const frames = oncePerFrame(paint);
  slider.addEventListener("input", frames.ask);
  const choose = (/** @type {boolean} */ which) => () => {
    guesses = which;
    stateButton.setAttribute("aria-pressed", `${!which}`);
    guessButton.setAttribute("aria-pressed", `${which}`);
    frames.ask();
  };
  stateButton.addEventListener("click", choose(false));
  guessButton.addEventListener("click", choose(true));
  clear.addEventListener("click", () => model.send({ kind: "clear" }));

  const whole = (/** @type {any} */ input, /** @type {number} */ other) =>
    Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : other;
  const ask = (/** @type {string[]} */ prompts, /** @type {number[]} */ seeds) => {
    if (model.get("busy")) return;
    model.send({ kind: "draw", prompts, seeds, steps: whole(steps, 40), guidance: whole(guidance, 1.5) });
  };
  const first = () => Math.max(0, Math.round(whole(seed, 0)));
  draw.addEventListener("click", () => ask([prompt.value], [first()]));
  nextSeeds.addEventListener("click", () => ask([prompt.value], [first(), first() + 1, first() + 2]));
  sameSeed.addEventListener("click", () => {
    const all = model.get("view").model?.prompts ?? [];
    const from = Math.max(0, all.indexOf(prompt.value));
    ask([prompt.value, ...[7, 13].map((further) => all[(from + further) % all.length])], [first()]);
  });
  for (const input of [prompt, seed, steps, guidance]) {
    input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // JupyterLab keeps it from submitting anything
      draw.click();
    });
  }
  train.addEventListener("click", () => {
    if (model.get("busy")) return;
    model.send({ kind: "train", subject: kind.value, seed: whole(trainingSeed, 1), few: amount.value === "few" });
  });
  stop.addEventListener("click", () => {
    stop.setAttribute("aria-disabled", "true");
    setText(stop, say(model, "stopping"));
    sendControl(model, { kind: "stop" });
  });
  const amounts = () => {
    const counts = model.get("view").kinds[kind.value];
    const chosen = amount.value || (model.get("view").few ? "few" : "many");
    amount.replaceChildren(option("many", say(model, "many", { count: counts.all.toLocaleString("en") })),
      option("few", say(model, "few", { count: counts.few })));
    amount.value = chosen;
  };
  kind.addEventListener("change", amounts);

  const layProgress = () => {
    const { step, steps: all, losses } = model.get("progress");
    const training = all !== undefined;
    const busy = model.get("busy");
    const view = model.get("view");
    running.hidden = !training;
    const [gone, come] = training ? [train, stop] : [stop, train];
    const held = document.activeElement === gone;
    gone.hidden = true;
    come.hidden = false;
    if (held) come.focus();
    // Not `disabled`, which would take the focus away from a keyboard.
    for (const button of [train, draw, nextSeeds, sameSeed]) button.setAttribute("aria-disabled", `${busy}`);
    for (const input of [kind, amount, trainingSeed]) input.disabled = training;
    if (training) {
      if (stop.getAttribute("aria-disabled") !== "true") setText(stop, say(model, "cancel"));
      bar.value = step / all;
      loss.plot(losses);
      setText(loss.words, losses.length ? say(model, "error", { loss: losses[losses.length - 1].toFixed(3) }) : "");
      // The bar moves ten times a second; a screen reader hears of it at the quarters.
      const quarter = Math.floor((4 * step) / all) / 4;
      setText(status, say(model, "training", { step: Math.round(quarter * all).toLocaleString("en"), steps: all.toLocaleString("en") }));
      return;
    }
    stop.removeAttribute("aria-disabled");
    const trained = view.model;
    const number = (/** @type {number} */ value) => value.toLocaleString("en");
    if (!trained) setText(status, say(model, "untrained"));
    else if (trained.steps < trained.planned) {
      setText(status, say(model, "cut", { step: number(trained.steps), steps: number(trained.planned) }));
    } else setText(status, say(model, "ready", { steps: number(trained.steps), pictures: number(trained.pictures) }));
  };

  const layModel = (/** @type {any} */ trained) => {
    const key = JSON.stringify(trained);
    if (key === known) return;
    known = key;
    list.replaceChildren(...(trained?.prompts ?? []).map((/** @type {string} */ one) => option(one, one)));
    if (trained && !trained.prompts.includes(prompt.value)) prompt.value = trained.prompts.includes("red cross") ? "red cross" : trained.prompts[0];
  };

  const lay = () => {
    const view = model.get("view");
    for (const [node, key] of [[title, "name"], [intro, "intro"], [trainTitle, "part_train"], [drawTitle, "part_draw"],
      [lookTitle, "part_look"], [draw, "draw"], [nextSeeds, "next_seeds"], [sameSeed, "same_seed"], [clear, "clear"],
      [sliderLabel, "scrub"], [stateButton, "state"], [guessButton, "guess"], [law, "law"],
      ...Object.entries(labels).map(([key, node]) => [node, key])]) setText(node, say(model, key));
    setText(train, say(model, view.model ? "train_again" : "train"));
    bar.setAttribute("aria-label", say(model, "bar"));
    kind.replaceChildren(...Object.keys(view.kinds).map((one) => option(one, say(model, one))));
    kind.value = view.kind;
    amounts();
    trainingSeed.value = view.seed;
    drawPart.hidden = !view.model;
    lookPart.hidden = !view.pictures.length;
    layModel(view.model);
    setText(hint, say(model, "prompt_hint", { example: view.model?.prompts.includes("red cross") ? "red cross" : "7" }));
    const held = view.model?.held_out ?? [];
    never.hidden = !held.length;
    never.replaceChildren(h("span", { class: "nemo-muted" }, say(model, "never")), ...held.map((/** @type {string} */ one) =>
      h("button", { class: "nemo-button nemo-lab-chip", type: "button", onclick: () => {
        prompt.value = one;
        prompt.focus();
      } }, one)));
    pictures = new Map();
    shown = view.pictures.map((/** @type {any} */ facts, /** @type {number} */ number) =>
      card(model, facts, () => model.send({ kind: "file", number })));
    cards.replaceChildren(...shown.map((one) => one.node));
    choose(guesses)();
    layProgress();
    paint();
  };

  const take = (/** @type {any} */ content, /** @type {DataView[]} */ buffers) => {
    if (content.kind !== "file") return;
    const url = URL.createObjectURL(new Blob([buffers[0]], { type: "image/png" }));
    h("a", { href: url, download: content.name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  };
  model.on("msg:custom", take);
  const end = follow(model, ["view", "words"], lay);
  const endProgress = follow(model, ["progress", "busy"], layProgress);
  const endPictures = followPictures(model, (held) => {
    pictures = held;
    paint();
  });
  return () => {
    model.off("msg:custom", take);
    frames.end();
    end();
    endProgress();
    endPictures();
    box.end();
  };
}

export default { render };
