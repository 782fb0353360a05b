#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contactctl's import and export: once, twice, checked, interrupted, and back again."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import contactctl as ctl  # noqa: E402

LINES = ctl.SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)
OBJECTS = [json.loads(line) for line in LINES]
CONTACTS = [line["contact"] for line in OBJECTS if "contact" in line]
ALL = {"dryRun": False, "complete": True, "presets": 4, "customers": 60, "contacts": 260,
       "links": sum(len(line.get("linkedCustomerIDs", [])) for line in OBJECTS),
       "unchanged": 0, "failed": 0}
NOTHING_NEW = {**ALL, "presets": 0, "customers": 0, "contacts": 0, "links": 0, "unchanged": 324}

# Each is wrong in one way, with the reason that a person must be told.
GOOD = [
    '{"preset":{"field":"title","name":"Sire"}}',
    '{"customer":{"id":"G1","accountNumber":"GA1","CRMReference":"GR1"}}',
    '{"contact":{"customerID":"G1","title":"Sire","lastName":"Good"}}',
    '{"contact":{"title":"Mr","lastName":"Shared"},"linkedCustomerIDs":["G1"]}',
]
BAD = [
    ("{", "INVALID_JSON"),
    ("[]", "INVALID_JSON"),
    ("{}", "INVALID_JSON"),
    ('{"contact":{"emial":"x"}}', "INVALID_JSON"),
    ('{"contact":{"lastName":7}}', "INVALID_JSON"),
    ('{"contact":{"lastName":"a"},"customer":{"id":"X1"}}', "INVALID_JSON"),
    ('{"customer":{"id":"X2"},"linkedCustomerIDs":["G1"]}', "INVALID_JSON"),
    ('{"preset":{"field":"titles","name":"x"}}', "UNKNOWN_PRESET_FIELD"),
    ('{"preset":{"field":"title","name":"a\\tb"}}', "INVALID_TEXT"),
    ('{"customer":{"id":"a b"}}', "INVALID_ID"),
    ('{"customer":{"id":"G1"}}', "CUSTOMER_ID_TAKEN"),
    ('{"customer":{"id":"X3","accountNumber":"GA1"}}', "ACCOUNT_NUMBER_TAKEN"),
    ('{"customer":{"id":"X4","CRMReference":"GR1"}}', "CRM_REFERENCE_TAKEN"),
    ('{"contact":{"customerID":"nobody"}}', "CUSTOMER_NOT_FOUND"),
    ('{"contact":{"customerID":"X3"}}', "CUSTOMER_NOT_FOUND"),
    ('{"contact":{"lastName":"a"},"linkedCustomerIDs":["G1","nobody"]}', "CUSTOMER_NOT_FOUND"),
    ('{"contact":{"lastName":"a"},"linkedCustomerIDs":["G1","G1"]}', "DUPLICATE_VALUE"),
    ('{"contact":{"customerID":"G1"},"linkedCustomerIDs":["G1"]}', "CONTACT_NOT_SHARED"),
    ('{"contact":{"customerID":"G1","email":"nobody"}}', "INVALID_EMAIL"),
    ('{"contact":{"customerID":"G1","title":"Sire","country":"ZZ"}}', "UNKNOWN_PRESET_VALUE"),
    ('{"preset":{"field":"title","name":""}}', "REQUIRED"),
    ('{"contact":{"title":"Sire","contactRegarding":["Faults","Faults"]}}', "DUPLICATE_VALUE"),
    ('{"contact":{"title":"Sire","email":"nobody","website":"a\\tb"}}', "INVALID_FIELDS"),
]


def mixed_file():
    """Good and bad lines, and which lines fail why."""
    lines = list(GOOD)
    expected = {}
    for text, reason in BAD:
        lines.append(text)
        expected[len(lines)] = reason
        lines.append('{"contact":{"customerID":"G1","title":"Sire","lastName":"Between"}}')
    return "\n".join(lines) + "\n", expected


