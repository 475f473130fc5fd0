// Files go to the kernel in pieces, over a connection that may break, to a kernel that may be busy. `_arrivals.py` tells
// the protocol. One engine a model, however many views it has; it lives as long as the model.
//
// Nothing is taken for lost because time has passed: after a silence the kernel is asked what it has, and its answer
// tells which pieces must be sent again. A kernel that runs a cell answers late, and no piece is sent twice for that.

import { sendControl } from "./face.js";
import { piecesOf } from "./upload_pieces.js";
import { thumbOf } from "./upload_thumbs.js";

/**
 * @typedef {object} Upload A file of this page on its way.
 * @property {string} id
 * @property {File} file
 * @property {string} kind
 * @property {"beginning" | "sending" | "ending" | "handed"} state
 * @property {import("./upload_pieces.js").Pieces} pieces
 * @property {number} next the first piece that was never sent
 * @property {number[]} again pieces to send again
 * @property {Map<number, number>} flying sent and not acknowledged: piece -> questions asked before it
 * @property {Uint8Array} acked one a piece
 * @property {number} ackedBytes
 * @property {{ at: number, bytes: number }[]} samples for the speed
 */

export const WINDOW = 4; // pieces on their way at once, of all files together: what the kernel may have to hold
export const SILENCE_MS = 3000; // after that the kernel is asked; then less and less often
export const SILENCE_MOST_MS = 15000;
export const TICK_MS = 500;
export const DRAW_MS = 200;
export const SPEED_MS = 3000; // the speed is that of the last seconds
export const NOTICES = 4; // of refused files that are shown

const engines = new Map();

/**
 * The engine of a model; `initialize` makes it, the views share it.
 * @param {import("./face.js").Model} model
 */
export function engineOf(model) {
  const control = model.get("control");
  const key = typeof control === "string" ? control : control?.model_id;
  let engine = engines.get(key);
  if (!engine) {
    engine = startEngine(model);
    engines.set(key, engine);
    const end = engine.end;
    engine.end = () => {
      engines.delete(key);
      end();
    };
  }
  return engine;
}

