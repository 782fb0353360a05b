#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every verb of contactctl but import and export, against a real server."""

import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import contactctl as ctl  # noqa: E402


class Contacts(ctl.Case):
    def create(self, *words, **options):
        return self.get("contact", "create", *words, **options)

    def test_flags_set_json_file_and_standard_input_make_the_same_contact(self):
        expected = {"firstName": "Zoë", "email": "z@example.org", "contactRegarding": ["Faults"]}
        text = '{"firstName":"Zoë","email":"z@example.org","contactRegarding":["Faults"]}'
        path = self.write("contact.json", text)
        ways = [
            self.create("--first-name", "Zoë", "--email", "z@example.org",
                        "--contact-regarding", "Faults"),
            self.create("--set", "firstName=Zoë", "--set", "email=z@example.org",
                        "--set", "contactRegarding=Faults"),
            self.create("--json", text),
            self.create("--json", path),
            self.create("--json", "-", stdin=text),
        ]
        for way in ways:
            self.assertEqual({key: way[key] for key in expected}, expected)
            self.assertIsNone(way["customerID"])

    def test_flags_win_over_json_and_lists_are_replaced(self):
        contact = self.create(
            "--json", '{"firstName":"A","contactRegarding":["Faults"]}', "--first-name", "B",
            "--contact-regarding", "Billing", "--contact-regarding", "Orders")
        self.assertEqual(contact["firstName"], "B")
        self.assertEqual(contact["contactRegarding"], ["Billing", "Orders"])

    def test_get_shows_the_fields_that_were_asked_for(self):
        self.create("--first-name", "Ada", "--email", "a@example.org")
        self.assertEqual(self.get("contact", "get", 1)["firstName"], "Ada")
        self.assertEqual(
            self.get("contact", "get", 1, "--fields", "email,id"),
            {"id": "1", "email": "a@example.org"})
        table = self.ctl("contact", "get", 1, "--fields", "lastName,firstName").out
        self.assertEqual(table, "FIELD      VALUE\nfirstName  Ada\nlastName\n")

    def test_update_changes_what_is_given_and_an_empty_value_clears(self):
        self.create("--first-name", "Ada", "--email", "a@example.org",
                    "--contact-regarding", "Faults")
        contact = self.get("contact", "update", 1, "--last-name", "Ash", "--email", "",
                           "--contact-regarding=")
        self.assertEqual(contact["firstName"], "Ada")
        self.assertEqual(contact["lastName"], "Ash")
        self.assertEqual(contact["email"], "")
        self.assertEqual(contact["contactRegarding"], [])

    def test_update_by_json_takes_its_keys_as_the_mask_and_null_clears(self):
        contact = self.create("--first-name", "Ada", "--last-name", "Ash")
        contact = self.get("contact", "update", 1, "--json",
                           f'{{"id":"1","etag":"{contact["etag"]}","lastName":null}}')
        self.assertEqual((contact["firstName"], contact["lastName"]), ("Ada", ""))
        wrong = self.ctl("contact", "update", 1, "--json", '{"id":"2"}', code=ctl.USAGE)
        self.assertIn('"1" in the argument and "2" in the object', wrong.err)

    def test_what_get_prints_can_be_given_to_update(self):
        self.create("--first-name", "Ada")
        contact = self.ctl("contact", "get", 1, "-o", "json").out
        edited = contact.replace('"Ada"', '"Eva"')
        self.assertEqual(self.get("contact", "update", 1, "--json", "-", stdin=edited)["firstName"],
                         "Eva")
        again = self.ctl("contact", "update", 1, "--json", "-", stdin=edited, code=ctl.CONFLICT)
        self.assertIn("ETAG_MISMATCH", again.err)

    def test_a_mask_names_exactly_what_changes(self):
        self.create("--first-name", "Ada", "--last-name", "Ash", "--email", "a@example.org")
        contact = self.get("contact", "update", 1, "--first-name", "Eva", "--mask",
                           "firstName,email")
        self.assertEqual(
            (contact["firstName"], contact["lastName"], contact["email"]), ("Eva", "Ash", ""))
        contact = self.get("contact", "update", 1, "--first-name", "Ivo", "--mask", "*")
        self.assertEqual((contact["firstName"], contact["lastName"]), ("Ivo", ""))
        self.assertIn("nothing to change", self.ctl("contact", "update", 1, code=ctl.USAGE).err)

    def test_an_etag_that_differs_is_a_conflict(self):
        etag = self.create("--first-name", "Ada")["etag"]
        self.ctl("contact", "update", 1, "--first-name", "Eva", "--etag", etag)
        for words in (("update", 1, "--first-name", "Ivo"), ("delete", 1),
                      ("convert-to-shared", 1)):
            err = self.ctl("contact", *words, "--etag", etag, code=ctl.CONFLICT).err
            self.assertTrue(err.startswith("contactctl: ABORTED ETAG_MISMATCH: "), err)

    def test_validate_only_changes_nothing(self):
        revision = self.revision()
        self.assertEqual(self.create("--first-name", "Ada", "--validate-only")["firstName"], "Ada")
        self.assertEqual(self.get("contact", "list", "--all"), [])
        self.create("--first-name", "Eva")
        self.assertIn("would be", self.ctl("contact", "delete", 1, "--validate-only").out)
        self.ctl("contact", "get", 1)
        self.assertEqual(self.revision(), revision + 1)

    def test_the_same_request_id_does_it_once(self):
        first = self.create("--first-name", "Ada", "--request-id", "x1")
        self.assertEqual(self.create("--first-name", "Ada", "--request-id", "x1"), first)
        self.assertEqual(len(self.get("contact", "list")), 1)
        other = self.ctl("contact", "create", "--first-name", "Eva", "--request-id", "x1",
                         code=ctl.REFUSED)
        self.assertIn("REQUEST_ID_REUSED", other.err)

    def test_delete_and_what_is_not_there(self):
        self.create("--first-name", "Ada")
        self.assertEqual(self.ctl("contact", "delete", 1).out, "contact 1 is deleted\n")
        for words in (("get", 1), ("delete", 1), ("update", 1, "--email", "a@b.org"),
                      ("customers", 1), ("convert-to-shared", 1)):
            err = self.ctl("contact", *words, code=ctl.NOT_FOUND).err
            self.assertEqual(err.splitlines()[0],
                             "contactctl: NOT_FOUND CONTACT_NOT_FOUND: there is no contact 1")
            self.assertIn("  contact_id = 1", err)

    def test_every_wrong_field_is_named_at_once(self):
        err = self.ctl("contact", "create", "--email", "nobody", "--website", "x" * 3000,
                       "--first-name", "a\tb", code=ctl.REFUSED).err
        self.assertTrue(err.startswith("contactctl: INVALID_ARGUMENT INVALID_FIELDS: "), err)
        for field, reason in (("email", "INVALID_EMAIL"), ("website", "TOO_LONG"),
                              ("first_name", "INVALID_TEXT")):
            line = next(l for l in err.splitlines() if l.startswith(f"  contact.{field}: "))
            self.assertTrue(line.endswith(f"({reason})"), line)
        err = self.ctl("contact", "create", "--title", "Sire", code=ctl.REFUSED).err
        self.assertIn("UNKNOWN_PRESET_VALUE", err)
        self.assertIn("  allowed = ", err)

    def test_batch_get_keeps_the_order_and_names_what_is_missing(self):
        for name in ("Ada", "Eva", "Ivo"):
            self.create("--first-name", name)
        self.assertEqual(
            self.get("contact", "batch-get", 3, 1, 3, "--fields", "id"), [{"id": "3"}, {"id": "1"}])
        result = self.ctl("contact", "batch-get", 2, 9, "-o", "ndjson", code=ctl.NOT_FOUND)
        self.assertEqual([row["id"] for row in result.rows], ["2"])
        self.assertEqual(result.err, "contactctl: NOT_FOUND CONTACT_NOT_FOUND: no contact 9\n")

    def test_batch_get_asks_again_for_what_one_call_cannot_have(self):
        self.ctl("import", ctl.SAMPLE)
        ids = [str(number) for number in range(1, 261)] * 5
        self.assertEqual(
            [row["id"] for row in self.ctl("contact", "batch-get", *ids, "-o", "ndjson").rows][:260],
            ids[:260])

    def test_convert_and_customers(self):
        self.ctl("customer", "create", "C1", "--name", "One")
        self.create("--customer-id", "C1", "--first-name", "Ada")
        self.assertEqual([c["id"] for c in self.get("contact", "customers", 1)], ["C1"])
        self.assertIsNone(self.get("contact", "convert-to-shared", 1)["customerID"])
        self.assertEqual([c["id"] for c in self.get("contact", "customers", 1)], ["C1"])
        err = self.ctl("contact", "convert-to-shared", 1, code=ctl.CONFLICT).err
        self.assertIn("CONTACT_ALREADY_SHARED", err)

    def test_a_password_comes_from_a_file_and_is_verified(self):
        right = self.write("right", "sécret word\n")
        wrong = self.write("wrong", "other\n")
        contact = self.create("--first-name", "Ada", "--password-file", right)
        self.assertTrue(contact["hasAccountPassword"])
        self.assertNotIn("accountPassword", contact)
        verify = ("contact", "verify-password", 1, "--password-file")
        self.assertEqual(self.get(*verify, right), {"verified": True})
        self.assertEqual(self.ctl(*verify, "-", stdin="sécret word").code, ctl.OK)
        self.assertEqual(self.ctl(*verify, wrong, "-o", "json", code=ctl.NO).json,
                         {"verified": False})
        empty = self.write("empty", "")
        self.assertFalse(
            self.get("contact", "update", 1, "--password-file", empty)["hasAccountPassword"])
        self.ctl(*verify, right, code=ctl.NO)

    def test_a_secret_on_the_command_line_is_refused(self):
        for words in (("--set", "accountPassword=x"), ("--json", '{"accountPassword":"x"}')):
            err = self.ctl("contact", "create", *words, code=ctl.USAGE).err
            self.assertIn("seen by everyone", err)
        self.assertIn("no terminal", self.ctl(
            "contact", "create", "--password", code=ctl.USAGE, session=True).err)
        path = self.write("contact.json", '{"accountPassword":"x"}')
        self.assertTrue(self.create("--json", path)["hasAccountPassword"])

    def test_wrong_names_and_values_are_named_before_any_call(self):
        for words, expected in (
            (("--set", "emial=x"), 'has no field "emial"; did you mean "email"?'),
            (("--set", "email"), "must be NAME=VALUE"),
            (("--set", "etag=x"), "etag cannot be set"),
            (("--set", "createTime=x"), "createTime cannot be set"),
            (("--json", "{"), "--json: INVALID_ARGUMENT INVALID_JSON"),
            (("--json", '{"emial":"x"}'), "emial"),
            (("--json", "/nonexistent/file"), "cannot open /nonexistent/file"),
            (("--password-file", "/nonexistent/file"), "cannot open /nonexistent/file"),
            (("--json", "-", "--password-file", "-"), "cannot both be standard input"),
        ):
            err = self.ctl("contact", "create", *words, code=ctl.USAGE).err
            self.assertIn(expected, err)
        self.assertEqual(self.get("contact", "list"), [])


