// SPDX-License-Identifier: Apache-2.0
// The form that asks for the token, and tries it before it is kept.
import { path, query, send } from "./api.js";
import { element, whileBusy } from "./dom.js";
import { failureBox } from "./failure.js";
import { signIn } from "./session.js";

/**
 * Shows the form.
 *
 * @param {HTMLElement} place
 * @param {string} [why]  Why the person was signed out.
 */
export function showSignIn(place, why) {
  const problem = element("div", {});
  const input = element("input", {
    id: "token", type: "password", autocomplete: "off", spellcheck: "false", required: true,
    "aria-describedby": "token-hint",
  });
  const button = element("button", { type: "submit", class: "primary" }, "Sign in");
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    whileBusy(button, () => tryToken(input, problem));
  };
  place.replaceChildren(element("form", { class: "card sign-in", novalidate: true, submit },
    element("h1", { tabindex: "-1" }, "Sign in"),
    problem,
    element("div", { class: "field" },
      element("label", { for: "token" }, "Access token"),
      input,
      element("p", { class: "hint", id: "token-hint" },
        "Your administrator gives it to you. It is kept in this tab until you sign out or close it.")),
    element("div", { class: "form-foot" }, button)));
  if (why) {
    problem.replaceChildren(failureBox(why));
  }
  input.focus();
}

/**
 * @param {HTMLInputElement} input
 * @param {HTMLElement} problem
 */
async function tryToken(input, problem) {
  const token = input.value.trim();
  problem.replaceChildren();
  if (!/^[\x21-\x7e]+$/.test(token)) {
    problem.replaceChildren(failureBox(token === ""
      ? "The token is empty."
      : "This is no token: it has characters that none has."));
    return;
  }
  try {
    const target = `${path("customers")}/${query({ pageSize: 1, readMask: "id" })}`;
    await send("GET", target, { token });
    input.value = "";
    signIn(token);
  } catch (error) {
    const form = /** @type {HTMLFormElement} */ (input.form);
    problem.replaceChildren(failureBox(error, { retry: () => form.requestSubmit() }));
    input.select();
  }
}
