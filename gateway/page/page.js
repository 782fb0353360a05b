// SPDX-License-Identifier: Apache-2.0
// The frame that every view has: where it is, its heading, what can be done, and its body.
import { element, link } from "./dom.js";

/**
 * @typedef {object} Context      What the program gives a view.
 * @property {AbortSignal} signal  Aborted when the view goes: its requests then matter no more.
 * @property {() => void} reload   Shows the view anew.
 * @property {boolean} isReturn    Whether the person came back to it by the browser's history.
 * @property {() => void} shown    To be called when what a return shows is there.
 */

/**
 * @typedef {object} View
 * @property {HTMLElement} element
 * @property {string} section      "contacts" or "customers".
 * @property {() => boolean} [isDirty]  Whether something that was typed would be lost.
 * @property {(parameters: Object<string, string>) => void} [update]  Shows other parameters.
 */

/**
 * @param {object} options
 * @param {string} options.title
 * @param {{href: string, text: string}} [options.back]
 */
export function newPage({ title, back }) {
  const heading = element("h1", { tabindex: "-1" }, title);
  const subtitle = element("div", { class: "subtitle" });
  const actions = element("div", { class: "actions" });
  const body = element("div", { class: "page-body" });
  const trail = back
    ? element("nav", { class: "trail", "aria-label": "Where you are" }, link(back.href, back.text))
    : null;
  const titles = element("div", { class: "titles" }, heading, subtitle);
  return {
    element: element("div", { class: "page" },
      ...(trail ? [trail] : []),
      element("div", { class: "page-head" }, titles, actions),
      body),
    heading,
    subtitle,
    actions,
    body,
    /** @param {string} text */
    setTitle(text) {
      heading.textContent = text;
      document.title = `${text} – Contacts`;
    },
  };
}

/**
 * A part of a page with a heading of its own.
 *
 * @param {string} title
 * @param {import("./dom.js").Child[]} children
 * @param {Node[]} [actions]
 */
export function section(title, children, actions = []) {
  const id = `s-${title.toLowerCase().replace(/[^a-z]+/g, "-")}`;
  return element("section", { class: "card", "aria-labelledby": id },
    element("div", { class: "card-head" },
      element("h2", { id, tabindex: "-1" }, title),
      element("div", { class: "actions" }, ...actions)),
    ...children);
}
