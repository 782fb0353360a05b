# SPDX-License-Identifier: Apache-2.0
"""A Markdown page whose commands are run, in order, in one shell session.

What a block is, its info string says:

  ```console               a line that starts with "$ " is a command (it goes on after a trailing
                           backslash), the lines up to the next command are what it prints; a line
                           "..." stands for any lines, or none
  ```c greeter.c           the file holds these lines, as they stand
  ```c greeter.c new       the file is made of these lines
  ```c greeter.c greet     these lines take the place of the function `greet` in the file
"""

import difflib
import re
import sys

BLOCK = re.compile(r"^```(?P<info>[^\n`]+)\n(?P<text>.*?)^```$", re.M | re.S)

# What differs from run to run, and what a reader sees in its place in a comparison.
VARYING = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r'\b\d+-[0-9a-f]+\b(?="|$)', re.M), "ETAG"),
    (re.compile(r"^\d+  +", re.M), "NUMBER  "),
    (re.compile(r"\b\d+\.\d+ m?s\b"), "DURATION"),
]
ANY = "..."


def split_commands(block):
    """Splits a console block into pairs of command and output."""
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


def without_varying(lines):
    """Puts a word in the place of what varies."""
    text = "\n".join(lines)
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text.splitlines()


def normal(lines):
    """Rows are sorted: ids, and so their order, depend on which of several connections was served
    first."""
    return sorted(without_varying(lines))


def is_as_expected(expected, actual):
    if ANY not in expected:
        return normal(expected) == normal(actual)
    pattern = "".join(
        r"(?:.*\n)*" if line == ANY else re.escape(line) + r"\n"
        for line in without_varying(expected))
    return re.fullmatch(pattern, "".join(f"{line}\n" for line in without_varying(actual)))


class Run:
    """One run of a page: what it said against what was so."""

    def __init__(self, shell):
        self.shell = shell
        self.commands = 0
        self.wrong = 0

    def say_wrong(self, title, expected, actual):
        self.wrong += 1
        print(title)
        print("\n".join(difflib.unified_diff(expected, actual, "page", "printed", lineterm="")))

    def console(self, text):
        """Runs a block; returns it with real outputs."""
        lines = []
        for command, expected in split_commands(text):
            self.commands += 1
            actual = self.shell.run(command)
            if is_as_expected(expected, actual):
                actual = expected if ANY in expected else actual
            else:
                self.say_wrong(f"$ {command}", normal(expected), normal(actual))
            lines += ["$ " + command] + actual
        return "".join(line + "\n" for line in lines)

    def file(self, text, name, part):
        path = self.shell.folder() / name
        if part == "new":
            path.write_text(text, encoding="utf-8")
            return
        content = path.read_text(encoding="utf-8")
        if part is None:
            if text not in content:
                self.say_wrong(f"{name} is not as the page has it", text.splitlines(),
                               content.splitlines())
            return
        function = re.compile(rf"^[a-z][^\n;]*\b{part}\([^;{{]*\{{\n.*?^\}}\n", re.M | re.S)
        content, count = function.subn(lambda _: text, content)
        if count != 1:
            self.say_wrong(f"{name} has {count} functions {part}()", [], [])
        path.write_text(content, encoding="utf-8")

    def block(self, match):
        kind, *words = match["info"].split()
        if kind == "console":
            text = self.console(match["text"])
        else:
            text = match["text"]
            if words:
                self.file(text, words[0], words[1] if len(words) > 1 else None)
        return f"```{match['info']}\n{text}```"


def run_page(path, shell, update):
    """Runs a page; returns whether all was as it says. `update` writes down what was printed."""
    with open(path, encoding="utf-8") as page:
        text = page.read()
    run = Run(shell)
    updated = BLOCK.sub(run.block, text)
    if run.commands == 0:
        sys.exit("the page has no console block")
    if update:
        with open(path, "w", encoding="utf-8") as page:
            page.write(updated)
        return True
    return run.wrong == 0
