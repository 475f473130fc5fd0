// The draft as a table: as many rows in the page as can be seen, however many there are.

import { h } from "./face.js";
import { cellField } from "./timeline_cells.js";
import { stepByKey } from "./timeline_keys.js";
import { FLAG, canEdit, cellText, placeOf } from "./timeline_store.js";

const COLUMNS = ["track", "segment", "name", "text", "start", "end", "duration", "volume", "source"];
const ROW_PX = 34;
const MOST_ROWS = 11; // seen at once
const SPARE = 4;

/** @param {import("./timeline_store.js").Desk} desk */
export function tableView(desk) {
  const uid = `nemo-table-${Math.random().toString(36).slice(2)}`;
  const head = h("div", { class: "nemo-timeline-row nemo-timeline-head", role: "row", "aria-rowindex": 1 });
  const body = h("div", { class: "nemo-timeline-rows", role: "rowgroup" });
  const top = h("div", { role: "rowgroup", class: "nemo-timeline-top" }, head);
  const grid = h("div", { class: "nemo-timeline-grid", role: "grid", tabindex: 0, "aria-colcount": COLUMNS.length,
    "aria-multiselectable": "true" }, top, body);
  const node = h("div", { class: "nemo-timeline-table" }, grid);
  let [column, frame] = [2, 0];
  /** @type {{ i: number, column: number, field: ReturnType<typeof cellField>, row: HTMLElement | null } | null} */
  let open = null;

  const draw = () => {
    frame = 0;
    const shown = desk.shown;
    if (!node.isConnected || !shown || node.hidden) return;
    const count = shown.count;
    grid.setAttribute("aria-label", desk.say("view_table"));
    grid.setAttribute("aria-description", desk.say("table_keys"));
    grid.setAttribute("aria-rowcount", `${count + 1}`);
    head.replaceChildren(...COLUMNS.map((name, c) => h("div", { role: "columnheader", class: `nemo-cell-${name}`, "aria-colindex": c + 1 },
      `${desk.say(`column_${name}`)}${["start", "end", "duration"].includes(name) ? " (s)" : ""}`)));
    body.style.height = `${count * ROW_PX}px`;
    grid.style.height = `${(Math.min(count, MOST_ROWS) + 1) * ROW_PX + (grid.scrollWidth > grid.clientWidth ? 16 : 2)}px`;
    const first = Math.max(0, Math.floor(grid.scrollTop / ROW_PX) - SPARE);
    const last = Math.min(count, first + MOST_ROWS + 2 * SPARE);
    const wanted = new Set();
    for (let i = first; i < last; i++) wanted.add(i);
    if (desk.active >= 0 && desk.active < count) wanted.add(desk.active); // what keys act on is in the page
    if (open) wanted.add(open.i);
    // A field that somebody types in stays where it is: taken out and put back it would lose the focus.
    const kept = open?.row ?? null;
    for (const child of [...body.children]) if (child !== kept) child.remove();
    for (const i of [...wanted].sort((a, b) => a - b)) {
      if (kept && i === open?.i) continue;
      body.insertBefore(row(i), kept && i < (open?.i ?? 0) ? kept : null);
    }
    const active = body.querySelector(`#${uid}-active`);
    if (active) grid.setAttribute("aria-activedescendant", active.id);
    else grid.removeAttribute("aria-activedescendant");
  };
  const redraw = () => { frame ||= requestAnimationFrame(draw); };

  const row = (/** @type {number} */ i) => {
    const shown = /** @type {import("./timeline_store.js").Shown} */ (desk.shown);
    const isSelected = desk.selection.has(i);
    const flags = shown.flags[i];
    const node = h("div", { class: "nemo-timeline-row", role: "row", "aria-rowindex": i + 2, "aria-selected": isSelected ? "true" : "false",
      "data-kind": shown.tracks[shown.trackOf[i]].kind });
    node.dataset.mark = flags & FLAG.added ? "added" : flags & FLAG.changed ? "changed" : flags & FLAG.moved ? "moved" : "";
    node.classList.toggle("nemo-timeline-waiting", Boolean(flags & FLAG.pending));
    node.style.transform = `translateY(${i * ROW_PX}px)`;
    COLUMNS.forEach((name, c) => {
      const isActive = desk.active === i && column === c;
      const cell = h("div", { role: "gridcell", class: `nemo-cell-${name}`, "aria-colindex": c + 1, dir: "auto",
        id: isActive ? `${uid}-active` : null, "aria-readonly": canEdit(shown, i, name) ? "false" : "true" });
      cell.dataset.row = `${i}`;
      cell.dataset.column = `${c}`;
      if (open?.i === i && open.column === c) {
        cell.append(open.field.node);
        open.row = node;
      } else cell.append(cellText(desk, i, name));
      if (name === "segment" && node.dataset.mark) {
        cell.append(h("span", { class: "nemo-hidden-text" }, ` ${desk.say(`item_${node.dataset.mark}`)}`));
      }
      node.append(cell);
    });
    return node;
  };

  const reveal = (/** @type {number} */ i) => {
    const y = i * ROW_PX;
    const room = grid.clientHeight - ROW_PX;
    if (y < grid.scrollTop) grid.scrollTop = y;
    else if (y + ROW_PX > grid.scrollTop + room) grid.scrollTop = y + ROW_PX - room;
  };

  const close = (/** @type {string} */ key) => {
    const was = open;
    open = null;
    if (was && key === "Tab") {
      let c = was.column + 1;
      while (c < COLUMNS.length && !canEdit(/** @type {any} */ (desk.shown), was.i, COLUMNS[c])) c += 1;
      if (c < COLUMNS.length) {
        column = c;
        return edit();
      }
    }
    grid.focus({ preventScroll: true });
    redraw();
  };
  const edit = () => {
    const shown = desk.shown;
    if (!shown || desk.active < 0 || !canEdit(shown, desk.active, COLUMNS[column])) return;
    const [track, segment] = placeOf(shown, desk.active);
    const field = cellField(desk, COLUMNS[column], close);
    field.node.setAttribute("aria-label", desk.say("edit_cell", { column: desk.say(`column_${COLUMNS[column]}`), track, segment }));
    open = { i: desk.active, column, field, row: null };
    field.show(desk.active);
    field.node.addEventListener("blur", () => {
      if (open?.field !== field) return;
      open = null;
      redraw();
    });
    draw();
    field.node.focus({ preventScroll: true });
    field.node.select();
  };

  /** @param {MouseEvent} event */
  const cellOf = (event) => {
    const cell = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-row]"));
    return cell && !(/** @type {Element} */ (event.target).closest(".nemo-timeline-field")) ? cell : null;
  };
  body.addEventListener("mousedown", (/** @type {MouseEvent} */ event) => {
    const cell = cellOf(event);
    if (!cell || event.button !== 0) return;
    event.preventDefault();
    if (open) close("");
    grid.focus({ preventScroll: true });
    const i = Number(cell.dataset.row);
    column = Number(cell.dataset.column);
    const add = event.ctrlKey || event.metaKey;
    desk.move({ selection: add ? [...desk.selection, i] : event.shiftKey ? between(desk.active, i) : [i], active: i });
    if (event.detail > 1) edit(); // a redraw in between takes the row away, and with it a `dblclick`
  });
  grid.addEventListener("scroll", redraw, { passive: true });

  const between = (/** @type {number} */ a, /** @type {number} */ b) => {
    const [from, to] = [Math.min(a < 0 ? b : a, b), Math.max(a, b)];
    return Array.from({ length: to - from + 1 }, (_, k) => from + k);
  };

  grid.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const shown = desk.shown;
    if (!shown?.count || event.target !== grid) return;
    const now = Math.max(0, desk.active);
    const far = event.ctrlKey || event.metaKey;
    let next = now;
    if (stepByKey(event, desk)) return event.preventDefault();
    switch (event.key) {
      case "ArrowDown": next = desk.active < 0 ? 0 : now + 1; break;
      case "ArrowUp": next = now - 1; break;
      case "PageDown": next = now + MOST_ROWS - 1; break;
      case "PageUp": next = now - MOST_ROWS + 1; break;
      case "ArrowRight": column = Math.min(COLUMNS.length - 1, column + 1); break;
      case "ArrowLeft": column = Math.max(0, column - 1); break;
      case "Home": if (far) next = 0; else column = 0; break;
      case "End": if (far) next = shown.count - 1; else column = COLUMNS.length - 1; break;
      case "Enter": case "F2": event.preventDefault(); return edit();
      case "Delete": if (desk.selection.size) desk.edit({ edit: "remove" }, desk.selection); event.preventDefault(); return;
      case "Escape": desk.move({ selection: [], active: -1 }); return;
      default: return;
    }
    event.preventDefault();
    next = Math.min(shown.count - 1, Math.max(0, next));
    desk.move({ selection: event.shiftKey ? [...desk.selection, next] : [next], active: next });
    reveal(next);
    const cell = body.querySelector(`#${uid}-active`);
    cell?.scrollIntoView?.({ block: "nearest", inline: "nearest" });
  });

  return {
    node, redraw, reveal,
    renew() {
      if (open && desk.shown && open.i >= desk.shown.count) open = null; // what was typed in has gone
      redraw();
    },
    focus: () => grid.focus({ preventScroll: true }),
    end: () => cancelAnimationFrame(frame),
  };
}
