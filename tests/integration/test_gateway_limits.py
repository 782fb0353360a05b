#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contact-gateway's limits: on sizes, on time, on connections, on memory."""

import os
import resource
import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import gateway as gw  # noqa: E402

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
SLACK_SECONDS = 20
IS_SANITIZED = b"__asan" in Path(gw.GATEWAY).read_bytes() or b"__tsan" in Path(
    gw.GATEWAY).read_bytes()


def closed_after(used, seconds_most):
    """How long until the other side closes a connection; what came before that."""
    begun = time.monotonic()
    used.settimeout(seconds_most)
    data = gw.receive_all(used)
    return time.monotonic() - begun, data


class Sizes(gw.Case):
    gateway_flags = ("--max-header-size=4KiB", "--max-body-size=2KiB")

    def create(self, name):
        return self.gateway.post(gw.CUSTOMERS + "/", {"name": name})

    def too_large(self, answer, status):
        self.assertEqual(answer.status, status)
        self.assertEqual(answer.headers["connection"], "close")
        self.assertEqual(answer.error["reason"], "REQUEST_TOO_LARGE")

    def test_headers_are_bounded(self):
        self.assertEqual(self.gateway.get("/healthz", headers={"A": "x" * 3000}).status, 200)
        self.too_large(self.gateway.get("/healthz", headers={"A": "x" * 4096}), 431)
        self.too_large(
            self.gateway.get("/healthz", headers=[(f"A{i}", "x") for i in range(120)]), 431)

    def test_headers_without_end_are_cut(self):
        for line in (b"A: " + b"x" * 100000, b"A: x\r\n" * 20000):
            answers = self.gateway.raw_answers(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + line)
            self.assertEqual([each.status for each in answers], [431])
        answer = self.gateway.raw(b"GET /" + b"x" * 100000)
        self.assertTrue(answer.startswith(b"HTTP/1.1 414 "), answer)

    def test_a_body_is_bounded_by_its_length(self):
        self.assertEqual(self.create("x" * 900).status, 201)
        self.too_large(self.create("x" * 2048), 413)

    def test_a_large_body_is_refused_before_it_is_sent(self):
        answers = self.gateway.raw_answers(
            b"POST /healthz HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
            b"Content-Length: 1000000000\r\n\r\n")
        self.assertEqual([each.status for each in answers], [413])

    def test_the_answer_is_read_also_by_who_sends_on(self):
        for _ in range(5):
            size = 3 << 20
            answers = self.gateway.raw_answers(
                b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size
                + b"x" * size)
            self.assertEqual([each.status for each in answers], [413])

    def test_a_body_in_chunks_is_bounded(self):
        head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        answers = self.gateway.raw_answers(
            head + b"400\r\n" + b"x" * 1024 + b"\r\n" + b"401\r\n" + b"x" * 1025 + b"\r\n0\r\n\r\n"
            + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual(answers[0].status, 413)
        answers = self.gateway.raw_answers(head + (b"400\r\n" + b"x" * 1024 + b"\r\n") * 100)
        self.assertEqual(answers, [])


class Times(gw.Case):
    gateway_flags = ("--idle-time=1500ms", "--request-time=1s")

    def cut(self, used, least, most=4.0):
        seconds, data = closed_after(used, SLACK_SECONDS)
        self.assertGreater(seconds, least)
        self.assertLess(seconds, most + (SLACK_SECONDS if IS_SANITIZED else 0))
        return data

    def drip(self, used, data):
        """Sends a byte every 0.1 s until the gateway closes; how long that took."""
        begun = time.monotonic()
        for byte in data:
            try:
                used.sendall(bytes([byte]))
            except OSError:
                break
            used.settimeout(0.1)
            try:
                if used.recv(1) == b"":
                    break
            except TimeoutError:
                continue
        return time.monotonic() - begun

    def test_a_connection_that_says_nothing_is_closed(self):
        with self.gateway.socket() as used:
            self.assertEqual(self.cut(used, 1.4), b"")

    def test_an_idle_connection_is_closed_after_its_answer(self):
        with self.gateway.socket() as used:
            used.sendall(HEALTH)
            self.assertTrue(self.cut(used, 1.4).startswith(b"HTTP/1.1 200 OK"))

    def test_who_sends_a_byte_now_and_then_is_cut(self):
        line = b"GET /" + b"x" * 200
        headers = b"A: " + b"x" * 200
        body = b"x" * 200
        post = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n"
        for start, slow in ((b"", line), (HEALTH, line), (HEALTH[:-2], headers), (post, body)):
            with self.gateway.socket() as used:
                used.sendall(start)
                if start == HEALTH:
                    used.recv(1000)
                seconds = self.drip(used, slow)
            self.assertGreater(seconds, 0.9, slow[:8])
            self.assertLess(seconds, 5 + (SLACK_SECONDS if IS_SANITIZED else 0), slow[:8])

    def test_who_stops_in_the_middle_is_cut(self):
        with self.gateway.socket() as used:
            used.sendall(b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
            self.assertEqual(self.cut(used, 0.9), b"")

    def test_a_slow_request_in_time_is_answered(self):
        with self.gateway.socket() as used:
            for part in (HEALTH[:10], HEALTH[10:30], HEALTH[30:]):
                used.sendall(part)
                time.sleep(0.2)
            self.assertTrue(used.recv(1000).startswith(b"HTTP/1.1 200 OK"))

    def test_who_does_not_read_is_cut(self):
        with self.gateway.socket() as used:
            used.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            request = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
            used.settimeout(SLACK_SECONDS)
            begun = time.monotonic()
            with self.assertRaises(ConnectionError):
                while time.monotonic() - begun < SLACK_SECONDS:
                    used.sendall(request * 20)
                    time.sleep(0.05)


class Connections(gw.Case):
    gateway_flags = ("--max-connections=8", "--idle-time=20s")

    def test_one_connection_too_many_is_told_so_at_once(self):
        held = []
        for _ in range(8):
            used = self.gateway.socket()
            self.addCleanup(used.close)
            used.sendall(HEALTH)
            self.assertTrue(used.recv(1000).startswith(b"HTTP/1.1 200 OK"))
            held.append(used)
        answers = self.gateway.raw_answers(HEALTH)
        self.assertEqual([each.status for each in answers], [503])
        self.assertEqual(answers[0].error["reason"], "OVERLOADED")
        self.assertGreaterEqual(int(answers[0].headers["retry-after"]), 1)
        self.assertEqual(answers[0].headers["connection"], "close")
        held[0].close()
        deadline = time.monotonic() + SLACK_SECONDS
        while self.gateway.raw(HEALTH[:-2] + b"Connection: close\r\n\r\n")[9:12] != b"200":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        self.assertEqual(len(self.gateway.log_lines("connection_refused")), 1)


class Descriptors(unittest.TestCase):
    """A gateway that may have few descriptors only."""

    def start(self, limit, *flags):
        server = gw.Contactd()
        self.addCleanup(server.close)
        gateway = gw.Gateway(server, "--threads=1", *flags, preexec=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (limit, limit)))
        self.addCleanup(gateway.close)
        return gateway

    def test_it_serves_fewer_connections_and_says_so(self):
        gateway = self.start(200)
        line = gateway.log_lines("max_connections_lowered")[0]
        self.assertEqual(line["to"], "72")
        held = [gateway.socket() for _ in range(100)]
        answers = [gw.parse_answers(each.recv(2000)) for each in held[72:]]
        self.assertEqual({each[0].status for each in answers}, {503})
        for used in held:
            used.close()
        deadline = time.monotonic() + SLACK_SECONDS
        while gateway.get("/healthz").status != 200:
            self.assertLess(time.monotonic(), deadline)


class Memory(gw.Case):
    gateway_flags = ("--threads=2",)

    def status(self, key):
        lines = Path(f"/proc/{self.gateway.process.pid}/status").read_text("ascii").splitlines()
        return int(next(line for line in lines if line.startswith(key)).split()[1])

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.gateway.process.pid}/fd"))

    def settle(self):
        """Waits until the connection that asks is the only one; how many descriptors there are."""
        deadline = time.monotonic() + SLACK_SECONDS
        with self.gateway.socket() as used:
            while True:
                used.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
                if b"\ncontact_gateway_http_connections 1\n" in used.recv(1 << 20):
                    return self.descriptors()
                self.assertLess(time.monotonic(), deadline, "connections stay open")
                time.sleep(0.05)

    def round(self):
        """500 connections that come and go in every way there is."""
        get = b"GET " + gw.CONTACTS.encode() + b"/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
        get += self.server.tokens["reader"].encode() + b"\r\n\r\n"
        for number in range(500):
            with self.gateway.socket() as used:
                kind = number % 5
                used.sendall((b"", HEALTH, get, get[:60], b"?\r\n\r\n" + HEALTH)[kind])
                if kind in (1, 2):
                    used.recv(4000)
                elif kind == 3:
                    used.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    def test_2000_connections_leave_nothing_behind(self):
        self.round()
        self.round()
        descriptors = self.settle()
        before = self.status("VmRSS")
        for _ in range(4):
            self.round()
        self.assertEqual(self.settle(), descriptors)
        if not IS_SANITIZED:
            self.assertLess(self.status("VmRSS") - before, 1500)

    def test_requests_on_one_connection_take_no_memory(self):
        made = self.customer()
        connection = self.gateway.connection()
        target = f"{gw.CUSTOMERS}/{made['id']}"
        for count in (500, 3000):
            before = self.status("VmRSS")
            for _ in range(count):
                self.assertEqual(self.gateway.get(target, connection=connection).status, 200)
            grown = self.status("VmRSS") - before
        connection.close()
        if not IS_SANITIZED:
            self.assertLess(grown, 300)

    def test_bodies_that_nobody_wants_take_no_memory(self):
        head = b" HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
        before = self.status("VmRSS")
        held = []
        for number in range(60):
            target = (b"/nope", gw.CONTACTS.encode() + b"/", b"/healthz")[number % 3]
            used = self.gateway.socket()
            self.addCleanup(used.close)
            try:
                used.sendall(b"POST " + target + head + b"x" * 999999)
            except ConnectionError:  # it was answered, and enough was read on
                pass
            held.append(used)
        time.sleep(0.5)
        if not IS_SANITIZED:
            self.assertLess(self.status("VmRSS") - before, 8000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
