# SPDX-License-Identifier: Apache-2.0
"""The description of the HTTP interface: OpenAPI 3.1, whole, and true to the contract's tables.

Usage: test_contacts.py WRITE_OPENAPI [UNITTEST-OPTION...]
"""

import json
import re
import sys
import unittest
from pathlib import Path

import document as openapi

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "contract"))
import contract  # noqa: E402

PREFIX = "/backend/api/v1"
STANDING = {"/healthz", "/readyz", "/metrics", "/openapi.json"}


TEXT = openapi.write("contacts")
DOCUMENT = json.loads(TEXT)
SCHEMAS = DOCUMENT["components"]["schemas"]


def resolve(value):
    return openapi.resolve(DOCUMENT, value)


def routes():
    """Verb, path, action, method, status of each rule, as the contract has them."""
    for verb, path, action, method, status, location in map(str.split, rows(contract.ROUTES)):
        yield verb, PREFIX + path, action, method, status, location


def rows(text):
    return text.strip().splitlines()


def operation_of(verb, path, action):
    """The operation of a rule, an action's own where several share one."""
    names = {shape(key): value for key, value in DOCUMENT["paths"].items()}
    operation = names[shape(path)][verb.lower()]
    return operation.get("x-actions", {}).get(action, operation)


def shape(path):
    return re.sub(r"\{[^}]*\}", "{}", path)


def operations():
    for path, item in DOCUMENT["paths"].items():
        for verb, operation in item.items():
            yield verb, path, operation
            for action in operation.get("x-actions", {}).values():
                yield verb, path, action


def parameters(operation):
    return openapi.parameters(DOCUMENT, operation)


def fields(message):
    """JSON name, kind and rules of each field, as the contract has them."""
    for row in rows(contract.MESSAGES[message]):
        _, _, kind, json_name, *rules = row.split()
        yield json_name, kind, rules[0].split(",") if rules else []


class Validity(unittest.TestCase):
    def test_the_validators_have_nothing_to_say(self):
        self.assertEqual(openapi.problems_of(DOCUMENT), [[]])

    def test_the_same_input_gives_the_same_bytes(self):
        self.assertEqual(openapi.write("contacts"), TEXT)

    def test_no_key_stands_twice(self):
        def once(pairs):
            keys = [key for key, _ in pairs]
            self.assertEqual(len(keys), len(set(keys)), keys)
            return dict(pairs)

        json.loads(TEXT, object_pairs_hook=once)


