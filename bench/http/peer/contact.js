// SPDX-License-Identifier: Apache-2.0
// The contact as JSON, described once: what is accepted is validated by it (ajv), and what is
// answered is written by it (fast-json-stringify), as Fastify's users do it.
const text = { type: "string", maxLength: 1024 };
const texts = { type: "array", items: text, maxItems: 100 };

// What a caller may give.
export const given = {
  contactType: text,
  title: text,
  firstName: text,
  lastName: text,
  companyName: text,
  address1: text,
  address2: text,
  address3: text,
  address4: text,
  address5: text,
  postcode: text,
  country: text,
  number1: text,
  number1type: text,
  number2: text,
  number2type: text,
  number3: text,
  number3type: text,
  number4: text,
  number4type: text,
  email: { type: "string", maxLength: 254 },
  website: { type: "string", maxLength: 2048 },
  contactPosition: text,
  dealerCode: text,
  contactRegarding: texts,
  emailBillType: text,
  invoiceUsageReportCustomerProfile: text,
  copyCorrespondenceTypeIDs: texts,
  copyTicketTypeIDs: texts,
};

// What is answered: every field, in the order of the contract.
export const contact = {
  type: "object",
  properties: {
    id: { type: "string" },
    customerID: { type: ["string", "null"] },
    ...given,
    hasAccountPassword: { type: "boolean" },
    createTime: { type: "string" },
    updateTime: { type: "string" },
    etag: { type: "string" },
  },
};

const empty = {};
for (const [name, schema] of Object.entries(given)) {
  empty[name] = schema.type === "array" ? [] : "";
}

// A stored contact: what was given, the rest empty, and what the server adds.
export function newContact(id, customerID, body) {
  const now = new Date().toISOString();
  return {
    id: String(id),
    customerID,
    ...empty,
    ...body,
    hasAccountPassword: false,
    createTime: now,
    updateTime: now,
    etag: `1-${id.toString(16)}`,
  };
}
