// The previews in the chat: their bytes come when somebody plays them, and are kept as long as the page.

import { growingVideo } from "./growing_video.js";

/** @param {import("./face.js").Model} model */
export function videoPlaces(model) {
  const sound = { isLoud: false };
  /** @type {Map<number, Blob>} */
  const kept = new Map();
  /** @type {Map<number, ReturnType<typeof growingVideo>>} */
  const playing = new Map();

  /** @param {any} entry @param {HTMLElement} place */
  const play = (entry, place) => {
    playing.get(entry.id)?.end();
    for (const other of playing.values()) other.node.pause();
    const video = growingVideo(sound, entry.text);
    video.node.className = "nemo-chat-picture";
    video.node.poster = entry.picture;
    const hadFocus = place.contains(document.activeElement);
    place.replaceChildren(video.node);
    if (hadFocus) video.node.focus();
    playing.set(entry.id, video);
    const whole = kept.get(entry.id);
    if (whole) video.play(whole);
    else model.send({ kind: "video", id: entry.id });
  };
  return {
    play,
    /** @param {any} content @param {DataView[]} buffers */
    take(content, buffers) {
      const video = playing.get(content.id);
      if (!video || kept.has(content.id)) return;
      video.add(buffers[0]);
      if (content.is_last) kept.set(content.id, video.finish());
    },
    end() {
      for (const video of playing.values()) video.end();
    },
  };
}
