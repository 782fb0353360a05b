# SPDX-License-Identifier: Apache-2.0
"""What the gateway says of itself against what it does: for every operation, every parameter and
every field of a body, a right value, wrong ones, none, null, too long ones; and bodies that are
none. Every answer must be one that is described, and what was refused must have changed nothing.

Usage: test_gateway_schema.py CONTACTD CONTACTCTL CONTACT-GATEWAY [UNITTEST-OPTION...]
"""

import functools
import json
import sys
import unittest
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import gateway  # noqa: E402
from description import Description  # noqa: E402

API = "/backend/api/v1"
STANDING = ("/healthz", "/readyz", "/metrics", "/openapi.json")
BODY_BYTES_MOST = 1 << 20
OPERATIONS_LEAST = 21

# A value that each parameter of a query takes; what is not here takes "7".
QUERY_VALUES = {
    "createdSince": "2020-01-01T00:00:00Z", "readMask": "id,etag", "updateMask": "",
    "form": "shared", "includeLinks": "true", "includeRetired": "true", "validateOnly": "true",
    "email": "a%40b.example", "pageToken": "", "etag": "", "envelope": "1", "pretty": "true",
    "contactID": "{shared}",
}

# A value that each field of a body takes, where "x" is not one.
BODY_VALUES = {
    "id": None, "customerID": None, "etag": None, "createTime": None, "updateTime": None,
    "contactType": "Billing", "title": "Mr", "country": "GB", "email": "a@b.example",
    "number1type": None, "number2type": None, "number3type": None, "number4type": None,
    "dealerCode": None, "emailBillType": None, "invoiceUsageReportCustomerProfile": None,
    "contactRegarding": [], "copyCorrespondenceTypeIDs": [], "copyTicketTypeIDs": [],
    "hasAccountPassword": False, "validateOnly": True, "field": None, "name": None,
    "contactID": "{shared}",
}
# Where "name" is no part of the path.
NAMED = ("CustomerService_CreateCustomer", "CustomerService_UpdateCustomer")

WRONG_TYPES = {
    "string": [5, True, {}, ["x"]],
    "boolean": [5, "x", {}, []],
    "array": ["x", 5, {}, [5], [None]],
}


def minimal(operation):
    """A body with which the operation succeeds."""
    if "SharedContact" in operation.name and operation.name.startswith("CustomerService"):
        return {"contactID": "{shared}"}
    if operation.name == "CustomerService_CreateCustomer":
        return {"name": "New"}
    return {}


def nested(depth):
    return "[" * depth + "]" * depth


def for_each_operation(test):
    """A test of one operation as a test of all, after each of which everything is as before."""
    @functools.wraps(test)
    def run(self):
        for operation in self.operations:
            with self.subTest(operation.name):
                before = self.revision()
                test(self, operation)
                self.assertEqual(self.revision(), before, "something was changed")
    return run


