// SPDX-License-Identifier: Apache-2.0
// Holds documents against the OpenAPI 3.1 schema, compiles every JSON schema in them by JSON Schema
// 2020-12, and holds every example against its schema. Prints, as JSON, what is wrong with each
// document: a list of lists.
//
// Usage: node validate.mjs DOCUMENT...
import { readFileSync } from "node:fs";

import { Validator } from "@seriousme/openapi-schema-validator";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";

const SECTIONS = ["openapi", "info", "servers", "security", "tags", "paths", "components"];
const validator = new Validator();

async function openapiProblems(document) {
  const result = await validator.validate(structuredClone(document));
  const problems = result.valid ? [] : [`not OpenAPI 3.1: ${JSON.stringify(result.errors)}`];
  return validator.version === "3.1" ? problems : [...problems, `version ${validator.version}`];
}

// Formats of OpenAPI's registry that bound numbers, and what is a keyword nowhere but there.
function newCompiler(document) {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addFormat("uint32", true);
  ajv.addFormat("uint64", true);
  SECTIONS.forEach((section) => ajv.addKeyword(section));
  ajv.addSchema({ ...document, $id: "whole" });
  return ajv;
}

const escapePointer = (key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"));

class SchemaChecker {
  problems = [];
  schemas = 0;
  examples = 0;

  constructor(document) {
    this.ajv = newCompiler(document);
    this.walk(document, "");
    if (this.schemas === 0 || this.examples === 0) {
      this.problems.push(`${this.schemas} schemas and ${this.examples} examples were checked`);
    }
  }

  compile(pointer) {
    try {
      this.schemas++;
      return this.ajv.compile({ $ref: `whole#${pointer}` });
    } catch (error) {
      this.problems.push(`${pointer}: ${error.message}`);
      return null;
    }
  }

  checkExamples(schema, pointer) {
    const check = schema.examples === undefined ? null : this.compile(pointer);
    for (const example of check === null ? [] : schema.examples) {
      this.examples++;
      if (!check(example)) {
        const why = this.ajv.errorsText(check.errors);
        this.problems.push(`${pointer}: ${JSON.stringify(example)}: ${why}`);
      }
    }
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      this.checkExamples(property, `${pointer}/properties/${escapePointer(name)}`);
    }
    if (schema.items !== undefined) {
      this.checkExamples(schema.items, `${pointer}/items`);
    }
  }

  walk(value, pointer) {
    if (value === null || typeof value !== "object") {
      return;
    }
    for (const [key, inside] of Object.entries(value)) {
      const below = `${pointer}/${escapePointer(key)}`;
      if (key !== "schema" && pointer !== "/components/schemas") {
        this.walk(inside, below);
      } else if (this.compile(below) !== null) {
        this.checkExamples(inside, below);
      }
    }
  }
}

const all = [];
for (const path of process.argv.slice(2)) {
  const document = JSON.parse(readFileSync(path, "utf8"));
  all.push([...(await openapiProblems(document)), ...new SchemaChecker(document).problems]);
}
console.log(JSON.stringify(all));
