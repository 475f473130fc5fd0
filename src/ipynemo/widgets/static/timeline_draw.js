// The drawing: only what is in sight, on one canvas; what is narrower than a pixel is drawn once a pixel.

import { FLAG, inSight, kindTitle, seconds, segmentTitle } from "./timeline_store.js";

export const RULER_PX = 26;
export const LANE_GAP_PX = 6;

/**
 * @typedef {object} Sight What of the timeline can be seen, and how.
 * @property {number} width
 * @property {number} height
 * @property {number} left Scrolled, in px.
 * @property {number} top
 * @property {number} gutter Width of the track names.
 * @property {number} lane Height of a track with its gap.
 * @property {number} scale px per ms.
 * @property {Record<string, string>} colors
 * @property {{ kind: string, i: number, toMs: number } | null} drag
 * @property {number} hover
 */

const COLORS = [
  "video", "video-soft", "audio", "audio-soft", "text", "text-soft", "other", "other-soft", "lane", "grid",
];

/** The colours as the page has them now. @param {HTMLElement} el */
export function readColors(el) {
  const style = getComputedStyle(el);
  /** @type {Record<string, string>} */
  const colors = { font: style.fontFamily };
  for (const name of COLORS) colors[name] = style.getPropertyValue(`--nemo-timeline-${name}`).trim();
  for (const name of ["accent", "text", "muted", "surface", "line", "good", "warn"]) {
    colors[`page-${name}`] = style.getPropertyValue(`--nemo-${name}`).trim();
  }
  return colors;
}

const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400];