/** @param {import("./face.js").Model} model */
export function startEngine(model) {
  /** @type {Map<string, Upload>} */
  const uploads = new Map();
  /** @type {Map<string, string>} small pictures, before the kernel shows them to all pages */
  const thumbs = new Map();
  /** @type {Map<string, number>} bytes that the session has taken */
  const sent = new Map();
  /** @type {Map<string, { at: number, pieces: Set<number> }>} files that another page sends */
  const elsewhere = new Map();
  /** @type {{ word: string, name: string, size: number }[]} */
  let notices = [];
  const watchers = new Set();
  let questions = 0;
  let heardAt = 0;
  let askAfter = SILENCE_MS;
  let timer = 0;
  let drawing = 0;
  let pasted = 0;
  let gone = false; // the kernel

  const setup = () => model.get("setup");
  const pieceBytes = () => setup().chunk_bytes;
  const waits = () => [...uploads.values()].filter((each) => ["beginning", "sending", "ending"].includes(each.state));

  function draw() {
    drawing ||= window.setTimeout(() => {
      drawing = 0;
      for (const watcher of watchers) watcher();
    }, DRAW_MS);
  }

  // -- to the kernel

  /** @param {object} content @param {ArrayBuffer[]} [buffers] */
  function tell(content, buffers) {
    try {
      model.send(content, undefined, buffers);
    } catch {
      endOfKernel();
    }
  }

  /** @param {Upload} upload */
  function announce(upload) {
    const { id, file } = upload;
    upload.state = "beginning";
    questions += 1;
    tell({ kind: "begin", id, name: file.name, size: file.size, modified: file.lastModified, n: questions });
    listen();
  }

  function pump() {
    const sending = [...uploads.values()].filter((each) => each.state === "sending");
    let free = WINDOW;
    for (const each of uploads.values()) free -= each.flying.size;
    while (free > 0) {
      const ready = sending.filter((each) => each.again.length > 0 || each.next < each.pieces.count);
      if (ready.length === 0) return;
      const upload = ready.reduce((least, each) => (isBehind(each, least) ? each : least));
      const seq = upload.again.length > 0 ? upload.again.shift() : upload.next++;
      if (upload.acked[seq] || upload.flying.has(seq)) continue;
      upload.flying.set(seq, questions);
      free -= 1;
      sendPiece(upload, seq);
    }
  }

  /** Whose turn it is. @param {Upload} one @param {Upload} other */
  function isBehind(one, other) {
    return (one.flying.size - other.flying.size || one.ackedBytes - other.ackedBytes) < 0;
  }

  /** @param {Upload} upload @param {number} seq */
  async function sendPiece(upload, seq) {
    const piece = await upload.pieces.read(seq);
    if (piece === null) giveUp(upload);
    if (piece === null || !upload.flying.has(seq)) return;
    upload.flying.set(seq, questions);
    tell({ kind: "chunk", id: upload.id, seq, crc: piece.sum }, [piece.data]);
  }

  /** All pieces are there. @param {Upload} upload */
  async function conclude(upload) {
    upload.state = "ending";
    const sum = await upload.pieces.total();
    if (sum === null) return giveUp(upload);
    questions += 1;
    tell({ kind: "end", id: upload.id, sum, n: questions });
    listen();
  }

  /** The file cannot be read any more. @param {Upload} upload */
  function giveUp(upload) {
    uploads.delete(upload.id);
    sendControl(model, { kind: "unreadable", id: upload.id });
    pump();
    draw();
  }

  // -- from the kernel

  function onMessage(/** @type {any} */ message) {
    if (message.kind === "ack") onAck(message.id, message.seq);
    else if (message.kind === "again") onAgain(message.id, message.seq);
    else if (message.kind === "have") {
      for (const [id, file] of Object.entries(message.files)) onHave(id, file, message.n ?? questions + 1);
      pump();
    } else if (message.kind === "sent") {
      for (const [id, bytes] of Object.entries(message.files)) sent.set(id, bytes);
    }
    heardAt = Date.now();
    askAfter = SILENCE_MS;
    draw();
  }

  /** @param {string} id @param {number} seq */
  function onAck(id, seq) {
    const upload = uploads.get(id);
    if (!upload) {
      elsewhere.set(id, { at: Date.now(), pieces: new Set([...(elsewhere.get(id)?.pieces ?? []), seq]) });
      return;
    }
    upload.flying.delete(seq);
    noteAcked(upload, seq);
    upload.samples.push({ at: Date.now(), bytes: upload.ackedBytes });
    while (upload.samples.length > 2 && upload.samples[0].at < Date.now() - SPEED_MS) upload.samples.shift();
    if (upload.state === "sending" && upload.ackedBytes === upload.file.size) conclude(upload);
    pump();
  }

  /** @param {Upload} upload @param {number} seq */
  function noteAcked(upload, seq) {
    if (upload.acked[seq]) return;
    upload.acked[seq] = 1;
    upload.ackedBytes += upload.pieces.length(seq);
  }

  /** @param {string} id @param {number} seq */
  function onAgain(id, seq) {
    const upload = uploads.get(id);
    if (upload?.flying.delete(seq)) upload.again.push(seq);
    pump();
  }

  /** What the kernel has of a file. @param {string} id @param {any} file @param {number} n the question it answers */
  function onHave(id, file, n) {
    const upload = uploads.get(id);
    const missing = new Set();
    for (const [first, last] of file.missing ?? []) for (let seq = first; seq <= last; seq += 1) missing.add(seq);
    if (!upload) {
      const row = model.get("rows").find((/** @type {any} */ each) => each.id === id);
      const all = Array.from({ length: Math.ceil((row?.size ?? 0) / pieceBytes()) }, (_none, seq) => seq);
      if (!elsewhere.has(id)) elsewhere.set(id, { at: 0, pieces: new Set(all.filter((seq) => !missing.has(seq))) });
    } else if (file.state === "receiving") {
      for (let seq = 0; seq < upload.pieces.count; seq += 1) if (!missing.has(seq)) noteAcked(upload, seq);
      for (const [seq, asked] of upload.flying) {
        if (!missing.has(seq)) upload.flying.delete(seq);
        else if (asked < n) {
          upload.flying.delete(seq);
          upload.again.push(seq);
        }
      }
      if (missing.size === 0) {
        if (upload.state !== "ending" || n === questions) conclude(upload);
      } else upload.state = "sending";
    } else if (file.state === "unknown") {
      reset(upload);
      announce(upload);
    } else if (file.state === "broken") {
      reset(upload);
      upload.state = "handed"; // kept, so that it can be sent again
    } else {
      uploads.delete(id);
      if (setup().refusals.includes(file.state)) notice(file.state, upload.file.name, upload.file.size);
    }
  }

  /** @param {Upload} upload */
  function reset(upload) {
    Object.assign(upload, { next: 0, again: [], acked: new Uint8Array(upload.pieces.count), ackedBytes: 0, samples: [] });
    upload.flying.clear();
  }

  // -- silence, and the end

  function listen() {
    if (!timer) {
      heardAt = Date.now();
      timer = window.setInterval(tick, TICK_MS);
    }
    draw();
  }

  function tick() {
    if (waits().length === 0) {
      window.clearInterval(timer);
      timer = 0;
    } else if (Date.now() - heardAt > askAfter) {
      askAfter = Date.now() - heardAt + Math.min(askAfter, SILENCE_MOST_MS);
      ask();
    }
    draw();
  }

  function ask() {
    const ids = waits().map((each) => each.id);
    if (ids.length === 0) return;
    questions += 1;
    tell({ kind: "ask", ids, n: questions });
  }

  function endOfKernel() {
    gone = true;
    uploads.clear();
    draw();
  }

  const kernel = model.widget_manager?.kernel;
  const onStatus = (/** @type {any} */ _kernel, /** @type {string} */ status) => {
    if (["restarting", "autorestarting", "terminating", "dead"].includes(status)) endOfKernel();
  };
  const onConnection = (/** @type {any} */ _kernel, /** @type {string} */ status) => {
    if (status === "connected") ask();
    draw();
  };
  kernel?.statusChanged?.connect(onStatus);
  kernel?.connectionStatusChanged?.connect(onConnection);
  model.on("msg:custom", onMessage);
  // The page was loaded again, or another one sends: how far has that come?
  const begun = model.get("rows").filter((/** @type {any} */ row) => row.state === "receiving");
  if (begun.length > 0) tell({ kind: "ask", ids: begun.map((/** @type {any} */ row) => row.id), n: 0 });

  // -- for the views

  /** @param {string} word @param {string} name @param {number} size */
  function notice(word, name, size) {
    notices = [...notices, { word, name, size }].slice(-NOTICES);
    draw();
  }

  return {
    uploads,
    thumbs,
    sent,
    elsewhere,
    notice,
    notices: () => notices,
    dismiss: () => { notices = []; draw(); },
    isGone: () => gone,
    silence: () => {
      if (waits().length === 0 || Date.now() - heardAt < SILENCE_MS) return "";
      return kernel && kernel.connectionStatus !== "connected" ? "away" : "silent";
    },
    kindOf(/** @type {string} */ name) {
      const suffix = /\.([^.]+)$/.exec(name)?.[1].toLowerCase() ?? "";
      return Object.keys(setup().suffixes).find((kind) => setup().suffixes[kind].includes(suffix)) ?? "";
    },
    /** Take files that were chosen, dropped or pasted. @param {Iterable<File>} files @param {boolean} [arePasted] */
    offer(files, arePasted = false) {
      notices = [];
      if (gone) return notice("kernel_gone", "", 0);
      for (let file of files) {
        if (arePasted && /^image\.\w+$/.test(file.name)) {
          pasted += 1; // every pasted picture is called image.png
          file = new File([file], file.name.replace("image", `pasted-${pasted}`), { type: file.type });
        }
        const kind = this.kindOf(file.name);
        if (!kind) notice("wrong_type", file.name, file.size);
        else if (file.size > setup().max_bytes) notice("too_large", file.name, file.size);
        else if (file.size === 0) notice("empty", file.name, 0);
        else this.start(file, kind);
      }
      draw();
    },
    start(/** @type {File} */ file, /** @type {string} */ kind) {
      const known = model.get("rows").find((/** @type {any} */ row) =>
        row.state === "receiving" && row.size === file.size && row.modified === file.lastModified &&
        row.name === file.name && !uploads.has(row.id) && !(Date.now() - elsewhere.get(row.id)?.at < SILENCE_MS));
      const random = crypto.getRandomValues(new Uint32Array(4));
      const id = known?.id ?? Array.from(random, (part) => part.toString(16).padStart(8, "0")).join("");
      const pieces = piecesOf(file, pieceBytes());
      /** @type {Upload} */
      const upload = {
        id, file, kind, pieces, state: "beginning", next: 0, again: [], flying: new Map(),
        acked: new Uint8Array(pieces.count), ackedBytes: 0, samples: [],
      };
      uploads.set(id, upload);
      announce(upload);
      thumbOf(file, kind).then((thumb) => {
        if (!thumb) return;
        thumbs.set(id, thumb);
        tell({ kind: "thumb", id, thumb });
        draw();
      });
    },
    /** Take a file out of the list, or stop it. @param {string} id */
    remove(id) {
      uploads.delete(id);
      sendControl(model, { kind: "remove", id });
      pump();
      draw();
    },
    clear() {
      uploads.clear();
      sendControl(model, { kind: "clear" });
      draw();
    },
    /** @param {string} id */
    retry(id) {
      const upload = uploads.get(id);
      if (upload) announce(upload);
      else tell({ kind: "retry", id });
    },
    canRetry: (/** @type {any} */ row) => row.state === "failed" || uploads.has(row.id),
    fetch: (/** @type {string} */ url) => { notices = []; tell({ kind: "url", url }); },
    /** Bytes a second. @param {Upload} upload */
    speedOf(upload) {
      const [first, last] = [upload.samples[0], upload.samples.at(-1)];
      return first && last && last.at > first.at ? (1000 * (last.bytes - first.bytes)) / (last.at - first.at) : 0;
    },
    watch(/** @type {() => void} */ watcher) {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    end() {
      window.clearInterval(timer);
      window.clearTimeout(drawing);
      kernel?.statusChanged?.disconnect(onStatus);
      kernel?.connectionStatusChanged?.disconnect(onConnection);
      model.off("msg:custom", onMessage);
    },
  };
}
