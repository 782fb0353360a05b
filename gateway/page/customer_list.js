// SPDX-License-Identifier: Apache-2.0
// The list of customers with its filters, and the columns of any list of customers.
import { path, query } from "./api.js";
import { element, link } from "./dom.js";
import { customerName, formatDay } from "./format.js";
import { newPage } from "./page.js";
import { pagedTable } from "./paged_table.js";
import { customerHash } from "./router.js";
import { searchForm } from "./search_form.js";

/** @type {import("./paged_table.js").Column[]} */
export const customerColumns = [
  { title: "Customer", cell: (customer) => link(customerHash(customer.id), customerName(customer)) },
  { title: "Id", cell: (customer) => element("code", {}, customer.id), look: "id" },
  { title: "Account number", cell: (customer) => customer.accountNumber, from: "medium" },
  { title: "CRM reference", cell: (customer) => customer.CRMReference, from: "medium" },
];

const filters = [
  { key: "accountNumber", label: "Account number" },
  { key: "CRMReference", label: "CRM reference" },
];

/**
 * @param {import("./page.js").Context} context
 * @param {Object<string, string>} parameters
 * @returns {import("./page.js").View}
 */
export function customerListView(context, parameters) {
  const page = newPage({ title: "Customers" });
  page.actions.append(link("#/new-customer", "New customer", "button primary"));
  const search = searchForm({ section: "customers", noun: "Customer", filters });
  const results = element("section", { class: "card", "aria-label": "Results" });
  page.body.append(search.element, results);
  const show = (/** @type {Object<string, string>} */ wanted, isKept = false) => {
    search.write(wanted);
    const filter = Object.fromEntries(filters.map(({ key }) => [key, wanted[key]]));
    const isFiltered = Object.values(filter).some(Boolean);
    results.replaceChildren(pagedTable({
      target: `${path("customers")}/${query(filter)}`,
      caption: "Customers",
      nouns: ["customer", "customers"],
      columns: [
        ...customerColumns,
        { title: "Changed", cell: (customer) => formatDay(customer.updateTime), from: "wide" },
      ],
      empty: () => element("p", { class: "empty" },
        isFiltered ? "No customer fits the search." : "There are no customers yet."),
      signal: context.signal,
      isKept,
      shown: isKept ? context.shown : undefined,
    }));
  };
  show(parameters, context.isReturn);
  return { element: page.element, section: "customers", update: show };
}
