// The timeline: three views that share one desk - the version shown, the selection, the playhead, the way to edit.

import { begin, clockText, errorBox, follow, h, icon, say, setText } from "./face.js";
import { inspector } from "./timeline_cells.js";
import { jsonView } from "./timeline_json.js";
import { momentView } from "./timeline_moment.js";
import { drawnView } from "./timeline_stage.js";
import { indexOf, placeOf, readDraft, seconds } from "./timeline_store.js";
import { tableView } from "./timeline_table.js";

const VIEWS = ["timeline", "table", "json"];
const LOOK_EVERY_MS = 3000;
const CURSOR_EVERY_MS = 60;
const ICONS = {
  undo: "M9 14L4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "M15 14l5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  zoom_in: "M12 5v14M5 12h14",
  zoom_out: "M5 12h14",
  zoom_fit: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
};

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  begin(el, "timeline");
  const page = Math.random().toString(36).slice(2, 12);
  const uid = `nemo-timeline-${page}`;
  /** @type {Map<string, (answer: any) => void>} */
  const waiting = new Map();
  let [questions, moves, heard, cursorTimer, looked] = [0, 0, 0, 0, 0];

  const sendCursor = () => {
    cursorTimer = 0;
    moves += 1;
    const shown = desk.shown;
    const selection = shown ? [...desk.selection].map((i) => placeOf(shown, i)) : [];
    model.send({ kind: "cursor", selection, playhead_s: desk.playheadMs / 1000, page, number: moves });
  };

  /** @type {import("./timeline_store.js").Desk} */
  const desk = {
    shown: null,
    selection: new Set(),
    active: -1,
    playheadMs: 0,
    files: new Map(),
    say: (key, values) => say(model, key, values),
    move({ selection, active, playheadMs }) {
      if (selection) desk.selection = new Set(selection);
      if (active !== undefined) desk.active = active;
      if (playheadMs !== undefined) desk.playheadMs = playheadMs;
      redraw();
      cursorTimer ||= window.setTimeout(sendCursor, CURSOR_EVERY_MS);
    },
    edit(edit, indexes) {
      const shown = desk.shown;
      if (!shown) return;
      model.send({ kind: "edit", ...edit, places: [...indexes].map((i) => placeOf(shown, i)), version: shown.version });
    },
    ask(content) {
      const id = `${page}/${(questions += 1)}`;
      model.send({ ...content, id });
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    step: (way) => model.send({ kind: way }),
    point: (ms) => moment.point(ms),
  };

  // -- what there is ------------------------------------------------------------------------------------------------

  const moment = momentView(model, desk.say);
  const drawn = drawnView(desk, { edit: () => fields.focus() });
  const fields = inspector(desk, () => drawn.focus());
  const table = tableView(desk);
  const json = jsonView(desk);
  /** @type {Record<string, { node: HTMLElement, redraw: () => void, renew: () => void, focus: () => void, end: () => void }>} */
  const views = { timeline: drawn, table, json };

  /** @param {keyof typeof ICONS} key @param {() => void} act */
  const tool = (key, act) => h("button", { class: `nemo-quiet nemo-timeline-${key}`, type: "button", onclick: act }, icon(ICONS[key]));
  const undo = tool("undo", () => undo.getAttribute("aria-disabled") !== "true" && desk.step("undo"));
  const redo = tool("redo", () => redo.getAttribute("aria-disabled") !== "true" && desk.step("redo"));
  const zooms = [tool("zoom_out", () => drawn.zoom(1 / 1.5)), tool("zoom_fit", drawn.fit), tool("zoom_in", () => drawn.zoom(1.5))];
  const zoomBox = h("div", { class: "nemo-timeline-zooms" }, ...zooms);

  const tabs = VIEWS.map((name) => h("button", {
    id: `${uid}-tab-${name}`, class: "nemo-timeline-tab", role: "tab", type: "button", "aria-controls": `${uid}-${name}`,
    onclick: () => show(name),
  }));
  const tabList = h("div", { class: "nemo-timeline-tabs", role: "tablist" }, ...tabs);
  tabList.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const next = (VIEWS.indexOf(current) + by + VIEWS.length) % VIEWS.length;
    show(VIEWS[next]);
    tabs[next].focus();
  });
  const panels = VIEWS.map((name) => h("div", {
    id: `${uid}-${name}`, class: "nemo-timeline-panel", role: "tabpanel", "aria-labelledby": `${uid}-tab-${name}`,
  }, name === "timeline" ? moment.node : null, views[name].node, name === "timeline" ? fields.node : null));

  const clock = h("span", { class: "nemo-timeline-clock", "aria-hidden": "true" });
  const facts = h("span", { class: "nemo-muted" });
  const status = h("span", { class: "nemo-timeline-status", role: "status" });
  const counts = h("summary", {});
  const lines = h("ul", {});
  const changed = h("details", { class: "nemo-timeline-changed" }, counts, lines);
  const empty = h("p", { class: "nemo-timeline-empty nemo-muted" });
  const work = h("div", { class: "nemo-timeline-work" }, ...panels);
  const box = errorBox(model);
  const card = h("section", { class: "nemo-card" },
    h("div", { class: "nemo-timeline-bar" }, tabList, h("div", { class: "nemo-timeline-tools" }, clock, undo, redo, zoomBox)),
    empty, work,
    h("div", { class: "nemo-timeline-foot" }, facts, status), changed, box.node);
  el.append(card);
  card.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const isTyped = event.target instanceof Element && event.target.matches("input, textarea, select");
    if (event.key.toLowerCase() !== "p" || event.ctrlKey || event.metaKey || event.altKey || isTyped) return;
    event.preventDefault();
    moment.toggle();
  });

  // -- drawing ------------------------------------------------------------------------------------------------------

  let current = "";
  const showPanel = () => {
    const hadFocus = el.contains(document.activeElement) && !tabList.contains(document.activeElement);
    VIEWS.forEach((name, n) => {
      panels[n].hidden = name !== current;
      views[name].node.hidden = name !== current;
      tabs[n].setAttribute("aria-selected", name === current ? "true" : "false");
      tabs[n].tabIndex = name === current ? 0 : -1;
    });
    zoomBox.hidden = current !== "timeline";
    redraw();
    if (current === "table" && desk.active >= 0) table.reveal(desk.active);
    if (hadFocus && document.activeElement === document.body) views[current].focus();
  };
  /** @param {string} name */
  const show = (name) => {
    if (name === current) return;
    current = name;
    showPanel();
    model.send({ kind: "view", view: name });
  };
  const redraw = () => {
    views[current]?.redraw();
    if (current === "timeline") fields.draw();
    const state = model.get("state");
    moment.follow(current === "timeline" && Boolean(state.can_preview), desk.playheadMs, desk.shown);
    setText(clock, `${clockText(desk.playheadMs / 1000)} / ${clockText((desk.shown?.duration ?? 0) / 1000)}`);
  };

  const drawWords = () => {
    card.setAttribute("aria-label", desk.say("name"));
    tabList.setAttribute("aria-label", desk.say("views"));
    tabs.forEach((tab, n) => setText(tab, desk.say(`view_${VIEWS[n]}`)));
    for (const [button, key] of [[undo, "undo"], [redo, "redo"], [zooms[0], "zoom_out"], [zooms[1], "zoom_fit"], [zooms[2], "zoom_in"]]) {
      button.setAttribute("aria-label", desk.say(key));
      button.title = desk.say(key);
    }
    drawState();
    redraw();
  };

  const drawState = () => {
    const state = model.get("state");
    const shown = desk.shown;
    if ((state.version ?? -1) > (shown?.version ?? -1)) model.send({ kind: "get" });
    const isEmpty = !state.has_draft;
    empty.hidden = !isEmpty;
    setText(empty, desk.say(state.is_reading ? "loading" : "empty"));
    work.hidden = isEmpty;
    tabList.hidden = isEmpty;
    facts.hidden = isEmpty;
    clock.hidden = isEmpty;
    zoomBox.hidden = isEmpty || current !== "timeline";
    for (const [button, can] of [[undo, state.can_undo], [redo, state.can_redo]]) {
      button.setAttribute("aria-disabled", can && !state.pending ? "false" : "true");
    }
    if (shown) {
      const duration = shown.duration < 120_000 ? `${seconds(shown.duration)} s` : clockText(shown.duration / 1000);
      const words = [desk.say("facts", { tracks: shown.tracks.length, segments: shown.count + shown.hidden, duration })];
      if (shown.hidden) words.push(desk.say("facts_hidden", { hidden: shown.hidden }));
      setText(facts, words.join(" · "));
    }
    setText(status, state.pending ? desk.say(state.is_cloud ? "pending_cloud" : "pending") : state.note ?? "");
    status.classList.toggle("nemo-timeline-busy", state.pending > 0);
    const has = state.counts && Object.keys(state.counts).length > 0;
    changed.hidden = !has || isEmpty;
    if (has) {
      setText(counts, `${desk.say("changed_title")}: ${desk.say("changed_counts", state.counts)}`);
      lines.replaceChildren(...(state.changes ?? []).map((/** @type {string} */ line) => h("li", { dir: "auto" }, line)));
      changed.classList.toggle("nemo-timeline-bare", !state.changes?.length);
    }
  };

  const drawCursor = () => {
    const cursor = model.get("cursor");
    // What this page has sent comes back; until it has, everything else is old news.
    if (cursor.page === page) heard = cursor.number;
    if (cursorTimer || heard < moves || cursor.selection === undefined) return;
    const found = cursor.selection.map((/** @type {number[]} */ place) => indexOf(desk.shown, place)).filter((/** @type {number} */ i) => i >= 0);
    const isSame = found.length === desk.selection.size && found.every((/** @type {number} */ i) => desk.selection.has(i));
    desk.selection = new Set(found);
    if (!desk.selection.has(desk.active) && !(isSame && !found.length)) desk.active = found.length ? found[found.length - 1] : -1;
    desk.playheadMs = cursor.playhead_s * 1000;
    redraw();
    if (!isSame && desk.active >= 0) (current === "table" ? table : drawn).reveal(desk.active);
  };

  // -- what comes ---------------------------------------------------------------------------------------------------

  /** @param {any} content @param {DataView[]} buffers */
  const take = (content, buffers) => {
    if (content.kind === "draft") {
      if (desk.shown && content.version <= desk.shown.version || !content.tracks) return;
      desk.shown = readDraft(content, buffers);
      if (desk.active >= desk.shown.count) desk.active = -1;
      desk.selection = new Set([...desk.selection].filter((i) => i < (desk.shown?.count ?? 0)));
      for (const name of VIEWS) views[name].renew();
      drawState();
      drawCursor();
      redraw();
    } else if (content.kind === "moment") moment.take(content, buffers);
    else if (content.kind === "play") moment.takePlay(content, buffers);
    else if (content.kind === "settled") drawn.renew();
    else if (content.kind === "thumbs") takeFiles(content.files);
    else waiting.get(content.id)?.(content);
    waiting.delete(content.id);
  };

  /** @param {Record<string, { name: string, thumb: string }>} files */
  const takeFiles = (files) => {
    for (const [key, { name, thumb }] of Object.entries(files)) {
      const known = desk.files.get(key);
      let image = known?.image ?? null;
      if (/^data:image\/(?:png|jpeg|webp);base64,/.test(thumb) && image?.src !== thumb) {
        image = new Image();
        image.onload = redraw;
        image.src = thumb;
      }
      desk.files.set(key, { name, image });
    }
    redraw();
  };

  const look = () => {
    if (Date.now() - looked < LOOK_EVERY_MS) return;
    looked = Date.now();
    model.send({ kind: "look" }); // somebody may have chatted in another cell
  };
  el.addEventListener("pointerenter", look);
  el.addEventListener("focusin", look);

  current = model.get("view");
  model.on("msg:custom", take);
  const ends = [
    follow(model, ["words"], drawWords),
    follow(model, ["state"], () => { drawState(); redraw(); }),
    follow(model, ["cursor"], drawCursor),
    follow(model, ["view"], () => { current = model.get("view"); showPanel(); }),
    () => model.off("msg:custom", take),
    () => window.clearTimeout(cursorTimer),
    box.end, drawn.end, moment.end, table.end, json.end,
  ];
  return () => ends.forEach((end) => end());
}

export default { render };
