// SPDX-License-Identifier: Apache-2.0
// The program: signing in and out, the view for the address, and the keys that work everywhere.
import { clearNotice, turnNotice } from "./announce.js";
import { contactEditView, newContactView } from "./contact_edit.js";
import { contactListView } from "./contact_list.js";
import { contactView } from "./contact_view.js";
import { customerEditView, newCustomerView } from "./customer_edit.js";
import { customerListView } from "./customer_list.js";
import { customerView } from "./customer_view.js";
import { confirmDialog } from "./dialogs.js";
import { element, link } from "./dom.js";
import { newPage } from "./page.js";
import { startRouter } from "./router.js";
import { session, signOut, token } from "./session.js";
import { showSignIn } from "./sign_in.js";

/** @typedef {import("./page.js").Context} Context */
/** @typedef {import("./page.js").View} View */
/** @typedef {import("./router.js").Route} Route */

const byId = (/** @type {string} */ id) =>
  /** @type {HTMLElement} */ (document.getElementById(id));
const SHORTCUT_OFF = "contacts.shortcut-off";

/** @type {View | null} */
let view = null;
let name = "";
let controller = new AbortController();
/** @type {Route} */
let route = { segments: [], parameters: {} };
/** What a view is to do when the person is signed in again. */
let isWaiting = false;

/**
 * The view for an address, and a name that is the same for addresses that one view can show.
 *
 * @param {Route} wanted
 * @returns {[string, (context: Context) => View]}
 */
function choose({ segments, parameters }) {
  const [section = "contacts", id, act] = segments;
  const address = segments.join("/");
  if (segments.length <= 1) {
    /** @type {Object<string, (context: Context) => View>} */
    const lists = {
      contacts: (context) => contactListView(context, parameters),
      customers: (context) => customerListView(context, parameters),
      "new-contact": (context) => newContactView(context, parameters.customer),
      "new-customer": newCustomerView,
    };
    return [section, Object.hasOwn(lists, section) ? lists[section] : missingView];
  }
  if (section === "contacts" && segments.length === 2) {
    return [address, (context) => contactView(context, id)];
  }
  if (section === "customers" && segments.length === 2) {
    return [address, (context) => customerView(context, id)];
  }
  if (act === "edit" && segments.length === 3 && section === "contacts") {
    return [address, (context) => contactEditView(context, id)];
  }
  if (act === "edit" && segments.length === 3 && section === "customers") {
    return [address, (context) => customerEditView(context, id)];
  }
  return [address, missingView];
}

/** @returns {View} */
function missingView() {
  const page = newPage({ title: "Not found" });
  page.body.append(element("p", {}, "There is no such page. ",
    link("#/contacts", "Go to the contacts"), "."));
  return { element: page.element, section: "" };
}

/**
 * @param {Route} wanted
 * @param {number} [scroll]
 * @param {boolean} [isSame]  The view that was shown before, anew: its notice stays.
 */
function show(wanted, scroll, isSame = false) {
  route = wanted;
  if (token() === null) {
    isWaiting = false;
    return;
  }
  const [nextName, make] = choose(wanted);
  if (!isSame) {
    turnNotice();
  }
  if (view?.update && nextName === name) {
    view.update(wanted.parameters);
    return;
  }
  controller.abort();
  controller = new AbortController();
  const isFirst = view === null;
  name = nextName;
  view = make({
    signal: controller.signal,
    reload: () => {
      view = null;
      show(route, undefined, true);
      focusHeading();
    },
    isReturn: scroll !== undefined,
    shown: () => window.scrollTo(0, scroll ?? 0),
  });
  byId("view").replaceChildren(view.element);
  window.scrollTo(0, 0);
  markSection(view.section);
  const heading = byId("view").querySelector("h1");
  document.title = `${heading?.textContent} – Contacts`;
  if (!isFirst) {
    focusHeading();
  }
}

function focusHeading() {
  byId("view").querySelector("h1")?.focus({ preventScroll: true });
}

/** @param {string} section */
function markSection(section) {
  for (const each of byId("nav").querySelectorAll("a")) {
    if (each.dataset.section === section) {
      each.setAttribute("aria-current", "page");
    } else {
      each.removeAttribute("aria-current");
    }
  }
}

/** @returns {true | Promise<boolean>} */
function mayLeave() {
  if (!view?.isDirty?.() || token() === null) {
    return true;
  }
  return confirmDialog({
    title: "Leave without saving?",
    text: [element("p", {}, "What you typed is not saved yet.")],
    action: "Discard it",
    keep: "Stay here",
    isDangerous: true,
    run: async () => {
      if (view) {
        view.isDirty = undefined;
      }
    },
  });
}

/** Shows what a person sees who is signed in, or who is not. */
function showSession() {
  const isIn = token() !== null;
  byId("nav").hidden = !isIn;
  byId("sign-out").hidden = !isIn;
  byId("view").hidden = !isIn;
  byId("sign-in").hidden = isIn;
}

/** @param {string} [why] */
function askForToken(why) {
  showSession();
  clearNotice();
  document.title = "Sign in – Contacts";
  showSignIn(byId("sign-in"), why);
}

session.addEventListener("out", (event) => {
  const why = /** @type {CustomEvent<string | undefined>} */ (event).detail;
  // A token that ran out leaves what was being typed; signing out leaves nothing.
  isWaiting = why !== undefined && Boolean(view?.isDirty?.());
  if (!isWaiting) {
    controller.abort();
    view = null;
    byId("view").replaceChildren();
  }
  askForToken(why);
});

session.addEventListener("in", () => {
  byId("sign-in").replaceChildren();
  showSession();
  if (!isWaiting) {
    view = null;
    show(route);
  }
  focusHeading();
});

/** Goes to the search of the list, from wherever it is. */
function goToSearch() {
  const found = () => byId("view").querySelector("[data-search]");
  if (!found()) {
    location.hash = view?.section === "customers" ? "#/customers" : "#/contacts";
    window.addEventListener("hashchange", () =>
      setTimeout(() => /** @type {HTMLElement | null} */ (found())?.focus()), { once: true });
    return;
  }
  /** @type {HTMLInputElement} */ (found()).focus();
  /** @type {HTMLInputElement} */ (found()).select();
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  const at = /** @type {HTMLElement} */ (event.target);
  const isTyping = at.matches("input, select, textarea") || document.querySelector("dialog[open]");
  if (event.key !== "/" || event.ctrlKey || event.altKey || event.metaKey || isTyping ||
      token() === null || localStorage.getItem(SHORTCUT_OFF) !== null) {
    return;
  }
  event.preventDefault();
  goToSearch();
}

/** A single key as a shortcut is in the way of those who speak to their computer: it can go. */
function showShortcut() {
  const isOn = localStorage.getItem(SHORTCUT_OFF) === null;
  byId("shortcut").setAttribute("aria-pressed", String(isOn));
}

function toggleShortcut() {
  if (localStorage.getItem(SHORTCUT_OFF) === null) {
    localStorage.setItem(SHORTCUT_OFF, "1");
  } else {
    localStorage.removeItem(SHORTCUT_OFF);
  }
  showShortcut();
}

function start() {
  document.addEventListener("keydown", onKey);
  byId("sign-out").addEventListener("click", () => signOut());
  byId("shortcut").addEventListener("click", toggleShortcut);
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  window.addEventListener("beforeunload", (event) => {
    if (view?.isDirty?.()) {
      event.preventDefault();
    }
  });
  showShortcut();
  showSession();
  startRouter(show, mayLeave);
  if (token() === null) {
    askForToken();
  }
}

start();