class Operations(unittest.TestCase):
    def test_every_rule_is_an_operation_and_no_other_is(self):
        known = {(shape(path), verb.lower()) for verb, path, *_ in routes()}
        described = {(shape(path), verb) for verb, path, _ in operations() if path not in STANDING}
        self.assertEqual(described, known)
        self.assertLessEqual(STANDING, set(DOCUMENT["paths"]))

    def test_an_operation_has_the_name_and_status_of_its_method(self):
        for verb, path, action, method, status, location in routes():
            with self.subTest(f"{verb} {path} {action}"):
                operation = operation_of(verb, path, action)
                name = method.replace("/", "_")
                self.assertRegex(operation["operationId"], f"^{name}(_[0-9]+)?$")
                self.assertEqual(operation["tags"], [method.split("/")[0]])
                answers = [key for key in operation["responses"] if key.startswith("2")]
                self.assertEqual(answers, ["200", status] if status == "201" else [status])
                headers = operation["responses"][status]["headers"]
                self.assertEqual("Location" in headers, location != "-")
                self.assertEqual("content" in operation["responses"][status], status != "204")

    def test_names_of_operations_differ(self):
        names = [operation["operationId"] for verb, path, operation in operations()]
        merged = [o for o in names if "_or_" in o]
        self.assertEqual(len(names), len(set(names)))
        self.assertEqual(len(merged), 2)

    def test_actions_are_one_required_parameter(self):
        for verb, path, action, *_ in routes():
            if action != "-":
                names = {shape(key): value for key, value in DOCUMENT["paths"].items()}
                parameter = parameters(names[shape(path)][verb.lower()])["action"]
                self.assertTrue(parameter["required"])
                self.assertIn(action, parameter["schema"]["enum"])
                self.assertEqual(
                    parameters(operation_of(verb, path, action))["action"]["schema"]["enum"],
                    [action])

    def test_the_variables_of_a_path_are_its_parameters(self):
        for _, path, operation in operations():
            named = [name for name, entry in parameters(operation).items() if entry["in"] == "path"]
            self.assertEqual(named, re.findall(r"\{([^}]*)\}", path))

    def test_headers_stand_where_they_mean_something(self):
        changing = {"UpdateContact", "DeleteContact", "ConvertToSharedContact", "UpdateCustomer",
                    "DeleteCustomer"}
        with_etag = {"GetContact", "GetCustomer"}
        for verb, path, action, method, *_ in routes():
            name = method.split("/")[1]
            found = set(parameters(operation_of(verb, path, action)))
            mutating = verb != "GET" and name != "VerifyAccountPassword"
            with self.subTest(method):
                self.assertEqual("Idempotency-Key" in found, mutating)
                self.assertEqual("validateOnly" in found, mutating)
                self.assertEqual("X-Min-Revision" in found, not mutating)
                self.assertEqual("If-None-Match" in found, name in with_etag)
                self.assertEqual("If-Match" in found, name in changing | with_etag)
                self.assertLessEqual({"X-Request-Id", "traceparent", "pretty"}, found)

    def test_what_is_only_checked_is_not_made(self):
        for verb, path, operation in operations():
            answers = operation["responses"]
            if "201" in answers:
                with self.subTest(f"{verb} {path}"):
                    self.assertEqual(answers["200"]["content"], answers["201"]["content"])
                    self.assertIn("`validateOnly`", answers["200"]["description"])
                    self.assertIn("Location", answers["201"]["headers"])
                    self.assertFalse({"Location", "ETag"} & set(answers["200"]["headers"]))

    def test_secrets_are_no_parameters(self):
        for _, _, operation in operations():
            for name in parameters(operation):
                self.assertNotIn("password", name.lower())

    def test_every_error_has_the_one_schema(self):
        for verb, path, operation in operations():
            for status, answer in operation["responses"].items():
                if status in ("200", "201", "204", "304"):
                    continue
                answer = resolve(answer)
                self.assertEqual(
                    answer["content"]["application/json"]["schema"],
                    {"$ref": "#/components/schemas/Error"}, f"{verb} {path} {status}")

    def test_reasons_stand_under_the_status_that_they_have(self):
        def reasons(verb, path, status, action="-"):
            answer = operation_of(verb, PREFIX + path, action)["responses"][status]
            return resolve(answer)["x-reasons"]

        self.assertIn("CONTACT_NOT_FOUND", reasons("GET", "/customerContacts/{}", "404"))
        self.assertIn("INVALID_EMAIL", reasons("POST", "/customerContacts/", "400"))
        self.assertIn("ACCOUNT_NUMBER_TAKEN", reasons("POST", "/customers/", "409"))
        self.assertIn("ETAG_MISMATCH", reasons("PATCH", "/customers/{}", "409"))
        self.assertIn("ETAG_MISMATCH", reasons("DELETE", "/customers/{}", "412"))
        self.assertIn("CHANGES_COMPACTED", reasons("GET", "/changes/", "400"))
        self.assertIn(
            "LINK_NOT_FOUND", reasons("POST", "/customers/{}", "404", "removeSharedContact"))
        self.assertNotIn(
            "LINK_NOT_FOUND", reasons("POST", "/customers/{}", "404", "addSharedContact"))
        self.assertEqual(
            reasons("GET", "/changes/", "401"), ["TOKEN_MISSING", "TOKEN_INVALID"])
        self.assertEqual(reasons("PATCH", "/customers/{}", "507"), ["STORAGE_FULL"])

    def test_a_patch_takes_both_kinds_of_json(self):
        for verb, path, action, *_ in routes():
            body = operation_of(verb, path, action).get("requestBody")
            types = {"application/json"} | ({"application/merge-patch+json"} if verb == "PATCH" else set())
            if body is not None:
                self.assertEqual(set(body["content"]), types)

    def test_what_another_path_binds_is_null_here(self):
        body = DOCUMENT["paths"][PREFIX + "/customerContacts/"]["post"]["requestBody"]
        overlay = body["content"]["application/json"]["schema"]["allOf"][1]["properties"]
        self.assertEqual(overlay["customerID"]["type"], "null")
        self.assertIn("`customerID`", body["description"])


