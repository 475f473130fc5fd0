// The uploader's view: a place to drop files, and a row for each. What moves the bytes is in upload_engine.js.

import { begin, clockText, errorBox, follow, h, icon, say, setText, sizeText } from "./face.js";
import { engineOf } from "./upload_engine.js";

/** @typedef {import("./face.js").Model} Model */

const ICONS = {
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

const limitText = (/** @type {Model} */ model) => `${Math.floor(model.get("setup").max_bytes / (1 << 20))} MB`;

/**
 * What to do about a file that was refused: for some types it is said how to make an accepted one of them.
 * @param {Model} model
 * @param {any} notice
 */
function hintText(model, notice) {
  const advised = model.get("setup").advised;
  const kind = notice.word === "wrong_type" ? advised[notice.name.split(".").pop().toLowerCase()] : undefined;
  return (kind ? `${say(model, `advice_${kind}`)} ` : "") + say(model, `${notice.word}_hint`, notice);
}

/** The accepted formats by kind: "Pictures jpg jpeg … · Videos …". @param {Model} model */
function formatsText(model) {
  const kinds = Object.entries(model.get("setup").suffixes);
  return kinds.map(([kind, suffixes]) => `${say(model, kind)} ${suffixes.join(" ")}`).join(" · ");
}

/**
 * What the page and the kernel know of the files, as one list.
 * @param {Model} model
 * @param {any} engine
 */
function rowsOf(model, engine) {
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
function makeRow(model, engine, remove) {
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
function makeSpeaker(/** @type {Model} */ model, /** @type {HTMLElement} */ live, /** @type {any} */ engine) {
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

/** @param {{ model: Model, el: HTMLElement }} context */
function render({ model, el }) {
  const engine = engineOf(model);
  begin(el, "uploader");
  const keys = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘V" : "Ctrl+V";

  const title = h("span", { class: "nemo-drop-title" });
  const how = h("span", { class: "nemo-drop-how nemo-muted" });
  const zone = h("button", { class: "nemo-drop", type: "button", onclick: () => input.click() },
    h("span", { class: "nemo-drop-icon" }, icon(ICONS.upload)), h("span", { class: "nemo-drop-text" }, title, how));
  const formats = h("p", { class: "nemo-drop-formats nemo-muted" });
  const input = h("input", { type: "file", multiple: true, hidden: true, tabindex: "-1", onchange: () => {
    const files = [...input.files];
    input.value = ""; // so that choosing the same file again is noticed
    engine.offer(files);
  } });
  const address = h("input", { class: "nemo-upload-address", type: "url", autocomplete: "off", spellcheck: "false",
    onkeydown: (/** @type {KeyboardEvent} */ event) => { // a form would not do: JupyterLab takes its Enter
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      takeAddress();
    } });
  const add = h("button", { class: "nemo-button", type: "button", onclick: () => takeAddress() });
  const form = h("div", { class: "nemo-upload-form" }, address, add);
  const notices = h("div", { class: "nemo-upload-notices", role: "alert" });
  const count = h("span", { class: "nemo-upload-count" });
  const clear = h("button", { class: "nemo-button nemo-upload-clear", type: "button", onclick: () => {
    engine.clear();
    zone.focus();
    setText(live, say(model, "cleared"));
  } });
  const head = h("div", { class: "nemo-upload-head" }, count, clear);
  const list = h("ul", { class: "nemo-upload-list", role: "list" });
  const live = h("div", { class: "nemo-hidden-text", "aria-live": "polite" });
  const box = errorBox(model);
  const parts = [zone, formats, input, form, notices, head, list, box.node, live];
  el.append(h("div", { class: "nemo-card nemo-upload-card" }, ...parts));
  const speak = makeSpeaker(model, live, engine);
  /** @type {Map<string, ReturnType<typeof makeRow>>} */
  const drawn = new Map();

  // -- what comes in

  function takeAddress() {
    const text = address.value.trim();
    if (/^https?:\/\/[^\s/]+/i.test(text)) {
      engine.fetch(text);
      address.value = "";
    } else if (text) engine.notice("bad_address", text.slice(0, 200), 0);
    else address.focus();
  }

  /** @param {DataTransfer} data @param {boolean} isPasted @returns {boolean} whether there was something in it */
  function takeData(data, isPasted) {
    const folders = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter((entry) => entry?.isDirectory);
    const names = new Set(folders.map((entry) => entry.name));
    const files = [...data.files].filter((file) => !names.has(file.name));
    const text = (data.getData("text/uri-list") || data.getData("text/plain")).trim().split("\n")[0].trim();
    if (files.length > 0 || names.size > 0) {
      engine.offer(files, isPasted);
      for (const name of names) engine.notice("folder", name, 0);
    } else if (/^https?:\/\//i.test(text)) {
      engine.notices().length = 0;
      address.value = text;
      add.focus();
    } else return false;
    return true;
  }

  /** @param {DragEvent} event */
  function onDrag(event) {
    const types = [...(event.dataTransfer?.types ?? [])];
    if (!types.includes("Files") && !types.includes("text/uri-list")) return;
    event.preventDefault();
    event.stopPropagation();
    const isOver = event.type === "dragover" || event.type === "dragenter";
    el.classList.toggle("nemo-drag-over", isOver || (event.type === "dragleave" && el.contains(event.relatedTarget)));
    if (event.type === "drop") takeData(event.dataTransfer, false);
    else event.dataTransfer.dropEffect = "copy";
    draw();
  }

  /** Also where the pointer is over the widget and nothing is written elsewhere. @param {ClipboardEvent} event */
  function onPaste(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const writes = target.isContentEditable || /^(INPUT|TEXTAREA)$/.test(target.tagName);
    const isHere = el.contains(target);
    if ((writes && !(isHere && event.clipboardData.files.length > 0)) || (!isHere && !el.matches(":hover"))) return;
    event.preventDefault();
    event.stopPropagation();
    if (!takeData(event.clipboardData, true)) engine.notice("nothing_pasted", "", 0);
  }

  // -- what is shown

  /** @param {string} id */
  function remove(id) {
    const ids = [...drawn.keys()];
    const next = drawn.get(ids[ids.indexOf(id) + 1]) ?? drawn.get(ids[ids.indexOf(id) - 1]);
    const name = rowsOf(model, engine).find((row) => row.id === id)?.name ?? "";
    engine.remove(id);
    (next?.close ?? zone).focus();
    setText(live, say(model, "said_removed", { name }));
  }

  function drawNotices() {
    const values = { formats: formatsText(model), limit: limitText(model) };
    const shown = engine.notices().map((/** @type {any} */ each) => ({ ...values, ...each, size: sizeText(each.size) }));
    const key = JSON.stringify([shown, model.get("language")]);
    if (notices.dataset.shown === key) return;
    notices.dataset.shown = key;
    notices.hidden = shown.length === 0;
    const close = h("button", { class: "nemo-quiet", type: "button", "aria-label": say(model, "dismiss"), onclick: () => {
      engine.dismiss();
      zone.focus();
    } }, icon(ICONS.close));
    const texts = shown.map((/** @type {any} */ each) => h("div", { class: "nemo-error-text" },
      h("strong", {}, say(model, each.word, each)), h("span", {}, hintText(model, each))));
    notices.replaceChildren(...(shown.length ? [h("div", { class: "nemo-error" },
      h("div", { class: "nemo-upload-refused" }, ...texts), close)] : []));
  }

  function draw() {
    const rows = rowsOf(model, engine);
    const suffixes = Object.values(model.get("setup").suffixes).flat();
    const isOver = el.classList.contains("nemo-drag-over");
    setText(title, say(model, isOver ? "let_go" : rows.length ? "choose_more" : "choose"));
    setText(how, say(model, "choose_how", { keys }));
    setText(formats, say(model, "formats", { formats: formatsText(model), limit: limitText(model) }));
    input.accept = suffixes.map((suffix) => `.${suffix}`).join(",");
    address.setAttribute("aria-label", say(model, "address"));
    address.placeholder = say(model, "address_example");
    setText(add, say(model, "address_add"));
    setText(count, say(model, rows.length === 1 ? "files_one" : "files_many", { count: rows.length }));
    clear.hidden = engine.isGone();
    setText(clear, say(model, "clear"));
    list.setAttribute("aria-label", say(model, "list"));
    el.classList.toggle("nemo-has-files", rows.length > 0);
    head.hidden = list.hidden = rows.length === 0;
    for (const row of rows) {
      if (!drawn.has(row.id)) {
        drawn.set(row.id, makeRow(model, engine, remove));
        list.append(drawn.get(row.id).node);
      }
      drawn.get(row.id).update(row);
    }
    const ids = new Set(rows.map((row) => row.id));
    for (const [id, row] of drawn) if (!ids.has(id)) { row.node.remove(); drawn.delete(id); }
    drawNotices();
    speak(rows);
  }

  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) el.addEventListener(type, onDrag);
  document.addEventListener("paste", onPaste, true);
  const unwatch = engine.watch(draw);
  const unfollow = follow(model, ["rows", "thumbs", "setup", "words"], draw);
  return () => {
    document.removeEventListener("paste", onPaste, true);
    unwatch();
    unfollow();
    box.end();
  };
}

/** @param {{ model: Model }} context */
function initialize({ model }) {
  const engine = engineOf(model);
  return () => engine.end();
}

export default { initialize, render };
