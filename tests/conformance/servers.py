# SPDX-License-Identifier: Apache-2.0
"""Servers as processes: started once for all cases that want the same, or anew for one case."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

READY_SECONDS = 60
EXIT_SECONDS = 60


class ServerError(Exception):
    """A server that does not start, or does not end as it should."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(url):
    """Whether somebody takes connections there."""
    if url.startswith("ipc://"):
        kind, address = socket.AF_UNIX, url[len("ipc://"):]
    else:
        host, port = url.split("://")[1].rsplit(":", 1)
        kind, address = socket.AF_INET, (host, int(port))
    with socket.socket(kind) as probe:
        return probe.connect_ex(address) == 0


class Server:
    """One server at one address, which stays when it is started again."""

    def __init__(self, command, transport):
        self.folder = tempfile.TemporaryDirectory(prefix="conf-")
        folder = Path(self.folder.name)
        self.url = (
            f"ipc://{folder}/s" if transport == "ipc" else f"{transport}://127.0.0.1:{free_port()}")
        self.command = [
            word.replace("{url}", self.url).replace("{folder}", str(folder)) for word in command]
        self.log = folder / "log"
        self.process = None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + READY_SECONDS
        while not answers(self.url):
            if self.process.poll() is not None or time.monotonic() > end:
                raise ServerError(f"{self.command[0]} did not start: {self.said()}")
            time.sleep(0.005)

    def said(self):
        return self.log.read_text(errors="replace")[-2000:]

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def kill(self):
        self.process.kill()
        self.process.wait()
        if self.url.startswith("ipc://"):
            # What a killed process leaves is the next one's to replace.
            assert os.path.exists(self.url[len("ipc://"):])

    def await_exit(self):
        try:
            code = self.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            raise ServerError(f"did not end in {EXIT_SECONDS} s after SIGTERM") from None
        if code != 0:
            raise ServerError(f"ended with {code}: {self.said()}")

    def act(self, what):
        {"start": self.start, "terminate": self.terminate, "kill": self.kill,
         "await_exit": self.await_exit}[what]()

    def close(self):
        """Ends it; one that a sanitizer complains of, or that hangs, is an error."""
        try:
            if self.process is not None and self.process.poll() is None:
                self.terminate()
                self.await_exit()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.folder.cleanup()


class Given:
    """A server that somebody else runs."""

    def __init__(self, url):
        self.url = url

    def close(self):
        pass


class Servers:
    """The servers of a run."""

    def __init__(self, programs, transport, given_url):
        self.programs = programs
        self.transport = transport
        self.given_url = given_url
        self.kept = {}

    def why_not(self, case):
        """Why a case cannot be tried here, or None."""
        if self.given_url is None:
            return None if case.program in self.programs else f"no {case.program} server is given"
        if case.program != "conformance" or case.flags or case.own_server:
            return "needs a server that is started for it"
        return None

    def make(self, case):
        server = Server(self.programs[case.program] + case.flags, self.transport)
        if not case.starts_without_server:
            try:
                server.start()
            except ServerError:
                server.close()
                raise
        return server

    def take(self, case):
        if self.given_url is not None:
            return Given(self.given_url)
        if case.own_server:
            return self.make(case)
        key = (case.program, *case.flags)
        if key not in self.kept:
            self.kept[key] = self.make(case)
        return self.kept[key]

    def give_back(self, case, server):
        if case.own_server:
            server.close()

    def close(self):
        problems = []
        while self.kept:
            try:
                self.kept.popitem()[1].close()
            except ServerError as error:
                problems.append(str(error))
        return problems