def reported(err):
    """The failed lines by number, from standard error."""
    return {int(number): reason for number, reason in re.findall(
        r"^contactctl: \S.*?:(\d+): [A-Z_]+ ([A-Z_]+): ", err, re.MULTILINE)}


class ImportCase(ctl.Case):
    def counts(self, *words, code=ctl.OK, **options):
        return self.ctl("import", *words, "-o", "json", code=code, **options).json

    def stored(self):
        """The contacts without what the store gave, in an order of their own."""
        rows = [json.loads(line) for line in self.export().splitlines()]
        contacts = [row for row in rows if "contact" in row]
        for row in contacts:
            del row["contact"]["id"]
            row.setdefault("linkedCustomerIDs", []).sort()
        return sorted(json.dumps(row, sort_keys=True) for row in contacts)

    def expected(self):
        rows = []
        for line in OBJECTS:
            if "contact" in line:
                contact = {key: value for key, value in line["contact"].items()
                           if value and key != "accountPassword"}
                rows.append({"contact": contact,
                             "linkedCustomerIDs": sorted(line.get("linkedCustomerIDs", []))})
        return sorted(json.dumps(row, sort_keys=True) for row in rows)


class Import(ImportCase):
    def test_everything_in_the_file_is_in_the_store(self):
        self.assertEqual(self.counts(ctl.SAMPLE), ALL)
        self.assertEqual(self.stored(), self.expected())
        with_password = [row for row in self.ctl("contact", "list", "--all", "-o", "ndjson").rows
                         if row["hasAccountPassword"]]
        self.assertEqual(len(with_password), sum("accountPassword" in c for c in CONTACTS))
        password = self.write("password", next(
            c["accountPassword"] for c in CONTACTS if c["email"] == with_password[0]["email"]))
        self.ctl("contact", "verify-password", with_password[0]["id"], "--password-file", password)

    def test_the_summary_is_one_line(self):
        out = self.ctl("import", ctl.SAMPLE).out
        self.assertEqual(out, f"imported 4 presets, 60 customers, 260 contacts, {ALL['links']} "
                              "links; 0 unchanged, 0 failed\n")

    def test_the_same_file_again_changes_nothing_as_a_file_or_through_a_pipe(self):
        self.counts(ctl.SAMPLE)
        before = self.export(), self.revision()
        self.assertEqual(self.counts(ctl.SAMPLE), NOTHING_NEW)
        self.assertEqual(self.counts("-", stdin="".join(LINES)), NOTHING_NEW)
        with open(ctl.SAMPLE, "rb") as file:
            done = subprocess.run([ctl.CONTACTCTL, "import", "-", "-o", "json"], stdin=file,
                                  capture_output=True, env=ctl.environment(self.server), check=True)
        self.assertEqual(json.loads(done.stdout), NOTHING_NEW)
        self.assertEqual((self.export(), self.revision()), before)

    def test_lines_that_are_appended_are_all_that_is_new(self):
        path = self.write("file", "".join(LINES[:200]))
        self.counts(path)
        path.write_text("".join(LINES), encoding="utf-8")
        counts = self.counts(path)
        self.assertEqual((counts["unchanged"], counts["contacts"]), (200, 124))
        self.assertEqual(self.stored(), self.expected())

    def test_a_window_of_one_and_a_great_one_come_to_the_same(self):
        self.assertEqual(self.counts(ctl.SAMPLE, "--window", 1), ALL)
        self.assertEqual(self.counts(ctl.SAMPLE, "--window", 8192), NOTHING_NEW)
        self.ctl("import", ctl.SAMPLE, "--window", 0, code=ctl.USAGE)

    def test_a_retired_preset_serves_the_file_and_is_retired_after_it(self):
        self.counts(ctl.SAMPLE)
        values = self.get("preset", "list", "contactType", "--retired")
        self.assertIn({"field": "contactType", "name": "Ancien", "retired": True}, values)
        self.assertEqual(sum('"Ancien"' in line for line in self.stored()), 1)

    def test_failed_lines_are_reported_and_the_others_imported(self):
        text, expected = mixed_file()
        path = self.write("mixed", text)
        result = self.ctl("import", path, "-o", "json", code=ctl.INCOMPLETE)
        self.assertEqual(reported(result.err), expected)
        counts = result.json
        self.assertEqual(counts["failed"], len(BAD))
        self.assertEqual((counts["presets"], counts["customers"], counts["contacts"]),
                         (1, 1, 2 + len(BAD)))
        self.assertIn("\n  contact.email: ", result.err)
        self.assertIn(f"contactctl: {path}:5: ", result.err)

    def test_failed_lines_can_be_written_mended_and_imported(self):
        path = self.write("mixed", "\n".join(GOOD + ['{"contact":{"email":"nobody"}}']) + "\n")
        failed = self.folder / "failed"
        self.ctl("import", path, "--failed-lines", failed, code=ctl.INCOMPLETE)
        self.assertEqual(failed.read_text(), '{"contact":{"email":"nobody"}}\n')
        self.assertEqual(stat.S_IMODE(failed.stat().st_mode), 0o600)
        failed.write_text(failed.read_text().replace("nobody", "n@example.org"))
        self.assertEqual(self.counts(failed)["contacts"], 1)
        self.assertIn("is the file that is imported",
                      self.ctl("import", path, "--failed-lines", path, code=ctl.USAGE).err)
        self.ctl("import", path, "--failed-lines", "/nonexistent/x", code=ctl.FAILED)

    def test_fail_fast_stops_at_the_first_failure(self):
        path = self.write("mixed", "\n".join(
            ['{"contact":{"email":"nobody"}}'] + ['{"contact":{"lastName":"x"}}'] * 2000) + "\n")
        result = self.ctl("import", path, "--fail-fast", "--window", 4, "-o", "json",
                          code=ctl.INCOMPLETE)
        self.assertEqual((result.json["failed"], result.json["complete"]), (1, False))
        self.assertLess(result.json["contacts"], 2000)

    def test_a_line_that_is_too_long_fails_alone(self):
        path = self.write("long", GOOD[1] + "\n" + " " * (3 << 20) + "x\n" + GOOD[3] + "\n")
        result = self.ctl("import", path, "-o", "json", code=ctl.INCOMPLETE)
        self.assertIn(":2: INVALID_ARGUMENT INVALID_JSON: the line is longer than", result.err)
        self.assertEqual((result.json["customers"], result.json["contacts"]), (1, 1))

    def test_a_contact_with_ten_thousand_links_goes_through(self):
        ids = [f"N{number}" for number in range(10000)]
        text = "".join(f'{{"customer":{{"id":"{id_}"}}}}\n' for id_ in ids)
        text += json.dumps({"contact": {"lastName": "x"}, "linkedCustomerIDs": ids}) + "\n"
        self.assertEqual(self.counts(self.write("links", text))["links"], 10000)
        self.assertEqual(len(self.get("contact", "customers", 1, "--all")), 10000)

    def test_what_cannot_be_read_is_named(self):
        self.assertIn("cannot open", self.ctl("import", "/nonexistent/x", code=ctl.USAGE).err)
        self.assertIn("is a folder", self.ctl("import", "/", code=ctl.USAGE).err)
        self.assertEqual(self.counts(self.write("empty", ""))["contacts"], 0)

    def test_without_a_server_it_ends_soon(self):
        self.server.kill()
        began = time.monotonic()
        self.ctl("import", ctl.SAMPLE, "--timeout", "300ms", code=ctl.UNAVAILABLE)
        self.assertLess(time.monotonic() - began, 20)


