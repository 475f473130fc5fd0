// The uploader's view: a place to drop files, and the list. Its rows are in upload_rows.js, what moves the bytes in upload_engine.js.

import { begin, errorBox, follow, h, icon, say, setText, sizeText } from "./face.js";
import { engineOf } from "./upload_engine.js";
import { ICONS, rowsOf, makeRow, makeSpeaker } from "./upload_rows.js";

/** @typedef {import("./face.js").Model} Model */

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
