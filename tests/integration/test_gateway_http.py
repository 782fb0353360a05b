#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""contact-gateway's HTTP: what goes over a connection, and which requests are none."""

import socket
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import gateway as gw  # noqa: E402

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LAST_HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
OK_BODY = b'{"status":"ok"}'


class Connections(gw.Case):
    def post(self, extra, body=b""):
        """A request that creates a customer, as bytes."""
        token = self.server.tokens["writer"].encode()
        return (
            b"POST " + gw.CUSTOMERS.encode() + b"/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
            + token + b"\r\nContent-Type: application/json\r\n" + extra + b"\r\n" + body)

    def test_a_connection_carries_one_request_after_the_other(self):
        connection = self.gateway.connection()
        for _ in range(3):
            answer = self.gateway.get("/healthz", connection=connection)
            self.assertEqual((answer.status, answer.body), (200, OK_BODY))
            port = connection.sock.getsockname()[1]
        self.assertEqual(connection.sock.getsockname()[1], port)
        connection.close()

    def test_requests_sent_in_one_go_are_answered_in_their_order(self):
        made = self.customer(name="In a row")
        target = f"{gw.CUSTOMERS}/{made['id']}".encode()
        token = self.server.tokens["reader"].encode()
        get = b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token
        answers = self.gateway.raw_answers(
            HEALTH + (get + b"\r\n\r\n") * 50 + b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
            + LAST_HEALTH)
        self.assertEqual([each.status for each in answers], [200] * 51 + [404, 200])
        self.assertEqual(answers[0].body, OK_BODY)
        self.assertEqual({each.json["name"] for each in answers[1:51]}, {"In a row"})

    def test_head_is_get_without_the_body(self):
        made = self.customer()
        target = f"{gw.CUSTOMERS}/{made['id']}"
        get, head = self.call("GET", target), self.call("HEAD", target)
        self.assertEqual(head.body, b"")
        for name in ("content-length", "content-type", "etag"):
            self.assertEqual(head.headers[name], get.headers[name])
        for target in ("/", "/healthz", "/readyz", "/openapi.json"):
            get, head = self.call("GET", target), self.call("HEAD", target)
            self.assertEqual((head.body, head.headers["content-length"]),
                             (b"", str(len(get.body))), target)

    def test_http_1_0_closes_unless_it_is_asked_to_keep(self):
        answers = self.gateway.raw_answers(b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertEqual([(each.status, each.body) for each in answers], [(200, OK_BODY)])
        answers = self.gateway.raw_answers(
            b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
            b"GET /healthz HTTP/1.0\r\n\r\n")
        self.assertEqual([each.status for each in answers], [200, 200])

    def test_a_client_that_asks_before_it_sends_a_body_is_told_to_go_on(self):
        body = b'{"name": "Asked before"}'
        with self.gateway.socket() as used:
            used.sendall(self.post(
                b"Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n" % len(body)))
            self.assertEqual(used.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
            used.sendall(body)
            answer = gw.parse_answers(gw.receive_all(used))[0]
        self.assertEqual((answer.status, answer.json["name"]), (201, "Asked before"))

    def test_a_body_may_come_in_chunks(self):
        chunks = (b'5\r\n{"nam\r\n', b'1;x="y"\r\ne\r\n', b'C\r\n": "In ch"} \r\n', b"0\r\n\r\n")
        with self.gateway.socket() as used:
            used.sendall(self.post(b"Transfer-Encoding: chunked\r\nConnection: close\r\n"))
            for chunk in chunks:
                used.sendall(chunk)
                time.sleep(0.02)
            answer = gw.parse_answers(gw.receive_all(used))[0]
        self.assertEqual((answer.status, answer.json["name"]), (201, "In ch"))

    def test_a_body_that_nobody_wants_is_not_waited_for(self):
        no_token = (b"", b"Authorization: \r\n")
        for status, target, extra in (
                *((404, "/nope", extra) for extra in (*no_token, b"Authorization: Bearer x\r\n")),
                *((401, gw.CUSTOMERS + "/", extra) for extra in no_token), (405, "/", b"")):
            for length in (b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n",
                           b"Expect: 100-continue\r\nContent-Length: 1\r\n"):
                answers = self.gateway.raw_answers(
                    b"POST " + target.encode() + b" HTTP/1.1\r\nHost: x\r\n" + extra + length
                    + b"\r\n")
                self.assertEqual([each.status for each in answers], [status], (target, length))
                self.assertEqual(answers[0].headers["connection"], "close")

    def test_a_body_for_a_standing_path_is_passed_over(self):
        answers = self.gateway.raw_answers(
            b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + LAST_HEALTH)
        self.assertEqual([each.status for each in answers], [200, 200])

    def test_parameters_may_be_as_many_as_the_line_has_room_for(self):
        query = "&".join("a=1" for _ in range(3000))
        self.assertEqual(self.gateway.get("/healthz?" + query).status, 200)
        answer = self.gateway.get(f"{gw.CUSTOMERS}/?{query}")
        self.assertEqual((answer.status, answer.error["reason"]), (400, "UNKNOWN_PARAMETER"))
        names = "&".join(f"readMask=id&pretty=1&pageSize={i}" for i in range(300))
        self.assertEqual(self.gateway.get(f"{gw.CUSTOMERS}/?{names}").status, 400)

    def test_not_modified_tells_the_length_of_what_it_stands_for(self):
        made = self.customer()
        target = f"{gw.CUSTOMERS}/{made['id']}"
        whole = self.call("GET", target)
        for method in ("GET", "HEAD"):
            answer = self.call(method, target, status=304,
                               headers={"If-None-Match": whole.headers["etag"]})
            self.assertEqual((answer.body, answer.headers["content-length"]),
                             (b"", str(len(whole.body))))

    def test_a_client_that_has_closed_its_side_still_gets_its_answer(self):
        made = self.customer()
        token = self.server.tokens["reader"].encode()
        for target in (f"{gw.CUSTOMERS}/{made['id']}", "/healthz"):
            with self.gateway.socket() as used:
                used.sendall(b"GET " + target.encode() + b" HTTP/1.1\r\nHost: x\r\n"
                             b"Authorization: Bearer " + token + b"\r\n\r\n")
                used.shutdown(socket.SHUT_WR)
                answers = gw.parse_answers(gw.receive_all(used))
            self.assertEqual([each.status for each in answers], [200], target)

    def test_the_absolute_form_of_a_target_is_understood(self):
        for target in (b"http://contacts.example/healthz", b"HTTPS://[::1]:80/healthz?x=1"):
            answers = self.gateway.raw_answers(
                b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertEqual([each.status for each in answers], [200], target)

    def test_blanks_around_a_header_s_value_are_no_part_of_it(self):
        token = self.server.tokens["reader"].encode()
        answers = self.gateway.raw_answers(
            b"GET " + gw.CUSTOMERS.encode() + b"/ HTTP/1.1\r\nHost: x\r\nAuthorization:  \tBearer "
            + token + b" \t \r\nConnection: close\r\n\r\n")
        self.assertEqual([each.status for each in answers], [200])


class NoRequests(gw.Case):
    """Whatever two programs on the way could understand differently is refused, and whatever comes
    behind it on the connection is not read."""

    def refused(self, request, status=400, message=None):
        answers = self.gateway.raw_answers(request + HEALTH)
        self.assertEqual([each.status for each in answers], [status], request)
        self.assertEqual(answers[0].headers["connection"], "close")
        if message is not None:
            self.assertEqual(answers[0].error["message"], message)
            self.assertEqual(answers[0].error["code"], status)

    def head(self, *lines, body=b"", method=b"POST"):
        return (method + b" /healthz HTTP/1.1\r\nHost: x\r\n" + b"".join(
            line + b"\r\n" for line in lines) + b"\r\n" + body)

    def test_a_body_s_length_is_given_once(self):
        message = "the body's length is given twice"
        length = b"Content-Length: 5"
        self.refused(self.head(length, length, body=b"hello"), 400, message)
        self.refused(self.head(length, b"Content-Length: 6", body=b"hello"), 400, message)
        self.refused(
            self.head(length, b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, message)
        self.refused(
            self.head(b"Transfer-Encoding: chunked", length, body=b"0\r\n\r\n"), 400, message)

    def test_a_length_is_a_number(self):
        """The answer may have its head twice; then the second one stands for the body."""
        wrong = (b"-1", b"+5", b"0x5", b"5 5", b"5, 5", b"", b"five")
        too_large = (b"18446744073709551616", b"9999999999999999999999", b"2" * 23)
        for length in wrong + too_large:
            answer = self.gateway.raw(
                self.head(b"Content-Length: " + length, body=b"hello") + HEALTH)
            line = b"HTTP/1.1 413 " if length in too_large else b"HTTP/1.1 400 "
            self.assertTrue(answer.startswith(line), length)
            self.assertEqual(answer.count(line), answer.count(b"HTTP/1.1 "), length)
            self.assertEqual(answer.count(line), answer.count(b"\r\nConnection: close\r\n"))
            self.assertLessEqual(answer.count(line), 2, length)
            self.assertNotIn(OK_BODY, answer, length)

    def test_of_encodings_only_chunked_is_understood(self):
        message = "of transfer encodings only chunked is understood"
        for encoding in (b"gzip", b"gzip, chunked", b"chunked, chunked", b"identity", b"chunked;x"):
            self.refused(self.head(b"Transfer-Encoding: " + encoding), 501, message)
        chunked = b"Transfer-Encoding: chunked"
        self.refused(self.head(chunked, chunked), 501, message)
        self.refused(
            b"POST /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
            "HTTP/1.0 has no Transfer-Encoding")

    def test_bad_chunks_end_the_connection(self):
        for chunks in (b"x\r\n", b"-1\r\n", b"5\r\nhelloXX0\r\n\r\n", b"\r\n", b"1 0\r\na\r\n",
                       b"fffffffffffffffff\r\n"):
            answers = self.gateway.raw_answers(
                self.head(b"Transfer-Encoding: chunked", body=chunks + HEALTH))
            self.assertLessEqual(len(answers), 1, chunks)
            self.assertTrue(all(each.status in (400, 413) for each in answers), chunks)

    def test_there_is_one_host(self):
        message = "one Host header is expected"
        self.refused(b"GET /healthz HTTP/1.1\r\n\r\n", 400, message)
        self.refused(self.head(b"Host: y", method=b"GET"), 400, message)

    def test_a_host_is_a_host_and_a_port(self):
        message = "Host is not a host and a port"
        for host in (b"a b", b"a\tb", b"a/b", b"u@a", b"a?b", b"a#b", b"a\\b"):
            self.refused(b"GET /healthz HTTP/1.1\r\nHost: " + host + b"\r\n\r\n", 400, message)
        for host in (b"", b"a.example", b"a:80", b"[::1]:80", b"%61"):
            answers = self.gateway.raw_answers(
                b"GET /healthz HTTP/1.1\r\nConnection: close\r\nHost: " + host + b"\r\n\r\n")
            self.assertEqual([each.status for each in answers], [200], host)
        for target in (b"http:///healthz", b"http://u@a/healthz", b"http://"):
            self.refused(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400,
                         "the request's target is not a path")

    def test_a_header_s_name_is_a_token(self):
        for line in (b"Content-Length : 5", b"a b: c", b"\xe4: b", b"a(: b"):
            self.refused(self.head(line), 400, "a header's name is not one")

    def test_a_header_is_one_line_without_controls(self):
        folded = "the request's head has a NUL, blanks too many or a folded line"
        for line in (b"A: b\r\n c", b"A: b\r\n\tc", b"A: b\0c", b"A: b\r\n\0c: d"):
            self.refused(self.head(line), 400, folded)
        self.refused(self.head(b"\0"), 400, folded)
        for line in (b"A: b\x01c", b"A: b\x7f", b"A: b\rc: d"):
            self.refused(self.head(line), 400, "a header's value has a control character")

    def test_the_first_line_is_as_it_should_be(self):
        blank = "the request's target has a blank or a control character"
        twisted = "the request's head has a NUL, blanks too many or a folded line"
        end = b" HTTP/1.1\r\nHost: x\r\n\r\n"
        self.refused(b"GET /a b" + end, 400, blank)
        self.refused(b"GET /a\tb" + end, 400, blank)
        self.refused(b"GET /a\x7f" + end, 400, blank)
        self.refused(b"GET  /healthz" + end, 400, twisted)
        self.refused(b"GET /healthz\0/../x" + end, 400, twisted)
        self.refused(b"G(T /healthz" + end, 400, "the method is not one")
        self.refused(b"A" * 33 + b" /healthz" + end, 400, "the method is not one")
        for target in (b"healthz", b"//x:y", b"ftp://x/healthz", b"**", b"x:443"):
            answers = self.gateway.raw_answers(
                b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertIn(answers[0].status, (400, 404), target)

    def test_what_is_no_http_is_refused(self):
        for data in (b"hello\r\n\r\n", b"GET\r\n\r\n", b"GET /healthz\r\n\r\n", b"\x16\x03\x01\r\n",
                     b"GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n", b"GET / HTTP/0.9\r\n\r\n",
                     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"GET / http/1.1\r\nHost: x\r\n\r\n"):
            answers = self.gateway.raw_answers(data + HEALTH)
            self.assertLessEqual(len(answers), 1, data)
            self.assertTrue(all(each.status in (400, 505) for each in answers), data)

    def test_any_cut_of_a_request_leaves_the_gateway_well(self):
        request = self.head(b"Content-Length: 5", b"Accept: */*", body=b"hello")
        for size in range(0, len(request), 3):
            with self.gateway.socket() as used:
                used.sendall(request[:size])
        self.assertEqual(self.gateway.get("/healthz").status, 200)


class StandingPages(gw.Case):
    def test_a_standing_path_says_which_methods_it_has(self):
        for target in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
            answer = self.call("POST", target, status=405)
            self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")
            self.assertEqual(answer.error["reason"], "METHOD_NOT_ALLOWED")
            answer = self.call("OPTIONS", target, status=204)
            self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS")

    def test_health_and_readiness_need_no_token(self):
        self.assertEqual(self.call("GET", "/healthz", token=None).json, {"status": "ok"})
        self.assertEqual(self.call("GET", "/readyz", token=None).json, {"status": "ready"})

    def test_the_description_is_known_by_its_etag(self):
        answer = self.call("GET", "/openapi.json", token=None)
        self.assertTrue(answer.json["openapi"].startswith("3.1"))
        etag = answer.headers["etag"]
        for tags in (etag, f'"x", W/{etag}', "*"):
            again = self.call("GET", "/openapi.json", status=304, headers={"If-None-Match": tags})
            self.assertEqual((again.body, again.headers["etag"]), (b"", etag))
            self.assertEqual(again.headers["content-length"], str(len(answer.body)))
        self.call("GET", "/openapi.json", headers={"If-None-Match": '"x"'})

    def test_no_query_no_token_and_no_body_is_logged(self):
        secret = "s3cr3t-" + "x" * 20
        gateway = gw.Gateway(self.server, "--log-level=debug")
        self.addCleanup(gateway.close)
        gateway.get(f"{gw.CONTACTS}/?email={secret}", headers={"X-Request-Id": "known-id"})
        gateway.get(f"{gw.CONTACTS}/1", token=secret)
        gateway.post(gw.CUSTOMERS + "/", {"name": secret, "unknown": secret})
        lines = gateway.await_lines("request", 3)
        by_status = {line["status"]: line for line in lines}
        self.assertEqual(set(by_status), {"200", "401", "400"})
        listed = by_status["200"]
        self.assertEqual(listed["request_id"], "known-id")
        self.assertEqual(listed["path"], f"{gw.CONTACTS}/")
        self.assertEqual(listed["label"], "contacts.v1.ContactService/ListContacts")
        self.assertNotIn(secret, gateway.log())


class AccessLog(gw.Case):
    gateway_flags = ("--log-level=debug",)

    def lines(self, is_meant, count):
        """The lines of requests that are meant, once there are so many."""
        deadline = time.monotonic() + gw.ANSWER_SECONDS_MOST
        while len(found := list(filter(is_meant, self.gateway.log_lines("request")))) < count:
            self.assertLess(time.monotonic(), deadline, self.gateway.log())
            time.sleep(0.01)
        return found

    def test_who_does_not_wait_for_an_answer_is_no_warning(self):
        with self.gateway.socket() as used:
            used.sendall(b"POST " + gw.CUSTOMERS.encode() + b"/ HTTP/1.1\r\nHost: x\r\n"
                         b"Authorization: Bearer x\r\nX-Request-Id: left\r\n"
                         b"Content-Length: 10\r\n\r\nhello")
        self.gateway.raw(b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n")
        lines = self.lines(lambda line: line["status"] in ("499", "501"), 2)
        self.assertEqual({line["level"] for line in lines}, {"debug"})
        self.assertEqual({line["status"] for line in lines}, {"499", "501"})
        self.assertIn("left", [line.get("request_id") for line in lines])
        page = self.gateway.get("/metrics", token=None).body.decode()
        self.assertRegex(page, r'http_requests_total{[^}]*code="499"[^}]*} 1\n')

    def test_a_body_that_is_not_sent_is_not_counted(self):
        """By their ids: the lines of several loops come in any order."""
        whole = self.gateway.get("/openapi.json", headers={"X-Request-Id": "whole"})
        self.gateway.request("HEAD", "/openapi.json", headers={"X-Request-Id": "head"})
        self.gateway.get("/openapi.json", headers={
            "X-Request-Id": "known", "If-None-Match": whole.headers["etag"]})
        lines = self.lines(lambda line: line.get("path") == "/openapi.json", 3)
        sent = {line["request_id"]: int(line["sent_bytes"]) for line in lines}
        self.assertEqual(sent, {"whole": len(whole.body), "head": 0, "known": 0})


if __name__ == "__main__":
    unittest.main(verbosity=2)