class Lists(ctl.Case):
    def setUp(self):
        super().setUp()
        self.ctl("import", ctl.SAMPLE)

    def ids(self, *words):
        return [row["id"] for row in self.ctl("contact", "list", *words, "-o", "ndjson", "-q").rows]

    def test_pages_come_to_the_same_as_all(self):
        everything = self.ids("--all")
        self.assertEqual(everything, [str(number) for number in range(1, 261)])
        self.assertEqual(self.ids("--all", "--page-size", 7), everything)
        self.assertEqual(self.ids(), everything[:50])
        self.assertEqual(self.ids("--limit", 120, "--page-size", 50), everything[:120])
        page = self.ctl("contact", "list", "--page-size", 9, "-o", "ndjson")
        token = page.err.split("--page-token ")[1].strip()
        self.assertEqual(self.ids("--page-size", 5, "--page-token", token), everything[9:14])

    def test_a_limit_leaves_a_token_right_behind_the_last_item(self):
        page = self.ctl("contact", "list", "--limit", 8, "--page-size", 5, "-o", "ndjson")
        token = page.err.split("--page-token ")[1].strip()
        self.assertEqual(len(page.rows), 8)
        self.assertEqual(self.ids("--page-size", 1, "--page-token", token), ["9"])

    def test_filters_reach_the_server(self):
        rows = self.ctl("contact", "list", "--all", "-o", "ndjson").rows
        self.assertEqual(
            self.ids("--email", "PERSON17@EXAMPLE.ORG"),
            [row["id"] for row in rows if row["email"] == "person17@example.org"])
        self.assertEqual(self.ids("--form", "shared", "--all"),
                         [row["id"] for row in rows if row["customerID"] is None])
        self.assertEqual(self.ids("--form", "direct", "--all"),
                         [row["id"] for row in rows if row["customerID"] is not None])
        self.assertEqual(self.ids("--id-after", 255), ["256", "257", "258", "259", "260"])
        number = next(row for row in rows if row["number1"])
        self.assertIn(number["id"], self.ids("--number", number["number1"].replace(" ", "-")))
        self.assertEqual(self.ids("--created-since", "2199-01-01"), [])
        self.assertEqual(len(self.ids("--created-since", "2020-01-01T00:00:00Z", "--all")), 260)
        belonging = [
            row["links"]["contactID"]
            for row in self.ctl("contact", "list", "--all", "--links", "-o", "ndjson").rows
            if "C110" in row["links"]["customerIDs"]]
        self.assertEqual(self.ids("--customer-id", "C110", "--all"), belonging)
        self.assertEqual(
            self.ids("--form", "shared", "--dealer-code", "NORTH", "--all"),
            [row["id"] for row in rows
             if row["customerID"] is None and row["dealerCode"] == "NORTH"])
        err = self.ctl("contact", "list", "--customer-id", "nobody", code=ctl.NOT_FOUND).err
        self.assertIn("CUSTOMER_NOT_FOUND", err)

    def test_links_come_with_the_contacts(self):
        for row in self.ctl("contact", "list", "--all", "--links", "-o", "ndjson").rows:
            self.assertEqual(set(row), {"contact", "links"})
            self.assertEqual(row["links"]["contactID"], row["contact"]["id"])
            if row["contact"]["customerID"]:
                self.assertEqual(row["links"]["customerIDs"], [row["contact"]["customerID"]])
        self.assertIn("BELONGS TO", self.ctl("contact", "list", "--links").out)

    def test_json_is_one_array_also_over_pages(self):
        array = self.get("contact", "list", "--all", "--page-size", 50, "--fields", "id")
        self.assertEqual(array, [{"id": str(number)} for number in range(1, 261)])

    def test_customers_are_listed_and_found(self):
        rows = self.ctl("customer", "list", "--all", "-o", "ndjson").rows
        self.assertEqual(len(rows), 60)
        for flag, key in (("--account-number", "accountNumber"), ("--crm-reference", "CRMReference")):
            found = self.get("customer", "list", flag, rows[7][key])
            self.assertEqual([row["id"] for row in found], [rows[7]["id"]])
        self.assertEqual(
            self.get("customer", "list", "--id-after", rows[-2]["id"], "--fields", "id"),
            [{"id": rows[-1]["id"]}])

    def test_wrong_filters_are_named(self):
        for words, expected in (
            (("--fields", "emial"), 'did you mean "email"?'),
            (("--fields", "accountPassword"), "never shown"),
            (("--created-since", "yesterday"), "must be a time like"),
            (("--page-size", "0"), "whole number from 1"),
            (("--limit", "many"), "whole number from 1"),
            (("--form", "round"), "must be one of: direct shared"),
        ):
            self.assertIn(expected, self.ctl("contact", "list", *words, code=ctl.USAGE).err)
        err = self.ctl("contact", "list", "--page-token", "zz", code=ctl.REFUSED).err
        self.assertIn("INVALID_PAGE_TOKEN", err)
        self.assertIn("number", self.ctl("contact", "list", "--number", "x", code=ctl.REFUSED).err)


