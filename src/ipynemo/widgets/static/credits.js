// The badge: one line, and a button to look again where credits count.

import { begin, errorBox, follow, h, icon, say, setText } from "./face.js";

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  const text = h("span", { class: "nemo-credits-text" });
  const note = h("span", { class: "nemo-muted" });
  const refresh = h(
    "button",
    { class: "nemo-quiet", type: "button", onclick: () => model.send({ kind: "refresh" }) },
    icon("M20 11a8 8 0 1 0-2.3 6.2M20 5v6h-6"),
  );
  const badge = h("div", { class: "nemo-credits-badge", role: "status" }, text, note);
  const box = errorBox(model);
  begin(el, "credits");
  el.append(h("div", { class: "nemo-credits-row" }, badge, refresh), box.node);

  const draw = () => {
    const view = model.get("view");
    setText(text, view.text ?? "");
    setText(note, view.note ?? "");
    note.hidden = !view.note;
    badge.classList.toggle("nemo-free", Boolean(view.is_free));
    refresh.hidden = !view.can_refresh || view.is_free;
    refresh.setAttribute("aria-label", say(model, "refresh"));
    refresh.title = say(model, "refresh");
    refresh.classList.toggle("nemo-turning", model.get("busy"));
  };
  const end = follow(model, ["view", "busy", "words"], draw);
  return () => {
    end();
    box.end();
  };
}

export default { render };
