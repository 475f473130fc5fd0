// The export panel: one line that says where things stand, a bar while it works, a name and a button.

import { begin, errorBox, follow, h, icon, say, sendControl, setText } from "./face.js";
import { addressOf } from "./files.js";

const WORKING = ["starting", "queued", "render", "download", "cancelling"];
const LOOK_EVERY_MS = 3000;

/** @param {import("./face.js").Model} model @param {number | null} seconds */
function leftText(model, seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 90) return say(model, "left_seconds", { n: Math.max(1, Math.round(seconds)) });
  return say(model, "left_minutes", { n: Math.round(seconds / 60) });
}

/** @param {import("./face.js").Model} model @param {any} view */
function statusText(model, view) {
  if (!view.has_session) return say(model, "no_session");
  if (view.stage === "ready") return say(model, "ready", { duration: Number(view.duration_s.toFixed(1)) });
  if (view.stage === "done") return say(model, "saved_as");
  return say(model, view.stage);
}

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  begin(el, "exporter");
  const id = `nemo-exporter-${Math.random().toString(36).slice(2)}`;
  const status = h("p", { class: "nemo-exporter-status", role: "status" });
  const note = h("p", { class: "nemo-muted nemo-exporter-note" });
  const percent = h("span", { class: "nemo-exporter-percent" });
  const left = h("span", { class: "nemo-muted" });
  const fill = h("div", { class: "nemo-exporter-fill" });
  const bar = h("div", { class: "nemo-exporter-bar", role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 }, fill);
  const work = h("div", { class: "nemo-exporter-work" }, bar, h("div", { class: "nemo-exporter-numbers" }, percent, left));

  const input = h("input", {
    class: "nemo-exporter-input", id, type: "text", maxlength: 80, spellcheck: "false", autocomplete: "off",
    "aria-describedby": `${id}-hint`,
  });
  const label = h("label", { for: id });
  const hint = h("span", { class: "nemo-muted nemo-exporter-hint", id: `${id}-hint` });
  const go = h("button", { class: "nemo-button nemo-primary nemo-exporter-go", type: "submit" });
  const cancel = h("button", { class: "nemo-button", type: "button", onclick: () => sendControl(model, { kind: "cancel" }) });
  const form = h("form", { class: "nemo-exporter-form" },
    h("div", { class: "nemo-exporter-field" }, label,
      h("div", { class: "nemo-exporter-name" }, input, h("span", { class: "nemo-muted", "aria-hidden": "true" }, ".mp4"))),
    go, hint);

  const file = h("strong", {});
  const facts = h("span", { class: "nemo-muted" });
  const download = h("a", { class: "nemo-button", download: "" });
  const result = h("div", { class: "nemo-exporter-result" },
    icon("M5 4h10l4 4v12H5zM10 10.5v6l5-3z"),
    h("div", { class: "nemo-exporter-file" }, file, facts), download);

  const box = errorBox(model);
  const card = h("section", { class: "nemo-card" }, status, note, work, result, form, cancel, box.node);
  el.append(card);

  /** @param {Event} event */
  const begun = (event) => {
    event.preventDefault();
    if (go.getAttribute("aria-disabled") !== "true") model.send({ kind: "export", filename: input.value });
  };
  form.addEventListener("submit", begun);
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Enter" && !event.isComposing) begun(event); // JupyterLab keeps forms from taking it
  });
  let looked = 0;
  const look = () => {
    if (Date.now() - looked < LOOK_EVERY_MS) return;
    looked = Date.now();
    model.send({ kind: "look" }); // somebody may have chatted in another cell
  };
  el.addEventListener("pointerenter", look);
  el.addEventListener("focusin", look);

  /** @type {string | null} */
  let shownHref = "";
  /** @param {string | null} href */
  const link = async (href) => {
    if (href === shownHref) return;
    shownHref = href;
    download.hidden = true;
    const address = href ? await addressOf(model, href) : null;
    if (shownHref !== href || !address) return; // the words say where the file is
    download.href = address;
    download.hidden = false;
  };

  let wasWorking = false;
  const draw = () => {
    const view = model.get("view");
    const isWorking = WORKING.includes(view.stage);
    card.setAttribute("aria-label", say(model, "name"));
    card.dataset.stage = view.stage;
    setText(status, statusText(model, view));
    note.hidden = !(isWorking && view.taken_up);
    setText(note, say(model, "taken_up"));

    work.hidden = !isWorking;
    const shown = Math.floor(view.percent);
    fill.style.inlineSize = `${view.percent}%`;
    bar.classList.toggle("nemo-waiting", isWorking && view.percent === 0);
    bar.setAttribute("aria-label", statusText(model, view));
    bar.setAttribute("aria-valuenow", String(shown));
    setText(percent, view.percent > 0 ? `${shown} %` : "");
    setText(left, leftText(model, view.left_s));

    const clip = view.stage === "done" ? view.clip : null;
    result.hidden = !clip;
    if (clip) {
      setText(file, clip.name);
      setText(facts, clip.words);
      setText(download, say(model, "download_file"));
      link(clip.href);
    }

    form.hidden = isWorking;
    cancel.hidden = !isWorking;
    cancel.disabled = view.stage === "cancelling";
    setText(cancel, say(model, "cancel"));
    setText(label, say(model, "filename"));
    setText(hint, say(model, "filename_hint"));
    setText(go, say(model, clip ? "export_again" : "export"));
    go.classList.toggle("nemo-primary", !clip);
    go.setAttribute("aria-disabled", String(!view.can_export));
    input.placeholder = view.name.replace(/\.mp4$/, "");
    // Focus follows the work: the button that was pressed has gone.
    if (isWorking !== wasWorking && (el.contains(document.activeElement) || document.activeElement === document.body)) {
      if (isWorking) cancel.focus({ preventScroll: true });
      else if (wasWorking) go.focus({ preventScroll: true });
    }
    wasWorking = isWorking;
  };
  const drawName = () => {
    if (document.activeElement !== input) input.value = model.get("filename").replace(/\.mp4$/i, "");
  };
  const ends = [follow(model, ["view", "words"], draw), follow(model, ["filename"], drawName), box.end];
  return () => ends.forEach((end) => end());
}

export default { render };
