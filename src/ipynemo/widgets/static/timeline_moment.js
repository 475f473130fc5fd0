// What the video shows where one points, and else at the playhead: one picture that follows.

import { clockText, h, setText } from "./face.js";

const FRAME_MS = 1000 / 30;
const REST_MS = 60; // a pointer on its way asks for nothing

/**
 * @param {import("./face.js").Model} model
 * @param {(key: string, values?: Record<string, any>) => string} words
 */
export function momentView(model, words) {
  const image = h("img", { alt: "", draggable: "false" });
  const at = h("figcaption", {});
  const node = h("figure", { class: "nemo-timeline-moment", hidden: true }, image, at);
  let [pointed, playhead, version, number, timer] = [-1, 0, -1, 0, 0];
  let asked = "";
  let url = "";
  let isOn = false;

  const now = () => Math.round((pointed >= 0 ? pointed : playhead) / FRAME_MS) * FRAME_MS;
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
  return {
    node,
    /** @param {number | null} ms Where one points; null where one does not. */
    point(ms) {
      pointed = ms ?? -1;
      soon();
    },
    /** @param {boolean} on @param {number} ms @param {number} shown The version of the draft. */
    follow(on, ms, shown) {
      isOn = on;
      playhead = ms;
      version = shown;
      if (!on) node.hidden = true;
      soon();
    },
    /** @param {any} content @param {DataView[]} buffers */
    take(content, buffers) {
      if (content.n !== number && content.n + 3 < number) return; // a newer one is nearly there
      const picture = buffers?.[0];
      if (!isOn || !picture) {
        node.hidden = true;
        return;
      }
      clear();
      url = URL.createObjectURL(new Blob([picture], { type: "image/jpeg" }));
      image.src = url;
      image.alt = words("moment", { at: clockText(content.at_s) });
      setText(at, clockText(content.at_s));
      node.hidden = false;
    },
    end() {
      window.clearTimeout(timer);
      clear();
    },
  };
}
