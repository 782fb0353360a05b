#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The page of metrics of contact-gateway: its form, what it counts, and contactd's part of it.

Usage: test_gateway_metrics.py CONTACTD CONTACTCTL CONTACT-GATEWAY [UNITTEST-OPTION...]
"""

import os
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))

import exposition  # noqa: E402
import gateway  # noqa: E402

GET = "contacts.v1.ContactService/GetContact"
REQUESTS = "contact_gateway_http_requests_total"
DURATIONS = "contact_gateway_http_request_duration_seconds"
SCRAPE = "contact_gateway_contactd_scrape"
AT_ONCE_SECONDS = 3

GOOD = """\
# HELP a_total Help.
# TYPE a_total counter
a_total{x="y"} 1
a_total{x="\\\\ \\" \\n"} 2
# a remark
# HELP h_seconds Help.
# TYPE h_seconds histogram
h_seconds_bucket{le="0.5"} 1
h_seconds_bucket{le="+Inf"} 3
h_seconds_sum 4.5
h_seconds_count 3
"""


def page(where, token=None):
    answer = where.get("/metrics", token=token)
    if answer.status != 200:
        raise AssertionError(f"no page: {answer}")
    return exposition.read(answer.body.decode("utf-8"))


def outcome(families):
    family = families[SCRAPE]
    return [labels["outcome"] for labels in family.labels() if family.value(**labels) == 1]


class Reader(unittest.TestCase):
    """What finds a page wrong, on wrong pages."""

    def test_a_good_page_is_read(self):
        families = exposition.read(GOOD)
        self.assertEqual(families["a_total"].value(x="y"), 1)
        self.assertEqual(families["a_total"].value(x='\\ " \n'), 2)

    def test_wrong_pages_are_refused(self):
        for old, new in (
                ("# HELP a_total Help.\n", ""), ("# TYPE a_total counter\n", ""),
                ("counter", "gauge"), ("counter", "number"), ('x="y"', 'x="\\\\ \\" \\n"'),
                ('x="y"', 'x="\\y"'), ('x="y"', 'x="y",'), ('x="y"', "x=y"), ("} 1\na", "} -1\na"),
                ("} 1\na", "} one\na"), ("a_total{x=\"y\"}", "b_total"), ("_bucket{le=\"+Inf\"} 3\n", "_x 3\n"),
                ("h_seconds_bucket{le=\"+Inf\"} 3\n", ""), ('"0.5"} 1', '"0.5"} 4'),
                ("h_seconds_count 3", "h_seconds_count 4"), ("h_seconds_sum 4.5\n", ""),
                ("h_seconds", "a_total"), ("count 3\n", "count 3")):
            self.assertIn(old, GOOD)
            with self.assertRaises(exposition.Malformed, msg=f"{old!r} as {new!r}"):
                exposition.read(GOOD.replace(old, new))


class Metrics(gateway.Case):
    def test_the_page_is_prometheus_text(self):
        answer = self.call("GET", "/metrics", token=None)
        self.assertEqual(
            answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        exposition.read(answer.body.decode("utf-8"))

    def test_requests_are_counted_by_method_and_code(self):
        before = page(self.gateway)[REQUESTS]
        contact = self.contact()
        for status, identifier in ((200, contact["id"]), (200, contact["id"]), (404, 999999)):
            self.call("GET", f"{gateway.CONTACTS}/{identifier}", status=status)
        families = page(self.gateway)
        for code, count in (("200", 2), ("404", 1)):
            counted = families[REQUESTS].value(method=GET, code=code)
            self.assertEqual(counted, (before.value(method=GET, code=code) or 0) + count)
            key = ("_count", frozenset({"method": GET, "code": code}.items()))
            self.assertEqual(families[DURATIONS].samples[key], counted)
        self.assertGreater(families["contact_gateway_http_sent_bytes_total"].value(method=GET), 0)

    def test_connections_and_requests_are_gauges(self):
        connections = [self.gateway.connection() for _ in range(3)]
        for connection in connections:
            self.gateway.get("/healthz", token=None, connection=connection)
        families = page(self.gateway)
        self.assertGreaterEqual(families["contact_gateway_http_connections"].value(), 4)
        self.assertEqual(families["contact_gateway_http_requests_in_flight"].value(), 1)
        for connection in connections:
            connection.close()
        deadline = time.monotonic() + gateway.ANSWER_SECONDS_MOST
        while page(self.gateway)["contact_gateway_http_connections"].value() >= 4:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_the_process_is_this_one(self):
        families = page(self.gateway)
        self.assertAlmostEqual(
            families["process_start_time_seconds"].value(), time.time(), delta=600)
        self.assertGreater(families["process_resident_memory_bytes"].value(), 1 << 20)
        self.assertGreater(families["process_open_fds"].value(), 3)

    def test_contactd_is_not_asked_without_a_token(self):
        families = page(self.gateway)
        self.assertEqual(outcome(families), ["not_asked"])
        self.assertNotIn("contactd_up", families)

    def test_the_readers_token_brings_what_contactd_counts(self):
        self.contact()
        families = page(self.gateway, token="reader")
        self.assertEqual(outcome(families), ["answered"])
        self.assertEqual(families["contactd_up"].value(), 1)
        calls = families["contactd_calls_total"]
        self.assertGreater(calls.value(method="contacts.v1.ContactService/CreateContact", code="OK"), 0)
        self.assertIn("contactd_call_duration_seconds", families)
        self.assertGreater(families["contactd_store_map_used_bytes"].value(), 0)
        self.assertGreater(families["contactd_start_time_seconds"].value(), 1e9)

    def test_a_token_that_is_none_brings_the_gateways_part_alone(self):
        families = page(self.gateway, token="nobody")
        self.assertEqual(outcome(families), ["refused"])
        self.assertEqual(families["contactd_up"].value(), 1)
        self.assertNotIn("contactd_calls_total", families)

    def test_a_scheme_that_is_no_token_is_as_none(self):
        answer = self.call(
            "GET", "/metrics", token=None, headers={"Authorization": "Basic dXNlcjpwYXNz"})
        self.assertEqual(outcome(exposition.read(answer.body.decode())), ["not_asked"])

    def test_head_has_no_body(self):
        answer = self.call("HEAD", "/metrics", token=None)
        self.assertEqual(answer.body, b"")


class StatsToken(unittest.TestCase):
    def test_a_token_of_the_gateway_serves_whoever_reads_the_page(self):
        server = gateway.Contactd()
        self.addCleanup(server.close)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            os.chmod(file.name, 0o600)
            file.write(server.tokens["reader"] + "\n")
            file.flush()
            running = gateway.Gateway(server, f"--stats-token-file={file.name}")
        self.addCleanup(running.close)
        self.assertEqual(outcome(page(running)), ["answered"])
        # Whoever sends one is answered by his own.
        self.assertEqual(outcome(page(running, token="nobody")), ["refused"])


class Absent(unittest.TestCase):
    def test_without_contactd_the_page_comes_at_once_and_says_so(self):
        with tempfile.TemporaryDirectory() as folder:
            running = gateway.Gateway(f"ipc://{folder}/nobody.sock")
            self.addCleanup(running.close)
            begin = time.monotonic()
            families = page(running, token="any")
            self.assertLess(time.monotonic() - begin, AT_ONCE_SECONDS)
            self.assertEqual(outcome(families), ["absent"])
            self.assertEqual(families["contactd_up"].value(), 0)
            self.assertIn("process_open_fds", families)


if __name__ == "__main__":
    gateway.main()
