// SPDX-License-Identifier: Apache-2.0
// Dialogs: to confirm, and the frame of all others. Escape closes them, and focus goes back to
// where it came from.
import { button, element, freshId, whileBusy } from "./dom.js";
import { failureBox } from "./failure.js";
import { session } from "./session.js";

/**
 * Opens a dialog.
 *
 * @template T
 * @param {object} options
 * @param {string} options.title
 * @param {(close: (result: T) => void) => import("./dom.js").Child[]} options.content
 * @param {T} options.dismissed  The result when the person closes it.
 * @returns {Promise<T>}
 */
export function openDialog({ title, content, dismissed }) {
  return new Promise((resolve) => {
    const id = freshId();
    let result = dismissed;
    const dialog = element("dialog", { "aria-labelledby": id });
    const close = (/** @type {T} */ value) => {
      result = value;
      dialog.close();
    };
    const dismiss = () => dialog.close();
    dialog.append(element("h2", { id }, title), ...content(close).filter(Boolean));
    dialog.addEventListener("close", () => {
      session.removeEventListener("out", dismiss);
      dialog.remove();
      resolve(result);
    });
    session.addEventListener("out", dismiss);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * Asks before something is done, does it, and shows in the dialog why it could not be done.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {import("./dom.js").Child[]} options.text
 * @param {string} options.action
 * @param {string} [options.keep]           What the other button says.
 * @param {boolean} [options.isDangerous]
 * @param {() => Promise<void>} [options.run]
 * @returns {Promise<boolean>}  Whether it was done.
 */
export function confirmDialog({ title, text, action, keep = "Cancel", isDangerous, run }) {
  return openDialog({
    title,
    dismissed: false,
    content(close) {
      const problem = element("div", {});
      const act = button(action, () => whileBusy(act, async () => {
        problem.replaceChildren();
        try {
          await run?.();
          close(true);
        } catch (error) {
          problem.replaceChildren(failureBox(error));
        }
      }), isDangerous ? "danger" : "primary");
      const cancel = button(keep, () => close(false), "quiet");
      cancel.setAttribute("autofocus", "");
      return [...text, problem, element("div", { class: "dialog-foot" }, cancel, act)];
    },
  });
}
