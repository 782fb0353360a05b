# SPDX-License-Identifier: Apache-2.0
"""Runs contactctl, and a contactd of one's own for it, for the tests in tests/integration.

Usage of a test: test_NAME.py CONTACTD CONTACTCTL [UNITTEST-OPTION...]
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

CONTACTD = sys.argv.pop(1)
CONTACTCTL = sys.argv.pop(1)
DATA = Path(__file__).resolve().parent.parent / "data"
SAMPLE = DATA / "sample.ndjson"

START_SECONDS_MOST = 60
RUN_SECONDS_MOST = 240

OK, FAILED, USAGE, NOT_FOUND, CONFLICT, UNAVAILABLE, DENIED, INCOMPLETE, REFUSED, NO = range(10)
INTERRUPTED = 130


class Result:
    """What a finished contactctl left."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]


def environment(server=None, **variables):
    """The caller's environment without what contactctl would read from it."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("CONTACTS_")}
    clean["ASAN_OPTIONS"] = clean.get("ASAN_OPTIONS", "detect_leaks=1")
    if server is not None:
        clean["CONTACTS_SERVER"] = server.url
    clean.update(variables)
    return clean


def run(server, *words, stdin=None, cwd=None, session=False, **variables):
    """Runs contactctl to its end; in a session without a terminal if so wanted."""
    done = subprocess.run(
        [CONTACTCTL, *map(str, words)],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        env=environment(server, **variables),
        cwd=cwd,
        start_new_session=session,
        timeout=RUN_SECONDS_MOST,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def start(server, *words, **options):
    """Starts contactctl and returns the process."""
    return subprocess.Popen(
        [CONTACTCTL, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(server),
        **options,
    )


class Server:
    """A contactd in a folder of its own under a short path, with cheap passwords."""

    def __init__(self, *flags, listen=None):
        self.folder = Path(tempfile.mkdtemp(prefix="ctl"))
        self.flags = flags
        self.url = listen or f"ipc://{self.folder}/data/contactd.sock"
        self.listen = listen
        self.process = None
        self.start()

    def start(self):
        log = self.folder / "log"
        with open(log, "wb") as output:
            self.process = subprocess.Popen(
                [
                    CONTACTD, "--data", str(self.folder / "data"), "--password-memory=8KiB",
                    "--password-operations=1", *(["--listen", self.listen] if self.listen else []),
                    *self.flags,
                ],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS_MOST
        while b"event=started" not in log.read_bytes():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("contactd did not start: " + log.read_text())
            time.sleep(0.01)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(START_SECONDS_MOST)
        shutil.rmtree(self.folder)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Case(unittest.TestCase):
    """A test with a server of its own; `flags` are contactd's."""

    flags = ()
    maxDiff = None

    def setUp(self):
        self.server = Server(*self.flags)
        self.addCleanup(self.server.close)
        self.folder = self.server.folder

    def ctl(self, *words, code=OK, **options):
        """Runs contactctl and expects an exit code."""
        result = run(self.server, *words, **options)
        self.assertEqual(result.code, code, f"{words}\n{result.out[-2000:]}\n{result.err[-4000:]}")
        return result

    def get(self, *words, **options):
        """Runs contactctl with JSON output and returns what it says."""
        return self.ctl(*words, "--output", "json", **options).json

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def export(self):
        """The whole store as lines, ids and all."""
        return self.ctl("export", "-", "-q").out

    def revision(self):
        gauges = {gauge["name"]: gauge["value"] for gauge in self.get("stats")["gauges"]}
        return gauges["store.revision"]


def main():
    unittest.main(verbosity=2)
