// SPDX-License-Identifier: Apache-2.0
// One contact: its fields, the customers that it belongs to, and what can be done with it.
import { ApiError, Keys, path, query, send } from "./api.js";
import { leaveFor, notice } from "./announce.js";
import { contactDetails, formBadge, recordDetails } from "./details.js";
import { confirmDialog } from "./dialogs.js";
import { button, element, freshId, link, whileBusy } from "./dom.js";
import { failureBox, fill } from "./failure.js";
import { contactName } from "./format.js";
import { customerColumns } from "./customer_list.js";
import { linkCustomer, unlink } from "./link_dialogs.js";
import { newPage, section } from "./page.js";
import { pagedTable } from "./paged_table.js";
import { contactHash } from "./router.js";

/**
 * @param {import("./page.js").Context} context
 * @param {string} id
 * @returns {import("./page.js").View}
 */
export function contactView(context, id) {
  const page = newPage({
    title: `Contact ${id}`,
    back: { href: "#/contacts", text: "Contacts" },
  });
  const resource = path("customerContacts", id);
  fill(page.body, context.signal, () => send("GET", resource, { signal: context.signal }), (answer) => {
    const { data: contact, etag } = answer;
    page.setTitle(contactName(contact));
    page.subtitle.replaceChildren(formBadge(contact), subtitleText(contact));
    page.actions.replaceChildren(...contactActions(context, contact, etag));
    return [element("div", { class: "columns" },
      element("div", {}, ...contactDetails(contact).map(([title, content]) =>
        section(title, [content]))),
      element("div", {},
        customersSection(context, contact),
        passwordSection(contact),
        section("Record", [recordDetails(contact)])))];
  });
  return { element: page.element, section: "contacts" };
}

/** @param {any} contact */
function subtitleText(contact) {
  const parts = [contact.contactPosition, contact.companyName].filter(Boolean);
  return element("span", {}, parts.join(", ") || `Contact ${contact.id}`);
}

/**
 * @param {import("./page.js").Context} context
 * @param {any} contact
 * @param {string} etag
 */
function contactActions(context, contact, etag) {
  const edit = `${contactHash(contact.id)}/edit`;
  return [
    link(edit, "Edit", "button primary"),
    ...(contact.customerID
      ? [button("Convert to shared", () => convert(context, contact, etag), "quiet")]
      : []),
    button("Delete", () => remove(contact, etag), "danger-quiet"),
  ];
}

/**
 * The words for a change that somebody else's change came before.
 *
 * @param {Promise<any>} sent
 */
async function orMeanwhile(sent) {
  try {
    return await sent;
  } catch (error) {
    if (error instanceof ApiError && error.status === 412) {
      throw new ApiError(412, {
        message: "Somebody else changed this contact meanwhile. Nothing was done: close this, " +
          "reload the page and look again.",
      });
    }
    throw error;
  }
}

/**
 * @param {import("./page.js").Context} context
 * @param {any} contact
 * @param {string} etag
 */
async function convert(context, contact, etag) {
  const target = path("customerContacts", contact.id) + query({ action: "convertToSharedContact" });
  const keys = new Keys();
  const done = await confirmDialog({
    title: "Convert to a shared contact?",
    text: [element("p", {}, `${contactName(contact)} will belong to no single customer and be `,
      `linked to customer ${contact.customerID}; other customers can be linked too. `,
      "This cannot be undone.")],
    action: "Convert to shared",
    run: () => orMeanwhile(send("POST", target, { body: {}, etag, key: keys.keyOf(target) })),
  });
  if (done) {
    context.reload();
    notice(`${contactName(contact)} is shared now.`);
  }
}

/**
 * @param {any} contact
 * @param {string} etag
 */
async function remove(contact, etag) {
  const target = path("customerContacts", contact.id);
  const keys = new Keys();
  const links = contact.customerID ? "" : "Its links to customers go with it. ";
  const done = await confirmDialog({
    title: `Delete ${contactName(contact)}?`,
    text: [element("p", {}, links, "This cannot be undone.")],
    action: "Delete contact",
    isDangerous: true,
    run: () => orMeanwhile(send("DELETE", target, { etag, key: keys.keyOf(target) })),
  });
  if (done) {
    leaveFor("#/contacts", `${contactName(contact)} was deleted.`);
  }
}

/**
 * @param {import("./page.js").Context} context
 * @param {any} contact
 */
function customersSection(context, contact) {
  const isShared = !contact.customerID;
  const unlinkColumn = {
    title: "Unlink",
    isAction: true,
    cell: (/** @type {any} */ customer) => {
      const act = button("Unlink", async () => {
        if (await unlink(customer, contact)) {
          context.reload();
        }
      }, "quiet small");
      act.setAttribute("aria-label", `Unlink from customer ${customer.id}`);
      return act;
    },
  };
  const add = button("Link to a customer", async () => {
    if (await linkCustomer(contact)) {
      context.reload();
    }
  }, "quiet");
  const table = pagedTable({
    target: `${path("customerContacts", contact.id, "customers")}/`,
    caption: "Customers that the contact belongs to",
    nouns: ["customer", "customers"],
    columns: [...customerColumns.slice(0, 2), ...(isShared ? [unlinkColumn] : [])],
    empty: () => element("p", { class: "empty" }, "No customer is linked."),
    signal: context.signal,
    isQuiet: true,
  });
  return section(isShared ? "Linked customers" : "Belongs to", [table], isShared ? [add] : []);
}

/** @param {any} contact */
function passwordSection(contact) {
  if (!contact.hasAccountPassword) {
    return section("Account password", [element("p", { class: "muted" }, "None is set.")]);
  }
  return section("Account password", [verifyForm(contact)]);
}

/**
 * Says whether a password that somebody names is the contact's.
 *
 * @param {any} contact
 */
function verifyForm(contact) {
  const id = freshId();
  const input = element("input", { id, type: "password", autocomplete: "off" });
  const verify = element("button", { type: "submit", class: "quiet" }, "Verify");
  const outcome = element("div", { role: "status" });
  const target = path("customerContacts", contact.id) + query({ action: "verifyAccountPassword" });
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    whileBusy(verify, async () => {
      try {
        const { data } = await send("POST", target, { body: { password: input.value } });
        outcome.replaceChildren(element("p", { class: data.verified ? "good" : "error" },
          data.verified ? "This is the password." : "This is not the password."));
      } catch (error) {
        outcome.replaceChildren(failureBox(error));
      }
    });
  };
  return element("form", { class: "finder", submit },
    element("div", { class: "field grows" },
      element("label", { for: id }, "What the caller says"), input, outcome),
    verify);
}
