// The chat: what was said, the answer as it comes, one quiet line for what is going on, and a place to type.

import { begin, follow, h, icon, say, sendControl, setText } from "./face.js";
import { built, copied, entryNode } from "./chat_text.js";
import { videoPlaces } from "./chat_video.js";

const AT_END_PX = 48;
const BUSY_KERNEL_MS = 1500;
const SUGGESTIONS = ["suggestion_1", "suggestion_2", "suggestion_3"];

/**
 * The answer that is being written: blocks that are complete, and the text behind them.
 * @param {import("./face.js").Model} model
 */
function liveAnswer(model) {
  const blocks = h("div", {});
  const tail = h("p", { class: "nemo-chat-tail", dir: "auto" });
  const node = h("div", { class: "nemo-chat-entry nemo-chat-live", "data-role": "agent", hidden: true },
    h("div", { class: "nemo-chat-text" }, blocks, tail));
  let turn = 0;
  let written = "";
  let isAsking = false;

  const ask = () => {
    if (isAsking) return;
    isAsking = true;
    model.send({ kind: "hello" });
  };
  /** @param {any} news */
  const take = (news) => {
    const isWhole = news.from === 0 && news.had === 0 && news.at === 0;
    if (isWhole) {
      isAsking = false;
      turn = news.turn;
      blocks.replaceChildren();
      written = "";
    } else if (news.turn !== turn || news.had !== blocks.childNodes.length || news.at > written.length) {
      ask(); // something was lost, or was sent before this view was there
      return;
    }
    while (blocks.childNodes.length > news.from) blocks.lastChild?.remove();
    blocks.append(...news.blocks.map(built));
    written = written.slice(0, news.at) + news.text;
    setText(tail, written);
    node.hidden = !written && !blocks.childNodes.length;
  };
  /** @param {number} now The turn that is under way; 0 for none. */
  const keep = (now) => {
    if (now === turn) return;
    turn = now;
    written = "";
    blocks.replaceChildren();
    setText(tail, "");
    node.hidden = true;
  };
  /** @param {any[]} history When it is there in full, the answer is not shown twice. */
  const giveWay = (history) => {
    if (turn && history.some((entry) => entry.turn === turn && entry.role === "agent")) node.hidden = true;
  };
  return { node, take, keep, ask, giveWay };
}