/** @param {number} ms @param {number} stepS */
function tickText(ms, stepS) {
  const whole = Math.floor(ms / 1000 + 1e-6);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const rest = stepS < 1 ? ((ms / 1000) % 60).toFixed(1).padStart(4, "0") : `${whole % 60}`.padStart(2, "0");
  return hours ? `${hours}:${`${minutes}`.padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** The text with an ellipsis where it does not fit; measured by halves. @param {CanvasRenderingContext2D} pen
 * @param {string} text @param {number} width
 */
function fitted(pen, text, width) {
  if (width < 12) return "";
  const most = text.slice(0, Math.ceil(width / 3));
  if (most === text && pen.measureText(text).width <= width) return text;
  let [low, high] = [0, most.length];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (pen.measureText(`${most.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low ? `${most.slice(0, low).trimEnd()}…` : "";
}

/** Where a segment stands, a drag under way included: `[start, end]` in ms.
 * @param {import("./timeline_store.js").Shown} shown @param {Sight} sight @param {number} i @returns {[number, number]}
 */
export function spanOf(shown, sight, i) {
  let [start, end] = [shown.start[i], shown.start[i] + shown.length[i]];
  const drag = sight.drag;
  if (!drag) return [start, end];
  const [was, wasEnd] = [shown.start[drag.i], shown.start[drag.i] + shown.length[drag.i]];
  const rides = shown.trackOf[i] === shown.trackOf[drag.i] && shown.trackOf[i] + 1 === shown.main;
  if (drag.i === i) {
    if (drag.kind === "trim_end") end = drag.toMs;
    else if (drag.kind === "trim_start") [start, end] = rides ? [was, end - (drag.toMs - was)] : [drag.toMs, end];
    else [start, end] = [drag.toMs, drag.toMs + end - start];
  } else if (rides && shown.start[i] >= wasEnd && drag.kind !== "move") {
    const by = drag.kind === "trim_end" ? drag.toMs - wasEnd : was - drag.toMs;
    [start, end] = [start + by, end + by];
  }
  return [start, end];
}

/**
 * Draw everything; returns how many segments were drawn.
 * @param {CanvasRenderingContext2D} pen @param {import("./timeline_store.js").Desk} desk @param {Sight} sight
 */
export function paint(pen, desk, sight) {
  const { width, height, gutter, lane, colors } = sight;
  const shown = desk.shown;
  pen.clearRect(0, 0, width, height);
  if (!shown) return 0;
  const toX = (/** @type {number} */ ms) => gutter + ms * sight.scale - sight.left;
  const [fromMs, toMs] = [sight.left / sight.scale, (sight.left + width - gutter) / sight.scale];
  let drawn = 0;
  const firstLane = Math.max(0, Math.floor(sight.top / lane));
  const lastLane = Math.min(shown.tracks.length, Math.ceil((sight.top + height - RULER_PX) / lane));
  pen.save();
  pen.beginPath();
  pen.rect(0, RULER_PX, width, height - RULER_PX);
  pen.clip();
  for (let t = firstLane; t < lastLane; t++) {
    const y = RULER_PX + t * lane - sight.top;
    pen.fillStyle = colors.lane;
    pen.fillRect(gutter, y, width - gutter, lane - LANE_GAP_PX);
  }
  paintGrid(pen, sight, toX, fromMs, toMs, shown.duration, false);
  pen.save();
  pen.beginPath();
  pen.rect(gutter, RULER_PX, width - gutter, height - RULER_PX);
  pen.clip();
  for (let t = firstLane; t < lastLane; t++) {
    drawn += paintTrack(pen, desk, sight, t, RULER_PX + t * lane - sight.top, toX, fromMs, toMs);
  }
  pen.restore();
  for (let t = firstLane; t < lastLane; t++) paintLabel(pen, desk, sight, t, RULER_PX + t * lane - sight.top);
  pen.restore();
  paintGrid(pen, sight, toX, fromMs, toMs, shown.duration, true);
  paintPlayhead(pen, sight, toX(desk.playheadMs));
  return drawn;
}

/** @param {CanvasRenderingContext2D} pen @param {Sight} sight @param {(ms: number) => number} toX
 * @param {number} fromMs @param {number} toMs @param {number} durationMs @param {boolean} labels
 */
function paintGrid(pen, sight, toX, fromMs, toMs, durationMs, labels) {
  const stepS = STEPS_S.find((step) => step * 1000 * sight.scale >= 72) ?? 86400 * Math.ceil(72 / (864e5 * sight.scale));
  const step = stepS * 1000;
  pen.font = `11px ${sight.colors.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  for (let ms = Math.floor(fromMs / step) * step; ms <= toMs; ms += step) {
    const x = Math.round(toX(ms)) + 0.5;
    if (x < sight.gutter) continue;
    pen.fillStyle = sight.colors.grid;
    pen.fillRect(x - 0.5, labels ? RULER_PX - 7 : RULER_PX, 1, labels ? 5 : sight.height);
    if (labels && ms <= Math.max(durationMs, 1) * 1.5) {
      pen.fillStyle = sight.colors["page-muted"];
      pen.fillText(tickText(ms, stepS), x + 4, RULER_PX / 2);
    }
  }
}

/** @param {CanvasRenderingContext2D} pen @param {import("./timeline_store.js").Desk} desk @param {Sight} sight
 * @param {number} t @param {number} y @param {(ms: number) => number} toX @param {number} fromMs @param {number} toMs
 */
function paintTrack(pen, desk, sight, t, y, toX, fromMs, toMs) {
  const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
  const track = shown.tracks[t];
  // A drag may bring into sight what was beside it.
  const slack = sight.drag && shown.trackOf[sight.drag.i] === t ? toMs - fromMs : 0;
  const [from, to] = inSight(shown, track, fromMs - slack, toMs + slack);
  let [drawn, lastPixel] = [0, -1];
  for (let k = from; k < to; k++) {
    const i = track.order[k];
    const [start, end] = spanOf(shown, sight, i);
    if (end <= fromMs || start >= toMs) continue;
    const left = toX(start);
    const wide = (end - start) * sight.scale;
    const pixel = Math.floor(left);
    const special = desk.selection.has(i) || desk.active === i;
    if (wide < 1.5 && pixel === lastPixel && !special) continue;
    lastPixel = pixel;
    drawn += 1;
    paintSegment(pen, desk, sight, i, track, left, y, Math.max(1.5, wide));
  }
  return drawn;
}

/** @param {CanvasRenderingContext2D} pen @param {import("./timeline_store.js").Desk} desk @param {Sight} sight
 * @param {number} i @param {import("./timeline_store.js").Track} track @param {number} x @param {number} y @param {number} wide
 */
function paintSegment(pen, desk, sight, i, track, x, y, wide) {
  const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
  const { colors } = sight;
  const tall = sight.lane - LANE_GAP_PX;
  const [flags, isSelected] = [shown.flags[i], desk.selection.has(i)];
  const isPending = Boolean(flags & FLAG.pending) || sight.drag?.i === i;
  if (wide < 4) {
    pen.fillStyle = isSelected ? colors["page-accent"] : colors[track.kind];
    pen.fillRect(x, y, Math.max(1, wide - 0.5), tall);
    return;
  }
  // A bar of hours must not become a path of millions of pixels.
  const [left, right] = [Math.max(x, sight.gutter - 40), Math.min(x + wide, sight.width + 40)];
  const shape = new Path2D();
  shape.roundRect(left + 0.5, y + 0.5, Math.max(2, right - left - 1.5), tall - 1, 5);
  pen.fillStyle = colors[`${track.kind}-soft`];
  pen.fill(shape);
  pen.save();
  pen.clip(shape);
  if (isPending) paintStripes(pen, left, y, right - left, tall, colors[track.kind]);
  if (sight.hover === i) {
    pen.globalAlpha = 0.14;
    pen.fillStyle = colors[track.kind];
    pen.fillRect(left, y, right - left, tall);
    pen.globalAlpha = 1;
  }
  let textX = Math.max(left, sight.gutter) + 8;
  const image = desk.files.get(shown.sources[shown.source[i]]?.key)?.image;
  if (image?.complete && image.naturalWidth && wide > 30) {
    const across = Math.min((image.naturalWidth / image.naturalHeight) * tall, wide * 0.6, tall * 2);
    const used = (across / tall) * image.naturalHeight;
    pen.drawImage(image, Math.max(0, (image.naturalWidth - used) / 2), 0, Math.min(used, image.naturalWidth),
      image.naturalHeight, left, y, across, tall);
    textX = Math.max(textX, left + across + 8);
  }
  const room = right - textX - 14;
  pen.font = `500 12px ${colors.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  pen.fillStyle = colors["page-text"];
  const title = fitted(pen, segmentTitle(desk, i), room);
  const two = tall >= 38 && room > 44;
  if (title) pen.fillText(title, textX, y + (two ? tall / 2 - 7 : tall / 2));
  if (two) {
    const [start, end] = spanOf(shown, sight, i);
    pen.font = `11px ${colors.font}`;
    pen.fillStyle = colors["page-muted"];
    pen.fillText(fitted(pen, `${seconds(Math.round(end - start))} s`, room), textX, y + tall / 2 + 9);
  }
  pen.restore();
  pen.lineWidth = isSelected ? 2.5 : 1;
  pen.strokeStyle = isSelected ? colors["page-accent"] : colors[track.kind];
  pen.setLineDash(isPending ? [4, 3] : []);
  pen.stroke(shape);
  pen.setLineDash([]);
  if (flags & (FLAG.added | FLAG.changed | FLAG.moved) && wide > 14) paintMark(pen, colors, flags, right - 9, y + 9);
  if (desk.active === i && isSelected && wide > 10) {
    pen.fillStyle = colors["page-accent"];
    pen.fillRect(left + 2, y + tall / 2 - 7, 3, 14);
    pen.fillRect(right - 6, y + tall / 2 - 7, 3, 14);
  }
}

/** @param {CanvasRenderingContext2D} pen @param {Record<string, string>} colors @param {number} flags @param {number} x @param {number} y */
function paintMark(pen, colors, flags, x, y) {
  pen.beginPath();
  pen.arc(x, y, 4, 0, 2 * Math.PI);
  pen.lineWidth = 1.5;
  pen.fillStyle = flags & FLAG.added ? colors["page-good"] : flags & FLAG.changed ? colors["page-warn"] : colors["page-surface"];
  pen.strokeStyle = flags & (FLAG.added | FLAG.changed) ? colors["page-surface"] : colors["page-warn"];
  pen.fill();
  pen.stroke();
}

/** @param {CanvasRenderingContext2D} pen @param {number} x @param {number} y @param {number} wide @param {number} tall @param {string} color */
function paintStripes(pen, x, y, wide, tall, color) {
  pen.globalAlpha = 0.22;
  pen.strokeStyle = color;
  pen.lineWidth = 4;
  pen.beginPath();
  for (let at = x - tall; at < x + wide; at += 12) {
    pen.moveTo(at, y + tall);
    pen.lineTo(at + tall, y);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

/** @param {CanvasRenderingContext2D} pen @param {import("./timeline_store.js").Desk} desk @param {Sight} sight
 * @param {number} t @param {number} y
 */
function paintLabel(pen, desk, sight, t, y) {
  const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
  const track = shown.tracks[t];
  const { colors, gutter } = sight;
  const tall = sight.lane - LANE_GAP_PX;
  pen.fillStyle = colors["page-surface"];
  pen.fillRect(0, y, gutter, sight.lane);
  pen.fillStyle = colors[track.kind];
  pen.beginPath();
  pen.roundRect(0, y + 4, 4, tall - 8, 2);
  pen.fill();
  pen.textBaseline = "middle";
  pen.textAlign = "left";
  pen.fillStyle = colors["page-text"];
  pen.font = `600 12px ${colors.font}`;
  const isWide = gutter > 80;
  const title = `${t + 1}. ${track.name || kindTitle(desk, track)}`;
  if (!isWide) {
    pen.fillText(`${t + 1}`, 12, y + tall / 2);
    return;
  }
  pen.fillText(fitted(pen, title, gutter - 22), 12, y + tall / 2 - 7);
  pen.font = `11px ${colors.font}`;
  pen.fillStyle = colors["page-muted"];
  pen.fillText(fitted(pen, `${kindTitle(desk, track)} · ${track.count}`, gutter - 22), 12, y + tall / 2 + 9);
}

/** @param {CanvasRenderingContext2D} pen @param {Sight} sight @param {number} x */
function paintPlayhead(pen, sight, x) {
  if (x < sight.gutter - 6 || x > sight.width + 6) return;
  const at = Math.round(x);
  pen.fillStyle = sight.colors["page-accent"];
  pen.fillRect(at - 1, RULER_PX - 10, 2, sight.height);
  pen.beginPath();
  pen.moveTo(at - 6, RULER_PX - 14);
  pen.lineTo(at + 6, RULER_PX - 14);
  pen.lineTo(at + 6, RULER_PX - 9);
  pen.lineTo(at, RULER_PX - 3);
  pen.lineTo(at - 6, RULER_PX - 9);
  pen.closePath();
  pen.fill();
}
