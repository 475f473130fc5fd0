// What the concept widgets share: pictures that come as messages, drawing once a frame, chips of evidence.

import { h, icon } from "./face.js";

/**
 * Ask for the pictures now, and anew whenever `view.key` says that there are others.
 * @param {import("./face.js").Model} model
 * @param {(pictures: Map<string, ImageBitmap>, content: any) => void} receive
 * @returns {() => void} what ends it
 */
export function followPictures(model, receive) {
  /** @type {Map<string, ImageBitmap>} */
  let held = new Map();
  let asked = "";
  let over = false;
  const ask = () => {
    const key = model.get("view").key ?? "";
    if (key === asked) return;
    asked = key;
    if (key) model.send({ kind: "ask" });
  };
  const take = async (/** @type {any} */ content, /** @type {DataView[]} */ buffers) => {
    if (content.kind !== "pictures" || content.key !== asked) return;
    const made = await Promise.all(content.names.map((/** @type {string} */ name, /** @type {number} */ place) =>
      createImageBitmap(new Blob([buffers[place]])).then((bitmap) => /** @type {const} */ ([name, bitmap]))));
    if (over || content.key !== asked) return;
    const old = held;
    held = new Map(made);
    receive(held, content);
    for (const bitmap of old.values()) bitmap.close();
  };
  model.on("msg:custom", take);
  model.on("change:view", ask);
  ask();
  return () => {
    over = true;
    model.off("msg:custom", take);
    model.off("change:view", ask);
    for (const bitmap of held.values()) bitmap.close();
  };
}

/**
 * Draw at most once a frame, however often it is asked for.
 * @param {() => void} draw
 */
export function oncePerFrame(draw) {
  let waiting = 0;
  const now = () => {
    waiting = 0;
    draw();
  };
  return {
    ask: () => {
      if (!waiting) waiting = requestAnimationFrame(now);
    },
    end: () => cancelAnimationFrame(waiting),
  };
}

/** Give a canvas a size only when it differs: setting it clears what is drawn.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 */
export function sized(canvas, width, height) {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** Whether movement is unwelcome. */
export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** A number as it is read: "0.72".
 * @param {number} value
 */
export function two(value) {
  return value.toFixed(2);
}

const MARKS = {
  signed: "M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4",
  stated: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  none: "M5 12h14",
};

/**
 * A level of evidence: a mark and its word, never colour alone.
 * @param {{ level: string, word: string }} row
 */
export function levelChip(row) {
  return h("span", { class: "nemo-level", "data-level": row.level }, icon(MARKS[row.level] ?? MARKS.none), row.word);
}

/**
 * The statements as a table with named columns.
 * @param {any[]} rows
 * @param {{ level: string, who: string, says: string, gone?: string }} heads
 */
export function evidenceTable(rows, heads) {
  return h("table", { class: "nemo-evidence-table" },
    h("thead", {}, h("tr", {}, ...["level", "who", "says"].map((key) => h("th", { scope: "col" }, heads[key])))),
    h("tbody", {}, ...rows.map((row) =>
      h("tr", { class: row.gone ? "nemo-gone" : null },
        h("th", { scope: "row" }, levelChip(row)),
        h("td", { class: "nemo-evidence-who" }, row.who),
        h("td", {}, h("span", { class: "nemo-evidence-says" }, row.says),
          row.gone ? h("strong", { class: "nemo-gone-word" }, heads.gone) : null)))));
}
