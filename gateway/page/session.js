// SPDX-License-Identifier: Apache-2.0
// Who is signed in: the token, which is kept for this tab only and until it is closed.

const KEY = "contacts.token";

/** Events: "in"; "out", with `detail` the text that says why, if it was not the person's wish. */
export const session = new EventTarget();

export function token() {
  return sessionStorage.getItem(KEY);
}

/** @param {string} value */
export function signIn(value) {
  sessionStorage.setItem(KEY, value);
  session.dispatchEvent(new CustomEvent("in"));
}

/** @param {string} [why] */
export function signOut(why) {
  if (token() === null) {
    return;
  }
  sessionStorage.removeItem(KEY);
  session.dispatchEvent(new CustomEvent("out", { detail: why }));
}
