// SPDX-License-Identifier: Apache-2.0
// Holds a document against the OpenAPI 3.1 schema, compiles every JSON schema in it by JSON Schema
// 2020-12, and holds every example against its schema. Prints a line for each thing that is wrong.
//
// Usage: node validate.mjs DOCUMENT
import { readFileSync } from "node:fs";

import { Validator } from "@seriousme/openapi-schema-validator";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";

const document = JSON.parse(readFileSync(process.argv[2], "utf8"));
const problems = [];

const validator = new Validator();
const result = await validator.validate(structuredClone(document));
if (!result.valid) {
  problems.push(`not OpenAPI 3.1: ${JSON.stringify(result.errors)}`);
}
if (validator.version !== "3.1") {
  problems.push(`the version is ${validator.version}`);
}

// Keywords that OpenAPI adds, and formats of its registry that bound numbers.
const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
addFormats.default(ajv);
ajv.addFormat("uint32", true);
ajv.addFormat("uint64", true);
ajv.addKeyword("x-reasons");
for (const section of ["openapi", "info", "servers", "security", "tags", "paths", "components"]) {
  ajv.addKeyword(section);
}
ajv.addSchema({ ...document, $id: "whole" });

const escapePointer = (key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));

let schemas = 0;
let examples = 0;

function compile(pointer) {
  try {
    schemas++;
    return ajv.compile({ $ref: `whole#${pointer}` });
  } catch (error) {
    problems.push(`${pointer}: ${error.message}`);
    return null;
  }
}

function checkExamples(schema, pointer) {
  const check = schema.examples === undefined ? null : compile(pointer);
  for (const example of check === null ? [] : schema.examples) {
    examples++;
    if (!check(example)) {
      problems.push(`${pointer}: ${JSON.stringify(example)}: ${ajv.errorsText(check.errors)}`);
    }
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkExamples(property, `${pointer}/properties/${escapePointer(name)}`);
  }
  if (schema.items !== undefined) {
    checkExamples(schema.items, `${pointer}/items`);
  }
}

function checkSchema(schema, pointer) {
  if (compile(pointer) !== null) {
    checkExamples(schema, pointer);
  }
}

function walk(value, pointer) {
  if (value === null || typeof value !== "object") {
    return;
  }
  for (const [key, inside] of Object.entries(value)) {
    const below = `${pointer}/${escapePointer(key)}`;
    if (key === "schema" || pointer === "/components/schemas") {
      checkSchema(inside, below);
    } else {
      walk(inside, below);
    }
  }
}

walk(document, "");
if (schemas === 0 || examples === 0) {
  problems.push(`${schemas} schemas and ${examples} examples were checked`);
}
problems.forEach((problem) => console.log(problem));
process.exit(problems.length === 0 ? 0 : 1);