class Customers(ctl.Case):
    def test_customers_live_and_go(self):
        customer = self.get("customer", "create", "C1", "--name", "Ö Ltd", "--account-number", "A1",
                            "--crm-reference", "R1")
        self.assertEqual((customer["id"], customer["CRMReference"]), ("C1", "R1"))
        self.assertEqual(self.get("customer", "create", "--name", "Next")["id"], "1")
        self.assertEqual(self.get("customer", "create", "--set", "id=C2")["id"], "C2")
        self.assertEqual(self.get("customer", "get", "C1"), customer)
        updated = self.get("customer", "update", "C1", "--account-number", "", "--name", "New")
        self.assertEqual((updated["accountNumber"], updated["name"]), ("", "New"))
        err = self.ctl("customer", "create", "C1", code=ctl.CONFLICT).err
        self.assertIn("CUSTOMER_ID_TAKEN", err)
        self.ctl("contact", "create", "--customer-id", "C1", "--last-name", "Ash")
        self.ctl("customer", "delete", "C1", "--etag", "0", code=ctl.CONFLICT)
        self.assertEqual(self.ctl("customer", "delete", "C1").out,
                         "customer C1 is deleted, with 1 direct contacts and 0 links\n")
        self.ctl("customer", "get", "C1", code=ctl.NOT_FOUND)

    def test_shared_contacts_are_linked_and_unlinked(self):
        self.ctl("customer", "create", "C1")
        self.ctl("contact", "create", "--last-name", "Shared")
        self.assertEqual(self.get("customer", "add-shared-contact", "C1", 1)["id"], "1")
        self.assertEqual(len(self.get("contact", "list", "--customer-id", "C1")), 1)
        self.ctl("customer", "remove-shared-contact", "C1", 1)
        err = self.ctl("customer", "remove-shared-contact", "C1", 1, code=ctl.NOT_FOUND).err
        self.assertIn("LINK_NOT_FOUND", err)
        self.assertEqual(
            self.get("customer", "delete", "C1", "--validate-only"),
            {"deletedContactCount": 0, "removedLinkCount": 0})


