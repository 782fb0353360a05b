# SPDX-License-Identifier: Apache-2.0
"""What is measured: contact-gateway with contactd, and the peer. Each is started on a store of its
own and filled with the same contacts."""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
START_SECONDS_MOST = 60


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Side:
    """A server that answers at `url`, with `token`. Subclasses start `processes`."""

    name = ""
    title = ""

    def __init__(self, folder):
        self.folder = folder / self.name
        self.folder.mkdir(mode=0o700)
        self.log = open(self.folder / "log", "wb")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self.processes = []

    def spawn(self, *words, **options):
        process = subprocess.Popen(
            list(map(str, words)), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            **options)
        self.processes.append(process)
        return process

    def run(self, *words, **options):
        result = subprocess.run(
            list(map(str, words)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            check=False, **options)
        if result.returncode != 0:
            self.fail(f"{words[0]} failed: {result.stdout[-500:]}{result.stderr[-2000:]}")
        return result.stdout.strip()

    def fail(self, what):
        log = (self.folder / "log").read_text(errors="replace")[-2000:]
        sys.exit(f"bench: {self.title}: {what}\n{log}")

    def wait_for(self, is_ready):
        deadline = time.monotonic() + START_SECONDS_MOST
        while not is_ready():
            if time.monotonic() > deadline or any(p.poll() is not None for p in self.processes):
                self.fail("does not start")
            time.sleep(0.05)

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/healthz", timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def call(self, method, path, body=None):
        """Returns status and JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(errors="replace")

    def cpu_us(self):
        """CPU time so far of its processes and theirs, in microseconds."""
        waiting, total = [process.pid for process in self.processes], 0
        while waiting:
            pid = waiting.pop()
            words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            total += int(words[11]) + int(words[12])
            waiting += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return total * 1e6 / os.sysconf("SC_CLK_TCK")

    def stop(self):
        """In the reverse order of their start."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.log.close()


class Ours(Side):
    """contact-gateway in front of contactd, as script/server starts them."""

    name = "gateway"
    title = "contact-gateway"

    def __init__(self, folder, build):
        super().__init__(folder)
        self.build = build
        self.contactctl = build / "client/contactctl"
        # A socket's path has 107 bytes at the most.
        self.sockets = Path(tempfile.mkdtemp(prefix="bench-"))
        self.server = f"ipc://{self.sockets}/contactd.sock"

    def start(self, lines):
        tokens = self.folder / "tokens"
        self.token = self.run(
            self.contactctl, "token", "create", "bench", "--role", "writer", "--tokens", tokens)
        self.spawn(
            self.build / "server/contactd", "--data", self.folder / "data", "--listen", self.server,
            "--tokens", tokens)
        self.wait_for(lambda: subprocess.run(
            [str(self.contactctl), "--server", self.server, "--timeout", "1s", "health"],
            capture_output=True, check=False).returncode == 0)
        self.run(self.contactctl, "--server", self.server, "import", lines)
        self.spawn(
            self.build / "gateway/contact-gateway", "--server", self.server, "--listen",
            f"127.0.0.1:{self.port}")
        self.wait_for(self.answers)

    def stop(self):
        super().stop()
        shutil.rmtree(self.sockets)


class Peer(Side):
    """Fastify on lmdb-js, in one process or in several."""

    def __init__(self, folder, workers):
        self.workers = workers
        self.name = f"fastify-{workers}"
        self.title = "Fastify + lmdb-js" + (f", {workers} processes" if workers > 1 else "")
        super().__init__(folder)

    def start(self, lines):
        data = self.folder / "data"
        with open(lines, "rb") as source:
            self.run("node", HERE / "peer/load.js", data, stdin=source)
        self.spawn("node", HERE / "peer/server.js", data, self.port, self.token, self.workers)
        self.wait_for(self.answers)
