// SPDX-License-Identifier: Apache-2.0
// The list of contacts with its filters, and the columns of any list of contacts.
import { path, query } from "./api.js";
import { emailLink, formBadge, numberLink } from "./details.js";
import { element, link } from "./dom.js";
import { contactName, formatDay } from "./format.js";
import { newPage } from "./page.js";
import { pagedTable } from "./paged_table.js";
import { presetValues } from "./presets.js";
import { contactHash, customerHash } from "./router.js";
import { searchForm } from "./search_form.js";

/** What the columns show, and what is asked for. */
export const LISTED = [
  "id", "customerID", "contactType", "title", "firstName", "lastName", "companyName", "email",
  "number1", "dealerCode", "updateTime",
].join(",");

/** @typedef {import("./paged_table.js").Column} Column */

/** @param {any} contact */
function nameCell(contact) {
  const name = contactName(contact);
  const more = contact.companyName === name ? "" : contact.companyName;
  return [
    link(contactHash(contact.id), name),
    more && element("span", { class: "line muted" }, more),
    contact.email && element("span", { class: "line muted until-medium" }, contact.email),
  ];
}

/** @type {Column} */
const owner = {
  title: "Belongs to",
  cell: (contact) => element("span", { class: "owner" },
    formBadge(contact),
    contact.customerID && link(customerHash(contact.customerID), contact.customerID)),
};

/** @type {Column[]} */
export const contactColumns = [
  { title: "Contact", cell: nameCell },
  { title: "E-mail", cell: (contact) => emailLink(contact.email), from: "medium", look: "loose" },
  { title: "Number", cell: (contact) => numberLink(contact.number1), from: "medium", look: "number" },
  { title: "Type", cell: (contact) => contact.contactType, from: "wide" },
  { title: "Dealer code", cell: (contact) => contact.dealerCode, from: "wide" },
];

/** @type {Column[]} */
const listColumns = [
  contactColumns[0],
  owner,
  ...contactColumns.slice(1),
  { title: "Changed", cell: (contact) => formatDay(contact.updateTime), from: "wide", look: "tight" },
];

const filters = [
  { key: "email", label: "E-mail", inputMode: "email" },
  { key: "number", label: "Number", inputMode: "tel" },
  { key: "customerID", label: "Customer id" },
  { key: "dealerCode", label: "Dealer code", options: [] },
  {
    key: "form",
    label: "Form",
    options: [{ value: "direct", text: "Direct" }, { value: "shared", text: "Shared" }],
  },
];

/** @param {Object<string, string>} parameters */
const filterOf = (parameters) =>
  Object.fromEntries(filters.map(({ key }) => [key, parameters[key]]));

/**
 * A customer's contacts have a path of their own.
 *
 * @param {Object<string, string>} filter
 */
function targetOf({ customerID, ...filter }) {
  const segments = customerID ? ["customers", customerID] : [];
  return `${path(...segments, "customerContacts")}/${query({ ...filter, readMask: LISTED })}`;
}

/** @param {boolean} isFiltered */
const nothing = (isFiltered) => element("p", { class: "empty" }, isFiltered
  ? "No contact fits the search."
  : "There are no contacts yet.");

/**
 * @param {import("./page.js").Context} context
 * @param {Object<string, string>} parameters
 * @returns {import("./page.js").View}
 */
export function contactListView(context, parameters) {
  const page = newPage({ title: "Contacts" });
  page.actions.append(link("#/new-contact", "New contact", "button primary"));
  const search = searchForm({ section: "contacts", noun: "Contact", filters });
  const results = element("section", { class: "card", "aria-label": "Results" });
  page.body.append(search.element, results);
  const show = (/** @type {Object<string, string>} */ wanted, isKept = false) => {
    search.write(wanted);
    const filter = filterOf(wanted);
    const hint = element("p", { class: "hint" },
      "A dealer code narrows the shared contacts; direct ones stay.");
    results.replaceChildren(...(filter.dealerCode ? [hint] : []), pagedTable({
      target: targetOf(filter),
      caption: "Contacts",
      nouns: ["contact", "contacts"],
      columns: listColumns,
      empty: () => nothing(Object.values(filter).some(Boolean)),
      signal: context.signal,
      isKept,
      shown: isKept ? context.shown : undefined,
    }));
  };
  offerDealerCodes(search, context.signal);
  show(parameters, context.isReturn);
  return { element: page.element, section: "contacts", update: show };
}

/**
 * Without the codes the list works as well: an error is not worth more than their absence.
 *
 * @param {{setOptions: (key: string, options: {value: string, text: string}[]) => void}} search
 * @param {AbortSignal} signal
 */
async function offerDealerCodes(search, signal) {
  try {
    const values = await presetValues("dealerCode", signal);
    search.setOptions("dealerCode", values.map(({ name, retired }) =>
      ({ value: name, text: retired ? `${name} (retired)` : name })));
  } catch {
    search.setOptions("dealerCode", []);
  }
}