class DryRun(ImportCase):
    def check(self, path, code=ctl.OK, *words):
        before = self.revision(), self.export()
        result = self.ctl("import", path, "--dry-run", "-o", "json", *words, code=code)
        self.assertEqual((self.revision(), self.export()), before)
        return result

    def test_a_right_file_has_no_errors_on_an_empty_store(self):
        self.assertEqual(self.check(ctl.SAMPLE).json, {**ALL, "dryRun": True})
        self.assertEqual(self.counts(ctl.SAMPLE), ALL)

    def test_a_file_that_was_imported_is_unchanged(self):
        self.counts(ctl.SAMPLE)
        self.assertEqual(self.check(ctl.SAMPLE).json, {**NOTHING_NEW, "dryRun": True})
        self.ctl("customer", "delete", "C100")
        self.assertEqual(self.check(ctl.SAMPLE).json, {**NOTHING_NEW, "dryRun": True})

    def test_a_file_that_was_imported_in_part_shows_the_rest(self):
        self.counts(self.write("part", "".join(LINES[:200])))
        counts = self.check(ctl.SAMPLE).json
        self.assertEqual((counts["unchanged"], counts["contacts"]), (200, 124))

    def test_it_reports_exactly_what_an_import_would(self):
        text, expected = mixed_file()
        path = self.write("mixed", text)
        dry = self.check(path, ctl.INCOMPLETE)
        self.assertEqual(reported(dry.err), expected)
        real = self.ctl("import", path, "-o", "json", code=ctl.INCOMPLETE)
        self.assertEqual(reported(real.err), expected)
        self.assertEqual({**dry.json, "dryRun": False}, real.json)

    def test_a_wrong_customer_line_claims_nothing(self):
        path = self.write("file", "\n".join([
            '{"customer":{"id":"Y1","accountNumber":"YA","CRMReference":"a\\tb"}}',
            '{"customer":{"id":"Y2","accountNumber":"YA"}}',
            '{"contact":{"customerID":"Y2"}}',
            '{"contact":{"customerID":"Y1"}}']) + "\n")
        dry = self.check(path, ctl.INCOMPLETE)
        self.assertEqual(reported(dry.err), {1: "INVALID_TEXT", 4: "CUSTOMER_NOT_FOUND"})
        real = self.ctl("import", path, code=ctl.INCOMPLETE)
        self.assertEqual(reported(real.err), reported(dry.err))

    def test_what_the_server_has_counts_too(self):
        self.ctl("customer", "create", "S1", "--account-number", "SA")
        path = self.write("file", "\n".join([
            '{"contact":{"customerID":"S1"}}',
            '{"customer":{"id":"S1"}}',
            '{"customer":{"id":"S2","accountNumber":"SA"}}']) + "\n")
        dry = self.check(path, ctl.INCOMPLETE)
        self.assertEqual(reported(dry.err), {2: "CUSTOMER_ID_TAKEN", 3: "ACCOUNT_NUMBER_TAKEN"})

    def test_ids_to_be_kept_are_compared_within_the_file(self):
        path = self.write("file", "\n".join([
            '{"contact":{"id":"7","lastName":"a"}}', '{"contact":{"id":"7","lastName":"b"}}',
            '{"contact":{"id":"007","lastName":"c"}}']) + "\n")
        dry = self.check(path, ctl.INCOMPLETE, "--keep-ids")
        self.assertEqual(reported(dry.err), {2: "CONTACT_ID_TAKEN", 3: "INVALID_ID"})
        self.assertIn("line 1 of this file", dry.err)
        real = self.ctl("import", path, "--keep-ids", code=ctl.INCOMPLETE)
        self.assertEqual(reported(real.err), reported(dry.err))


