// A row for each file: what is known of it, how far it is, its buttons, and what is said to those who do not see it.

import { clockText, h, icon, say, setText, sizeText } from "./face.js";

/** @typedef {import("./face.js").Model} Model */

export const ICONS = {
  upload: "M12 16V4M7 9l5-5 5 5M4 16v3a1 1 0 0 0 1 1h14a1 1 0 0 0 1-1v-3",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  video: "M3 6h12v12H3zM15 11l6-4v10l-6-4",
  audio: "M9 18V6l11-2v12M9 18a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0zM20 16a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0z",
  "": "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  done: "M5 13l4 4L19 7",
  close: "M6 6l12 12M18 6L6 18",
};
const SHARE_LOCAL = 0.8; // of the bar, for the way to the kernel; the embedded backend is next door
const SHARE_CLOUD = 0.3;
const HALF_WORTH_SAYING = 20e6; // bytes; smaller files are there before it is said
const SAID = {
  receiving: "said_begun", waiting: "said_waiting", done: "said_done", failed: "said_failed", broken: "said_failed",
};
const UNDER_WAY = ["receiving", "queued", "sending", "waiting"];


/**
 * What the page and the kernel know of the files, as one list.
 * @param {Model} model
 * @param {any} engine
 */
export function rowsOf(model, engine) {
  const thumbs = model.get("thumbs");
  const small = (/** @type {string} */ id) => engine.thumbs.get(id) ?? thumbs[id] ?? "";
  const rows = model.get("rows").map((/** @type {any} */ row) =>
    ({ ...row, upload: engine.uploads.get(row.id), thumb: small(row.id) }));
  const known = new Set(rows.map((/** @type {any} */ row) => row.id));
  for (const upload of engine.uploads.values()) {
    if (known.has(upload.id)) continue;
    const { id, file: { name, size }, kind } = upload;
    rows.push({ id, name, kind, size, state: "receiving", from_page: true, upload, thumb: small(id) });
  }
  return rows;
}

/**
 * How far a row is, in words and as a part of 1; null where nobody knows.
 * @param {Model} model
 * @param {any} engine
 * @param {any} row
 */
function progressOf(model, engine, row) {
  const setup = model.get("setup");
  const share = row.from_page ? (setup.is_local || !setup.where ? SHARE_LOCAL : SHARE_CLOUD) : 0;
  const total = row.size ? sizeText(row.size) : "";
  if (row.state === "receiving") {
    const other = engine.elsewhere.get(row.id);
    const bytes = row.upload?.ackedBytes ?? Math.min(row.size, (other?.pieces.size ?? 0) * setup.chunk_bytes);
    const done = sizeText(bytes);
    const part = (share * bytes) / row.size;
    if (engine.isGone()) return { part: null, text: say(model, "kernel_gone") };
    const silence = row.upload && engine.silence();
    if (silence) return { part, text: say(model, silence, { done, total }) };
    if (!row.upload && !(Date.now() - other?.at < 5000)) return { part, text: say(model, "paused", { done, total }) };
    const speed = row.upload ? engine.speedOf(row.upload) : 0;
    if (speed <= 0) return { part, text: say(model, bytes ? "receiving_first" : "preparing", { done, total }) };
    const left = clockText(Math.ceil((row.size - bytes) / speed));
    return { part, text: say(model, "receiving", { done, total, speed: sizeText(speed), left }) };
  }
  if (row.state === "sending") {
    const bytes = engine.sent.get(row.id) ?? 0;
    if (!row.size) return { part: null, text: say(model, "fetching") };
    const word = setup.is_local ? "sending_local" : "sending_cloud";
    const part = share + ((1 - share) * bytes) / row.size;
    return { part, text: say(model, word, { where: setup.where, done: sizeText(bytes), total }) };
  }
  if (row.state === "done") {
    const word = !row.size ? "done_address" : row.note ? "done_note" : "done";
    return { part: 1, text: say(model, word, { size: total, note: row.note || row.kind }) };
  }
  if (row.state === "queued" || row.state === "waiting") {
    return { part: share, text: say(model, row.state, { size: total }).replace(/^ · /, "") };
  }
  return { part: null, text: total };
}

