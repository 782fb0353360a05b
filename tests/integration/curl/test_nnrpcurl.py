#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""nnrpcurl against servers that it was not compiled with.

Usage: test_nnrpcurl.py NNRPCURL CATALOG_SERVER BARE_SERVER ECHO_SET [UNITTEST-OPTION...]
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

NNRPCURL, CATALOG_SERVER, BARE_SERVER, ECHO_SET = (sys.argv.pop(1) for _ in range(4))
SECONDS_MOST = 60
OK, FAILED, USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE, DENIED, INCOMPLETE, REFUSED, NO = range(10)

ITEM = {
    "name": "Grüße", "grade": "worn_out", "titles": {"de": "x", "en": "y"},
    "parts": [{"name": "p", "shelf": "18446744073709551615"}], "room": "",
    "cameAt": "2024-02-29T12:30:00.500Z", "stays": "1.500s", "mask": "name,cameAt",
    "more": {"a": [1, None, {"b": True}]}, "picture": "AQI=", "price": 2.5,
    "extra": {"@type": "type.googleapis.com/catalog.v1.WaitRequest", "waitMs": 5},
    "box": {"label": "b"},
}


def environment(url):
    clean = {key: value for key, value in os.environ.items() if not key.startswith("NNRPC_")}
    clean["ASAN_OPTIONS"] = clean.get("ASAN_OPTIONS", "detect_leaks=1")
    if url is not None:
        clean["NNRPC_SERVER"] = url
    return clean


class Result:
    def __init__(self, done):
        self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()

    @property
    def json(self):
        return json.loads(self.out)


class Case(unittest.TestCase):
    """A test with a server of its own."""

    maxDiff = None
    program = [CATALOG_SERVER]
    arguments = []

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="nc"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.url = f"ipc://{self.folder}/s"
        self.server = subprocess.Popen(
            [*self.program, self.url, *self.arguments], stdout=subprocess.PIPE)
        self.addCleanup(self.stop)
        self.assertEqual(self.server.stdout.readline(), b"started\n")

    def stop(self):
        self.server.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.wait(SECONDS_MOST), 0)
        self.server.stdout.close()

    def curl(self, *words, code=OK, stdin=None):
        done = subprocess.run(
            [NNRPCURL, *words], input=stdin if stdin is None else stdin.encode(),
            stdin=subprocess.DEVNULL if stdin is None else None, capture_output=True,
            env=environment(self.url), timeout=SECONDS_MOST)
        result = Result(done)
        self.assertEqual(result.code, code, f"{words}\n{result.out}\n{result.err}")
        return result

    def complaint(self, *words, code=USAGE, **options):
        """The one line of standard error; nothing stands on standard output."""
        result = self.curl(*words, code=code, **options)
        self.assertEqual(result.out, "")
        self.assertTrue(result.err.startswith("nnrpcurl: ") and result.err.count("\n") == 1,
                        result.err)
        return result.err.removeprefix("nnrpcurl: ").rstrip("\n")


