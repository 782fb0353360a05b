// SPDX-License-Identifier: Apache-2.0
// The forms of a contact.
import { path } from "./api.js";
import { editView } from "./edit.js";
import { contactGroups, contactOwner } from "./fields.js";
import { contactName } from "./format.js";
import { contactHash, customerHash } from "./router.js";

/**
 * A direct contact is made at its customer's path, a shared one at the contacts' own.
 *
 * @param {any} changed
 */
function createRequest({ customerID, ...body }) {
  const segments = customerID ? ["customers", customerID] : [];
  return { target: `${path(...segments, "customerContacts")}/`, body };
}

/**
 * @param {import("./page.js").Context} context
 * @param {string} [customerId]  Whose direct contact it is to be.
 */
export function newContactView(context, customerId) {
  return editView(context, {
    title: "New contact",
    section: "contacts",
    back: customerId
      ? { href: customerHash(customerId), text: `Customer ${customerId}` }
      : { href: "#/contacts", text: "Contacts" },
    groups: [contactOwner, ...contactGroups],
    create: createRequest,
    given: { customerID: customerId },
    nameOf: contactName,
    hashOf: (contact) => contactHash(contact.id),
  });
}

/**
 * @param {import("./page.js").Context} context
 * @param {string} id
 */
export function contactEditView(context, id) {
  return editView(context, {
    title: `Edit contact ${id}`,
    section: "contacts",
    back: { href: contactHash(id), text: `Contact ${id}` },
    groups: contactGroups,
    resource: path("customerContacts", id),
    nameOf: contactName,
    hashOf: (contact) => contactHash(contact.id),
  });
}
