// A file as numbered pieces, each with its checksum.

import { crc32Maker } from "./checksum.js";

export const READ_PIECES = 8; // a file is read in larger steps than it is sent: each step costs the browser much

/**
 * @typedef {object} Pieces
 * @property {number} count
 * @property {(seq: number) => number} length of a piece, in bytes
 * @property {(seq: number) => Promise<{ data: ArrayBuffer, sum: number } | null>} read null where the file has been
 *   changed, moved, or was on a stick that was pulled out
 * @property {() => Promise<number | null>} total the checksum of all checksums
 */

/**
 * @param {File} file
 * @param {number} bytes of a piece; the last one may be shorter
 * @returns {Pieces}
 */
export function piecesOf(file, bytes) {
  const count = Math.ceil(file.size / bytes);
  const crc32 = crc32Maker();
  /** @type {number[]} */
  const sums = new Array(count);
  /** @type {{ from: number, data: Promise<ArrayBuffer | null> | null }} */
  let block = { from: -1, data: null };

  const length = (/** @type {number} */ seq) => Math.min(bytes, file.size - seq * bytes);

  async function read(/** @type {number} */ seq) {
    const from = (seq - (seq % READ_PIECES)) * bytes;
    if (block.from !== from) {
      const data = file.slice(from, from + READ_PIECES * bytes).arrayBuffer().catch(() => null);
      block = { from, data };
    }
    const whole = await block.data;
    const start = seq * bytes - from;
    const data = whole?.slice(start, start + length(seq));
    if (data?.byteLength !== length(seq)) return null;
    sums[seq] = crc32(data);
    return { data, sum: sums[seq] };
  }

  async function total() {
    for (let seq = 0; seq < count; seq += 1) {
      // Pieces that came before the page was loaded again have not been read by this one.
      if (sums[seq] === undefined && (await read(seq)) === null) return null;
    }
    const view = new DataView(new ArrayBuffer(4 * count));
    sums.forEach((sum, seq) => view.setUint32(4 * seq, sum));
    return crc32(view.buffer);
  }

  return { count, length, read, total };
}
