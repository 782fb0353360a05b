// SPDX-License-Identifier: Apache-2.0
// Addresses: the part behind '#', as path segments and parameters, and the view that each is for.

/**
 * @typedef {object} Route
 * @property {string[]} segments
 * @property {Object<string, string>} parameters
 */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function parseHash(hash) {
  const [address, text = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return {
    segments: address.split("/").filter((segment) => segment !== "").map(decode),
    parameters: Object.fromEntries(new URLSearchParams(text)),
  };
}

/** @param {string} segment */
function decode(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/**
 * The address of a view.
 *
 * @param {string[]} segments
 * @param {Object<string, string | undefined | null>} [parameters]  Empty ones are left out.
 */
export function hashOf(segments, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value);
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return `#/${segments.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

/** @param {string} id */
export const contactHash = (id) => hashOf(["contacts", id]);

/** @param {string} id */
export const customerHash = (id) => hashOf(["customers", id]);

/**
 * Calls render for the address of now and of every change, with how far down the person had
 * scrolled when they left it, where they come back to it.
 *
 * A view that has something to lose is asked first. Meanwhile the address goes back to it as a new
 * entry of the history, so that leaving after all is one step back, whichever way they went.
 *
 * @param {(route: Route, scroll: number | undefined) => void} render
 * @param {() => true | Promise<boolean>} mayLeave  true at once where nothing would be lost.
 */
export function startRouter(render, mayLeave) {
  let current = location.hash;
  let isAsking = false;
  const show = () => {
    current = location.hash;
    render(parseHash(current), history.state?.scroll);
  };
  const stayOrLeave = async (/** @type {Promise<boolean>} */ answer) => {
    isAsking = true;
    const leaves = await answer;
    isAsking = false;
    if (leaves) {
      history.back();
    }
  };
  window.addEventListener("hashchange", () => {
    if (location.hash === current) {
      return;
    }
    const answer = isAsking ? undefined : mayLeave();
    if (answer === true) {
      show();
      return;
    }
    history.pushState(null, "", current || "#/");
    if (answer) {
      stayOrLeave(answer);
    }
  });
  rememberScroll();
  show();
}

/** Keeps the scroll position in the history's entry; the browser's own comes before lists do. */
function rememberScroll() {
  history.scrollRestoration = "manual";
  let timer = 0;
  window.addEventListener("scroll", () => {
    clearTimeout(timer);
    const hash = location.hash;
    timer = window.setTimeout(() => {
      if (location.hash === hash) {
        history.replaceState({ scroll: window.scrollY }, "");
      }
    }, 100);
  });
}