class Interrupted(ctl.Case):
    def start(self, *words):
        process = ctl.start(self.server, "import", *words, stdin=subprocess.PIPE)
        self.addCleanup(process.kill)
        return process

    def wait_for_contacts(self, count):
        deadline = time.monotonic() + ctl.RUN_SECONDS_MOST
        while len(self.get("contact", "list", "--all", "--fields", "id")) < count:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def finish(self, process, code):
        out, err = process.communicate(timeout=ctl.RUN_SECONDS_MOST)
        self.assertEqual(process.returncode, code, err.decode())
        return out.decode(), err.decode()

    def assert_whole(self):
        emails = [row["email"] for row in self.get("contact", "list", "--all")]
        self.assertEqual(sorted(emails), sorted(contact["email"] for contact in CONTACTS))

    def interrupt(self, number):
        process = self.start("-")
        process.stdin.write("".join(LINES[:164]).encode())
        process.stdin.flush()
        self.wait_for_contacts(100)
        process.send_signal(number)
        out, err = self.finish(process, ctl.INTERRUPTED)
        self.assertIn("Stopped after line 164; the same command with the same input goes on", err)
        self.assertIn(" 60 customers, 100 contacts, ", out)
        result = self.ctl("import", ctl.SAMPLE, "-o", "json").json
        self.assertEqual((result["unchanged"], result["contacts"]), (164, 160))
        self.assert_whole()

    def test_ctrl_c_ends_it_cleanly_and_the_same_input_goes_on(self):
        self.interrupt(signal.SIGINT)

    def test_being_terminated_is_the_same(self):
        self.interrupt(signal.SIGTERM)

    def test_lines_are_imported_as_a_slow_pipe_brings_them(self):
        process = self.start("-")
        for count in (1, 2, 3):
            process.stdin.write(f'{{"contact":{{"lastName":"n{count}"}}}}\n'.encode())
            process.stdin.flush()
            self.wait_for_contacts(count)
        process.stdin.close()
        process.stdin = None
        self.finish(process, ctl.OK)

    def test_a_server_that_is_killed_and_started_again_misses_nothing(self):
        process = self.start("-")
        process.stdin.write("".join(LINES[:150]).encode())
        process.stdin.flush()
        self.wait_for_contacts(50)
        self.server.kill()
        process.stdin.write("".join(LINES[150:]).encode())
        process.stdin.close()
        process.stdin = None
        time.sleep(0.3)
        self.server.start()
        out, _ = self.finish(process, ctl.OK)
        self.assertIn("0 failed", out)
        self.assert_whole()

    def test_a_client_that_is_killed_leaves_what_the_next_run_completes(self):
        process = self.start("-")
        process.stdin.write("".join(LINES[:200]).encode())
        process.stdin.flush()
        self.wait_for_contacts(20)
        process.kill()
        process.communicate()
        self.ctl("import", ctl.SAMPLE)
        self.assert_whole()


