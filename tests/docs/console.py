#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the commands and outputs of a Markdown page against contactd and contactctl.

The page is as page.py has it. Its commands run in a folder that holds links to the checkout's
folders, with a fresh contactd behind CONTACTS_SERVER and contact-gateway behind API, where the writer's
token in TOKEN is good. With --update the page is rewritten with what was printed.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from page import run_page
from shell import Shell

PROJECT = Path(__file__).resolve().parent.parent.parent


class Service:
    """A contactd in the folder of a shell, with a gateway in front of it."""

    def __init__(self, contactd, gateway, shell):
        self.shell = shell
        self.processes = []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        shell.run("export TOKEN=$(contactctl --quiet token create docs --role writer --tokens tokens)")
        shell.run(f"export API=http://{address}/backend/api/v1")
        self.start(
            [contactd, "--data", "data", "--tokens", "tokens", "--password-operations", "1",
             "--password-memory", "8KiB"],
            "contactctl --timeout 1s health >/dev/null 2>&1; echo $?")
        self.start(
            [gateway, "--server", f"ipc://{shell.home}/data/contactd.sock", "--listen", address],
            f"curl -sf http://{address}/readyz >/dev/null; echo $?")

    def start(self, words, check):
        process = subprocess.Popen(words, cwd=self.shell.home, stderr=subprocess.DEVNULL)
        self.processes.append(process)
        deadline = time.monotonic() + 60
        while self.shell.run(check) != ["0"]:
            if time.monotonic() > deadline or process.poll() is not None:
                self.close()
                sys.exit(f"{words[0]} does not answer")
            time.sleep(0.05)

    def close(self):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contactd", required=True)
    parser.add_argument("--contactctl", required=True)
    parser.add_argument("--nnrpcurl", required=True)
    parser.add_argument("--gateway", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("page")
    options = parser.parse_args()
    programs = [
        os.path.dirname(os.path.abspath(program))
        for program in (options.contactctl, options.nnrpcurl)
    ]
    shell = Shell({"PATH": ":".join([*programs, os.environ["PATH"]])})
    try:
        for name in ("examples", "docs"):
            (shell.home / name).symlink_to(PROJECT / name)
        shell.run("export CONTACTS_SERVER=ipc://$PWD/data/contactd.sock")
        service = Service(
            os.path.abspath(options.contactd), os.path.abspath(options.gateway), shell)
        try:
            good = run_page(options.page, shell, options.update)
        finally:
            service.close()
    finally:
        shell.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
