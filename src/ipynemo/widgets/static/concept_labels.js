// Save again: the original and the copy side by side; what is gone is struck through, and says so.

import { begin, errorBox, follow, h, icon, say, setText } from "./face.js";
import { evidenceTable, followPictures, sized } from "./concept.js";

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  const title = h("h3", { class: "nemo-concept-title" });
  const empty = h("p", { class: "nemo-concept-empty" });
  const side = () => ({
    canvas: h("canvas", { class: "nemo-labels-picture", role: "img" }),
    title: h("h4", {}),
    name: h("span", { class: "nemo-muted nemo-concept-name" }),
    head: h("p", { class: "nemo-labels-head" }),
    table: h("div"),
  });
  const panel = (/** @type {any} */ one) => h("section", { class: "nemo-labels-side" },
    h("div", { class: "nemo-labels-top" }, one.canvas, h("div", {}, one.title, one.name)), one.head, one.table);
  const before = side();
  const after = side();
  const afterPanel = panel(after);
  const waiting = h("p", { class: "nemo-concept-empty nemo-labels-waiting" });
  const ask = h("span", { class: "nemo-labels-ask" });
  const buttons = h("div", { class: "nemo-labels-ways", role: "group" });
  const result = h("div", { class: "nemo-labels-result", role: "status" });
  const rule = h("span");
  const folder = h("p", { class: "nemo-muted nemo-concept-name" });
  const body = h("div", { class: "nemo-labels-body" },
    h("div", { class: "nemo-labels-sides" }, panel(before), h("div", { class: "nemo-labels-second" }, waiting, afterPanel)),
    h("div", { class: "nemo-labels-tools" }, ask, buttons), result,
    h("p", { class: "nemo-badge" }, icon("M12 8v5M12 16v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z"), rule), folder);
  const box = errorBox(model);
  begin(el, "labels");
  el.append(h("section", { class: "nemo-card nemo-concept" }, h("div", { class: "nemo-concept-head" }, title), empty, body, box.node));

  const fill = (/** @type {any} */ one, /** @type {string} */ what, /** @type {string} */ name, /** @type {any} */ found) => {
    setText(one.title, what);
    setText(one.name, name);
    setText(one.head, found.head);
    one.canvas.setAttribute("aria-label", say(model, "alt", { name }));
    one.table.replaceChildren(evidenceTable(found.rows, {
      level: say(model, "level"), who: say(model, "who"), says: say(model, "says"), gone: say(model, "gone") }));
  };
  /** @type {Map<string, HTMLButtonElement>} */
  const made = new Map();
  const lay = () => {
    const view = model.get("view");
    setText(title, say(model, "name"));
    setText(empty, view.empty ?? "");
    empty.hidden = Boolean(view.key);
    body.hidden = !view.key;
    if (!view.key) return;
    fill(before, say(model, "original"), view.name, view.before);
    afterPanel.hidden = !view.after;
    waiting.hidden = Boolean(view.after);
    setText(waiting, say(model, "waiting"));
    if (view.after) fill(after, say(model, "copy"), view.copy, view.after);
    setText(ask, say(model, "ask"));
    buttons.setAttribute("aria-label", say(model, "ask"));
    for (const way of view.ways) {
      if (!made.has(way)) {
        const button = h("button", { class: "nemo-button", type: "button", onclick: () => model.send({ kind: "save", way }) });
        made.set(way, button);
        buttons.append(button);
      }
    }
    for (const [way, button] of made) {
      setText(button, say(model, way));
      button.hidden = !view.ways.includes(way);
      button.setAttribute("aria-pressed", `${way === view.way}`);
      button.setAttribute("aria-disabled", `${model.get("busy")}`);
    }
    const told = view.result.join(" ");
    if (result.dataset.told !== told) {
      result.dataset.told = told;
      result.replaceChildren(...view.result.map((/** @type {string} */ line) => h("p", {}, line)));
    }
    setText(rule, say(model, "rule"));
    setText(folder, say(model, "folder"));
  };
  const end = follow(model, ["view", "words", "busy"], lay);
  const endPictures = followPictures(model, (pictures) => {
    for (const [name, one] of /** @type {const} */ ([["original", before], ["copy", after]])) {
      const picture = pictures.get(name);
      if (!picture) continue;
      sized(one.canvas, picture.width, picture.height);
      one.canvas.getContext("2d").drawImage(picture, 0, 0);
    }
  });
  return () => {
    end();
    endPictures();
    box.end();
  };
}

export default { render };
