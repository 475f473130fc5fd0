// What the video shows where one points, and else at the playhead: one picture that follows, and plays from there.

import { clockText, h, icon, sendControl, setText } from "./face.js";
import { growingVideo } from "./growing_video.js";

const FRAME_MS = 1000 / 30;
const REST_MS = 60; // a pointer on its way asks for nothing
const PLAYED_MS = 30000;
const NEAR_END_MS = 500; // who plays there means the beginning
const KEPT_VIDEOS = 4;
const SIGNS = { play: "M8 5v14l11-7z", stop: "M6 6h12v12H6z" };

/**
 * @param {import("./face.js").Model} model
 * @param {(key: string, values?: Record<string, any>) => string} words
 */
export function momentView(model, words) {
  const image = h("img", { alt: "", draggable: "false" });
  const at = h("figcaption", {});
  const sign = h("span", { "aria-hidden": "true" });
  const label = h("span", {});
  const button = h("button", { class: "nemo-timeline-play", type: "button", "aria-keyshortcuts": "P" }, sign, label);
  const note = h("span", { class: "nemo-hidden-text", role: "status" });
  const screen = h("div", { class: "nemo-timeline-screen" }, image);
  const node = h("figure", { class: "nemo-timeline-moment", hidden: true }, screen, button, at, note);
  let [pointed, playhead, version, number, timer] = [-1, 0, -1, 0, 0];
  let asked = "";
  let url = "";
  let isOn = false;
  let duration = 0;

  // A film fades in: where nobody points, its beginning is the first moment at which there is something to see.
  const rest = () => (playhead === 0 ? model.get("state").poster_ms ?? 0 : playhead);
  const now = () => Math.round((pointed >= 0 ? pointed : rest()) / FRAME_MS) * FRAME_MS;
  const ask = () => {
    timer = 0;
    const key = `${version}:${now()}`;
    if (!isOn || key === asked) return;
    asked = key;
    number += 1;
    model.send({ kind: "moment", n: number, at_s: now() / 1000 });
  };
  const soon = () => {
    if (isOn) timer ||= window.setTimeout(ask, REST_MS);
  };
  const clear = () => {
    if (url) URL.revokeObjectURL(url);
    url = "";
  };

  // -- playing ------------------------------------------------------------------------------------------------------

  const sound = { isLoud: false };
  /** @type {Map<string, Blob>} */
  const kept = new Map();
  /** @type {{ n: number, key: string, from: number, video: ReturnType<typeof growingVideo>, isWhole: boolean } | null} */
  let playing = null;
  let plays = 0;

  const drawButton = () => {
    const text = words(playing ? "stop" : "play");
    setText(label, text);
    sign.replaceChildren(icon(SIGNS[playing ? "stop" : "play"]));
    button.title = `${text} (P)`;
  };
  const stop = () => {
    if (!playing) return;
    const { n, video, isWhole } = playing;
    playing = null;
    if (!isWhole) sendControl(model, { kind: "stop_play", n });
    const hadFocus = node.contains(document.activeElement);
    video.end();
    screen.replaceChildren(image);
    setText(at, image.dataset.at ?? "");
    node.hidden = !image.src;
    drawButton();
    if (hadFocus) button.focus();
    soon();
  };
  const play = () => {
    if (!isOn || !duration) return;
    const from = playhead > duration - NEAR_END_MS ? 0 : Math.round(playhead);
    const to = Math.round(Math.min(duration, from + PLAYED_MS));
    const key = `${version}:${from}:${to}`;
    const video = growingVideo(sound, words("played", { from: clockText(from / 1000), to: clockText(to / 1000) }));
    plays += 1;
    playing = { n: plays, key, from, video, isWhole: kept.has(key) };
    if (image.src) video.node.poster = image.src;
    // The frame has its size before the video knows its own.
    if (image.naturalWidth) {
      video.node.style.aspectRatio = `${image.naturalWidth} / ${image.naturalHeight}`;
      video.node.style.inlineSize = `${image.clientWidth}px`;
    }
    video.node.addEventListener("timeupdate", () => setText(at, clockText(from / 1000 + video.node.currentTime)));
    video.node.addEventListener("ended", stop);
    screen.replaceChildren(video.node);
    setText(at, clockText(from / 1000));
    node.hidden = false;
    setText(note, "");
    drawButton();
    const whole = kept.get(key);
    if (whole) video.play(whole);
    else model.send({ kind: "play", n: plays, from_ms: from, to_ms: to });
  };
  const toggle = () => (playing ? stop() : play());
  button.addEventListener("click", toggle);

  /** @param {any} content @param {DataView[]} buffers */
  const takePlay = (content, buffers) => {
    if (!playing || content.n !== playing.n) return;
    if (buffers?.[0]) playing.video.add(buffers[0]);
    if (content.failed) {
      stop();
      setText(note, content.failed);
      note.classList.remove("nemo-hidden-text");
    } else if (content.is_last) {
      playing.isWhole = true;
      kept.set(playing.key, playing.video.finish());
      for (const key of kept.keys()) if (kept.size > KEPT_VIDEOS) kept.delete(key);
    }
  };

  drawButton();
  return {
    node,
    toggle,
    takePlay,
    /** @param {number | null} ms Where one points; null where one does not. */
    point(ms) {
      pointed = ms ?? -1;
      soon();
    },
    /** @param {boolean} on @param {number} ms @param {{ version: number, duration: number } | null} shown */
    follow(on, ms, shown) {
      if (!on || version !== (shown?.version ?? -1)) {
        stop();
        kept.clear();
        note.classList.add("nemo-hidden-text");
      }
      isOn = on;
      playhead = ms;
      version = shown?.version ?? -1;
      duration = shown?.duration ?? 0;
      if (!on) node.hidden = true;
      drawButton();
      soon();
    },
    /** @param {any} content @param {DataView[]} buffers */
    take(content, buffers) {
      if (content.n !== number && content.n + 3 < number) return; // a newer one is nearly there
      const picture = buffers?.[0];
      if (!isOn || !picture) {
        node.hidden = !playing;
        return;
      }
      clear();
      url = URL.createObjectURL(new Blob([picture], { type: "image/jpeg" }));
      image.src = url;
      image.dataset.at = clockText(content.at_s);
      image.alt = words("moment", { at: clockText(content.at_s) });
      if (!playing) setText(at, clockText(content.at_s));
      node.hidden = false;
    },
    end() {
      stop();
      window.clearTimeout(timer);
      clear();
    },
  };
}
