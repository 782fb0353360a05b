// SPDX-License-Identifier: Apache-2.0
// Fills the store of the peer from an import file of contactctl's form, read on standard input.
// Usage: node load.js FOLDER <FILE
import { createInterface } from "node:readline";
import { newContact } from "./contact.js";
import { openStore } from "./store.js";

const BATCH = 10000;
const store = openStore(process.argv[2]);
let id = store.lastId();
let pending = [];

for await (const line of createInterface({ input: process.stdin })) {
  const entry = JSON.parse(line);
  if (entry.customer) {
    pending.push(store.customers.put(entry.customer.id, entry.customer));
  } else {
    const { customerID, ...body } = entry.contact;
    id += 1;
    pending.push(store.add(id, newContact(id, customerID, body)));
  }
  if (pending.length === BATCH) {
    await Promise.all(pending);
    pending = [];
  }
}
await Promise.all(pending);
await store.close();