class Schema(gateway.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.used = cls.gateway.connection()
        cls.addClassCleanup(cls.used.close)
        cls.description = Description(cls.gateway.get("/openapi.json").json)
        cls.operations = [o for o in cls.description.operations() if o.path not in STANDING]
        assert len(cls.operations) >= OPERATIONS_LEAST

    def setUp(self):
        self.customer_id = self.customer()["id"]
        self.shared = self.contact(lastName="Shared")["id"]
        self.direct = self.contact(self.customer_id)["id"]
        self.call(
            "POST", f"{API}/customers/{self.customer_id}?action=addSharedContact",
            {"contactID": self.shared})

    # --- Sending ------------------------------------------------------------------------------

    def path_values(self, operation):
        """Values of the path with which the operation succeeds."""
        is_customer = operation.path.startswith(API + "/customers/")
        values = {
            "id": self.customer_id if is_customer else self.direct, "customerID": self.customer_id,
            "contactID": self.direct, "field": "title", "name": "Mr",
        }
        return {name: values[name] for name in operation.within("path")}

    def fill(self, value):
        """Puts the shared contact's id where it is meant."""
        text = value if isinstance(value, str) else json.dumps(value)
        text = text.replace("{shared}", self.shared)
        return text if isinstance(value, str) else json.loads(text)

    def send(self, operation, query=(), body=None, path=None, headers=None, token="admin"):
        """Sends a request and holds its answer against the description."""
        target = operation.target({**self.path_values(operation), **(path or {})}, query)
        sent = body if body is None or isinstance(body, (bytes, str)) else json.dumps(body)
        answer = self.gateway.request(
            operation.verb, self.fill(target), sent, headers=headers, token=token,
            connection=self.used)
        problems = operation.problems(answer)
        self.assertEqual(problems, [], f"{operation.verb} {target} {str(sent)[:300]}: {answer}")
        return answer

    def trial(self, operation, query=(), body=None, **options):
        """Sends a request that leaves things as they are, by validateOnly where it changes any."""
        query = list(query)
        if operation.body_types and body is None:
            body = self.fill(minimal(operation))
        if "validateOnly" in operation.parameters and not any(n == "validateOnly" for n, _ in query):
            in_body = isinstance(body, dict) and body.get("validateOnly") is not None
            query += [] if in_body else [("validateOnly", "true")]
        return self.send(operation, query, body, **options)

    def accepted(self, operation, what, *words, **options):
        answer = self.trial(operation, *words, **options)
        self.assertEqual(
            str(answer.status), operation.trial_success, f"{operation.name}: {what}: {answer}")
        return answer

    def refused(self, operation, what, *words, status=400, names=None, **options):
        answer = self.trial(operation, *words, **options)
        self.assertEqual(answer.status, status, f"{operation.name}: {what}: {answer}")
        if names is not None:
            fields = [violation["field"] for violation in answer.error["fieldViolations"]]
            is_named = any(f == names or f.startswith(names + "[") for f in fields)
            self.assertTrue(is_named, f"{operation.name}: {what}: {names} is not named: {answer}")
        return answer

    def revision(self):
        return self.gateway.get(API + "/changes/?pageSize=1").headers["x-revision"]

    # --- What is right ------------------------------------------------------------------------

    def test_every_operation_does_what_it_says(self):
        for operation in self.operations:
            with self.subTest(operation.name):
                self.setUp()
                body = self.fill(minimal(operation)) if operation.body_types else None
                path = {}
                if operation.name.startswith("PresetService_") and "name" in operation.within("path"):
                    path = {"name": "New"}
                    self.gateway.request("PUT", f"{API}/presets/title/New", token="admin")
                answer = self.send(operation, body=body, path=path)
                self.assertEqual(str(answer.status), operation.success, answer)
                self.assertRegex(answer.headers["x-revision"], r"^\d+$")

    @for_each_operation
    def test_the_envelope_is_the_whole_message(self, operation):
        if "envelope" in operation.parameters:
            answer = self.accepted(operation, "envelope", [("envelope", "true")])
            self.assertIsInstance(answer.json, dict)

    @for_each_operation
    def test_if_match_and_if_none_match_do_what_they_say(self, operation):
        known = operation.within("header")
        if "If-Match" in known:
            self.accepted(operation, "any", headers={"If-Match": "*"})
            self.refused(operation, "other", headers={"If-Match": '"other"'}, status=412)
            self.refused(operation, "weak", headers={"If-Match": 'W/"other"'}, status=412)
            self.refused(operation, "bare", headers={"If-Match": "other"})
        else:
            self.refused(operation, "no etag", headers={"If-Match": '"other"'})
        if "If-None-Match" in known:
            etag = self.accepted(operation, "read").headers["etag"]
            answer = self.trial(operation, headers={"If-None-Match": f'"a", W/{etag}'})
            self.assertEqual(answer.status, 304)
            self.refused(operation, "bare", headers={"If-None-Match": "other"})

    @for_each_operation
    def test_headers_hold_what_they_say(self, operation):
        self.accepted(operation, "trace", headers={"traceparent": "none", "tracestate": "=,"})
        named = self.accepted(operation, "name", headers={"X-Request-Id": "r-1"})
        self.assertEqual(named.headers["x-request-id"], "r-1")
        self.accepted(operation, "bad name", headers={"X-Request-Id": "a b"})
        if "Idempotency-Key" in operation.parameters:
            self.accepted(operation, "key", headers={"Idempotency-Key": "k" * 64})
            self.refused(operation, "long key", headers={"Idempotency-Key": "k" * 65})
            self.refused(
                operation, "two keys", [("requestId", "a")], headers={"Idempotency-Key": "b"})
        if "X-Min-Revision" in operation.parameters:
            self.accepted(operation, "reached", headers={"X-Min-Revision": "1"})
            self.refused(operation, "not reached", headers={"X-Min-Revision": "9" * 18})
            self.refused(operation, "no number", headers={"X-Min-Revision": "x"})

    # --- Parameters ---------------------------------------------------------------------------

    def wrong_values(self, schema):
        """Encoded values that a parameter does not take."""
        if "enum" in schema:
            return ["nonsense", "7.5"]
        kind, form = schema["type"], schema.get("format")
        if kind == "integer":
            low = ["-1"] if schema.get("minimum") == 0 else []
            return ["x", "1.5", "99999999999", "%00", *low]
        if kind == "boolean":
            return ["yes", "TRUE", "2"]
        if kind == "array":
            return ["nonsense", "id,nonsense", "%FF"]
        if form == "date-time":
            return ["yesterday", "2020-01-01", "2020-13-01T00:00:00Z"]
        if form == "uint64":
            return ["-1", "x", "18446744073709551616"]
        longer = ["x" * (schema["maxLength"] + 1)] if "maxLength" in schema else []
        return ["%FF", "%00", "a%zz", *longer]

    @for_each_operation
    def test_every_parameter_takes_what_it_says_and_nothing_else(self, operation):
        for name, entry in operation.within("query").items():
            if name == "action":
                continue
            right = QUERY_VALUES.get(name, "7")
            body = {} if name == "contactID" else None
            self.accepted(operation, name, [(name, right)], body)
            if name != "validateOnly":
                self.accepted(operation, f"{name} empty", [(name, "")])
            for wrong in self.wrong_values(entry["schema"]):
                self.refused(operation, f"{name}={wrong[:40]}", [(name, wrong)], body)
            if entry["schema"]["type"] != "array":
                value = right or "7"
                self.refused(operation, f"{name} twice", [(name, value), (name, value)], body)

    @for_each_operation
    def test_a_parameter_that_is_wrong_is_named(self, operation):
        for name in ("nonsense", "pagesize", "a.b"):
            self.refused(operation, name, [(name, "1")], names=name)
        if "pageSize" in operation.parameters:
            self.refused(operation, "pageSize", [("pageSize", "x")], names="pageSize")
            self.refused(operation, "pageSize", [("pageSize", "-1")], names="pageSize")
        if "readMask" in operation.parameters:
            self.refused(operation, "readMask", [("readMask", "idd")], names="readMask")

    @for_each_operation
    def test_secrets_stand_in_no_query(self, operation):
        for name, schema in operation.body_properties.items():
            if schema.get("writeOnly") and not operation.body_is_required:
                self.refused(operation, name, [(name, "x")], {}, names=name)

    @for_each_operation
    def test_actions_are_those_that_are_described(self, operation):
        if operation.action:
            target = operation.target(self.path_values(operation)).partition("?")[0]
            for query in ("", "?action=", "?action=nonsense",
                          f"?action={operation.action}&action={operation.action}"):
                answer = self.gateway.request(operation.verb, target + query, {}, token="admin")
                self.assertEqual((answer.status, operation.problems(answer)), (400, []), answer)

    @for_each_operation
    def test_paths_take_text_alone(self, operation):
        for name in operation.within("path"):
            for wrong in ("%FF", "%00", "%zz", "%"):
                self.refused(operation, f"{name}={wrong}", path={name: wrong})
            for odd in ("x" * 3000, quote("ä/ö", safe=""), "..%2F..", "%01", "%7F", "007", "*"):
                answer = self.trial(operation, path={name: odd})
                self.assertIn(answer.status, (200, 201, 400, 404), answer)

    # --- Bodies -------------------------------------------------------------------------------

    def right_value(self, operation, name, schema):
        if name == "name" and operation.name in NAMED:
            return "x"
        if operation.verb == "PATCH" and (schema.get("readOnly") or name in ("id", "customerID")):
            path = operation.target(self.path_values(operation))
            return self.gateway.get(path, connection=self.used).json[name]
        return self.fill(BODY_VALUES.get(name, "x"))

    def with_field(self, operation, name, value):
        return self.fill({**minimal(operation), name: value})

    @for_each_operation
    def test_every_field_takes_what_it_says(self, operation):
        for name, schema in operation.body_properties.items():
            value = self.right_value(operation, name, schema)
            self.accepted(operation, name, (), self.with_field(operation, name, value))
            answer = self.trial(operation, (), self.with_field(operation, name, None))
            self.assertIn(answer.status, (200, 201, 400, 404), answer)

    @for_each_operation
    def test_a_field_of_another_type_is_refused_and_named(self, operation):
        for name, schema in operation.body_properties.items():
            for wrong in WRONG_TYPES[schema["type"][0]]:
                what = f"{name}={wrong}"
                self.refused(
                    operation, what, (), self.with_field(operation, name, wrong), names=name)

    @for_each_operation
    def test_a_field_out_of_its_bounds_is_refused_and_named(self, operation):
        for name, schema in operation.body_properties.items():
            wrong = []
            if "maxLength" in schema:
                wrong += ["x" * (schema["maxLength"] + 1), "\u00e4" * schema["maxLength"]]
            if "maxItems" in schema:
                wrong += [[f"v{i}" for i in range(schema["maxItems"] + 1)]]
            if schema.get("uniqueItems"):
                wrong += [["a", "a"]]
            if "maxLength" in schema and operation.body_is_required:
                wrong += ["a\u0001"]
            for value in wrong:
                what = f"{name}={str(value)[:40]}"
                self.refused(
                    operation, what, (), self.with_field(operation, name, value), names=name)

    @for_each_operation
    def test_what_is_no_body_is_refused(self, operation):
        texts = ["{", "[]", '"x"', "5", "true", "{} {}", "{'a':1}", '{"a" 1}', "\ufeff{}", "{\"a\":1,}",
                 nested(99), nested(101), nested(20000), '{"a":' * 120 + "1" + "}" * 120]
        if not operation.body_types:
            self.refused(operation, "body", (), '{"a":1}')
            self.accepted(operation, "empty body", (), "{}")
            return
        for text in texts:
            self.refused(operation, text[:40], (), text)
        for data in (b"\xff", b'{"a":"\xff"}', b"{\x00}"):
            self.refused(operation, repr(data), (), data)
        if operation.body_is_required:
            self.refused(operation, "no body", (), "")
            self.refused(operation, "null", (), "null")

    @for_each_operation
    def test_keys_are_known_and_stand_once(self, operation):
        if operation.body_types:
            self.refused(operation, "unknown", (), '{"nonsense":1}', names="nonsense")
            self.refused(operation, "empty", (), '{"":1}')
            for name in operation.body_properties:
                self.refused(operation, f"{name} twice", (), f'{{"{name}":null,"{name}":null}}')

    @for_each_operation
    def test_content_is_json_of_a_bounded_size(self, operation):
        for kind in operation.body_types:
            answer = self.trial(operation, headers={"Content-Type": kind + "; charset=utf-8"})
            self.assertEqual(str(answer.status), operation.trial_success, answer)
        if operation.body_types:
            for kind in ("text/plain", "application/xml", "application/json; charset=latin1"):
                self.refused(operation, kind, headers={"Content-Type": kind}, status=415)
            self.refused(operation, "gzip", headers={"Content-Encoding": "gzip"}, status=415)

    @for_each_operation
    def test_a_body_that_is_too_large_is_refused(self, operation):
        if operation.body_types:
            self.refused(operation, "size", (), " " * BODY_BYTES_MOST + "{}", status=413)
            type(self).used = self.gateway.connection()
        self.addClassCleanup(self.used.close)

    # --- Who asks -----------------------------------------------------------------------------

    @for_each_operation
    def test_no_token_and_a_wrong_one_are_refused(self, operation):
        self.refused(operation, "no token", token=None, status=401)
        self.refused(operation, "wrong token", token="nonsense", status=401)
        basic = {"Authorization": "Basic eDp5"}
        self.refused(operation, "scheme", headers=basic, status=401)

    @for_each_operation
    def test_a_role_that_may_not_is_refused(self, operation):
        description = operation.value["description"]
        roles = [role for role in gateway.ROLES if f"role `{role}`" in description]
        self.assertEqual(len(roles), 1, operation.name)
        least = gateway.ROLES.index(roles[0])
        for index, role in enumerate(gateway.ROLES):
            answer = self.trial(operation, token=role)
            self.assertEqual(answer.status == 403, index < least, f"{role}: {answer}")

    @for_each_operation
    def test_who_takes_no_json_gets_406(self, operation):
        self.refused(operation, "html", headers={"Accept": "text/html"}, status=406)
        self.accepted(operation, "any", headers={"Accept": "text/html, */*;q=0.1"})

    def test_standing_pages_are_as_described(self):
        for operation in self.description.operations():
            if operation.path in STANDING:
                with self.subTest(operation.name):
                    answer = self.gateway.request(operation.verb, operation.path, token=None)
                    self.assertEqual(str(answer.status), operation.success)
                    self.assertEqual(operation.problems(answer), [])


if __name__ == "__main__":
    gateway.main()
