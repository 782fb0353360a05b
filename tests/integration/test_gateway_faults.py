#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contact-gateway when something fails: contactd absent, killed, stopped or full; clients that go
away; its own end."""

import json
import signal
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import gateway as gw  # noqa: E402

GET = "GET"
PATIENCE = 30
CLIENTS = 16


class Load:
    """Clients that ask one after the other on connections of their own, until they are stopped.
    `results` has a status, or what went wrong, for each request; `slowest` in seconds."""

    def __init__(self, gateway, target, count=CLIENTS, method=GET, body=None):
        self.gateway, self.target, self.method, self.body = gateway, target, method, body
        self.results, self.slowest, self.is_over = [], 0.0, False
        self.closed = 0
        self.threads = [threading.Thread(target=self._ask) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def _ask(self):
        connection = self.gateway.connection()
        while not self.is_over:
            begun = time.monotonic()
            try:
                answer = self.gateway.request(
                    self.method, self.target, self.body, connection=connection)
            except OSError as error:
                self.results.append(type(error).__name__)
                break
            self.slowest = max(self.slowest, time.monotonic() - begun)
            self.results.append(answer.status)
            if answer.status in (503, 504) and "retry-after" not in answer.headers:
                self.results.append(f"{answer.status} without Retry-After")
            if answer.headers.get("connection") == "close":
                self.closed += 1
                break
        connection.close()

    def await_results(self, wanted):
        """Waits for so many more results."""
        wanted += len(self.results)
        deadline = time.monotonic() + PATIENCE
        while len(self.results) < wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"no answers come any more: {set(self.results)}")
            time.sleep(0.005)

    def stop(self):
        self.is_over = True
        for thread in self.threads:
            thread.join(PATIENCE)
            if thread.is_alive():
                raise AssertionError("a request hangs")
        return set(self.results)


class Case(unittest.TestCase):
    def start(self, *flags, contactd_flags=()):
        self.server = gw.Contactd(*contactd_flags)
        self.addCleanup(self.server.close)
        self.gateway = gw.Gateway(self.server, *flags)
        self.addCleanup(self.gateway.close)
        made = self.gateway.post(gw.CUSTOMERS + "/", {"id": "known", "name": "Known"})
        self.assertEqual(made.status, 201)

    def known(self):
        return f"{gw.CUSTOMERS}/known"

    def await_status(self, status):
        deadline = time.monotonic() + PATIENCE
        while self.gateway.get(self.known()).status != status:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def kill_contactd(self):
        self.server.kill()


class Contactd(Case):
    def test_an_absent_one_is_answered_for_within_two_seconds(self):
        gateway = gw.Gateway("ipc:///tmp/there-is-no-contactd.sock")
        self.addCleanup(gateway.close)
        for method, body in ((GET, None), ("POST", {"name": "x"})):
            begun = time.monotonic()
            answer = gateway.request(method, gw.CUSTOMERS + "/", body, token="x")
            self.assertLess(time.monotonic() - begun, 5)
            self.assertEqual((answer.status, answer.error["status"]), (503, "UNAVAILABLE"))
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
        self.assertEqual(gateway.get("/readyz").status, 503)
        self.assertEqual(gateway.get("/healthz").status, 200)

    def test_one_that_is_killed_under_load_is_missed_and_found_again(self):
        self.start()
        load = Load(self.gateway, self.known())
        load.await_results(200)
        self.kill_contactd()
        load.await_results(CLIENTS)
        self.server.start()
        self.await_status(200)
        load.await_results(200)
        self.assertLessEqual(load.stop(), {200, 503, 504})
        self.assertEqual(load.results[-1], 200)
        self.assertLess(load.slowest, 15)

    def test_a_restart_is_not_seen(self):
        self.start()
        load = Load(self.gateway, self.known())
        load.await_results(200)
        self.server.process.send_signal(signal.SIGTERM)
        self.server.process.wait(PATIENCE)
        self.server.start()
        load.await_results(200)
        self.assertEqual(load.stop(), {200})

    def test_a_create_that_is_repeated_happens_once(self):
        self.start()
        load = Load(self.gateway, gw.CUSTOMERS + "/", 4, "POST", {"name": "Once"})
        load.await_results(50)
        self.kill_contactd()
        self.server.start()
        load.await_results(50)
        self.assertLessEqual(load.stop(), {201, 503, 504})
        made = sum(result == 201 for result in load.results)
        lost = len(load.results) - made
        listed = self.gateway.get(f"{gw.CUSTOMERS}/?pageSize=1000&idAfter=").json
        count = sum(each["name"] == "Once" for each in listed)
        self.assertTrue(made <= count <= made + lost, (made, count, lost))

    def test_one_that_stands_still_is_not_waited_for_for_ever(self):
        self.start("--timeout=1s")
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            begun = time.monotonic()
            answer = self.gateway.get(self.known())
            seconds = time.monotonic() - begun
            self.assertEqual((answer.status, answer.error["status"]), (504, "DEADLINE_EXCEEDED"))
            self.assertGreaterEqual(int(answer.headers["retry-after"]), 1)
            self.assertTrue(0.9 < seconds < 5, seconds)
            self.assertEqual(self.gateway.get("/readyz").status, 503)
            self.assertEqual(self.gateway.get("/healthz").status, 200)
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.await_status(200)

    def test_one_that_has_too_much_to_do_says_when_to_come_back(self):
        self.start(contactd_flags=("--limit", "contacts.v1.CustomerService/* rate=5 burst=5"))
        load = Load(self.gateway, self.known(), 4)
        load.await_results(40)
        results = load.stop()
        self.assertIn(429, results)
        self.assertLessEqual(results, {200, 429, 503})

    def test_the_other_one_of_two_is_called(self):
        self.start()
        gateway = gw.Gateway(["ipc:///tmp/there-is-no-contactd.sock", self.server])
        self.addCleanup(gateway.close)
        token = self.server.tokens["reader"]
        for _ in range(20):
            self.assertEqual(gateway.get(self.known(), token=token).status, 200)


class Clients(Case):
    def test_64_connections_become_frames(self):
        self.start("--threads=1")
        before = self.counts()
        load = Load(self.gateway, self.known(), 64)
        load.await_results(3000)
        self.assertEqual(load.stop(), {200})
        frames, calls = (now - then for now, then in zip(self.counts(), before))
        self.assertGreater(calls, 3000)
        self.assertGreater(calls / frames, 1.5)

    def counts(self):
        """Frames and calls that contactd has had."""
        stats = json.loads(self.server.ctl("stats", "--output", "json").out)
        return int(stats["frames"]), sum(int(each["count"]) for each in stats["methods"])

    def test_a_client_that_leaves_takes_its_call_along(self):
        self.start("--threads=1")
        self.server.process.send_signal(signal.SIGSTOP)
        try:
            token = self.server.tokens["reader"].encode()
            for _ in range(50):
                used = self.gateway.socket()
                used.sendall(b"GET " + self.known().encode() + b" HTTP/1.1\r\nHost: x\r\n"
                             b"Authorization: Bearer " + token + b"\r\n\r\n")
                time.sleep(0.005)
                used.setsockopt(
                    gw.socket.SOL_SOCKET, gw.socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                used.close()
            deadline = time.monotonic() + PATIENCE
            while not self.only_one_is_open():
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.05)
        finally:
            self.server.process.send_signal(signal.SIGCONT)
        self.await_status(200)

    def only_one_is_open(self):
        page = self.gateway.get("/metrics", token=None).body.decode()
        return "\ncontact_gateway_http_connections 1\n" in page


class Ends(Case):
    def test_a_stop_under_load_loses_no_answer(self):
        self.start()
        for _ in range(3):
            load = Load(self.gateway, self.known())
            load.await_results(300)
            self.assertEqual(self.gateway.stop(), 0)
            self.assertEqual(load.stop(), {200})
            self.assertEqual(load.closed, CLIENTS)
            self.gateway.start()

    def test_idle_connections_are_closed_at_once(self):
        self.start()
        connection = self.gateway.connection()
        self.gateway.get("/healthz", connection=connection)
        begun = time.monotonic()
        self.assertEqual(self.gateway.stop(), 0)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(connection.sock.recv(1), b"")
        connection.close()

    def stop_while_a_call_stands(self, gateway_signal=None):
        self.server.process.send_signal(signal.SIGSTOP)
        answers = []
        thread = threading.Thread(
            target=lambda: answers.append(self.gateway.get(self.known())))
        thread.start()
        time.sleep(0.3)
        begun = time.monotonic()
        self.gateway.process.send_signal(signal.SIGTERM)
        if gateway_signal is not None:
            time.sleep(0.2)
            self.gateway.process.send_signal(gateway_signal)
        code = self.gateway.process.wait(PATIENCE)
        seconds = time.monotonic() - begun
        self.server.process.send_signal(signal.SIGCONT)
        return thread, answers, code, seconds

    def test_what_takes_longer_than_the_drain_time_is_given_up(self):
        self.start("--drain-time=500ms")
        thread, answers, code, seconds = self.stop_while_a_call_stands()
        thread.join(PATIENCE)
        self.assertEqual(code, 0)
        self.assertTrue(0.4 < seconds < 5, seconds)
        self.assertEqual(answers[0].status, 503)
        self.assertEqual(answers[0].error["reason"], "SHUTTING_DOWN")
        self.assertEqual(len(self.gateway.log_lines("drain_time_over")), 1)

    def test_a_second_signal_ends_it_at_once(self):
        self.start()
        threading.excepthook = lambda _: None
        self.addCleanup(setattr, threading, "excepthook", threading.__excepthook__)
        thread, answers, code, seconds = self.stop_while_a_call_stands(signal.SIGINT)
        thread.join(PATIENCE)
        self.assertEqual((code, answers), (1, []))
        self.assertLess(seconds, 5)

    def test_sighup_changes_nothing_while_it_drains(self):
        self.start("--drain-time=1s")
        thread, answers, code, seconds = self.stop_while_a_call_stands(signal.SIGHUP)
        thread.join(PATIENCE)
        self.assertEqual((code, answers[0].status), (0, 503))
        self.assertGreater(seconds, 0.9)

    def test_an_unready_gateway_says_so_while_it_drains(self):
        self.start("--drain-time=5s")
        connection = self.gateway.connection()
        self.gateway.get("/healthz", connection=connection)
        connection.sock.sendall(b"GET /readyz HTTP/1.1\r\n")
        time.sleep(0.5)
        self.gateway.process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        connection.sock.sendall(b"Host: x\r\n\r\n")
        answer = gw.parse_answers(gw.receive_all(connection.sock))[0]
        self.assertEqual((answer.status, answer.error["reason"]), (503, "SHUTTING_DOWN"))
        self.assertEqual(answer.headers["connection"], "close")
        self.assertEqual(self.gateway.process.wait(PATIENCE), 0)
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
