// The evidence card: a picture, one sentence, and each statement with its level and who says so.

import { begin, errorBox, follow, h, say, setText } from "./face.js";
import { evidenceTable, followPictures, levelChip, sized } from "./concept.js";

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  const title = h("h3", { class: "nemo-concept-title" });
  const rule = h("p", { class: "nemo-muted" });
  const empty = h("p", { class: "nemo-concept-empty" });
  const canvas = h("canvas", { class: "nemo-evidence-picture", role: "img" });
  const name = h("strong", { class: "nemo-concept-name" });
  const facts = h("span", { class: "nemo-muted nemo-concept-name" });
  const head = h("p", { class: "nemo-evidence-head" });
  const table = h("div");
  const notes = h("ul", { class: "nemo-evidence-notes" });
  const promptTitle = h("span", { class: "nemo-evidence-prompt-title" });
  const promptButton = h("button", { class: "nemo-button", type: "button", "aria-expanded": "false" });
  const promptText = h("div", { class: "nemo-evidence-prompt-text", "aria-live": "polite" });
  const prompt = h("div", { class: "nemo-evidence-prompt" }, promptTitle, promptButton, promptText);
  const body = h("div", {},
    h("div", { class: "nemo-evidence-top" },
      h("figure", { class: "nemo-evidence-figure" }, canvas, h("figcaption", {}, name, facts)),
      h("div", { class: "nemo-evidence-said" }, head, table)),
    prompt, notes);
  const box = errorBox(model);
  begin(el, "evidence");
  el.append(h("section", { class: "nemo-card nemo-concept" },
    h("div", { class: "nemo-concept-head" }, title, rule), empty, body, box.node));

  let shown = "";
  const fold = () => {
    promptText.replaceChildren();
    promptButton.setAttribute("aria-expanded", "false");
    setText(promptButton, say(model, "show"));
  };
  promptButton.addEventListener("click", () => {
    if (promptButton.getAttribute("aria-expanded") === "true") fold();
    else model.send({ kind: "prompt" });
  });
  const take = (/** @type {any} */ content) => {
    if (content.kind !== "prompt") return;
    promptText.replaceChildren(...content.texts.map((/** @type {string} */ text) => h("p", {}, text)));
    promptButton.setAttribute("aria-expanded", "true");
    setText(promptButton, say(model, "hide"));
  };
  model.on("msg:custom", take);

  const lay = () => {
    const view = model.get("view");
    setText(title, say(model, "name"));
    setText(rule, say(model, "rule"));
    setText(empty, view.empty ?? "");
    empty.hidden = Boolean(view.key);
    body.hidden = !view.key;
    if (!view.key) return;
    setText(name, view.name);
    setText(facts, view.facts);
    canvas.hidden = !view.is_seen;
    canvas.setAttribute("aria-label", say(model, "alt", { name: view.name }));
    head.replaceChildren(levelChip(view), h("span", {}, view.head));
    table.replaceChildren(evidenceTable(view.rows, {
      level: say(model, "level"), who: say(model, "who"), says: say(model, "says") }));
    notes.replaceChildren(...view.notes.map((/** @type {string} */ note) => h("li", {}, note)));
    notes.hidden = !view.notes.length;
    prompt.hidden = !view.title;
    setText(promptTitle, view.title);
    if (shown !== view.key) fold();
    shown = view.key;
  };
  const end = follow(model, ["view", "words"], lay);
  const endPictures = followPictures(model, (pictures) => {
    const picture = pictures.get("picture");
    if (!picture) return;
    sized(canvas, picture.width, picture.height);
    canvas.getContext("2d").drawImage(picture, 0, 0);
  });
  return () => {
    model.off("msg:custom", take);
    end();
    endPictures();
    box.end();
  };
}

export default { render };
