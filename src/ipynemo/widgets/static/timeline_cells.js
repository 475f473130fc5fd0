// Fields that edit one value of a segment: in the table, and in the line below the drawing.

import { h, setText } from "./face.js";
import { canEdit, cellText, indexOf, placeOf, wholeText } from "./timeline_store.js";

/**
 * A field for a cell. Enter and leaving it write the value, Escape leaves it as it was; Shift+Enter is a new line.
 * @param {import("./timeline_store.js").Desk} desk @param {string} column @param {(key: string) => void} done
 */
export function cellField(desk, column, done) {
  const isText = column === "text";
  const node = isText
    ? h("textarea", { rows: 1, dir: "auto" })
    : h("input", { type: "text", dir: column === "name" ? "auto" : "ltr", inputmode: column === "name" ? null : "decimal" });
  node.classList.add("nemo-timeline-field");
  node.autocomplete = "off";
  node.spellcheck = false;
  /** @type {[number, number] | null} */
  let place = null;
  let [was, isOpen] = ["", false];

  const write = () => {
    const i = place ? indexOf(desk.shown, place) : -1;
    if (isOpen && i >= 0 && node.value !== was && !node.disabled) {
      was = node.value;
      desk.edit({ edit: "cell", column, value: node.value }, [i]);
    }
  };
  node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    event.stopPropagation();
    if (event.isComposing || (event.key === "Enter" && event.shiftKey && isText)) return;
    if (event.key === "Escape") node.value = was;
    else if (event.key === "Enter" || (event.key === "Tab" && done.length)) write();
    else return;
    if (event.key !== "Tab") event.preventDefault();
    done(event.key);
  });
  node.addEventListener("blur", write);
  return {
    node,
    /** Show the value of a segment; a text that is shown shortened is fetched whole. @param {number} i */
    async show(i) {
      const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
      place = placeOf(shown, i);
      node.disabled = !canEdit(shown, i, column);
      node.value = was = cellText(desk, i, column);
      isOpen = true;
      if (column !== "name" && column !== "text") return;
      const version = shown.version;
      const text = await wholeText(desk, i, column);
      if (desk.shown?.version !== version || !place || indexOf(desk.shown, place) !== i) return;
      if (text === null) {
        node.disabled = true;
        node.title = `${desk.say("too_long")} ${desk.say("too_long_hint")}`;
      } else if (node.value === was) node.value = was = text;
    },
  };
}

const FIELDS = ["name", "text", "start", "end", "volume"];

/** The line below the drawing: the active segment's values. @param {import("./timeline_store.js").Desk} desk @param {() => void} leave */
export function inspector(desk, leave) {
  const uid = `nemo-field-${Math.random().toString(36).slice(2)}`;
  const title = h("strong", { class: "nemo-timeline-which" });
  const fields = FIELDS.map((column) => {
    const field = cellField(desk, column, (key) => (key === "Enter" || key === "Escape") && leave());
    field.node.id = `${uid}-${column}`;
    const label = h("label", { for: field.node.id });
    return { column, field, label, node: h("div", { class: `nemo-timeline-part nemo-timeline-${column}` }, label, field.node) };
  });
  const node = h("div", { class: "nemo-timeline-inspector", role: "group" }, title, ...fields.map((one) => one.node));
  let [shownFor, shownVersion] = [-1, -1];
  return {
    node,
    draw() {
      const shown = desk.shown;
      const i = desk.active;
      node.hidden = !shown || i < 0;
      if (!shown || i < 0) {
        shownFor = -1;
        return;
      }
      const [track, segment] = placeOf(shown, i);
      setText(title, `${track}.${segment}`);
      node.setAttribute("aria-label", desk.say("json_selected", { track, segment }));
      for (const { column, field, label, node: part } of fields) {
        const unit = column === "start" || column === "end" ? " (s)" : "";
        setText(label, `${desk.say(`column_${column}`)}${unit}`);
        part.hidden = !canEdit(shown, i, column);
        const isTyping = document.activeElement === field.node && shownFor === i && shownVersion !== shown.version;
        if ((shownFor !== i || shownVersion !== shown.version) && !isTyping) field.show(i);
      }
      [shownFor, shownVersion] = [i, shown.version];
    },
    focus() {
      const shown = desk.shown;
      if (!shown || desk.active < 0) return;
      const isText = shown.tracks[shown.trackOf[desk.active]].kind === "text";
      const field = fields[isText ? 1 : 0].field.node;
      field.focus();
      field.select();
    },
  };
}