class Presets(ctl.Case):
    def test_values_are_put_retired_and_listed(self):
        before = self.get("preset", "list", "title")
        put = self.get("preset", "put", "title", "Châtelaine")
        self.assertEqual(put, {"field": "title", "name": "Châtelaine", "retired": False})
        self.assertEqual(len(self.get("preset", "list", "title")), len(before) + 1)
        self.ctl("preset", "retire", "title", "Châtelaine")
        self.assertEqual(self.get("preset", "list", "title"), before)
        retired = [v for v in self.get("preset", "list", "title", "--retired") if v["retired"]]
        self.assertEqual([v["name"] for v in retired], ["Châtelaine"])
        everything = self.ctl("preset", "list", "-o", "ndjson").rows
        self.assertEqual(len({value["field"] for value in everything}), 10)
        self.assertIn("PRESET_VALUE_NOT_FOUND",
                      self.ctl("preset", "retire", "title", "Sire", code=ctl.NOT_FOUND).err)
        self.assertIn("must be one of", self.ctl("preset", "list", "titles", code=ctl.USAGE).err)

    def test_load_puts_every_value_of_a_file(self):
        path = ctl.DATA / "presets.json"
        self.assertIn("7 values of 3 fields are valid, 0 failed",
                      self.ctl("preset", "load", path, "--validate-only").out)
        self.assertNotIn("Wartung", self.ctl("preset", "list", "copyTicketTypeIDs").out)
        self.assertEqual(self.get("preset", "load", path),
                         {"fields": 3, "values": 7, "failed": 0})
        self.assertIn("Wartung", self.ctl("preset", "list", "copyTicketTypeIDs").out)
        revision = self.revision()
        self.ctl("preset", "load", path)
        self.assertEqual(self.revision(), revision)

    def test_load_goes_on_past_a_value_that_is_refused(self):
        path = self.write("presets.json", '{"title": ["Sire", "a\\tb", "Sieur"]}')
        result = self.ctl("preset", "load", path, code=ctl.INCOMPLETE)
        self.assertIn("2 values of 1 fields put, 1 failed", result.out)
        self.assertIn("INVALID_TEXT", result.err)
        unknown = self.write("unknown.json", '{"titles": ["Sire"]}')
        self.assertIn("titles", self.ctl("preset", "load", unknown, code=ctl.USAGE).err)
        self.ctl("preset", "load", self.folder / "nothing", code=ctl.USAGE)