/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  begin(el, "chat");
  const id = `nemo-chat-${Math.random().toString(36).slice(2)}`;
  const live = liveAnswer(model);

  const welcome = h("p", { class: "nemo-chat-welcome" });
  const tryLabel = h("p", { class: "nemo-muted nemo-chat-try", id: `${id}-try` });
  const tries = h("div", { class: "nemo-chat-tries", role: "group", "aria-labelledby": `${id}-try` });
  const empty = h("div", { class: "nemo-chat-empty" }, welcome, tryLabel, tries);
  const earlier = h("p", { class: "nemo-muted nemo-chat-earlier" });
  const log = h("div", { class: "nemo-chat-log", role: "log", "aria-live": "polite", "aria-relevant": "additions" });
  const lineText = h("span", {});
  const line = h("p", { class: "nemo-chat-line", role: "status" },
    h("span", { class: "nemo-chat-dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")), lineText);
  const scroll = h("div", { class: "nemo-chat-scroll", tabindex: 0, role: "region" }, empty, earlier, log, live.node, line);
  const latest = h("button", { class: "nemo-button nemo-chat-latest", type: "button", onclick: () => toEnd(true) },
    icon("M12 5v14M6 13l6 6 6-6"));

  const label = h("label", { class: "nemo-hidden-text", for: id });
  const input = h("textarea", { class: "nemo-chat-input", id, rows: 1, dir: "auto", "aria-describedby": `${id}-note` });
  const send = h("button", { class: "nemo-button nemo-primary nemo-chat-send", type: "submit" });
  const stop = h("button", { class: "nemo-button nemo-chat-stop", type: "button", hidden: true });
  const form = h("form", { class: "nemo-chat-form" }, label, input, send, stop);
  const note = h("p", { class: "nemo-muted nemo-chat-note", id: `${id}-note`, role: "status" });
  const card = h("section", { class: "nemo-card" },
    h("div", { class: "nemo-chat-stage" }, scroll, latest), form, note);
  el.append(card);

  // -- where one is in the conversation ---------------------------------------------------------------------------

  let isAtEnd = true;
  const toEnd = (/** @type {boolean} */ always) => {
    if (always || isAtEnd) scroll.scrollTop = scroll.scrollHeight;
  };
  const look = () => {
    isAtEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < AT_END_PX;
    latest.hidden = isAtEnd;
  };
  scroll.addEventListener("scroll", look);
  latest.hidden = true;
  const sizes = new ResizeObserver(() => toEnd(false));
  for (const part of [scroll, log, live.node]) sizes.observe(part);

  // -- what is to be said ------------------------------------------------------------------------------------------

  /** @type {{ nonce: number, text: string, timer: any } | null} */
  let pending = null;
  let nonce = 0;
  let told = ""; // a word on the last try; the usual note stands there otherwise
  let askedToEdit = false;
  const isWorking = () => model.get("turn").state !== "idle";
  const hasSession = () => Boolean(model.get("view").has_session);

  const tell = (/** @type {string} */ text) => {
    told = text;
    setText(note, told || say(model, hasSession() ? (isWorking() ? "wait" : "keys") : "locked"));
    note.classList.toggle("nemo-chat-told", Boolean(told));
  };
  const grow = () => {
    input.style.blockSize = "auto";
    input.style.blockSize = `${input.scrollHeight + 2}px`;
  };
  const submit = (/** @type {string} */ text) => {
    if (pending) return;
    if (isWorking() || !hasSession()) return tell(say(model, isWorking() ? "wait" : "locked"));
    if (!text.trim()) return tell(say(model, "nothing"));
    nonce += 1;
    pending = { nonce, text, timer: setTimeout(() => tell(say(model, "sending")), BUSY_KERNEL_MS) };
    model.send({ kind: "send", text, nonce });
  };
  const taken = (/** @type {any} */ answer) => {
    if (!pending || answer.nonce !== pending.nonce) return;
    clearTimeout(pending.timer);
    if (!answer.refusal && input.value === pending.text) {
      input.value = "";
      askedToEdit = false;
      grow();
    }
    pending = null;
    tell(answer.refusal ?? "");
    toEnd(true);
    drawWords();
  };
  form.addEventListener("submit", (/** @type {Event} */ event) => {
    event.preventDefault();
    input.focus();
    submit(input.value);
  });
  input.addEventListener("input", () => {
    grow();
    if (told) tell("");
  });
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    // While an input method composes, Enter chooses a word; some browsers tell it by the code 229 alone.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    submit(input.value);
  });
  // JupyterLab forbids line breaks, and undo, in whatever it finds inside a cell.
  input.addEventListener("beforeinput", (/** @type {Event} */ event) => event.stopImmediatePropagation());
  stop.addEventListener("click", () => {
    input.focus();
    sendControl(model, { kind: "stop" });
  });

  // -- what was said ----------------------------------------------------------------------------------------------

  /** @type {Map<number, { said: string, node: HTMLElement }>} */
  const shown = new Map();
  let copying = -1;
  const copy = async (/** @type {string} */ text) => {
    await copied(text);
    tell(say(model, "copied"));
    setTimeout(() => told === say(model, "copied") && tell(""), 2000);
  };
  const videos = videoPlaces(model);
  const doing = {
    play: videos.play,
    copy: (/** @type {any} */ entry) => {
      if (entry.parts === 1) return void copy(entry.text);
      copying = entry.id; // the page has but a part of it
      model.send({ kind: "copy", id: entry.id });
    },
    edit: () => {
      askedToEdit = true;
      drawWords();
      input.focus();
    },
  };
  const drawLog = () => {
    const history = model.get("history");
    const there = new Set(history.map((/** @type {any} */ entry) => entry.id));
    for (const [number, one] of shown) {
      if (there.has(number)) continue;
      if (one.node.contains(document.activeElement)) input.focus();
      one.node.remove();
      shown.delete(number);
    }
    for (const entry of history) {
      const said = JSON.stringify(entry);
      const old = shown.get(entry.id);
      if (old?.said === said) continue;
      const node = entryNode(model, entry, doing);
      if (old) {
        if (old.node.contains(document.activeElement)) input.focus();
        old.node.replaceWith(node);
      } else log.append(node);
      shown.set(entry.id, { said, node });
      // What was just asked for plays by itself; what stood there before waits to be asked.
      if (!old && entry.has_video && wasWorking) node.querySelector(".nemo-chat-play")?.click();
    }
    live.giveWay(history);
    empty.hidden = history.length > 0;
    earlier.hidden = !model.get("view").is_cut;
  };
  /** @param {any} content */
  const addMore = (content) => {
    const node = shown.get(content.id)?.node;
    const button = /** @type {HTMLButtonElement | null} */ (node?.querySelector(".nemo-chat-more") ?? null);
    if (!node || !button || Number(button.dataset.next) !== content.part) return;
    isAtEnd = false; // one reads on from here
    node.querySelector(".nemo-chat-text")?.append(...content.nodes.map(built));
    button.dataset.next = String(content.next);
    if (content.next < Number(button.dataset.parts)) return;
    if (document.activeElement === button) scroll.focus({ preventScroll: true });
    button.remove();
  };

  // -- how far it is -----------------------------------------------------------------------------------------------

  let wasWorking = false;
  const drawTurn = () => {
    const turn = model.get("turn");
    const working = turn.state !== "idle";
    live.keep(turn.turn);
    line.hidden = !working || !turn.line;
    setText(lineText, working ? turn.line : "");
    el.dataset.state = turn.state;
    if (!working && document.activeElement === stop) input.focus();
    send.hidden = working;
    stop.hidden = !working;
    stop.disabled = turn.state === "stopping";
    const locked = !hasSession();
    input.disabled = locked;
    send.disabled = locked;
    for (const chip of el.querySelectorAll(".nemo-chat-chip")) chip.setAttribute("aria-disabled", String(working || locked));
    tell(working === wasWorking ? told : "");
    wasWorking = working;
    toEnd(false);
  };
  const draw = () => {
    drawLog();
    drawTurn();
  };
  const drawWords = () => {
    card.setAttribute("aria-label", say(model, "name"));
    scroll.setAttribute("aria-label", say(model, "conversation"));
    setText(welcome, say(model, "welcome"));
    setText(tryLabel, say(model, "try_saying"));
    setText(earlier, say(model, "earlier"));
    setText(label, say(model, "input"));
    setText(send, say(model, "send"));
    setText(stop, say(model, "stop"));
    latest.setAttribute("aria-label", say(model, "latest"));
    latest.title = say(model, "latest");
    input.placeholder = say(model, askedToEdit ? "placeholder_edit" : "placeholder");
    tries.replaceChildren(...SUGGESTIONS.map((key) => h("button", {
      class: "nemo-button nemo-chat-chip", type: "button", onclick: () => submit(say(model, key)),
    }, say(model, key))));
    drawTurn();
    tell(told);
  };

  /** @param {any} content @param {DataView[]} buffers */
  const hear = (content, buffers) => {
    if (content.kind === "video") videos.take(content, buffers);
    else if (content.kind === "delta") {
      live.take(content);
      toEnd(false);
    } else if (content.kind === "taken") taken(content);
    else if (content.kind === "more") addMore(content);
    else if (content.kind === "copy" && content.id === copying) {
      copying = -1;
      copy(content.text);
    }
  };
  model.on("msg:custom", hear);
  const ends = [
    follow(model, ["history", "turn", "view"], draw),
    follow(model, ["words"], drawWords),
  ];
  if (isWorking()) live.ask();
  requestAnimationFrame(() => toEnd(true));
  return () => {
    ends.forEach((end) => end());
    model.off("msg:custom", hear);
    videos.end();
    sizes.disconnect();
    clearTimeout(pending?.timer);
  };
}

export default { render };
