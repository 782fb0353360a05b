#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How contact-gateway starts, refuses to start, reads its settings again, and speaks TLS."""

import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "support"))
import contactctl  # noqa: E402
import gateway as gw  # noqa: E402

FAILED, USAGE = 1, 2
NOWHERE = "ipc:///tmp/there-is-no-contactd.sock"
PATIENCE = 30


def run(*words, **variables):
    """Runs the gateway to its end: exit status, standard output, standard error."""
    done = subprocess.run(
        [gw.GATEWAY, *map(str, words)], capture_output=True, stdin=subprocess.DEVNULL,
        env=contactctl.environment(**variables), timeout=PATIENCE, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Folder(unittest.TestCase):
    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="gws")
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)

    def write(self, name, text, mode=0o600):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def certificate(self, name, *words):
        """Makes a key and a certificate for localhost; their paths."""
        key, certificate = self.folder / f"{name}.key", self.folder / f"{name}.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate, *words],
            check=True, capture_output=True)
        return certificate, key


class Refusals(Folder):
    def refused(self, code, text, *words, server=NOWHERE, **variables):
        flags = [f"--server={server}"] if server else []
        found, out, err = run(*flags, *words, **variables)
        self.assertEqual((found, out), (code, ""), err)
        self.assertEqual(err.count("\n"), 1, err)
        self.assertTrue(err.startswith("contact-gateway: "), err)
        self.assertIn(text, err)

    def test_flags_that_are_none(self):
        self.refused(USAGE, "--server: is missing", server=None)
        self.refused(USAGE, "--nothing: unknown flag", "--nothing")
        self.refused(USAGE, "--listen: needs a value", "--listen")
        self.refused(USAGE, "extra: unexpected argument", "extra")
        self.refused(USAGE, '--timeout: "10" is not a time', "--timeout=10")
        self.refused(USAGE, '--idle-time: "0s" is out of range', "--idle-time=0s")
        self.refused(USAGE, '--max-body-size: "1GiB" is out of range', "--max-body-size=1GiB")
        self.refused(USAGE, '--threads: "0" is out of range', "--threads=0")
        self.refused(USAGE, '--log-level: "loud" is not error', "--log-level=loud")

    def test_files_that_are_none(self):
        self.refused(USAGE, "--config: /none: No such file", "--config=/none")
        path = self.write("config", "# settings\n\ncolour = red\n")
        self.refused(USAGE, f'{path}:3: unknown setting "colour"', f"--config={path}")
        self.refused(FAILED, "/none: No such file", "--listen=127.0.0.1:0",
                     "--stats-token-file=/none")
        path = self.write("token", "secret\n", 0o644)
        self.refused(FAILED, f"{path}: others may read it", "--listen=127.0.0.1:0",
                     f"--stats-token-file={path}")
        path = self.write("empty", "\n")
        self.refused(FAILED, f"{path}: has no token", "--listen=127.0.0.1:0",
                     f"--stats-token-file={path}")

    def test_addresses_that_are_none(self):
        for address in ("8080", "127.0.0.1", "127.0.0.1:", ":80", "::1:80", "[::1:80", "a b:80"):
            self.refused(FAILED, address, f"--listen={address}")
        self.refused(FAILED, "nowhere", "--listen=127.0.0.1:0", server="nowhere")

    def test_a_port_that_is_taken(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.refused(FAILED, f"cannot listen on 127.0.0.1:{port}: Address already in use",
                         f"--listen=127.0.0.1:{port}")

    def test_plain_http_for_others(self):
        self.refused(FAILED, "0.0.0.0:0: needs --tls-cert and --tls-key", "--listen=0.0.0.0:0")
        gateway = gw.Gateway(NOWHERE, "--insecure", listen=("0.0.0.0:0",))
        self.assertEqual(gateway.get("/healthz").status, 200)
        gateway.close()

    def test_certificates_that_are_none(self):
        certificate, key = self.certificate("one")
        _, other = self.certificate("other")
        text = self.write("text", "no certificate")
        listen = "--listen=127.0.0.1:0"
        self.refused(USAGE, "certificate and key go together", f"--tls-cert={certificate}")
        self.refused(USAGE, "certificate and key go together", f"--tls-key={key}")
        self.refused(FAILED, "/none: cannot be read", listen, "--tls-cert=/none",
                     f"--tls-key={key}")
        self.refused(FAILED, "/none: cannot be read", listen, f"--tls-cert={certificate}",
                     "--tls-key=/none")
        self.refused(FAILED, f"{text}: is no certificate", listen, f"--tls-cert={text}",
                     f"--tls-key={key}")
        self.refused(FAILED, f"{text}: is no private key", listen, f"--tls-cert={certificate}",
                     f"--tls-key={text}")
        self.refused(FAILED, f"{other}: is not the key of the certificate in {certificate}",
                     listen, f"--tls-cert={certificate}", f"--tls-key={other}")

    def test_help_and_version(self):
        code, out, err = run("--version")
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"^contact-gateway \d+\.\d+\.\d+\n$")
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for flag in ("--server", "--listen", "--tls-cert", "--max-connections", "--config"):
            self.assertIn(flag, out)


