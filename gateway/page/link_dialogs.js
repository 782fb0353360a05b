// SPDX-License-Identifier: Apache-2.0
// Linking and unlinking: a shared contact is found for a customer, or a customer for a contact.
import { Keys, path, query, send } from "./api.js";
import { announce, notice } from "./announce.js";
import { button, element, freshId, whileBusy } from "./dom.js";
import { confirmDialog, openDialog } from "./dialogs.js";
import { failureBox } from "./failure.js";
import { contactName, count, customerName } from "./format.js";

/**
 * @param {string} customerId
 * @param {string} contactId
 * @param {"addSharedContact" | "removeSharedContact"} action
 * @param {string} key
 */
function sendLink(customerId, contactId, action, key) {
  const target = path("customers", customerId) + query({ action });
  return send("POST", target, { body: { contactID: contactId }, key });
}

/**
 * @typedef {object} Finder
 * @property {string} label
 * @property {(text: string) => Promise<any[]>} find
 */

const one = async (/** @type {string} */ target) => [(await send("GET", target)).data];
const many = async (/** @type {string} */ target) => (await send("GET", target)).data;

/** @type {Finder[]} */
const contactFinders = [
  { label: "E-mail", find: (email) => many(sharedContacts({ email })) },
  { label: "Number", find: (number) => many(sharedContacts({ number })) },
  { label: "Contact id", find: (id) => one(path("customerContacts", id)) },
];

/** @type {Finder[]} */
const customerFinders = [
  { label: "Customer id", find: (id) => one(path("customers", id)) },
  {
    label: "Account number",
    find: (accountNumber) => many(`${path("customers")}/${query({ accountNumber })}`),
  },
  {
    label: "CRM reference",
    find: (reference) => many(`${path("customers")}/${query({ CRMReference: reference })}`),
  },
];

/** @param {Object<string, string>} filter */
const sharedContacts = (filter) =>
  `${path("customerContacts")}/${query({ ...filter, form: "shared", pageSize: 20 })}`;

/**
 * A dialog in which something is found and then linked.
 *
 * @param {object} options
 * @param {string} options.title
 * @param {Finder[]} options.finders
 * @param {[string, string]} options.nouns
 * @param {(item: any) => string} options.nameOf
 * @param {(item: any) => string} options.detailsOf
 * @param {(item: any) => Promise<void>} options.run
 * @returns {Promise<any>}  What was linked, or null.
 */
function findDialog({ title, finders, nouns, nameOf, detailsOf, run }) {
  return openDialog({
    title,
    dismissed: /** @type {any} */ (null),
    content(close) {
      const problem = element("div", {});
      const results = element("ul", { class: "found" });
      const show = (/** @type {any} */ error) => problem.replaceChildren(failureBox(error));
      const act = (/** @type {any} */ item, /** @type {HTMLElement} */ target) =>
        whileBusy(target, async () => {
          problem.replaceChildren();
          await run(item).then(() => close(item), show);
        });
      const rowOf = (/** @type {any} */ item) => {
        const choose = button("Link", () => act(item, choose), "primary");
        choose.setAttribute("aria-label", `Link ${nameOf(item)}`);
        const text = element("div", {}, element("strong", {}, nameOf(item)),
          element("span", { class: "muted" }, detailsOf(item)));
        return element("li", {}, text, choose);
      };
      const search = finderForm(finders, async (find) => {
        problem.replaceChildren();
        results.replaceChildren();
        const items = await find().catch((error) => (show(error), []));
        const text = items.length === 0 ? `No ${nouns[1]} found` : count(items.length, ...nouns);
        announce(text);
        if (items.length === 0 && problem.childNodes.length === 0) {
          results.append(element("li", { class: "muted" }, `${text}.`));
        }
        results.append(...items.map(rowOf));
      });
      const cancel = button("Cancel", () => close(null), "quiet");
      return [search, problem, results, element("div", { class: "dialog-foot" }, cancel)];
    },
  });
}

/**
 * What is searched by, and for what.
 *
 * @param {Finder[]} finders
 * @param {(find: () => Promise<any[]>) => Promise<void>} search
 */
function finderForm(finders, search) {
  const [byId, textId] = [freshId(), freshId()];
  const by = element("select", { id: byId },
    ...finders.map((finder, i) => element("option", { value: i }, finder.label)));
  const text = element("input", {
    id: textId, type: "text", autocomplete: "off", spellcheck: "false", autofocus: true,
    required: true,
  });
  const submit = element("button", { type: "submit", class: "quiet" }, "Find");
  const onSubmit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const value = text.value.trim();
    if (value !== "") {
      whileBusy(submit, () => search(() => finders[Number(by.value)].find(value)));
    }
  };
  return element("form", { class: "finder", submit: onSubmit },
    element("div", { class: "field" }, element("label", { for: byId }, "Find by"), by),
    element("div", { class: "field grows" }, element("label", { for: textId }, "Value"), text),
    submit);
}

/**
 * Finds a shared contact and links it.
 *
 * @param {any} customer
 * @returns {Promise<boolean>}
 */
export async function linkContact(customer) {
  const keys = new Keys();
  const contact = await findDialog({
    title: `Link a shared contact to ${customerName(customer)}`,
    finders: contactFinders,
    nouns: ["shared contact", "shared contacts"],
    nameOf: contactName,
    detailsOf: (item) => [`Contact ${item.id}`, item.companyName, item.email].filter(Boolean)
      .join(" · "),
    run: async (item) => {
      const key = keys.keyOf(customer.id, item.id);
      await sendLink(customer.id, item.id, "addSharedContact", key);
    },
  });
  if (contact) {
    notice(`${contactName(contact)} is linked to ${customerName(customer)}.`);
  }
  return contact !== null;
}

/**
 * Finds a customer and links the shared contact to it.
 *
 * @param {any} contact
 * @returns {Promise<boolean>}
 */
export async function linkCustomer(contact) {
  const keys = new Keys();
  const customer = await findDialog({
    title: `Link ${contactName(contact)} to a customer`,
    finders: customerFinders,
    nouns: ["customer", "customers"],
    nameOf: customerName,
    detailsOf: (item) => [`Customer ${item.id}`, item.accountNumber, item.CRMReference]
      .filter(Boolean).join(" · "),
    run: async (item) => {
      const key = keys.keyOf(item.id, contact.id);
      await sendLink(item.id, contact.id, "addSharedContact", key);
    },
  });
  if (customer) {
    notice(`${contactName(contact)} is linked to ${customerName(customer)}.`);
  }
  return customer !== null;
}

/**
 * @param {any} customer
 * @param {any} contact
 * @returns {Promise<boolean>}  Whether the link is gone.
 */
export async function unlink(customer, contact) {
  const keys = new Keys();
  const done = await confirmDialog({
    title: "Unlink?",
    text: [element("p", {}, `${contactName(contact)} will no longer belong to `,
      `${customerName(customer)}. The contact itself stays.`)],
    action: "Unlink",
    run: async () => {
      const key = keys.keyOf(customer.id, contact.id);
      await sendLink(customer.id, contact.id, "removeSharedContact", key);
    },
  });
  if (done) {
    notice(`${contactName(contact)} is unlinked from ${customerName(customer)}.`);
  }
  return done;
}
