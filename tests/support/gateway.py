# SPDX-License-Identifier: Apache-2.0
"""Runs contact-gateway in front of a contactd of its own, for the tests in tests/integration.

Usage of a test: test_NAME.py CONTACTD CONTACTCTL CONTACT-GATEWAY [UNITTEST-OPTION...]
"""

import json
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import contactctl

GATEWAY = sys.argv.pop(1)
ROLES = ("reader", "writer", "admin")
CONTACTS = "/backend/api/v1/customerContacts"
CUSTOMERS = "/backend/api/v1/customers"
ANSWER_SECONDS_MOST = 60

free_port = contactctl.free_port
main = contactctl.main


class Contactd(contactctl.Server):
    """A contactd that asks for tokens; `tokens` has one for each role, by its name."""

    def start(self):
        path = self.folder / "tokens"
        if not path.exists():
            self.tokens = {role: self._create(path, role) for role in ROLES}
            self.flags = (*self.flags, "--tokens", str(path), "--require-token")
        super().start()

    @staticmethod
    def _create(path, role):
        made = contactctl.run(None, "token", "create", role, "--role", role, "--tokens", path)
        if made.code != contactctl.OK:
            raise AssertionError("no token was made: " + made.err)
        return made.out.strip()

    def ctl(self, *words, **options):
        """Runs contactctl as an administrator and returns its result."""
        token = self.folder / "admin-token"
        if not token.exists():
            token.touch(mode=0o600)
            token.write_text(self.tokens["admin"], encoding="utf-8")
        result = contactctl.run(self, *words, "--token-file", token, **options)
        if result.code != contactctl.OK:
            raise AssertionError(f"{words}: {result.out[-2000:]}\n{result.err[-4000:]}")
        return result

    def gauges(self):
        stats = json.loads(self.ctl("stats", "--output", "json").out)
        return {gauge["name"]: gauge["value"] for gauge in stats["gauges"]}


class Answer:
    """What came back: `headers` by lower-case name, the last one where one stands several times;
    `all_headers` as sent."""

    def __init__(self, status, reason, all_headers, body):
        self.status, self.reason, self.all_headers, self.body = status, reason, all_headers, body
        self.headers = {name.lower(): value for name, value in all_headers}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        return self.json["error"]

    def __repr__(self):
        return f"{self.status} {self.reason} {self.all_headers} {self.body[:2000]!r}"


