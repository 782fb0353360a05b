#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/server as a newcomer uses it: start it, paste what it prints, stop it.

Usage: test_server.py PROJECT [UNITTEST-OPTION...]
"""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

PROJECT = Path(sys.argv.pop(1)).resolve()
SCRIPT = PROJECT / "script/server"
START_SECONDS_MOST = 1200
STOP_SECONDS_MOST = 30
SECOND_START_SECONDS_MOST = 10


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A running script/server, in a process group of its own as in a terminal."""

    def __init__(self, data, *flags, cwd=PROJECT):
        self.errors = tempfile.TemporaryFile("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [str(SCRIPT), "--data", str(data), *flags],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            start_new_session=True,
        )
        self.lines = []

    def wait_until_started(self):
        deadline = time.monotonic() + START_SECONDS_MOST
        for line in self.process.stdout:
            self.lines.append(line)
            if line.startswith("Ctrl-C"):
                return
            if time.monotonic() > deadline:
                break
        raise AssertionError("it did not start: " + "".join(self.lines) + self.error())

    def commands(self):
        return [line.strip() for line in self.lines if line.startswith("  ")]

    def run(self, command):
        """Pastes a command and returns what it prints."""
        return subprocess.run(
            ["bash", "-c", command], cwd="/", check=True, capture_output=True, text=True
        ).stdout

    def error(self):
        self.errors.seek(0)
        return self.errors.read()

    def children(self):
        """Its servers by name."""
        ids = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        names = {Path(f"/proc/{pid}/exe").resolve().name: int(pid) for pid in ids}
        return {name: pid for name, pid in names.items() if name.startswith("contact")}

    def wait(self):
        """Waits for its own end; returns its status."""
        self.process.communicate(timeout=STOP_SECONDS_MOST)
        return self.process.returncode

    def close(self):
        self.interrupt()
        self.errors.close()

    def interrupt(self):
        """What Ctrl-C does: the signal goes to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.wait()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "my data"

    def start(self, *flags, **options):
        server = Server(self.data, *flags, **options)
        self.addCleanup(server.close)
        server.wait_until_started()
        return server

    def refused(self, *flags):
        return subprocess.run(
            [str(SCRIPT), *map(str, flags)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=START_SECONDS_MOST,
            check=False,
        )


class ServerScript(Case):
    def test_the_three_commands_work_as_printed_and_ctrl_c_stops_it(self):
        server = self.start()
        self.assertEqual(len(server.commands()), 3)
        outputs = [server.run(command) for command in server.commands()]
        self.assertIn("Ms", outputs[0])
        self.assertIn("Lovelace", outputs[2])
        self.assertEqual(server.interrupt(), 0)

    def test_it_says_where_it_listens_and_keeps_the_folder_closed(self):
        server = self.start()
        self.assertIn(f"ipc://{self.data}/contactd.sock\n", "".join(server.lines))
        self.assertEqual(stat.S_IMODE(self.data.stat().st_mode), 0o700)

    def test_a_second_start_names_the_first_at_once(self):
        self.start()
        begin = time.monotonic()
        result = self.refused("--data", self.data)
        self.assertLess(time.monotonic() - begin, SECOND_START_SECONDS_MOST)
        self.assertEqual(result.returncode, 1)
        process = (self.data / "lock").read_text(encoding="utf-8").strip()
        self.assertIn(f"contactd runs already (process {process})", result.stderr)

    def test_the_store_outlives_a_stop_and_the_folder_may_be_relative(self):
        first = self.start()
        first.run(first.commands()[1])
        self.assertEqual(first.interrupt(), 0)
        second = Server("my data", cwd=self.folder)
        self.addCleanup(second.close)
        second.wait_until_started()
        self.assertIn("Lovelace", second.run(second.commands()[2]))

    def test_other_flags_reach_contactd(self):
        port = free_port()
        self.start("--listen", f"tcp://127.0.0.1:{port}", "--insecure")
        socket.create_connection(("127.0.0.1", port), timeout=5).close()

    def test_a_start_that_fails_says_why_and_fails(self):
        result = self.refused("--data", self.data, "--no-such-flag")
        self.assertEqual(result.returncode, 2)
        self.assertIn("--no-such-flag", result.stderr)
        self.assertNotIn("Ctrl-C", result.stdout)

    def test_help_starts_nothing(self):
        result = self.refused("--help")
        self.assertEqual(result.returncode, 0)
        self.assertIn("--data DIR", result.stdout)
        self.assertFalse(self.data.exists())


class WithHttp(Case):
    def start_http(self):
        self.port = free_port()
        return self.start("--http", f"127.0.0.1:{self.port}")

    def test_the_published_line_works_as_printed_and_so_do_the_others(self):
        server = self.start_http()
        convert, listing, create = server.commands()
        self.assertIn("?action=convertToSharedContact' -H", convert)
        self.assertTrue(convert.endswith(" -H 'Content-Type: application/json' -d '{}'"), convert)
        contact = json.loads(server.run(convert))
        self.assertIsNone(contact["customerID"])
        self.assertIn(f"/customerContacts/{contact['id']}?", convert)
        self.assertEqual([one["id"] for one in json.loads(server.run(listing))], [contact["id"]])
        self.assertEqual(json.loads(server.run(create))["customerID"], "example")
        self.assertEqual(server.interrupt(), 0)
        self.assertNotIn("has ended", server.error())

    def test_the_page_is_where_it_says(self):
        server = self.start_http()
        url = f"http://127.0.0.1:{self.port}/"
        self.assertIn(url + " ", "".join(server.lines))
        self.assertIn("<!doctype html>", server.run(f"curl -sS {url}").lower())

    def test_later_starts_print_the_same_token_and_a_contact_to_convert(self):
        first = self.start_http()
        token = (self.data / "http-token").read_text(encoding="utf-8").strip()
        for name in ("http-token", "tokens"):
            self.assertEqual(stat.S_IMODE((self.data / name).stat().st_mode), 0o600)
        self.assertIn(token, "".join(first.lines))
        first.run(first.commands()[0])
        self.assertEqual(first.interrupt(), 0)
        second = self.start_http()
        self.assertIn(f"Bearer {token}'", second.commands()[0])
        self.assertIsNone(json.loads(second.run(second.commands()[0]))["customerID"])

    def test_a_token_that_was_lost_is_replaced(self):
        first = self.start_http()
        old = first.commands()[1]
        first.interrupt()
        (self.data / "http-token").unlink()
        second = self.start_http()
        self.assertIsInstance(json.loads(second.run(second.commands()[1])), list)
        authorization = old.split("'")[1]
        status = second.run(
            f"curl -sS -o /dev/null -w '%{{http_code}}' -H '{authorization}' "
            f"http://127.0.0.1:{self.port}/backend/api/v1/customers/")
        self.assertEqual(status, "401")

    def test_a_port_that_is_taken_is_said_at_once_and_starts_nothing(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            result = self.refused("--data", self.data, "--http", address)
        self.assertEqual(result.returncode, 1)
        self.assertIn(f"something listens on {address} already", result.stderr)
        self.assertFalse(self.data.exists())

    def test_an_address_that_is_none_is_refused(self):
        for address in ("8080", "localhost:", "localhost:http", ":0"):
            result = self.refused("--data", self.data, f"--http={address}")
            self.assertEqual(result.returncode, 2, address)
            self.assertIn(f'"{address}" is no address', result.stderr)

    def test_when_one_dies_the_other_is_stopped_and_named(self):
        for name, signal_number in (
                ("contact-gateway", signal.SIGKILL), ("contactd", signal.SIGKILL),
                ("contact-gateway", signal.SIGTERM)):
            server = self.start_http()
            children = server.children()
            self.assertEqual(set(children), {"contactd", "contact-gateway"})
            os.kill(children[name], signal_number)
            self.assertNotEqual(server.wait(), 0)
            self.assertIn(f"script/server: {name} has ended; stopping the other", server.error())
            for process in children.values():
                self.assertFalse(Path(f"/proc/{process}").exists())


if __name__ == "__main__":
    unittest.main()
