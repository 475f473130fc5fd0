// The drawn view: a canvas that stays in place while an empty block scrolls, the pointer, and for screen readers and
// keys a list of the current track's segments of which only the nearest are in the page.

import { h } from "./face.js";
import { RULER_PX, paint, readColors, spanOf } from "./timeline_draw.js";
import { selectByKey, zoomByKey } from "./timeline_keys.js";
import {
  FLAG, inSight, kindTitle, percent, placeInOrder, placeOf, seconds, segmentAt, segmentTitle, sourceTitle,
} from "./timeline_store.js";

const MAX_BLOCK_PX = 8e6; // browsers give up on much longer ones
const MAX_SCALE = 0.5; // px per ms
const EDGE_PX = 7;
const NEAR = 5; // options on either side of the active one
const MAX_HEIGHT_PX = 380;

/** What a segment's list entry says. @param {import("./timeline_store.js").Desk} desk @param {number} i */
export function segmentWords(desk, i) {
  const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
  const [, n] = placeOf(shown, i);
  const [start, end] = [seconds(shown.start[i]), seconds(shown.start[i] + shown.length[i])];
  const parts = [desk.say("segment", { n, name: segmentTitle(desk, i), start, end })];
  if (!Number.isNaN(shown.volume[i])) parts.push(desk.say("item_volume", { percent: percent(shown.volume[i]) }));
  if (shown.flags[i] & FLAG.added) parts.push(desk.say("item_added"));
  if (shown.flags[i] & FLAG.changed) parts.push(desk.say("item_changed"));
  if (shown.flags[i] & FLAG.moved) parts.push(desk.say("item_moved"));
  if (shown.flags[i] & FLAG.pending) parts.push(desk.say("item_pending"));
  return parts.join(", ");
}