/** One row of the list. @param {Model} model @param {any} engine @param {(id: string) => void} remove */
export function makeRow(model, engine, remove) {
  const image = h("img", { class: "nemo-upload-thumb", alt: "" });
  const symbol = h("span", { class: "nemo-upload-thumb" });
  const name = h("bdi", { class: "nemo-upload-name" });
  const note = h("span", { class: "nemo-upload-note nemo-muted" });
  const bar = h("progress", { class: "nemo-upload-bar", max: 1 });
  const check = h("span", { class: "nemo-upload-check" }, icon(ICONS.done));
  const close = h("button", { class: "nemo-quiet", type: "button" }, icon(ICONS.close));
  const fault = h("div", { class: "nemo-error nemo-upload-fault" });
  const node = h("li", { class: "nemo-upload-row" }, image, symbol,
    h("div", { class: "nemo-upload-text" }, name, note, bar), check, close, fault);
  let shown = { id: "", kind: "?", error: "", state: "" };
  close.addEventListener("click", () => remove(shown.id));

  /** @param {any} row */
  function update(row) {
    const progress = progressOf(model, engine, row);
    const isUnderWay = UNDER_WAY.includes(row.state) && !engine.isGone();
    image.hidden = !row.thumb;
    symbol.hidden = Boolean(row.thumb);
    if (row.thumb && image.getAttribute("src") !== row.thumb) image.src = row.thumb;
    if (shown.kind !== row.kind) symbol.replaceChildren(icon(ICONS[row.kind] ?? ICONS[""]));
    setText(name, row.name);
    name.title = row.name;
    setText(note, progress.text);
    bar.hidden = !isUnderWay || row.state === "waiting";
    bar.setAttribute("aria-label", say(model, "progress", { name: row.name }));
    if (progress.part === null) bar.removeAttribute("value");
    else bar.value = progress.part;
    check.hidden = row.state !== "done";
    const label = say(model, isUnderWay ? "cancel" : "remove", { name: row.name });
    close.hidden = engine.isGone(); // nobody would hear it
    close.setAttribute("aria-label", label);
    close.title = label;
    node.dataset.state = row.state;
    const error = JSON.stringify([row.error, engine.canRetry(row)]);
    if (shown.error !== error) drawFault(row);
    shown = { id: row.id, kind: row.kind, error, state: row.state };
  }

  /** @param {any} row */
  function drawFault(row) {
    const error = row.error;
    fault.hidden = !error;
    fault.replaceChildren();
    if (!error) return;
    const act = () => {
      if (error.action === "new_session") model.send({ kind: "action", action: "new_session" });
      else engine.retry(row.id);
    };
    let button = null;
    if (error.action === "top_up" && /^https?:\/\//.test(error.link)) {
      const link = { class: "nemo-button", href: error.link, target: "_blank", rel: "noopener noreferrer" };
      button = h("a", link, say(model, "top_up"));
    } else if (error.action === "new_session" || (error.action === "retry" && engine.canRetry(row))) {
      button = h("button", { class: "nemo-button", type: "button", onclick: act }, say(model, error.action));
    }
    fault.append(
      h("div", { class: "nemo-error-text" },
        h("strong", {}, error.message), error.hint ? h("span", {}, error.hint) : null),
      h("div", { class: "nemo-error-buttons" }, button));
  }
  return { node, update, close };
}

/** What is said to those who do not see the rows: beginnings and ends, and half the way of large files. */
export function makeSpeaker(/** @type {Model} */ model, /** @type {HTMLElement} */ live, /** @type {any} */ engine) {
  const told = new Map();
  return (/** @type {any[]} */ rows) => {
    const news = [];
    for (const row of rows) {
      const isHalf = row.state === "receiving" && row.size > HALF_WORTH_SAYING && row.upload?.ackedBytes * 2 > row.size;
      const word = isHalf ? "said_half"
        : SAID[row.state];
      if (!word || told.get(row.id) === word) continue;
      told.set(row.id, word);
      news.push(say(model, word, { name: row.name }));
    }
    if (engine.isGone() && !told.has("")) {
      told.set("", "gone");
      news.push(say(model, "kernel_gone"));
    }
    if (news.length > 0) setText(live, news.join(" "));
  };
}
