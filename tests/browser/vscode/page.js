// VS Code's own widget manager (npm: @vscode/jupyter-ipywidgets8) on a kernel that is behind a proxy, as the extension
// has it: messages go to the host as JSON, their buffers beside them, and come back as DataViews.

import { activate } from "/ipywidgets.js";

function signal(sender) {
  const slots = [];
  return {
    connect: (slot, self) => slots.push([slot, self]) > 0,
    disconnect: (slot) => slots.splice(0, slots.length, ...slots.filter((one) => one[0] !== slot)),
    emit: (value) => slots.slice().forEach(([slot, self]) => slot.call(self, sender, value)),
  };
}
const base64 = (buffer) => {
  const bytes = ArrayBuffer.isView(buffer)
    ? new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    : new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
};
const view = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

class Kernel {
  constructor() {
    Object.assign(this, { id: "k", clientId: "c", username: "u", name: "python3", model: { id: "k", name: "python3" } });
    Object.assign(this, { status: "idle", connectionStatus: "connected", handleComms: true, isDisposed: false });
    for (const name of ["statusChanged", "connectionStatusChanged", "iopubMessage", "unhandledMessage", "anyMessage", "disposed"]) {
      this[name] = signal(this);
    }
    this.comms = new Map();
    this.targets = new Map();
    this.sending = Promise.resolve();
  }
  post(msg_type, content, metadata = {}, buffers = []) {
    const id = crypto.randomUUID();
    const body = JSON.stringify({ id, msg_type, content, metadata, buffers: (buffers ?? []).map(base64) });
    this.sending = this.sending.then(() => fetch("/to", { method: "POST", body })); // one after another, as on a socket
    return { msg: { header: { msg_id: id } }, done: Promise.resolve(), dispose() {} };
  }
  registerCommTarget(name, callback) { this.targets.set(name, callback); }
  removeCommTarget(name) { this.targets.delete(name); }
  registerMessageHook() {}
  removeMessageHook() {}
  requestCommInfo() { return Promise.resolve({ content: { status: "ok", comms: {} } }); }
  createComm(targetName, commId = crypto.randomUUID()) {
    const comm = {
      commId, targetName, isDisposed: false, onMsg: () => undefined, onClose: () => undefined,
      open: (data, metadata, buffers) => this.post("comm_open", { comm_id: commId, target_name: targetName, data }, metadata, buffers),
      send: (data, metadata, buffers) => this.post("comm_msg", { comm_id: commId, data }, metadata, buffers),
      close: (data, metadata, buffers) => this.post("comm_close", { comm_id: commId, data }, metadata, buffers),
      dispose() {},
    };
    this.comms.set(commId, comm);
    return comm;
  }
  async take(message) {
    const { content } = message;
    if (message.header.msg_type === "comm_open") {
      await this.targets.get(content.target_name)?.(this.createComm(content.target_name, content.comm_id), message);
    } else if (message.header.msg_type === "comm_msg") await this.comms.get(content.comm_id)?.onMsg(message);
    else if (message.header.msg_type === "comm_close") await this.comms.get(content.comm_id)?.onClose(message);
    this.iopubMessage.emit(message);
  }
}

const MIME = "application/vnd.jupyter.widget-view+json";
const shown = new Map();

/** @param {any} manager @param {any} message */
async function show(manager, { header, content, transient, parent_header }) {
  const id = content.transient?.display_id;
  const place = header.msg_type === "update_display_data" ? shown.get(id) : document.createElement("div");
  if (!place) return;
  if (id) shown.set(id, place);
  document.getElementById("outputs").append(...(place.isConnected ? [] : [place]));
  if (content.data[MIME]) {
    const background = document.createElement("div");
    background.className = "cell-output-ipywidget-background";
    place.append(background);
    const model = await manager.get_model(content.data[MIME].model_id);
    const made = await manager.create_view(model, { el: background });
    await manager.display_view(content.data[MIME], made, { node: background });
  } else place.innerHTML = content.data["text/html"] ?? "";
}

window.requirejs.config({ paths: { anywidget: "/anywidget" } });
activate();
window.vscIPyWidgets8.load();
const kernel = new Kernel();
const loader = {
  widgetsRegisteredInRequireJs: new Set(["anywidget"]), loadWidgetScript: async () => undefined,
  successHandler: () => undefined, errorHandler: (...told) => console.error("no class", ...told),
};
const manager = new window.vscIPyWidgets.WidgetManager(kernel, undefined, loader, () => undefined);
window.manager = manager;
let busy = Promise.resolve();
for (let after = 0; ;) {
  const messages = await (await fetch(`/from?after=${after}`)).json();
  after += messages.length;
  for (const message of messages) {
    message.buffers = message.buffers.map(view);
    busy = busy.then(() => kernel.take(message));
    if (["display_data", "update_display_data"].includes(message.header.msg_type)) {
      busy.then(() => show(manager, message)).catch((error) => console.error("not shown", error));
    }
  }
}
