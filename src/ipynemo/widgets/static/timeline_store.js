// The draft as the page holds it: typed arrays, an index by time for each track, and nothing an object a segment.

export const FLAG = { changed: 1, added: 2, moved: 4, pending: 8, nameCut: 16, textCut: 32 };

/**
 * @typedef {object} Track
 * @property {"video" | "audio" | "text" | "other"} kind
 * @property {string} type
 * @property {string} label
 * @property {string} name
 * @property {number} first The index of its first segment.
 * @property {number} count
 * @property {Int32Array} order Its segments by start.
 * @property {Float64Array} reach Up to where the segments until here reach, in that order.
 */

/**
 * @typedef {object} Shown A version of the draft; times in ms, segments by index.
 * @property {number} version
 * @property {number} duration
 * @property {number} main The track whose clips follow one another, from 1; 0 for none.
 * @property {Track[]} tracks
 * @property {number} count
 * @property {number} hidden
 * @property {string[]} names
 * @property {string[]} texts
 * @property {{ key: string, name: string }[]} sources
 * @property {Float64Array} start
 * @property {Float64Array} length
 * @property {Float32Array} volume
 * @property {Int32Array} source
 * @property {Uint8Array} flags
 * @property {Int32Array} trackOf From 0.
 */

/** @param {any} content @param {DataView[]} buffers @returns {Shown} */
export function readDraft(content, buffers) {
  const parts = buffers.map((view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  const [start, length] = [new Float64Array(parts[0]), new Float64Array(parts[1])];
  const trackOf = new Int32Array(start.length);
  const tracks = content.tracks.map((/** @type {any} */ track, /** @type {number} */ t) => {
    const order = new Int32Array(track.count).map((_, k) => track.first + k);
    order.sort((a, b) => start[a] - start[b] || a - b);
    const reach = new Float64Array(track.count);
    let far = 0;
    order.forEach((i, k) => {
      far = Math.max(far, start[i] + length[i]);
      reach[k] = far;
      trackOf[i] = t;
    });
    return { ...track, order, reach };
  });
  return {
    version: content.version, duration: content.duration_ms, main: content.main, tracks, count: start.length,
    hidden: content.hidden, names: content.names, texts: content.texts, sources: content.sources, start, length,
    volume: new Float32Array(parts[2]), source: new Int32Array(parts[3]), flags: new Uint8Array(parts[4]), trackOf,
  };
}

/** The first place in a sorted list from which on `test` holds.
 * @param {number} count @param {(k: number) => boolean} test
 */
function firstPlace(count, test) {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (test(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The part of a track's order that can be seen between two times: `[from, to)`.
 * @param {Shown} shown @param {Track} track @param {number} fromMs @param {number} toMs @returns {[number, number]}
 */
export function inSight(shown, track, fromMs, toMs) {
  const from = firstPlace(track.count, (k) => track.reach[k] > fromMs);
  const to = firstPlace(track.count, (k) => shown.start[track.order[k]] >= toMs);
  return [from, Math.max(from, to)];
}

/** The segment at a time of a track, the topmost one; -1 where there is none.
 * @param {Shown} shown @param {Track} track @param {number} ms @param {number} slackMs
 */
export function segmentAt(shown, track, ms, slackMs = 0) {
  const [from, to] = inSight(shown, track, ms - slackMs, ms + slackMs + 1e-6);
  let near = -1;
  for (let k = to - 1; k >= from; k--) {
    const i = track.order[k];
    const [begin, end] = [shown.start[i], shown.start[i] + shown.length[i]];
    if (begin <= ms && ms < end) return i;
    if (near < 0 && begin - slackMs <= ms && ms < end + slackMs) near = i;
  }
  return near;
}

/** Where a segment stands in its track by time. @param {Shown} shown @param {number} i */
export function placeInOrder(shown, i) {
  const track = shown.tracks[shown.trackOf[i]];
  const first = firstPlace(track.count, (k) => {
    const other = track.order[k];
    return shown.start[other] > shown.start[i] || (shown.start[other] === shown.start[i] && other >= i);
  });
  return first;
}

/** The index of (track, segment), both from 1; -1 where there is none. @param {Shown | null} shown @param {number[]} place */
export function indexOf(shown, [track, segment]) {
  const found = shown?.tracks[track - 1];
  return found && segment >= 1 && segment <= found.count ? found.first + segment - 1 : -1;
}

/** The (track, segment) of an index, both from 1. @param {Shown} shown @param {number} i @returns {[number, number]} */
export function placeOf(shown, i) {
  const t = shown.trackOf[i];
  return [t + 1, i - shown.tracks[t].first + 1];
}

/** Seconds with what decimals they need. @param {number} ms */
export function seconds(ms) {
  return `${Number((ms / 1000).toFixed(ms % 10 ? 3 : 2))}`;
}

/** @param {number} volume */
export function percent(volume) {
  return Number.isNaN(volume) ? "" : `${Math.round(volume * 100)}%`;
}

/**
 * What all views of one timeline share: the version shown, the cursor, and how to ask for something.
 * @typedef {object} Desk
 * @property {Shown | null} shown
 * @property {Set<number>} selection
 * @property {number} active The segment that keys act on; -1 for none.
 * @property {number} playheadMs
 * @property {Map<string, { name: string, image: HTMLImageElement | null }>} files By source key.
 * @property {(key: string, values?: Record<string, any>) => string} say
 * @property {(change: { selection?: Iterable<number>, active?: number, playheadMs?: number }) => void} move
 * @property {(edit: Record<string, any>, indexes: Iterable<number>) => void} edit
 * @property {(content: Record<string, any>, wanted: string) => Promise<any>} ask
 * @property {(way: "undo" | "redo") => void} step
 */

/** What a segment is called. @param {Desk} desk @param {number} i */
export function segmentTitle(desk, i) {
  const shown = /** @type {Shown} */ (desk.shown);
  const track = shown.tracks[shown.trackOf[i]];
  const text = track.kind === "text" ? shown.texts[i] : "";
  return text || shown.names[i] || track.name || sourceTitle(desk, i) || desk.say("untitled");
}

/** What a segment's source is called. @param {Desk} desk @param {number} i */
export function sourceTitle(desk, i) {
  const shown = /** @type {Shown} */ (desk.shown);
  const source = shown.sources[shown.source[i]];
  return source ? desk.files.get(source.key)?.name || source.name : "";
}

/** What kind of track it is, in words. @param {Desk} desk @param {Track} track */
export function kindTitle(desk, track) {
  return desk.say(`kind_${track.kind}`, { type: track.type || "?" });
}

/** The whole of a name or text that is shown shortened; null where it is too long. @param {Desk} desk @param {number} i
 * @param {"name" | "text"} column @returns {Promise<string | null>}
 */
export async function wholeText(desk, i, column) {
  const shown = /** @type {Shown} */ (desk.shown);
  const cut = shown.flags[i] & (column === "name" ? FLAG.nameCut : FLAG.textCut);
  if (!cut) return (column === "name" ? shown.names : shown.texts)[i];
  const [track, segment] = placeOf(shown, i);
  return (await desk.ask({ kind: "full", track, segment, column }, "full")).text;
}

/** The value of a cell as it is shown. @param {Desk} desk @param {number} i @param {string} column */
export function cellText(desk, i, column) {
  const shown = /** @type {Shown} */ (desk.shown);
  const track = shown.tracks[shown.trackOf[i]];
  switch (column) {
    case "track": return `${shown.trackOf[i] + 1}. ${track.name || kindTitle(desk, track)}`;
    case "segment": return `${i - track.first + 1}`;
    case "name": return shown.names[i];
    case "text": return shown.texts[i];
    case "start": return seconds(shown.start[i]);
    case "end": return seconds(shown.start[i] + shown.length[i]);
    case "duration": return seconds(shown.length[i]);
    case "volume": return percent(shown.volume[i]);
    default: return sourceTitle(desk, i);
  }
}

/** Whether a cell can be edited. @param {Shown} shown @param {number} i @param {string} column */
export function canEdit(shown, i, column) {
  const kind = shown.tracks[shown.trackOf[i]].kind;
  if (column === "volume") return kind !== "text";
  if (column === "text") return kind === "text" || shown.texts[i] !== "";
  return ["name", "start", "end", "duration"].includes(column);
}
