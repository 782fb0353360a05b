#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the commands and outputs of a Markdown page against contactd and contactctl.

The page is as page.py has it. Its commands run in a folder that holds links to the checkout's
folders, with a fresh contactd behind CONTACTS_SERVER. With --update the page is rewritten with what
was printed.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from page import run_page
from shell import Shell

PROJECT = Path(__file__).resolve().parent.parent.parent


class Service:
    """A contactd in the folder of a shell."""

    def __init__(self, contactd, shell):
        self.process = subprocess.Popen(
            [contactd, "--data", "data", "--password-operations", "1", "--password-memory", "8KiB"],
            cwd=shell.home,
            stderr=subprocess.PIPE,
        )
        deadline = time.monotonic() + 60
        while shell.run("contactctl --timeout 1s health >/dev/null 2>&1; echo $?") != ["0"]:
            if time.monotonic() > deadline or self.process.poll() is not None:
                sys.exit("contactd does not answer")
            time.sleep(0.05)

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contactd", required=True)
    parser.add_argument("--contactctl", required=True)
    parser.add_argument("--nnrpcurl", required=True)
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
        service = Service(os.path.abspath(options.contactd), shell)
        try:
            good = run_page(options.page, shell, options.update)
        finally:
            service.close()
    finally:
        shell.close()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