class Changes(ctl.Case):
    def test_changes_are_listed_after_a_revision(self):
        revision = int(self.revision())
        self.ctl("customer", "create", "C1", "--request-id", "r1")
        self.ctl("contact", "create", "--customer-id", "C1")
        changes = self.get("change", "list", "--after", revision)
        self.assertEqual([change["kind"] for change in changes],
                         ["customer_created", "contact_created"])
        self.assertEqual(changes[0]["requestId"], "r1")
        self.assertEqual(len(self.get("change", "list", "--after", revision, "--limit", 1)), 1)
        self.assertEqual(len(self.get("change", "list", "--all", "--page-size", 17)), revision + 2)
        self.assertIn("customer C1", self.ctl("change", "list", "--after", revision).out)
        self.ctl("change", "list", "--after", "x", code=ctl.USAGE)
        self.ctl("change", "list", "--interval", "1s", code=ctl.USAGE)
        self.ctl("change", "list", "--follow", "-o", "json", code=ctl.USAGE)

    def test_following_shows_what_comes_until_it_is_interrupted(self):
        process = ctl.start(self.server, "change", "list", "--after", int(self.revision()),
                            "--follow", "--interval", "20ms", "-o", "ndjson")
        self.addCleanup(process.kill)
        for name in ("C1", "C2"):
            self.ctl("customer", "create", name)
            self.assertIn(f'"id":"{name}"', process.stdout.readline().decode())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=ctl.RUN_SECONDS_MOST)
        self.assertEqual(process.returncode, ctl.INTERRUPTED)