/** @param {import("./timeline_store.js").Desk} desk @param {{ edit: () => void }} to */
export function drawnView(desk, to) {
  const uid = `nemo-timeline-${Math.random().toString(36).slice(2)}`;
  const canvas = h("canvas", { class: "nemo-timeline-canvas", "aria-hidden": "true" });
  const ruler = h("div", { class: "nemo-timeline-ruler", role: "slider", tabindex: 0, "aria-valuemin": 0 });
  const list = h("div", { class: "nemo-timeline-list", role: "listbox", tabindex: 0, "aria-multiselectable": "true" });
  const block = h("div", { class: "nemo-timeline-block" });
  const fixed = h("div", { class: "nemo-timeline-fixed" }, canvas, ruler, list);
  const scroller = h("div", { class: "nemo-timeline-scroller" }, fixed, block);
  const tip = h("div", { class: "nemo-timeline-tip", "aria-hidden": "true" });
  const node = h("div", { class: "nemo-timeline-stage" }, scroller, tip);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

  /** @type {import("./timeline_draw.js").Sight} */
  const sight = { width: 0, height: 0, left: 0, top: 0, gutter: 128, lane: 54, scale: 0.05, colors: {}, drag: null, hover: -1 };
  let [isFit, frame, dirtyList] = [true, 0, true];

  const toMs = (/** @type {number} */ x) => (x - sight.gutter + sight.left) / sight.scale;
  const fitScale = () => Math.max(1e-9, (sight.width - sight.gutter - 24) / Math.max(1, desk.shown?.duration ?? 1));
  const limits = () => {
    const fit = fitScale();
    const most = Math.max(fit, Math.min(MAX_SCALE, MAX_BLOCK_PX / Math.max(1, desk.shown?.duration ?? 1)));
    return [Math.min(fit, most), most];
  };

  const draw = () => {
    frame = 0;
    if (!sight.width || !node.isConnected) return;
    [sight.left, sight.top] = [scroller.scrollLeft, scroller.scrollTop];
    canvas.dataset.drawn = `${paint(pen, desk, sight)}`;
    canvas.dataset.frames = `${Number(canvas.dataset.frames ?? 0) + 1}`;
    if (dirtyList) drawList();
  };
  const redraw = (/** @type {boolean} */ lists = true) => {
    dirtyList = dirtyList || lists;
    frame ||= requestAnimationFrame(draw);
  };

  const layOut = () => {
    const shown = desk.shown;
    sight.width = scroller.clientWidth;
    if (!sight.width) return;
    const isNarrow = sight.width < 560;
    [sight.gutter, sight.lane] = isNarrow ? [34, 48] : [128, 54];
    const tracks = shown?.tracks.length ?? 1;
    sight.height = Math.min(MAX_HEIGHT_PX, RULER_PX + tracks * sight.lane);
    const dense = devicePixelRatio || 1;
    const [wide, tall] = [Math.round(sight.width * dense), Math.round(sight.height * dense)];
    if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    canvas.style.width = `${sight.width}px`;
    canvas.style.height = `${sight.height}px`;
    const [least, most] = limits();
    sight.scale = isFit ? Math.min(fitScale(), most) : Math.min(most, Math.max(least, sight.scale));
    const across = isFit ? 0 : (shown?.duration ?? 0) * sight.scale + sight.gutter + 24;
    block.style.width = `${across}px`;
    block.style.height = `${RULER_PX + tracks * sight.lane}px`;
    scroller.style.height = `${sight.height + (across > sight.width ? 14 : 0)}px`;
    fixed.style.height = `${sight.height}px`;
    ruler.style.left = `${sight.gutter}px`;
    redraw();
  };

  /** Zoom about a point of the drawing. @param {number} factor @param {number} [x] */
  const zoom = (factor, x = (sight.width + sight.gutter) / 2) => {
    const at = toMs(x);
    const [least, most] = limits();
    sight.scale = Math.min(most, Math.max(least, sight.scale * factor));
    isFit = sight.scale <= least * 1.0001;
    layOut();
    scroller.scrollLeft = isFit ? 0 : at * sight.scale - (x - sight.gutter);
  };
  const fit = () => {
    isFit = true;
    layOut();
    scroller.scrollLeft = 0;
  };

  const reveal = (/** @type {number} */ i) => {
    const shown = desk.shown;
    if (!shown || i < 0) return;
    const [left, right] = [shown.start[i] * sight.scale, (shown.start[i] + shown.length[i]) * sight.scale];
    const room = sight.width - sight.gutter;
    if (left < scroller.scrollLeft || right - left > room) scroller.scrollLeft = left - 24;
    else if (right > scroller.scrollLeft + room) scroller.scrollLeft = right - room + 24;
    const y = shown.trackOf[i] * sight.lane;
    if (y < scroller.scrollTop) scroller.scrollTop = y;
    else if (y + sight.lane > scroller.scrollTop + sight.height - RULER_PX) {
      scroller.scrollTop = y + sight.lane - sight.height + RULER_PX;
    }
  };

  const drawList = () => {
    dirtyList = false;
    const shown = desk.shown;
    list.hidden = !shown?.count;
    const total = seconds(shown?.duration ?? 0);
    ruler.setAttribute("aria-label", desk.say("playhead"));
    ruler.setAttribute("aria-valuemax", total);
    ruler.setAttribute("aria-valuenow", seconds(Math.round(desk.playheadMs)));
    ruler.setAttribute("aria-valuetext", desk.say("playhead_at", { at: seconds(Math.round(desk.playheadMs)), duration: total }));
    if (!shown?.count) return list.replaceChildren();
    const active = desk.active >= 0 ? desk.active : shown.tracks.find((one) => one.count)?.order[0] ?? 0;
    const t = shown.trackOf[active];
    const track = shown.tracks[t];
    const at = placeInOrder(shown, active);
    const options = [];
    for (let k = Math.max(0, at - NEAR); k < Math.min(track.count, at + NEAR + 1); k++) {
      const i = track.order[k];
      options.push(h("div", {
        id: `${uid}-${i}`, role: "option", "aria-setsize": track.count, "aria-posinset": k + 1,
        "aria-selected": desk.selection.has(i) ? "true" : "false",
      }, segmentWords(desk, i)));
    }
    list.replaceChildren(...options);
    const name = track.name || kindTitle(desk, track);
    list.setAttribute("aria-label", desk.say("track_of", { track: t + 1, tracks: shown.tracks.length, name, segments: track.count }));
    list.setAttribute("aria-description", desk.say("keys"));
    if (desk.active >= 0) list.setAttribute("aria-activedescendant", `${uid}-${active}`);
    else list.removeAttribute("aria-activedescendant");
  };

  // -- the pointer ----------------------------------------------------------------------------------------------------

  /** @param {PointerEvent} event */
  const hit = (event) => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const shown = desk.shown;
    const track = shown?.tracks[Math.floor((y - RULER_PX + sight.top) / sight.lane)];
    if (!shown || !track || y < RULER_PX || x < sight.gutter) return { x, y, i: -1, part: "" };
    const i = segmentAt(shown, track, toMs(x), 3 / sight.scale);
    if (i < 0) return { x, y, i, part: "" };
    const wide = shown.length[i] * sight.scale;
    const edge = Math.min(EDGE_PX, wide / 3);
    const from = shown.start[i] * sight.scale + sight.gutter - sight.left;
    const part = x < from + edge ? "trim_start" : x > from + wide - edge ? "trim_end" : "move";
    return { x, y, i, part };
  };

  /** A time to let go at: on the playhead or an edge near by, else on round tenths. @param {number} ms @param {number} own */
  const snapped = (ms, own) => {
    const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
    const slack = 6 / sight.scale;
    let best = Math.round(ms / (sight.scale > 0.2 ? 10 : 100)) * (sight.scale > 0.2 ? 10 : 100);
    let near = slack;
    const offer = (/** @type {number} */ at) => {
      if (Math.abs(at - ms) < near) [best, near] = [at, Math.abs(at - ms)];
    };
    offer(desk.playheadMs);
    for (const track of shown.tracks.slice(0, 50)) {
      const [from, to] = inSight(shown, track, ms - slack, ms + slack);
      for (let k = from; k < Math.min(to, from + 50); k++) {
        const i = track.order[k];
        if (i !== own) [shown.start[i], shown.start[i] + shown.length[i]].forEach(offer);
      }
    }
    return Math.max(0, best);
  };

  /** @type {{ kind: string, i: number, x: number, id: number, moved: boolean, add: boolean } | null} */
  let held = null;
  let scrubbing = false;

  const dropDrag = () => {
    if (held && canvas.hasPointerCapture(held.id)) canvas.releasePointerCapture(held.id);
    held = null;
    sight.drag = null;
    redraw(false);
  };

  canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || sight.drag) return;
    const { x, i, part } = hit(event);
    list.focus({ preventScroll: true });
    event.preventDefault();
    const add = event.shiftKey || event.ctrlKey || event.metaKey;
    if (i < 0) return desk.move({ selection: add ? desk.selection : [], active: add ? desk.active : -1 });
    held = { kind: part, i, x, id: event.pointerId, moved: false, add };
    canvas.setPointerCapture(event.pointerId);
    if (add) {
      const selection = new Set(desk.selection);
      if (!selection.delete(i)) selection.add(i);
      desk.move({ selection, active: i });
    } else if (!desk.selection.has(i) || desk.selection.size === 1) desk.move({ selection: [i], active: i });
  });

  canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    const shown = desk.shown;
    if (held && shown && (held.moved || Math.abs(hit(event).x - held.x) > 4)) {
      held.moved = true;
      const { i, kind } = held;
      const [start, end] = [shown.start[i], shown.start[i] + shown.length[i]];
      const by = (hit(event).x - held.x) / sight.scale;
      const least = Math.min(100, shown.length[i]);
      let at = kind === "trim_end" ? snapped(end + by, i) : snapped(start + by, i);
      if (kind === "trim_end") at = Math.max(start + least, at);
      if (kind === "trim_start") at = Math.min(end - least, shown.trackOf[i] + 1 === shown.main ? Math.max(start, at) : at);
      sight.drag = { kind, i, toMs: at };
      const [from, to] = kind === "trim_start" ? [at, end] : spanOf(shown, sight, i);
      showTip(event, `${seconds(from)}–${seconds(to)} s (${seconds(to - from)} s)`, []);
      return redraw(false);
    }
    if (held) return;
    desk.point(toMs(event.clientX - canvas.getBoundingClientRect().left));
    const { i, part } = hit(event);
    canvas.style.cursor = i < 0 ? "default" : part === "move" ? "grab" : "ew-resize";
    if (i !== sight.hover) {
      sight.hover = i;
      redraw(false);
    }
    if (i < 0) tip.hidden = true;
    else showTip(event, segmentWords(desk, i).replace(/^\d+\. /, ""), [sourceTitle(desk, i)]);
  });

  const letGo = () => {
    const drag = sight.drag;
    const was = held;
    if (was && canvas.hasPointerCapture(was.id)) canvas.releasePointerCapture(was.id);
    held = null;
    tip.hidden = true;
    if (was && !was.moved && !was.add) desk.move({ selection: [was.i], active: was.i });
    if (!drag) return;
    // The drag stays in sight until the next version, or the word that there is none.
    desk.edit({ edit: drag.kind, to_s: drag.toMs / 1000 }, [drag.i]);
  };
  canvas.addEventListener("pointerup", letGo);
  canvas.addEventListener("pointercancel", () => { dropDrag(); tip.hidden = true; });
  canvas.addEventListener("pointerleave", () => {
    if (held) return;
    desk.point(null);
    sight.hover = -1;
    tip.hidden = true;
    redraw(false);
  });
  canvas.addEventListener("dblclick", () => desk.active >= 0 && to.edit());
  scroller.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)), event.clientX - canvas.getBoundingClientRect().left);
  }, { passive: false });
  scroller.addEventListener("scroll", () => redraw(false), { passive: true });

  /** @param {PointerEvent} event @param {string} title @param {string[]} rest */
  const showTip = (event, title, rest) => {
    tip.replaceChildren(h("strong", { dir: "auto" }, title), ...rest.filter(Boolean).map((text) => h("span", { dir: "auto" }, text)));
    tip.hidden = false;
    const box = node.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    tip.style.left = `${Math.max(0, Math.min(x + 12, box.width - tip.offsetWidth - 4))}px`;
    tip.style.top = `${y + 18}px`;
  };

  // -- the playhead -----------------------------------------------------------------------------------------------------

  const scrub = (/** @type {PointerEvent} */ event) => {
    const ms = toMs(event.clientX - canvas.getBoundingClientRect().left);
    desk.move({ playheadMs: Math.min(desk.shown?.duration ?? 0, Math.max(0, ms)) });
  };
  ruler.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    scrubbing = true;
    ruler.setPointerCapture(event.pointerId);
    scrub(event);
  });
  ruler.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => scrubbing && scrub(event));
  for (const end of ["pointerup", "pointercancel"]) ruler.addEventListener(end, () => { scrubbing = false; });
  ruler.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const [length, now] = [desk.shown?.duration ?? 0, desk.playheadMs];
    const step = event.shiftKey ? 100 : 1000;
    const target = { ArrowLeft: now - step, ArrowDown: now - step, ArrowRight: now + step, ArrowUp: now + step,
      PageDown: now - 10_000, PageUp: now + 10_000, Home: 0, End: length }[event.key];
    if (target === undefined) return zoomKey(event);
    event.preventDefault();
    desk.move({ playheadMs: Math.min(length, Math.max(0, target)) });
  });

  const zoomKey = (/** @type {KeyboardEvent} */ event) => zoomByKey(event, zoom, fit);
  list.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape" && held) {
      dropDrag();
      tip.hidden = true;
      return event.preventDefault();
    }
    if (selectByKey(event, desk, { edit: to.edit, reveal })) return event.preventDefault();
    zoomKey(event);
  });

  // -- life -------------------------------------------------------------------------------------------------------------

  const recolor = () => {
    sight.colors = readColors(node);
    redraw(false);
  };
  const sizes = new ResizeObserver(() => { recolor(); layOut(); });
  sizes.observe(scroller);
  const theme = new MutationObserver(() => requestAnimationFrame(recolor));
  theme.observe(document.body, { attributes: true });
  tip.hidden = true;

  return {
    node,
    /** A new version, or the end of an edit: what was dragged is where it belongs. */
    renew() {
      if (!held) sight.drag = null;
      else dropDrag();
      sight.hover = -1;
      layOut();
    },
    redraw, reveal, zoom, fit,
    focus: () => list.focus({ preventScroll: true }),
    end() {
      sizes.disconnect();
      theme.disconnect();
      cancelAnimationFrame(frame);
    },
  };
}