class Settings(Folder):
    def test_a_file_has_what_flags_leave_open(self):
        server = gw.Contactd()
        self.addCleanup(server.close)
        path = self.write(
            "config", f"server = {server.url}\nlisten=127.0.0.1:0\nmax-body-size = 100\n"
                      "log-level = error\n")
        gateway = self.start(path)
        token = server.tokens["writer"]
        made = gateway.post(gw.CUSTOMERS + "/", {"name": "x"}, token=token)
        self.assertEqual(made.status, 201)
        self.assertEqual(
            gateway.post(gw.CUSTOMERS + "/", {"name": "x" * 100}, token=token).status, 413)

    def start(self, path):
        gateway = gw.Gateway([], f"--config={path}", "--log-level=info", listen=())
        self.addCleanup(gateway.close)
        return gateway

    def test_the_environment_names_the_server(self):
        server = gw.Contactd()
        self.addCleanup(server.close)
        code, _, err = run("--listen=127.0.0.1:0", "--stats-token-file=/none",
                           CONTACTS_SERVER=server.url)
        self.assertEqual((code, "/none" in err), (FAILED, True), err)

    def test_sighup_reads_the_settings_again(self):
        path = self.write("config", f"server = {NOWHERE}\nlisten=127.0.0.1:0\n")
        gateway = self.start(path)
        path.write_text(f"server = {NOWHERE}\nlisten=127.0.0.1:0\ndrain-time = 7s\nthreads = 3\n")
        gateway.process.send_signal(signal.SIGHUP)
        gateway.await_lines("configuration_read", 1)
        self.assertEqual(gateway.log_lines("setting_changed")[0]["name"], "drain-time")
        self.assertEqual(gateway.log_lines("setting_needs_restart")[0]["name"], "threads")
        path.write_text("nonsense\n")
        gateway.process.send_signal(signal.SIGHUP)
        line = gateway.await_lines("configuration_kept", 1)[0]
        self.assertIn("config:1:", line["error"])
        self.assertEqual(gateway.get("/healthz").status, 200)

    def test_several_addresses_are_served(self):
        gateway = gw.Gateway(NOWHERE, listen=("127.0.0.1:0", "localhost:0", "[::1]:0"))
        self.addCleanup(gateway.close)
        self.assertEqual(len(gateway.urls), 3)
        for url in gateway.urls:
            done = subprocess.run(
                ["curl", "-sS", "-g", url + "/healthz"], capture_output=True, check=True)
            self.assertEqual(done.stdout, b'{"status":"ok"}')


class Tls(Folder):
    def setUp(self):
        super().setUp()
        self.paths = self.certificate("localhost")
        self.server = gw.Contactd()
        self.addCleanup(self.server.close)
        self.gateway = gw.Gateway(
            self.server, f"--tls-cert={self.paths[0]}", f"--tls-key={self.paths[1]}",
            "--idle-time=2s", "--request-time=1s", listen=("127.0.0.1:0", "0.0.0.0:0"),
            context=ssl.create_default_context(cafile=self.paths[0]))
        self.addCleanup(self.gateway.close)

    def test_requests_go_over_tls(self):
        self.assertTrue(self.gateway.url.startswith("https://"))
        made = self.gateway.post(gw.CUSTOMERS + "/", {"name": "Secret"})
        self.assertEqual(made.status, 201)
        connection = self.gateway.connection()
        for _ in range(20):
            answer = self.gateway.get(made.headers["location"], connection=connection)
            self.assertEqual(answer.json["name"], "Secret")
        connection.close()
        answers = self.gateway.raw_answers(
            b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 20
            + b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        self.assertEqual([each.status for each in answers], [200] * 21)

    def test_a_large_body_goes_over_tls(self):
        body = {"name": "x" * 500000}
        answer = self.gateway.post(gw.CUSTOMERS + "/", body)
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.error["fieldViolations"][0]["field"], "name")

    def test_only_tls_1_2_and_later_are_spoken(self):
        context = ssl.create_default_context(cafile=self.paths[0])
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"),
                              (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context.minimum_version = context.maximum_version = version
            with context.wrap_socket(
                    socket.create_connection(("127.0.0.1", self.gateway.port)),
                    server_hostname="127.0.0.1") as used:
                self.assertEqual(used.version(), name)
        for version, is_spoken in (("-tls1_2", True), ("-tls1_1", False), ("-tls1", False)):
            done = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.gateway.port}", version,
                 "-cipher", "ALL:@SECLEVEL=0"],
                stdin=subprocess.DEVNULL, capture_output=True, check=False)
            self.assertEqual(done.returncode == 0, is_spoken, version)

    def test_plain_http_is_no_tls(self):
        with socket.create_connection(("127.0.0.1", self.gateway.port)) as used:
            used.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP/1.1", gw.receive_all(used))

    def test_a_handshake_that_goes_slowly_is_cut(self):
        with socket.create_connection(("127.0.0.1", self.gateway.port)) as used:
            begun = time.monotonic()
            used.sendall(b"\x16\x03\x01\x02\x00")
            used.settimeout(PATIENCE)
            gw.receive_all(used)
            self.assertLess(time.monotonic() - begun, PATIENCE / 2)

    def test_sighup_takes_a_new_certificate(self):
        before = self.paths[0].read_text(encoding="utf-8")
        connection = self.gateway.connection()
        self.gateway.get("/healthz", connection=connection)
        self.certificate("localhost")
        self.gateway.process.send_signal(signal.SIGHUP)
        self.gateway.await_lines("certificate_read", 1)
        after = ssl.get_server_certificate(("127.0.0.1", self.gateway.port))
        self.assertEqual(after.strip(), self.paths[0].read_text(encoding="utf-8").strip())
        self.assertNotEqual(after.strip(), before.strip())
        self.assertEqual(self.gateway.get("/healthz", connection=connection).status, 200)
        connection.close()
        self.paths[1].write_text("no key", encoding="utf-8")
        self.gateway.process.send_signal(signal.SIGHUP)
        self.gateway.await_lines("certificate_kept", 1)
        kept = ssl.get_server_certificate(("127.0.0.1", self.gateway.port))
        self.assertEqual(kept.strip(), after.strip())


if __name__ == "__main__":
    unittest.main(verbosity=2)
