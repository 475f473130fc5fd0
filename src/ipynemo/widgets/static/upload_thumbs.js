// Small pictures of files, made in the page from the file itself; nothing is uploaded for them.

export const THUMB_PX = 96;
export const THUMB_LONGEST_URL = 8000; // characters; Python takes 6,000 bytes
export const THUMB_LIMIT_MS = 8000; // a video that does not open in time has no picture

/**
 * A small picture of an image or a video as a `data:` URL; empty where the browser cannot make one.
 * @param {File} file
 * @param {string} kind
 * @returns {Promise<string>}
 */
export async function thumbOf(file, kind) {
  if (kind !== "image" && kind !== "video") return "";
  const url = URL.createObjectURL(file);
  try {
    const late = new Promise((_resolve, reject) => setTimeout(reject, THUMB_LIMIT_MS));
    const source = await Promise.race([kind === "image" ? imageAt(url) : frameAt(url), late]);
    return drawnSmall(source);
  } catch {
    return ""; // broken, or of a kind that this browser does not read: the row shows a symbol
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** @param {string} url */
async function imageAt(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
}

/** The picture at half a second, or the last one before. @param {string} url */
async function frameAt(url) {
  const video = document.createElement("video");
  video.muted = true;
  video.preload = "auto";
  const seeked = new Promise((resolve, reject) => {
    video.onerror = reject;
    video.onseeked = resolve;
    video.onloadeddata = () => { video.currentTime = Math.min(0.5, video.duration / 2 || 0); };
  });
  video.src = url;
  await seeked;
  return video;
}

/** @param {any} source an image or a video */
function drawnSmall(source) {
  const width = source.naturalWidth || source.videoWidth;
  const height = source.naturalHeight || source.videoHeight;
  const scale = Math.min(1, THUMB_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  source.removeAttribute("src"); // gives a video's decoder back
  for (const quality of [0.75, 0.5, 0.25]) {
    const small = canvas.toDataURL("image/webp", quality); // PNG where the browser makes no WebP
    if (small.length <= THUMB_LONGEST_URL) return small;
  }
  return "";
}