class Operation(ctl.Case):
    def test_health_answers_by_exit_code_too(self):
        self.assertEqual(self.ctl("health").out, "the server takes calls\n")
        self.assertEqual(self.get("health", "contacts.v1.ContactService"), {"status": "serving"})
        self.assertIn("SERVICE_NOT_FOUND", self.ctl("health", "none.Such", code=ctl.NOT_FOUND).err)

    def test_a_server_that_is_not_there_is_unavailable(self):
        self.server.kill()
        began = time.monotonic()
        err = self.ctl("health", "--timeout", "300ms", code=ctl.UNAVAILABLE).err
        self.assertLess(time.monotonic() - began, 20)
        self.assertRegex(err, "UNAVAILABLE|DEADLINE_EXCEEDED")

    def test_a_server_that_is_not_there_is_told_of_long_before_the_timeout(self):
        self.server.kill()
        began = time.monotonic()
        err = self.ctl("health", "--timeout", "1m", code=ctl.UNAVAILABLE).err
        self.assertLess(time.monotonic() - began, 30)
        self.assertIn("UNREACHABLE", err)

    def test_a_server_that_comes_later_is_waited_for_when_asked(self):
        self.server.kill()
        waiting = ctl.start(self.server, "health", "--wait", "--timeout", "1m")
        time.sleep(3)
        self.assertIsNone(waiting.poll())
        self.server.start()
        out, _ = waiting.communicate(timeout=ctl.RUN_SECONDS_MOST)
        self.assertEqual(out, b"the server takes calls\n")
        self.assertEqual(waiting.returncode, ctl.OK)

    def test_stats_count_and_estimate(self):
        for _ in range(3):
            self.ctl("contact", "get", 1, code=ctl.NOT_FOUND)
        table = self.ctl("stats").out
        self.assertRegex(table, r"contacts\.v1\.ContactService/GetContact +NOT_FOUND +3 ")
        self.assertRegex(table, r"store\.revision +\d+")
        stats = self.get("stats")
        methods = {(m["method"], m["code"]): m for m in stats["methods"]}
        self.assertEqual(methods["contacts.v1.ContactService/GetContact", 5]["count"], "3")

    def test_stats_calls_shows_the_slowest_first(self):
        for _ in range(3):
            self.ctl("contact", "get", 1, code=ctl.NOT_FOUND)
        table = self.ctl("stats", "calls", "--method", "contacts.v1.ContactService/GetContact").out
        self.assertRegex(table, r"^METHOD +STATE +CODE +TIME")
        self.assertRegex(table, r"contacts\.v1\.ContactService/GetContact +answered +NOT_FOUND ")
        answer = self.get("stats", "calls", "--method", "contacts.v1.ContactService")
        durations = [int(call["durationUs"]) for call in answer["calls"]]
        self.assertEqual(durations, sorted(durations, reverse=True))
        self.assertGreaterEqual(len(durations), 3)
        self.assertRegex(answer["calls"][0]["traceId"], "^[0-9a-f]{32}$")
        self.assertEqual(
            self.get("stats", "calls", "--min-duration", "1h").get("calls", []), [])
        self.assertEqual(len(self.get("stats", "calls", "--limit", "1")["calls"]), 1)
        self.ctl("stats", "--limit", "1", code=ctl.USAGE)

    def test_a_backup_is_made_once_by_its_name(self):
        backup = self.get("backup", "first")
        self.assertEqual(int(backup["sizeBytes"]),
                         (self.folder / "data/backups/first").stat().st_size)
        self.assertIn("BACKUP_EXISTS", self.ctl("backup", "first", code=ctl.CONFLICT).err)
        self.assertIn("INVALID_ID", self.ctl("backup", "../first", code=ctl.REFUSED).err)


if __name__ == "__main__":
    ctl.main()
