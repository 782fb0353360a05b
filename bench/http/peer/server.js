// SPDX-License-Identifier: Apache-2.0
// The peer of the HTTP bench: contacts in JSON by Fastify, stored by lmdb-js with one index (by
// customer). Usage: node server.js FOLDER PORT TOKEN [WORKERS]
//
// A create is answered once lmdb-js says that its transaction is flushed to the disk. Each worker
// gives out ids of its own, so that several need no lock for that.
import cluster from "node:cluster";
import { timingSafeEqual } from "node:crypto";
import Fastify from "fastify";
import { contact, given, newContact } from "./contact.js";
import { openStore } from "./store.js";

const [folder, port, token, workers = "1"] = process.argv.slice(2);
const PATH = "/backend/api/v1";
const expected = Buffer.from(`Bearer ${token}`);

function checkToken(request, reply, done) {
  const authorization = Buffer.from(request.headers.authorization ?? "");
  if (authorization.length === expected.length && timingSafeEqual(authorization, expected)) {
    done();
  } else {
    reply.code(401).send({ error: { code: 401, message: "the token is not known" } });
  }
}

function notFound(reply, what) {
  return reply.code(404).send({ error: { code: 404, message: `there is no such ${what}` } });
}

function addReads(app, store) {
  app.get(
    `${PATH}/customerContacts/:id`,
    { schema: { response: { 200: contact } }, onRequest: checkToken },
    (request, reply) => {
      const found = store.contacts.get(Number(request.params.id));
      return found === undefined ? notFound(reply, "contact") : reply.send(found);
    },
  );
  const query = {
    type: "object",
    properties: {
      pageSize: { type: "integer", minimum: 1, maximum: 1000, default: 50 },
      idAfter: { type: "integer", minimum: 0, default: 0 },
    },
  };
  app.get(
    `${PATH}/customerContacts/`,
    {
      schema: { querystring: query, response: { 200: { type: "array", items: contact } } },
      onRequest: checkToken,
    },
    (request, reply) => {
      const { pageSize, idAfter } = request.query;
      const range = store.contacts.getRange({ start: idAfter + 1, limit: pageSize });
      const contacts = range.map(({ value }) => value).asArray;
      if (contacts.length === pageSize) {
        const next = `${PATH}/customerContacts/?pageSize=${pageSize}&idAfter=${contacts.at(-1).id}`;
        reply.header("link", `<${next}>; rel="next"`);
      }
      return reply.send(contacts);
    },
  );
}

function addCreate(app, store, nextId) {
  const body = { type: "object", properties: given, additionalProperties: false };
  app.post(
    `${PATH}/customers/:customerID/customerContacts/`,
    { schema: { body, response: { 201: contact } }, onRequest: checkToken },
    async (request, reply) => {
      const { customerID } = request.params;
      if (!store.customers.doesExist(customerID)) {
        return notFound(reply, "customer");
      }
      const id = nextId();
      const created = newContact(id, customerID, request.body);
      await store.add(id, created);
      reply.code(201).header("location", `${PATH}/customerContacts/${id}`);
      return created;
    },
  );
}

async function serve(worker, count) {
  const store = openStore(folder);
  const app = Fastify();
  let id = store.lastId() + worker;
  app.get("/healthz", (request, reply) => reply.send("ok\n"));
  addReads(app, store);
  addCreate(app, store, () => (id += count));
  await app.listen({ host: "127.0.0.1", port: Number(port) });
  process.on("SIGTERM", async () => {
    await app.close();
    await store.close();
    process.exit(0);
  });
}

const count = Number(workers);
if (count > 1 && cluster.isPrimary) {
  for (let worker = 0; worker < count; worker++) {
    cluster.fork({ BENCH_WORKER: worker });
  }
  process.on("SIGTERM", () => cluster.disconnect());
} else {
  await serve(Number(process.env.BENCH_WORKER ?? 0), count);
}