class Gateway:
    """A contact-gateway on a port that the kernel chose. `server` is a Contactd, a URL, or several
    of them; `preexec` runs in the process before the program does."""

    def __init__(self, server, *flags, listen=("127.0.0.1:0",), context=None, preexec=None):
        servers = server if isinstance(server, (list, tuple)) else [server]
        self.server = servers[0] if servers else None
        self.folder = Path(tempfile.mkdtemp(prefix="gw"))
        self.context = context
        self.preexec = preexec
        self.words = [GATEWAY, *(f"--listen={address}" for address in listen), *map(str, flags)]
        self.words += [f"--server={getattr(each, 'url', each)}" for each in servers]
        self.process = None
        self.start()

    def start(self):
        with open(self.folder / "log", "wb") as output:
            self.process = subprocess.Popen(
                self.words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                env=contactctl.environment(), preexec_fn=self.preexec,
            )
        deadline = time.monotonic() + contactctl.START_SECONDS_MOST
        while "event=started" not in self.log():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("contact-gateway did not start: " + self.log())
            time.sleep(0.005)
        self.urls = [
            word[len("url="):].strip('"') for line in self.log().splitlines()
            if "event=listening" in line for word in line.split() if word.startswith("url=")
        ]
        self.url = self.urls[0]
        self.port = int(self.url.rpartition(":")[2])

    def log(self):
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def log_lines(self, event):
        """The lines of an event, each as a dict of its pairs (values without blanks)."""
        lines = [line for line in self.log().splitlines() if f" event={event} " in line + " "]
        return [dict(word.split("=", 1) for word in line.split() if "=" in word) for line in lines]

    def await_lines(self, event, count):
        """The lines of an event once there are so many; the last one comes after its answer."""
        deadline = time.monotonic() + ANSWER_SECONDS_MOST
        while len(lines := self.log_lines(event)) < count:
            if time.monotonic() > deadline:
                raise AssertionError(f"fewer than {count} lines of {event}: {self.log()}")
            time.sleep(0.005)
        return lines

    # --- Requests -----------------------------------------------------------------------------

    def connection(self):
        """An http.client connection, to be kept or closed by the caller."""
        if self.context is not None:
            return HTTPSConnection(
                "127.0.0.1", self.port, timeout=ANSWER_SECONDS_MOST, context=self.context)
        return HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS_MOST)

    def request(self, method, target, body=None, headers=None, token="writer", connection=None):
        """Sends a request; `token` is a role's name, a token, or None; a body that is no bytes and
        no text is sent as JSON; `headers` is a dict or a list of pairs."""
        pairs = list(headers.items()) if isinstance(headers, dict) else list(headers or [])
        names = {name.lower() for name, _ in pairs}
        if token is not None and "authorization" not in names:
            known = getattr(self.server, "tokens", {})
            pairs.append(("Authorization", "Bearer " + known.get(token, token)))
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None and not names & {"content-length", "transfer-encoding"}:
            pairs.append(("Content-Length", str(len(body))))
            if "content-type" not in names:
                patch = "application/merge-patch+json"
                pairs.append(("Content-Type", patch if method == "PATCH" else "application/json"))
        used = connection or self.connection()
        try:
            used.putrequest(method, target, skip_accept_encoding=True)
            for name, value in pairs:
                used.putheader(name, value)
            used.endheaders(body)
            response = used.getresponse()
            return Answer(response.status, response.reason, response.getheaders(), response.read())
        finally:
            if connection is None:
                used.close()

    def get(self, target, **options):
        return self.request("GET", target, **options)

    def post(self, target, body=None, **options):
        return self.request("POST", target, body, **options)

    def patch(self, target, body, **options):
        return self.request("PATCH", target, body, **options)

    def delete(self, target, **options):
        return self.request("DELETE", target, **options)

    def socket(self):
        """A connected socket, for requests that no client library would send."""
        plain = socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS_MOST)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.context is None:
            return plain
        return self.context.wrap_socket(plain, server_hostname="127.0.0.1")

    def raw(self, data):
        """Sends bytes and returns everything that comes until the gateway closes."""
        with self.socket() as used:
            used.sendall(data)
            return receive_all(used)

    def raw_answers(self, data):
        """Sends bytes and returns the answers that come until the gateway closes."""
        return parse_answers(self.raw(data))

    # --- Ending -------------------------------------------------------------------------------

    def stop(self):
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(contactctl.START_SECONDS_MOST)

    def close(self):
        """Stops it where it still runs, and expects that it ends well."""
        if self.process.poll() is None and self.stop() != 0:
            raise AssertionError("contact-gateway failed: " + self.log()[-20000:])
        shutil.rmtree(self.folder)


def receive_all(used):
    """What comes on a socket until the other side closes it."""
    chunks = []
    try:
        while chunk := used.recv(65536):
            chunks.append(chunk)
    except (ConnectionResetError, ssl.SSLError):
        pass
    return b"".join(chunks)


def parse_answers(data):
    """The answers in what came on a connection; each has a Content-Length, or no body."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").split("\r\n")
        version, status, reason = (line + "  ").split(" ", 2)
        headers = [tuple(part.strip() for part in each.split(":", 1)) for each in lines]
        answer = Answer(int(status), reason.strip(), headers, b"")
        size = int(answer.headers.get("content-length", 0))
        answer.body, data = data[:size], data[size:]
        answer.version = version
        answers.append(answer)
    return answers


class Case(unittest.TestCase):
    """Tests with one contactd and one gateway for all of them; the flags are theirs."""

    contactd_flags = ()
    gateway_flags = ()
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.server = Contactd(*cls.contactd_flags)
        cls.addClassCleanup(cls.server.close)
        cls.gateway = Gateway(cls.server, *cls.gateway_flags)
        cls.addClassCleanup(cls.gateway.close)

    def call(self, method, target, body=None, status=200, **options):
        """Sends a request and expects a status."""
        answer = self.gateway.request(method, target, body, **options)
        self.assertEqual(answer.status, status, f"{method} {target}: {answer}")
        return answer

    def customer(self, **fields):
        """Creates a customer and returns it."""
        return self.call("POST", CUSTOMERS + "/", {"name": "Acme Ltd", **fields}, 201).json

    def contact(self, customer=None, **fields):
        """Creates a contact, a shared one without a customer, and returns it."""
        place = f"{CUSTOMERS}/{customer}/customerContacts/" if customer else CONTACTS + "/"
        return self.call("POST", place, {"lastName": "Lovelace", **fields}, 201).json
