#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the commands and outputs of a Markdown page against the programs.

Every ```console block is run: a line that starts with "$ " is a command (it goes on after a trailing
backslash), the lines up to the next command are what it prints. The commands of a page run in order,
in one shell session, in a folder of their own that holds links to the checkout's folders, with a
fresh contactd behind CONTACTS_SERVER. With --update the page is rewritten with what was printed.
"""

import argparse
import difflib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

# What differs from run to run, and what a reader sees in its place in a comparison.
VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r'\b\d+-[0-9a-f]+\b(?="|$)', re.M), "ETAG"),
    (re.compile(r"^\d+  +", re.M), "NUMBER  "),
    (re.compile(r"\b\d+\.\d+ m?s\b"), "DURATION"),
]


def blocks(text):
    """Yields (start, end) of the content of each console block."""
    for match in re.finditer(r"^```console\n(.*?)^```$", text, re.M | re.S):
        yield match.start(1), match.end(1)


def split_block(block):
    """Splits a block into pairs of command and output."""
    pairs = []
    lines = block.splitlines()
    while lines:
        line = lines.pop(0)
        if not line.startswith("$ "):
            sys.exit(f"a console block has output before its first command: {line!r}")
        command = line[2:]
        while command.endswith("\\") and lines:
            command += "\n" + lines.pop(0)
        output = []
        while lines and not lines[0].startswith("$ "):
            output.append(lines.pop(0))
        pairs.append((command, output))
    return pairs


def normal(lines):
    """Puts a word in the place of what varies. Rows are sorted: ids, and so their order, depend on
    which of several connections was served first."""
    text = "\n".join(lines)
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return sorted(text.splitlines())


class Session:
    """A shell that runs commands one after the other, and a contactd beside it."""

    def __init__(self, checkout, contactd, contactctl):
        self.folder = tempfile.mkdtemp(prefix="console-")
        os.chmod(self.folder, 0o700)
        for name in ("examples", "docs"):
            if os.path.isdir(os.path.join(checkout, name)):
                os.symlink(os.path.join(checkout, name), os.path.join(self.folder, name))
        self.environment = dict(
            os.environ,
            PATH=os.path.dirname(contactctl) + ":" + os.environ["PATH"],
            CONTACTS_SERVER="ipc://" + self.folder + "/data/contactd.sock",
            COLUMNS="100",
            LC_ALL="C.UTF-8",
        )
        self.server = subprocess.Popen(
            [contactd, "--data", "data", "--password-operations", "1", "--password-memory", "8KiB"],
            cwd=self.folder,
            stderr=subprocess.PIPE,
        )
        self.wait_until_healthy()

    def wait_until_healthy(self):
        deadline = time.monotonic() + 60
        while self.run("contactctl --timeout 1s health").returncode != 0:
            if time.monotonic() > deadline or self.server.poll() is not None:
                sys.exit("contactd does not answer")
            time.sleep(0.05)

    def run(self, command):
        return subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=300,
            check=False,
        )

    def output_lines(self, command):
        text = self.run(command).stdout.decode("utf-8")
        return text.replace(self.folder, "$PWD").splitlines()

    def close(self):
        self.server.send_signal(signal.SIGTERM)
        self.server.communicate(timeout=120)
        shutil.rmtree(self.folder)


def run_page(session, text):
    """Returns the page with real outputs, and how many commands printed something else."""
    parts = []
    wrong = 0
    end = 0
    commands = 0
    for start, stop in blocks(text):
        parts.append(text[end:start])
        for command, expected in split_block(text[start:stop]):
            commands += 1
            actual = session.output_lines(command)
            if normal(actual) != normal(expected):
                wrong += 1
                print(f"$ {command}")
                print("\n".join(difflib.unified_diff(
                    normal(expected), normal(actual), "page", "printed", lineterm="")))
            parts.append("".join(line + "\n" for line in ["$ " + command] + actual))
        end = stop
    parts.append(text[end:])
    if commands == 0:
        sys.exit("the page has no console block")
    return "".join(parts), wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contactd", required=True)
    parser.add_argument("--contactctl", required=True)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("page")
    options = parser.parse_args()
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    with open(options.page, encoding="utf-8") as page:
        text = page.read()
    session = Session(
        checkout, os.path.abspath(options.contactd), os.path.abspath(options.contactctl))
    try:
        updated, wrong = run_page(session, text)
    finally:
        session.close()
    if options.update:
        with open(options.page, "w", encoding="utf-8") as page:
            page.write(updated)
        return 0
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
