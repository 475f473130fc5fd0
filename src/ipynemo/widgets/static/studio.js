// The studio: a header that says where things stand, four steps, and the other widgets in their places.

import { begin, errorBox, follow, h, icon, say, setText } from "./face.js";

const STEPS = ["upload", "ask", "look", "export"];
const PLACES = { credits: "credits", uploader: "upload", chat: "ask", timeline: "look", exporter: "export", player: "player" };
const FIRST = "button:not([disabled], [aria-disabled='true']), textarea:not([disabled]), input:not([disabled])";
const CHECK = "M5 12.5l4.5 4.5L19 7.5";
const LOCK = "M7 11V8a5 5 0 0 1 10 0v3M5.5 11h13v9h-13z";
const CLOUD = "M7 18a4 4 0 0 1-.6-7.95A6 6 0 0 1 18 9.5 4.25 4.25 0 0 1 17.5 18z";

/**
 * Put the views of the parts in their places; returns what removes them.
 * @param {import("./face.js").Model} model
 * @param {Record<string, HTMLElement>} places
 */
function seat(model, places) {
  /** @type {any[]} */
  const views = [];
  let hasGone = false;
  const put = async (/** @type {string} */ name, /** @type {HTMLElement} */ place) => {
    const reference = model.get(name);
    const manager = model.widget_manager;
    const part = typeof reference === "string" ? await manager.get_model(reference.replace("IPY_MODEL_", "")) : reference;
    const view = await manager.create_view(part, {});
    if (hasGone) return view.remove();
    views.push(view);
    place.append(view.el);
  };
  for (const [name, place] of Object.entries(PLACES)) put(name, places[place]);
  return () => {
    hasGone = true;
    for (const view of views) view.remove();
  };
}

/**
 * The list of earlier work, and the word on an export that nobody follows.
 * @param {import("./face.js").Model} model
 */
