// SPDX-License-Identifier: Apache-2.0
// The forms of a customer.
import { path } from "./api.js";
import { editView } from "./edit.js";
import { customerGroups } from "./fields.js";
import { customerName } from "./format.js";
import { customerHash } from "./router.js";

/** @param {import("./page.js").Context} context */
export function newCustomerView(context) {
  return editView(context, {
    title: "New customer",
    section: "customers",
    back: { href: "#/customers", text: "Customers" },
    groups: customerGroups,
    create: (body) => ({ target: `${path("customers")}/`, body }),
    nameOf: customerName,
    hashOf: (customer) => customerHash(customer.id),
  });
}

/**
 * @param {import("./page.js").Context} context
 * @param {string} id
 */
export function customerEditView(context, id) {
  return editView(context, {
    title: `Edit customer ${id}`,
    section: "customers",
    back: { href: customerHash(id), text: `Customer ${id}` },
    groups: customerGroups,
    resource: path("customers", id),
    nameOf: customerName,
    hashOf: (customer) => customerHash(customer.id),
  });
}
