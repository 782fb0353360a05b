#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every HTTP rule of the contacts services, called with curl as a user would type it.

Usage: test_gateway_rows.py CONTACTD CONTACTCTL CONTACT-GATEWAY [UNITTEST-OPTION...]
"""

import json
import shlex
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import gateway  # noqa: E402

API = "/backend/api/v1"
ABSENT = "18446744073709551615"
CURL_SECONDS_MOST = 60


def setUpModule():
    """One contactd and one gateway do for all rows."""
    Curl.server = gateway.Contactd()
    unittest.addModuleCleanup(Curl.server.close)
    Curl.gateway = gateway.Gateway(Curl.server)
    unittest.addModuleCleanup(Curl.gateway.close)


class Curl(gateway.Case):
    """Types command lines. In them HOST is the gateway's address and TOKEN a writer's token."""

    @classmethod
    def setUpClass(cls):
        """Nothing: see setUpModule()."""

    def curl(self, line, token="writer"):
        """Runs a command line and returns its answer."""
        line = line.replace("http://127.0.0.1:8080", self.gateway.url)
        line = line.replace("HOST", self.gateway.url).replace("TOKEN", self.server.tokens[token])
        words = shlex.split(line)
        self.assertEqual(words[0], "curl")
        done = subprocess.run(
            ["curl", "--silent", "--show-error", "--include", *words[1:]],
            capture_output=True, timeout=CURL_SECONDS_MOST, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        answer = gateway.parse_answers(done.stdout)[0]
        head = done.stdout.partition(b"\r\n\r\n")[0]
        answer.body = done.stdout[len(head) + 4:]
        return answer

    def typed(self, verb, target, body=None, status=200, token="writer", extra=""):
        """Types a request with the usual headers and expects a status."""
        line = f'curl -X {verb} "HOST{API}{target}" -H "Authorization: Bearer TOKEN" {extra}'
        if body is not None:
            text = body if isinstance(body, str) else json.dumps(body)
            line += " -H 'Content-Type: application/json' -d " + shlex.quote(text)
        answer = self.curl(line, token)
        self.assertEqual(answer.status, status, f"{verb} {target}: {answer}")
        return answer

    def refused(self, verb, target, body=None, status=400, reason="", token="writer", extra=""):
        """Expects an error of a reason, and returns it."""
        answer = self.typed(verb, target, body, status, token, extra)
        error = answer.error
        self.assertEqual(
            list(error), ["code", "status", "message", "reason", "domain", "metadata",
                          "fieldViolations"])
        self.assertEqual((error["code"], error["reason"]), (status, reason), answer)
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(answer.headers["content-type"], "application/json")
        return error

    def fields(self, error):
        return [violation["field"] for violation in error["fieldViolations"]]


class PublishedExample(Curl):
    """The example as it is published, but for host and token."""

    def test_the_published_example_works_as_it_is_written(self):
        customer = self.customer()["id"]
        direct = self.contact(customer)
        line = (
            'curl -X POST "http://127.0.0.1:8080/backend/api/v1/customerContacts/123'
            '?action=convertToSharedContact" -H "Authorization: Bearer TOKEN" '
            "-H \"Content-Type: application/json\" -d '{}'"
        )
        answer = self.curl(line.replace("/123?", f"/{direct['id']}?"))
        self.assertEqual(answer.status, 200, answer)
        self.assertIsNone(answer.json["customerID"])
        self.assertEqual(answer.json["id"], direct["id"])
        self.assertNotEqual(answer.json["etag"], direct["etag"])
        self.assertEqual(answer.headers["etag"], f'"{answer.json["etag"]}"')


class GetContact(Curl):
    """GET /customerContacts/{id}"""

    def test_a_contact_is_read_with_every_field(self):
        made = self.contact(email="ada@example.com", accountPassword="hunter2")
        answer = self.typed("GET", f"/customerContacts/{made['id']}")
        self.assertEqual(answer.json, made)
        self.assertEqual(answer.json["email"], "ada@example.com")
        self.assertTrue(answer.json["hasAccountPassword"])
        self.assertNotIn("accountPassword", answer.json)
        self.assertEqual(len(answer.json), 35)
        self.assertEqual(answer.headers["etag"], f'"{made["etag"]}"')
        self.assertEqual(answer.headers["cache-control"], "private, no-cache")
        self.assertTrue(answer.headers["x-revision"].isdigit())
        self.assertTrue(answer.headers["x-epoch"])
        self.assertFalse(answer.body.endswith(b"\n"))

    def test_a_mask_narrows_the_answer(self):
        made = self.contact(title="Mrs")
        answer = self.typed("GET", f"/customerContacts/{made['id']}?readMask=title,lastName")
        self.assertEqual((answer.json["title"], answer.json["lastName"]), ("Mrs", "Lovelace"))
        self.assertEqual((answer.json["id"], answer.json["etag"]), ("", ""))

    def test_both_forms_of_the_path_are_the_same(self):
        made = self.contact()
        self.assertEqual(self.typed("GET", f"/customerContacts/{made['id']}/").json, made)

    def test_an_etag_that_is_known_is_not_sent_again(self):
        made = self.contact()
        target = f"/customerContacts/{made['id']}"
        same = f"""-H 'If-None-Match: "x", W/"{made['etag']}"'"""
        answer = self.typed("GET", target, status=304, extra=same)
        self.assertEqual(answer.body, b"")
        self.assertEqual(answer.headers["etag"], f'"{made["etag"]}"')
        self.typed("GET", target, extra="""-H 'If-None-Match: "x"'""")
        self.typed("GET", target, extra=f"""-H 'If-Match: "{made['etag']}"'""")
        self.refused("GET", target, status=412, reason="PRECONDITION_FAILED",
                     extra="""-H 'If-Match: "x"'""")

    def test_head_has_the_headers_alone(self):
        made = self.contact()
        line = f'curl --head "HOST{API}/customerContacts/{made["id"]}" '
        answer = self.curl(line + '-H "Authorization: Bearer TOKEN"')
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.headers["etag"], f'"{made["etag"]}"')
        self.assertGreater(int(answer.headers["content-length"]), 500)

    def test_what_is_not_there_is_not_found(self):
        error = self.refused("GET", f"/customerContacts/{ABSENT}", status=404,
                             reason="CONTACT_NOT_FOUND")
        self.assertEqual(error["metadata"], {"contact_id": ABSENT})
        self.assertEqual((error["status"], error["domain"]), ("NOT_FOUND", "contacts"))
        self.assertEqual(
            self.fields(self.refused("GET", "/customerContacts/007", reason="INVALID_ID")), ["id"])

    def test_pretty_is_for_people(self):
        made = self.contact()
        answer = self.typed("GET", f"/customerContacts/{made['id']}?pretty&readMask=id")
        self.assertTrue(answer.body.startswith(b'{\n  "id": "' + made["id"].encode() + b'",\n'))
        self.assertTrue(answer.body.endswith(b"\n}\n"))

    def test_an_envelope_is_the_whole_response(self):
        made = self.contact()
        answer = self.typed("GET", f"/customerContacts/{made['id']}?envelope=true")
        self.assertEqual(answer.json, {"contact": made})


class ListContacts(Curl):
    """GET /customerContacts/ and GET /customers/{customerID}/customerContacts/"""

    def test_a_list_is_a_bare_array_with_a_link_to_the_next_page(self):
        customer = self.customer()["id"]
        made = [self.contact(customer, lastName=f"N{count}") for count in range(5)]
        target = f"/customers/{customer}/customerContacts/?pageSize=2&readMask=id"
        found, pages = [], 0
        url = API + target
        while url:
            answer = self.typed("GET", url[len(API):])
            found += [contact["id"] for contact in answer.json]
            pages += 1
            link = answer.headers.get("link", "")
            url = link[1:link.index(">")] if link else None
            if link:
                self.assertTrue(link.endswith('>; rel="next"'))
                self.assertIn("pageSize=2&readMask=id&pageToken=", link)
        self.assertEqual((found, pages), ([contact["id"] for contact in made], 3))

    def test_a_customers_list_has_its_direct_and_its_shared_contacts(self):
        customer = self.customer()["id"]
        direct, shared, _ = self.contact(customer), self.contact(), self.contact()
        self.typed("POST", f"/customers/{customer}?action=addSharedContact",
                   {"contactID": shared["id"]})
        for slash in ("", "/"):
            answer = self.typed("GET", f"/customers/{customer}/customerContacts{slash}")
            self.assertEqual(answer.json, [direct, shared])
        answer = self.typed("GET", f"/customers/{customer}/customerContacts?form=shared")
        self.assertEqual(answer.json, [shared])
        self.refused("GET", "/customers/nobody/customerContacts/", status=404,
                     reason="CUSTOMER_NOT_FOUND")

    def test_filters_are_parameters(self):
        made = self.contact(email="list.filter@example.com", number1="+44 (0)20 7946 0018")
        target = "/customerContacts/?email=List.Filter%40example.com"
        self.assertEqual(self.typed("GET", target).json, [made])
        self.assertEqual(
            self.typed("GET", "/customerContacts?number=%2B44+0+20+7946+0018&form=shared").json,
            [made])
        later = "/customerContacts?createdSince=2999-01-01T00:00:00Z"
        self.assertEqual(self.typed("GET", later).json, [])

    def test_links_come_in_an_envelope(self):
        made = self.contact(email="links@example.com")
        target = "/customerContacts/?email=links@example.com&includeLinks=true&envelope"
        answer = self.typed("GET", target)
        self.assertEqual(answer.json, {
            "contacts": [made], "nextPageToken": "",
            "links": [{"contactID": made["id"], "customerIDs": []}]})

    def test_wrong_parameters_are_named_all_at_once(self):
        target = "/customerContacts/?pageSzie=5&form=both&customerID=1&pageToken=a&pageToken=b"
        error = self.refused("GET", target, reason="INVALID_PARAMETER")
        self.assertEqual(self.fields(error), ["pageSzie", "form", "customerID", "pageToken"])
        self.assertEqual(
            [violation["reason"] for violation in error["fieldViolations"]],
            ["UNKNOWN_PARAMETER", "INVALID_PARAMETER", "CONFLICTING_VALUES",
             "DUPLICATE_PARAMETER"])
        self.assertIn('did you mean "pageSize"?', error["message"])
        error = self.refused("GET", "/customerContacts?pageSize=-1", reason="INVALID_PAGE_SIZE")
        self.assertEqual(self.fields(error), ["pageSize"])
        self.assertTrue(error["message"].startswith("pageSize: "))


class CreateContact(Curl):
    """POST /customerContacts/ and POST /customers/{customerID}/customerContacts/"""

    def test_what_was_created_is_where_location_says(self):
        answer = self.typed("POST", "/customerContacts/", {"lastName": "Hopper"}, 201)
        self.assertEqual(answer.headers["location"], f"{API}/customerContacts/{answer.json['id']}")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertIsNone(answer.json["customerID"])
        found = self.typed("GET", answer.headers["location"][len(API):])
        self.assertEqual(found.json, answer.json)

    def test_a_customers_path_makes_a_direct_contact(self):
        customer = self.customer()["id"]
        for slash in ("", "/"):
            target = f"/customers/{customer}/customerContacts{slash}"
            for body in ({}, {"customerID": None}, {"customerID": customer}):
                answer = self.typed("POST", target, body, 201)
                self.assertEqual(answer.json["customerID"], customer)

    def test_the_shared_path_makes_only_shared_contacts(self):
        customer = self.customer()["id"]
        self.typed("POST", "/customerContacts", {"customerID": None}, 201)
        error = self.refused("POST", "/customerContacts", {"customerID": customer},
                             reason="CONFLICTING_VALUES")
        self.assertEqual(self.fields(error), ["customerID"])
        self.refused("POST", "/customers/other/customerContacts", {"customerID": customer},
                     reason="CONFLICTING_VALUES")

    def test_output_only_fields_are_ignored(self):
        made = self.contact()
        again = self.typed("POST", "/customerContacts", made, 201).json
        self.assertNotEqual(again["id"], made["id"])

    def test_a_repeat_with_the_same_key_gets_the_first_answer(self):
        key = '-H "Idempotency-Key: row-1"'
        first = self.typed("POST", "/customerContacts", {"lastName": "Once"}, 201, extra=key)
        again = self.typed("POST", "/customerContacts", {"lastName": "Once"}, 201, extra=key)
        self.assertEqual(again.json, first.json)
        self.assertEqual(again.headers["x-revision"], first.headers["x-revision"])
        self.refused("POST", "/customerContacts", {"lastName": "Twice"}, extra=key,
                     reason="REQUEST_ID_REUSED")

    def test_only_to_validate_changes_nothing(self):
        before = self.typed("GET", "/customerContacts?form=shared&envelope").headers["x-revision"]
        answer = self.typed("POST", "/customerContacts?validateOnly=true", {"lastName": "X"})
        self.assertEqual(answer.headers["x-revision"], before)
        self.assertNotIn("location", answer.headers)
        self.assertNotIn("etag", answer.headers)

    def test_wrong_fields_are_named_as_they_were_written(self):
        error = self.refused(
            "POST", "/customerContacts", {"email": "nobody", "title": "Zzz", "copyTicketTypeIDs":
                                          ["a", "a"]}, reason="INVALID_FIELDS")
        self.assertEqual(
            sorted(set(self.fields(error)) & {"email", "title"}), ["email", "title"])
        self.assertFalse([field for field in self.fields(error) if "contact." in field])
        self.assertNotIn("contact.", error["message"])
        error = self.refused("POST", "/customerContacts", {"frstName": "A"},
                             reason="INVALID_JSON")
        self.assertIn('did you mean "firstName"?', error["message"])
        self.refused("POST", "/customerContacts", '{"a":', reason="INVALID_JSON")
        self.refused("POST", "/customerContacts", '{"title":"","title":""}',
                     reason="INVALID_JSON")

    def test_a_form_is_no_json(self):
        line = (f'curl -X POST "HOST{API}/customerContacts/" -H "Authorization: Bearer TOKEN" '
                "-d lastName=Lovelace")
        answer = self.curl(line)
        self.assertEqual((answer.status, answer.error["reason"]), (415, "UNSUPPORTED_CONTENT"))
        self.assertEqual(answer.headers["accept-post"], "application/json")


class UpdateContact(Curl):
    """PATCH /customerContacts/{id}"""

    def test_keys_that_are_present_change_and_null_clears(self):
        made = self.contact(firstName="Ada", email="ada@example.com", title="Mrs")
        target = f"/customerContacts/{made['id']}"
        changed = self.typed("PATCH", target, {"email": None, "firstName": "Augusta"}).json
        self.assertEqual(
            (changed["firstName"], changed["email"], changed["title"], changed["lastName"]),
            ("Augusta", "", "Mrs", "Lovelace"))
        self.assertNotEqual(changed["etag"], made["etag"])
        merge = '-H "Content-Type: application/merge-patch+json"'
        line = (f'curl -X PATCH "HOST{API}{target}/" -H "Authorization: Bearer TOKEN" {merge} '
                """-d '{"title": null}'""")
        self.assertEqual(self.curl(line).json["title"], "")

    def test_an_empty_object_changes_nothing(self):
        made = self.contact()
        target = f"/customerContacts/{made['id']}"
        self.assertEqual(self.typed("PATCH", target, {}).json, made)
        self.assertEqual(self.typed("PATCH", target, {"etag": made["etag"]}).json, made)

    def test_what_was_read_can_be_sent_back_whole(self):
        made = self.contact(email="whole@example.com")
        target = f"/customerContacts/{made['id']}"
        changed = self.typed("PATCH", target, {**made, "lastName": "King"}).json
        self.assertEqual(
            {**changed, "etag": "", "updateTime": ""},
            {**made, "lastName": "King", "etag": "", "updateTime": ""})

    def test_a_precondition_is_kept(self):
        made = self.contact()
        target = f"/customerContacts/{made['id']}"
        match = f"""-H 'If-Match: "{made['etag']}"'"""
        self.typed("PATCH", target, {"lastName": "B"}, extra=match)
        error = self.refused("PATCH", target, {"lastName": "C"}, 412, "ETAG_MISMATCH", extra=match)
        self.assertIn("etag", error["metadata"])
        self.refused("PATCH", target, {"lastName": "C", "etag": made["etag"]}, 409,
                     "ETAG_MISMATCH")
        self.typed("PATCH", target, {"lastName": "C"}, extra="-H 'If-Match: *'")

    def test_what_cannot_change_is_refused(self):
        customer = self.customer()["id"]
        made = self.contact(customer)
        target = f"/customerContacts/{made['id']}"
        error = self.refused("PATCH", target, {"customerID": None}, reason="IMMUTABLE_FIELD")
        self.assertEqual(self.fields(error), ["customerID"])
        error = self.refused("PATCH", target, {"id": "1"}, reason="CONFLICTING_VALUES")
        self.assertEqual(self.fields(error), ["id"])
        self.refused("PATCH", f"/customerContacts/{ABSENT}", {"title": None}, 404,
                     "CONTACT_NOT_FOUND")

    def test_a_mask_may_be_given_instead(self):
        made = self.contact(firstName="Ada")
        target = f"/customerContacts/{made['id']}?updateMask=firstName"
        changed = self.typed("PATCH", target, {"lastName": "Ignored"}).json
        self.assertEqual((changed["firstName"], changed["lastName"]), ("", "Lovelace"))


class DeleteContact(Curl):
    """DELETE /customerContacts/{id}"""

    def test_a_delete_has_no_content(self):
        for slash in ("", "/"):
            made = self.contact()
            answer = self.typed("DELETE", f"/customerContacts/{made['id']}{slash}", status=204)
            self.assertEqual(answer.body, b"")
            self.assertNotIn("content-type", answer.headers)
            self.refused("DELETE", f"/customerContacts/{made['id']}", status=404,
                         reason="CONTACT_NOT_FOUND")

    def test_a_precondition_is_kept(self):
        made = self.contact()
        target = f"/customerContacts/{made['id']}"
        self.refused("DELETE", target, status=412, reason="ETAG_MISMATCH",
                     extra="""-H 'If-Match: "x"'""")
        self.typed("DELETE", target, status=204, extra=f"""-H 'If-Match: "{made['etag']}"'""")

    def test_a_body_is_refused(self):
        made = self.contact()
        target = f"/customerContacts/{made['id']}"
        self.refused("DELETE", target, {"a": 1}, reason="UNEXPECTED_BODY")
        self.typed("DELETE", target, "{}", status=204)


class ContactActions(Curl):
    """POST /customerContacts/{id}?action=... and GET /customerContacts/{contactID}/customers/"""

    def test_a_contact_becomes_shared_once(self):
        customer = self.customer()["id"]
        made = self.contact(customer)
        target = f"/customerContacts/{made['id']}/?action=convertToSharedContact"
        self.assertIsNone(self.typed("POST", target).json["customerID"])
        self.refused("POST", target, "{}", reason="CONTACT_ALREADY_SHARED")
        links = self.typed("GET", f"/customerContacts/{made['id']}/customers/").json
        self.assertEqual([each["id"] for each in links], [customer])

    def test_an_action_that_is_none_is_told_with_those_that_are(self):
        made = self.contact()
        for query in ("", "?action=share", "?action="):
            error = self.refused("POST", f"/customerContacts/{made['id']}{query}", "{}",
                                 reason="UNKNOWN_ACTION")
            self.assertIn("convertToSharedContact, verifyAccountPassword", error["message"])

    def test_a_password_is_verified(self):
        made = self.contact(accountPassword="hunter2")
        target = f"/customerContacts/{made['id']}?action=verifyAccountPassword"
        for password, verified in (("hunter2", True), ("hunter3", False)):
            answer = self.typed("POST", target, {"password": password})
            self.assertEqual(answer.json, {"verified": verified})
        self.assertNotIn("hunter", self.gateway.log())

    def test_customers_of_a_contact_are_listed_in_both_forms(self):
        customer = self.customer()
        made = self.contact(customer["id"])
        for slash in ("", "/"):
            answer = self.typed("GET", f"/customerContacts/{made['id']}/customers{slash}")
            self.assertEqual([each["id"] for each in answer.json], [customer["id"]])


class Customers(Curl):
    """/customers/ and /customers/{id}"""

    def test_a_customer_is_created_read_changed_and_deleted(self):
        body = {"id": "row.customer", "name": "Acme", "CRMReference": "C-1"}
        made = self.typed("POST", "/customers/", body, 201)
        self.assertEqual(made.headers["location"], f"{API}/customers/row.customer")
        target = "/customers/row.customer"
        self.assertEqual(self.typed("GET", target + "/").json, made.json)
        self.assertEqual(self.typed("GET", target).headers["etag"], made.headers["etag"])
        changed = self.typed("PATCH", target, {"name": "Acme Ltd", "CRMReference": None}).json
        self.assertEqual((changed["name"], changed["CRMReference"]), ("Acme Ltd", ""))
        self.contact("row.customer")
        shared = self.contact()
        self.typed("POST", target + "?action=addSharedContact", {"contactID": shared["id"]})
        gone = self.typed("DELETE", target)
        self.assertEqual(gone.json, {"deletedContactCount": 1, "removedLinkCount": 1})
        self.refused("GET", target, status=404, reason="CUSTOMER_NOT_FOUND")

    def test_customers_are_found_by_their_numbers(self):
        made = self.customer(accountNumber="A/1 & 2", CRMReference="R+1")
        for slash in ("", "/"):
            for query in ("accountNumber=A%2F1+%26%202", "CRMReference=R%2B1",
                          "crm_reference=R%2B1"):
                self.assertEqual(self.typed("GET", f"/customers{slash}?{query}").json, [made])
        error = self.refused("POST", "/customers", {"name": "B", "accountNumber": "A/1 & 2"}, 409,
                             "ACCOUNT_NUMBER_TAKEN")
        self.assertEqual(error["metadata"], {"customer_id": made["id"]})

    def test_a_shared_contact_is_added_and_removed(self):
        customer, shared = self.customer()["id"], self.contact()
        for action in ("addSharedContact", "removeSharedContact"):
            for slash in ("", "/"):
                if action == "removeSharedContact" and slash:
                    continue
                answer = self.typed("POST", f"/customers/{customer}{slash}?action={action}",
                                    {"contactID": shared["id"]})
                self.assertEqual(answer.json, shared)
        self.refused("POST", f"/customers/{customer}?action=removeSharedContact",
                     {"contactID": shared["id"]}, 404, "LINK_NOT_FOUND")
        self.refused("POST", f"/customers/{customer}?action=addSharedContact",
                     {"contactID": shared["id"], "customerID": "x"}, reason="CONFLICTING_VALUES")
        direct = self.contact(customer)
        self.refused("POST", f"/customers/{customer}?action=addSharedContact",
                     {"contactID": direct["id"]}, reason="CONTACT_NOT_SHARED")


class Presets(Curl):
    """/presets/{field}/ and /presets/{field}/{name}"""

    def test_a_preset_is_put_listed_and_retired_by_an_administrator(self):
        target = "/presets/title/Dr%20%26%20Prof%2F1"
        answer = self.typed("PUT", target, "{}", token="admin")
        value = {"field": "title", "name": "Dr & Prof/1", "retired": False}
        self.assertEqual(answer.json, value)
        for slash in ("", "/"):
            self.assertIn(value, self.typed("GET", f"/presets/title{slash}").json)
        self.refused("PUT", target, "{}", 403, "ROLE_REQUIRED")
        gone = self.typed("POST", target + "/?action=retire", token="admin")
        self.assertEqual(gone.json, {**value, "retired": True})
        self.assertNotIn(value, self.typed("GET", "/presets/title").json)
        listed = self.typed("GET", "/presets/title?includeRetired=true&pageSize=1000").json
        self.assertIn(gone.json, listed)
        self.refused("GET", "/presets/nothing", status=400, reason="UNKNOWN_PRESET_FIELD")


class Changes(Curl):
    """GET /changes/"""

    def test_the_feed_is_followed_by_its_links(self):
        made = self.contact()
        seen, url = [], "/changes/?pageSize=3"
        while url:
            answer = self.typed("GET", url)
            seen += [change for change in answer.json if change["kind"] == "contact_created"]
            link = answer.headers.get("link", "")
            url = link[1 + len(API):link.index(">")] if link else None
        self.assertEqual(seen[-1]["contact"]["id"], made["id"])
        last = self.typed("GET", f"/changes?afterRevision={seen[-1]['revision']}&envelope")
        self.assertEqual(last.json["changes"], [])
        self.assertNotIn("link", last.headers)


class AnyRequest(Curl):
    """What holds for every path."""

    def test_a_token_is_needed(self):
        line = f'curl "HOST{API}/customers/" '
        for extra in ("", '-H "Authorization: Basic eDp5"', "-u x:y"):
            answer = self.curl(line + extra)
            self.assertEqual((answer.status, answer.error["reason"]), (401, "TOKEN_MISSING"))
            self.assertEqual(answer.headers["www-authenticate"], 'Bearer realm="contacts"')
        answer = self.curl(line + '-H "Authorization: Bearer wrong"')
        self.assertEqual((answer.status, answer.error["reason"]), (401, "TOKEN_INVALID"))
        self.assertEqual(answer.headers["www-authenticate"],
                         'Bearer realm="contacts", error="invalid_token"')

    def test_a_reader_may_not_write(self):
        error = self.refused("POST", "/customerContacts", {}, 403, "ROLE_REQUIRED", "reader")
        self.assertEqual(error["status"], "PERMISSION_DENIED")
        self.typed("GET", "/customerContacts", token="reader")

    def test_paths_and_verbs_that_are_none(self):
        self.refused("GET", "/customerContact/1", status=404, reason="UNKNOWN_PATH")
        self.refused("GET", "//customers", status=404, reason="UNKNOWN_PATH")
        self.refused("GET", "/customers/%zz", reason="MALFORMED_URL")
        self.refused("PUT", "/customerContacts/1", "{}", 405, "METHOD_NOT_ALLOWED")
        answer = self.typed("OPTIONS", "/customerContacts/1", status=204)
        self.assertEqual(answer.headers["allow"], "GET, HEAD, POST, PATCH, DELETE, OPTIONS")

    def test_an_id_ties_request_and_answer(self):
        answer = self.typed("GET", "/customers", extra='-H "X-Request-Id: row-7"')
        self.assertEqual(answer.headers["x-request-id"], "row-7")
        self.assertEqual(len(self.typed("GET", "/customers").headers["x-request-id"]), 36)

    def test_a_revision_that_is_not_there_is_told(self):
        self.refused("GET", "/customers", extra='-H "X-Min-Revision: 999999999"',
                     reason="REVISION_NOT_REACHED")
        self.typed("GET", "/customers", extra='-H "X-Min-Revision: 0"')

    def test_json_is_all_there_is(self):
        self.refused("GET", "/customers", status=406, reason="NOT_ACCEPTABLE",
                     extra='-H "Accept: text/html"')


if __name__ == "__main__":
    gateway.main()
