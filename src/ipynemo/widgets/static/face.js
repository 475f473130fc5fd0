// What every widget's module shares: elements without HTML, texts, both wires, the error box. See `_static.py` for how
// it gets into the page; nothing but functions and constants stands at the top level.

/**
 * @typedef {object} Model What anywidget hands to a module.
 * @property {(name: string) => any} get
 * @property {(content: object, callbacks?: any, buffers?: ArrayBuffer[]) => void} send
 * @property {(name: string, callback: Function) => void} on
 * @property {(name: string, callback?: Function) => void} off
 * @property {any} widget_manager
 */

/**
 * Make an element: `h("button", { class: "nemo-button", type: "button", onclick: f, "aria-label": "x" }, "text", child)`.
 * Text becomes a text node, never HTML. `on…` functions become listeners; null, undefined and false attributes are left
 * out, true gives an empty one.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {any}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on") && typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child || child === ""));
  return element;
}

/**
 * An icon from the path data of a 24×24 drawing; hidden from screen readers.
 * @param {string} path
 * @returns {SVGElement}
 */
export function icon(path) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", class: "nemo-icon", "aria-hidden": "true" })) {
    svg.setAttribute(name, value);
  }
  drawn.setAttribute("d", path);
  svg.append(drawn);
  return svg;
}

/** Put text into an element only when it differs, so that a live region is not read again.
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * One of the widget's texts, with its {places} filled in.
 * @param {Model} model
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @returns {string}
 */
export function say(model, key, values = {}) {
  const text = model.get("words")?.[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (/** @type {string} */ whole, /** @type {string} */ name) => values[name] ?? whole);
}

/**
 * Call `draw` now and whenever one of the traits changes; returns what ends it.
 * @param {Model} model
 * @param {string[]} names
 * @param {() => void} draw
 * @returns {() => void}
 */
export function follow(model, names, draw) {
  for (const name of names) model.on(`change:${name}`, draw);
  draw();
  return () => {
    for (const name of names) model.off(`change:${name}`, draw);
  };
}

/**
 * Send on the second wire: it is heard while a cell runs. Without a kernel nothing happens.
 * @param {Model} model
 * @param {object} content
 */
export async function sendControl(model, content) {
  const reference = model.get("control");
  if (typeof reference !== "string") {
    reference?.send?.(content); // some managers give the model itself
    return;
  }
  try {
    const control = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
    control.send(content, {});
  } catch {
    model.send({ ...content, wire: "control" }); // a page that does not know the second wire
  }
}

/**
 * The box for `error`: what happened, what to do, the button that does it. It follows the trait by itself.
 * @param {Model} model
 * @returns {{ node: HTMLElement, end: () => void }}
 */
export function errorBox(model) {
  const node = h("div", { class: "nemo-error", role: "alert" });
  const draw = () => {
    const error = model.get("error");
    node.replaceChildren();
    node.hidden = !error;
    if (!error) return;
    const act = (/** @type {string} */ action) => () => model.send({ kind: "action", action });
    const link = typeof error.link === "string" && /^https?:\/\//.test(error.link) ? error.link : null;
    let button = null;
    if (error.action === "top_up" && link) {
      button = h("a", { class: "nemo-button", href: link, target: "_blank", rel: "noopener noreferrer" });
    } else if (error.action && error.action !== "top_up") {
      button = h("button", { class: "nemo-button", type: "button", onclick: act(error.action) });
    }
    button?.append(say(model, error.action));
    node.append(
      h("div", { class: "nemo-error-text" },
        h("strong", {}, error.message),
        error.hint ? h("span", {}, error.hint) : null),
      h("div", { class: "nemo-error-buttons" },
        button,
        h("button", { class: "nemo-quiet", type: "button", "aria-label": say(model, "dismiss"), onclick: act("dismiss") },
          icon("M6 6l12 12M18 6L6 18"))),
    );
  };
  return { node, end: follow(model, ["error", "words"], draw) };
}

/** A size in words: "4.6 MB".
 * @param {number} bytes
 * @returns {string}
 */
export function sizeText(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${Math.round(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}

/** A time on a clock: "1:05".
 * @param {number} seconds
 * @returns {string}
 */
export function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  const rest = `${Math.floor((whole % 3600) / 60)}`.padStart(whole >= 3600 ? 2 : 1, "0");
  return `${whole >= 3600 ? `${Math.floor(whole / 3600)}:` : ""}${rest}:${`${whole % 60}`.padStart(2, "0")}`;
}

/**
 * Make a view's root the widget's: its classes, and keys that stay in the widget (JupyterLab would cut a cell at "x").
 * @param {HTMLElement} el
 * @param {string} name
 */
export function begin(el, name) {
  el.classList.add("nemo", `nemo-${name}`);
  el.dataset.lmSuppressShortcuts = "true";
  // JupyterLab's selectors match the focused element first, whatever its ancestors say.
  el.addEventListener("focusin", (/** @type {any} */ event) => {
    event.target.dataset.lmSuppressShortcuts = "true";
  });
}
