// A video that begins to play while its bytes come: an MP4 in fragments. Where the browser cannot, it plays when all
// are there. It begins without sound, as in a room with others; the controls give the sound, and the choice is kept.

import { h } from "./face.js";

/** What kind of video it is, from its first bytes; "" where they do not tell.
 * @param {DataView} bytes
 */
function kindOf(bytes) {
  const head = new Uint8Array(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 4096));
  const at = String.fromCharCode(...head).indexOf("avcC");
  if (at < 0 || at + 8 > head.length) return "";
  const profile = [...head.slice(at + 5, at + 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `video/mp4; codecs="avc1.${profile}, mp4a.40.2"`;
}

/** @param {any} piece */
const viewOf = (piece) => (piece instanceof ArrayBuffer ? new DataView(piece) : piece);

/**
 * @param {{ isLoud: boolean }} sound Kept by whoever shows several one after the other.
 * @param {string} label
 * @returns {{ node: HTMLVideoElement, add: (piece: any) => void, finish: () => Blob, play: (whole: Blob) => void, end: () => void }}
 */
export function growingVideo(sound, label) {
  const node = h("video", { controls: true, playsinline: true, "aria-label": label });
  node.muted = !sound.isLoud;
  node.addEventListener("volumechange", () => { sound.isLoud = !node.muted; });
  /** @type {DataView[]} */
  const pieces = [];
  /** @type {MediaSource | null} */
  let source = null;
  /** @type {SourceBuffer | null} */
  let buffer = null;
  let [url, taken, isWhole] = ["", 0, false];

  const show = (/** @type {Blob | MediaSource} */ what) => {
    if (url) URL.revokeObjectURL(url);
    url = URL.createObjectURL(what);
    node.src = url;
    node.play().catch(() => null); // a browser may want a click first: the controls are there
  };
  const pump = () => {
    if (!buffer || buffer.updating || source?.readyState !== "open") return;
    if (taken < pieces.length) buffer.appendBuffer(/** @type {BufferSource} */ (pieces[taken++]));
    else if (isWhole) source.endOfStream();
  };
  const whole = () => new Blob(/** @type {BlobPart[]} */ (pieces), { type: "video/mp4" });
  return {
    node,
    add(piece) {
      pieces.push(viewOf(piece));
      if (pieces.length > 1) return pump();
      const kind = kindOf(pieces[0]);
      if (!kind || !window.MediaSource?.isTypeSupported(kind)) return;
      source = new MediaSource();
      source.addEventListener("sourceopen", () => {
        if (buffer || !source) return;
        buffer = source.addSourceBuffer(kind);
        buffer.addEventListener("updateend", pump);
        pump();
      });
      show(source);
    },
    finish() {
      isWhole = true;
      if (source) pump();
      else show(whole());
      return whole();
    },
    play: show,
    end() {
      node.pause();
      if (url) URL.revokeObjectURL(url);
      url = "";
      node.removeAttribute("src");
      node.load();
    },
  };
}
