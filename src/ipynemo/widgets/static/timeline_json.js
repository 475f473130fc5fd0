// The raw JSON, to read: the selected segment, then piece by piece, closed until somebody opens it; and to copy, whole.

import { h, icon, setText } from "./face.js";
import { placeOf } from "./timeline_store.js";

/** @param {import("./timeline_store.js").Desk} desk */
export function jsonView(desk) {
  const status = h("span", { class: "nemo-muted", role: "status" });
  const label = h("span", {});
  const copy = h("button", { class: "nemo-button", type: "button" }, icon("M9 9h11v11H9zM5 15V4h11"), label);
  const selected = h("div", { class: "nemo-timeline-selected" });
  const pieces = h("div", { class: "nemo-timeline-pieces" });
  const node = h("div", { class: "nemo-timeline-json" }, h("div", { class: "nemo-timeline-copy" }, copy, status), selected, pieces);
  const isOpen = new Set();
  let asked = "";

  /** @param {{ title: string, text: string, cut: string }} piece */
  const pre = (piece) => [
    piece.text ? h("pre", { tabindex: 0, "aria-label": piece.title, dir: "ltr" }, piece.text) : null,
    piece.cut ? h("p", { class: "nemo-muted" }, piece.cut) : null,
  ];

  const draw = async () => {
    const shown = desk.shown;
    if (!shown || node.hidden) return;
    setText(label, desk.say("copy"));
    const [track, segment] = desk.active >= 0 ? placeOf(shown, desk.active) : [null, null];
    const wanted = `${shown.version}/${desk.active}`;
    if (wanted === asked) return;
    asked = wanted;
    const answer = await desk.ask({ kind: "json", track, segment }, "json");
    if (asked !== wanted) return;
    selected.hidden = !answer.selected;
    selected.replaceChildren(...(answer.selected ? [h("h4", {}, answer.selected.title), ...pre(answer.selected).filter(Boolean)] : []));
    pieces.replaceChildren(h("h4", {}, desk.say("json_whole")), ...answer.pieces.map((/** @type {any} */ piece, /** @type {number} */ n) => {
      if (!piece.text && !piece.cut) return h("p", { class: "nemo-muted" }, piece.title);
      const box = h("details", { open: isOpen.has(n) }, h("summary", { dir: "auto" }, piece.title), ...pre(piece));
      box.addEventListener("toggle", () => (box.open ? isOpen.add(n) : isOpen.delete(n)));
      return box;
    }));
  };

  copy.addEventListener("click", async () => {
    const { text } = await desk.ask({ kind: "copy" }, "copy");
    let key = "copy_too_long";
    if (text !== null) {
      key = await navigator.clipboard?.writeText(text).then(() => "copied", () => "copy_failed") ?? "copy_failed";
    }
    setText(status, desk.say(key));
  });

  return {
    node,
    redraw: draw,
    renew: draw,
    focus: () => copy.focus({ preventScroll: true }),
    end() {},
  };
}
