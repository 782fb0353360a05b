// SPDX-License-Identifier: Apache-2.0
// What is told to the person: aloud to those who listen, and as a notice that all can see.
import { button, element } from "./dom.js";

/**
 * Has a screen reader say something that others see anyway.
 *
 * @param {string} text
 */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer) {
    announcer.textContent = text;
  }
}

/**
 * Shows that something was done, until the next notice or until the person closes it.
 *
 * @param {string} text
 */
export function notice(text) {
  const close = button("Close", clearNotice, "plain");
  close.setAttribute("aria-label", "Close the notice");
  document
    .getElementById("notice")
    ?.replaceChildren(element("div", { class: "notice" }, element("p", {}, text), close));
}

export function clearNotice() {
  document.getElementById("notice")?.replaceChildren();
}

let pending = "";

/**
 * Goes to another view in place of this one, which has done its work, and shows the notice there.
 *
 * @param {string} hash
 * @param {string} text
 */
export function leaveFor(hash, text) {
  pending = text;
  location.replace(hash);
}

/** To be called when another view is shown: an old notice does not belong there. */
export function turnNotice() {
  clearNotice();
  if (pending !== "") {
    notice(pending);
    pending = "";
  }
}
