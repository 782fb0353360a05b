#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""script/server as a newcomer uses it: start it, paste what it prints, stop it.

Usage: test_server.py PROJECT [UNITTEST-OPTION...]
"""

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


class Server:
    """A running script/server, in a process group of its own as in a terminal."""

    def __init__(self, data, *flags, cwd=PROJECT):
        self.process = subprocess.Popen(
            [str(SCRIPT), "--data", str(data), *flags],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
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
        raise AssertionError("it did not start: " + "".join(self.lines))

    def commands(self):
        return [line.strip() for line in self.lines if line.startswith("  ")]

    def interrupt(self):
        """What Ctrl-C does: the signal goes to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        self.process.communicate(timeout=STOP_SECONDS_MOST)
        return self.process.returncode


class ServerScript(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.data = self.folder / "my data"

    def start(self, *flags, **options):
        server = Server(self.data, *flags, **options)
        self.addCleanup(server.interrupt)
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

    def test_the_three_commands_work_as_printed_and_ctrl_c_stops_it(self):
        server = self.start()
        self.assertEqual(len(server.commands()), 3)
        outputs = [
            subprocess.run(
                ["bash", "-c", command], cwd="/", check=True, capture_output=True, text=True
            ).stdout
            for command in server.commands()
        ]
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
        subprocess.run(["bash", "-c", first.commands()[1]], check=True, capture_output=True)
        self.assertEqual(first.interrupt(), 0)
        second = Server("my data", cwd=self.folder)
        self.addCleanup(second.interrupt)
        second.wait_until_started()
        listed = subprocess.run(
            ["bash", "-c", second.commands()[2]], check=True, capture_output=True, text=True
        )
        self.assertIn("Lovelace", listed.stdout)

    def test_other_flags_reach_contactd(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
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


if __name__ == "__main__":
    unittest.main()