class Export(ctl.Case):
    def test_an_export_imports_to_an_equal_store(self):
        self.ctl("import", ctl.SAMPLE)
        self.ctl("contact", "delete", 7)
        self.ctl("preset", "retire", "title", "Châtelain")
        path = self.folder / "export"
        err = self.ctl("export", path).err
        self.assertIn("exported ", err)
        self.assertIn(" all the time", err)
        self.assertIn("contacts have an account password, which stays behind", err)
        self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o600)
        other = ctl.Server()
        self.addCleanup(other.close)
        result = ctl.run(other, "import", "--keep-ids", path, "-o", "json")
        self.assertEqual(result.code, ctl.OK, result.err)
        self.assertEqual(ctl.run(other, "export", "-", "-q").out, path.read_text(encoding="utf-8"))
        again = ctl.run(other, "import", "--keep-ids", path, "-o", "json").json
        self.assertEqual((again["contacts"], again["failed"]), (0, 0))
        self.assertEqual(ctl.run(other, "contact", "create", "-o", "json").json["id"], "261")

    def test_keeping_ids_needs_an_empty_store_and_changes_nothing_without(self):
        path = self.write("file", '{"preset":{"field":"title","name":"Sire"}}\n'
                                  '{"contact":{"id":"70","lastName":"a"}}\n')
        self.ctl("customer", "create", "C1")
        for words in ((), ("--dry-run",)):
            before = self.revision()
            err = self.ctl("import", path, "--keep-ids", *words, code=ctl.CONFLICT).err
            self.assertIn("--keep-ids needs an empty store", err)
            self.assertEqual(self.revision(), before)

    def test_an_export_has_presets_then_customers_then_contacts(self):
        self.ctl("import", ctl.SAMPLE)
        rows = [json.loads(line) for line in self.export().splitlines()]
        kinds = [next(iter(row)) for row in rows]
        self.assertEqual(kinds, sorted(kinds, key=["preset", "customer", "contact"].index))
        self.assertIn({"preset": {"field": "contactType", "name": "Ancien", "retired": True}}, rows)
        self.assertNotIn("accountPassword", self.export())
        ids = [int(row["contact"]["id"]) for row in rows if "contact" in row]
        self.assertEqual(ids, list(range(1, 261)))

    def test_a_file_is_replaced_whole_or_not_at_all(self):
        self.ctl("customer", "create", "C1", "--name", "One")
        path = self.write("export", "before\n")
        link = self.folder / "link"
        link.symlink_to(path)
        self.ctl("export", link)
        self.assertTrue(link.is_symlink())
        self.assertIn('"id":"C1"', path.read_text())
        self.server.kill()
        path.write_text("before\n")
        self.ctl("export", path, "--timeout", "300ms", code=ctl.UNAVAILABLE)
        self.assertEqual(path.read_text(), "before\n")
        self.assertEqual(
            [name for name in os.listdir(self.folder) if name.startswith("export.")], [])

    def test_what_is_no_file_is_written_in_place(self):
        self.ctl("export", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        self.assertIn("cannot write", self.ctl("export", "/dev/full", code=ctl.FAILED).err)
        self.assertIn("is a folder", self.ctl("export", self.folder, code=ctl.USAGE).err)
        self.ctl("export", "/nonexistent/x", code=ctl.USAGE)

    def test_ctrl_c_leaves_no_file(self):
        self.ctl("import", ctl.SAMPLE)
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        process = ctl.start(self.server, "export", pipe)
        self.addCleanup(process.kill)
        time.sleep(1)  # nobody reads, so it waits in the middle
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=ctl.RUN_SECONDS_MOST)
        os.close(reader)
        self.assertEqual(process.returncode, ctl.INTERRUPTED)
        self.assertIn(b"the export is not complete", err)

    def test_a_store_that_changes_meanwhile_still_gives_a_file_that_imports(self):
        self.ctl("import", ctl.SAMPLE)
        path = self.folder / "export"
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, ctl.CONTACTCTL], env=ctl.environment(self.server),
            stdin=subprocess.PIPE)
        try:
            for _ in range(5):
                self.ctl("export", path, "-q")
                other = ctl.Server()
                try:
                    result = ctl.run(other, "import", "--keep-ids", path)
                    self.assertEqual(result.code, ctl.OK, result.err)
                finally:
                    other.close()
        finally:
            writer.communicate()


# Makes presets, customers and contacts that use them, and deletes customers, until it is told.
WRITER = """
import select, subprocess, sys
number = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    number += 1
    name = f"W{number}"
    lines = [
        '{"preset":{"field":"title","name":"%s"}}' % name,
        '{"customer":{"id":"%s"}}' % name,
        '{"contact":{"customerID":"%s","title":"%s"}}' % (name, name),
        '{"contact":{"title":"%s"},"linkedCustomerIDs":["%s"]}' % (name, name),
    ]
    subprocess.run([sys.argv[1], "import", "-", "-q"], input="\\n".join(lines).encode(),
                   stdout=subprocess.DEVNULL, check=True)
    if number % 2:
        subprocess.run([sys.argv[1], "customer", "delete", name, "-q"],
                       stdout=subprocess.DEVNULL, check=True)
"""

if __name__ == "__main__":
    ctl.main()
