// Where a player's video comes from: the file's address beside the notebook, else its bytes from the kernel.

import { h } from "./face.js";
import { addressOf } from "./files.js";

const BYTES_LIMIT_MS = 20000; // without a kernel nobody answers

/**
 * @param {import("./face.js").Model} model
 * @returns {{ address: (view: any, again: boolean) => Promise<string | null>, end: () => void }}
 */
export function videoSource(model) {
  let blob = "";
  let ended = false;
  const forget = () => {
    if (blob) URL.revokeObjectURL(blob);
    blob = "";
  };

  /** Ask the kernel for one piece.
   * @param {string} key @param {number} at
   * @returns {Promise<{ piece: ArrayBuffer | DataView, total: number } | null>}
   */
  const piece = (key, at) => new Promise((done) => {
    const limit = setTimeout(() => finish(null), BYTES_LIMIT_MS);
    /** @param {any} content @param {any[]} buffers */
    const heard = (content, buffers) => {
      if (content.kind !== "bytes" || content.key !== key || content.at !== at) return;
      finish(content.gone || !buffers?.length ? null : { piece: buffers[0], total: content.total });
    };
    /** @param {any} result */
    const finish = (result) => {
      clearTimeout(limit);
      model.off("msg:custom", heard);
      done(result);
    };
    model.on("msg:custom", heard);
    model.send({ kind: "bytes", at });
  });

  /** @param {any} view */
  const fromKernel = async (view) => {
    const pieces = [];
    let at = 0;
    for (let total = view.clip.size_bytes; at < total && !ended; ) {
      const got = await piece(view.key, at);
      if (!got || !got.piece.byteLength || model.get("view").key !== view.key) return null;
      pieces.push(got.piece);
      at += got.piece.byteLength;
      total = got.total;
    }
    forget();
    blob = URL.createObjectURL(new Blob(pieces, { type: "video/mp4" }));
    return blob;
  };

  let tried = "";
  return {
    async address(view, again) {
      if (again && tried === view.key) return null; // the bytes did not play either
      if (!again && view.clip.href) {
        const address = await addressOf(model, view.clip.href);
        if (address) return address;
      }
      tried = view.key;
      return view.can_send ? fromKernel(view) : null;
    },
    end() {
      ended = true;
      forget();
    },
  };
}

const POSTER_BYTES = 60000;
const POSTER_PX = 640;

/** A frame of a video as a JPEG, small enough to be kept in the notebook.
 * @param {string} address
 * @param {number} seconds
 * @returns {Promise<ArrayBuffer | null>}
 */
export async function frameOf(address, seconds) {
  const video = h("video", { muted: true, preload: "auto", src: address });
  await new Promise((done, failed) => {
    video.addEventListener("loadeddata", () => { video.currentTime = seconds; }, { once: true });
    video.addEventListener("seeked", done, { once: true });
    video.addEventListener("error", failed, { once: true });
  });
  const scale = Math.min(1, POSTER_PX / Math.max(video.videoWidth, video.videoHeight));
  const canvas = h("canvas", { width: Math.round(video.videoWidth * scale), height: Math.round(video.videoHeight * scale) });
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  video.removeAttribute("src");
  video.load();
  for (const quality of [0.8, 0.6, 0.4, 0.2]) {
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", quality));
    if (blob && blob.size <= POSTER_BYTES) return blob.arrayBuffer();
  }
  return null;
}
