// The grid: where one looks, the numbers there; the squares of a model; the smaller map, with the note of what it is not.

import { begin, errorBox, follow, h, icon, say, setText } from "./face.js";
import { followPictures, oncePerFrame, sized } from "./concept.js";

const VIEWS = ["pixels", "patches", "latent"];
const GAP_PX = 5;

/** Black or white, whichever reads better on a colour; the better one has 4.5:1 at least.
 * @param {number[]} colour
 */
function inkOn(colour) {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  const id = `nemo-pixels-${Math.random().toString(36).slice(2, 9)}`;
  const title = h("h3", { class: "nemo-concept-title" });
  const name = h("span", { class: "nemo-muted nemo-concept-name" });
  const empty = h("p", { class: "nemo-concept-empty" });
  const tabs = h("div", { class: "nemo-pixels-tabs", role: "group" });
  const tabButtons = VIEWS.map((view) =>
    h("button", { class: "nemo-button", type: "button", onclick: () => model.send({ kind: "show", view }) }));
  tabs.append(...tabButtons);

  const canvas = h("canvas", { class: "nemo-pixels-picture", role: "img" });
  const ranged = (/** @type {string} */ key) => h("input", { id: `${id}-${key}`, type: "range", min: "0", max: "1000", step: "1" });
  const across = ranged("across");
  const down = ranged("down");
  const acrossLabel = h("label", { for: across.id });
  const downLabel = h("label", { for: down.id });
  const count = h("p");
  const where = h("p", { class: "nemo-muted", role: "status" });
  const order = h("p", { class: "nemo-muted nemo-concept-name" });
  const table = h("table", { class: "nemo-pixels-table" });
  const pixels = h("div", { class: "nemo-pixels-two" },
    h("div", { class: "nemo-pixels-stack" }, canvas,
      h("div", { class: "nemo-pixels-ranges" }, acrossLabel, across, downLabel, down)),
    h("div", { class: "nemo-pixels-stack" }, table, order, where, count));

  const cut = h("canvas", { class: "nemo-pixels-cut", role: "img" });
  const cutSays = h("p");
  const patches = h("div", { class: "nemo-pixels-two" }, cut, cutSays);

  const maps = ["before", "map", "spread"].map((key) => ({ key, canvas: h("canvas", { role: "img" }), words: h("figcaption") }));
  const times = h("p", { class: "nemo-pixels-times" });
  const noteText = h("span");
  const latent = h("div", { class: "nemo-pixels-stack" },
    h("div", { class: "nemo-pixels-maps" }, ...maps.map((map) =>
      h("figure", { "data-map": map.key }, map.canvas, map.words))),
    times, h("p", { class: "nemo-badge" }, icon("M12 8v5M12 16v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z"), noteText));
  const bodies = [pixels, patches, latent];
  const body = h("div", {}, tabs, ...bodies);
  const box = errorBox(model);
  begin(el, "pixels");
  el.append(h("section", { class: "nemo-card nemo-concept" },
    h("div", { class: "nemo-concept-head" }, title, name), empty, body, box.node));

  /** @type {Map<string, ImageBitmap>} */
  let pictures = new Map();
  let moving = 0;
  let wanted = false;

  const paint = () => {
    const view = model.get("view");
    const picture = pictures.get("picture");
    if (!picture || !view.key) return;
    sized(canvas, picture.width, picture.height);
    const context = canvas.getContext("2d");
    context.drawImage(picture, 0, 0);
    const scale = picture.width / view.width;
    const width = Math.max(8, view.values[0].length * scale);
    const height = Math.max(8, view.values.length * scale);
    const left = Math.min(picture.width - width, Math.max(0, (view.left + view.values[0].length / 2) * scale - width / 2));
    const top = Math.min(picture.height - height, Math.max(0, (view.top + view.values.length / 2) * scale - height / 2));
    for (const [colour, line] of /** @type {const} */ ([["#000000", 5], ["#ffffff", 2]])) {
      context.strokeStyle = colour;
      context.lineWidth = line;
      context.strokeRect(left, top, width, height);
    }
  };
  const frames = oncePerFrame(paint);
  const show = (/** @type {HTMLCanvasElement} */ place, /** @type {ImageBitmap | undefined} */ picture) => {
    if (!picture) return;
    sized(place, picture.width, picture.height);
    place.getContext("2d").drawImage(picture, 0, 0);
  };

  const layPatches = (/** @type {ImageBitmap | undefined} */ picture) => {
    const { rows, columns, size } = model.get("view").patches ?? {};
    if (!picture || !rows) return;
    const pitch = 2 * size + GAP_PX;
    sized(cut, columns * pitch - GAP_PX, rows * pitch - GAP_PX);
    const context = cut.getContext("2d");
    context.clearRect(0, 0, cut.width, cut.height);
    context.imageSmoothingEnabled = false;
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        context.drawImage(picture, column * size, row * size, size, size, column * pitch, row * pitch, 2 * size, 2 * size);
      }
    }
  };

  // The kernel has the numbers: it is asked at most every 60 ms, and for the last place in any case.
  const look = () => {
    wanted = true;
    if (moving) return;
    const send = () => {
      moving = 0;
      if (!wanted) return;
      wanted = false;
      model.send({ kind: "look", across: Number(across.value) / 1000, down: Number(down.value) / 1000 });
      moving = window.setTimeout(send, 60);
    };
    send();
  };
  for (const range of [across, down]) {
    range.addEventListener("input", look);
    range.addEventListener("change", () => model.send({ kind: "rest" }));
  }
  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const area = canvas.getBoundingClientRect();
    across.value = `${Math.round((1000 * (event.clientX - area.left)) / area.width)}`;
    down.value = `${Math.round((1000 * (event.clientY - area.top)) / area.height)}`;
    look();
    model.send({ kind: "rest" });
  });

  const layTable = (/** @type {any} */ view) => {
    const heads = view.values[0].map((/** @type {any} */ _, /** @type {number} */ column) =>
      h("th", { scope: "col" }, h("span", { class: "nemo-hidden-text" }, say(model, "column", { n: view.left + column + 1 }))));
    const rows = view.values.map((/** @type {number[][]} */ row, /** @type {number} */ number) =>
      h("tr", {}, h("th", { scope: "row" }, h("span", { class: "nemo-hidden-text" }, say(model, "row", { n: view.top + number + 1 }))),
        ...row.map((colour) => {
          const cell = h("td", {}, ...colour.map((value) => h("span", {}, `${value} `)));
          cell.style.background = `rgb(${colour.join(" ")})`;
          cell.style.color = inkOn(colour);
          return cell;
        })));
    table.replaceChildren(h("caption", { class: "nemo-hidden-text" }, say(model, "table")),
      h("colgroup", {}, h("col", { class: "nemo-pixels-first" })),
      h("thead", {}, h("tr", {}, h("td"), ...heads)), h("tbody", {}, ...rows));
  };

  const lay = () => {
    const view = model.get("view");
    setText(title, say(model, "name"));
    setText(name, view.name ?? "");
    setText(empty, view.empty ?? "");
    empty.hidden = Boolean(view.key);
    body.hidden = !view.key;
    if (!view.key) return;
    const number = (/** @type {number} */ value) => value.toLocaleString("en");
    tabs.setAttribute("aria-label", say(model, "views"));
    VIEWS.forEach((one, place) => {
      setText(tabButtons[place], say(model, one));
      tabButtons[place].setAttribute("aria-pressed", `${one === view.show}`);
      bodies[place].hidden = one !== view.show;
    });
    setText(acrossLabel, say(model, "across"));
    setText(downLabel, say(model, "down"));
    if (!wanted && document.activeElement !== across && document.activeElement !== down) {
      across.value = `${Math.round(view.centre[0] * 1000)}`;
      down.value = `${Math.round(view.centre[1] * 1000)}`;
    }
    setText(count, say(model, "count", { width: number(view.width), height: number(view.height), numbers: number(3 * view.width * view.height) }));
    setText(where, say(model, "place", { left: view.left + 1, right: view.left + view.values[0].length,
      top: view.top + 1, bottom: view.top + view.values.length }));
    setText(order, say(model, "order"));
    canvas.setAttribute("aria-label", say(model, "alt", { name: view.name }));
    layTable(view);
    const { rows, columns, size, side } = view.patches;
    cut.setAttribute("aria-label", say(model, "alt_patches", { name: view.name, rows, columns }));
    setText(cutSays, say(model, "patches_says", { rows, columns, size, side, count: rows * columns }));
    const facts = view.latent;
    const sides = { before: facts.side, map: facts.map_side, spread: facts.map_side };
    const counts = { before: facts.picture_numbers, map: facts.map_numbers, spread: "" };
    for (const map of maps) {
      map.canvas.setAttribute("aria-label", say(model, `alt_${map.key}`, { name: view.name, side: sides[map.key] }));
      setText(map.words, say(model, map.key, { side: sides[map.key], count: counts[map.key] }));
    }
    setText(times, say(model, "times", facts));
    setText(noteText, say(model, "latent_note"));
    frames.ask();
  };
  const end = follow(model, ["view", "words"], lay);
  const endPictures = followPictures(model, (held) => {
    pictures = held;
    layPatches(held.get("patches"));
    for (const map of maps) show(map.canvas, held.get(map.key));
    paint();
  });
  return () => {
    clearTimeout(moving);
    frames.end();
    end();
    endPictures();
    box.end();
  };
}

export default { render };
