// The player: the browser's video with controls of our own below it, so that the scenes stand under the position they
// belong to. Everything can be done by keyboard; the keys work while the focus is anywhere in the player.

import { begin, clockText, errorBox, follow, h, icon, say, setText } from "./face.js";
import { frameOf, videoSource } from "./player_source.js";
import { drawTranscript } from "./player_transcript.js";

const ICONS = {
  play: "M7 4l13 8-13 8z", pause: "M8 5v14M16 5v14", sound: "M4 9h4l5-4v14l-5-4H4zM17 8a6 6 0 0 1 0 8",
  muted: "M4 9h4l5-4v14l-5-4H4zM17 9l5 6M22 9l-5 6", captions: "M3 5h18v14H3zM7 10h4M7 14h6M15 10h2M16 14h1",
  full: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5", download: "M12 4v11M7 11l5 5 5-5M4 20h16",
};
const POSTER_WAIT_MS = 3000;
const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2];
/** @param {{ model: import("./face.js").Model, el: HTMLElement }} context */
function render({ model, el }) {
  begin(el, "player");
  const words = (/** @type {string} */ key, /** @type {any} */ values) => say(model, key, values);
  /** @param {string} name @param {string} keys @param {() => void} onclick */
  const tool = (name, keys, onclick) =>
    h("button", { class: `nemo-quiet nemo-player-${name}`, type: "button", onclick, "aria-keyshortcuts": keys });

  const video = h("video", { class: "nemo-player-video", playsinline: true, preload: "metadata", tabindex: -1 });
  const big = h("button", { class: "nemo-player-big", type: "button", tabindex: -1, "aria-hidden": "true" }, icon(ICONS.play));
  const message = h("p", { class: "nemo-player-message", role: "status" });
  const screen = h("div", { class: "nemo-player-screen" }, video, big, message);
  const seek = h("input", { class: "nemo-player-seek", type: "range", min: 0, max: 1, step: 0.01, value: 0 });
  const scenes = h("div", { class: "nemo-player-scenes", role: "group" });
  const time = h("span", { class: "nemo-player-time" });
  const volume = h("input", { class: "nemo-player-volume", type: "range", min: 0, max: 1, step: 0.05, value: 1 });
  const speed = h("select", { class: "nemo-player-speed" }, ...SPEEDS.map((rate) => h("option", { value: rate }, `${rate}×`)));
  const download = h("a", { class: "nemo-quiet", download: "" }, icon(ICONS.download));

  const toggle = () => (video.paused ? video.play().catch(() => undefined) : video.pause());
  const mute = () => { video.muted = !video.muted; };
  const full = () => (document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen?.());
  const caption = () => {
    const track = video.textTracks[0];
    if (track) track.mode = track.mode === "showing" ? "hidden" : "showing";
    drawTools();
  };
  const buttons = {
    play: tool("play", "Space", toggle), mute: tool("mute", "M", mute), captions: tool("captions", "C", caption),
    full: tool("full", "F", full),
  };
  const tools = h("div", { class: "nemo-player-tools" },
    buttons.play, time, h("span", { class: "nemo-player-gap" }), buttons.mute, volume, buttons.captions, speed, download, buttons.full);
  const bars = h("div", { class: "nemo-player-bars" }, seek, scenes, tools);
  const stage = h("div", { class: "nemo-player-stage" }, screen, bars);
  const facts = h("p", { class: "nemo-player-facts" });
  const note = h("p", { class: "nemo-muted nemo-player-note" });
  const told = h("ol", { class: "nemo-player-told" });
  const folded = h("summary");
  const transcript = h("details", { class: "nemo-player-transcript" }, folded, told);
  const box = errorBox(model);
  const card = h("section", {}, stage, facts, note, transcript, box.node);
  el.append(card);

  /** The seconds of the clip; the file knows best. */
  const length = () => (Number.isFinite(video.duration) ? video.duration : model.get("view").clip?.duration_s) || 0;
  /** @param {number} seconds */
  const jump = (seconds) => {
    const end = length();
    video.currentTime = Math.min(Math.max(0, seconds), end ? end - 0.01 : 0);
    drawTime();
  };
  const marks = () => /** @type {any[]} */ (model.get("view").scenes ?? []);
  const current = () => marks().findLastIndex((mark) => mark.at <= video.currentTime + 0.05);
  const sceneName = (/** @type {number} */ n) => marks()[n]?.name || words("scene_unnamed", { n: n + 1 });

  const drawTime = () => {
    const now = clockText(video.currentTime), all = clockText(length()), here = current();
    setText(time, `${now} / ${all}`);
    if (document.activeElement !== seek || !seek.matches(":active")) seek.value = String(video.currentTime);
    seek.style.setProperty("--nemo-played", `${length() ? (100 * video.currentTime) / length() : 0}%`);
    const named = here >= 0 ? `, ${sceneName(here)}` : "";
    seek.setAttribute("aria-valuetext", words("position", { now, all }) + named);
    [...scenes.children].forEach((button, n) => {
      if (n === here) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      button.tabIndex = n === Math.max(0, here) ? 0 : -1;
    });
  };
  /** @param {HTMLElement} button @param {string} path @param {string} name */
  const face = (button, path, name) => {
    if (button.dataset.path !== path) button.replaceChildren(icon(path));
    button.dataset.path = path;
    button.setAttribute("aria-label", name);
    button.title = name;
  };
  const drawTools = () => {
    face(buttons.play, video.paused ? ICONS.play : ICONS.pause, words(video.paused ? "play" : "pause"));
    face(buttons.mute, video.muted || !video.volume ? ICONS.muted : ICONS.sound, words(video.muted ? "unmute" : "mute"));
    const shown = video.textTracks[0]?.mode === "showing";
    face(buttons.captions, ICONS.captions, words(shown ? "captions_off" : "captions_on"));
    buttons.captions.setAttribute("aria-pressed", String(shown));
    face(buttons.full, ICONS.full, words("fullscreen"));
    volume.value = String(video.muted ? 0 : video.volume);
    speed.value = String(video.playbackRate);
    big.hidden = !video.paused || video.currentTime > 0.05 || !video.getAttribute("src"); // a paused picture is looked at
  };

  let source = "";
  let shownCaptions = "";
  const drawCaptions = () => {
    const text = model.get("view").captions ?? "";
    buttons.captions.hidden = !text;
    if (text === shownCaptions) return;
    shownCaptions = text;
    for (const track of video.querySelectorAll("track")) {
      URL.revokeObjectURL(track.src);
      track.remove();
    }
    if (!text) return;
    const src = URL.createObjectURL(new Blob([text], { type: "text/vtt" }));
    // They are in the picture already; whoever needs them as text can switch them on.
    video.append(h("track", { kind: "captions", src, srclang: model.get("language"), label: words("captions") }));
    if (video.textTracks[0]) video.textTracks[0].mode = "hidden";
  };
  const drawScenes = () => {
    const end = length();
    const shown = marks().filter((mark) => mark.at < end);
    scenes.hidden = shown.length < 2;
    scenes.classList.toggle("nemo-many", shown.length > 16);
    scenes.setAttribute("aria-label", words("scenes"));
    scenes.replaceChildren(...shown.map((mark, n) => {
      const name = sceneName(n);
      const label = words("scene", { name, at: clockText(mark.at) });
      const until = shown[n + 1]?.at ?? end;
      const button = h("button", { class: "nemo-player-scene", type: "button", title: label, "aria-label": label,
        onclick: () => jump(mark.at) }, h("span", {}, name));
      button.style.flexGrow = String(Math.max(0.01, until - mark.at));
      return button;
    }));
  };

  const getSource = videoSource(model);
  const load = async (/** @type {boolean} */ again) => {
    const view = model.get("view");
    setText(message, words(view.clip ? "loading" : "empty"));
    message.hidden = false;
    const address = view.clip ? await getSource.address(view, again) : null;
    if (view.key !== source) return;
    if (address) video.src = address;
    else if (view.clip) setText(message, `${words("missing")} ${words("missing_hint", { name: view.clip.name })}`);
    bars.hidden = !address;
    download.hidden = !address;
    if (address) download.href = address;
    download.setAttribute("download", view.clip?.name ?? "");
    drawTools();
  };
  const draw = () => {
    const view = model.get("view");
    const clip = view.clip;
    card.setAttribute("aria-label", words("name"));
    card.dataset.empty = String(!clip);
    facts.hidden = !clip;
    facts.replaceChildren(h("strong", {}, clip?.name ?? ""), h("span", { class: "nemo-muted" }, clip?.words ?? ""));
    setText(note, view.note);
    note.hidden = !view.note;
    setText(folded, words("transcript"));
    transcript.hidden = !drawTranscript(model, told, jump);
    video.setAttribute("aria-label", view.alt || words("name"));
    screen.style.aspectRatio = clip?.width_px ? `${clip.width_px} / ${clip.height_px}` : "16 / 9";
    stage.classList.toggle("nemo-tall", Boolean(clip && clip.height_px > clip.width_px));
    for (const [node, name] of [[seek, "seek"], [volume, "volume"], [speed, "speed"], [download, "download"]]) {
      node.setAttribute("aria-label", words(name));
      node.title = words(name);
    }
    seek.max = String(clip?.duration_s ?? 1);
    if (view.key !== source || !view.key) {
      source = view.key;
      video.removeAttribute("src");
      video.load();
      load(false);
    }
    drawCaptions();
    drawScenes();
    drawTime();
    drawTools();
  };
  const drawPoster = () => {
    const poster = model.get("poster");
    if (poster.startsWith("data:image/jpeg;base64,")) video.poster = poster;
    else video.removeAttribute("poster");
  };

  const makePoster = async () => {
    const key = source;
    await new Promise((done) => setTimeout(done, POSTER_WAIT_MS)); // the kernel mostly has one by then
    if (model.get("poster") || key !== source || !el.isConnected) return;
    const data = await frameOf(video.src, Math.min(1.4, 0.35 * length())).catch(() => null);
    if (data && key === source) model.send({ kind: "poster", key }, undefined, [data]);
  };
  video.addEventListener("loadedmetadata", () => { message.hidden = true; seek.max = String(length()); drawScenes(); drawTime(); makePoster(); });
  video.addEventListener("error", () => { if (video.getAttribute("src")) load(true); });
  for (const name of ["play", "pause", "ended", "seeked", "volumechange", "ratechange", "emptied"]) video.addEventListener(name, drawTools);
  for (const name of ["timeupdate", "seeked"]) video.addEventListener(name, drawTime);
  video.addEventListener("click", toggle);
  big.addEventListener("click", toggle);
  seek.addEventListener("input", () => jump(Number(seek.value)));
  volume.addEventListener("input", () => { video.muted = false; video.volume = Number(volume.value); });
  speed.addEventListener("change", () => { video.playbackRate = Number(speed.value); });

  /** @param {number} by */
  const scene = (by) => {
    const next = current() + by;
    if (marks()[next]) jump(marks()[next].at);
    if (scenes.contains(document.activeElement)) /** @type {HTMLElement} */ (scenes.children[next] ?? document.activeElement).focus();
  };
  /** @param {number} by */
  const faster = (by) => {
    video.playbackRate = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, SPEEDS.indexOf(video.playbackRate) + by))];
  };
  /** @type {Record<string, () => void>} */
  const keys = {
    k: toggle, " ": toggle, m: mute, c: caption, f: full, j: () => jump(video.currentTime - 10), l: () => jump(video.currentTime + 10),
    ArrowLeft: () => jump(video.currentTime - 5), ArrowRight: () => jump(video.currentTime + 5), Home: () => jump(0),
    End: () => jump(length()), p: () => scene(-1), n: () => scene(1), "<": () => faster(-1), ">": () => faster(1),
  };
  stage.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const on = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || on === speed || on === volume) return;
    if (event.key === " " && (on.tagName === "BUTTON" || on.tagName === "A")) return;
    const inScenes = scenes.contains(on) && { ArrowLeft: () => scene(-1), ArrowRight: () => scene(1) }[event.key];
    const act = inScenes || keys[event.key];
    if (!act || !model.get("view").clip) return;
    event.preventDefault();
    act();
  });

  const ends = [follow(model, ["view", "words"], draw), follow(model, ["poster"], drawPoster), box.end, getSource.end];
  return () => {
    video.pause();
    ends.forEach((end) => end());
  };
}

export default { render };
