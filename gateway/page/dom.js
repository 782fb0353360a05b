// SPDX-License-Identifier: Apache-2.0
// Elements. Data gets into the page here only, as text and attributes, never as markup.

/** @typedef {Node | string | null | undefined | false} Child  Nothing is made of the last three. */

/**
 * Makes an element.
 *
 * @param {string} tag
 * @param {Object<string, any>} [attributes]  A function is a listener for the event of that name;
 *     true sets an attribute without a value; false, null and undefined leave it out.
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") {
      made.addEventListener(name, value);
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...present(children));
  return made;
}

/**
 * @param {(Child | Child[])[]} children
 * @returns {(Node | string)[]}
 */
export function present(children) {
  return /** @type {(Node | string)[]} */ (
    children.flat().filter((child) => child !== null && child !== undefined && child !== false)
  );
}

let ids = 0;

/** An id that no other element has. */
export function freshId() {
  ids += 1;
  return `e${ids}`;
}

/**
 * A button.
 *
 * @param {string} text
 * @param {(event: Event) => void} onClick
 * @param {string} [look]  Classes: "primary", "danger", "quiet", "plain".
 */
export function button(text, onClick, look = "") {
  return element("button", { type: "button", class: look, click: onClick }, text);
}

/**
 * A link.
 *
 * @param {string} href
 * @param {Child} text
 * @param {string} [look]
 */
export function link(href, text, look) {
  return element("a", { href, class: look }, text);
}

/**
 * Marks a button as busy while work is under way, and keeps it from starting that work again. The
 * button stays focusable, so the keyboard does not lose its place.
 *
 * @param {HTMLElement} target
 * @param {() => Promise<void>} work
 */
export async function whileBusy(target, work) {
  if (target.getAttribute("aria-disabled") === "true") {
    return;
  }
  target.setAttribute("aria-disabled", "true");
  target.classList.add("busy");
  try {
    await work();
  } finally {
    target.removeAttribute("aria-disabled");
    target.classList.remove("busy");
  }
}
