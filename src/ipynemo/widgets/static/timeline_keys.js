// What keys do in the drawn view: arrows go along a track and across the tracks, Shift adds to the selection.

import { inSight, placeInOrder, segmentAt } from "./timeline_store.js";

/** Zoom by + - and 0. @param {KeyboardEvent} event @param {(factor: number) => void} zoom @param {() => void} fit */
export function zoomByKey(event, zoom, fit) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "+" || event.key === "=") zoom(1.5);
  else if (event.key === "-" || event.key === "_") zoom(1 / 1.5);
  else if (event.key === "0") fit();
  else return;
  event.preventDefault();
}

/** Undo and redo by Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y; true where it was one of them.
 * @param {KeyboardEvent} event @param {import("./timeline_store.js").Desk} desk
 */
export function stepByKey(event, desk) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || (key !== "z" && key !== "y")) return false;
  desk.step(key === "y" || event.shiftKey ? "redo" : "undo");
  return true;
}

/** The segment of the next track in a direction that is nearest in time.
 * @param {import("./timeline_store.js").Shown} shown @param {number} from @param {number} by
 */
function acrossTracks(shown, from, by) {
  const middle = shown.start[from] + shown.length[from] / 2;
  for (let t = shown.trackOf[from] + by; t >= 0 && t < shown.tracks.length; t += by) {
    const track = shown.tracks[t];
    if (!track.count) continue;
    const exact = segmentAt(shown, track, middle);
    const [, after] = inSight(shown, track, middle, middle + 1e-6);
    return exact >= 0 ? exact : track.order[Math.min(track.count - 1, Math.max(0, after - 1))];
  }
  return from;
}

/** Do what a key says with the selection; true where it said something.
 * @param {KeyboardEvent} event @param {import("./timeline_store.js").Desk} desk
 * @param {{ edit: () => void, reveal: (i: number) => void }} to
 */
export function selectByKey(event, desk, to) {
  const shown = desk.shown;
  if (!shown?.count) return false;
  if (stepByKey(event, desk)) return true;
  const active = desk.active;
  const first = shown.tracks.find((track) => track.count)?.order[0] ?? 0;
  const track = shown.tracks[shown.trackOf[active >= 0 ? active : first]];
  const at = active >= 0 ? placeInOrder(shown, active) : -1;
  if (event.ctrlKey || event.metaKey) {
    if (event.key.toLowerCase() !== "a") return false;
    desk.move({ selection: track.order, active: active >= 0 ? active : first });
    return true;
  }
  let next = -1;
  switch (event.key) {
    case "ArrowRight": next = track.order[Math.min(track.count - 1, at + 1)]; break;
    case "ArrowLeft": next = track.order[Math.max(0, at - 1)]; break;
    case "ArrowDown": next = active < 0 ? first : acrossTracks(shown, active, 1); break;
    case "ArrowUp": next = active < 0 ? first : acrossTracks(shown, active, -1); break;
    case "Home": next = track.order[0]; break;
    case "End": next = track.order[track.count - 1]; break;
    case " ": next = active; break;
    case "Enter": case "F2":
      if (active >= 0) to.edit();
      return true;
    case "Escape":
      desk.move({ selection: [], active: -1 });
      return true;
    case "Delete": case "Backspace":
      if (desk.selection.size) desk.edit({ edit: "remove" }, desk.selection);
      return true;
    default: return false;
  }
  if (next < 0) return true;
  desk.move({ selection: event.shiftKey && event.key !== " " ? [...desk.selection, next] : [next], active: next });
  to.reveal(next);
  return true;
}