class Schemas(unittest.TestCase):
    def test_an_answer_has_every_field_that_is_not_input_only(self):
        for message, name in (("Contact", "Contact"), ("Customer", "Customer"),
                              ("PresetValue", "PresetValue"), ("Change", "Change")):
            shown = [f for f, _, rules in fields(f"contacts.v1.{message}") if "input_only" not in rules]
            self.assertEqual(list(SCHEMAS[name]["properties"]), shown)
            self.assertEqual(SCHEMAS[name]["required"], shown)

    def test_a_request_has_every_field_and_nothing_else(self):
        for message in ("Contact", "Customer"):
            schema = SCHEMAS[f"{message}.Input"]
            self.assertFalse(schema["additionalProperties"])
            self.assertNotIn("required", schema)
            for name, _, rules in fields(f"contacts.v1.{message}"):
                entry = schema["properties"][name]
                self.assertEqual(entry.get("readOnly", False), "output_only" in rules, name)
                self.assertEqual(entry.get("writeOnly", False), "input_only" in rules, name)
                self.assertIn("null", entry["type"], name)

    def test_types_are_those_of_the_json(self):
        contact = SCHEMAS["Contact"]["properties"]
        self.assertEqual(contact["customerID"]["type"], ["string", "null"])
        self.assertEqual(contact["email"]["type"], "string")
        self.assertEqual(contact["createTime"]["format"], "date-time")
        self.assertEqual(contact["contactRegarding"]["type"], "array")
        change = SCHEMAS["Change"]["properties"]
        self.assertEqual(change["revision"]["type"], "string")
        self.assertIn("contact_created", change["kind"]["enum"])
        self.assertIn({"$ref": "#/components/schemas/Contact"}, change["contact"]["anyOf"])
        self.assertEqual(
            SCHEMAS["DeleteCustomerResponse"]["properties"]["deletedContactCount"]["type"],
            "integer")

    def test_bounds_are_those_of_the_comments(self):
        contact = SCHEMAS["Contact.Input"]["properties"]
        self.assertEqual(contact["email"]["maxLength"], 254)
        self.assertEqual(contact["website"]["maxLength"], 2048)
        self.assertEqual(contact["lastName"]["maxLength"], 1024)
        self.assertEqual(contact["contactRegarding"]["maxItems"], 100)
        self.assertTrue(contact["contactRegarding"]["uniqueItems"])
        customer = SCHEMAS["Customer.Input"]["properties"]
        self.assertEqual(customer["id"]["maxLength"], 64)
        self.assertEqual(customer["id"]["pattern"], "^[A-Za-z0-9._-]*$")
        self.assertEqual(customer["name"]["maxLength"], 1024)
        page = parameters(operation_of("GET", PREFIX + "/changes/", "-"))["pageSize"]
        self.assertEqual(page["schema"]["minimum"], 0)

    def test_everything_has_a_description(self):
        seen = 0
        for name, schema in SCHEMAS.items():
            self.assertTrue(schema.get("description"), name)
            for field, entry in schema["properties"].items():
                self.assertTrue(entry.get("description"), f"{name}.{field}")
                seen += 1
        for verb, path, operation in operations():
            for key in ("summary", "description"):
                self.assertTrue(operation.get(key), f"{verb} {path}: {key}")
            for entry in parameters(operation).values():
                self.assertTrue(entry.get("description"), f"{verb} {path}: {entry['name']}")
                seen += 1
            for status, answer in operation["responses"].items():
                self.assertTrue(resolve(answer).get("description"), f"{verb} {path}: {status}")
        self.assertGreater(seen, 300)

    def test_comments_that_point_elsewhere_are_followed(self):
        for text in re.findall(r'"description":"((?:[^"\\]|\\.)*)"', TEXT.decode()):
            self.assertNotRegex(text, r"[Aa]s in (Create|List)\w+")
        listed = parameters(operation_of("GET", PREFIX + "/customers/", "-"))["pageToken"]
        self.assertIn("of the page before", listed["description"])
        field = parameters(operation_of("GET", PREFIX + "/presets/{}/", "-"))["field"]
        self.assertEqual(field["description"].split("\n\n")[0], "The preset field.")
        self.assertIn("One of contactType, title", field["description"])

    def test_fields_have_their_json_names_in_descriptions(self):
        token = SCHEMAS["ListContactsResponse"]["properties"]["links"]["description"]
        self.assertIn("`includeLinks`", token)
        password = SCHEMAS["Contact.Input"]["properties"]["accountPassword"]["description"]
        self.assertIn("`hasAccountPassword`", password)


if __name__ == "__main__":
    unittest.main()