class Looking(Case):
    """methods and describe."""

    def test_methods_lists_what_the_server_has_with_role_and_sentence(self):
        lines = self.curl("methods").out.splitlines()
        self.assertRegex(lines[0], r"^METHOD +ROLE +WHAT$")
        methods = [line.split()[0] for line in lines[1:]]
        self.assertEqual(methods, sorted(methods))
        self.assertIn("nnrpc.v1.HealthService/Check", methods)
        self.assertIn("catalog.v1.ShelfService/Echo", methods)
        self.assertNotIn("catalog.v1.AtticService/Search", methods)
        line = next(line for line in lines if line.startswith("catalog.v1.CatalogService/Fail "))
        self.assertRegex(line, r"/Fail +writer +Fails with every detail that an error may have\.$")

    def test_methods_of_one_service_by_the_end_of_its_name(self):
        lines = self.curl("methods", "ShelfService", "--long").out.splitlines()
        self.assertEqual(len(lines), 2)
        self.assertRegex(
            lines[1], r"^catalog.v1.ShelfService/Echo +reader +no side effects +catalog.v1.Item +"
                      r"catalog.v1.Item +Returns the item as it came, too\.$")

    def test_methods_as_json_say_all_that_is_known(self):
        rows = self.curl("methods", "catalog.v1.ShelfService", "--output", "json").json
        self.assertEqual(rows, [{
            "method": "catalog.v1.ShelfService/Echo", "service": "catalog.v1.ShelfService",
            "summary": "Returns the item as it came, too.", "streams": False,
            "request": "catalog.v1.Item", "response": "catalog.v1.Item", "role": "reader",
            "idempotency": "no side effects", "http": []}])
        lines = self.curl("methods", "-o", "ndjson").out.splitlines()
        self.assertIn("catalog.v1.CatalogService/Wait", [json.loads(l)["method"] for l in lines])

    def test_describe_shows_a_method_its_request_and_json_to_fill_in(self):
        out = self.curl("describe", "CatalogService/Echo").out
        self.assertTrue(out.startswith(
            "catalog.v1.CatalogService/Echo is a method:\n\n"
            "// Returns the item as it came. Never fails.\n"
            "rpc Echo(catalog.v1.Item) returns (catalog.v1.Item) {\n"
            "  option idempotency_level = NO_SIDE_EFFECTS;\n"
            "  option (nnrpc.v1.role) = ROLE_READER;\n"
            "}\n\n"
            "// A thing of every kind.\n"
            "message Item {\n"
            "  // Its name.\n"
            "  string item_name = 1 [json_name = \"name\"];\n"), out)
        self.assertIn("  oneof place {\n    // A shelf's number.\n    uint64 shelf = 5;\n", out)
        template = json.loads(out[out.index("The request as JSON:\n") + 21:])
        self.assertEqual(template, {
            "name": "", "grade": "unspecified", "titles": {"": ""}, "parts": [], "shelf": "0",
            "cameAt": "1970-01-01T00:00:00Z", "stays": "0s", "mask": "", "more": {},
            "picture": "", "owner": None, "price": 0, "secret": "",
            "extra": None, "box": {"label": ""}})
        self.curl("call", "CatalogService/Echo", json.dumps(template))

    def test_describe_shows_messages_enums_and_services(self):
        out = self.curl("describe", "Grade").out
        self.assertEqual(out, (
            "catalog.v1.Grade is an enum:\n\n"
            "// How good.\n"
            "enum Grade {\n"
            "  // Not said.\n"
            "  GRADE_UNSPECIFIED = 0;\n"
            "  // Good.\n"
            "  GRADE_FINE = 1;\n"
            "  // Less so.\n"
            "  GRADE_WORN_OUT = 2;\n"
            "}\n"))
        self.assertIn("As JSON:\n{\n  \"waitMs\": 0\n}\n", self.curl("describe", "WaitRequest").out)
        everything = self.curl("describe").out
        for service in ("CatalogService", "ShelfService", "HealthService", "ReflectionService"):
            self.assertIn(f"\nservice {service} {{\n", everything)

    def test_describe_as_json(self):
        found = self.curl("describe", "Wait", "-o", "json").json
        self.assertEqual(
            (found["name"], found["kind"], found["request"], found["response"], found["template"]),
            ("catalog.v1.CatalogService/Wait", "method", "catalog.v1.WaitRequest",
             "google.protobuf.Empty", {"waitMs": 0}))
        self.assertTrue(found["definition"].startswith("// Answers late.\nrpc Wait("))

    def test_names_that_are_none_or_many_are_told(self):
        self.assertEqual(
            self.complaint("describe", "Itm", code=NOT_FOUND),
            'no service, method, message or enum "Itm"; did you mean catalog.v1.Item?')
        self.assertEqual(
            self.complaint("call", "Echo", code=NOT_FOUND),
            '"Echo" may be any of: catalog.v1.CatalogService/Echo, catalog.v1.ShelfService/Echo')
        self.assertEqual(
            self.complaint("call", "CatalogService/Ehco", code=NOT_FOUND),
            'no method "CatalogService/Ehco"; did you mean catalog.v1.CatalogService/Echo?')
        self.assertEqual(
            self.complaint("methods", "Item", code=NOT_FOUND),
            'no service "Item"; see nnrpcurl methods')


    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_completes_names_that_the_server_has(self):
        script = self.curl("completion", "bash").out
        url = self.url.replace(":", " : ")  # as bash has it
        words = (
            f"nnrpcurl -s {url} call catalog.v1.S",
            f"nnrpcurl describe --server {url} nnrpc.v1.He",
            f"nnrpcurl health --server = {url} catalog.v1.C", "nnrpcurl call catalog.v1.S")
        ask = "".join(
            f"\nCOMP_WORDS=({line}) COMP_CWORD={len(line.split()) - 1}; _nnrpcurl; echo ${{COMPREPLY[@]}}"
            for line in words)
        done = subprocess.run(
            ["bash", "-c", script + ask], capture_output=True, text=True, timeout=SECONDS_MOST,
            env={**environment(None), "PATH": f"{Path(NNRPCURL).parent}:{os.environ['PATH']}"})
        self.assertEqual(done.stdout.splitlines(), [
            "catalog.v1.ShelfService/Echo", "nnrpc.v1.HealthService/Check",
            "catalog.v1.CatalogService", ""], done.stderr)


