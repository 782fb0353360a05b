// SPDX-License-Identifier: Apache-2.0
// The store of the peer: contacts by id, customers, and one index of contacts by customer.
import { open } from "lmdb";

export function openStore(folder) {
  const root = open({ path: folder, mapSize: 16 * 2 ** 30, maxDbs: 8 });
  const contacts = root.openDB({ name: "contacts", sharedStructuresKey: Symbol.for("structures") });
  const customers = root.openDB({ name: "customers" });
  const byCustomer = root.openDB({ name: "by_customer" });
  return {
    contacts,
    customers,
    // Both puts are in one transaction, as all of one turn of the event loop are.
    async add(id, contact) {
      contacts.put(id, contact);
      await byCustomer.put([contact.customerID, id], true);
      await root.flushed;
    },
    lastId() {
      const [last] = contacts.getKeys({ reverse: true, limit: 1, start: Infinity }).asArray;
      return typeof last === "number" ? last : 0;
    },
    close: () => root.close(),
  };
}
