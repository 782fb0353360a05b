#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contactctl's call, methods and describe: the contract by reflection, with no schema compiled in."""

import json
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import contactctl as ctl  # noqa: E402


class Call(ctl.Case):
    def call(self, method, request, *words, **options):
        return self.ctl("call", method, json.dumps(request), *words, **options)

    def customer(self, name="c1"):
        return self.call("CreateCustomer", {"customer": {"id": name, "name": "N"}}).json["customer"]

    def test_the_answer_is_the_json_of_the_verbs(self):
        self.customer()
        contact = {"customerID": "c1", "firstName": "Ada", "copyTicketTypeIDs": []}
        made = self.call("ContactService/CreateContact", {"contact": contact}).json["contact"]
        self.assertEqual(made["customerID"], "c1")
        self.assertNotIn("accountPassword", made)
        found = self.call("GetContact", {"id": made["id"]}).json["contact"]
        self.assertEqual(found, self.get("contact", "get", made["id"]))
        self.assertEqual(found, made)

    def test_rules_of_fields_hold(self):
        made = self.call("CreateContact", {"contact": {"firstName": "S"}}).json["contact"]
        self.assertIsNone(made["customerID"])
        masked = self.call("GetContact", {"id": made["id"], "readMask": "id,firstName"})
        self.assertEqual(masked.json["contact"]["firstName"], "S")
        err = self.call("GetContact", {"id": "1", "readMask": "fristName"}, code=ctl.USAGE).err
        self.assertIn('did you mean "firstName"?', err)
        err = self.call(
            "CreateContact", {"contact": {"accountPassword": 12345}}, code=ctl.USAGE).err
        self.assertNotIn("12345", err)

    def test_a_request_id_makes_a_repeat_harmless(self):
        request = {"customer": {"name": "once"}, "requestId": "r-1"}
        first = self.call("CreateCustomer", request).json
        self.assertEqual(self.call("CreateCustomer", request).json, first)
        self.assertEqual(len(self.get("customer", "list")), 1)

    def test_errors_have_reason_violations_and_info(self):
        err = self.call("GetContact", {"id": "9"}, code=ctl.NOT_FOUND).err
        self.assertEqual(err, (
            "contactctl: NOT_FOUND CONTACT_NOT_FOUND: there is no contact 9\n"
            "  contact_id = 9\n"))
        err = self.call(
            "CreateContact", {"contact": {"email": "x", "country": "XX"}}, code=ctl.REFUSED).err
        self.assertIn("\n  contact.email: ", err)
        self.assertIn(" (INVALID_EMAIL)\n", err)
        self.assertIn(" (UNKNOWN_PRESET_VALUE)\n", err)

    def test_metadata_is_sent_and_shown(self):
        self.customer()
        result = self.call("GetCustomer", {"id": "c1"}, "-v")
        self.assertRegex(result.err, r"(?m)^x-revision: [1-9]\d*$")
        self.assertRegex(result.err, r"(?m)^x-epoch: ")
        err = self.call(
            "GetCustomer", {"id": "c1"}, "--metadata", "x-min-revision=99999", code=ctl.CONFLICT).err
        self.assertIn("FAILED_PRECONDITION REVISION_NOT_REACHED", err)
        self.call("GetCustomer", {"id": "c1"}, "-H", "X-Min-Revision: 1")

    def test_many_calls_take_effect_in_order_one_at_a_time_if_so_wanted(self):
        self.customer()
        lines = [json.dumps({"contact": {"customerID": "c1", "firstName": str(i)}}) for i in range(200)]
        out = self.ctl(
            "call", "CreateContact", "-", "-o", "ndjson", "--window", "1", stdin="\n".join(lines))
        ids = [int(row["contact"]["id"]) for row in out.rows]
        self.assertEqual(ids, list(range(1, 201)))
        out = self.ctl("call", "GetContact", "-", "-o", "ndjson", stdin="".join(
            f'{{"id":"{i}"}}' for i in range(1, 203)), code=ctl.INCOMPLETE)
        self.assertEqual([row["contact"]["firstName"] for row in out.rows],
                         [str(i) for i in range(200)])
        self.assertIn("standard input:1: NOT_FOUND CONTACT_NOT_FOUND: there is no contact 201", out.err)

    def test_methods_and_describe_have_the_comments_of_the_contract(self):
        out = self.ctl("methods", "ContactService").out
        self.assertRegex(
            out, r"(?m)^contacts\.v1\.ContactService/GetContact +reader +Returns one contact\.$")
        rows = self.get("methods", "contacts.v1.ContactService")
        get = next(row for row in rows if row["method"].endswith("/GetContact"))
        self.assertEqual(get["http"], [
            {"verb": "GET", "path": "/backend/api/v1/customerContacts/{id}", "action": ""}])
        out = self.ctl("describe", "UpdateContact").out
        self.assertIn("\n  option (nnrpc.v1.role) = ROLE_WRITER;\n", out)
        self.assertIn('  option (nnrpc.v1.slow) = {\n    when_set: "contact.account_password"\n  };\n', out)
        template = json.loads(out[out.index("The request as JSON:\n") + 21:])
        self.assertIn("accountPassword", template["contact"])
        self.assertNotIn("hasAccountPassword", template["contact"])
        self.assertIsNone(template["contact"]["customerID"])

    def test_a_list_template_is_a_call_as_it_stands(self):
        out = self.ctl("describe", "ListContacts").out
        template = out[out.index("The request as JSON:\n") + 21:]
        self.assertEqual(
            self.ctl("call", "ListContacts", template).json,
            {"contacts": [], "nextPageToken": "", "links": []})


class Denied(ctl.Case):
    """A server that knows its callers."""

    flags = ("--require-token",)

    def test_reflection_is_open_and_calls_are_not(self):
        self.assertIn("GetContact", self.ctl("methods").out)
        err = self.ctl("call", "GetContact", '{"id":"1"}', code=ctl.DENIED).err
        self.assertIn("UNAUTHENTICATED TOKEN_MISSING", err)


if __name__ == "__main__":
    ctl.main()