class Calling(Case):
    """call."""

    def test_every_kind_of_value_goes_there_and_back(self):
        expected = {"owner": None, "id": "", **ITEM}
        expected["parts"] = [{
            "name": "p", "grade": "unspecified", "titles": {}, "parts": [],
            "shelf": "18446744073709551615", "cameAt": None, "stays": None, "mask": None,
            "more": None, "picture": "", "owner": None, "price": None, "id": "",
            "extra": None, "box": None}]
        text = json.dumps({**ITEM, "secret": "s"})
        self.assertEqual(self.curl("call", "catalog.v1.CatalogService/Echo", text).json, expected)
        self.assertEqual(self.curl("call", "CatalogService.Echo", text).json, expected)

    def test_output_is_indented_or_one_line_or_without_what_is_unset(self):
        self.assertEqual(
            self.curl("call", "Count", '{"number":1,"requestId":"r"}').out,
            '{\n  "count": 1,\n  "requestId": "r",\n  "number": 1\n}\n')
        self.assertEqual(
            self.curl("call", "Count", '{"requestId":"r"}', "--output", "ndjson").out,
            '{"count":2,"requestId":"r","number":0}\n')
        self.assertEqual(
            self.curl("call", "Count", '{"requestId":"r"}', "--omit-unset", "-o", "ndjson").out,
            '{"count":3,"requestId":"r"}\n')

    def test_an_empty_request_id_is_filled_in(self):
        found = self.curl("call", "Count").json
        self.assertRegex(found["requestId"], r"^[0-9a-f]{8}-[0-9a-f]{4}-7")

    def test_a_request_comes_from_the_argument_a_file_or_standard_input(self):
        file = self.folder / "request.json"
        file.write_text('{\n  "name": "f"\n}\n')
        for argument, stdin in ('{"name":"f"}', None), (f"@{file}", None), ("-", '{"name":"f"}'):
            self.assertEqual(self.curl("call", "ShelfService/Echo", argument, stdin=stdin).json["name"], "f")

    def test_several_values_are_several_calls_answered_in_order(self):
        text = "".join(f'{{"name":"{i}"}}\n' for i in range(3000))
        for window in "1", "7", "1000":
            out = self.curl(
                "call", "ShelfService/Echo", "-", "-o", "ndjson", "--window", window,
                stdin=text).out
            names = [json.loads(line)["name"] for line in out.splitlines()]
            self.assertEqual(names, [str(i) for i in range(3000)])

    def test_an_answer_comes_while_more_is_still_to_be_asked(self):
        process = subprocess.Popen(
            [NNRPCURL, "call", "ShelfService/Echo", "-", "-o", "ndjson"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=environment(self.url))
        for name in "a", "b":
            process.stdin.write(b'{"name":"%s"}' % name.encode())
            process.stdin.flush()
            self.assertEqual(json.loads(process.stdout.readline())["name"], name)
        process.stdin.close()
        self.assertEqual(process.wait(SECONDS_MOST), OK)
        process.stdout.close()

    def test_failures_among_several_calls_are_told_with_their_line(self):
        text = '{"name":"1"}\n{"nam":"2"}\n{"name":\n  3}\n{"name":"4"}\n'
        result = self.curl(
            "call", "ShelfService/Echo", "-", "-o", "ndjson", stdin=text, code=INCOMPLETE)
        names = [json.loads(line)["name"] for line in result.out.splitlines()]
        self.assertEqual(names, ["1", "4"])
        heads = [line for line in result.err.splitlines() if line.startswith("nnrpcurl: ")]
        self.assertEqual(heads, [
            'nnrpcurl: standard input:2: INVALID_ARGUMENT INVALID_JSON: nam: unknown key "nam"; '
            'did you mean "name"?',
            "nnrpcurl: standard input:3: INVALID_ARGUMENT INVALID_JSON: name: expected text, "
            "found number"])
        result = self.curl(
            "call", "ShelfService/Echo", "-", "-o", "ndjson", "--fail-fast", stdin=text,
            code=INCOMPLETE)
        self.assertEqual(len(result.out.splitlines()), 1)

    def test_no_call_is_started_after_one_that_failed(self):
        result = self.curl(
            "call", "Fail", "-", "--fail-fast", "--window", "1", stdin='{"text":"a"}\n' * 5,
            code=CONFLICT)
        self.assertEqual(result.err.count("SHELF_FULL"), 1)

    def test_every_detail_of_an_error_is_shown(self):
        result = self.curl("call", "Fail", '{"text":"too\\u001b much"}', code=CONFLICT)
        self.assertEqual(result.err, (
            "nnrpcurl: FAILED_PRECONDITION SHELF_FULL: no room: too? much\n"
            "  text: is too? much (TOO_LONG)\n"
            "  shelf = 7\n"))
        self.assertEqual(result.out, "")

    def test_wrong_json_is_told_with_its_place(self):
        err = self.curl("call", "ShelfService/Echo", '{"parts":[{"grade":"bad"}]}', code=USAGE).err
        self.assertTrue(err.startswith(
            "nnrpcurl: INVALID_ARGUMENT INVALID_JSON: parts[0].grade: expected one of "
            '"unspecified", "fine", "worn_out", found "bad"\n'), err)
        err = self.curl("call", "ShelfService/Echo", '{"name":', code=USAGE).err
        self.assertIn("INVALID_JSON: line 1, column 8: the text ends before the value does", err)
        self.assertEqual(
            self.complaint("call", "ShelfService/Echo", "-", stdin=" \n"),
            "standard input holds no JSON value; {} is an empty request")
        self.assertIn("cannot open /none", self.complaint("call", "ShelfService/Echo", "@/none"))

    def test_the_value_of_a_sensitive_field_is_not_repeated(self):
        err = self.curl("call", "ShelfService/Echo", '{"secret":17}', code=USAGE).err
        self.assertIn("secret: expected text, found number", err)
        self.assertNotIn("17", err)

    def test_metadata_goes_there_and_back(self):
        for words in ("--metadata", "x-note=a=b"), ("-H", "X-Note: a=b"), ("--header=x-note:a=b",):
            self.assertEqual(self.curl("call", "Note", *words).out, '"a=b"\n')
        result = self.curl("call", "Note", "-v")
        self.assertEqual(result.out, '""\n')
        self.assertEqual(result.err, "x-answer: yes?[2J\nx-bytes: ff00\n")
        self.assertEqual(
            self.complaint("call", "Note", "--metadata", "x note=1"),
            '--metadata is "x note=1"; it must be KEY=VALUE, the key of letters, digits and -._')
        self.assertIn("--header is", self.complaint("call", "Note", "-H", "x-note"))

    def test_a_deadline_ends_the_call(self):
        started = time.monotonic()
        err = self.curl(
            "call", "Wait", '{"waitMs":3000}', "--timeout", "200ms", code=UNAVAILABLE).err
        self.assertTrue(err.startswith("nnrpcurl: DEADLINE_EXCEEDED: "), err)
        self.assertLess(time.monotonic() - started, 2.5)

    def test_health_and_stats_are_there_for_any_server(self):
        self.assertEqual(self.curl("health").out, "the server takes calls\n")
        self.assertEqual(
            self.curl("health", "catalog.v1.ShelfService").out,
            "catalog.v1.ShelfService takes calls\n")
        self.assertIn("nnrpc.v1.HealthService/Check", self.curl("stats").out)


class WithoutReflection(Case):
    """A server that does not say what it has."""

    program = [BARE_SERVER]
    arguments = ["none"]

    def test_it_is_said_what_to_give_instead(self):
        for words in ("methods",), ("describe", "X"), ("call", "X"):
            self.assertIn(
                "the server has no reflection on this address; name the one for administration, or "
                "give the types with --proto-set FILE",
                self.complaint(*words, code=FAILED))

    def test_a_descriptor_set_from_a_file_does_as_well(self):
        found = self.curl("call", "Read", '{"text":"x"}', "--proto-set", ECHO_SET).json
        self.assertEqual(found["text"], "x")
        self.assertIn("echo.v1.EchoService/Append", self.curl("methods", "--proto-set", ECHO_SET).out)

    def test_a_file_that_is_no_descriptor_set_is_refused(self):
        self.assertIn(
            "--proto-set: /proc/version: the bytes are no FileDescriptorSet",
            self.complaint("methods", "--proto-set", "/proc/version"))
        self.assertIn("cannot open", self.complaint("methods", "--proto-set", "/none"))


class WithBrokenDescriptors(Case):
    """A server whose descriptors are none."""

    program = [BARE_SERVER]
    arguments = ["broken"]

    def test_they_are_refused(self):
        err = self.complaint("methods", code=REFUSED)
        self.assertTrue(err.startswith("INVALID_ARGUMENT INVALID_DESCRIPTORS: the bytes are no "), err)


class WithHostileDescriptors(WithBrokenDescriptors):
    """A server whose descriptors nest without end."""

    arguments = ["hostile"]


class WithoutServer(unittest.TestCase):
    def run_alone(self, *words, url=None):
        return Result(subprocess.run(
            [NNRPCURL, *words], stdin=subprocess.DEVNULL, capture_output=True,
            env=environment(url), timeout=SECONDS_MOST))

    def test_a_server_must_be_named(self):
        result = self.run_alone("methods")
        self.assertEqual(
            (result.code, result.err),
            (USAGE, "nnrpcurl: which server? Give --server URL or set NNRPC_SERVER\n"))

    def test_a_server_that_is_not_there_is_waited_for_until_the_deadline(self):
        result = self.run_alone("methods", "--timeout", "300ms", url="ipc:///tmp/none/none")
        self.assertEqual(result.code, UNAVAILABLE)
        self.assertRegex(result.err, r"^nnrpcurl: (UNAVAILABLE UNREACHABLE|DEADLINE_EXCEEDED): ")

    def test_a_descriptor_set_is_shown_without_a_server(self):
        result = self.run_alone("describe", "EchoService", "--proto-set", ECHO_SET)
        self.assertEqual(result.code, OK, result.err)
        self.assertIn("service EchoService {\n", result.out)

    def test_help_and_version_name_the_program(self):
        self.assertRegex(self.run_alone("--version").out, r"^nnrpcurl \d+\.\d+\.\d+\n$")
        program = self.run_alone("--help").out
        for verb in "call", "methods", "describe", "health", "stats", "completion":
            self.assertIn(f"  {verb} ", program)
            self.assertIn(f"Usage: nnrpcurl [OPTION...] {verb}", self.run_alone(verb, "--help").out)
        self.assertIn("NNRPC_SERVER", program)
        self.assertIn("Exit codes:", program)
        self.assertNotRegex(program + self.run_alone("call", "--help").out, "contactctl|PROGRAM")

    def test_wrong_words_get_one_clear_line(self):
        for words, text in (
                (("cal",), 'no verb "cal"; did you mean "call"?'),
                (("call",), "METHOD is missing: nnrpcurl call METHOD [JSON]"),
                (("call", "a", "b", "c"), '"c" is one argument too many'),
                (("call", "a", "--windw", "1"), "call has no flag --windw; did you mean --window?"),
                (("methods", "-H", "a: b"), "methods has no flag -H"),
                (("call", "a", "--window", "0"), '--window is "0"; it must be a whole number')):
            result = self.run_alone(*words, url="ipc:///tmp/none/none")
            self.assertEqual(result.code, USAGE, words)
            self.assertTrue(result.err.startswith("nnrpcurl: " + text), result.err)

    @unittest.skipUnless(shutil.which("bash"), "no bash")
    def test_bash_completes_verbs_and_flags(self):
        script = self.run_alone("completion", "bash").out
        self.assertNotRegex(script, "contactctl|PROGRAM")
        ask = script + (
            "\nCOMP_WORDS=(nnrpcurl call X --me) COMP_CWORD=3; _nnrpcurl; echo ${COMPREPLY[@]}"
            "\nCOMP_WORDS=(nnrpcurl de) COMP_CWORD=1; _nnrpcurl; echo ${COMPREPLY[@]}\n")
        done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True)
        self.assertEqual(done.stdout, "--metadata\ndescribe\n", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