function past(model) {
  const summary = h("summary", { class: "nemo-button" });
  const list = h("ul", { class: "nemo-studio-list" });
  const menu = h("details", { class: "nemo-studio-earlier" }, summary, list);
  const text = h("span", {});
  const go = h("button", { class: "nemo-button", type: "button" });
  const notice = h("div", { class: "nemo-studio-notice", role: "status" }, text, go);
  const goOn = (/** @type {string} */ id) => {
    menu.open = false;
    model.send({ kind: "go_on", id });
  };
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    summary.focus();
    event.stopPropagation();
  });
  menu.addEventListener("focusout", (/** @type {FocusEvent} */ event) => {
    if (event.relatedTarget && !menu.contains(/** @type {Node} */ (event.relatedTarget))) menu.open = false;
  });
  const when = (/** @type {string} */ iso) => {
    const time = new Date(iso);
    if (Number.isNaN(time.getTime())) return "";
    return time.toLocaleString(model.get("language"), { dateStyle: "medium", timeStyle: "short" });
  };
  const draw = () => {
    const earlier = model.get("earlier");
    menu.hidden = !earlier.length;
    setText(summary, say(model, "earlier"));
    list.replaceChildren(...earlier.map((/** @type {any} */ one) => h("li", {},
      h("button", { class: "nemo-studio-one", type: "button", onclick: () => goOn(one.id) },
        h("span", { class: "nemo-studio-title", dir: "auto" }, one.title),
        h("span", { class: "nemo-muted" }, [one.duration, when(one.used_at)].filter(Boolean).join(" · "))))));
    const running = earlier.find((/** @type {any} */ one) => one.is_exporting);
    notice.hidden = !running;
    setText(text, running ? say(model, "still_exporting", { title: running.title }) : "");
    setText(go, say(model, "go_on"));
    go.onclick = () => running && goOn(running.id);
  };
  return { menu, notice, end: follow(model, ["earlier", "words"], draw) };
}

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  begin(el, "studio");
  const id = `nemo-studio-${Math.random().toString(36).slice(2)}`;

  const title = h("h2", { class: "nemo-studio-name", id: `${id}-name` });
  const where = h("span", { class: "nemo-studio-where" });
  const credits = h("div", { class: "nemo-studio-credits" });
  const fresh = h("button", { class: "nemo-button", type: "button", onclick: () => model.send({ kind: "fresh" }) });
  const earlier = past(model);
  const lineText = h("span", {});
  const line = h("p", { class: "nemo-studio-line", role: "status" },
    h("span", { class: "nemo-studio-pulse", "aria-hidden": "true" }), lineText);

  /** @type {Record<string, any>} */
  const parts = {};
  const focusPart = (/** @type {string} */ name) => {
    const part = parts[name];
    part.node.scrollIntoView({ block: "nearest" });
    (part.place.querySelector(FIRST) ?? part.node).focus({ preventScroll: true });
  };
  const steps = STEPS.map((name, number) => {
    const mark = h("span", { class: "nemo-studio-mark", "aria-hidden": "true" });
    const label = h("span", {});
    const state = h("span", { class: "nemo-hidden-text" });
    const button = h("button", { class: "nemo-studio-step", type: "button", onclick: () => focusPart(name) }, mark, label, state);
    const heading = h("h3", { id: `${id}-${name}` });
    const place = h("div", { class: "nemo-studio-place" });
    const node = h("section", { class: "nemo-studio-part", tabindex: -1, "data-part": name, "aria-labelledby": `${id}-${name}` },
      heading, place);
    parts[name] = { node, place, mark, label, state, button, heading, number: number + 1 };
    return h("li", {}, button);
  });
  const player = h("div", { class: "nemo-studio-player" });
  parts.player = { node: player, place: player };
  parts.export.node.append(player);

  const nav = h("nav", {}, h("ol", { class: "nemo-studio-steps" }, ...steps));
  const box = errorBox(model);
  const root = h("section", { class: "nemo-studio-card", "aria-labelledby": `${id}-name` },
    h("header", { class: "nemo-studio-header" },
      h("div", { class: "nemo-studio-top" }, title, where, credits,
        h("div", { class: "nemo-studio-sessions" }, earlier.menu, fresh)),
      nav, line, earlier.notice, box.node),
    h("div", { class: "nemo-studio-table" },
      h("div", { class: "nemo-studio-column" }, parts.upload.node, parts.ask.node),
      h("div", { class: "nemo-studio-column" }, parts.look.node, parts.export.node)));
  el.append(root);

  const draw = () => {
    const view = model.get("view");
    setText(title, say(model, "name"));
    nav.setAttribute("aria-label", say(model, "steps"));
    setText(fresh, say(model, "fresh"));
    fresh.hidden = !view.has_session || Object.values(view.steps).every((state) => state !== "done");
    where.replaceChildren(icon(view.is_local ? LOCK : CLOUD), view.where);
    where.classList.toggle("nemo-studio-local", view.is_local);
    setText(lineText, view.line);
    line.classList.toggle("nemo-studio-working", view.is_working);
    line.classList.toggle("nemo-studio-bad", view.is_bad);
    player.hidden = !view.has_clip;
    const next = STEPS.find((name) => view.steps[name] === "open");
    for (const name of STEPS) {
      const part = parts[name];
      const state = view.steps[name];
      part.node.dataset.state = state;
      part.button.dataset.state = state;
      part.mark.replaceChildren(state === "done" ? icon(CHECK) : String(part.number));
      for (const text of [part.label, part.heading]) setText(text, say(model, name));
      setText(part.state, state === "open" ? "" : ` (${say(model, `step_${state}`)})`);
      part.button.title = state === "locked" ? say(model, `hint_${name}`) : "";
      if (name === next) part.button.setAttribute("aria-current", "step");
      else part.button.removeAttribute("aria-current");
    }
  };
  const hear = (/** @type {any} */ content) => {
    if (content.kind === "focus" && parts[content.part]) requestAnimationFrame(() => focusPart(content.part));
  };
  model.on("msg:custom", hear);
  const unseat = seat(model, {
    credits, player, ...Object.fromEntries(STEPS.map((name) => [name, parts[name].place])),
  });
  const end = follow(model, ["view", "words"], draw);
  return () => {
    end();
    earlier.end();
    box.end();
    unseat();
    model.off("msg:custom", hear);
  };
}

export default { render };
