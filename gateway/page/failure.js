// SPDX-License-Identifier: Apache-2.0
// Errors as they are shown: the API's own words, the fields that it names, and what can be done.
import { ApiError } from "./api.js";
import { button, element, link } from "./dom.js";
import { contactHash, customerHash } from "./router.js";

/**
 * @typedef {object} FailureOptions
 * @property {() => void} [retry]    Does the same again.
 * @property {Map<string, {label: string, focus: () => void}>} [fields]  Fields on the page, by
 *     JSON name.
 * @property {Node[]} [actions]      What else can be done.
 */

/** The field that a violation means: of a list's element, the list. */
export const fieldOf = (/** @type {{field: string}} */ violation) =>
  violation.field.replace(/\[\d+\].*$/, "");

/**
 * The box that shows an error. It is announced when it comes into the page.
 *
 * @param {any} error  Anything thrown; text is shown as it is.
 * @param {FailureOptions} [options]
 */
export function failureBox(error, options = {}) {
  if (typeof error !== "string" && !(error instanceof ApiError)) {
    console.error(error);
  }
  return element(
    "div",
    { class: "alert", role: "alert", tabindex: "-1" },
    element("p", { class: "alert-text" }, titleOf(error)),
    violationList(error, options.fields),
    element("div", { class: "actions" }, ...(options.actions ?? []), ...retryParts(error, options)),
    holderLink(error),
    requestLine(error),
  );
}

/** @param {any} error */
function titleOf(error) {
  if (error instanceof ApiError && error.status === 0) {
    return `${error.message} Check the connection, then try again.`;
  }
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {any} error
 * @param {FailureOptions["fields"]} fields
 */
function violationList(error, fields) {
  if (!error.violations?.length) {
    return null;
  }
  return element("ul", {}, ...error.violations.map((/** @type {any} */ violation) => {
    const field = fields?.get(fieldOf(violation));
    const name = field
      ? button(field.label, field.focus, "plain")
      : element("code", {}, violation.field);
    return element("li", {}, name, `: ${violation.description}`);
  }));
}

/**
 * @param {any} error
 * @param {FailureOptions} options
 */
function retryParts(error, options) {
  if (!options.retry || !(error.isPassing || !(error instanceof ApiError))) {
    return [];
  }
  const seconds = error.retryAfter;
  const wait = seconds ? `The service asks to wait ${seconds} s before that.` : "";
  return [
    button("Try again", options.retry, "quiet"),
    wait && element("span", { class: "muted" }, wait),
  ];
}

/** Who has the number or id that is taken. */
const HELD = ["CUSTOMER_ID_TAKEN", "ACCOUNT_NUMBER_TAKEN", "CRM_REFERENCE_TAKEN"];

/** @param {any} error */
function holderLink(error) {
  const id = error.info?.customer_id;
  if (HELD.includes(error.reason) && id) {
    return element("p", {}, "It belongs to ", link(customerHash(id), `customer ${id}`), ".");
  }
  if (error.reason === "CONTACT_NOT_SHARED" && error.info?.contact_id) {
    const contact = error.info.contact_id;
    return element("p", {}, link(contactHash(contact), `Open contact ${contact}`));
  }
  return null;
}

/** @param {any} error */
function requestLine(error) {
  const isOurs = error.isPassing || error.status >= 500;
  return error.requestId && isOurs
    ? element("p", { class: "muted" }, "Request ", element("code", {}, error.requestId))
    : null;
}

/** What is shown while something is loaded. */
export function loadingBox(text = "Loading…") {
  return element("p", { class: "loading", role: "status" }, text);
}

/**
 * Fills a place with what is loaded, or with the error and a way to try again.
 *
 * @template T
 * @param {HTMLElement} place
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} work
 * @param {(result: T) => (Node | null)[]} render
 */
export async function fill(place, signal, work, render) {
  const again = () => fill(place, signal, work, render);
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(loadingBox());
  try {
    const result = await work();
    if (!signal.aborted) {
      place.replaceChildren(...render(result).filter((node) => node !== null));
    }
  } catch (error) {
    if (!signal.aborted) {
      place.replaceChildren(failureBox(error, { retry: again }));
    }
  }
  if (hadFocus && !signal.aborted) {
    place.setAttribute("tabindex", "-1");
    place.focus();
  }
}
