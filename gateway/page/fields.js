// SPDX-License-Identifier: Apache-2.0
// The fields of the resources: how they are named, grouped and filled in. The views and forms are
// made from these tables.

/**
 * @typedef {object} Field
 * @property {string} key        JSON name.
 * @property {string} label
 * @property {"text" | "select" | "choices" | "password"} kind
 * @property {string} [preset]   Whose values a select or choices offer.
 * @property {string} [hint]
 * @property {string} [inputMode]
 * @property {boolean} [isWide]  Takes the form's whole width.
 * @property {boolean} [isNew]   Only on create.
 */

/**
 * @typedef {object} Group
 * @property {string} title
 * @property {Field[]} fields
 */

/**
 * @param {string} key
 * @param {string} label
 * @param {Partial<Field>} [more]
 * @returns {Field}
 */
const text = (key, label, more = {}) => ({ key, label, kind: "text", ...more });

/**
 * @param {string} key
 * @param {string} label
 * @param {string} [preset]
 * @returns {Field}
 */
const select = (key, label, preset = key) => ({ key, label, kind: "select", preset });

/**
 * @param {string} key
 * @param {string} label
 * @returns {Field}
 */
const choices = (key, label) => ({ key, label, kind: "choices", preset: key, isWide: true });

/** @param {number} number */
const numberFields = (number) => [
  text(`number${number}`, `Number ${number}`, { inputMode: "tel" }),
  select(`number${number}type`, `Type of number ${number}`, "numberType"),
];

/** @type {Group[]} */
export const contactGroups = [
  {
    title: "Person",
    fields: [
      select("contactType", "Contact type"),
      select("title", "Title"),
      text("firstName", "First name"),
      text("lastName", "Last name"),
      text("companyName", "Company"),
      text("contactPosition", "Position"),
    ],
  },
  {
    title: "E-mail and web",
    fields: [
      text("email", "E-mail", { inputMode: "email" }),
      text("website", "Website", { inputMode: "url" }),
    ],
  },
  { title: "Numbers", fields: [1, 2, 3, 4].flatMap(numberFields) },
  {
    title: "Address",
    fields: [
      text("address1", "Address line 1"),
      text("address2", "Address line 2"),
      text("address3", "Address line 3"),
      text("address4", "Address line 4 (city)"),
      text("address5", "Address line 5 (county or state)"),
      text("postcode", "Postcode"),
      select("country", "Country"),
    ],
  },
  {
    title: "Service and billing",
    fields: [
      select("dealerCode", "Dealer code"),
      select("emailBillType", "E-mail bill"),
      select("invoiceUsageReportCustomerProfile", "Invoice usage report"),
      choices("contactRegarding", "Contact regarding"),
      choices("copyCorrespondenceTypeIDs", "Gets a copy of letters"),
      choices("copyTicketTypeIDs", "Gets a copy of tickets"),
    ],
  },
  {
    title: "Account password",
    fields: [{
      key: "accountPassword",
      label: "Account password",
      kind: "password",
      hint: "Says on the phone who somebody is. Empty leaves it as it is.",
    }],
  },
];

/** @type {Group} */
export const contactOwner = {
  title: "Belongs to",
  fields: [
    text("customerID", "Customer id", {
      isNew: true,
      hint: "Of the one customer of a direct contact. Empty makes a shared contact.",
    }),
  ],
};

/** @type {Group[]} */
export const customerGroups = [
  {
    title: "Customer",
    fields: [
      text("name", "Name"),
      text("id", "Customer id", { isNew: true, hint: "Empty: the next free number." }),
      text("accountNumber", "Account number"),
      text("CRMReference", "CRM reference"),
    ],
  },
];
