// SPDX-License-Identifier: Apache-2.0
// A resource's fields as they are read: only those that are set.
import { element, link } from "./dom.js";
import { formatCountry, formatTime, websiteHref } from "./format.js";

/**
 * @param {[string, import("./dom.js").Child | import("./dom.js").Child[]][]} rows
 *     A row without content is left out.
 */
export function detailList(rows) {
  const isSet = (/** @type {any} */ content) =>
    Array.isArray(content) ? content.some(isSet) : Boolean(content);
  const shown = rows.filter(([, content]) => isSet(content));
  if (shown.length === 0) {
    return element("p", { class: "muted" }, "Nothing is set.");
  }
  return element("dl", {}, ...shown.map(([label, content]) =>
    element("div", {}, element("dt", {}, label), element("dd", {}, ...[content].flat()))));
}

/** @param {string[]} values */
export function tags(values) {
  return values.length === 0
    ? null
    : element("ul", { class: "tags" }, ...values.map((value) => element("li", {}, value)));
}

/** @param {any} contact */
export function formBadge(contact) {
  return contact.customerID
    ? element("span", { class: "badge" }, "Direct")
    : element("span", { class: "badge is-shared" }, "Shared");
}

/** @param {string} email */
export function emailLink(email) {
  return email === "" ? null : link(`mailto:${encodeURIComponent(email).replace("%40", "@")}`, email);
}

/** @param {string} number */
export function numberLink(number) {
  const dialled = number.replace(/[^0-9+]/g, "");
  return /\d/.test(dialled) ? link(`tel:${dialled}`, number) : number;
}

/** @param {string} text */
function websiteLink(text) {
  const href = websiteHref(text);
  return text !== "" && href
    ? element("a", { href, rel: "noopener noreferrer", target: "_blank" }, text)
    : text;
}

/** @param {any} contact */
function addressLines(contact) {
  const lines = [1, 2, 3, 4, 5].map((number) => contact[`address${number}`]);
  const set = [...lines, contact.postcode, formatCountry(contact.country)].filter(Boolean);
  return set.map((line) => element("span", { class: "line" }, line));
}

/** @param {any} contact */
function numberRows(contact) {
  return [1, 2, 3, 4].map((number) => {
    const type = contact[`number${number}type`];
    const text = contact[`number${number}`];
    const content = text === "" && type !== "" ? "no number" : text && numberLink(text);
    return /** @type {[string, any]} */ ([type || `Number ${number}`, content]);
  });
}

/**
 * A contact's parts: title and content of each.
 *
 * @param {any} contact
 * @returns {[string, HTMLElement][]}
 */
export function contactDetails(contact) {
  return [
    ["Reach", detailList([
      ["E-mail", emailLink(contact.email)],
      ...numberRows(contact),
      ["Website", websiteLink(contact.website)],
      ["Address", addressLines(contact)],
    ])],
    ["Person", detailList([
      ["Contact type", contact.contactType],
      ["Title", contact.title],
      ["First name", contact.firstName],
      ["Last name", contact.lastName],
      ["Company", contact.companyName],
      ["Position", contact.contactPosition],
    ])],
    ["Service and billing", detailList([
      ["Dealer code", contact.dealerCode],
      ["Contact regarding", tags(contact.contactRegarding)],
      ["E-mail bill", contact.emailBillType],
      ["Invoice usage report", contact.invoiceUsageReportCustomerProfile],
      ["Gets a copy of letters", tags(contact.copyCorrespondenceTypeIDs)],
      ["Gets a copy of tickets", tags(contact.copyTicketTypeIDs)],
    ])],
  ];
}

/** @param {any} resource */
export function recordDetails(resource) {
  return detailList([
    ["Id", resource.id],
    ["Created", formatTime(resource.createTime)],
    ["Last changed", formatTime(resource.updateTime)],
  ]);
}
