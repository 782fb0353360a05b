// SPDX-License-Identifier: Apache-2.0
// A table that grows page by page, as the Link headers of the answers say.
import { changes, send } from "./api.js";
import { announce } from "./announce.js";
import { button, element, whileBusy } from "./dom.js";
import { failureBox, fill } from "./failure.js";
import { count } from "./format.js";
import { session } from "./session.js";

/**
 * @typedef {object} Column
 * @property {string} title
 * @property {(item: any) => import("./dom.js").Child | import("./dom.js").Child[]} cell
 * @property {"wide" | "medium"} [from]  Only on pages of that width and wider.
 * @property {string} [look]             Classes of its cells.
 * @property {boolean} [isAction]        Has buttons: its heading is for screen readers only.
 */

/**
 * @typedef {object} TableOptions
 * @property {string} target        Of the first page.
 * @property {string} caption       What the table is, for screen readers.
 * @property {[string, string]} nouns  One of its items, and many of them.
 * @property {Column[]} columns     The first one has the item's name.
 * @property {() => Node} empty     What is shown instead of a table without rows.
 * @property {AbortSignal} signal
 * @property {boolean} [isKept]     Whether coming back shows what was loaded before.
 * @property {boolean} [isQuiet]    Whether how many there are goes unannounced.
 * @property {() => void} [shown]   Called when the first rows are there.
 */

/**
 * What was loaded, for coming back to it; a change makes it old.
 *
 * @type {Map<string, {items: any[], next: string}>}
 */
const kept = new Map();

changes.addEventListener("change", () => kept.clear());
session.addEventListener("out", () => kept.clear());

/**
 * @param {TableOptions} options
 * @returns {HTMLElement}  Filled as answers come.
 */
export function pagedTable(options) {
  const place = element("div", { class: "paged" });
  fill(place, options.signal, () => firstPage(options), (page) => {
    const parts = renderPage(options, page);
    queueMicrotask(() => options.shown?.());
    return parts;
  });
  return place;
}

/** @param {TableOptions} options */
async function firstPage({ target, signal, isKept }) {
  const before = isKept ? kept.get(target) : undefined;
  return before ?? load(target, signal);
}

/**
 * Loads until there is something to show: a page may be empty while others follow.
 *
 * @param {string} target
 * @param {AbortSignal} signal
 */
async function load(target, signal) {
  let page = await send("GET", target, { signal });
  while (page.data.length === 0 && page.next !== "") {
    page = await send("GET", page.next, { signal });
  }
  return { items: page.data, next: page.next };
}

/**
 * @param {TableOptions} options
 * @param {{items: any[], next: string}} page
 */
function renderPage(options, page) {
  kept.set(options.target, page);
  const summary = element("p", { class: "summary" });
  tell(options, page, summary);
  if (page.items.length === 0) {
    return [options.empty()];
  }
  const rows = element("tbody", {}, ...page.items.map((item) => renderRow(options.columns, item)));
  const table = element("table", {},
    element("caption", { class: "unseen" }, options.caption),
    element("thead", {}, element("tr", {}, ...options.columns.map(renderHeading))),
    rows);
  const more = element("div", { class: "more" });
  if (page.next !== "") {
    more.append(button("Load more", (event) => loadMore(options, page, { rows, more, summary, event }),
      "quiet"));
  }
  return [summary, table, more];
}

/**
 * @param {TableOptions} options
 * @param {{items: any[], next: string}} page
 * @param {HTMLElement} summary
 */
function tell(options, page, summary) {
  const text = count(page.items.length, ...options.nouns) + (page.next ? ", more follow" : "");
  summary.textContent = page.items.length === 0 ? "" : text;
  if (!options.isQuiet) {
    announce(page.items.length === 0 ? `No ${options.nouns[1]} found` : text);
  }
}

/** @param {Column} column */
function renderHeading(column) {
  const title = column.isAction
    ? element("span", { class: "unseen" }, column.title)
    : column.title;
  return element("th", { scope: "col", class: column.from }, title);
}

/**
 * @param {Column[]} columns
 * @param {any} item
 */
function renderRow(columns, item) {
  return element("tr", {}, ...columns.map((column, i) => {
    const look = [column.from, column.look, column.isAction && "row-actions"].filter(Boolean).join(" ") || null;
    const content = [column.cell(item)].flat();
    return i === 0
      ? element("th", { scope: "row", class: look }, ...content)
      : element("td", { class: look }, ...content);
  }));
}

/**
 * @param {TableOptions} options
 * @param {{items: any[], next: string}} page
 * @param {{rows: HTMLElement, more: HTMLElement, summary: HTMLElement, event: Event}} parts
 */
async function loadMore(options, page, { rows, more, summary, event }) {
  const target = /** @type {HTMLElement} */ (event.currentTarget);
  more.querySelector(".alert")?.remove();
  await whileBusy(target, async () => {
    try {
      const following = await load(page.next, options.signal);
      const added = following.items.map((/** @type {any} */ item) =>
        renderRow(options.columns, item));
      rows.append(...added);
      page.items = page.items.concat(following.items);
      page.next = following.next;
      tell(options, page, summary);
      if (page.next === "") {
        added[0]?.querySelector("a")?.focus();
        more.replaceChildren();
      }
    } catch (error) {
      if (!options.signal.aborted) {
        more.append(failureBox(error, { retry: () => target.click() }));
      }
    }
  });
}
