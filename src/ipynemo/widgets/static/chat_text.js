// The chat's entries as elements: a tree of allowed nodes in, elements out. Nothing here reads HTML.

import { h, icon, say } from "./face.js";
import { addressOf } from "./files.js";

const PLAIN = { p: "p", strong: "strong", em: "em", s: "s", code: "code", ul: "ul", ol: "ol", li: "li", quote: "blockquote", tr: "tr", th: "th", td: "td", hr: "hr", br: "br" };
const WITH_DIRECTION = ["p", "li", "quote", "th", "td"];
const ALIGNMENTS = ["left", "right", "center"];

/**
 * @typedef {string | { t: string, c?: Node_[], level?: number, start?: number, align?: string, href?: string, lang?: string }} Node_
 */

/**
 * One node of `_markdown.py` as an element; a kind that is not known is its words.
 * @param {Node_} node
 * @returns {Node}
 */
export function built(node) {
  if (typeof node === "string") return document.createTextNode(node);
  const children = (node.c ?? []).map(built);
  if (node.t === "a") {
    const href = /^(https?:\/\/|mailto:)/i.test(node.href ?? "") ? node.href : null;
    return h("a", { href, title: href, target: "_blank", rel: "noopener noreferrer nofollow" }, ...children);
  }
  if (node.t === "h") {
    return h(`h${Math.min(6, Math.max(3, Number(node.level ?? 1) + 2))}`, { dir: "auto" }, ...children);
  }
  if (node.t === "pre") {
    return h("pre", { tabindex: 0, dir: "ltr", "data-language": node.lang || null }, h("code", {}, ...children));
  }
  if (node.t === "table") {
    return h("div", { class: "nemo-chat-table", tabindex: 0 }, h("table", {}, h("tbody", {}, ...children)));
  }
  const tag = PLAIN[/** @type {keyof typeof PLAIN} */ (node.t)];
  if (!tag || !Object.hasOwn(PLAIN, node.t)) return h("span", {}, ...children);
  const align = ALIGNMENTS.includes(node.align ?? "") ? `nemo-chat-${node.align}` : null;
  return h(tag, {
    dir: node.t === "code" ? "ltr" : WITH_DIRECTION.includes(node.t) ? "auto" : null,
    start: node.t === "ol" && Number.isInteger(node.start) ? node.start : null,
    class: align,
  }, ...children);
}

/**
 * Put text on the clipboard, also on pages that are not served securely.
 * @param {string} text
 */
export async function copied(text) {
  if (navigator.clipboard && window.isSecureContext) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const held = document.activeElement;
  const area = h("textarea", { class: "nemo-hidden-text", "aria-hidden": "true" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
  /** @type {any} */ (held)?.focus?.();
}

/**
 * An error with its buttons, as an entry.
 * @param {import("./face.js").Model} model
 * @param {any} error
 */
function errorNode(model, error) {
  const act = (/** @type {string} */ action) => () => model.send({ kind: "action", action });
  const link = typeof error.link === "string" && /^https?:\/\//.test(error.link) ? error.link : null;
  let button = null;
  if (error.action === "top_up" && link) {
    button = h("a", { class: "nemo-button", href: link, target: "_blank", rel: "noopener noreferrer" });
  } else if (error.action && error.action !== "top_up") {
    button = h("button", { class: "nemo-button", type: "button", onclick: act(error.action) });
  }
  button?.append(say(model, error.action));
  return h("div", { class: "nemo-error" },
    h("div", { class: "nemo-error-text" }, h("strong", {}, error.message), error.hint ? h("span", {}, error.hint) : null),
    h("div", { class: "nemo-error-buttons" }, button,
      h("button", { class: "nemo-quiet", type: "button", "aria-label": say(model, "dismiss"), onclick: act("dismiss") },
        icon("M6 6l12 12M18 6L6 18"))));
}

/**
 * An entry of `history` as an element.
 * @param {import("./face.js").Model} model
 * @param {any} entry
 * @param {{ copy: (entry: any) => void, edit: () => void, play: (entry: any, place: HTMLElement) => void }} doing
 */
export function entryNode(model, entry, doing) {
  if (entry.role === "error" && entry.error) {
    return h("div", { class: "nemo-chat-entry", "data-role": "error" }, errorNode(model, entry.error));
  }
  const text = h("div", { class: "nemo-chat-text", dir: "auto" });
  text.append(...(entry.nodes ? entry.nodes.map(built) : [document.createTextNode(entry.text)]));
  const speaker = entry.role === "user" ? "you" : entry.role === "agent" ? "agent" : null;
  const node = h("div", { class: "nemo-chat-entry", "data-role": entry.role },
    speaker ? h("span", { class: "nemo-hidden-text" }, `${say(model, speaker)}: `) : null, text);

  if (entry.parts > 1) {
    node.append(h("button", {
      class: "nemo-button nemo-chat-more", type: "button", "data-next": 1, "data-parts": entry.parts,
      onclick: (/** @type {any} */ event) =>
        model.send({ kind: "more", id: entry.id, part: Number(event.currentTarget.dataset.next) }),
    }, say(model, "more")));
  }
  if (entry.note) node.append(h("p", { class: "nemo-muted nemo-chat-aside" }, entry.note));
  if (entry.changes) {
    const count = `${say(model, "changed")} (${entry.changes.length})`;
    node.append(h("details", { class: "nemo-chat-changes" }, h("summary", { class: "nemo-muted" }, count),
      h("ul", {}, ...entry.changes.map((/** @type {string} */ change) => h("li", { dir: "auto" }, change)))));
  }
  if (entry.link) node.append(fileNode(model, entry.link));
  if (/^data:image\/jpeg;base64,/.test(entry.picture ?? "")) {
    const image = h("img", { class: "nemo-chat-picture", src: entry.picture, alt: entry.text });
    const place = h("div", { class: "nemo-chat-screen" }, image);
    if (entry.has_video) {
      place.append(h("button", {
        class: "nemo-chat-play", type: "button", "aria-label": say(model, "play"), title: say(model, "play"),
        onclick: () => doing.play(entry, place),
      }, icon("M8 5v14l11-7z")));
    }
    node.append(place);
  }
  const row = h("div", { class: "nemo-chat-row" });
  (entry.chips ?? []).forEach((/** @type {any} */ chip, /** @type {number} */ n) => {
    const press = () => (chip.do === "edit" ? doing.edit() : model.send({ kind: "chip", id: entry.id, n }));
    row.append(h("button", { class: "nemo-button nemo-chat-chip", type: "button", onclick: press }, chip.label));
  });
  if (entry.role === "agent") {
    const label = say(model, "copy");
    row.append(h("button", {
      class: "nemo-quiet nemo-chat-copy", type: "button", "aria-label": label, title: label,
      onclick: () => doing.copy(entry),
    }, icon("M9 9h11v11H9zM5 15H4V4h11v1")));
  }
  if (row.childNodes.length) node.append(row);
  return node;
}

/**
 * A file beside the notebook.
 * @param {import("./face.js").Model} model
 * @param {{ name: string, href: string }} link
 */
function fileNode(model, link) {
  const node = h("p", { class: "nemo-chat-file" }, link.name);
  if (link.href) {
    addressOf(model, link.href).then((address) => {
      if (address) node.replaceChildren(h("a", { download: true, href: address }, link.name));
    });
  }
  return node;
}
