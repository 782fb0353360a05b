// SPDX-License-Identifier: Apache-2.0
// One customer: its fields, its direct contacts and the shared ones that are linked to it.
import { ApiError, Keys, path, query, send } from "./api.js";
import { leaveFor } from "./announce.js";
import { contactColumns, LISTED } from "./contact_list.js";
import { detailList, recordDetails } from "./details.js";
import { confirmDialog } from "./dialogs.js";
import { button, element, link, whileBusy } from "./dom.js";
import { fill } from "./failure.js";
import { contactName, count, customerName } from "./format.js";
import { linkContact, unlink } from "./link_dialogs.js";
import { newPage, section } from "./page.js";
import { pagedTable } from "./paged_table.js";
import { customerHash, hashOf } from "./router.js";

/**
 * @param {import("./page.js").Context} context
 * @param {string} id
 * @returns {import("./page.js").View}
 */
export function customerView(context, id) {
  const page = newPage({
    title: `Customer ${id}`,
    back: { href: "#/customers", text: "Customers" },
  });
  const { signal } = context;
  fill(page.body, signal, () => send("GET", path("customers", id), { signal }), (answer) => {
    const { data: customer, etag } = answer;
    page.setTitle(customerName(customer));
    page.subtitle.replaceChildren(element("span", {}, `Customer ${customer.id}`));
    page.actions.replaceChildren(...customerActions(customer, etag));
    return [element("div", { class: "columns" },
      element("div", {}, directSection(context, customer), sharedSection(context, customer)),
      element("div", {},
        section("Customer", [detailList([
          ["Name", customer.name],
          ["Account number", customer.accountNumber],
          ["CRM reference", customer.CRMReference],
        ])]),
        section("Record", [recordDetails(customer)])))];
  });
  return { element: page.element, section: "customers" };
}

/**
 * @param {any} customer
 * @param {string} etag
 */
function customerActions(customer, etag) {
  const act = button("Delete", () => whileBusy(act, () => remove(customer, etag)), "danger-quiet");
  return [link(`${customerHash(customer.id)}/edit`, "Edit", "button primary"), act];
}

/**
 * @param {import("./page.js").Context} context
 * @param {any} customer
 * @param {"direct" | "shared"} form
 * @param {string} none
 * @param {import("./paged_table.js").Column[]} columns
 */
function contactsTable(context, customer, form, none, columns) {
  const filter = query({ form, readMask: LISTED });
  return pagedTable({
    target: `${path("customers", customer.id, "customerContacts")}/${filter}`,
    caption: form === "direct" ? "Direct contacts" : "Shared contacts",
    nouns: [`${form} contact`, `${form} contacts`],
    columns,
    empty: () => element("p", { class: "empty" }, none),
    signal: context.signal,
    isQuiet: true,
  });
}

/**
 * @param {import("./page.js").Context} context
 * @param {any} customer
 */
function directSection(context, customer) {
  const add = hashOf(["new-contact"], { customer: customer.id });
  const table = contactsTable(context, customer, "direct",
    "No contact belongs to this customer alone.", contactColumns.slice(0, 4));
  return section("Direct contacts", [
    element("p", { class: "hint" }, "They belong to this customer and go when it is deleted."),
    table,
  ], [link(add, "New contact", "button quiet")]);
}

/**
 * @param {import("./page.js").Context} context
 * @param {any} customer
 */
function sharedSection(context, customer) {
  const unlinkColumn = {
    title: "Unlink",
    isAction: true,
    cell: (/** @type {any} */ contact) => {
      const act = button("Unlink", async () => {
        if (await unlink(customer, contact)) {
          context.reload();
        }
      }, "quiet small");
      act.setAttribute("aria-label", `Unlink ${contactName(contact)}`);
      return act;
    },
  };
  const add = button("Link a shared contact", async () => {
    if (await linkContact(customer)) {
      context.reload();
    }
  }, "quiet");
  const table = contactsTable(context, customer, "shared", "No shared contact is linked.",
    [...contactColumns.slice(0, 4), unlinkColumn]);
  return section("Shared contacts", [
    element("p", { class: "hint" }, "They are linked to any number of customers and stay."),
    table,
  ], [add]);
}

/**
 * Says first what would go with the customer, as the API counts it.
 *
 * @param {any} customer
 * @param {string} etag
 */
async function remove(customer, etag) {
  const target = path("customers", customer.id);
  const keys = new Keys();
  const done = await confirmDialog({
    title: `Delete ${customerName(customer)}?`,
    text: await consequences(target),
    action: "Delete customer",
    isDangerous: true,
    async run() {
      try {
        await send("DELETE", target, { etag, key: keys.keyOf(target) });
      } catch (error) {
        throw error instanceof ApiError && error.status === 412 ? meanwhile() : error;
      }
    },
  });
  if (done) {
    leaveFor("#/customers", `${customerName(customer)} was deleted.`);
  }
}

function meanwhile() {
  return new ApiError(412, {
    message: "Somebody else changed this customer meanwhile. Nothing was done: close this, " +
      "reload the page and look again.",
  });
}

/** @param {string} target */
async function consequences(target) {
  const end = element("p", {}, "This cannot be undone.");
  try {
    const { data } = await send("DELETE", target + query({ validateOnly: true }));
    const contacts = count(data.deletedContactCount, "direct contact");
    const links = count(data.removedLinkCount, "link");
    return [
      element("p", {}, `With it go ${contacts} and ${links} to shared contacts. `,
        "The shared contacts themselves stay."),
      end,
    ];
  } catch {
    return [element("p", {}, "Its direct contacts go with it; shared contacts stay."), end];
  }
}
